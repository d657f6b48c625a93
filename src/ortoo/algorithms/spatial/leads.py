"""Who moves first 先行: lagged correlation of places' price changes, told from chance.

Log changes lose what all places have in common by the calendar (a Fourier season fitted to all at
once) and what each place's own past and, where places are many, the past of their mean foretell (an
autoregression; Box and Jenkins 1970, Haugh 1976): otherwise two slow series, or two that follow a
slow third, "lead" each other at every lag. What is left is correlated at lags.
Chance is judged by permuting whole weeks, the same for all places, so that movements of the same
week stay together and only the order in time is destroyed; the largest correlation over all pairs
and lags of each permutation gives the bound (Westfall and Young 1993), so that the error rate holds
for the whole table and not for one pair.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
LAGS = 6
"""Weeks a place may run ahead."""
LEAST = 40
"""Pairs of changes below which no correlation is looked at."""
YEAR = 52.1775
HARMONICS = 3
ORDER = 3
"""Past weeks, one's own and the mean's, that are taken out."""
MANY = 6
"""Places from which on their mean says what is common; of fewer it is mostly the leader itself."""
PERMUTATIONS = 199
LEVEL = 0.05
STILL = 1e-12


@dataclass(frozen=True, slots=True)
class Lead:
    """Column `first` runs `lag` periods ahead of `second`; `p` is corrected for all `tests`."""

    first: int
    second: int
    lag: int
    correlation: float
    pairs: int
    p: float

    @property
    def sure(self) -> bool:
        """Whether it stands after correction for everything that was looked at."""
        return self.p <= LEVEL


@dataclass(frozen=True, slots=True)
class Leads:
    """The strongest lag of each pair of places, strongest first; `tests` = pairs × lags looked at.

    `bound`: correlation that chance reaches in one table of twenty; NaN where nothing was looked
    at. `periods`: changes known in at least one place.
    """

    found: tuple[Lead, ...]
    tests: int
    bound: float
    periods: int

    @property
    def sure(self) -> tuple[Lead, ...]:
        return tuple(lead for lead in self.found if lead.sure)


def leads(price: ArrayLike, *, seed: int, lags: int = LAGS, period: float = YEAR) -> Leads:
    """Leads between the columns of `price` [periods × places], NaN or not above 0 where unknown.

    A pair is looked at where at least `LEAST` changes can be laid against each other; a place whose
    price never moves is left out. `seed` draws the permutations. ValueError: shape, lags below 1.
    """
    prices = np.asarray(price, dtype=np.float64)
    if prices.ndim != 2 or lags < 1:
        raise ValueError(f"price must be [periods × places], lags ≥ 1: {prices.shape}, {lags}")
    shocks = surprises(log_changes(prices), period)
    known = np.isfinite(shocks)
    filled = np.where(known, shocks, 0.0)
    observed, pairs = _lagged(filled, known, lags)
    looked = np.isfinite(observed)
    tests = int(looked.sum())
    periods = int(known.any(axis=1).sum())
    if not tests:
        return Leads((), 0, float("nan"), periods)
    rng = np.random.default_rng(seed)
    largest = np.empty(PERMUTATIONS)
    for turn in range(PERMUTATIONS):
        order = rng.permutation(len(filled))
        mixed, _ = _lagged(filled[order], known[order], lags)
        largest[turn] = np.nanmax(np.abs(mixed)) if np.isfinite(mixed).any() else 0.0
    listed = [_lead(observed, pairs, largest, pair) for pair in _pairs(observed)]
    listed.sort(key=lambda lead: -abs(lead.correlation))
    return Leads(tuple(listed), tests, float(np.quantile(largest, 1 - LEVEL)), periods)


def log_changes(price: Floats) -> Floats:
    """ln p_t - ln p_{t-1}, [periods - 1 × places]; NaN beside a gap."""
    with np.errstate(invalid="ignore", divide="ignore"):
        logs = np.log(np.where(price > 0, price, np.nan))
    changes: Floats = np.diff(logs, axis=0)
    return changes


def surprises(changes: Floats, period: float = YEAR) -> Floats:
    """Changes less the season all places share and what the past foretells; NaN where unknown.

    Fewer than two years know no season: then only means and own pasts are taken out. A column
    without movement is NaN throughout.
    """
    left = changes - _season(changes, period)
    found = np.full_like(left, np.nan)
    common = _mean(left) if left.shape[1] >= MANY else None
    for place in range(left.shape[1]):
        # A price fixed by law moves once in years: its few changes would correlate with anything.
        if np.count_nonzero(np.nan_to_num(np.abs(changes[:, place])) > STILL) < LEAST // 2:
            continue
        found[:, place] = _without_past(left[:, place], common)
    return found


def _mean(values: Floats) -> Floats:
    """Mean over places of each period; 0 where nothing is known."""
    known = np.isfinite(values)
    count = np.maximum(known.sum(axis=1), 1)
    found: Floats = np.where(known, values, 0.0).sum(axis=1) / count
    return found


def _season(changes: Floats, period: float) -> Floats:
    """Fourier season of the mean change over places, [periods × 1], by least squares."""
    mean, there = _mean(changes), np.isfinite(changes).any(axis=1)
    time = np.arange(len(changes))[:, None] * (2 * np.pi / period)
    harmonics = np.arange(1, HARMONICS + 1) if len(changes) >= 2 * period else np.empty(0)
    design = np.hstack([np.ones((len(changes), 1)), np.cos(time * harmonics),
                        np.sin(time * harmonics)])  # fmt: skip
    if there.sum() <= design.shape[1]:
        return np.zeros((len(changes), 1))
    fit, *_ = np.linalg.lstsq(design[there], mean[there], rcond=None)
    season: Floats = (design @ fit)[:, None]
    return season


def _without_past(series: Floats, common: Floats | None) -> Floats:
    """What neither the place's own last weeks nor the common ones foretell."""
    found = np.full(len(series), np.nan)
    past = [_back(series, lag) for lag in range(1, ORDER + 1)]
    if common is not None:
        past += [_back(common, lag) for lag in range(1, ORDER + 1)]
    columns = np.column_stack([series, *past])
    rows = np.isfinite(columns).all(axis=1)
    if rows.sum() < LEAST:
        return found
    target = series[rows]
    design = np.column_stack([np.ones(len(target)), columns[rows, 1:]])
    fit, *_ = np.linalg.lstsq(design, target, rcond=None)
    found[rows] = target - design @ fit
    return found


