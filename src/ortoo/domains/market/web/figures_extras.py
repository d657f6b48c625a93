"""What a form asks besides its published figure, for readers of single firms: sums, spans, tallies.

Nothing of this is published: it is shown for places whose firms' figures are open to the reader.
"""

from __future__ import annotations

from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from ortoo.domains.market import observations
from ortoo.domains.market.observations import MISSING, PeriodReturns
from ortoo.domains.market.web import figures_readings as readings
from ortoo.domains.market.web import figures_sheet as sheet
from ortoo.domains.market.web.figures_request import Asked, place_name
from ortoo.domains.market.web.figures_sheet import NONE, Cell, Column, Row, Sheet
from ortoo.kernel.forms.definition import Form, Item, Measure
from ortoo.kernel.places.active import active_pack

WIDE = 6
"""A choice with more answers than this is told in words, not in a column each."""


def extra_sheets(asked: Asked, unit: str) -> list[Sheet]:
    """Tables of the other measures at one place; none outside the reader's own places."""
    if asked.foreign or unit not in readings.own_places(asked):
        return []
    returns = observations.load(asked.form.code, asked.period.code, asked.as_of)
    keep = _kept(asked, returns, unit)
    if not keep.any():
        return []
    found = [_sums(asked, returns, keep, unit), _spans(asked, returns, keep, unit)]
    found += [
        _tally(asked, returns, keep, measure, unit)
        for measure in asked.form.measures
        if measure.choices
    ]
    return [one for one in found if one is not None]


def _kept(asked: Asked, returns: PeriodReturns, unit: str) -> NDArray[np.bool_]:
    allowed = active_pack().under(unit, asked.period.end) & readings.own_places(asked)
    inside = np.array([place in allowed for place in returns.places], bool)
    keep = returns.counted & inside
    return keep & returns.reviewed if asked.basis == "reviewed" else keep


def summed_measures(form: Form) -> list[Measure]:
    """Measures that may be added up, besides the one that is published."""
    shown = form.roles.price or form.principal.code
    return [
        measure
        for measure in form.measures
        if measure.aggregate == "sum" and not measure.choices and measure.code != shown
    ]


def _sums(
    asked: Asked, returns: PeriodReturns, keep: NDArray[np.bool_], unit: str
) -> Sheet | None:
    measures = summed_measures(asked.form)
    if not measures:
        return None
    rows = []
    for index, item in enumerate(asked.form.leaves):
        cells = [_sum_cell(returns, keep, measure, index) for measure in measures]
        if any(cell is not NONE for cell in cells):
            unit_text = sheet.text(item.unit)
            rows.append(Row((sheet.text(item.name["zh"]), unit_text, *cells)))
    columns = (
        Column("品种", "", False),
        Column("计量单位", "", False),
        *(Column(m.title["zh"], "" if "{unit}" in m.unit else m.unit) for m in measures),
    )
    note = "审核链内可见，不公布。各列为所填企业之和，没有填的不推算。"
    return Sheet("sums", f"{place_name(unit)}各品种合计", columns, tuple(rows), "", note)


def _values(
    returns: PeriodReturns, keep: NDArray[np.bool_], code: str, index: int
) -> NDArray[np.int64]:
    column = returns.cells[code][keep, index]
    return column[column != MISSING]


def _sum_cell(
    returns: PeriodReturns, keep: NDArray[np.bool_], measure: Measure, index: int
) -> Cell:
    values = _values(returns, keep, measure.code, index)
    if not values.size:
        return NONE
    return sheet.price(Fraction(int(values.sum())), "", measure.scale)


def _spans(
    asked: Asked, returns: PeriodReturns, keep: NDArray[np.bool_], unit: str
) -> Sheet | None:
    """最低价 and 最高价 where a form asks them beside its price (wholesale)."""
    price = asked.form.roles.price
    low, high = f"{price}_low", f"{price}_high"
    if price is None or not {low, high} <= set(asked.form.measure_by_code):
        return None
    scale = asked.form.measure(price).scale
    rows = []
    for index, item in enumerate(asked.form.leaves):
        lows = _values(returns, keep, low, index)
        highs = _values(returns, keep, high, index)
        if lows.size or highs.size:
            rows.append(Row((
                sheet.text(item.name["zh"]),
                sheet.price(Fraction(int(lows.min())), "", scale) if lows.size else NONE,
                sheet.price(Fraction(int(highs.max())), "", scale) if highs.size else NONE,
                sheet.text(f"元/{item.unit}"),
            )))  # fmt: skip
    columns = (
        Column("品种", "", False), Column("最低价"), Column("最高价"), Column("单位", "", False),
    )  # fmt: skip
    title = f"{place_name(unit)}成交价的低与高"
    note = "各市场所报最低价中最低的、最高价中最高的。"
    return Sheet("spans", title, columns, tuple(rows), "", note)


def _tally(
    asked: Asked,
    returns: PeriodReturns,
    keep: NDArray[np.bool_],
    measure: Measure,
    unit: str,
) -> Sheet:
    """How many firms chose each answer, item by item."""
    rows = []
    for index, item in enumerate(asked.form.leaves):
        values = _values(returns, keep, measure.code, index)
        if values.size:
            counts = np.bincount(values, minlength=len(measure.choices))
            rows.append(_tally_row(item, measure, counts.tolist()))
    wide = len(measure.choices) > WIDE
    columns = (
        (Column("品种", "", False), Column("填报", "家"), Column("回答（家）", "", False))
        if wide
        else (
            Column("品种", "", False),
            Column("填报", "家"),
            *(Column(choice, "家") for choice in measure.choices),
        )
    )
    title = f"{place_name(unit)}：{measure.title['zh']}"
    return Sheet(f"tally-{measure.code}", title, columns, tuple(rows))


def _tally_row(item: Item, measure: Measure, counts: list[int]) -> Row:
    head = (sheet.text(item.name["zh"]), sheet.count(sum(counts)))
    if len(measure.choices) <= WIDE:
        return Row((*head, *(sheet.count(count) for count in counts)))
    ranked = sorted(
        (-count, number, measure.choices[number]) for number, count in enumerate(counts) if count
    )
    return Row((*head, sheet.text("、".join(f"{words} {-count}" for count, _, words in ranked))))
