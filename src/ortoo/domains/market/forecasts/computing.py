"""One run computed: points at the newest period and at past origins, skill, and intervals. Pure.

Every origin goes through the same steps as the newest one, with nothing of its future: forecasts of
prices and of quantities, volumes reconciled, root prices from the units'. What is tested is
therefore what is filed. Skill is 1 − Σ|error| ÷ Σ|error of the rival| on logarithms, the rivals
being «no change» and the seasonal naive. Intervals are conformal: signed quantiles of past errors
in units of each series' own 80 % half-width, pooled over series and neighbouring horizons.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from ortoo.algorithms.forecasting import Plan, forecast
from ortoo.domains.market.forecasts import coherence
from ortoo.domains.market.forecasts.model import LEVELS, ROWS, SEED, VOLUME_ROWS, Cadence
from ortoo.domains.market.forecasts.series import Observed, newest

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
NORMAL = {50: 0.6745, 80: 1.2816, 95: 1.96}
LEAST_POOLED, LEAST_CHECKED = 40, 3


class Status(IntEnum):
    """What became of a series."""

    SHOWN = 1
    NO_SKILL = 2
    SHORT = 3
    STALE = 4
    CONSTANT = 5
    UNCHECKED = 6


@dataclass(frozen=True, slots=True, eq=False)
class Points:
    """Forecasts at one origin, [units × items × horizon]; `half`: 80 % half-width of `main` on
    logarithms, NaN where it was not asked for."""

    main: Floats
    quantity: Floats
    half: Floats


Recall = Callable[[int, Callable[[], Points]], Points]
"""(periods back, how to compute) → points, perhaps remembered from a run that was broken off."""


@dataclass(frozen=True, slots=True, eq=False)
class Computed:
    """A run. [units × items (× horizon)]; bounds and coverage by level, widest last; NaN where
    nothing could be said. `error`: mean |error| on logarithms at each step."""

    status: Ints
    base: Floats
    points: Points
    low: dict[int, Floats]
    high: dict[int, Floats]
    checked: Ints
    skill: Floats
    skill_seasonal: Floats
    skill_by_step: Floats
    seasonal_by_step: Floats
    error: Floats
    coverage: dict[int, float]
    origins: int


def origins_of(seen: Observed, cadence: Cadence) -> list[int]:
    """Periods back of the past origins that have anything to learn from before them."""
    backs = [cadence.gap * (k + 1) for k in range(cadence.checks)]
    return [back for back in backs if seen.length - back >= cadence.least]


def compute(seen: Observed, cadence: Cadence, recall: Recall | None = None) -> Computed:
    """Forecast a form's whole history; `recall` lets a caller keep what each origin gave."""
    ask = recall or (lambda back, made: made())
    now = ask(0, lambda: points_at(seen, 0, cadence, wide=True))
    backs = origins_of(seen, cadence)
    past = [ask(back, _later(seen, back, cadence)) for back in backs]
    checks = _Checks.of(seen, cadence, backs, past)
    low, high, coverage = _intervals(now, checks.error)
    skill, seasonal = checks.skills(axis=(0, 3))
    by_step, seasonal_by_step = checks.skills(axis=(0,))
    checked = np.isfinite(checks.error).any(axis=3).sum(axis=0)
    status = _status(seen, cadence, now, checked, skill)
    return Computed(
        status, _base(seen), now, low, high, checked, skill, seasonal, by_step, seasonal_by_step,
        _mean(np.abs(checks.error), (0,)), coverage, len(backs),
    )  # fmt: skip


def _later(seen: Observed, back: int, cadence: Cadence) -> Callable[[], Points]:
    return lambda: points_at(seen, back, cadence, wide=False)


