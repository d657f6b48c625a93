"""A series of consecutive periods with the days each covers, and what may be asked of it."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ortoo.algorithms.seasonal.windows import YEAR_DAYS, Days, Floats

Kind = Literal["day", "week", "tenday", "month"]
PER_YEAR: dict[Kind, float] = {"day": 365.2425, "week": 52.1775, "tenday": 36.0, "month": 12.0}
HARMONICS: dict[Kind, int] = {"day": 20, "week": 20, "tenday": 12, "month": 5}
CUTOFF: dict[Kind, float] = {"day": 120.0, "week": 26.0, "tenday": 18.0, "month": 9.0}
"""Periods of the wave of which the trend keeps half."""


@dataclass(frozen=True, slots=True, eq=False)
class Series:
    """`start`, `end`: ordinals of the first and last day of each period, oldest first, [n];
    `values` [n] in any unit, NaN where nothing is known. Weeks may change their first day: two may
    share days or leave some out. ValueError SEASONAL-SHAPE where the three do not fit."""

    kind: Kind
    start: Days
    end: Days
    values: Floats

    def __post_init__(self) -> None:
        fits = self.start.shape == self.end.shape == self.values.shape and self.start.ndim == 1
        if not fits or (np.diff(self.start) <= 0).any() or (self.end < self.start).any():
            raise ValueError("SEASONAL-SHAPE: starts must rise and match ends and values")

    @property
    def middle(self) -> Floats:
        return np.asarray((self.start + self.end) / 2)

    @property
    def years(self) -> Floats:
        """Time of each period's middle, in years from the first, [n]."""
        return np.asarray((self.middle - self.middle[0]) / YEAR_DAYS)

    def until(self, upto: int) -> Series:
        """The series as it was known when period `upto` was its last."""
        cut = slice(0, upto + 1)
        return Series(self.kind, self.start[cut], self.end[cut], self.values[cut])

    def steps(self, known: NDArray[np.bool_]) -> Floats:
        """How many periods lie between known observations, [known − 1]."""
        return np.asarray(np.diff(self.positions[known]))

    @property
    def positions(self) -> Floats:
        """Each period's place in time, in periods: a change of the first weekday moves it by part
        of a week, 53-week years and leap days do not disturb it."""
        if self.kind in ("month", "tenday"):
            return np.arange(self.values.size, dtype=float)
        length = 7.0 if self.kind == "week" else 1.0
        return np.asarray((self.start - self.start[0]) / length)

    def phase(self) -> Floats:
        """Where in its year each period lies, 0 … 1, [n]: by number for months and ten-day
        periods, by the middle day for weeks and days."""
        stamps = (self.middle - 0.5 - dt.date(1970, 1, 1).toordinal()).astype(np.int64)
        days = stamps.astype("datetime64[D]")
        month = days.astype("datetime64[M]").astype(np.int64) % 12
        if self.kind == "month":
            return np.asarray(month / 12)
        if self.kind == "tenday":
            in_month = (days - days.astype("datetime64[M]")).astype(np.int64)
            return np.asarray((month * 3 + np.minimum(in_month // 10, 2)) / 36)
        year = days.astype("datetime64[Y]")
        first = year.astype("datetime64[D]").astype(np.int64)
        length = (year + 1).astype("datetime64[D]").astype(np.int64) - first
        middle = self.middle - dt.date(1970, 1, 1).toordinal()
        return np.asarray((middle - first + 0.5) / length)
