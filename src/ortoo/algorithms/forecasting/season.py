"""A fixed seasonal pattern by ridge on Fourier terms, its strength chosen by evidence.

z_t = m_t + s_t with m a random walk and s_t = Σ_k a_k sin(2πkt/p) + b_k cos(2πkt/p), a and b normal
with variance ∝ τ/k^d, so that Δz is regressed on ΔF. τ is averaged over a grid by its marginal
likelihood (MacKay 1992); τ = 0 is on the grid and a series without season gets none.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ortoo.algorithms.forecasting.structural import Season

Floats = NDArray[np.float64]
TAUS = np.concatenate([[0.0], np.geomspace(0.003, 300.0, 16)])
DECAY = 3.0


@dataclass(frozen=True, slots=True)
class Pattern:
    """`inside` [series × time] and `ahead` [series × horizon] on the working scale; `gain`
    [series]: log evidence for a season over none, 0 where the history is too short."""

    inside: Floats
    ahead: Floats
    gain: Floats


def fourier(times: Floats, season: Season) -> Floats:
    """sin and cos of each harmonic: [times × 2·harmonics]."""
    k = np.arange(1, season.harmonics + 1)
    angle = 2 * np.pi * np.outer(times, k) / season.period
    return np.concatenate([np.sin(angle), np.cos(angle)], axis=1)


def pattern(z: Floats, horizon: int, season: Season) -> Pattern:
    """Season of right-aligned series; none where less than a year and a half is known."""
    count = np.isfinite(z).sum(axis=1)
    total = z.shape[1]
    found = Pattern(np.zeros_like(z), np.zeros((z.shape[0], horizon)), np.zeros(z.shape[0]))
    if season.harmonics == 0:
        return found
    k = np.concatenate([np.arange(1, season.harmonics + 1)] * 2).astype(float)
    times = np.arange(1 - total, horizon + 1, dtype=float)
    basis = fourier(times, season) * k ** (-DECAY / 2)
    for n in np.unique(count[count >= 1.5 * season.period]):
        rows = np.flatnonzero(count == n)
        coefficients, gain = _ridge(np.diff(basis[total - n : total], axis=0), z[rows, total - n :])
        found.inside[rows] = coefficients @ basis[:total].T
        found.ahead[rows] = coefficients @ basis[total:].T
        found.gain[rows] = gain
    return found


def _ridge(steps: Floats, z: Floats) -> tuple[Floats, Floats]:
    """Evidence-averaged coefficients [series × terms] and log evidence over none [series]."""
    x = steps - steps.mean(axis=0)
    y = _clipped(np.diff(z, axis=1))
    y = y - y.mean(axis=1, keepdims=True)
    u, d, vt = np.linalg.svd(x, full_matrices=False)
    onto = y @ u
    rest = np.maximum((y**2).sum(axis=1) - (onto**2).sum(axis=1), 1e-24)
    size = y.shape[1]
    growth = 1 + TAUS[:, None] * d**2
    inner = rest[:, None] + (onto**2) @ (1 / growth).T
    evidence = -0.5 * (size * np.log(inner / size) + np.log(growth).sum(axis=1))
    weight = np.exp(evidence - evidence.max(axis=1, keepdims=True))
    weight /= weight.sum(axis=1, keepdims=True)
    shrink = weight @ (TAUS[:, None] * d / growth)
    return (onto * shrink) @ vt, evidence.max(axis=1) - evidence[:, 0]


def _clipped(steps: Floats) -> Floats:
    """Steps beyond four robust deviations are pulled in: one slip must not bend the season."""
    middle = 1.4826 * np.median(np.abs(steps), axis=1, keepdims=True)
    bound = 4 * np.maximum(middle, 0.25 * steps.std(axis=1, keepdims=True))
    return np.asarray(np.clip(steps, -bound, bound))
