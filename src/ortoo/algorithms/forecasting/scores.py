"""Scores of point forecasts and intervals, as the M4 competition defines them.

Arrays: `actual`, `forecast`, `lower`, `upper` are float [series × horizon]; `scale` is float
[series], the in-sample mean absolute (seasonal) difference. Source: Makridakis, Spiliotis and
Assimakopoulos, International Journal of Forecasting 36(1), 2020.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def smape(actual: Floats, forecast: Floats) -> Floats:
    """Symmetric mean absolute percentage error of each series, per cent; 0 where both are 0."""
    size = np.abs(actual) + np.abs(forecast)
    error = 200.0 * np.abs(actual - forecast)
    found = np.divide(error, size, out=np.zeros_like(error), where=size > 0)
    return np.asarray(found.mean(axis=1))


def naive_scale(history: Sequence[Floats], season: int) -> Floats:
    """Mean |y_t − y_{t−season}| in each history: the unit of MASE and MSIS.

    A history not longer than the season falls back to differences of one step; a history that
    never moves has scale NaN, and its scaled scores say nothing.
    """
    found = np.full(len(history), np.nan)
    for row, values in enumerate(history):
        lag = season if values.size > season else 1
        if values.size > lag:
            moved = np.abs(values[lag:] - values[:-lag])
            moved = moved[np.isfinite(moved)]
            found[row] = moved.mean() if moved.size else np.nan
    found[found == 0] = np.nan
    return found


def mase(actual: Floats, forecast: Floats, scale: Floats) -> Floats:
    """Mean absolute error of each series in units of `scale`; NaN where the scale is."""
    return np.asarray(np.abs(actual - forecast).mean(axis=1) / scale)


def owa(actual: Floats, forecast: Floats, reference: Floats, scale: Floats) -> float:
    """Overall weighted average: mean of the sMAPE and MASE ratios to a reference (M4: Naive2)."""
    ratio = smape(actual, forecast).mean() / smape(actual, reference).mean()
    scaled = np.nanmean(mase(actual, forecast, scale)) / np.nanmean(mase(actual, reference, scale))
    return float(0.5 * (ratio + scaled))


def msis(
    actual: Floats, lower: Floats, upper: Floats, scale: Floats, alpha: float = 0.05
) -> Floats:
    """Mean scaled interval score of each series: width plus 2/alpha times what lies outside."""
    outside = np.maximum(lower - actual, 0) + np.maximum(actual - upper, 0)
    return np.asarray((upper - lower + 2 / alpha * outside).mean(axis=1) / scale)


def coverage(actual: Floats, lower: Floats, upper: Floats) -> float:
    """Share of actual values inside their interval."""
    return float(((actual >= lower) & (actual <= upper)).mean())
