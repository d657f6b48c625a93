"""What a series is explained by: which windows, how many harmonics, which outliers, how much walk.

All by AICc on data whitened for the walk that explains them best.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from ortoo.algorithms.seasonal import outliers
from ortoo.algorithms.seasonal.outliers import Outlier
from ortoo.algorithms.seasonal.regression import choose, fit, fourier
from ortoo.algorithms.seasonal.series import HARMONICS, Series
from ortoo.algorithms.seasonal.whitening import WALKS, whitener
from ortoo.algorithms.seasonal.windows import Window, centred, occurrences, spans

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]
WEEKDAYS = 3
"""Pairs of weekday terms of a daily series."""
WORTH = 6.0
"""By how much a window must lower the AICc: of eight sets and three options the best would else
find a festival in most series that have none."""
GROSS = 2 * outliers.CRITICAL
MOST_TOGETHER = 4
"""Above so many windows not every subset is tried: they are added one by one."""


@dataclass(frozen=True, slots=True)
class Design:
    """The chosen explanation. `outliers` hold places among all periods."""

    harmonics: int
    windows: tuple[Window, ...]
    walk: float
    outliers: tuple[Outlier, ...] = ()
    aicc: float = np.nan

    def before(self, size: int) -> Design:
        """The same without outliers at or after a place."""
        return replace(self, outliers=tuple(o for o in self.outliers if o.at < size - 1))


@dataclass(frozen=True, slots=True, eq=False)
class Material:
    """A series ready for regressions: logs of what is known, every regressor over all periods."""

    series: Series
    known: Mask
    log: Floats
    drift: Floats
    season: Floats
    weekday: Floats
    windows: dict[Window, Floats]

    @property
    def steps(self) -> Floats:
        return self.series.steps(self.known)

    def fixed(self, chosen: Sequence[Window], found: Sequence[Outlier]) -> Floats:
        """Drift, weekdays, windows and outliers as columns over all periods."""
        parts = [self.drift[:, None], self.weekday]
        parts += [self.windows[one][:, None] for one in chosen]
        if found:
            parts.append(outliers.columns(list(found), self.known.size))
        return np.concatenate(parts, axis=1)


def material(series: Series, windows: Sequence[Window]) -> Material:
    """Regressors of a series; windows seen in under two years, or off their table, are left out."""
    values = series.values
    known = np.isfinite(values) & (np.where(np.isfinite(values), values, 0.0) > 0)
    log = np.full(values.size, np.nan)
    log[known] = np.log(values[known])
    usable = {
        one: centred(one, series.start, series.end)
        for one in windows
        if spans(one, series.start, series.end)
        and occurrences(one, series.start, series.end, known) >= 2
    }
    weekday = np.zeros((values.size, 0))
    if series.kind == "day":
        weekday = fourier((series.start % 7) / 7, WEEKDAYS)
    season = fourier(series.phase(), HARMONICS[series.kind])
    if series.kind == "month":
        # The sixth harmonic of twelve months has a cosine only: six cosines and five sines.
        last = np.stack([np.zeros(values.size), np.cos(12 * np.pi * series.phase())], axis=1)
        season = np.concatenate([season, last], axis=1)
    return Material(series, known, log, series.years, season, weekday, usable)


def chosen(ready: Material) -> Design:
    """The design by AICc: walk, windows and harmonics; outliers; and all once more.

    Gross outliers are found and set aside first: beside a slip of ×10,000 no festival is seen, and
    what a festival does would then be taken for a dozen outliers.
    """
    every = [one for one in ready.windows if not one.optional]
    design = _settled(ready, every, ())
    gross = _outliers(ready, design, GROSS)
    if gross:
        design = _settled(ready, every, gross)
    found = _outliers(ready, design, outliers.CRITICAL)
    return _confirmed(ready, _settled(ready, every, found)) if found else design


def _confirmed(ready: Material, design: Design) -> Design:
    """Without the outliers that the final windows and harmonics have made insignificant."""
    white = whitener(design.walk, ready.steps)
    season = ready.season[:, : 2 * design.harmonics]
    columns = np.concatenate([season, ready.fixed(design.windows, design.outliers)], axis=1)
    found = fit(white.matrix @ ready.log[ready.known], white.matrix @ columns[ready.known])
    tail = slice(columns.shape[1] - len(design.outliers), None)
    errors = np.sqrt(np.maximum(np.diag(found.covariance)[tail], 1e-30))
    sure = np.abs(found.coefficients[tail]) > outliers.CRITICAL * errors
    kept = tuple(one for one, is_sure in zip(design.outliers, sure, strict=True) if is_sure)
    return replace(design, outliers=kept)


def _settled(ready: Material, every: list[Window], found: tuple[Outlier, ...]) -> Design:
    tried = [_best(ready, tuple(every), found, walk) for walk in WALKS]
    walk = min(tried, key=lambda one: one.aicc).walk
    sets = [c for size in range(1, len(every)) for c in combinations(every, size)]
    if len(every) > MOST_TOGETHER:
        sets = [(one,) for one in every]
    some = [_best(ready, windows, found, walk) for windows in sets]
    best = _best(ready, (), found, walk)
    leading = min([*some, *(one for one in tried if one.walk == walk)], key=lambda one: one.aicc)
    best = leading if leading.aicc < best.aicc - WORTH else best
    for option in (one for one in ready.windows if one.optional):
        with_it = _best(ready, (*best.windows, option), found, walk)
        best = with_it if with_it.aicc < best.aicc - WORTH else best
    return best


def _best(
    ready: Material, windows: tuple[Window, ...], found: tuple[Outlier, ...], walk: float
) -> Design:
    white = whitener(walk, ready.steps)
    known = ready.known
    fixed = white.matrix @ ready.fixed(windows, found)[known]
    y, season = white.matrix @ ready.log[known], white.matrix @ ready.season[known]
    choice = choose(white, y, fixed, season)
    return Design(choice.harmonics, windows, walk, found, choice.aicc)


def _outliers(ready: Material, design: Design, critical: float) -> tuple[Outlier, ...]:
    known, white = ready.known, whitener(design.walk, ready.steps)
    columns = np.concatenate(
        [ready.fixed(design.windows, ()), ready.season[:, : 2 * design.harmonics]], axis=1
    )[known]
    most = min(outliers.MOST, int(known.sum()) // 12)
    y, x = white.matrix @ ready.log[known], white.matrix @ columns
    found = outliers.search(white.matrix, y, x, (most, critical))
    at = np.flatnonzero(known)
    return tuple(Outlier(kind, int(at[place])) for kind, place in found)
