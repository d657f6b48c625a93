"""Seasonal adjustment of prices and volumes by week, ten days, month or day.

ln y = trend + season + festivals + outliers + irregular. After boiwsa (Ginker 2024, The R Journal
16(3)): discounted weighted least squares on Fourier terms and calendar-centred festival windows,
terms by AICc, outliers at |t| > 3.8, and a trend smoother; here the regressions are whitened for
a walking level first, and coefficients move along straight lines between yearly knots, so that no
factor jumps on 1 January.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ortoo.algorithms.seasonal import outliers
from ortoo.algorithms.seasonal.design import Design, Material, chosen, material
from ortoo.algorithms.seasonal.regression import Fit, discounted, fit
from ortoo.algorithms.seasonal.series import CUTOFF, PER_YEAR, Series
from ortoo.algorithms.seasonal.smoothing import smooth
from ortoo.algorithms.seasonal.whitening import whitener
from ortoo.algorithms.seasonal.windows import Window

Floats = NDArray[np.float64]
DISCOUNT = 0.8
"""Weight of an observation one year away from the year that is being explained."""
FEWEST_YEARS = 2.0
FEWEST_KNOWN = 0.6
"""Of two years' periods at least so many must be known."""
MOST_UNLOGGED = 0.25
"""Above this share of zeros and negatives a series has no log scale to be adjusted on."""
REASONS = ("EMPTY", "NOT-POSITIVE", "SHORT", "CONSTANT")


@dataclass(frozen=True, slots=True)
class Unadjusted:
    """Why a series gets no factors: one of REASONS; `known` observations over `years`."""

    reason: str
    known: int
    years: float


@dataclass(frozen=True, slots=True)
class Effect:
    """A window's log effect where it is wholly inside one period, over `days`, newest estimate.

    `whole_period`: the same for a period of the series' own length that lies inside the window.
    """

    window: Window
    log_effect: float
    log_error: float
    whole_period: float
    whole_error: float


@dataclass(frozen=True, slots=True, eq=False)
class Adjustment:
    """Logs of the parts over all periods [n]; `original` as given, NaN where nothing usable.

    log = trend + seasonal + festival + outlier + irregular. `trend` holds shifts of level,
    `outlier` single periods; `adjusted` (in the unit of the values) is the original without season
    and festival. `error`: standard error of seasonal + festival, in logs. `left_out`: zeros and
    negatives taken for unknown.
    """

    series: Series
    design: Design
    log: Floats
    trend: Floats
    seasonal: Floats
    festival: Floats
    outlier: Floats
    irregular: Floats
    error: Floats
    effects: tuple[Effect, ...]
    left_out: int

    @property
    def original(self) -> Floats:
        return np.exp(self.log)

    @property
    def adjusted(self) -> Floats:
        return np.exp(self.log - self.seasonal - self.festival)

    @property
    def trend_level(self) -> Floats:
        return np.exp(self.trend)

    @property
    def factor(self) -> Floats:
        """Season and festival as a factor about 1."""
        return np.exp(self.seasonal + self.festival)


def adjust(
    series: Series,
    windows: Sequence[Window] = (),
    *,
    upto: int | None = None,
    design: Design | None = None,
) -> Adjustment | Unadjusted:
    """The series taken apart; `upto`: as seen when that period was the last, nothing later used.

    `design` holds a choice made before (for revisions); outliers are then not searched again.
    Never raises for odd values: what cannot be adjusted comes back as `Unadjusted`.
    """
    seen = series if upto is None else series.until(upto)
    if refused := _unfit(seen):
        return refused
    ready = material(seen, windows)
    usable = chosen(ready) if design is None else _held(design.before(seen.values.size), ready)
    return _apart(ready, usable)


def _held(design: Design, ready: Material) -> Design:
    return replace(design, windows=tuple(one for one in design.windows if one in ready.windows))


def _unfit(series: Series) -> Unadjusted | None:
    finite = np.isfinite(series.values)
    positive = finite & (np.where(finite, series.values, 0.0) > 0)
    known = int(positive.sum())
    if not finite.any():
        return Unadjusted("EMPTY", 0, 0.0)
    span = 0.0
    if known:
        at = np.flatnonzero(positive)
        span = float(series.years[at[-1]] - series.years[at[0]]) + 1 / PER_YEAR[series.kind]
    if known < (1 - MOST_UNLOGGED) * finite.sum():
        return Unadjusted("NOT-POSITIVE", known, span)
    # A week of tolerance, so that 104 weeks are two years.
    wanted = FEWEST_KNOWN * FEWEST_YEARS * PER_YEAR[series.kind]
    if span < FEWEST_YEARS - 0.02 or known < wanted:
        return Unadjusted("SHORT", known, span)
    values = series.values[positive]
    if np.ptp(values) <= 1e-9 * abs(values[0]):
        return Unadjusted("CONSTANT", known, span)
    return None


