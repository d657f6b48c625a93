"""Simulated futures settlements 期货结算价（模拟）: for pages that set spot beside futures.

Every record says that it is simulated; no exchange ever quoted these numbers.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from ortoo.world.calendar import festival_offsets
from ortoo.world.calibration import load
from ortoo.world.draw import bell, stream
from ortoo.world.records import WorldError

LABEL = "模拟期货行情（演示数据，非交易所行情）"
_FIRST = dt.date(2014, 1, 1)
_SATURDAY = 5
_KEEP = 0.9975
# Exchanges close over 春节 and the first week of October; other closures are left out.
_FEAST_CLOSED = (-1, 6)
_NATIONAL_CLOSED = (1, 7)


@dataclass(frozen=True, slots=True)
class Future:
    """A simulated contract series: ``unit`` of its price, e.g. 元/吨 or 元/500千克."""

    code: str
    name: str
    unit: str
    simulated: bool = True
    label: str = LABEL


def futures() -> tuple[Future, ...]:
    """The series there are: 鸡蛋、豆油、白糖、生猪、玉米、螺纹钢、焦煤 …"""
    return tuple(Future(row["code"], row["name"], row["unit"])
                 for row in load("materials.toml")["future"])


def trading_days(first: dt.date, last: dt.date) -> tuple[dt.date, ...]:
    """Days from ``first`` to ``last`` on which these simulated markets settle."""
    days = [first + dt.timedelta(days=step) for step in range((last - first).days + 1)]
    offsets = festival_offsets(first, len(days))
    low, high = _FEAST_CLOSED
    return tuple(
        day for day, offset in zip(days, offsets, strict=True)
        if day.weekday() < _SATURDAY and not low <= offset <= high
        and not (day.month == 10 and _NATIONAL_CLOSED[0] <= day.day <= _NATIONAL_CLOSED[1])
    )


@cache
def _walk(seed: int, year: int) -> tuple[tuple[dt.date, ...], NDArray[np.float64]]:
    """ln deviations of one year's settlements [day × series], carried on from the year before."""
    days = trading_days(dt.date(year, 1, 1), dt.date(year, 12, 31))
    rows = load("materials.toml")["future"]
    sigma = np.array([row["sigma"] for row in rows])
    state = _walk(seed, year - 1)[1][-1] if year > _FIRST.year else np.zeros(len(rows))
    rng = stream(seed, "futures", year)
    shock = bell(rng, (len(days), len(rows))) * 0.85 + bell(rng, (len(days), 1)) * 0.5
    out = np.empty((len(days), len(rows)))
    for at in range(len(days)):
        state = _KEEP * state + sigma * shock[at]
        out[at] = state
    return days, out


def settlements(
    seed: int, first: dt.date, last: dt.date
) -> tuple[tuple[dt.date, ...], NDArray[np.int64]]:
    """(trading days, settlement prices in fen of each series' unit [day × series]).

    Series in the order of ``futures()``. Any span of a seed agrees with any other. WorldError
    (``WORLD-FUTURES``) before 2014.
    """
    if first < _FIRST:
        raise WorldError("WORLD-FUTURES", f"模拟期货行情自 {_FIRST} 起，没有 {first}")
    rows = load("materials.toml")["future"]
    level = np.log([row["level"] for row in rows])
    tick = np.array([row["tick"] for row in rows])
    days: list[dt.date] = []
    parts = [np.zeros((0, len(rows)), dtype=np.int64)]
    for year in range(first.year, last.year + 1):
        dates, walk = _walk(seed, year)
        inside = np.array([first <= day <= last for day in dates])
        days += [day for day in dates if first <= day <= last]
        yuan = np.rint(np.exp(level + walk[inside]) / tick) * tick
        parts.append((yuan * 100).astype(np.int64))
    return tuple(days), np.concatenate(parts)
