"""Gradient boosting of small histogram trees, in numpy.

One concept: a regression function of binned features, grown tree by tree on the gradient of a
Huber loss, each tree on a sample of rows and columns (Friedman 2001, 2002; histogram splitting as
in Ke et al. 2017). Deterministic for a seed.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Bins = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Options:
    """How the trees grow. `huber` is in units of the target."""

    trees: int = 150
    depth: int = 4
    rate: float = 0.05
    rows: float = 0.5
    columns: float = 0.4
    bins: int = 32
    ridge: float = 20.0
    huber: float = 1.0
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Tree:
    """Per level the feature and threshold of each node; values of the 2^depth leaves."""

    features: tuple[NDArray[np.intp], ...]
    cuts: tuple[NDArray[np.intp], ...]
    values: Floats


@dataclass(frozen=True, slots=True)
class Forest:
    """A fitted model: bin edges per feature, trees, start value."""

    edges: tuple[Floats, ...]
    trees: tuple[Tree, ...]

    def predict(self, x: Floats) -> Floats:
        """Prediction of each row; `x` is float [rows × features]."""
        binned = _binned(x, self.edges)
        out = np.zeros(x.shape[0])
        for tree in self.trees:
            out += tree.values[_leaf(tree, binned)]
        return out


def _edges(x: Floats, bins: int) -> tuple[Floats, ...]:
    marks = np.linspace(0, 1, bins + 1)[1:-1]
    return tuple(np.unique(np.quantile(column, marks)) for column in x.T)


def _binned(x: Floats, edges: tuple[Floats, ...]) -> Bins:
    columns = [
        np.searchsorted(e, column, side="left") for e, column in zip(edges, x.T, strict=True)
    ]
    return np.asarray(np.array(columns), dtype=np.uint8)


def _leaf(tree: Tree, binned: Bins) -> NDArray[np.intp]:
    size = binned.shape[1]
    node = np.zeros(size, dtype=np.intp)
    flat, place = binned.ravel(), np.arange(size)
    for feature, cut in zip(tree.features, tree.cuts, strict=True):
        node = 2 * node + (flat.take((feature * size)[node] + place) > cut[node])
    return node


def _grow(binned: Bins, g: Floats, w: Floats, chosen: NDArray[np.intp], o: Options) -> Tree:
    """A tree of the rows given; `binned` [chosen features × rows]."""
    data = binned.astype(np.int64)
    count, rows = data.shape
    place = np.arange(rows)
    node = np.zeros(rows, dtype=np.int64)
    features, cuts = [], []
    gt, wt = np.tile(g, count), np.tile(w, count)
    for level in range(o.depth):
        nodes = 2**level
        offset = (np.arange(count) * nodes * o.bins)[:, None]
        key = (data + node * o.bins + offset).ravel()
        size = count * nodes * o.bins
        shape = (count, nodes, o.bins)
        gs = np.bincount(key, gt, size).reshape(shape).cumsum(axis=2)
        ws = np.bincount(key, wt, size).reshape(shape).cumsum(axis=2)
        ga, wa = gs[:, :, -1:], ws[:, :, -1:]
        gain = gs**2 / (ws + o.ridge) + (ga - gs) ** 2 / (wa - ws + o.ridge)
        flat = gain.transpose(1, 0, 2).reshape(nodes, -1)
        best = flat.argmax(axis=1)
        pick, cut = best // o.bins, best % o.bins
        features.append(chosen[pick])
        cuts.append(cut)
        node = 2 * node + (data[pick[node], place] > cut[node])
    leaves = 2**o.depth
    total = np.bincount(node, g, leaves)
    values = o.rate * total / (np.bincount(node, w, leaves) + o.ridge)
    return Tree(tuple(features), tuple(cuts), values)


def fit(x: Floats, y: Floats, weight: Floats, options: Options) -> Forest:
    """Fit to `y` [rows] with row weights (mean 1 makes `ridge` a count of rows)."""
    rng = np.random.default_rng(options.seed)
    edges = _edges(x, options.bins)
    binned = _binned(x, edges)
    guess = np.zeros(y.size)
    trees = []
    take = max(int(options.columns * x.shape[1]), 1)
    for _ in range(options.trees):
        rows = np.flatnonzero(rng.random(y.size) < options.rows)
        chosen = rng.choice(x.shape[1], take, replace=False)
        error = np.clip(y[rows] - guess[rows], -options.huber, options.huber)
        w = weight[rows]
        tree = _grow(binned[np.ix_(chosen, rows)], error * w, w, chosen, options)
        guess += tree.values[_leaf(tree, binned)]
        trees.append(tree)
    return Forest(edges, tuple(trees))
