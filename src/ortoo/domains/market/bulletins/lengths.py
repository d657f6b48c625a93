"""Three lengths 网站稿、政务信息稿、微信稿: whole sentences in order of weight, never cut. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ortoo.domains.market.bulletins.numbers import Paragraph, Sentence, Span, characters
from ortoo.domains.market.bulletins.text import OUTLOOK, Said

FULL, BRIEF, WECHAT = "full", "brief", "wechat"
TITLE = {FULL: "网站稿", BRIEF: "政务信息稿", WECHAT: "微信稿"}
RANK = ("*", "VE", "ME", "EG", "GR", "OL", "FR", "AQ", "FUEL", "COAL", "STEEL")
"""Which sections a short version takes first; the rest follow as they stand."""
MARKS = "。；！？"


@dataclass(frozen=True, slots=True)
class Person:
    """What a person wrote: causes by section code, and the outlook."""

    causes: dict[str, str]
    outlook: str = ""


def full(said: Sequence[Said], person: Person) -> list[Paragraph]:
    """Every section with its comparison and cause, then the outlook."""
    found = []
    for one in said:
        paragraph = one.paragraph()
        cause = _closed(person.causes.get(one.code, ""))
        spans: tuple[Span, ...] = (*paragraph.spans, cause) if cause else paragraph.spans
        found.append(Paragraph(one.code, spans))
    outlook = _closed(person.outlook)
    if outlook:
        found.append(Paragraph(OUTLOOK, (outlook,)))
    return found


def short(said: Sequence[Said], person: Person, most: int) -> list[Paragraph]:
    """One paragraph of at most `most` characters: whole sentences, the weightiest that fit.

    Where not even the first fits, the first clauses of it that do; a single clause longer than
    `most` gives an empty version, never a cut number.
    """
    pieces = _pieces(said, person)
    room, kept = most, set()
    for rank, place, spans in sorted(pieces, key=lambda piece: (piece[0], piece[1])):
        size = characters(_text(spans))
        if size <= room:
            kept.add((rank, place))
            room -= size
    found = Sentence()
    for rank, place, spans in sorted(pieces, key=lambda piece: piece[1]):
        if (rank, place) in kept:
            found.say(*spans)
    return [found.paragraph("*")] if found.spans else []


_Piece = tuple[int, int, list[Span]]


def _pieces(said: Sequence[Said], person: Person) -> list[_Piece]:
    """(weight, place in the text, sentence): first every section's lead, then the outlook, then
    the causes, then what else there is to say."""
    found: list[_Piece] = []
    place = 0
    for one in said:
        weight = RANK.index(one.code) if one.code in RANK else len(RANK)
        for number, spans in enumerate(_sentences(one.core.spans)):
            found.append((weight + 30 * min(number, 2), place, spans))
            place += 1
        for spans in _sentences(one.more.spans):
            found.append((weight + 100, place, spans))
            place += 1
        cause = _closed(person.causes.get(one.code, ""))
        if cause:
            found.append((weight + 20, place, [cause]))
            place += 1
    outlook = _closed(person.outlook)
    if outlook:
        found.append((12, place, [outlook]))
    return found


def _sentences(spans: Sequence[Span]) -> list[list[Span]]:
    found: list[list[Span]] = [[]]
    for span in spans:
        if not isinstance(span, str):
            found[-1].append(span)
            continue
        rest = span
        while "。" in rest:
            head, rest = rest.split("。", 1)
            found[-1].append(head + "。")
            found.append([])
        if rest:
            found[-1].append(rest)
    return [one for one in found if one]


def _text(spans: Sequence[Span]) -> str:
    return "".join(one if isinstance(one, str) else one.text for one in spans)


def _closed(text: str) -> str:
    """A person's words on one line, ended by a mark."""
    flat = "".join(text.split("\n")).strip()
    return flat if not flat or flat[-1] in MARKS else flat + "。"
