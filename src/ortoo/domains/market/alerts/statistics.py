"""The statistics of the rule tables: a window in, [places × items] values and firms out. Pure.

Changes compare the firms that quoted in both periods, with the earlier period's quantities as
weights, so that neither a new shop nor a shop that is late is a change. Beside each value stands
how many firms it rests on and how many of them moved at least half as far in the same direction:
one slip among several shops has a large mean and no company.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ortoo.domains.market.alerts.tables import Condition
from ortoo.domains.market.alerts.window import OUT_OF_STOCK, Floats, Window

Ints = NDArray[np.int64]
OWN_HISTORY = 4
"""Earlier periods a firm's own level is taken from, at least two of them known."""
LEAST_YEARS = 3
"""Earlier years without which there is no 常年同期."""


@dataclass(frozen=True, slots=True, eq=False)
class Measured:
    """`value` float [places × items], NaN unknown; `firms`: how many it rests on; `moved`: how
    many of them went at least half as far."""

    places: tuple[str, ...]
    value: Floats
    firms: Ints
    moved: Ints


def measured(window: Window, condition: Condition, at: str) -> Measured:
    """A condition's statistic at the window's last period, for every place of a level."""
    return _STATISTICS[condition.statistic](window, condition, at)


def _summed(values: Floats, where: NDArray[np.intp], places: int) -> Floats:
    found = np.zeros((places, values.shape[1]))
    np.add.at(found, where, values)
    return found


def _mean(values: Floats, weight: Floats, where: NDArray[np.intp], places: int) -> Floats:
    known = np.isfinite(values) & np.isfinite(weight)
    total = _summed(np.where(known, values * weight, 0.0), where, places)
    mass = _summed(np.where(known, weight, 0.0), where, places)
    return np.divide(total, mass, out=np.full_like(total, np.nan), where=mass > 0)


def _weights(quantity: Floats) -> Floats:
    """What a quote weighs: what was sold; a quote without a quantity weighs next to nothing."""
    return np.where(np.isfinite(quantity) & (quantity > 0), quantity, 1e-6)


def _matched(window: Window, condition: Condition, at: str, series: Floats) -> Measured:
    places, where = window.places(at)
    count = len(places)
    nothing = Measured(
        places, np.full((count, series.shape[1]), np.nan),
        np.zeros((count, series.shape[1]), np.int64), np.zeros((count, series.shape[1]), np.int64),
    )  # fmt: skip
    back = condition.back
    if series.shape[2] <= back:
        return nothing
    now, before = series[:, :, -1], series[:, :, -1 - back]
    both = np.isfinite(now) & np.isfinite(before) & (before > 0)
    weight = np.where(both, _weights(window.quantity[:, :, -1 - back]), np.nan)
    if series is not window.price:
        weight = np.where(both, 1.0, np.nan)
    ahead = _mean(np.where(both, now, np.nan), weight, where, count)
    behind = _mean(np.where(both, before, np.nan), weight, where, count)
    value = np.divide(ahead, behind, out=np.full_like(ahead, np.nan), where=behind > 0) - 1
    change = np.where(both, now / np.where(both, before, 1.0) - 1, np.nan)
    return Measured(places, value, *_company(change, both, condition, where, count))


def _company(
    change: Floats, known: NDArray[np.bool_], condition: Condition, where: NDArray[np.intp],
    count: int,
) -> tuple[Ints, Ints]:  # fmt: skip
    half = float(condition.threshold) / 2
    went = known & (change >= half if condition.rise else change <= half)
    return (
        _summed(known.astype(float), where, count).astype(np.int64),
        _summed(went.astype(float), where, count).astype(np.int64),
    )


def _price_change(window: Window, condition: Condition, at: str) -> Measured:
    return _matched(window, condition, at, window.price)


def _sold_change(window: Window, condition: Condition, at: str) -> Measured:
    return _matched(window, condition, at, window.quantity)


def _level(window: Window, at: str) -> tuple[tuple[str, ...], Floats, Ints]:
    """Mean price of each place at the last period and how many firms quote."""
    places, where = window.places(at)
    price = window.price[:, :, -1]
    known = np.isfinite(price)
    weight = np.where(known, _weights(window.quantity[:, :, -1]), np.nan)
    mean = _mean(price, weight, where, len(places))
    return places, mean, _summed(known.astype(float), where, len(places)).astype(np.int64)


def _against_years(window: Window, condition: Condition, at: str) -> Measured:
    """Against the year before, or the median of at least three earlier years, of the same weeks."""
    places, mean, firms = _level(window, at)
    base = np.full(mean.shape, np.nan)
    for row, place in enumerate(places):
        for column, good in enumerate(window.goods):
            years = np.array(window.norm.get((place, good), ()), float)
            if condition.statistic == "year_on_year":
                base[row, column] = years[0] if years.size else np.nan
            elif np.isfinite(years).sum() >= LEAST_YEARS:
                base[row, column] = np.nanmedian(years)
    value = np.divide(mean, base, out=np.full_like(mean, np.nan), where=base > 0) - 1
    return Measured(places, value, firms, firms)


