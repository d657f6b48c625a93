"""Warnings for large weekly panels: the chance that a threshold is crossed within h periods.

At a set of origins each series' forecast distribution gives one probability and the calendar
another; a pooled logistic regression adds recent moves, the neighbours and what is leading (stock,
arrivals, shops without goods, the festival ahead). The regression is taught on older origins and
scored on the newest year, which it has not seen; then it is taught on everything for today.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ortoo.algorithms.forecasting.panel import window
from ortoo.algorithms.forecasting.structural import COARSE, Season, structural
from ortoo.algorithms.warning import scores
from ortoo.algorithms.warning.logistic import Logistic, fit, logit, sigmoid
from ortoo.algorithms.warning.moves import moved, others, trailing
from ortoo.algorithms.warning.outcomes import logarithm

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]
RIDGE = 30.0
LEAST_EVENTS = 60
"""Events a regression is taught on; with fewer there is the calendar only."""
LEAST_OBSERVED = 60
LEAST_SCORED = 20
SAME_SEASON = 2
"""Periods around the same one of earlier years that count as the same season."""
BATCH = 4000
BOUNDS = (0.1, 0.3, 0.5, 0.7)
"""Between which probabilities are told together when they are held against what happened."""


@dataclass(frozen=True, slots=True)
class Crossing:
    """A move of `share` (0.30: a rise of 30 %; −0.20: a fall of 20 %) within `horizon` periods.

    `step`: within one period instead of from today's price to any of the horizon's.
    """

    share: float
    horizon: int
    year: float = 52.18
    step: bool = False

    @property
    def rises(self) -> bool:
        return self.share > 0

    @property
    def threshold(self) -> float:
        """Size of the log move that is a crossing."""
        return abs(float(np.log1p(self.share))) - 1e-12


@dataclass(frozen=True, slots=True)
class Bin:
    """Of `rows` probabilities between two bounds: their mean, and the share that happened."""

    rows: int
    said: float
    happened: float


@dataclass(frozen=True, slots=True)
class Record:
    """How the warnings did on origins they had not seen; NaN where it cannot be told.

    `slope` of what happened on the probability; `auc_calendar`: of the seasonal frequency alone;
    `gain`: 95 % interval of the AUC above the calendar's, by bootstrap over blocks of periods.
    """

    rows: int
    events: int
    auc: float
    auc_calendar: float
    brier_skill: float
    slope: float
    gain: tuple[float, float]
    bins: tuple[Bin, ...] = ()

    @property
    def tells(self) -> bool:
        """Whether the probabilities are worth showing: better than the rate, and not too bold."""
        return self.events >= LEAST_SCORED and self.brier_skill > 0.02 and 0.6 <= self.slope <= 1.7


@dataclass(frozen=True, slots=True)
class Chances:
    """Today's probability of each series, NaN where nothing can be said, and the record."""

    probability: Floats
    calendar: Floats
    record: Record


def log_moves(price: Floats, rule: Crossing) -> Floats:
    """[series × periods] log moves towards the threshold still to come, NaN where any is unknown.

    Of a rise the greatest log change over the horizon; of a fall the greatest decline.
    """
    log = logarithm(price) * (1 if rule.rises else -1)
    found = np.full(price.shape, np.nan)
    width = price.shape[1] - rule.horizon
    if width <= 0:
        return found
    ahead = np.stack([log[:, k : k + width] for k in range(1, rule.horizon + 1)])
    before = np.stack([log[:, k : k + width] for k in range(rule.horizon)])
    moves = ahead - (before if rule.step else log[None, :, :width])
    found[:, :width] = moves.max(axis=0)
    return found


def happened(price: Floats, rule: Crossing) -> Floats:
    """1 where the threshold will be crossed within the horizon, 0 where not, NaN unknown."""
    moves = log_moves(price, rule)
    return np.where(np.isfinite(moves), (moves >= rule.threshold).astype(float), np.nan)