def _back(series: Floats, lag: int) -> Floats:
    return np.concatenate([np.full(lag, np.nan), series[:-lag]])[: len(series)]


def _lagged(filled: Floats, known: NDArray[np.bool_], lags: int) -> tuple[Floats, Floats]:
    """(correlation, pairs) [lags × places × places]: row place at t against column at t + lag."""
    width = filled.shape[1]
    found = np.full((lags, width, width), np.nan)
    pairs = np.zeros((lags, width, width))
    there = known.astype(np.float64)
    squares = filled * filled
    for lag in range(1, lags + 1):
        if lag >= len(filled):
            break
        early, late = slice(None, -lag), slice(lag, None)
        count = there[early].T @ there[late]
        product = filled[early].T @ filled[late]
        scale = (squares[early].T @ there[late]) * (there[early].T @ squares[late])
        usable = (count >= LEAST) & (scale > 0)
        np.divide(product, np.sqrt(scale), out=found[lag - 1], where=usable)
        pairs[lag - 1] = count
        np.fill_diagonal(found[lag - 1], np.nan)
    return found, pairs


def _pairs(observed: Floats) -> list[tuple[int, int, int]]:
    """(lag - 1, first, second) of the strongest lag of each unordered pair, in either direction."""
    width = observed.shape[1]
    strength = np.where(np.isfinite(observed), np.abs(observed), -1.0)
    found = []
    for one in range(width):
        for other in range(one + 1, width):
            ahead, behind = strength[:, one, other], strength[:, other, one]
            if max(ahead.max(), behind.max()) < 0:
                continue
            if ahead.max() >= behind.max():
                found.append((int(ahead.argmax()), one, other))
            else:
                found.append((int(behind.argmax()), other, one))
    return found


def _lead(observed: Floats, pairs: Floats, largest: Floats, pair: tuple[int, int, int]) -> Lead:
    lag, first, second = pair
    r = float(observed[pair])
    # As many permuted tables as reach it, the observed one counted with them.
    p = (1 + int((largest >= abs(r)).sum())) / (PERMUTATIONS + 1)
    return Lead(first, second, lag + 1, r, int(pairs[pair]), p)
