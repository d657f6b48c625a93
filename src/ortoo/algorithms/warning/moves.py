"""How series have moved: over some periods, and beside the others of their group."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def moved(log: Floats, lag: int) -> Floats:
    """Log change over `lag` periods, 0 where unknown."""
    found = np.zeros(log.shape)
    if lag < log.shape[1]:
        found[:, lag:] = np.nan_to_num(log[:, lag:] - log[:, :-lag])
    return found


def trailing(values: Floats, span: int) -> Floats:
    """Sum of the last `span` periods, this one included."""
    total = np.cumsum(values, axis=1)
    found = total.copy()
    found[:, span:] -= total[:, :-span]
    return found


def others(values: Floats, group: NDArray[np.intp]) -> Floats:
    """Mean of the other series of the same group; 0 where there is none."""
    size = np.bincount(group)
    total = np.zeros((size.size, values.shape[1]))
    np.add.at(total, group, values)
    rest = (size[group] - 1)[:, None]
    return np.asarray(np.where(rest > 0, (total[group] - values) / np.maximum(rest, 1), 0.0))
