"""The global learner: what all series' past origins add to the structural forecast.

Mean of boosted trees and of a ridge on random hidden units, fitted to the structural forecast's
error in units of a random walk's.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ortoo.algorithms.forecasting import boosting, hidden

Floats = NDArray[np.float64]
LEAST_ROWS = 2000
SHRINKS = (0.0, 0.25, 0.5, 0.75, 1.0)
UNITS = 300
OPTIONS = boosting.Options(trees=250, depth=6, rate=0.05, rows=0.2, columns=0.4, ridge=10.0)


@dataclass(frozen=True, slots=True)
class Lesson:
    """Rows to learn from: features [rows × horizon × features], the structural forecast and the
    truth [rows × horizon] on the working scale, the usual step [rows], the offset [rows]."""

    features: Floats
    base: Floats
    truth: Floats
    unit: Floats
    offset: NDArray[np.intp]

    def where(self, rows: NDArray[np.bool_]) -> Lesson:
        """The chosen rows."""
        return Lesson(
            self.features[rows],
            self.base[rows],
            self.truth[rows],
            self.unit[rows],
            self.offset[rows],
        )


def _reach(unit: Floats, horizon: int) -> Floats:
    """Size of a usual error: a random walk's."""
    return np.asarray(unit[:, None] * np.sqrt(np.arange(1, horizon + 1)))


@dataclass(frozen=True, slots=True)
class Learner:
    """Trees and hidden units, heard equally."""

    trees: boosting.Forest
    layer: hidden.Layer


def fit(lesson: Lesson, seed: int) -> Learner | None:
    """A learner of all rows; None where there is too little to learn from."""
    rows, horizon, width = lesson.features.shape
    if rows * horizon < LEAST_ROWS:
        return None
    reach = _reach(lesson.unit, horizon)
    target = ((lesson.truth - lesson.base) / reach).ravel()
    # The fourth root keeps restless series from ruling and quiet ones from being forgotten.
    size = np.minimum(reach, np.quantile(reach, 0.99)) ** 0.25
    weight = (size / size.mean()).ravel()
    flat = lesson.features.reshape(-1, width)
    trees = boosting.fit(flat, target, weight, replace(OPTIONS, seed=seed))
    return Learner(trees, hidden.fit(flat, target, weight, UNITS, seed))


def correction(learner: Learner | None, features: Floats, unit: Floats) -> Floats:
    """What the learner adds, on the working scale: [rows × horizon]."""
    rows, horizon, width = features.shape
    if learner is None or rows == 0:
        return np.zeros((rows, horizon))
    flat = features.reshape(-1, width)
    found = 0.5 * (learner.trees.predict(flat) + learner.layer.predict(flat))
    return np.asarray(found.reshape(rows, horizon) * _reach(unit, horizon))


@dataclass(frozen=True, slots=True)
class Trial:
    """Out-of-time forecasts of past origins: rows of the lesson, the share of the correction that
    served best, and the forecast with it [rows × horizon]."""

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
        learner = fit(lesson.where(lesson.offset >= (k + 1) * horizon), seed)
        rows.append(here)
        added.append(correction(learner, lesson.features[here], lesson.unit[here]))
    if not rows:
        return Trial(np.empty(0, np.intp), 0.0, np.empty((0, horizon)))
    chosen, more = np.concatenate(rows), np.concatenate(added)
    base, truth, unit = lesson.base[chosen], lesson.truth[chosen], lesson.unit[chosen]
    losses = [_loss(base + share * more, truth, unit) for share in SHRINKS]
    best = SHRINKS[int(np.argmin(losses))]
    if best > 0:
        # A few folds are a noisy judge: half-way to one half.
        best = 0.5 * (best + 0.5)
    return Trial(chosen, best, base + best * more)


def _loss(forecast: Floats, truth: Floats, unit: Floats) -> float:
    """Working-scale error and error in usual steps, each in units of its own size: as OWA does."""
    error = np.abs(forecast - truth)
    size = np.abs(truth - truth.mean(axis=1, keepdims=True)).mean() + 1e-12
    return float(error.mean() / size + (error / unit[:, None]).mean() / 10)
