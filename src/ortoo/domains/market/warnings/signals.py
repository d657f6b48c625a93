"""Leading signals of a panel: shops without goods, days of stock, arrivals, the festival ahead."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from ortoo.domains.market.lunar import LunarDay, LunarError, civil
from ortoo.domains.market.panels import Panel
from ortoo.kernel.forms.periods import Period

Floats = NDArray[np.float64]
BEFORE_DAYS, AFTER_DAYS = 20, 26
"""The windows of the Spring Festival as in seasonal adjustment: before, then during and after."""
LEAST_SHOPS = 3


def of_panel(panel: Panel, weeks: int, arrivals: Panel | None = None) -> dict[str, Floats]:
    """Columns of the panel's shape [units × items × periods]; NaN where unknown.

    `weeks`: how far ahead the festival is looked for. `arrivals`: the wholesale panel whose
    quantities of the same good, over the whole region, stand for what comes in.
    """
    quotes, out = panel.sums["quotes"], panel.sums["out_of_stock"]
    shops = quotes + out
    outage = np.where(shops >= LEAST_SHOPS, out / np.maximum(shops, 1), np.nan)
    sold, stock = panel.sums["quantity"], panel.sums["stock"]
    days = (panel.periods[-1].end - panel.periods[-1].start).days + 1 if panel.periods else 7
    cover = np.where((sold > 0) & (stock > 0), np.log(np.maximum(stock, 1) / np.maximum(sold, 1)
                                                       * days), np.nan)  # fmt: skip
    found = {"outage": outage, "stock_days": cover}
    for name, column in _festival(panel.periods, 7 * weeks).items():
        found[name] = np.broadcast_to(column, panel.price.shape)
    if arrivals is not None:
        found["arrivals"] = _arrivals(panel, arrivals)
    return found


def _festival(periods: Sequence[Period], days: int) -> Mapping[str, Floats]:
    """Share of the days ahead of each period that lie before, or in and after, the festival."""
    before, after = np.zeros(len(periods)), np.zeros(len(periods))
    for at, period in enumerate(periods):
        for ahead in range(1, days + 1):
            away = _days_from_new_year(period.end + dt.timedelta(days=ahead))
            before[at] += -BEFORE_DAYS <= away < 0
            after[at] += 0 <= away <= AFTER_DAYS
    return {"festival_before": before / days, "festival_after": after / days}


def _days_from_new_year(day: dt.date) -> int:
    """Days since the nearest 正月初一, negative before it; far away where the table ends."""
    found = [_new_year(year) for year in (day.year, day.year + 1)]
    distances = [(day - one).days for one in found if one is not None]
    return min(distances, key=abs, default=9999)


def _new_year(year: int) -> dt.date | None:
    try:
        return civil(LunarDay(year, 1, False, 1))
    except LunarError:
        return None


def _arrivals(panel: Panel, wholesale: Panel) -> Floats:
    """Log change of the region's wholesale quantity of the same good on the period before."""
    found = np.full(panel.price.shape, np.nan)
    goods = {
        leaf.good: wholesale.items.index(leaf.code)
        for leaf in wholesale.form.leaves
        if leaf.good is not None
    }
    columns = {period.code: at for at, period in enumerate(wholesale.periods)}
    if not wholesale.units:
        return found
    sold = wholesale.sums["quantity"][0].astype(float)
    change = np.full(sold.shape, np.nan)
    both = (sold[:, 1:] > 0) & (sold[:, :-1] > 0)
    change[:, 1:][both] = np.log(sold[:, 1:][both] / sold[:, :-1][both])
    for at, leaf in enumerate(panel.form.leaves):
        if leaf.good not in goods:
            continue
        for place, period in enumerate(panel.periods):
            if period.code in columns:
                found[:, at, place] = change[goods[leaf.good], columns[period.code]]
    return found
