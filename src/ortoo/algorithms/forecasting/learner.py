"""The global learner: what all series' past origins add to the structural forecast.

Boosted trees are fitted three times, to the errors of the structural forecast, of smoothing after
a ridge season and of no change, in units of a random walk's; a ridge on random hidden units once,
to the structural one's. All of it is done twice from other random rows. Each says what the whole
forecast should have been, and they are averaged: learners that start elsewhere err elsewhere.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ortoo.algorithms.forecasting import boosting, hidden

Floats = NDArray[np.float64]
LEAST_ROWS = 2000
SHARE = 0.75
# Beyond so many standard errors of harm at past origins the learner is not heard.
VETO = 2.0
UNITS = 300
OPTIONS = boosting.Options(trees=140, depth=6, rate=0.2, rows=0.1, columns=0.3, ridge=10.0)
# The more origins taught, the more trees they bear: one for each so many, of OPTIONS.trees at most.
ROWS_A_TREE = 42
LEAST_TREES = 20
# Grown so often from other random rows and columns; a trial grows once.
REPEATS = 2
# In units of a random walk's error; the errors of no change are the widest.
HUBERS = (0.5, 0.5, 1.0)


@dataclass(frozen=True, slots=True)
class Lesson:
    """Rows to learn from: features [rows × horizon × features]; `base` [3 × rows × horizon], the
    structural forecast first, then smoothing, then no change; the truth [rows × horizon] on the
    working scale, the usual step [rows], the offset [rows]."""

    features: Floats
    base: Floats
    truth: Floats
    unit: Floats
    offset: NDArray[np.intp]

    def where(self, rows: NDArray[np.bool_]) -> Lesson:
        """The chosen rows."""
        return Lesson(
            self.features[rows],
            self.base[:, rows],
            self.truth[rows],
            self.unit[rows],
            self.offset[rows],
        )


def _reach(unit: Floats, horizon: int) -> Floats:
    """Size of a usual error: a random walk's."""
    return np.asarray(unit[:, None] * np.sqrt(np.arange(1, horizon + 1)))


def _weight(reach: Floats) -> Floats:
    """Weight of each target, mean 1: the root of what an error of that size costs.

    Scores count it half as a percentage (its size) and half in usual steps (its horizon); the root
    keeps restless series from ruling.
    """
    size = np.minimum(reach, np.quantile(reach, 0.99))
    far = np.sqrt(np.arange(1, reach.shape[1] + 1))
    cost = np.sqrt(size / size.mean() + far / far.mean())
    return np.asarray((cost / cost.mean()).ravel())


@dataclass(frozen=True, slots=True)
class Learner:
    """Forests, one for each base in turn, and hidden units for the first; all heard equally."""

    forests: tuple[boosting.Forest, ...]
    layers: tuple[hidden.Layer, ...]


def fit(lesson: Lesson, seed: int, repeats: int = REPEATS, quick: bool = False) -> Learner | None:
    """A learner of all rows; None where there is too little to learn from.

    `quick`: half the trees, for a trial that only asks whether it serves.
    """
    rows, horizon, width = lesson.features.shape
    if rows * horizon < LEAST_ROWS:
        return None
    reach = _reach(lesson.unit, horizon)
    weight = _weight(reach)
    flat = lesson.features.reshape(-1, width)
    targets = [((lesson.truth - base) / reach).ravel() for base in lesson.base]
    trees = int(np.clip(rows // ROWS_A_TREE, LEAST_TREES, OPTIONS.trees)) // (2 if quick else 1)
    forests: list[boosting.Forest] = []
    layers: list[hidden.Layer] = []
    for again in range(repeats):
        for place, (target, bound) in enumerate(zip(targets, HUBERS, strict=True)):
            own = replace(OPTIONS, trees=trees, huber=bound, seed=seed + place + 50 * again)
            forests.append(boosting.fit(flat, target, weight, own))
        layers.append(hidden.fit(flat, targets[0], weight, UNITS, seed + 50 * again))
    return Learner(tuple(forests), tuple(layers))


def correction(learner: Learner | None, features: Floats, base: Floats, unit: Floats) -> Floats:
    """What the learner adds to the structural forecast, on the working scale: [rows × horizon]."""
    rows, horizon, width = features.shape
    if learner is None or rows == 0:
        return np.zeros((rows, horizon))
    flat = features.reshape(-1, width)
    reach = _reach(unit, horizon)
    said = np.zeros((rows, horizon))
    for layer in learner.layers:
        said += layer.predict(flat).reshape(rows, horizon) * reach
    for place, forest in enumerate(learner.forests):
        own = base[place % len(base)]
        said += own - base[0] + forest.predict(flat).reshape(rows, horizon) * reach
    return np.asarray(said / (len(learner.layers) + len(learner.forests)))


@dataclass(frozen=True, slots=True)
class Trial:
    """Out-of-time forecasts of past origins: rows of the lesson, the share of the correction to
    use, and the forecast with it [rows × horizon]."""

    rows: NDArray[np.intp]
    shrink: float
    forecast: Floats


def trial(lesson: Lesson, horizon: int, folds: int, seed: int) -> Trial:
    """Fold k (1 = newest) is forecast by a learner that saw only answers known at its origin."""
    rows: list[NDArray[np.intp]] = []
    added: list[Floats] = []
    for k in range(1, folds + 1):
        here = np.flatnonzero(lesson.offset == k * horizon)
        if here.size == 0:
            continue
        known = lesson.where(lesson.offset >= (k + 1) * horizon)
        learner = fit(known, seed, repeats=1, quick=folds == 1)
        seen, base = lesson.features[here], lesson.base[:, here]
        rows.append(here)
        added.append(correction(learner, seen, base, lesson.unit[here]))
    if not rows:
        return Trial(np.empty(0, np.intp), 0.0, np.empty((0, horizon)))
    chosen, more = np.concatenate(rows), np.concatenate(added)
    first, truth, unit = lesson.base[0, chosen], lesson.truth[chosen], lesson.unit[chosen]
    share = SHARE if _serves(first, first + SHARE * more, truth, unit) else 0.0
    return Trial(chosen, share, first + share * more)


def _serves(plain: Floats, taught: Floats, truth: Floats, unit: Floats) -> bool:
    """Whether the correction did not clearly harm at past origins.

    A trial of one or two horizons is too noisy a judge to choose a share by, so it may only veto.
    """
    before, after = np.abs(plain - truth), np.abs(taught - truth)
    harm = (after - before).mean(axis=1) / (before.mean() + 1e-12)
    harm += (after - before).mean(axis=1) / unit / ((before.mean(axis=1) / unit).mean() + 1e-12)
    return bool(harm.mean() <= VETO * harm.std() / np.sqrt(harm.size))
