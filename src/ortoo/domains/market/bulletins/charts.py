"""Charts of a bulletin, drawn from the numbers it prints."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from ortoo.domains.market.bulletins.filed import TableRow, Text
from ortoo.domains.market.bulletins.numbers import CHANGE
from ortoo.domains.market.bulletins.sections import BY_CODE, title_of
from ortoo.web import charts, drawing

MOST = 10


@dataclass(frozen=True, slots=True)
class Drawn:
    """One chart for paper: its title and an SVG with literal colours."""

    title: str
    svg: str


def plots(text: Text) -> list[tuple[str, list[charts.Bar]]]:
    """(title, bars): 环比 of the sections' means, then the items that moved most in a section."""
    means = [row for row in text.rows if row.mean and row.cells[CHANGE] is not None]
    found = []
    if len(means) > 1:
        found.append(("各类均价环比", _bars(means)))
    for code in dict.fromkeys(row.section for row in text.rows):
        section = BY_CODE.get(code)
        if section is not None and section.movers:
            moved = _moved([r for r in text.rows if r.section == code and not r.mean])
            if len(moved) > 1:
                found.append((f"{title_of(code)}环比变动较大的品种", _bars(moved)))
    return found


def _moved(rows: Sequence[TableRow]) -> list[TableRow]:
    known = [(number.value, row) for row in rows if (number := row.cells[CHANGE]) and number.value]
    largest = sorted(known, key=lambda pair: -abs(pair[0]))[:MOST]
    return [row for _, row in sorted(largest, key=lambda pair: -pair[0])]


def _bars(rows: Sequence[TableRow]) -> list[charts.Bar]:
    bars = []
    for row in rows:
        number = row.cells[CHANGE]
        value = None if number is None else number.value
        shown = None if value is None else Decimal(value.numerator) / Decimal(value.denominator)
        bars.append(charts.Bar(row.name.removesuffix("均价"), shown))
    return bars


def shown(text: Text) -> list[dict[str, Any]]:
    """For the page; the table under the text says the same numbers."""
    found = []
    for title, bars in plots(text):
        figure = charts.bar_figure(bars, title=title, unit="%", places=1)
        figure["table"] = None
        found.append(figure)
    return found


def drawn(text: Text) -> list[Drawn]:
    """For paper."""
    return [
        Drawn(title, drawing.printable(charts.bar_chart(bars, unit="%", places=1, title=title)))
        for title, bars in plots(text)
    ]
