"""What is known at each period: predictors made of the past only, [series × periods × features]."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ortoo.algorithms.forecasting.panel import window
from ortoo.algorithms.forecasting.structural import FULL, Season, structural
from ortoo.algorithms.warning import seasonal
from ortoo.algorithms.warning.logistic import logit
from ortoo.algorithms.warning.moves import moved, others, trailing
from ortoo.algorithms.warning.outcomes import Rule, future_rise, logarithm, outcomes

Floats = NDArray[np.float64]
LEAST = 13
MONTHS_KEPT = 15


@dataclass(frozen=True, slots=True)
class Groups:
    """Index of the good and of the market of each series: who its neighbours are."""

    good: NDArray[np.intp]
    market: NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Known:
    """`features` [series × periods × features]; `predictive`, `frequency` and `expectation`
    [series × periods]: probability from the forecast's distribution, seasonal frequency, usual
    log rise; `ready`: where all could be computed."""

    features: Floats
    predictive: Floats
    frequency: Floats
    expectation: Floats
    ready: NDArray[np.bool_]


def known(price: Floats, groups: Groups, rule: Rule) -> Known:
    """All predictors. A period is ready when its price and at least 13 so far were observed."""
    log = logarithm(price)
    rise = future_rise(price, rule.horizon)
    happened = outcomes(price, rule)
    frequency = seasonal.frequency(happened, groups.good, rule)
    expectation = seasonal.expectation(rise, rule)
    predictive, ahead = _predictive(log, rule)
    steps = _steps(log)
    columns = [
        logit(np.nan_to_num(frequency, nan=0.1)),
        np.nan_to_num(expectation),
        logit(np.nan_to_num(predictive, nan=0.1)),
        np.nan_to_num(ahead),
        *_own(log, steps, expectation, rule),
        *_neighbours(log, groups, rule),
    ]
    count = np.cumsum(np.isfinite(log), axis=1)
    ready = np.isfinite(log) & (count >= LEAST) & np.isfinite(frequency) & np.isfinite(predictive)
    return Known(np.stack(columns, axis=2), predictive, frequency, expectation, ready)


def _steps(log: Floats) -> Floats:
    found = np.full(log.shape, np.nan)
    found[:, 1:] = np.diff(log, axis=1)
    return found


def _own(log: Floats, steps: Floats, expectation: Floats, rule: Rule) -> list[Floats]:
    """Recent moves, volatility, and where the price stands against its last year."""
    square = np.nan_to_num(steps) ** 2
    seen = np.isfinite(steps).astype(float)
    spans = (rule.year // 2, 2 * rule.year)
    spread = [np.sqrt(trailing(square, s) / np.maximum(trailing(seen, s), 1)) for s in spans]
    filled, there = np.nan_to_num(log), np.isfinite(log).astype(float)
    mean = trailing(filled, rule.year) / np.maximum(trailing(there, rule.year), 1)
    high = _extreme(log, rule.year)
    return [
        moved(log, 1),
        moved(log, rule.horizon),
        moved(log, rule.year // 2),
        moved(log, rule.year),
        *spread,
        np.nan_to_num(log - mean),
        np.nan_to_num(log - high),
        np.nan_to_num(moved(log, rule.horizon) - _lagged(expectation, rule.horizon)),
    ]


def _lagged(values: Floats, lag: int) -> Floats:
    found = np.zeros(values.shape)
    found[:, lag:] = np.nan_to_num(values[:, :-lag])
    return found


def _extreme(log: Floats, span: int) -> Floats:
    low = np.where(np.isfinite(log), log, -np.inf)
    found = low.copy()
    for lag in range(1, min(span, log.shape[1])):
        found[:, lag:] = np.maximum(found[:, lag:], low[:, :-lag])
    return np.where(np.isfinite(found), found, np.nan)


def _neighbours(log: Floats, groups: Groups, rule: Rule) -> list[Floats]:
    """Mean moves of the same good elsewhere and of other goods here, and the gap to elsewhere."""
    found = []
    for lag in (1, rule.horizon):
        moves = moved(log, lag)
        found.append(others(moves, groups.good))
        found.append(others(moves, groups.market))
    year = moved(log, rule.year)
    found.append(others(year, groups.good) - year)
    return found


def _predictive(log: Floats, rule: Rule) -> tuple[Floats, Floats]:
    """Probability that the forecast's distribution gives the rise, and its highest mean move."""
    where: list[tuple[int, int]] = []
    histories: list[Floats] = []
    for row, values in enumerate(log):
        places = np.flatnonzero(np.isfinite(values))
        for t in places[LEAST - 1 :]:
            past = np.arange(places[0], t + 1)
            upto = places[places <= t]
            histories.append(np.interp(past, upto, values[upto]))
            where.append((row, int(t)))
    chance, ahead = np.full(log.shape, np.nan), np.full(log.shape, np.nan)
    if not histories:
        return chance, ahead
    length = min(max(h.size for h in histories), MONTHS_KEPT * rule.year)
    z = window(histories, length)
    season = Season(float(rule.year), rule.year // 2)
    found = structural(z, rule.horizon, season, FULL)
    move = found.mean - z[:, -1:]
    short = (np.log1p(rule.rise) - move) / np.maximum(found.deviation, 1e-9)
    rows, columns = np.array(where).T
    chance[rows, columns] = (1 - _normal(short)).max(axis=1)
    ahead[rows, columns] = move.max(axis=1)
    return chance, ahead


def _normal(x: Floats) -> Floats:
    """Standard normal distribution function (Abramowitz and Stegun 26.2.17, error < 8e-8)."""
    size = np.minimum(np.abs(x), 12.0)
    t = 1 / (1 + 0.2316419 * size)
    tail = 0.319381530, -0.356563782, 1.781477937, -1.821255978, 1.330274429
    series = sum(c * t ** (k + 1) for k, c in enumerate(tail))
    upper = np.exp(-0.5 * size**2) / np.sqrt(2 * np.pi) * series
    return np.asarray(np.where(x >= 0, 1 - upper, upper))
