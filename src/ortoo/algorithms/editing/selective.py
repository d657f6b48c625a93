"""Selective editing 选择性审核: ask first about what moves the published figure most.

Item score = |design weight × (returned − predicted)| / the domain's estimate: the share of the
published figure that depends on this one answer. The scores of one return are combined by largest,
mean, weighted mean or Minkowski distance; above the domain's threshold it is queried.

Source: Office for National Statistics, Statistical Methods Library, selective editing
specification 1.3 (at most five items combined; Minkowski p ≥ 1).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ortoo.algorithms.editing.judgement import Flags, Floats

How = Literal["largest", "mean", "weighted", "minkowski"]
MOST_ITEMS = 5


@dataclass(frozen=True, slots=True)
class Queue:
    """`order`: positions by falling score, those without a prediction last; ties by `key`."""

    score: Floats
    flag: Flags
    order: NDArray[np.int64]
    unpredicted: Flags


def predicted(previous: ArrayLike, auxiliary: ArrayLike) -> Floats:
    """The previous clean value, else the auxiliary predictor, else NaN."""
    first = np.asarray(previous, dtype=np.float64)
    found: Floats = np.where(np.isnan(first), np.asarray(auxiliary, dtype=np.float64), first)
    return found


def item_scores(
    returned: ArrayLike, expected: ArrayLike, weight: ArrayLike, standard: ArrayLike
) -> Floats:
    """|weight × (returned − expected)| / standard, NaN where a value is missing.

    All broadcast to one shape. `standard` is the domain's estimate; ValueError if it is not above
    zero, as no share of nothing can be taken. Weights must not be negative.
    """
    scale, load = np.asarray(standard, dtype=np.float64), np.asarray(weight, dtype=np.float64)
    if np.any(~(scale > 0)):
        raise ValueError("the standardising factor must be above zero")
    if np.any(load < 0):
        raise ValueError("a design weight is negative")
    gap = np.asarray(returned, dtype=np.float64) - np.asarray(expected, dtype=np.float64)
    score: Floats = np.abs(load * gap) / scale
    return score


def combined(
    scores: Floats, how: How = "largest", *, weights: ArrayLike | None = None, power: float = 2.0
) -> Floats:
    """One score a return from [n × items] (at most five). An item without a score is left out.

    `weighted` divides by the weights of the items present. NaN where no item has a score.
    """
    if scores.ndim != 2 or not 1 <= scores.shape[1] <= MOST_ITEMS:
        raise ValueError(f"scores must be [n × 1 … {MOST_ITEMS}]")
    there = ~np.isnan(scores)
    some = there.any(axis=1)
    filled = np.where(there, scores, 0.0)
    if how == "largest":
        found = filled.max(axis=1)
    elif how == "minkowski":
        if power < 1:
            raise ValueError("the Minkowski power must be at least 1")
        top = np.maximum(filled.max(axis=1), np.finfo(float).tiny)
        found = top * ((filled / top[:, None]) ** power).sum(axis=1) ** (1 / power)
    else:
        share = np.ones(scores.shape[1]) if how == "mean" else np.asarray(weights, np.float64)
        if share.shape != (scores.shape[1],) or np.any(~(share > 0)):
            raise ValueError("one weight above zero an item is needed")
        total = np.maximum((share * there).sum(axis=1), np.finfo(float).tiny)
        found = (filled * share).sum(axis=1) / total
    result: Floats = np.where(some, found, np.nan)
    return result


def queue(score: Floats, threshold: ArrayLike, key: ArrayLike | None = None) -> Queue:
    """Flag scores above the domain's threshold ([n] or scalar) and order by effect.

    `key` [n] breaks ties, so that the order does not depend on how the rows came in.
    """
    unpredicted = np.isnan(score)
    flag = np.zeros(len(score), np.bool_)
    limit = np.broadcast_to(np.asarray(threshold, dtype=np.float64), score.shape)
    flag[~unpredicted] = score[~unpredicted] > limit[~unpredicted]
    ties = np.arange(len(score)) if key is None else np.asarray(key)
    order = np.lexsort((ties, np.where(unpredicted, np.inf, -score)))
    return Queue(score, flag, order.astype(np.int64), unpredicted)


def captured(order: NDArray[np.int64], correction: ArrayLike, share: float) -> float:
    """Part of all correction made in the first `share` of the queue; 1.0 where there is none.

    `correction`: |weight × (returned − true)| once known. What a queue is worth.
    """
    amount = np.abs(np.asarray(correction, dtype=np.float64))
    total = float(amount.sum())
    taken = order[: int(np.ceil(share * len(order)))]
    return float(amount[taken].sum()) / total if total > 0 else 1.0
