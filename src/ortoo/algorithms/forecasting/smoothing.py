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
# Series smoothed at once: what a processor keeps at hand.
BLOCK = 256


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
    parts = [_smoothed(z[i : i + BLOCK], horizon) for i in range(0, z.shape[0], BLOCK)]
    return np.concatenate(parts) if parts else np.empty((0, horizon))


def _smoothed(z: Floats, horizon: int) -> Floats:
    """`ets` of a block that fits the cache; single precision from the newest value on is enough."""
    g = ets_grid()
    known = np.isfinite(z)
    start = np.argmax(known, axis=1)
    rows = np.arange(z.shape[0])
    anchor = z[:, -1:]
    x = np.where(known, z - anchor, 0.0).T.astype(np.float32)
    reach = np.minimum(start + 8, z.shape[1] - 1)
    first = x[start, rows]
    slope = np.where(reach > start, (x[reach, rows] - first) / np.maximum(reach - start, 1), 0.0)
    alpha, phi, gain = (v.astype(np.float32)[:, None] for v in (g.alpha, g.phi, g.alpha * g.beta))
    level = np.repeat(first[None], g.alpha.size, axis=0)
    trend = np.where(phi > 0, slope.astype(np.float32), np.float32(0.0))
    initial = level.copy(), trend.copy()
    sse, part = np.zeros_like(level), np.empty_like(level)
    begin, last = int(start.min()), int(start.max())
    for t in range(begin + 1, z.shape[1]):
        trend *= phi
        level += trend
        error = x[t] - level
        sse += np.multiply(error, error, out=part)
        level += np.multiply(error, alpha, out=part)
        trend += np.multiply(error, gain, out=part)
        if t <= last and (new := np.flatnonzero(start == t)).size:
            # Whatever was reckoned before the first value of a series is forgotten.
            sse[:, new] = 0.0
            level[:, new], trend[:, new] = initial[0][:, new], initial[1][:, new]
    weight = _weights(sse.T.astype(float), known.sum(axis=1) - 1.0, g.free)
    out = np.empty((z.shape[0], horizon))
    damp = np.zeros_like(g.phi)
    for h in range(horizon):
        damp = damp + g.phi ** (h + 1)
        out[:, h] = (weight * (level.T + damp * trend.T)).sum(axis=1)
    return out + anchor


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
    The level does not depend on θ, and the squared error is a quadratic in 1 − 1/θ.
    """
    alpha, share = np.array(THETA_ALPHAS)[:, None], np.array(SHARES)
    known = np.isfinite(z)
    start = np.argmax(known, axis=1)
    age, base, slope = (v.T.copy() for v in _expanding_line(z))
    x = np.where(known, z, 0.0).T.copy()
    level = np.repeat(x[start, np.arange(z.shape[0])][None], alpha.size, axis=0)
    plain, both, line = (np.zeros_like(level) for _ in range(3))
    power = (1 - alpha) ** np.arange(z.shape[1] + 2)

    def push(t: int, ahead: int) -> Floats:
        n = age[t].astype(int)
        keep = power[:, n]
        told = keep * base[t] + (ahead + (1 - keep * (1 - alpha)) / alpha) * slope[t]
        return np.asarray(told * (n >= 3))

    for t in range(int(start.min()) + 1, z.shape[1]):
        error = (x[t] - level) * (age[t - 1] >= 3)
        more = push(t - 1, 0)
        plain += error * error
        both += error * more
        line += more * more
        level += alpha * (x[t] - level) * (t > start)
    sse = plain[..., None] - 2 * share * both[..., None] + share**2 * line[..., None]
    sse = np.maximum(sse, 0.0).transpose(1, 0, 2).reshape(z.shape[0], -1)
    free = np.tile(np.where(share > 0, 3.0, 2.0), alpha.size)
    weight = _weights(sse, known.sum(axis=1) - 3.0, free)
    weight = weight.reshape(z.shape[0], alpha.size, share.size)
    last = z.shape[1] - 1
    near, far = weight.sum(axis=2).T, (weight @ share).T
    ahead = [(near * level + far * push(last, h)).sum(axis=0) for h in range(horizon)]
    return np.stack(ahead, axis=1)
