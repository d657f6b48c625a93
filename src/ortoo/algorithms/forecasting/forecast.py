"""Forecasts of a panel: structural models, members, a global learner, conformal intervals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ortoo.algorithms.forecasting import learner
from ortoo.algorithms.forecasting.intervals import Band, Record, calibrate
from ortoo.algorithms.forecasting.members import Members, features, members
from ortoo.algorithms.forecasting.origins import origins
from ortoo.algorithms.forecasting.panel import Panel, panel, window
from ortoo.algorithms.forecasting.structural import Season

Floats = NDArray[np.float64]
WEEKLY = Season(52.18, 20)
MONTHLY = Season(12.0, 6)
QUARTERLY = Season(4.0, 2)
NO_SEASON = Season(1.0, 0)
LEAST_OBSERVED = 4
INTERVAL_FOLDS = 4


@dataclass(frozen=True, slots=True)
class Plan:
    """What to forecast. `level` None: points only, one check fold and a third of the time.

    `rows` bounds the past origins learned from, and with them the time a large panel takes.
    """

    horizon: int
    season: Season = MONTHLY
    level: float | None = 0.95
    rows: int = 6000
    seed: int = 20161124


@dataclass(frozen=True, slots=True)
class Forecast:
    """All [series × horizon] in the units given, or [series].

    `lower` and `upper` are None for points only. `skill`: 1 − mean error ÷ that of «no change» at
    past origins, NaN where no origin could be checked; `skilled`: it was checked and is above 0.
    `seasonal`: probability that the series has a season. `shrink`: the share of the learner's
    correction used. A history without any observation is NaN throughout.
    """

    mean: Floats
    lower: Floats | None
    upper: Floats | None
    skill: Floats
    skilled: NDArray[np.bool_]
    seasonal: Floats
    shrink: float


@dataclass(frozen=True, slots=True)
class _Checked:
    """Past forecasts on the working scale against what came; rows of all, [rows × horizon]."""

    series: NDArray[np.intp]
    forecast: Floats
    truth: Floats
    newest: Floats
    deviation: Floats


def span(season: Season) -> int:
    """Newest observations used: five years of weeks, fifteen of months."""
    return int(np.clip(5 * season.period, 180, 260)) if season.harmonics else 180


def least(season: Season) -> int:
    """Observations an origin must have behind it to teach."""
    return int(np.clip(3 * season.period, 12, 60)) if season.harmonics else 12


def forecast(histories: Sequence[Floats], plan: Plan) -> Forecast:
    """Forecast each history (oldest first, NaN for gaps) `plan.horizon` steps past its end.

    Series with fewer than four observations are forecast at their last value and a constant one at
    its constant. Raises ValueError for an infinite value or a horizon below 1.
    """
    if plan.horizon < 1:
        raise ValueError(f"FORECAST-HORIZON: {plan.horizon} steps ahead cannot be forecast")
    whole = panel(histories)
    usable = np.flatnonzero(whole.observed >= LEAST_OBSERVED)
    count = len(whole.z)
    last = np.array([values[-1] if values.size else np.nan for values in whole.z])
    mean = np.repeat(last[:, None], plan.horizon, axis=1)
    deviation = _walk_deviation(whole, plan.horizon)
    seasonal, shrink = np.zeros(count), 0.0
    checked = _nothing(plan.horizon)
    if usable.size:
        now, checked, shrink, points = _learned(whole, usable, plan)
        mean[usable], deviation[usable] = points, now.deviation
        seasonal[usable] = now.traits[:, 4]
    skill = _skill(checked, count)
    lower = upper = None
    if plan.level is not None:
        lower, upper = _bounds(whole, mean, deviation, checked, plan.level)
    natural = whole.natural(mean)
    return Forecast(natural, lower, upper, skill, skill > 0, seasonal, shrink)


def _nothing(horizon: int) -> _Checked:
    empty = np.empty((0, horizon))
    return _Checked(np.empty(0, np.intp), empty, empty, np.empty(0), empty)


def _walk_deviation(whole: Panel, horizon: int) -> Floats:
    """Standard deviation of a random walk with the steps seen, [series × horizon]."""
    steps = [
        np.sqrt((np.diff(values) ** 2).mean()) if values.size > 1 else np.nan for values in whole.z
    ]
    return np.asarray(np.array(steps)[:, None] * np.sqrt(np.arange(1, horizon + 1)))


def _learned(
    whole: Panel, usable: NDArray[np.intp], plan: Plan
) -> tuple[Members, _Checked, float, Floats]:
    """Members now, past forecasts checked, the correction's share, and the forecast."""
    series = [whole.z[i] for i in usable]
    lengths = np.array([values.size for values in series])
    past = origins(lengths, plan.horizon, least(plan.season), plan.rows)
    cut = [series[i][: lengths[i] - o] for i, o in zip(past.series, past.offset, strict=True)]
    longest = min(span(plan.season), int(lengths.max()))
    z = window([*series, *cut], max(longest, 2))
    log = np.concatenate([whole.log[usable], whole.log[usable][past.series]])
    found = members(z, log, plan.horizon, plan.season)
    seen = features(z, found, plan.season)
    here = len(series)
    truth = _truth(series, past.series, lengths[past.series] - past.offset, plan.horizon)
    lesson = learner.Lesson(
        seen[here:], found.structural[here:], truth, found.unit[here:], past.offset
    )
    folds = 1 if plan.level is None else INTERVAL_FOLDS
    tried = learner.trial(lesson, plan.horizon, folds, plan.seed)
    checked = _Checked(
        usable[past.series[tried.rows]],
        tried.forecast,
        truth[tried.rows],
        found.newest[here:][tried.rows],
        found.deviation[here:][tried.rows],
    )
    now = _first(found, here)
    points = now.structural
    if tried.shrink > 0:
        taught = learner.fit(lesson, plan.seed)
        points = points + tried.shrink * learner.correction(taught, seen[:here], now.unit)
    return now, checked, tried.shrink, points


