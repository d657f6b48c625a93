"""Map, line and bars of the figures' pages; hidden and missing figures stay visible as such."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from ortoo.domains.market import history
from ortoo.domains.market.rules.figures import Figure
from ortoo.domains.market.sample.breaks import Break
from ortoo.domains.market.selectors import Table
from ortoo.domains.market.web.figures_request import Asked, place_name
from ortoo.domains.market.web.figures_words import Denomination
from ortoo.kernel.forms.definition import Form, Item
from ortoo.kernel.forms.periods import Period, series_breaks, year_before_on
from ortoo.kernel.places.active import active_pack
from ortoo.kernel.places.geometry import geometry_of
from ortoo.kernel.places.pack import Pack
from ortoo.web import charts, maps
from ortoo.web.outlines import Outlines
from ortoo.web.series import Number

Points = Sequence[tuple[Period, Figure]]
Totals = Sequence[tuple[dt.date, Number]]
"""历史汇总 in the printed unit, at the ends of their weeks."""
SPANS = (13, 52, 260)


@dataclass(frozen=True)
class FigureWording(maps.Wording):
    """A map's words with those of statistical confidentiality."""

    def figure(self, cell: maps.Cell) -> str:
        """The value in words; 保密 where it is suppressed, 无报价 where nobody quoted."""
        if cell.state == "suppressed":
            return "保密"
        if cell.state == "missing" or cell.value is None:
            return "无报价"
        return f"{cell.value:,.{self.places}f}"


@lru_cache(maxsize=4)
def _outlines(pack: Pack, unit_of: tuple[tuple[str, str], ...]) -> tuple[Outlines, str]:
    shapes = geometry_of(pack).dissolved(dict(unit_of))
    names = {code: {"name": pack[code].short} for code in shapes.shapes}
    caption = shapes.caption.replace("示意图", "").strip(" 　·：（）()，")
    return maps.outlines(shapes.collection(names)), caption


def unit_map(
    asked: Asked, table: Table, item: Item, by: Denomination
) -> dict[str, Any] | None:
    """One item's figure by reporting unit of that period; None where the region has no shapes."""
    pack = active_pack()
    members = tuple(sorted(pack.unit_of(asked.period.end).items()))
    shapes, caption = _outlines(pack, members)
    cells: dict[str, maps.Cell] = {}
    for area in shapes.areas:
        figure = table.figure(area.code, item.code)
        href = asked.page("figures-unit", place=area.code)
        value = by.drawn(figure)
        if figure.suppressed:
            cells[area.code] = maps.Cell(state="suppressed", href=href)
        elif value is not None:
            cells[area.code] = maps.Cell(value, href=href)
        else:
            cells[area.code] = maps.Cell(state="missing", href=href)
    wording = FigureWording(
        f"{item.name['zh']}：各盟市{by.word}",
        by.word,
        by.unit_of(item),
        places=by.scale,
        area="盟市",
        attribution=caption,
    )
    found = maps.map_figure(shapes, cells, wording=wording)
    # The league table beside the map says all of it and more.
    found["table"] = None
    return found


def line(
    form: Form,
    item: Item,
    lines: Mapping[str, Points],
    weeks: int,
    by: Denomination,
    breaks: Sequence[Break] = (),
    totals: Totals = (),
) -> dict[str, Any] | None:
    """Means over the last `weeks` periods, the first line with last year's behind it.

    `breaks` of the sample are ruled and noted; `totals` are drawn dashed under their own name.
    None where no point has a value.
    """
    drawn: list[charts.Series] = []
    first = dt.date.max
    for number, (name, points) in enumerate(lines.items()):
        shown = list(points)[-weeks:]
        first = min([first, *(period.end for period, _ in shown)])
        values: list[tuple[dt.date, Number | None]] = [
            (period.end, by.drawn(figure)) for period, figure in shown
        ]
        drawn.append(charts.Series(name, values, tone=min(number + 1, 3)))
        if number == 0:
            before = _last_year(form, points, shown, by)
            if any(value is not None for _, value in before):
                drawn.append(charts.Series("上年同期", before, tone=4))
    if totals:
        drawn.append(charts.Series(history.LABEL, list(totals), dashed=True, tone=len(lines)))
        first = min(first, totals[0][0])
    if not any(value is not None for one in drawn for _, value in one.points):
        return None
    remarks = [
        charts.Annotation(day, "报告期起止日调整", "break")
        for day in series_breaks(form)
        if first < day
    ]
    note = "虚线处报告期的起止日有调整，前后不可直接比较。" if remarks else ""
    moved = [one for one in breaks if first < one.period.end]
    remarks += [charts.Annotation(one.period.end, one.words, "break") for one in moved]
    note += "".join(f"{one.period.label_zh}{one.note}。" for one in moved)
    return charts.line_figure(
        [one for one in drawn if any(value is not None for _, value in one.points)],
        title=f"{item.name['zh']}{by.word}走势",
        unit=by.unit_of(item),
        places=by.scale,
        annotations=remarks,
        note=note,
    )


def _last_year(
    form: Form, points: Points, shown: Points, by: Denomination
) -> list[tuple[dt.date, Number | None]]:
    """The value of the same period a year before, at this year's date."""
    known = {period.code: figure for period, figure in points}
    found: list[tuple[dt.date, Number | None]] = []
    for period, _ in shown:
        before = year_before_on(form, period)
        figure = known.get(before.code) if before else None
        found.append((period.end, by.drawn(figure) if figure else None))
    return found


def bars(
    table: Table, item: Item, area: str, by: Denomination, strong: str = ""
) -> dict[str, Any] | None:
    """The item's mean by unit, dearest first; the chosen unit in the accent."""
    values = [
        (value, unit)
        for unit in table.units
        if unit != table.root and (value := by.drawn(table.figure(unit, item.code))) is not None
    ]
    if not values:
        return None
    values.sort(key=lambda pair: (-pair[0], pair[1]))
    drawn = [
        charts.Bar(place_name(unit, short=True), value, unit == strong) for value, unit in values
    ]
    found = charts.bar_figure(
        drawn,
        title=f"{item.name['zh']}：各{area}{by.word}",
        unit=by.unit_of(item),
        places=by.scale,
    )
    found["table"] = None
    return found
