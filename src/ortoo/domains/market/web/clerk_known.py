"""Asked once (Law 18): cells that are already known, with their source and age, and the ratio.

Known are only facts that were said before and hold until denied: an item that the firm does not
carry 未经营 or that is out of season 季节无货, and a stock that it filed on the form the column
declares in `shares`. Last period's prices, sales and stock are other facts; they stand in grey.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ortoo.domains.market import checking
from ortoo.domains.market.web import clerk_words as words
from ortoo.domains.market.web.clerk_desk import Desk
from ortoo.kernel.filings import read
from ortoo.kernel.forms import registry
from ortoo.kernel.forms.body import GridBody
from ortoo.kernel.forms.definition import Form, FormError, Measure, Nil
from ortoo.kernel.forms.periods import previous_on

LASTING = frozenset({Nil.NOT_CARRIED, Nil.OUT_OF_SEASON})
# A column that names a source which is not connected yet, as people call that source.
SOURCES = {"pos": "收银系统", "EMG-STOCK": "应急库存表"}


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
    found = _lasting(desk, previous)
    for measure in desk.form.measures:
        if measure.shares:
            found |= _shared(desk, measure)
    return found


def _lasting(desk: Desk, previous: GridBody | None) -> dict[tuple[str, str], Known]:
    before = previous_on(desk.form, desk.period)
    if previous is None or before is None:
        return {}
    must = [measure for measure in desk.form.measures if measure.must]
    return {
        (item.code, measure.code): Known(cell.zh, "上期报表", before.span_zh)
        for measure in must
        for item, cell in zip(desk.form.leaves, previous.columns[measure.code], strict=True)
        if isinstance(cell, Nil) and cell in LASTING
    }


def _shared(desk: Desk, measure: Measure) -> dict[tuple[str, str], Known]:
    """Cells of the newest return that the party filed in this period on the form it names."""
    source, _, column = (measure.shares or "").partition(".")
    form = _connected(source)
    if form is None or column not in form.measure_by_code:
        return {}
    filings = read.rows(
        "form=%s AND subject=%s AND received_at>=%s",
        [source, desk.matter.party, desk.now - (desk.period.days + 2) * words.DAY_MS],
        "seq DESC LIMIT 1",
    )
    if not filings or form.measure(column).scale != measure.scale:
        return {}
    grid = checking.grid_of(form, filings[0])
    said = dict(zip((item.code for item in form.leaves), grid.columns[column], strict=True))
    age = words.age(filings[0].received_at, desk.now)
    return {
        (item.code, measure.code): Known(measure.text(cell), form.title["zh"], age)
        for item in desk.form.leaves
        if isinstance(cell := said.get(item.code), int)
    }


def _connected(code: str) -> Form | None:
    try:
        return registry.get(code)
    except FormError:
        return None


def ratio_of(form: Form, known: Mapping[tuple[str, str], Known]) -> Ratio:
    """The asked-once ratio of the form as this respondent meets it."""
    asked = sum(
        1
        for measure in form.measures
        for item in form.leaves
        if measure.asked == "every" or item.stock_asked
    )
    declared, cells = form.known_cells
    sources = [measure.shares or measure.prefill or "" for measure in form.measures]
    waiting = dict.fromkeys(
        SOURCES.get(name.partition(".")[0], name)
        for name in sources
        if name and _connected(name.partition(".")[0]) is None
    )
    return Ratio(cells, asked, len(known), declared, tuple(waiting))
