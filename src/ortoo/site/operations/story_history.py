"""What every bureau knew of its weeks before this system: five years of tables, filed as 历史汇总.

Made from the same simulated weeks that the background history files firm by firm, as a bureau had
them in a table: plain means of prices, sums of sales, no firm.
"""

from __future__ import annotations

import csv
import io
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ortoo.domains.market import history
from ortoo.domains.market.history import HistoryWeek
from ortoo.kernel.filings.draft import Original
from ortoo.kernel.forms.body import GridBody
from ortoo.kernel.forms.definition import Cell, Form, Nil
from ortoo.kernel.forms.periods import Period, period_on
from ortoo.site.operations.timeline import HOUR_MS, MINUTE_MS
from ortoo.world import PRICE, SALES, VALUE

if TYPE_CHECKING:
    from ortoo.site.operations.stories import Events, Plot

Columns = dict[str, tuple[Cell, ...]]


def events(plot: Plot, first_ms: int) -> Events:
    yield "history", first_ms + HOUR_MS, partial(_file, plot)


def _file(plot: Plot, at_ms: int) -> None:
    form = history.form()
    offices = set(plot.cast.agencies)
    for number, (place, weeks) in enumerate(sorted(_tables(plot, form).items())):
        if place not in offices:
            continue
        name = f"（演示）{plot.cast.pack[place].zh}零售周报汇总.csv"
        attributes = {"detail": history.DETAIL, "basis": "简单平均", "file": name}
        told = [
            HistoryWeek(place, period.code, GridBody(columns, attributes=attributes))
            for period, columns in weeks
        ]
        original = Original(_as_file(form, weeks), "text/csv", name)
        when = at_ms + number * MINUTE_MS
        scope = plot.office_scope(place, when)
        history.file_history(
            scope=scope, weeks=told, original=original, reason="", now_ms=when, batch=len(told)
        )


def _tables(plot: Plot, form: Form) -> dict[str, list[tuple[Period, Columns]]]:
    """Place → the weeks before the first one played, of every unit and of the whole."""
    world, pack = plot.cast.region.world, plot.cast.pack
    found: dict[str, list[tuple[Period, Columns]]] = {}
    for start in world.week_starts():
        if start >= plot.weeks[0].start:
            break
        period = period_on(form, start + (plot.weeks[0].end - plot.weeks[0].start) // 2)
        truth, units = world.truth(start), pack.unit_of(period.end)
        at = np.array([units.get(firm.place, firm.place) for firm in world.sample(start)])
        sold = truth.nil == VALUE
        values = np.where(sold, truth.values, 0)
        for place in (pack.root.code, *sorted(set(at.tolist()))):
            rows = np.ones(len(at), bool) if place == pack.root.code else at == place
            found.setdefault(place, []).append((period, _columns(values[rows], sold[rows])))
    return found


def _columns(values: NDArray[np.int64], sold: NDArray[np.bool_]) -> Columns:
    """Plain means of prices in fen, sums of sales; 未经营 where no shop had the good."""
    count = sold[:, :, PRICE].sum(axis=0)
    total = values[:, :, PRICE].sum(axis=0)
    mean = (2 * total + count) // np.maximum(2 * count, 1)
    sales = values[:, :, SALES].sum(axis=0)
    some = count > 0
    prices = tuple(int(v) if s else Nil.NOT_CARRIED for v, s in zip(mean, some, strict=True))
    sums = tuple(int(v) if s else None for v, s in zip(sales, some, strict=True))
    return {"price": prices, "sales": sums}


def _as_file(form: Form, weeks: list[tuple[Period, Columns]]) -> bytes:
    """The table as the bureau had it: a row a week, a column a good."""
    table = io.StringIO()
    lines = csv.writer(table)
    lines.writerow(["周起", *(f"{leaf.name['zh']}（元/{leaf.unit}）" for leaf in form.leaves)])
    for period, columns in weeks:
        lines.writerow([period.start.isoformat(), *map(_yuan, columns["price"])])
    return table.getvalue().encode("utf-8-sig")


def _yuan(cell: Cell) -> str:
    return f"{cell // 100}.{cell % 100:02d}" if isinstance(cell, int) else ""
