"""Windows about a moving festival as regressors, by the rule of R seasonal's `genhol`.

A regressor is the share of the window's days that fall in each period, less what that stretch of
the calendar holds in the long run (`center="calendar"`), so that it carries only what moves from
year to year; what is usual for the season stays in the season. A window about a fixed date never
moves: it is centred on its mean over a year and counts as a narrow part of the season.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Days = NDArray[np.int64]
YEAR_DAYS = 365.2425
_LEAP = 2000
_LEAP_DAY = 59


@dataclass(frozen=True, slots=True)
class Window:
    """Days `first` … `last` from each day of `anchors` (ordinals of dates, ascending).

    `optional`: tried one by one after the others; `fixed`: the anchor never moves.
    """

    name: str
    first: int
    last: int
    anchors: tuple[int, ...]
    optional: bool = False
    fixed: bool = False

    @property
    def days(self) -> int:
        return self.last - self.first + 1


def shares(window: Window, start: Days, end: Days) -> Floats:
    """Share of the window that falls in each period (both ends included), [periods]."""
    anchors = np.asarray(window.anchors, np.int64)
    low = np.maximum(start[:, None], anchors + window.first)
    high = np.minimum(end[:, None], anchors + window.last)
    return np.asarray(np.maximum(high - low + 1, 0).sum(axis=1) / window.days, np.float64)


def centred(window: Window, start: Days, end: Days) -> Floats:
    """`shares` less their long-run mean for the same stretch of the calendar, [periods]."""
    raw = shares(window, start, end)
    if window.fixed:
        return np.asarray(raw - (end - start + 1) / YEAR_DAYS)
    mean = np.concatenate([[0.0], np.cumsum(_daily_mean(window)[_places(start.min(), end.max())])])
    first = start - start.min()
    return np.asarray(raw - (mean[end - start.min() + 1] - mean[first]))


def spans(window: Window, start: Days, end: Days) -> bool:
    """Whether the table of anchors reaches over all of the periods."""
    margin = round(1.2 * YEAR_DAYS)
    return (
        window.anchors[0] - margin <= int(start.min())
        and int(end.max()) <= window.anchors[-1] + margin
    )


def occurrences(window: Window, start: Days, end: Days, known: NDArray[np.bool_]) -> int:
    """How many of the anchors have some day of their window inside a known period."""
    anchors = np.asarray(window.anchors, np.int64)[:, None]
    low = np.maximum(start[known], anchors + window.first)
    high = np.minimum(end[known], anchors + window.last)
    return int((high >= low).any(axis=1).sum())


def _daily_mean(window: Window) -> Floats:
    """Mean share of the window that lies on each day of a leap year, [366]."""
    counts = np.zeros(366)
    for anchor in window.anchors:
        days = np.arange(anchor + window.first, anchor + window.last + 1)
        np.add.at(counts, _place_of(days), 1.0)
    # 29 February lends what it holds to the 28th, so that February has one mean in every year.
    counts[_LEAP_DAY - 1] += counts[_LEAP_DAY]
    counts[_LEAP_DAY] = 0.0
    return counts / (len(window.anchors) * window.days)


def _places(first: int, last: int) -> NDArray[np.int64]:
    return _place_of(np.arange(int(first), int(last) + 1))


def _place_of(days: Days) -> NDArray[np.int64]:
    """Each day's place in a leap year, 0–365: the same date has the same place in every year."""
    dates = days - dt.date(1970, 1, 1).toordinal()
    stamps = dates.astype("datetime64[D]")
    months = stamps.astype("datetime64[M]")
    in_month = (stamps - months).astype(np.int64)
    month = months.astype(np.int64) % 12
    starts = np.array([dt.date(_LEAP, m, 1).timetuple().tm_yday - 1 for m in range(1, 13)])
    return np.asarray(starts[month] + in_month)
