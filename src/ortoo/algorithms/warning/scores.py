"""Scores of probabilities and alarms; block bootstrap for their uncertainty.

`happened` is 0 or 1, `score` any number and `probability` a number in [0, 1], all float [rows].
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def auc(happened: Floats, score: Floats) -> float:
    """Probability that a case scores above a non-case, ties half; NaN where one class is empty."""
    _, place, count = np.unique(score, return_inverse=True, return_counts=True)
    rank = (np.cumsum(count) - (count - 1) / 2)[place]
    cases = float(happened.sum())
    others = happened.size - cases
    if cases == 0 or others == 0:
        return float("nan")
    return float((rank[happened == 1].sum() - cases * (cases + 1) / 2) / (cases * others))


def brier_skill(happened: Floats, probability: Floats) -> float:
    """1 − Brier score ÷ that of always saying the share found in these very rows."""
    variance = float(happened.var())
    if variance == 0:
        return float("nan")
    return float(1 - ((probability - happened) ** 2).mean() / variance)


def reliability_slope(happened: Floats, probability: Floats) -> float:
    """Least-squares slope of what happened on the probability; 1 calibrated, below 1 too bold."""
    apart = probability - probability.mean()
    spread = float(apart @ apart)
    return float(apart @ happened / spread) if spread > 0 else float("nan")


@dataclass(frozen=True, slots=True)
class Alarms:
    """`hits` of `events`; `leads`: periods from first alarm to the crossing of each event hit;
    `false`: alarms no event followed; `series_years` watched."""

    events: int
    hits: int
    leads: tuple[int, ...]
    false: int
    series_years: float


@dataclass(frozen=True, slots=True)
class Event:
    """A rise of `rise` within `horizon` periods, `year` periods a year."""

    rise: float
    horizon: int
    year: int


def alarms(
    log_price: Floats, raised: NDArray[np.bool_], watched: NDArray[np.bool_], event: Event
) -> Alarms:
    """Score alarms `raised` [series × periods] where `watched`, one hit an event, with cool-down.

    An event is the first period whose price stands `rise` above the lowest of the `horizon` periods
    before; another can begin only after `horizon` periods. An alarm 1 to `horizon` periods
    before it is a hit; after an alarm the next `horizon` periods cannot add a false one.
    """
    threshold, horizon = float(np.log1p(event.rise)) - 1e-12, event.horizon
    events = hits = false = 0
    leads: list[int] = []
    for log, alarm, seen in zip(log_price, raised, watched, strict=True):
        crossings = _crossings(log, seen, threshold, horizon)
        events += len(crossings)
        covered = np.zeros(log.size + horizon + 1, bool)
        for c in crossings:
            early = [t for t in range(max(c - horizon, 0), c) if alarm[t] and seen[t]]
            hits += bool(early)
            leads += [c - early[0]] if early else []
            covered[max(c - horizon, 0) : c + horizon] = True
        quiet_until = -1
        for t in np.flatnonzero(alarm & seen).tolist():
            if t > quiet_until:
                false += int(not covered[t])
                quiet_until = t + horizon
    return Alarms(events, hits, tuple(leads), false, float(watched.sum()) / event.year)


def _crossings(log: Floats, seen: NDArray[np.bool_], threshold: float, horizon: int) -> list[int]:
    found: list[int] = []
    for t in range(1, log.size):
        before = log[max(t - horizon, 0) : t]
        watched = seen[max(t - horizon, 0) : t]
        good = np.isfinite(before) & watched
        if not np.isfinite(log[t]) or not good.any():
            continue
        fresh = not found or t - found[-1] > horizon
        if fresh and log[t] - before[good].min() >= threshold:
            found.append(t)
    return found


def block_interval(
    statistic: Callable[[NDArray[np.intp]], float],
    period: NDArray[np.intp],
    block: int,
    draws: int = 400,
    seed: int = 20161124,
) -> tuple[float, float]:
    """95 % interval of a statistic of row indices, by bootstrap over blocks of `block` periods.

    Series move together within a period and periods are alike when near, so whole blocks of
    periods over all series are drawn (Künsch 1989).
    """
    rng = np.random.default_rng(seed)
    rows = [np.flatnonzero(period // block == one) for one in np.unique(period // block)]
    found = []
    for _ in range(draws):
        drawn = rng.integers(0, len(rows), len(rows))
        value = statistic(np.concatenate([rows[i] for i in drawn]))
        if np.isfinite(value):
            found.append(value)
    if not found:
        return float("nan"), float("nan")
    low, high = np.quantile(found, [0.025, 0.975])
    return float(low), float(high)
