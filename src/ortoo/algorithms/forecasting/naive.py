"""The peers every forecast is measured against: Naive2, seasonal naive and Theta as M4 ran them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
ALPHAS = np.concatenate([[0.01], np.arange(0.03, 1.0, 0.04), [0.99]])


def seasonal(history: Floats, season: int) -> bool:
    """M4's test: |autocorrelation at the season| above 1.645 √((1 + 2 Σ earlier²)/n)."""
    n = history.size
    apart = history - history.mean()
    power = float(apart @ apart)
    if season < 2 or n < 3 * season or power == 0:
        return False
    found = np.array([apart[k:] @ apart[: n - k] for k in range(1, season + 1)]) / power
    limit = 1.645 * np.sqrt((1 + 2 * (found[:-1] ** 2).sum()) / n)
    return bool(abs(found[-1]) > limit)


def indices(history: Floats, season: int, horizon: int) -> Floats:
    """Multiplicative seasonal indices over the history and `horizon` beyond; ones without season.

    Classical decomposition by a centred moving average; ones too where a value is not positive.
    """
    n = history.size
    if not seasonal(history, season) or (history <= 0).any():
        return np.ones(n + horizon)
    kernel = np.ones(season) / season
    if season % 2 == 0:
        kernel = np.concatenate([[0.5], np.ones(season - 1), [0.5]]) / season
    half = kernel.size // 2
    ratio = history[half : n - half] / np.convolve(history, kernel, "valid")
    place = (np.arange(ratio.size) + half) % season
    cycle = np.array([ratio[place == p].mean() for p in range(season)])
    return np.asarray((cycle / cycle.mean())[np.arange(n + horizon) % season])


def naive2(histories: Sequence[Floats], season: int, horizon: int) -> Floats:
    """Last deseasonalised value, reseasonalised: [series × horizon]."""
    out = np.empty((len(histories), horizon))
    for row, y in enumerate(histories):
        index = indices(y, season, horizon)
        out[row] = y[-1] / index[y.size - 1] * index[y.size :]
    return out


def seasonal_naive(histories: Sequence[Floats], season: int, horizon: int) -> Floats:
    """The value of one season before; the last value where the history is shorter."""
    out = np.empty((len(histories), horizon))
    for row, y in enumerate(histories):
        cycle = y[-season:] if y.size >= season else y[-1:]
        out[row] = np.resize(cycle, horizon)
    return out


def theta(histories: Sequence[Floats], season: int, horizon: int) -> Floats:
    """Assimakopoulos and Nikolopoulos 2000: mean of the line and of SES on the line of theta 2."""
    out = np.empty((len(histories), horizon))
    for row, y in enumerate(histories):
        index = indices(y, season, horizon)
        plain = y / index[: y.size]
        times = np.arange(y.size + horizon, dtype=float)
        slope, start = np.polyfit(times[: y.size], plain, 1) if y.size > 1 else (0.0, y[0])
        line = start + slope * times
        smooth = _ses(2 * plain - line[: y.size])
        out[row] = 0.5 * (smooth + line[y.size :]) * index[y.size :]
    return out


def _ses(values: Floats) -> float:
    """Last level of simple exponential smoothing, alpha by least squares on a grid."""
    level = np.full(ALPHAS.size, values[0])
    loss = np.zeros(ALPHAS.size)
    for value in values[1:]:
        error = value - level
        loss += error * error
        level = level + ALPHAS * error
    return float(level[int(np.argmin(loss))])