def chances(
    price: Floats,
    groups: tuple[Ints, Ints],
    signals: Mapping[str, Floats],
    rule: Crossing,
    *,
    spacing: int = 4,
    years: float = 4.0,
) -> Chances:
    """Probability for each series at the newest period.

    `price` [series × periods]; `groups`: index of the good and of the market of each series;
    `signals`: further leading columns of price's shape, NaN for unknown (taken as the column's
    mean). Origins lie `spacing` periods apart over the last `years`.
    """
    now = price.shape[1] - 1
    first = max(now - int(years * rule.year), LEAST_OBSERVED)
    origins = np.arange(now, first - 1, -spacing)[::-1]
    outcome = happened(price, rule)
    calendar = _calendar(outcome, groups[0], rule, origins)
    chance = _distribution(price, rule, origins)
    features = _features(price, groups, signals, (calendar, chance), origins)
    known = np.isfinite(features).all(axis=2) & np.isfinite(chance)
    truth = outcome[:, origins]
    usable = known & np.isfinite(truth)
    # The newest year of known outcomes is for scoring; what overlaps its outcomes teaches nothing.
    split = now - rule.horizon - int(rule.year)
    taught = usable & (origins + rule.horizon <= split)[None, :]
    scored = usable & (origins > split)[None, :]
    record = _record(
        truth, _said(features, truth, taught, (calendar, chance)), calendar, (scored, origins), rule
    )
    final = _said(features, truth, usable, (calendar, chance))
    today = np.where(known[:, -1], final[:, -1], np.nan)
    return Chances(today, calendar[:, -1], record)


def _said(
    features: Floats, truth: Floats, taught: NDArray[np.bool_], alone: tuple[Floats, Floats]
) -> Floats:
    """Probabilities [series × origins]; with too few events taught, the calendar's."""
    calendar, chance = alone
    flat = features.reshape(-1, features.shape[2])
    rows = taught.ravel()
    if np.nansum(truth.ravel()[rows]) < LEAST_EVENTS:
        return calendar
    model: Logistic = fit(flat[rows], truth.ravel()[rows], RIDGE)
    odds = logit(model.probability(np.nan_to_num(flat))).reshape(calendar.shape)
    # The forecast's own distribution keeps a quarter: it also knows of this one series alone.
    return sigmoid(0.75 * odds + 0.25 * logit(np.nan_to_num(chance, nan=0.5)))


