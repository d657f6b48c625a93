"""How wide errors will be: what all series' past origins add to the structural deviation.

The logarithm of |error| in deviations is learned from the features of the forecast, half by boosted
trees and half by a ridge on random hidden units, and used at half its strength: a deviation says
too little where members disagree or a series has lately grown restless.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ortoo.algorithms.forecasting import boosting, hidden, learner

Floats = NDArray[np.float64]
STRENGTH = 0.5
UNITS = 150
OPTIONS = replace(learner.OPTIONS, trees=60, rate=0.1, huber=1.5)
# In deviations: an exact forecast must not have a logarithm of −∞, nor one slip rule.
LEAST_ERROR, MOST_ERROR = 0.1, 100.0
TINY = 1e-9


def widths(
    lesson: learner.Lesson, deviation: Floats, now: Floats, checked: NDArray[np.intp], seed: int
) -> tuple[Floats, Floats]:
    """Factors of the deviation for `now` [series × horizon × features] and for the checked rows of
    the lesson, each of these from answers known at its origin only; their geometric mean is 1.

    `deviation` [rows × horizon] belongs to the lesson's rows.
    """
    horizon = lesson.truth.shape[1]
    error = np.abs(lesson.truth - lesson.base[0]) / np.maximum(deviation, TINY)
    size = np.log(np.minimum(error, MOST_ERROR) + LEAST_ERROR)
    found = _size(lesson.features, size, now, seed)
    # An origin with too little before it to learn from is neither widened nor narrowed.
    past = np.full((checked.size, horizon), found.mean() if found.size else 0.0)
    for offset in np.unique(lesson.offset[checked]):
        known = lesson.offset >= offset + horizon
        here = lesson.offset[checked] == offset
        if size[known].size >= learner.LEAST_ROWS:
            seen = lesson.features[checked[here]]
            past[here] = _size(lesson.features[known], size[known], seen, seed)
    middle = np.concatenate([found, past]).mean() if found.size + past.size else 0.0
    return np.exp(STRENGTH * (found - middle)), np.exp(STRENGTH * (past - middle))


def _size(features: Floats, size: Floats, asked: Floats, seed: int) -> Floats:
    """Expected log error of `asked` [rows × horizon × features], learned from the rest."""
    rows, horizon, width = asked.shape
    if size.size < learner.LEAST_ROWS or rows == 0:
        return np.full((rows, horizon), size.mean() if size.size else 0.0)
    x, y, usual = features.reshape(-1, width), size.ravel(), size.mean()
    weight, flat = np.ones(y.size), asked.reshape(-1, width)
    forest = boosting.fit(x, y - usual, weight, replace(OPTIONS, seed=seed))
    layer = hidden.fit(x, y - usual, weight, UNITS, seed)
    return np.asarray(usual + 0.5 * (forest.predict(flat) + layer.predict(flat)).reshape(rows, -1))