def _ratio(window: Window, condition: Condition, at: str) -> Measured:
    """One good's price over another's, put down at the first good's item."""
    places, mean, firms = _level(window, at)
    value = np.full(mean.shape, np.nan)
    tops = window.item_rows((condition.of[0],))
    below = window.item_rows((condition.of[1],))
    if tops and below:
        value[:, tops[0]] = mean[:, tops[0]] / mean[:, below[0]]
    return Measured(places, value, firms, firms)


def _out_of_stock(window: Window, condition: Condition, at: str) -> Measured:
    """Firms that are out of an item among those that carry it (a price or 断货)."""
    places, where = window.places(at)
    out = np.equal(window.nil[:, :, -1], OUT_OF_STOCK)
    carried = out | np.isfinite(window.price[:, :, -1])
    gone = _summed(out.astype(float), where, len(places))
    have = _summed(carried.astype(float), where, len(places))
    value = np.divide(gone, have, out=np.full_like(have, np.nan), where=have > 0)
    return Measured(places, value, have.astype(np.int64), gone.astype(np.int64))


def _pooled_days(window: Window, at: str, period: int) -> tuple[tuple[str, ...], Floats, Ints]:
    places, where = window.places(at)
    stock, sold = window.stock[:, :, period], window.quantity[:, :, period]
    both = np.isfinite(stock) & np.isfinite(sold) & (sold > 0)
    held = _summed(np.where(both, stock, 0.0), where, len(places))
    a_day = _summed(np.where(both, sold, 0.0), where, len(places)) / window.periods[period].days
    days = np.divide(held, a_day, out=np.full_like(held, np.nan), where=a_day > 0)
    return places, days, _summed(both.astype(float), where, len(places)).astype(np.int64)


def _stock_days(window: Window, condition: Condition, at: str) -> Measured:
    places, days, firms = _pooled_days(window, at, -1)
    return Measured(places, days, firms, firms)


def _stock_days_change(window: Window, condition: Condition, at: str) -> Measured:
    """Stock days against the median of the place's own earlier periods, minus 1."""
    places, now, firms = _pooled_days(window, at, -1)
    first = max(len(window.periods) - 1 - OWN_HISTORY, 0)
    past = [_pooled_days(window, at, row)[1] for row in range(first, len(window.periods) - 1)]
    return Measured(places, _against(now, past), firms, firms)


def _arrivals_change(window: Window, condition: Condition, at: str) -> Measured:
    """Arrivals of markets that reported throughout, against the mean of the earlier periods."""
    places, where = window.places(at)
    first = max(len(window.periods) - 1 - OWN_HISTORY, 0)
    part = window.arrivals[:, :, first:]
    if part.shape[2] < 3:
        empty = np.full((len(places), len(window.items)), np.nan)
        none = np.zeros(empty.shape, np.int64)
        return Measured(places, empty, none, none)
    known = np.asarray(np.isfinite(part).all(axis=2), bool)
    now = _summed(np.where(known, part[:, :, -1], 0.0), where, len(places))
    before = np.where(known[:, :, None], part[:, :, :-1], 0.0).mean(axis=2)
    base = _summed(before, where, len(places))
    value = np.divide(now, base, out=np.full_like(now, np.nan), where=base > 0) - 1
    firms = _summed(known.astype(float), where, len(places)).astype(np.int64)
    return Measured(places, value, firms, firms)


def _against(now: Floats, past: list[Floats]) -> Floats:
    if len(past) < 2:
        return np.full(now.shape, np.nan)
    stacked = np.array(past)
    enough = np.asarray(np.isfinite(stacked).sum(axis=0) >= 2, bool)
    middle = np.full(now.shape, np.nan)
    middle[enough] = np.nanmedian(stacked[:, enough], axis=0)
    return np.divide(now, middle, out=np.full_like(now, np.nan), where=middle > 0) - 1


def _storage_days(window: Window, condition: Condition, at: str) -> Measured:
    """Emergency stock over what the same firms supply in a day; no form asks a store's room."""
    places, where = window.places(at)
    stock, supply = window.stock[:, :, -1], window.capacity[:, :, -1]
    both = np.isfinite(stock) & np.isfinite(supply) & (supply > 0)
    held = _summed(np.where(both, stock, 0.0), where, len(places))
    a_day = _summed(np.where(both, supply, 0.0), where, len(places))
    value = np.divide(held, a_day, out=np.full_like(held, np.nan), where=a_day > 0)
    firms = _summed(both.astype(float), where, len(places)).astype(np.int64)
    return Measured(places, value, firms, firms)


def _storage_change(window: Window, condition: Condition, at: str) -> Measured:
    return _matched(window, condition, at, window.stock)


_STATISTICS: dict[str, Callable[[Window, Condition, str], Measured]] = {
    "week_on_week": _price_change,
    "cumulative": _price_change,
    "sold_change": _sold_change,
    "year_on_year": _against_years,
    "against_norm": _against_years,
    "ratio": _ratio,
    "out_of_stock": _out_of_stock,
    "stock_days": _stock_days,
    "stock_days_change": _stock_days_change,
    "arrivals_change": _arrivals_change,
    "storage_days": _storage_days,
    "storage_change": _storage_change,
}
