"""Structural models averaged by evidence: level, momentum, drift, noise and an evolving season.

On the working scale z = level + season + noise, where the level is a random walk with momentum
(cumulated AR(1) increments) and drift, the season has the covariance
Σ_k k^−d cos(2πkΔ/p)·exp(−Δ/life), and the noise is white. Each hyper-parameter set is a Gaussian
process; its variance is profiled out, and sets are weighted by exp(marginal log likelihood), so a
series without season puts its weight on the sets without one (Harvey 1989; Rasmussen and Williams
2006, chapters 2 and 5).

Speed: with time running backwards from the newest value, the covariance of a shorter series is a
leading block of a longer one's, and so is its Cholesky factor. One factor serves all series of all
lengths, and the whole panel is one matrix product for each set.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
DIFFUSE = 1e6


@dataclass(frozen=True, slots=True)
class Family:
    """The grid of hyper-parameters, in units of the variance of the level's innovations.

    `push`: (AR coefficient, variance) of momentum, (0, 0) for none; `shape`: (decay of the
    harmonics' variance, life in periods) of the season; amplitude 0 is no season.
    """

    noise: tuple[float, ...] = (0.0, 0.4, 1.5, 8.0)
    push: tuple[tuple[float, float], ...] = ((0.0, 0.0),)
    drift: tuple[float, ...] = (1e-4, 1e-3, 1e-2)
    amplitude: tuple[float, ...] = (0.0, 2.0, 16.0, 128.0)
    shape: tuple[tuple[float, float], ...] = ((2.0, np.inf), (2.0, 3.0), (2.0, 10.0))


FULL = Family()
COARSE = Family((0.0, 0.5, 3.0), FULL.push, (1e-4, 1e-2), (0.0, 2.0, 16.0, 128.0), FULL.shape[:2])


@dataclass(frozen=True, slots=True)
class Season:
    """Length of the year in observations (52.18 for weeks) and number of harmonics; 0: none."""

    period: float
    harmonics: int


@dataclass(frozen=True, slots=True)
class Structural:
    """What the models say of each series, on the working scale.

    `mean`, `deviation`: predictive mean and standard deviation [series × horizon];
    `traits` [series × 6]: posterior means of log noise, momentum, log drift, log amplitude,
    probability of a season, probability that it never changes.
    """

    mean: Floats
    deviation: Floats
    traits: Floats


@dataclass(frozen=True, slots=True)
class _Set:
    noise: float
    phi: float
    push: float
    drift: float
    amplitude: float
    shape: tuple[float, float]


def _walk(t: Floats) -> Floats:
    """Random walk anchored at 0."""
    size = np.abs(t)
    same = np.sign(t)[:, None] * np.sign(t)[None, :] > 0
    return np.where(same, np.minimum(size[:, None], size[None, :]), 0.0)


def _momentum(t: Floats, phi: float) -> Floats:
    """Cumulated AR(1) increments of unit innovation, anchored at 0."""
    low, high = int(t.min()), int(t.max())
    steps = np.arange(low + 1, high + 1)
    increments = (1 - phi**2) * phi ** np.abs(steps[:, None] - steps[None, :])
    sums = np.zeros((steps.size + 1, steps.size + 1))
    sums[1:, 1:] = increments.cumsum(axis=0).cumsum(axis=1)
    zero = -low
    anchored = sums - sums[zero][None, :] - sums[:, zero][:, None] + sums[zero, zero]
    order = (t - low).astype(int)
    return np.asarray(anchored[np.ix_(order, order)])


def _season(t: Floats, season: Season, shape: tuple[float, float]) -> Floats:
    """Covariance of a season whose harmonic k has variance ∝ k^−decay, fading over its life."""
    decay, life = shape
    k = np.arange(1, season.harmonics + 1)
    share = k ** (-decay)
    lag = np.abs(t[:, None] - t[None, :]).astype(int)
    span = np.arange(lag.max() + 1)
    row = np.cos(2 * np.pi * np.outer(span, k) / season.period) @ (share / share.sum())
    return np.asarray((row * np.exp(-span / (life * season.period)))[lag])


def _sets(family: Family, seasonal: bool) -> list[_Set]:
    found = []
    amplitudes = family.amplitude if seasonal else (0.0,)
    for noise, (phi, push), drift, amplitude in product(
        family.noise, family.push, family.drift, amplitudes
    ):
        shapes = family.shape if amplitude > 0 else family.shape[:1]
        found += [_Set(noise, phi, push, drift, amplitude, shape) for shape in shapes]
    return found


def _covariances(
    sets: list[_Set], total: int, horizon: int, season: Season
) -> Iterator[tuple[Floats, Floats]]:
    """For each set the covariance over (newest … oldest, ahead 1 … h) without noise, and noise."""
    t = np.concatenate([-np.arange(total), np.arange(1, horizon + 1)]).astype(float)
    level = _walk(t) + DIFFUSE
    slope = np.outer(t, t)
    pushes = {one.phi: _momentum(t, one.phi) for one in sets if one.push > 0}
    seasons = {one.shape: _season(t, season, one.shape) for one in sets if one.amplitude > 0}
    for one in sets:
        found = level + one.drift * slope
        if one.push > 0:
            found += one.push * pushes[one.phi]
        if one.amplitude > 0:
            found += one.amplitude * seasons[one.shape]
        yield found, np.full(total, one.noise + 1e-6)


def _scaled(z: Floats) -> tuple[Floats, NDArray[np.bool_], Floats, Floats]:
    """Newest first, anchored at the newest value, in units of the root mean squared step."""
    newest = z[:, ::-1]
    known = np.isfinite(newest)
    anchor = newest[:, :1]
    x = np.where(known, newest - anchor, 0.0)
    steps = np.maximum(known.sum(axis=1) - 1, 1)
    unit = np.sqrt((np.diff(x, axis=1) ** 2 * known[:, 1:]).sum(axis=1) / steps)[:, None]
    unit = np.where(unit > 0, unit, 1.0)
    return x / unit, known, anchor, unit


def structural(z: Floats, horizon: int, season: Season, family: Family) -> Structural:
    """Evidence-weighted forecast of right-aligned series `z` [series × time], no gaps inside.

    A constant series is forecast at its constant with deviation 0.
    """
    x, known, anchor, unit = _scaled(z)
    total = z.shape[1]
    count = known.sum(axis=1)
    sets = _sets(family, season.harmonics > 0)
    evidence = np.empty((z.shape[0], len(sets)))
    means = np.empty((len(sets), z.shape[0], horizon), np.float32)
    spreads = np.empty_like(means)
    last = np.maximum(count - 2, 0)
    freedom = np.maximum(count - 1, 1)
    history = np.asarray(x[:, 1:], np.float32)
    masked = np.asarray(known[:, 1:], np.float32)
    for j, (cov, noise) in enumerate(_covariances(sets, total, horizon, season)):
        factor = np.linalg.cholesky(cov[:total, :total] + np.diag(noise))
        solver = np.linalg.inv(factor)
        reach = solver @ cov[:total, total:]
        # The newest value is the anchor, 0 by construction, and its diffuse variance says
        # nothing: without its row single precision is enough for the large product.
        white = (history @ np.asarray(solver[1:, 1:].T, np.float32)) * masked
        quad = np.maximum(np.einsum("pt,pt->p", white, white), 1e-12)
        log_det = 2 * np.log(np.diag(factor))[1:]
        evidence[:, j] = -0.5 * (freedom * np.log(quad / freedom) + log_det.cumsum()[last])
        means[j] = white @ np.asarray(reach[1:], np.float32)
        known_part = reach[0] ** 2 + (reach[1:] ** 2).cumsum(axis=0)[last]
        ahead = np.maximum(np.diag(cov)[total:] + noise[0] - known_part, 0.0)
        spreads[j] = (quad / freedom)[:, None] * ahead
    weight = np.exp(evidence - evidence.max(axis=1, keepdims=True))
    weight /= weight.sum(axis=1, keepdims=True)
    mean = np.einsum("pg,gph->ph", weight, means)
    spreads += (means - mean.astype(np.float32)) ** 2
    deviation = np.sqrt(np.einsum("pg,gph->ph", weight, spreads))
    moves = np.abs(x).max(axis=1, keepdims=True) > 0
    return Structural(
        mean * unit * moves + anchor, deviation * unit * moves, weight @ _traits(sets)
    )


def _traits(sets: list[_Set]) -> Floats:
    rows = [
        (
            np.log(one.noise + 0.1),
            float(one.push > 0),
            np.log10(one.drift + 1e-5),
            np.log(one.amplitude + 0.1),
            float(one.amplitude > 0),
            float(np.isinf(one.shape[1])),
        )
        for one in sets
    ]
    return np.array(rows)
