"""Forecasts of a panel: structural models, members, a global learner, conformal intervals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ortoo.algorithms.forecasting import learner, spread
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
    """What to forecast. `level` None: points only, one check fold and half the time.

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
    `skill_by_step` [series × horizon]: the same for each step ahead; `skill_seasonal` [series]:
    against the value of one season before, NaN where the season is one period or nothing scored.
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
    skill_by_step: Floats
    skill_seasonal: Floats


@dataclass(frozen=True, slots=True)
class _Checked:
    """Past forecasts on the working scale against what came; rows of all, [rows × horizon].

    `newest` [rows]; `season_ago`: the value one season before, NaN where none was known."""

    series: NDArray[np.intp]
    forecast: Floats
    truth: Floats
    newest: Floats
    season_ago: Floats
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
    skill, by_step, beside = _skills(checked, count)
    lower = upper = None
    if plan.level is not None:
        lower, upper = _bounds(whole, mean, deviation, checked, plan.level)
    natural = whole.natural(mean)
    return Forecast(natural, lower, upper, skill, skill > 0, seasonal, shrink, by_step, beside)


def _nothing(horizon: int) -> _Checked:
    empty = np.empty((0, horizon))
    return _Checked(np.empty(0, np.intp), empty, empty, np.empty(0), empty, empty)


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
    bases = np.stack([found.structural, found.ets, _still(found.newest, plan.horizon)])
    lesson = learner.Lesson(seen[here:], bases[:, here:], truth, found.unit[here:], past.offset)
    folds = 1 if plan.level is None else INTERVAL_FOLDS
    tried = learner.trial(lesson, plan.horizon, folds, plan.seed)
    if plan.level is not None:
        found = _widened(found, lesson, seen[:here], tried.rows, plan.seed)
    checked = _Checked(
        usable[past.series[tried.rows]],
        tried.forecast,
        truth[tried.rows],
        found.newest[here:][tried.rows],
        _season_ago(z[here:][tried.rows], plan),
        found.deviation[here:][tried.rows],
    )
    now = _first(found, here)
    points = now.structural
    if tried.shrink > 0:
        taught = learner.fit(lesson, plan.seed)
        points = points + tried.shrink * learner.correction(
            taught, seen[:here], bases[:, :here], now.unit
        )
    return now, checked, tried.shrink, points


def _widened(
    found: Members, lesson: learner.Lesson, now: Floats, rows: NDArray[np.intp], seed: int
) -> Members:
    """Members with the deviation of the newest and of the checked rows as wide as was learned."""
    here = now.shape[0]
    deviation = found.deviation.copy()
    ahead, past = spread.widths(lesson, found.deviation[here:], now, rows, seed)
    deviation[:here] *= ahead
    deviation[here + rows] *= past
    return replace(found, deviation=deviation)


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


def _still(newest: Floats, horizon: int) -> Floats:
    """No change: the newest value at every step."""
    return np.repeat(newest[:, None], horizon, axis=1)


def _season_ago(z: Floats, plan: Plan) -> Floats:
    """Of right-aligned windows the value whole seasons before each step; NaN: not known."""
    lag = round(plan.season.period)
    out = np.full((z.shape[0], plan.horizon), np.nan)
    if plan.season.harmonics == 0 or lag > z.shape[1]:
        return out
    for h in range(plan.horizon):
        out[:, h] = z[:, z.shape[1] - lag + h % lag]
    return out


def _skills(checked: _Checked, count: int) -> tuple[Floats, Floats, Floats]:
    """Skill beside no change, the same by step [series × horizon], and beside seasonal naive."""
    still = np.abs(checked.truth - checked.newest[:, None])
    whole = np.isfinite(checked.season_ago).all(axis=1)
    season = np.abs(checked.truth - checked.season_ago)
    ours = np.abs(checked.truth - checked.forecast)
    by_step = [_skill(checked.series, ours[:, h], still[:, h], count) for h in range(ours.shape[1])]
    rows, mine = checked.series[whole], ours[whole].sum(axis=1)
    return (
        _skill(checked.series, ours.sum(axis=1), still.sum(axis=1), count),
        np.stack(by_step, axis=1),
        _skill(rows, mine, season[whole].sum(axis=1), count),
    )


def _skill(series: NDArray[np.intp], ours: Floats, peer: Floats, count: int) -> Floats:
    """1 − Σ our errors ÷ Σ the peer's [rows] of each series; 0 where neither erred, NaN: none."""
    top, bottom = np.bincount(series, ours, count), np.bincount(series, peer, count)
    ratio = np.divide(top, bottom, out=np.ones(count), where=bottom > 0)
    return np.where(np.bincount(series, minlength=count) > 0, 1 - ratio, np.nan)


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
