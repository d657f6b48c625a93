"""Spot and futures together: the drawing and the table of one pair."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from ortoo.domains.market.futures import Pair, Settlement
from ortoo.domains.market.web import figures_sheet as sheet
from ortoo.domains.market.web.compare_lines import Line, Point
from ortoo.domains.market.web.figures_sheet import NONE, Column, Row, Sheet
from ortoo.web import charts


def chart(
    pair: Pair, line: Line, spot: Sequence[Point], days: Sequence[Settlement]
) -> dict[str, Any]:
    """Both in the spot's unit, the futures' settlement divided by the pair's contents."""
    drawn = [charts.Series("期货结算价", [(one.day, _in_unit(pair, one)) for one in days], tone=2)]
    if spot:
        values = [(point.period.end, line.drawn(point.value)) for point in spot]
        drawn.insert(0, charts.Series(f"现货（{line.channel}）", values, tone=1))
    made = charts.line_figure(
        drawn, title=f"{pair.name}：现货与期货", unit=line.unit_words, places=2, note=pair.note
    )
    made["table"] = None
    return made


def _in_unit(pair: Pair, one: Settlement) -> float:
    return round(float(Fraction(one.price, 100) / pair.contents), 4)


def table(
    pair: Pair, line: Line, spot: Sequence[Point], days: Sequence[Settlement]
) -> Sheet:
    """A row a period of the spot price: its mean, the last settlement in it, and the basis."""
    rows = []
    for point in reversed(spot):
        last = next((one for one in reversed(days) if point.period.contains(one.day)), None)
        if last is None or point.value is None:
            rows.append(Row((
                sheet.text(point.period.label_zh), sheet.price(point.value), NONE, NONE, NONE,
            )))  # fmt: skip
            continue
        future = Fraction(last.price) / pair.contents
        rows.append(Row((
            sheet.text(point.period.label_zh), sheet.price(point.value), sheet.price(future),
            sheet.price(point.value - future), sheet.text(last.day.isoformat()),
        )))  # fmt: skip
    columns = (
        Column("报告期", "", False), Column(f"现货（{line.channel}）"), Column("期货结算价"),
        Column("现货减期货"), Column("结算日", "", False),
    )  # fmt: skip
    title = f"{pair.name}：现货与期货"
    return Sheet("futures", title, columns, tuple(rows), line.unit_words, pair.note)
