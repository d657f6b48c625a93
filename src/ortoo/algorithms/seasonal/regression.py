"""Least squares over nested designs: every number of harmonics from one factorisation."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ortoo.algorithms.seasonal.distributions import f_tail
from ortoo.algorithms.seasonal.whitening import Whitener

Floats = NDArray[np.float64]
SIGNIFICANT = 0.01
"""A season is kept only where the F test of its harmonics rejects none at this level."""
_THIN = 1e-7


@dataclass(frozen=True, slots=True)
class Choice:
    """A design's best number of harmonics and its AICc (Hurvich and Tsai 1989)."""

    harmonics: int
    aicc: float


def fourier(phase: Floats, harmonics: int) -> Floats:
    """sin and cos of each harmonic in turn: [n × 2·harmonics]."""
    angle = 2 * np.pi * np.outer(phase, np.arange(1, harmonics + 1))
    return np.stack([np.sin(angle), np.cos(angle)], axis=2).reshape(phase.size, 2 * harmonics)


def choose(whitener: Whitener, y: Floats, fixed: Floats, season: Floats) -> Choice:
    """How many harmonics of `season` [n × 2K] beside `fixed` [n × c] the AICc takes; all whitened.

    At most a third of the observations are spent on parameters.
    """
    n, base = fixed.shape
    most = max(min(season.shape[1] // 2, (n // 3 - base) // 2), 0)
    q, r = np.linalg.qr(np.concatenate([fixed, season[:, : 2 * most]], axis=1))
    thin = np.abs(np.diag(r)) <= _THIN * max(float(np.abs(r).max()), _THIN)
    gained = np.where(thin, 0.0, (q.T @ y) ** 2)
    rest = np.maximum(float(y @ y) - np.cumsum(gained), 1e-30)
    at = base - 1 + 2 * np.arange(most + 1)
    left = rest[at] if base else np.concatenate([[max(float(y @ y), 1e-30)], rest[at[1:]]])
    spent = base + 2 * np.arange(most + 1) + 2
    aicc = (
        n * np.log(left / n)
        + whitener.log_det
        + 2 * spent
        + 2 * spent * (spent + 1) / np.maximum(n - spent - 1, 1)
    )
    best = int(np.argmin(aicc))
    if best and not _significant(left[0], left[best], 2 * best, n - base - 2 * best):
        best = 0
    return Choice(best, float(aicc[best]))


def _significant(without: float, within: float, terms: int, freedom: int) -> bool:
    value = (without - within) / terms / (within / max(freedom, 1))
    return f_tail(value, terms, freedom) < SIGNIFICANT


@dataclass(frozen=True, slots=True, eq=False)
class Fit:
    """Coefficients [… × terms], their covariance [… × terms × terms], error variance."""

    coefficients: Floats
    covariance: Floats
    variance: float


def fit(y: Floats, x: Floats) -> Fit:
    """Ordinary least squares of whitened data; a term the data cannot tell apart gets 0."""
    inverse = np.linalg.pinv(x.T @ x, rcond=1e-11, hermitian=True)
    found = inverse @ (x.T @ y)
    rest = y - x @ found
    variance = float(rest @ rest) / max(y.size - x.shape[1], 1)
    return Fit(found, inverse * variance, variance)


def discounted(y: Floats, x: Floats, weights: Floats, variance: float) -> Fit:
    """Weighted least squares once per row of `weights` [knots × n], sandwich covariance."""
    weighted = weights[:, :, None] * x
    inverse = np.linalg.pinv(
        np.swapaxes(weighted, 1, 2) @ x, rcond=1e-11, hermitian=True
    )
    found = (inverse @ (np.swapaxes(weighted, 1, 2) @ y)[:, :, None])[:, :, 0]
    spread = inverse @ (np.swapaxes(weighted, 1, 2) @ weighted) @ inverse
    return Fit(found, spread * variance, variance)
