"""Finding a place by what people type: code, Chinese, short name, pinyin, English."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable

from ortoo.kernel.places.place import Place

EXACT, START, INSIDE, NONE = 0, 1, 2, 9


def folded(text: str) -> str:
    """Lower case without accents, spaces, apostrophes or hyphens."""
    decomposed = unicodedata.normalize("NFKD", text).casefold()
    kept = (ch for ch in decomposed if not unicodedata.combining(ch))
    return "".join(ch for ch in kept if ch not in " '’ʼ-·\t")


def keys(place: Place) -> tuple[str, ...]:
    """Every folded text by which the place may be asked for."""
    names = place.names
    marked = (name.text for name in (names.mn_cyrl, names.mn_mong) if name)
    texts = (place.code, names.zh, names.abbr, names.pinyin, names.en, *names.aka, *marked)
    return tuple(folded(text) for text in texts if text)


def _rank(place: Place, asked: str) -> int:
    best = NONE
    for key in keys(place):
        if key == asked:
            return EXACT
        if key.startswith(asked):
            best = min(best, START)
        elif asked in key:
            best = min(best, INSIDE)
    return best


def ranked(places: Iterable[Place], text: str, *, limit: int) -> tuple[Place, ...]:
    """Matches, exact first, then by beginning, then inside; higher levels before lower."""
    asked = folded(text)
    if not asked:
        return ()
    hits = [(_rank(place, asked), place.level, place.code, place) for place in places]
    hits = sorted((hit for hit in hits if hit[0] < NONE), key=lambda hit: hit[:3])
    return tuple(hit[3] for hit in hits[:limit])
