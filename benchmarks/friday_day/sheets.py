"""What every firm of the three lists would type on the day, from the simulated region.

A sheet holds what is typed, what is true, and the planted mistakes that are the difference. No
part of the system under test sees the truth; the day is judged by it afterwards.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

MINUTE_MS = 60_000
Key = tuple[str, str]
"""(item, measure) of a form."""
FIRST = ("SCJC-W1", "EMG-STOCK", "LTQY-M1")
"""In the order in which a firm on several lists files: what it said once stands in the next."""


@dataclass
class Mistake:
    """One planted event: its kind and cells, and how the day dealt with it.

    `fate`: typed → prevented (a known value stood there) · stopped (a hard rule) · explained at
    entry · mended at entry (a soft rule) · self · asked · returned (mended after filing) · left.
    """

    kind: str
    cells: frozenset[Key]
    self_ms: int | None = None
    flagged: bool = False
    asked: bool = False
    fate: str = "typed"

    @property
    def stands(self) -> bool:
        return self.fate in ("typed", "explained", "left")


@dataclass
class Sheet:
    """One firm's return of one form. Texts by (item, measure), as a person writes them."""

    form: str
    period: str
    firm: str
    place: str
    typed: dict[Key, str]
    truth: dict[Key, str]
    at_ms: int
    due_ms: int
    assisted: bool
    reason: str = ""
    mistakes: list[Mistake] = field(default_factory=list)
    receipts: list[int] = field(default_factory=list)
    beside: Sheet | None = None
    """The league's supplement, which stands on the same page."""

    @property
    def late(self) -> bool:
        return self.at_ms > self.due_ms

    @property
    def filed(self) -> bool:
        return bool(self.receipts)

    def mistake_at(self, key: Key) -> Mistake | None:
        return next((one for one in self.mistakes if one.stands and key in one.cells), None)

    def mend(self, mistake: Mistake, fate: str) -> None:
        mistake.fate = fate
        for key in mistake.cells:
            if key in self.truth:
                self.typed[key] = self.truth[key]
            else:
                self.typed.pop(key, None)


@dataclass(frozen=True, slots=True)
class Period:
    """A form's period of the day and the one before it, with the hours of the form's calendar."""

    form: Any
    now: Any
    before: Any
    opens_ms: int
    due_ms: int
    published_ms: int


def items_of(form: Any) -> list[Any]:
    """The form's rows as goods of the simulated region."""
    from ortoo.world import WorldItem

    return [WorldItem(i.code, i.name["zh"], i.unit, i.stock_asked) for i in form.leaves]


def truth_of(world: Any, form: Any, period: Any) -> Any:
    """What was true of a form's period, arrays [firm × item × measure]; None for the weekly."""
    from ortoo import world as region

    start = week_start(world, period.end)
    if form.code == "EMG-STOCK":
        return region.emergency_truth(world, start, items_of(form))
    if form.code == "LTQY-M1":
        return region.retailer_truth(world, period.start)
    if form.supplements:
        return region.supplement_truth(world, form.respondents.within, start, items_of(form))
    return None


def returns_of(world: Any, form: Any, period: Any) -> Any:
    """The same as reported."""
    from ortoo import world as region

    start = week_start(world, period.end)
    if form.code == "EMG-STOCK":
        return region.emergency_stock(world, start, items_of(form))
    if form.code == "LTQY-M1":
        return region.retailer_month(world, period.start)
    if form.supplements:
        return region.supplement_returns(world, form.respondents.within, start, items_of(form))
    return region.weekly_returns(world, period.start)


def week_start(world: Any, day: dt.date) -> dt.date:
    """First day of the world's week that holds the day."""
    return day - dt.timedelta(days=(day - world.ground.start).days % 7)


