"""The member forecasts and what the global learner sees of each series at an origin."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ortoo.algorithms.forecasting.season import pattern
from ortoo.algorithms.forecasting.smoothing import ets, theta
from ortoo.algorithms.forecasting.structural import COARSE, FULL, Season, structural

Floats = NDArray[np.float64]
LEAST_UNIT = 1e-5


@dataclass(frozen=True, slots=True)
class Members:
    """Forecasts at one origin a row, on the working scale; each [rows × horizon].

    `structural`, `level` (the same models on the values themselves), `theta` and `ets` (both after
    a ridge season), `season` (that season ahead); `deviation`: the structural models' own standard
    deviation; `traits` [rows × 6]; `newest` [rows]; `unit` [rows]: size of a usual step.
    """

    structural: Floats
    level: Floats
    theta: Floats
    ets: Floats
    season: Floats
    deviation: Floats
    traits: Floats
    newest: Floats
    unit: Floats


def _as_levels(z: Floats, log: NDArray[np.bool_]) -> tuple[Floats, Floats]:
    """Series back from logarithms, in units of their newest value; others stay as they are."""
    anchor = np.where(log, z[:, -1], 0.0)[:, None]
    raised = np.exp(np.clip(np.where(log[:, None], z - anchor, 0.0), -30, 30))
    return np.where(log[:, None], raised, z), anchor


def members(z: Floats, log: NDArray[np.bool_], horizon: int, season: Season) -> Members:
    """All members for right-aligned windows `z` [rows × time], newest value in the last column."""
    main = structural(z, horizon, season, FULL)
    raised, anchor = _as_levels(z, log)
    linear = structural(raised, horizon, season, COARSE).mean
    lowered = np.log(np.maximum(linear, 0.02)) + anchor
    fixed = pattern(z, horizon, season)
    plain = z - fixed.inside
    return Members(
        structural=main.mean,
        level=np.where(log[:, None], lowered, linear),
        theta=theta(plain, horizon) + fixed.ahead,
        ets=ets(plain, horizon) + fixed.ahead,
        season=fixed.ahead,
        deviation=main.deviation,
        traits=main.traits,
        newest=z[:, -1],
        unit=_unit(z, season),
    )


def _steps(z: Floats) -> tuple[Floats, NDArray[np.bool_]]:
    steps = np.diff(z, axis=1)
    known = np.isfinite(steps)
    return np.where(known, steps, 0.0), known


def _root_mean_square(steps: Floats, known: NDArray[np.bool_]) -> Floats:
    return np.asarray(np.sqrt((steps**2).sum(axis=1) / np.maximum(known.sum(axis=1), 1)))


def _unit(z: Floats, season: Season) -> Floats:
    """Half the recent and half the whole history's root mean squared step."""
    steps, known = _steps(z)
    recent = max(int(2 * season.period), 8)
    near = _root_mean_square(steps[:, -recent:], known[:, -recent:])
    return np.maximum(0.5 * near + 0.5 * _root_mean_square(steps, known), LEAST_UNIT)


def _past(z: Floats, lag: int) -> Floats:
    """The value `lag` steps before the newest, NaN where there was none."""
    if lag >= z.shape[1]:
        return np.full(z.shape[0], np.nan)
    return z[:, -1 - lag]


def _shape(z: Floats, found: Members, year: int) -> list[Floats]:
    """Features of a series that do not depend on the horizon; each [rows]."""
    unit, newest = found.unit, found.newest
    lags = (1, 2, 3, 4, 6, max(year // 6, 8), max(year // 4, 9), max(year // 2, 12), max(year, 24))
    columns = [np.nan_to_num((newest - _past(z, lag)) / unit) for lag in lags]
    for span in (max(year // 13, 3), max(year // 4, 6), max(year, 12), max(3 * year, 24)):
        near = z[:, -span:]
        seen = np.isfinite(near)
        mean = np.where(seen, near, 0.0).sum(axis=1) / np.maximum(seen.sum(axis=1), 1)
        columns.append((newest - mean) / unit)
    steps, known = _steps(z)
    whole = np.maximum(_root_mean_square(steps, known), LEAST_UNIT)
    count = np.maximum(known.sum(axis=1), 1)
    size = np.abs(steps).sum(axis=1) / count / whole
    echo = (steps[:, 1:] * steps[:, :-1]).sum(axis=1) / (whole**2 * count)
    drift = steps.sum(axis=1) / count / unit
    columns += [np.log(unit), np.log(count), size, echo, np.log(whole / unit), drift]
    return columns


def features(z: Floats, found: Members, season: Season) -> Floats:
    """What the learner sees: [rows × horizon × features], in units of a usual step."""
    year = int(season.period) if season.harmonics else 1
    unit, newest = found.unit[:, None], found.newest[:, None]
    rows, horizon = found.structural.shape
    ahead = np.arange(1, horizon + 1)
    main = found.structural
    columns = [np.broadcast_to(ahead.astype(float), (rows, horizon)), (main - newest) / unit]
    for other in (found.level, found.theta, found.ets):
        columns += [(other - newest) / unit, (other - main) / unit]
    columns += [found.season / unit, found.deviation / unit]
    for years in (1, 2) if season.harmonics else ():
        lag = years * year
        then = np.stack([_past(z, max(lag - h, 0)) for h in ahead], axis=1)
        then = np.where(ahead <= lag, then, np.nan)
        columns.append(np.nan_to_num((then - _past(z, lag)[:, None]) / unit))
        columns.append(np.nan_to_num((then - newest) / unit))
    steady = [*_shape(z, found, year), *found.traits.T]
    columns += [np.broadcast_to(one[:, None], (rows, horizon)) for one in steady]
    return np.stack(columns, axis=2)
