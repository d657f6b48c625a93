"""The full text 网站稿 in the 商务预报 order, as paragraphs of words and typed numbers. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from ortoo.domains.market.bulletins.figures import (
    BEFORE,
    Figures,
    FormFigures,
    Line,
    Reader,
    both,
    counts,
    movers,
    overall,
)
from ortoo.domains.market.bulletins.numbers import (
    CHANGE,
    FOUR,
    LUNAR,
    YEAR,
    Number,
    Paragraph,
    Sentence,
    Span,
    joined,
)
from ortoo.domains.market.bulletins.sections import RETAIL, SECTIONS, WHOLE, Section
from ortoo.domains.market.bulletins.wording import Scale

OUTLOOK = "OUT"


@dataclass(frozen=True, slots=True)
class Words:
    """What a bulletin calls things: its place and week, the period before, the wording scale."""

    place: str
    week: str
    scale: Scale
    before: str = "上周"
    four: str = "四周前"


@dataclass(frozen=True, slots=True)
class Said:
    """One section's sentences: `core` for every length, `more` for the website only."""

    section: Section | None
    core: Sentence
    more: Sentence

    @property
    def code(self) -> str:
        return WHOLE if self.section is None else self.section.code

    def paragraph(self) -> Paragraph:
        return Sentence().say(*self.core.spans, *self.more.spans).paragraph(self.code)


def sections_of(found: Figures, words: Words) -> list[Said]:
    """Every section of which something may be said, the whole first."""
    said: list[Said] = []
    retail = found.forms.get(RETAIL)
    if retail is not None and both(retail.lines, BEFORE):
        said.append(_whole(retail, words))
    for section in SECTIONS:
        lines = found.lines(section)
        if lines:
            said.append(_section(found, section, lines, words))
    return said


def _whole(found: FormFigures, words: Words) -> Said:
    tally = counts(found, found.lines, WHOLE)
    core = Sentence().say("据监测，", words.week, "，", words.place, tally["all"], "种生活必需品")
    total = overall(found, found.lines, WHOLE)
    if total is not None:
        core.say("零售价格总水平比", words.before, *words.scale.said(total), "。")
    core.say("其中，", *_tally(tally), "。")
    more = Sentence().say("上涨品种占", tally["share"], "%。零售价格总水平")
    more.say(*_against(_Wide(found, WHOLE), found.lines, words, lunar=LUNAR in found.periods), "。")
    return Said(None, core, more)


def _tally(tally: Mapping[str, Number]) -> list[Span]:
    """«12种上涨，5种下降，13种持平», without the empty ones."""
    said = [("up", "种上涨"), ("down", "种下降"), ("flat", "种持平")]
    return joined([[tally[name], word] for name, word in said if tally[name].printed], "，")


def _section(found: Figures, section: Section, lines: Sequence[Line], words: Words) -> Said:
    form = found.forms[section.form]
    reader = Reader(form)
    core, more = Sentence(), Sentence()
    before = words.before if form.periods.get(BEFORE, "W").startswith("W") else "上旬"
    if section.mean and len(lines) > 1:
        _mean(core, section, reader, lines, (words, before))
        if section.movers:
            _movers(core, form, lines, section.code)
        else:
            core.say("其中，", *_items(reader, lines, words.scale), "。")
    else:
        lead = f"{section.title}{section.price}中，" if len(lines) > 1 else f"{section.title}中，"
        core.say(lead, *_items(reader, lines, words.scale), "。")
    own = Words(words.place, words.week, words.scale, before, _four(words, form))
    if section.mean or len(lines) == 1:
        subject = section.code if len(lines) > 1 else lines[0].item
        compared: Compared = _Mean(reader, subject)
    else:
        compared = _Wide(form, section.code)
    more.say(section.title, *_against(compared, lines, own, lunar=found.lunar), "。")
    return Said(section, core, more)


class Compared(Protocol):
    """How a group is compared with an earlier period."""

    def change(self, lines: Sequence[Line], measure: str) -> Number | None: ...


@dataclass(frozen=True, slots=True)
class _Mean:
    """By the plain mean of its items' prices."""

    reader: Reader
    subject: str

    def change(self, lines: Sequence[Line], measure: str) -> Number | None:
        return self.reader.change(self.subject, lines, measure)


@dataclass(frozen=True, slots=True)
class _Wide:
    """By the geometric mean of its items' changes, where prices are of several units or sizes."""

    found: FormFigures
    subject: str

    def change(self, lines: Sequence[Line], measure: str) -> Number | None:
        return overall(self.found, lines, self.subject, measure)


def _four(words: Words, form: FormFigures) -> str:
    return words.four if form.form == RETAIL or form.periods["now"].startswith("W") else "四旬前"


def _mean(
    core: Sentence,
    section: Section,
    reader: Reader,
    lines: Sequence[Line],
    words: tuple[Words, str],
) -> None:
    told, before = words
    price = reader.price(section.code, lines)
    change = reader.change(section.code, lines)
    assert price is not None
    if section.movers:
        core.say(counts(reader.found, lines, section.code)["items"], "种")
    core.say(section.title + section.price, price, price.unit)
    if change is not None:
        core.say("，比", before, *told.scale.said(change))
    core.say("。")


def _items(reader: Reader, lines: Sequence[Line], scale: Scale) -> list[Span]:
    """«大米5.80元/公斤，持平；…»."""
    parts: list[list[Span]] = []
    for line in lines:
        price = reader.price(line.item, [line])
        if price is None:
            continue
        part: list[Span] = [line.name, price, price.unit]
        change = reader.change(line.item, [line])
        if change is not None:
            part += ["，", *scale.said(change)]
        parts.append(part)
    return joined(parts, "；")


def _movers(core: Sentence, form: FormFigures, lines: Sequence[Line], code: str) -> None:
    tally = counts(form, lines, code)
    moved = movers(form, lines)
    if not tally["all"].printed:
        return
    core.say(*_tally(tally))
    if moved:
        parts: list[list[Span]] = [
            [line.name, "涨" if change.direction > 0 else "降", change, "%"]
            for line, change in moved
        ]
        core.say("，变动较大的是", *joined(parts, "、"))
    core.say("。")


def _against(compared: Compared, lines: Sequence[Line], words: Words, *, lunar: bool) -> list[Span]:
    """«比四周前下降1.0%，同比上涨2.3%»; what cannot be compared is said."""
    asked = [(FOUR, f"比{words.four}"), (YEAR, "同比")]
    if lunar:
        asked.append((LUNAR, "比农历同期"))
    parts: list[list[Span]] = []
    for measure, lead in asked:
        change = compared.change(lines, measure)
        if change is None:
            parts.append([f"{lead}无可比数据"])
        elif change.direction:
            parts.append([lead, "上涨" if change.direction > 0 else "下降", change, "%"])
        else:
            parts.append([lead, "持平"])
    return joined(parts, "，")


__all__ = ["CHANGE", "OUTLOOK", "Said", "Words", "sections_of"]
