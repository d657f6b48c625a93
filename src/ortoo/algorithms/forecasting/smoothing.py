"""Exponential smoothing and the dynamic optimised Theta by grids, for all series at once.

`z` is float [series × time], right-aligned: the last column is the newest value of every series
and NaN stands left of its first. Instead of optimising each series alone, the recursions run over
a grid of parameters and all series together; the forecast is the mean over the grid weighted by
exp(−AICc/2) (Burnham and Anderson 2002), so a badly determined parameter is averaged, not guessed.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
ALPHAS = (0.03, 0.1, 0.2, 0.35, 0.5, 0.7, 0.9, 1.0)
THETA_ALPHAS = (0.05, 0.1, 0.2, 0.35, 0.5, 0.7, 0.85, 0.99)
SHARES = (0.0, 0.25, 0.5, 0.75, 1.0)


@dataclass(frozen=True, slots=True)
class Grid:
    """Parameter sets of damped additive-trend smoothing; float [sets] each. `free`: how many
    parameters a set estimates; `phi` 0 is a set without trend."""

    alpha: Floats
    beta: Floats
    phi: Floats
    free: Floats


def ets_grid() -> Grid:
    """(A,N,N), (A,Ad,N) and (A,A,N) of Hyndman, Koehler, Ord and Snyder 2008."""
    sets = [(a, 0.0, 0.0, 2.0) for a in ALPHAS]
    for a, b, phi in product(ALPHAS, (0.02, 0.08, 0.2, 0.45), (0.8, 0.9, 0.96, 1.0)):
        sets.append((a, b, phi, 4.0 if phi == 1.0 else 5.0))
    alpha, beta, phis, free = np.array(sets).T
    return Grid(alpha, beta, phis, free)


def _weights(sse: Floats, count: Floats, free: Floats) -> Floats:
    """exp(−AICc/2), rows summing to 1; sse [series × sets], count [series], free [sets]."""
    n = np.maximum(count, 1.0)[:, None]
    # A perfect fit would make the logarithm infinite; the floor leaves all perfect sets equal.
    mean_square = np.maximum(sse / n, 1e-24)
    room = np.maximum(n - free - 1, 0.5)
    aicc = n * np.log(mean_square) + 2 * free + 2 * free * (free + 1) / room
    aicc -= aicc.min(axis=1, keepdims=True)
    weight = np.exp(-0.5 * np.minimum(aicc, 1400.0))
    return np.asarray(weight / weight.sum(axis=1, keepdims=True))


def ets(z: Floats, horizon: int) -> Floats:
    """Grid-averaged exponential smoothing: [series × horizon]."""
    g = ets_grid()
    known = np.isfinite(z)
    start = np.argmax(known, axis=1)
    rows = np.arange(z.shape[0])
    first = z[rows, start]
    reach = np.minimum(start + 8, z.shape[1] - 1)
    slope = np.where(reach > start, (z[rows, reach] - first) / np.maximum(reach - start, 1), 0.0)
    level = np.repeat(first[:, None], g.alpha.size, axis=1)
    trend = np.where(g.phi > 0, slope[:, None], 0.0)
    sse = np.zeros_like(level)
    gain = g.alpha * g.beta
    for t in range(int(start.min()) + 1, z.shape[1]):
        live = (t > start)[:, None]
        drift = g.phi * trend
        guess = level + drift
        error = np.where(live, z[:, t, None] - guess, 0.0)
        sse += error * error
        level = np.where(live, guess + g.alpha * error, level)
        trend = np.where(live, drift + gain * error, trend)
    weight = _weights(sse, known.sum(axis=1) - 1.0, g.free)
    out = np.empty((z.shape[0], horizon))
    damp = np.zeros_like(g.phi)
    for h in range(horizon):
        damp = damp + g.phi ** (h + 1)
        out[:, h] = (weight * (level + damp * trend)).sum(axis=1)
    return out


def _expanding_line(z: Floats) -> tuple[Floats, Floats, Floats]:
    """Age (1, 2, …) of each value, and intercept and slope of the line fitted up to it."""
    known = np.isfinite(z)
    filled = np.where(known, z, 0.0)
    age = np.cumsum(known, axis=1).astype(float)
    sum_y = np.cumsum(filled, axis=1)
    sum_ty = np.cumsum(filled * age, axis=1)
    sum_t = age * (age + 1) / 2
    sum_tt = sum_t * (2 * age + 1) / 3
    spread = age * sum_tt - sum_t**2
    top = age * sum_ty - sum_t * sum_y
    slope = np.divide(top, spread, out=np.zeros_like(z), where=spread > 0)
    base = np.divide(sum_y - slope * sum_t, age, out=np.zeros_like(z), where=age > 0)
    return age, base, slope


def theta(z: Floats, horizon: int) -> Floats:
    """Dynamic optimised Theta, averaged over smoothing and theta: [series × horizon].

    One-step forecast level + (1 − 1/θ)·{(1−α)^n·A + (1 − (1−α)^(n+1))/α·B}, A and B the line fitted
    to the n values so far. Source: Fiorucci et al., International Journal of Forecasting 32, 2016.
    """
    alpha, share = (v.ravel() for v in np.meshgrid(THETA_ALPHAS, SHARES))
    known = np.isfinite(z)
    start = np.argmax(known, axis=1)
    age, base, slope = _expanding_line(z)
    level = np.repeat(z[np.arange(z.shape[0]), start][:, None], alpha.size, axis=1)
    sse = np.zeros_like(level)

    def push(t: int, ahead: int) -> Floats:
        n = age[:, t, None]
        keep = np.power(1 - alpha, n)
        line = (ahead + (1 - keep * (1 - alpha)) / alpha) * slope[:, t, None]
        return np.asarray(share * np.where(n >= 3, keep * base[:, t, None] + line, 0.0))

    for t in range(int(start.min()) + 1, z.shape[1]):
        live = (t > start)[:, None]
        value = z[:, t, None]
        error = np.where(live & (age[:, t - 1, None] >= 3), value - level - push(t - 1, 0), 0.0)
        sse += error * error
        level = np.where(live, alpha * value + (1 - alpha) * level, level)
    weight = _weights(sse, known.sum(axis=1) - 3.0, np.where(share > 0, 3.0, 2.0))
    last = z.shape[1] - 1
    ahead = [(weight * (level + push(last, h))).sum(axis=1) for h in range(horizon)]
    return np.stack(ahead, axis=1)
