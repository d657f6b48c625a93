"""Conformal prediction intervals from errors at past origins.

A deviation for each series and step gives every interval its shape; signed quantiles of past
out-of-time errors in those units, pooled over series and steps, give it its width; and each series
widens or narrows by its own record, shrunk towards 1. Source: Vovk, Gammerman and
Shafer 2005; Stankevičiūtė et al. 2021 for several horizons; the shrinking is ours.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
# As many pseudo-origins of usual size are mixed into every series' own record.
PRIOR_ORIGINS = 12.0
# Share of the chance outside added to it: past errors are those of a lesser learner, and past
# interval scores are lowest there while as many answers as promised lie inside.
EASE = 0.4
# Least half-width, in deviations, where there is no record to calibrate on.
NORMAL = {0.8: 1.2816, 0.9: 1.6449, 0.95: 1.96, 0.99: 2.5758}


@dataclass(frozen=True, slots=True)
class Record:
    """Errors (truth − forecast) in units of the deviation [rows × horizon] and whose they are."""

    error: Floats
    series: NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Band:
    """Signed multipliers of the deviation; `own` [series]."""

    below: float
    above: float
    own: Floats


def own_scale(
    record: Record, series: NDArray[np.intp], apart: NDArray[np.intp] | None = None
) -> Floats:
    """How restless each of `series` was against its deviations: a shrunk mean |error|, usual 1.

    With `apart` [rows of `series`] the row of the record at that place is left out, so that an
    error never calibrates itself.
    """
    if record.series.size == 0:
        return np.ones(series.size)
    size = np.abs(record.error).mean(axis=1)
    usual = max(float(np.median(size)), 1e-9)
    # One wild origin may at most quadruple its weight.
    size = np.minimum(size / usual, 4.0)
    top = int(max(record.series.max(initial=0), series.max(initial=0))) + 1
    total = np.bincount(record.series, size, top)[series]
    count = np.bincount(record.series, minlength=top)[series].astype(float)
    if apart is not None:
        total, count = total - size[apart], count - 1
    return np.asarray((total + PRIOR_ORIGINS) / (count + PRIOR_ORIGINS))


def calibrate(record: Record, series: int, level: float) -> Band:
    """Multipliers such that `level` of past errors would have lain inside."""
    everyone = np.arange(series)
    usual = NORMAL.get(level, 1.96)
    rows = record.series.size
    if rows < 40:
        return Band(-1.15 * usual, 1.15 * usual, own_scale(record, everyone))
    fair = record.error / own_scale(record, record.series, np.arange(rows))[:, None]
    # Errors of one series are not independent: the finite-sample step counts series, not rows.
    effective = np.unique(record.series).size
    tail = max((1 + EASE) * (1 - level) / 2 - 0.5 * level / (effective + 1), 0.0025)
    below, above = np.quantile(fair, [tail, 1 - tail])
    # One past crisis can double a far quantile for good: half-way to the normal multiplier.
    below, above = (below - usual) / 2, (above + usual) / 2
    return Band(min(float(below), 0.0), max(float(above), 0.0), own_scale(record, everyone))