def _record(
    truth: Floats,
    said: Floats,
    calendar: Floats,
    where: tuple[NDArray[np.bool_], Ints],
    rule: Crossing,
) -> Record:
    scored, origins = where
    y, p, c = truth[scored], said[scored], calendar[scored]
    period = np.broadcast_to(origins, scored.shape)[scored]
    nothing = float("nan")
    if not y.size or y.min() == y.max():
        return Record(y.size, int(y.sum()), nothing, nothing, nothing, nothing, (nothing, nothing))

    def gain(rows: Ints) -> float:
        return scores.auc(y[rows], p[rows]) - scores.auc(y[rows], c[rows])

    block = max(int(rule.year // 6), 1)
    return Record(
        rows=y.size,
        events=int(y.sum()),
        auc=scores.auc(y, p),
        auc_calendar=scores.auc(y, c),
        brier_skill=scores.brier_skill(y, p),
        slope=scores.reliability_slope(y, p),
        gain=scores.block_interval(gain, period, block, draws=100),
        bins=_bins(y, p),
    )


def _bins(truth: Floats, said: Floats) -> tuple[Bin, ...]:
    place = np.searchsorted(BOUNDS, said, side="right")
    return tuple(
        Bin(int(here.sum()), float(said[here].mean()), float(truth[here].mean()))
        for here in (place == at for at in range(len(BOUNDS) + 1))
        if here.any()
    )


def _calendar(outcome: Floats, good: Ints, rule: Crossing, origins: Ints) -> Floats:
    """Share of earlier years' same season in which it happened, mixed with the good's elsewhere."""
    found = np.full((outcome.shape[0], origins.size), np.nan)
    year = rule.year
    for at, t in enumerate(origins.tolist()):
        known = t - rule.horizon
        columns = [
            c
            for back in range(1, int(t // year) + 1)
            for c in range(
                round(t - back * year) - SAME_SEASON, round(t - back * year) + SAME_SEASON + 1
            )
            if 0 <= c <= known
        ]
        past = outcome[:, : max(known + 1, 0)]
        seen = np.isfinite(past)
        if not seen.any():
            continue
        overall = float(past[seen].mean())
        near = outcome[:, columns] if columns else np.full((outcome.shape[0], 1), np.nan)
        own, count = np.nansum(near, axis=1), np.isfinite(near).sum(axis=1)
        goods = int(good.max()) + 1
        shared = np.bincount(good, own, goods), np.bincount(good, count, goods)
        pooled = (shared[0] + 3 * overall) / (shared[1] + 3)
        found[:, at] = (own + 5 * pooled[good]) / (count + 5)
    return found


def _distribution(price: Floats, rule: Crossing, origins: Ints) -> Floats:
    """Probability of the crossing by the structural forecast's own distribution."""
    log = logarithm(price)
    rows: list[tuple[int, int]] = []
    histories: list[Floats] = []
    seen = np.isfinite(log)
    for at, t in enumerate(origins.tolist()):
        for row in np.flatnonzero(seen[:, t] & (seen[:, : t + 1].sum(axis=1) >= LEAST_OBSERVED)):
            places = np.flatnonzero(seen[row, : t + 1])
            histories.append(np.interp(np.arange(places[0], t + 1), places, log[row, places]))
            rows.append((int(row), at))
    found = np.full((price.shape[0], origins.size), np.nan)
    season = Season(rule.year, 6)
    for start in range(0, len(histories), BATCH):
        part = histories[start : start + BATCH]
        z = window(part, min(max(one.size for one in part), int(3 * rule.year)))
        told = structural(z, rule.horizon, season, COARSE)
        chance = _reached(told.mean, told.deviation, z[:, -1:], rule)
        where = np.array(rows[start : start + BATCH]).T
        found[where[0], where[1]] = chance
    return found


def _reached(mean: Floats, deviation: Floats, newest: Floats, rule: Crossing) -> Floats:
    sign = 1.0 if rule.rises else -1.0
    if rule.step:
        before = np.concatenate([newest, mean[:, :-1]], axis=1)
        move, spread = sign * (mean - before), deviation[:, :1]
    else:
        move, spread = sign * (mean - newest), deviation
    short = (rule.threshold - move) / np.maximum(spread, 1e-9)
    # The logistic curve stands for the normal one: within .01 of it.
    return sigmoid(-1.702 * short).max(axis=1)


def _features(
    price: Floats,
    groups: tuple[Ints, Ints],
    signals: Mapping[str, Floats],
    alone: tuple[Floats, Floats],
    origins: Ints,
) -> Floats:
    """[series × origins × features] of what was known at each origin."""
    log = logarithm(price)
    calendar, chance = alone
    steps = np.diff(log, axis=1, prepend=np.nan)
    columns = [logit(np.nan_to_num(calendar, nan=0.1)), logit(np.nan_to_num(chance, nan=0.1))]
    for lag in (1, 4, 13, 52):
        columns.append(_at(moved(log, lag), origins))
    spread = np.sqrt(trailing(np.nan_to_num(steps) ** 2, 13) / 13)
    high = trailing(np.nan_to_num(log), 52) / np.maximum(trailing(np.isfinite(log) * 1.0, 52), 1)
    columns += [_at(spread, origins), _at(np.nan_to_num(log - high), origins)]
    for lag in (1, 4):
        moves = moved(log, lag)
        columns += [_at(others(moves, group), origins) for group in groups]
    for name in sorted(signals):
        columns.append(_filled(_at(signals[name], origins)))
    return np.stack(columns, axis=2)


def _at(values: Floats, origins: Ints) -> Floats:
    return np.asarray(values[:, origins])


def _filled(values: Floats) -> Floats:
    known = np.isfinite(values)
    return np.where(known, values, values[known].mean() if known.any() else 0.0)