def _first(found: Members, rows: int) -> Members:
    kept = {name: getattr(found, name)[:rows] for name in Members.__slots__}
    return replace(found, **kept)


def _truth(
    series: list[Floats], rows: NDArray[np.intp], starts: NDArray[np.int64], horizon: int
) -> Floats:
    out = np.empty((rows.size, horizon))
    for place, (row, start) in enumerate(zip(rows, starts, strict=True)):
        out[place] = series[row][start : start + horizon]
    return out


def _skill(checked: _Checked, count: int) -> Floats:
    """1 − Σ|error| ÷ Σ|error of no change| of each series; 0 where neither moved."""
    ours = np.abs(checked.truth - checked.forecast).sum(axis=1)
    still = np.abs(checked.truth - checked.newest[:, None]).sum(axis=1)
    seen = np.bincount(checked.series, minlength=count) > 0
    top = np.bincount(checked.series, ours, count)
    bottom = np.bincount(checked.series, still, count)
    ratio = np.divide(top, bottom, out=np.ones(count), where=bottom > 0)
    return np.where(seen, 1 - ratio, np.nan)


def _bounds(
    whole: Panel, mean: Floats, deviation: Floats, checked: _Checked, level: float
) -> tuple[Floats, Floats]:
    """Lower and upper bound in the units given; a constant series gets its constant."""
    moves = checked.deviation.min(axis=1, initial=np.inf) > 0
    error = (checked.truth - checked.forecast)[moves] / checked.deviation[moves]
    band: Band = calibrate(Record(error, checked.series[moves]), mean.shape[0], level)
    reach = deviation * band.own[:, None]
    lower = whole.natural(mean + band.below * reach)
    upper = whole.natural(mean + band.above * reach)
    return lower, upper
