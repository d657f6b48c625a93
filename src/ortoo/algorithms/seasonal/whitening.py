"""Whitening by a local level: what a random walk seen through noise leaves unexplained.

y_t = μ_t + ε_t, μ_t = μ_{t−1} + η_t. With share ρ of the variance in η a series of unit innovations
is W·y for a lower-triangular W (the Kalman filter with a diffuse start; Harvey 1989, ch. 3), so
that regressions on W·X are generalised least squares: a price that walks does not lend its
walk's size to the season.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
WALKS = (0.001, 0.01, 0.05, 0.2, 0.5, 0.8, 1.0)
"""Shares of the walk in one period's variance that are tried; 1 is a pure random walk."""
_KEPT_UP_TO = 400


@dataclass(frozen=True, slots=True, eq=False)
class Whitener:
    """`matrix` [n−1 × n] whitens n observations; `log_det`: Σ ln of the innovation variances."""

    matrix: Floats
    log_det: float


def whitener(walk: float, steps: Floats) -> Whitener:
    """The whitener for observations `steps` periods apart, [n−1]."""
    if steps.size <= _KEPT_UP_TO:
        return _kept(walk, steps.tobytes())
    return _made(walk, steps)


@lru_cache(maxsize=28)
def _kept(walk: float, steps: bytes) -> Whitener:
    return _made(walk, np.frombuffer(steps, np.float64))


def _made(walk: float, steps: Floats) -> Whitener:
    count = steps.size + 1
    noise = 1 - walk
    level = np.zeros(count)
    level[0] = 1.0
    variance, matrix, log_det = noise, np.zeros((count - 1, count)), 0.0
    for t in range(1, count):
        ahead = variance + walk * steps[t - 1]
        total = ahead + noise
        row = matrix[t - 1]
        row[:t] = -level[:t]
        row[t] = 1.0
        level[: t + 1] += ahead / total * row[: t + 1]
        row[: t + 1] /= np.sqrt(total)
        variance = ahead * noise / total
        log_det += float(np.log(total))
    return Whitener(matrix, log_det)