def true_cells(world: Any, form: Any, period: Any) -> Iterator[tuple[str, dict[Key, Any]]]:
    """(firm, its true cells) of a period: integers in the form's scale, or a reason for none."""
    if form.code == FIRST[0]:
        truth, firms = world.truth(period.start), [f.code for f in world.sample(period.start)]
        measures = _weekly_measures()
    else:
        truth = truth_of(world, form, period)
        firms, measures = list(truth.firms), [(m.code, m.scale) for m in truth.measures]
    for row, firm in enumerate(firms):
        yield firm, cells_of(form, measures, truth.values[row], truth.nil[row])


def _weekly_measures() -> list[tuple[str, int]]:
    from ortoo.world import SUPPLEMENT_MEASURES

    return [(m.code, m.scale) for m in SUPPLEMENT_MEASURES]


def cells_of(
    form: Any, measures: Iterable[tuple[str, int]], values: np.ndarray, nil: np.ndarray
) -> dict[Key, Any]:
    """One firm's array as cells of the form; what the form does not ask is left out."""
    from ortoo.kernel.forms.definition import Nil
    from ortoo.world import NIL_LETTERS, VALUE

    found: dict[Key, Any] = {}
    for at, (code, scale) in enumerate(measures):
        measure = form.measure_by_code.get(code)
        if measure is None:
            continue
        for row, item in enumerate(form.leaves):
            if measure.asked != "every" and not item.stock_asked:
                continue
            kind = int(nil[row, at])
            if kind == VALUE:
                found[item.code, code] = int(values[row, at]) * 10 ** (measure.scale - scale)
            elif NIL_LETTERS[kind] and Nil(NIL_LETTERS[kind]) in form.nil_reasons:
                found[item.code, code] = Nil(NIL_LETTERS[kind])
    return found


def texts(form: Any, cells: Mapping[Key, Any]) -> dict[Key, str]:
    from ortoo.kernel.forms.definition import Nil

    return {
        key: cell.zh if isinstance(cell, Nil) else form.measure(key[1]).text(cell)
        for key, cell in cells.items()
    }


def sheets_of(world: Any, period: Period, places: Mapping[str, str]) -> list[Sheet]:
    """Everybody's sheet of one form, those that never report left out."""
    form, found = period.form, returns_of(world, period.form, period.now)
    measures = [(m.code, m.scale) for m in getattr(found, "measures", ())] or _weekly_measures()
    truth = dict(true_cells(world, form, period.now))
    late = dict(found.late_reasons)
    rows = {item: at for at, item in enumerate(found.items)}
    events = _events(form, found, rows)
    mends = {(c.firm, c.event): c for c in found.corrections if c.how == "self"}
    sheets = []
    # A supplement stands on the page of the weekly return: who files the one says the other too.
    rows_filed = range(len(found.firms)) if form.supplements else np.flatnonzero(found.reported)
    for row in map(int, rows_filed):
        firm = found.firms[row]
        typed = texts(form, truth[firm])
        if found.reported[row]:
            typed = texts(form, cells_of(form, measures, found.values[row], found.nil[row]))
        sheet = Sheet(
            form.code, period.now.code, firm, places[firm], typed, texts(form, truth[firm]),
            period.due_ms + int(found.offset_min[row]) * MINUTE_MS, period.due_ms,
            bool(found.assisted[row]), late.get(firm, ""),
        )  # fmt: skip
        for (who, number), (kind, cells) in events.items():
            differs = {key for key in cells if sheet.typed.get(key) != sheet.truth.get(key)}
            if who == firm and differs:
                mend = mends.get((who, number))
                at = period.due_ms + mend.at_min * MINUTE_MS if mend else None
                sheet.mistakes.append(Mistake(kind, frozenset(differs), at))
        sheets.append(sheet)
    return sheets


def _events(
    form: Any, found: Any, rows: Mapping[str, int]
) -> dict[tuple[str, int], tuple[str, set[Key]]]:
    events: dict[tuple[str, int], tuple[str, set[Key]]] = {}
    for cell in found.planted:
        if cell.measure in form.measure_by_code:
            item = form.leaves[rows[cell.item]].code
            kept = events.setdefault((cell.firm, cell.event), (cell.kind, set()))
            kept[1].add((item, cell.measure))
    return events
