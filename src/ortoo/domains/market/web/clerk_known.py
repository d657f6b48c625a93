"""Asked once (Law 18): cells that are already known, with their source and age, and the ratio.

Known are only facts that were said before and hold until denied: an item that the firm does not
carry 未经营 or that is out of season 季节无货, and what it answered on another form of the same
fact (`shares`, see market/known.py). Last period's prices, sales and stock are other facts; they
stand in grey.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ortoo.domains.market.known import newest_known
from ortoo.domains.market.till.selectors import known as till_known
from ortoo.domains.market.web import clerk_words as words
from ortoo.domains.market.web.clerk_desk import Desk
from ortoo.kernel.forms import registry
from ortoo.kernel.forms.asked import Asked
from ortoo.kernel.forms.body import GridBody, note_key
from ortoo.kernel.forms.definition import Form, FormError, Measure, Nil
from ortoo.kernel.forms.periods import previous_on

CLOSED = "今日停业"
LASTING = frozenset({Nil.NOT_CARRIED, Nil.OUT_OF_SEASON})
# A column that names a source which is not connected yet, as people call that source.
SOURCES = {
    "pos": "收银系统", "feed": "市场交易系统", "history": "历史汇总", "EMG-STOCK": "应急库存表",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Known:
    """A value known before anybody types: text in the row's own unit, where from, how old."""

    text: str
    source: str
    age: str


@dataclass(frozen=True, slots=True)
class Ratio:
    """How much of the form is asked, how much of that is known; identification is left out.

    `waiting`: columns that could be known, once what they name is connected.
    """

    cells: int
    asked: int
    known: int
    declared: int
    waiting: tuple[str, ...]

    @property
    def percent(self) -> str:
        return f"{100 * self.known / self.asked:.0f}%" if self.asked else "0%"


def known_cells(desk: Desk, previous: GridBody | None) -> dict[tuple[str, str], Known]:
    """(item, measure) → what is known of it."""
    found = _lasting(desk, previous) | _as_before(desk, previous)
    found |= _said_elsewhere(desk) | _from_till(desk)
    asked = desk.state.asked
    return found if asked is None else {at: one for at, one in found.items() if at in asked}


def _lasting(desk: Desk, previous: GridBody | None) -> dict[tuple[str, str], Known]:
    before = previous_on(desk.form, desk.period)
    if previous is None or before is None:
        return {}
    must = [measure for measure in desk.form.measures if measure.must and not measure.choices]
    return {
        (item.code, measure.code): Known(cell.zh, "上期报表", before.span_zh)
        for measure in must
        for item, cell in zip(desk.form.leaves, previous.columns[measure.code], strict=True)
        if isinstance(cell, Nil) and cell in LASTING
        # A shop that was shut for a day 今日停业 carries its goods all the same.
        and previous.notes.get(note_key(item.code, measure.code)) != CLOSED
    }


def _as_before(desk: Desk, previous: GridBody | None) -> dict[tuple[str, str], Known]:
    """Columns that name themselves as their source (产能, 商户数): what was said last time holds
    until it is said to have changed."""
    before = previous_on(desk.form, desk.period)
    if previous is None or before is None:
        return {}
    return {
        (item.code, measure.code): Known(measure.text(cell), "上期报表", before.span_zh)
        for measure in desk.form.measures
        if measure.prefill == f"{desk.form.code}.{measure.code}"
        for item, cell in zip(desk.form.leaves, previous.columns[measure.code], strict=True)
        if type(cell) is int
    }


def _said_elsewhere(desk: Desk) -> dict[tuple[str, str], Known]:
    """Cells that another form of the firm has answered: stock of the weekly and of the emergency
    list are one fact. A 急报 asks for what is known now, so there any form will do, at any age."""
    at_once = desk.period.kind == "moment"
    form = desk.form
    shared = {m.code for m in form.measures if at_once or _is_shared(form, m)}
    cells = [
        (item.code, measure.code)
        for item in form.leaves
        for measure in form.measures
        if measure.code in shared
        and (
            (measure.asked == "every" or item.stock_asked)
            if desk.state.asked is None
            else (item.code, measure.code) in desk.state.asked
        )
    ]
    if not cells:
        return {}
    since = 0 if at_once else desk.now - (desk.period.days + 2) * words.DAY_MS
    return {
        (item, measure): Known(
            cell_text(form, measure, one.value),
            f"{registry.get(one.form).title['zh']} {one.period.label_zh}",
            words.age(one.at_ms, desk.now),
        )
        for (item, measure), one in newest_known(
            desk.matter.party, form, cells, now_ms=desk.now
        ).items()
        if at_once or (one.form != form.code and one.at_ms >= since)
    }


def _from_till(desk: Desk) -> dict[tuple[str, str], Known]:
    """What the standing till import put into the draft; an office's 代录 has none."""
    if desk.assisting:
        return {}
    return {
        cell: Known(one.text, one.source, words.age(one.at, desk.now))
        for cell, one in till_known(desk.matter).items()
    }


def _is_shared(form: Form, measure: Measure) -> bool:
    """Whether the column names another form's as the same fact, or another form's names it."""
    if measure.shares:
        return True
    here = f"{form.code}.{measure.code}"
    return any(here in other.shares.values() for other in registry.loaded().newest())


def cell_text(form: Form, measure: str, value: int | Nil) -> str:
    """A known value as text in the row's own unit."""
    return value.zh if isinstance(value, Nil) else form.measure(measure).text(value)


def _connected(code: str) -> Form | None:
    try:
        return registry.get(code)
    except FormError:
        return None


def ratio_of(
    form: Form, known: Mapping[tuple[str, str], Known], asked: Asked | None = None
) -> Ratio:
    """The asked-once ratio of the form as this respondent meets it."""
    cells = [
        (item.code, measure.code)
        for measure in form.measures
        for item in form.leaves
        if (
            (measure.asked == "every" or item.stock_asked)
            if asked is None
            else (item.code, measure.code) in asked
        )
    ]
    declared, all_cells = form.known_cells
    columns = {measure for _, measure in cells}
    sources = [
        measure.shares or measure.prefill or ""
        for measure in form.measures
        if measure.code in columns
    ]
    waiting = dict.fromkeys(
        SOURCES.get(name.partition(".")[0], name)
        for name in sources
        if name and _connected(name.partition(".")[0]) is None
    )
    return Ratio(all_cells, len(cells), len(known), declared, tuple(waiting))


def ratio_together(found: Sequence[Ratio]) -> Ratio:
    """The ratio of a page that holds several forms."""
    return Ratio(
        sum(one.cells for one in found),
        sum(one.asked for one in found),
        sum(one.known for one in found),
        sum(one.declared for one in found),
        tuple(dict.fromkeys(name for one in found for name in one.waiting)),
    )