def _apart(ready: Material, design: Design) -> Adjustment:
    series, known = ready.series, ready.known
    white = whitener(design.walk, ready.steps)
    season = ready.season[:, : 2 * design.harmonics]
    fixed = ready.fixed(design.windows, ())
    pulses = outliers.columns(list(design.outliers), known.size) if design.outliers else None
    every = np.concatenate([fixed, season, *([pulses] if pulses is not None else [])], axis=1)
    y = white.matrix @ ready.log[known]
    whole = fit(y, white.matrix @ every[known])
    design = _with_effects(design, whole)
    single, shift = _effects_over(design, known.size)
    terms = np.concatenate([fixed, season], axis=1)
    moving = _moving(ready, white.matrix, (single + shift)[known], terms, whole.variance)
    knots, hats = moving.knots, moving.hats
    plain = 1 + ready.weekday.shape[1]
    first = plain + len(design.windows)
    paths = np.einsum("nk,nj,kj->nj", hats, terms, knots.coefficients)
    seasonal = paths[:, 1:plain].sum(axis=1) + paths[:, first:].sum(axis=1)
    festival = np.zeros(known.size)
    for at, window in enumerate(design.windows, plain):
        target = seasonal if window.fixed else festival
        target += paths[:, at]
    cleaned = ready.log - seasonal - festival - single - shift
    trend = smooth(cleaned, CUTOFF[series.kind]) + shift
    used = terms.copy()
    used[:, 0] = 0.0
    spread = np.einsum("nj,kji,ni->nk", used, knots.covariance, used)
    return Adjustment(
        series=series,
        design=design,
        log=ready.log,
        trend=trend,
        seasonal=seasonal,
        festival=festival,
        outlier=single,
        irregular=ready.log - trend - seasonal - festival - single,
        error=np.asarray((hats * np.sqrt(np.maximum(spread, 0))).sum(axis=1)),
        effects=_effects(ready, design, knots, plain),
        left_out=int(np.isfinite(series.values).sum() - known.sum()),
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Moving:
    """Fits at yearly knots, and how much of each knot every period has [n × knots]."""

    knots: Fit
    hats: Floats


def _moving(
    ready: Material, matrix: Floats, taken: Floats, terms: Floats, variance: float
) -> _Moving:
    years, known = ready.series.years, ready.known
    count = max(round(float(years[-1])), 1) + 1
    knots = np.linspace(0.0, float(years[-1]), count)
    hats = np.stack([np.interp(years, knots, row) for row in np.eye(count)], axis=1)
    at = years[known][1:]
    weights = DISCOUNT ** np.abs(at[None, :] - knots[:, None])
    y = matrix @ (ready.log[known] - taken)
    return _Moving(discounted(y, matrix @ terms[known], weights, variance), hats)


def _with_effects(design: Design, whole: Fit) -> Design:
    if not design.outliers:
        return design
    tail = len(design.outliers)
    effects = whole.coefficients[-tail:]
    errors = np.sqrt(np.maximum(np.diag(whole.covariance)[-tail:], 1e-30))
    return replace(design, outliers=tuple(
        replace(one, effect=float(effect), t=float(effect / error))
        for one, effect, error in zip(design.outliers, effects, errors, strict=True)
    ))  # fmt: skip


def _effects_over(design: Design, size: int) -> tuple[Floats, Floats]:
    """(single periods, shifts of level) in logs over all periods."""
    parts = {"AO": np.zeros(size), "LS": np.zeros(size)}
    for one in design.outliers:
        parts[one.kind] += one.effect * outliers.column(one.kind, one.at, size)
    return parts["AO"], parts["LS"]


def _effects(ready: Material, design: Design, knots: Fit, plain: int) -> tuple[Effect, ...]:
    length = int(ready.series.end[-1] - ready.series.start[-1]) + 1
    found = []
    for at, window in enumerate(design.windows, plain):
        value = float(knots.coefficients[-1, at])
        error = float(np.sqrt(max(float(knots.covariance[-1, at, at]), 0.0)))
        share = min(length / window.days, 1.0)
        found.append(Effect(window, value, error, value * share, error * share))
    return tuple(found)
