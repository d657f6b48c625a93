"""The trend: Whittaker's smoother with second differences, through gaps and to both ends."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def smooth(values: Floats, cutoff: float) -> Floats:
    """Values smoothed so that waves of `cutoff` periods keep half their height; NaN are bridged.

    Minimises Σ w (y − x)² + λ Σ (Δ²x)² with λ = (2 sin(π/cutoff))⁻⁴ and w = 0 where y is unknown.
    """
    known = np.isfinite(values)
    if known.sum() < 3:
        return np.full(values.size, np.mean(values[known]) if known.any() else np.nan)
    return np.asarray(_operator(known.tobytes(), cutoff) @ values[known])


@lru_cache(maxsize=16)
def _operator(known: bytes, cutoff: float) -> Floats:
    mask = np.frombuffer(known, bool)
    size = mask.size
    strength = (2 * np.sin(np.pi / cutoff)) ** -4.0
    second = np.diff(np.eye(size), n=2, axis=0)
    inverse = np.linalg.solve(np.diag(mask.astype(float)) + strength * second.T @ second,
                              np.eye(size)[:, mask])  # fmt: skip
    return np.asarray(inverse)
