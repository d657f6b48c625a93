"""Outliers: a period out of line (AO) and a lasting shift of level (LS), added while |t| > 3.8."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
CRITICAL = 3.8
MOST = 24
OutlierKind = Literal["AO", "LS"]


@dataclass(frozen=True, slots=True)
class Outlier:
    """An outlier at a known observation (its place among all periods), log effect and t value."""

    kind: OutlierKind
    at: int
    effect: float = 0.0
    t: float = 0.0


def column(kind: OutlierKind, at: int, size: int) -> Floats:
    """The regressor: 1 at one place, or from it on."""
    found = np.zeros(size)
    found[at if kind == "AO" else slice(at, None)] = 1.0 if kind == "AO" else np.ones(size - at)
    return found


def columns(found: list[Outlier], size: int) -> Floats:
    """[size × outliers]."""
    return np.stack([column(one.kind, one.at, size) for one in found], axis=1)


def scale_of(rest: Floats) -> float:
    """A robust deviation: 1.4826 × the median size, but not under 0.8 of the root mean square, so
    that a price that stands still in most weeks does not call every move an outlier, and no
    festival is taken for a few of them."""
    typical = 1.4826 * float(np.median(np.abs(rest)))
    return max(typical, 0.8 * float(np.sqrt(np.mean(rest**2))))


def search(
    matrix: Floats, y: Floats, x: Floats, bound: tuple[int, float] = (MOST, CRITICAL)
) -> list[tuple[OutlierKind, int]]:
    """Outliers by forward selection. `matrix` whitens [n−1 × n]; `y`, `x` are whitened already;
    `bound`: how many at most, and the t value each must exceed.

    Places are those of the observations. A level cannot shift at the first observation, and not at
    the last either, where nothing tells it from a single value.
    """
    count = matrix.shape[1]
    shifts = np.cumsum(matrix[:, ::-1], axis=1)[:, ::-1]
    candidates = np.concatenate([matrix, shifts[:, 1 : count - 1]], axis=1)
    basis = np.linalg.qr(x)[0]
    candidates = candidates - basis @ (basis.T @ candidates)
    rest = y - basis @ (basis.T @ y)
    norms = np.sqrt((candidates**2).sum(axis=0))
    first = norms.copy()
    found: list[int] = []
    most, critical = bound
    while len(found) < most:
        usable = norms > 1e-3 * np.maximum(first, 1e-12)
        along = np.where(usable, candidates.T @ rest / np.maximum(norms, 1e-12), 0.0)
        size = scale_of(rest)
        best = int(np.argmax(np.abs(along)))
        if size <= 1e-12 or abs(along[best]) <= critical * size:
            break
        found.append(best)
        unit = candidates[:, best] / norms[best]
        rest = rest - unit * (unit @ rest)
        candidates = candidates - np.outer(unit, unit @ candidates)
        norms = np.sqrt((candidates**2).sum(axis=0))
    return [("AO", at) if at < count else ("LS", at - count + 1) for at in found]
