"""The outlier methods of DHIS2 on the same numbers: z, modified z, min–max, as its guide has them.

Per firm × item × measure over its own history. z and modified z: beyond 3.0, the value itself in
the statistics, a spread of 0 scores 0 (their modified z of a series that hardly moves). min–max:
outside mean ± 2 standard deviations of the values before it, as its minimum–maximum generation
makes them. Our own rewriting of the published formulas, in numpy, with nothing of theirs.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

THRESHOLD = 3.0
MIN_MAX_FACTOR = 2.0
LEAST = 3

Floats = NDArray[np.float64]
METHODS = ("z", "modified_z", "min_max")


def scores(history: Floats, now: Floats) -> dict[str, Floats]:
    """How far each value of `now` [cells] lies out of its `history` [periods × cells] (NaN: none),
    in units of each method's own threshold: above 1 is an outlier, NaN is not judged."""
    every = np.concatenate([history, now[None]])
    found = {"z": _z(every, now), "modified_z": _modified(every, now)}
    mean, spread, count = _moments(history)
    with np.errstate(invalid="ignore", divide="ignore"):
        far = np.abs(now - mean) / (MIN_MAX_FACTOR * spread)
    # A constant has one value for its minimum and maximum: anything else lies outside.
    far = np.where((spread == 0) & (now != mean), np.inf, np.where(spread == 0, 0.0, far))
    found["min_max"] = np.where(count >= LEAST, far, np.nan)
    return found


def _moments(values: Floats) -> tuple[Floats, Floats, NDArray[np.int64]]:
    known = ~np.isnan(values)
    count = known.sum(axis=0)
    filled = np.where(known, values, 0.0)
    mean = filled.sum(axis=0) / np.maximum(count, 1)
    spread = np.sqrt((np.where(known, values - mean, 0.0) ** 2).sum(axis=0) / np.maximum(count, 1))
    return mean, spread, count


def _z(every: Floats, now: Floats) -> Floats:
    mean, spread, count = _moments(every)
    score = np.abs(now - mean) / np.where(spread > 0, spread, np.inf)
    return np.where(count >= LEAST, score / THRESHOLD, np.nan)


def _modified(every: Floats, now: Floats) -> Floats:
    count = (~np.isnan(every)).sum(axis=0)
    middle = _median(every, count)
    mad = _median(np.abs(every - middle), count)
    score = 0.6745 * np.abs(now - middle) / np.where(mad > 0, mad, np.inf)
    return np.where(count >= LEAST, score / THRESHOLD, np.nan)


def _median(values: Floats, count: NDArray[np.int64]) -> Floats:
    ordered = np.sort(values, axis=0)  # NaN last
    cells = np.arange(values.shape[1])
    low, high = np.maximum(count - 1, 0) // 2, np.minimum(count // 2, len(values) - 1)
    return np.where(count > 0, (ordered[low, cells] + ordered[high, cells]) / 2, np.nan)
