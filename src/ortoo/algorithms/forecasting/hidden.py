"""Ridge regression on random hidden units: a cheap, smooth second opinion beside the trees.

Source: Rahimi and Recht 2008; Huang, Zhu and Siew 2006. Deterministic for a seed.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Singles = NDArray[np.float32]
BLOCK = 20_000


@dataclass(frozen=True, slots=True)
class Layer:
    """A fitted model. `middle`, `size` [features] standardise; `into` [features × units],
    `bias` [units]; `out` [units + features] and `start` give the answer."""

    middle: Floats
    size: Floats
    into: Singles
    bias: Singles
    out: Floats
    start: float

    def predict(self, x: Floats) -> Floats:
        """Prediction of each row; `x` is float [rows × features]."""
        found = np.empty(x.shape[0])
        for first in range(0, x.shape[0], BLOCK):
            here = slice(first, first + BLOCK)
            found[here] = self.units(x[here]) @ self.out + self.start
        return found

    def units(self, x: Floats) -> Singles:
        """Rectified units, then the standardised features themselves."""
        flat = np.clip((x - self.middle) / self.size, -3, 3).astype(np.float32)
        return np.concatenate([np.maximum(flat @ self.into + self.bias, 0), flat], axis=1)


def fit(x: Floats, y: Floats, weight: Floats, units: int, seed: int) -> Layer:
    """Weighted ridge on `units` random units; targets beyond ±3 are pulled in."""
    rng = np.random.default_rng(seed)
    marks = np.asarray(np.quantile(x, [0.1, 0.5, 0.9], axis=0), dtype=np.float64)
    low, middle, high = marks
    shape = (x.shape[1], units)
    into = rng.normal(0, 0.3, shape) * (rng.random(shape) < 0.3)
    empty = Layer(
        middle,
        np.maximum((high - low) / 2.56, 1e-6),
        into.astype(np.float32),
        rng.normal(size=units).astype(np.float32),
        np.zeros(units + x.shape[1]),
        0.0,
    )
    width = empty.out.size
    gram, top = np.zeros((width, width)), np.zeros(width)
    total, mean, goal = 0.0, np.zeros(width), 0.0
    for first in range(0, y.size, BLOCK):
        here = slice(first, first + BLOCK)
        seen, w = empty.units(x[here]), weight[here].astype(np.float32)
        answer = np.clip(y[here], -3, 3).astype(np.float32)
        weighted = seen * w[:, None]
        gram += weighted.T @ seen
        top += weighted.T @ answer
        mean += weighted.sum(axis=0)
        total += float(w.sum())
        goal += float((w * answer).sum())
    mean, goal = mean / total, goal / total
    gram -= total * np.outer(mean, mean)
    gram[np.diag_indices(width)] += 0.1 * total
    out = np.linalg.solve(gram, top - total * mean * goal)
    return replace(empty, out=np.asarray(out), start=goal - float(mean @ out))