def points_at(seen: Observed, back: int, cadence: Cadence, *, wide: bool) -> Points:
    """Forecasts `back` periods before the newest, from what was there by then; `wide`: with the
    half-widths of the algorithm's own 80 % interval."""
    upto = slice(max(seen.length - back - cadence.span, 0), seen.length - back)
    quantity = seen.quantity[:, :, upto]
    alone = seen.price is None
    rows = ROWS if alone else VOLUME_ROWS
    volume, volume_half = _ahead(quantity, cadence, rows, wide=wide and alone)
    for item in range(len(seen.items)):
        if seen.rooted and len(seen.units) > 1:
            volume[:, item] = coherence.reconciled(volume[:, item], quantity[:, item])
    if alone or seen.price is None:
        return Points(volume, volume, volume_half)
    price, half = _ahead(seen.price[:, :, upto], cadence, ROWS, wide=wide)
    if seen.rooted and len(seen.units) > 1:
        made = coherence.root_price(price, volume)
        price[0] = np.where(np.isfinite(made), made, price[0])
    return Points(price, volume, half)


def _ahead(values: Floats, cadence: Cadence, most: int, *, wide: bool) -> tuple[Floats, Floats]:
    """Points and half-widths of every live series; NaN of the others."""
    shape = (*values.shape[:2], cadence.horizon)
    flat = values.reshape(-1, values.shape[2])
    mean = np.full((flat.shape[0], cadence.horizon), np.nan)
    half = np.full_like(mean, np.nan)
    rows = np.flatnonzero(newest(flat, flat.shape[1]) >= max(flat.shape[1] - cadence.stale, 0))
    if rows.size:
        plan = Plan(cadence.horizon, cadence.season, 0.8 if wide else None, most, SEED)
        found = forecast([flat[row] for row in rows], plan)
        mean[rows] = found.mean
        if found.lower is not None and found.upper is not None:
            half[rows] = _half(found.lower, found.upper)
    return mean.reshape(shape), half.reshape(shape)


def _half(lower: Floats, upper: Floats) -> Floats:
    fit = (lower > 0) & (upper > 0)
    wide = np.log(np.where(fit, upper, 1.0)) - np.log(np.where(fit, lower, 1.0))
    return np.where(fit, np.maximum(wide, 0.0) / 2, np.nan)


def _log(values: Floats) -> Floats:
    fit = np.isfinite(values) & (values > 0)
    return np.where(fit, np.log(np.where(fit, values, 1.0)), np.nan)


def _mean(values: Floats, axis: tuple[int, ...]) -> Floats:
    known = np.isfinite(values)
    count = known.sum(axis=axis)
    total = np.where(known, values, 0.0).sum(axis=axis)
    return np.divide(total, count, out=np.full(count.shape, np.nan), where=count > 0)


def _base(seen: Observed) -> Floats:
    """The newest known value of each series [units × items]."""
    at = newest(seen.main, seen.length)
    taken = np.take_along_axis(seen.main, np.maximum(at, 0)[..., None], axis=2)[..., 0]
    return np.where(at >= 0, taken, np.nan)


@dataclass(frozen=True, slots=True, eq=False)
class _Checks:
    """Errors on logarithms [origins × units × items × horizon]: ours, of no change, of a year
    ago; NaN where the answer, or what the rival needs, is not known."""

    error: Floats
    still: Floats
    seasonal: Floats

    @classmethod
    def of(
        cls, seen: Observed, cadence: Cadence, backs: Sequence[int], past: Sequence[Points]
    ) -> _Checks:
        known = _log(seen.main)
        shape = (len(backs), *seen.main.shape[:2], cadence.horizon)
        ours, still, seasonal = (np.full(shape, np.nan) for _ in range(3))
        for k, (back, points) in enumerate(zip(backs, past, strict=True)):
            end = seen.length - back
            there = known[:, :, :end]
            # An origin with hardly anything behind it tells nothing of the forecasts of today.
            taught = np.isfinite(there).sum(axis=2) >= cadence.least // 2
            anchor = np.take_along_axis(
                there, np.maximum(newest(there, end), 0)[..., None], axis=2
            )[..., 0]
            steps = min(cadence.horizon, back)
            for h in range(steps):
                truth = np.where(taught, known[:, :, end + h], np.nan)
                ours[k, ..., h] = truth - _log(points.main[..., h])
                still[k, ..., h] = truth - anchor
                before = end + h - cadence.year
                if before >= 0:
                    seasonal[k, ..., h] = truth - known[:, :, before]
        return cls(ours, still, seasonal)

    def skills(self, axis: tuple[int, ...]) -> tuple[Floats, Floats]:
        """Skill against no change and against the seasonal naive, over the given axes."""
        return _skill(self.error, self.still, axis), _skill(self.error, self.seasonal, axis)


