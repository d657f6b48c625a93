"""Which of a form's items a till's article is, from its name. Pure.

Chinese names end with what the thing is: 「鲁花压榨花生油5L」 is peanut oil, 「花生油味饼干」
is not. So what stands behind the item's word decides, then the till's own category.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from ortoo.domains.market.till.words import (
    FOOD_HINTS,
    HARMLESS,
    MORE,
    OTHER_HINTS,
    OTHERS,
    PROCESSED,
)
from ortoo.kernel.forms.definition import Form

ASKED = 50
"""Score from which an article is put before the clerk."""
CERTAIN = 80
_PREFIX = re.compile(r"^(?:小包装|桶装|盒装|袋装|瓶装|精制|散装|白条)(?=..)|^精制")
_BRACKETS = re.compile(r"[(\[【].*?[)\]】]")
_SIZES = re.compile(
    r"\d+(?:\.\d+)?\s*(?:kg|g|ml|l|公斤|千克|市斤|斤|克|毫升|升|枚|个|只|两)?"
    r"(?:\s*[*x/]\s*\d*\s*[袋盒瓶包罐桶箱板提块支枚]?)*"
)
_LATIN = re.compile(r"[a-z]{2,}")
_UNIT_ALONE = re.compile(r"/?(?:kg|g|ml|l|公斤|千克|市斤|斤|克|毫升|升)$")
RIVAL = 45
"""What an article of another thing's name scores at most: it is never asked."""


@dataclass(frozen=True, slots=True)
class Article:
    """A thing a till sells, as the till names it."""

    sku: str
    name: str
    spec: str = ""
    unit: str = ""
    category: str = ""


@dataclass(frozen=True, slots=True)
class Term:
    """A word by which an item is found; `pinyin` also by the letters clerks key."""

    text: str
    item: str


@dataclass(frozen=True, slots=True)
class Guess:
    """An item and how likely, 0 to 100."""

    item: str
    score: int


def folded(text: str) -> str:
    plain = unicodedata.normalize("NFKC", text).lower()
    return plain.replace("×", "*").replace(" ", "")


def terms_of(form: Form, pinyin: Mapping[str, Sequence[str]] | None = None) -> tuple[Term, ...]:
    """Words of every item, the longest first: its name, the name's core, aliases, pinyin.

    `pinyin`: item code → spellings (`niurou`, `nr`).
    """
    found: dict[Term, None] = {}
    for item in form.leaves:
        for word in _words((item.name["zh"], *item.aliases)):
            found[Term(word, item.code)] = None
    said = {term.text for term in found}
    for item in form.leaves:
        # A row's own name is never another's mere word on tills.
        for word in _words(MORE.get(item.good or "", ())):
            if word not in said:
                found[Term(word, item.code)] = None
        for spelling in (pinyin or {}).get(item.code, ()):
            if len(spelling) > 2:
                found[Term(spelling.replace(" ", ""), item.code)] = None
    owners = Counter(term.text for term in found)
    # A word that two items share (腿肉) tells them not apart.
    kept = (term for term in found if owners[term.text] == 1)
    return tuple(sorted(kept, key=lambda term: -len(term.text)))


def _words(names: Iterable[str]) -> Iterable[str]:
    for plain in (part for text in names for part in folded(text).split("、")):
        inner = re.search(r"\((.+?)\)", plain)
        bare = _BRACKETS.sub("", plain)
        if inner and len(inner.group(1)) > 1:
            yield inner.group(1)
            yield bare + inner.group(1)  # «牛肉腿肉»
            if bare[:1] != inner.group(1)[:1]:
                yield bare[:1] + inner.group(1)
            continue  # «牛肉（腿肉）»: plain 牛肉 is an alias where the form says so
        core = _PREFIX.sub("", bare)
        if core:
            yield core
        if len(bare) > 1:
            yield bare


def guesses(article: Article, terms: Sequence[Term]) -> list[Guess]:
    """Items the article might be, the likeliest first; one guess an item."""
    plain = folded(article.name)
    whole = _BRACKETS.sub("", plain) or plain
    latin = set(_LATIN.findall(plain))
    best: dict[str, int] = {}
    met: list[str] = []
    for term in terms:
        if any(term.text in longer for longer in met) and whole.count(term.text) <= 1:
            continue  # 萝卜 of 胡萝卜 says nothing more
        score = _likeness(term.text, plain, whole, latin)
        if not score:
            continue
        met.append(term.text)
        score = _by_category(score, article.category)
        if score > best.get(term.item, 0):
            best[term.item] = score
    # 小米 is another thing, unless the form has a row of it.
    if any(other in whole and not any(other in word for word in met) for other in OTHERS):
        best = {item: min(score, RIVAL) for item, score in best.items()}
    return sorted((Guess(item, score) for item, score in best.items()), key=lambda g: -g.score)


def _likeness(term: str, plain: str, whole: str, latin: set[str]) -> int:
    """How well a word names the article: `whole` is its name without what stands in brackets."""
    if term.isascii():
        return 65 if term in latin else 0
    if term in whole:
        return _ending(whole, term)
    return 55 if term in plain else 0


def _ending(name: str, term: str) -> int:
    """By what follows the word's last appearance, and how much stands before it."""
    before, _, after = name.rpartition(term)
    rest = _stripped(after)
    if len(term) == 1:
        # «海湾盐» may be salt, «椒盐» is none: somebody has to look.
        return 88 if _stripped(name) == term else 0 if rest else ASKED
    length = min(len(term), 4)
    if not rest:
        return 78 + 4 * length - min(len(_stripped(before)), 6)
    if any(sign in PROCESSED for sign in rest):
        return 15
    return 52 if len(rest) <= 1 else 42 if len(rest) <= 3 else 20


def _stripped(text: str) -> str:
    rest = _UNIT_ALONE.sub("", _SIZES.sub("", text).strip("-_/*.#·,，、"))
    trimmed = True
    while rest and trimmed:
        trimmed = False
        for word in HARMLESS:
            if rest.startswith(word):
                rest, trimmed = rest[len(word) :], True
            elif rest.endswith(word):
                rest, trimmed = rest[: -len(word)], True
    return rest


def _by_category(score: int, category: str) -> int:
    if not score or not category:
        return score
    if any(hint in category for hint in OTHER_HINTS):
        return score - 35
    return min(100, score + 6) if any(hint in category for hint in FOOD_HINTS) else score