def _skill(ours: Floats, rival: Floats, axis: tuple[int, ...]) -> Floats:
    """1 − Σ|ours| ÷ Σ|rival| where both are known; NaN without any, 0 where neither erred."""
    both = np.isfinite(ours) & np.isfinite(rival)
    top = np.where(both, np.abs(ours), 0.0).sum(axis=axis)
    bottom = np.where(both, np.abs(rival), 0.0).sum(axis=axis)
    # Both prices rounded to a fen: what is under a millionth is no error.
    ratio = np.divide(top, bottom, out=np.where(top > 1e-6, 2.0, 1.0), where=bottom > 1e-6)
    return np.where(both.any(axis=axis), np.maximum(1 - ratio, -9.0), np.nan)


def _status(
    seen: Observed, cadence: Cadence, now: Points, checked: NDArray[np.intp], skill: Floats
) -> Ints:
    main = seen.main
    known = np.isfinite(main)
    observed = known.sum(axis=2)
    top = np.where(known, main, -np.inf).max(axis=2, initial=-np.inf)
    bottom = np.where(known, main, np.inf).min(axis=2, initial=np.inf)
    stale = newest(main, seen.length) < seen.length - cadence.stale
    some = np.isfinite(now.main).all(axis=2)
    return np.select(
        [
            observed < cadence.least,
            stale | ~some,
            top <= bottom,
            checked < LEAST_CHECKED,
            ~(skill > 0),
        ],
        [Status.SHORT, Status.STALE, Status.CONSTANT, Status.UNCHECKED, Status.NO_SKILL],
        Status.SHOWN,
    ).astype(np.int64)


# --- intervals -----------------------------------------------------------------------------------


def _intervals(
    now: Points, error: Floats
) -> tuple[dict[int, Floats], dict[int, Floats], dict[int, float]]:
    """Bounds by level, and the share of past answers they would have held: each origin is judged
    by the quantiles of the others."""
    half = now.half
    usable = np.isfinite(half) & (half > 1e-9)
    scaled = np.divide(
        error, half, out=np.full(error.shape, np.nan), where=usable & np.isfinite(error)
    )
    low, high, coverage = {}, {}, {}
    centre = _log(now.main)
    for level in LEVELS:
        below, above = _quantiles(scaled, level)
        width = np.where(np.isfinite(half), half, 0.0)
        low[level] = np.minimum(np.exp(centre + below * width), now.main)
        high[level] = np.maximum(np.exp(centre + above * width), now.main)
        coverage[level] = _covered(scaled, level)
    return low, high, coverage


def _quantiles(scaled: Floats, level: int) -> tuple[Floats, Floats]:
    """Signed multipliers of the half-width [horizon]; normal ones where too few errors are known.
    A horizon takes its neighbours' errors in: a quantile far out is restless."""
    horizon = scaled.shape[-1]
    usual = 1.15 * NORMAL[level] / NORMAL[80]
    below, above = np.full(horizon, -usual), np.full(horizon, usual)
    flat = scaled.reshape(-1, horizon)
    for h in range(horizon):
        near = flat[:, max(h - 1, 0) : h + 2]
        near = near[np.isfinite(near)]
        if near.size >= LEAST_POOLED:
            tail = (1 - level / 100) / 2
            below[h], above[h] = np.quantile(near, [tail, 1 - tail])
    return np.minimum(below, 0.0), np.maximum(above, 0.0)


def _covered(scaled: Floats, level: int) -> float:
    inside = total = 0
    for k in range(scaled.shape[0]):
        here = scaled[k][np.isfinite(scaled[k]).all(axis=2)] if scaled.size else scaled[k]
        rest = np.delete(scaled, k, axis=0)
        if not here.size or np.isfinite(rest).sum() < LEAST_POOLED:
            continue
        below, above = _quantiles(rest, level)
        inside += int(((here >= below) & (here <= above)).sum())
        total += here.size
    return inside / total if total else float("nan")
