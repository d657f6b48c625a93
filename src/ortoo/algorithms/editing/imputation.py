"""Imputation 插补: an estimate for what was not said, never mistaken for a statement.

Every imputed cell keeps its method, its donor or the number of respondents behind it, and the
original. A missing price is estimated from the matched change of its class (CPI Manual 2020,
ch. 6: targeted mean of matched relatives); it is carried forward only where the caller says that
the price is regulated. Values are int64 in minor units (fen), `MISSING` where nothing was said.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ortoo.algorithms.editing.judgement import Flags, Floats, Ints
from ortoo.algorithms.rollup import MISSING

Whole = NDArray[np.integer[Any]]
Mean = Literal["ratio", "geometric"]


class Method(IntEnum):
    """Where a value comes from. `REPORTED`: the original stands; `NONE`: nobody could say."""

    REPORTED = 0
    NONE = 1
    FORWARD = 2
    """Its own earlier value times the class's change since."""
    BACKWARD = 3
    """Its own later value times the class's change back."""
    CLASS = 4
    """An auxiliary value times the class's value per unit of it."""
    SEASONAL = 5
    """Its own value a year ago times the class's change over the year."""
    PROFILE = 6
    """Its own earlier value times the usual change into this season."""
    DONOR = 7
    """The value of the nearest respondent under the edits."""
    CARRIED = 8
    """Its own earlier value, a regulated price."""


@dataclass(frozen=True, slots=True)
class Imputed:
    """One entry a cell: `value` (MISSING where `NONE`), `method`, `original`.

    `donor`: position of the donor, −1 without one. `support`: respondents behind the estimate.
    """

    value: Ints
    method: NDArray[np.uint8]
    original: Ints
    donor: Ints
    support: Ints


def reported(original: Ints) -> Imputed:
    """Nothing imputed yet."""
    method = np.where(original == MISSING, Method.NONE, Method.REPORTED).astype(np.uint8)
    none = np.full(len(original), -1, dtype=np.int64)
    return Imputed(original.copy(), method, original, none, np.zeros_like(original))


def filled(
    original: Ints,
    estimate: Floats,
    method: Method,
    *,
    donor: Ints | None = None,
    support: Ints | None = None,
) -> Imputed:
    """Estimates (NaN for none) put where the original is missing, rounded to the minor unit."""
    base = reported(original)
    rows = np.flatnonzero((original == MISSING) & np.isfinite(estimate))
    base.value[rows] = np.rint(estimate[rows]).astype(np.int64)
    base.method[rows] = method
    if donor is not None:
        base.donor[rows] = donor[rows]
    if support is not None:
        base.support[rows] = support[rows]
    return base


def first_available(*attempts: Imputed) -> Imputed:
    """Each cell from the first attempt that says something; all of the same originals."""
    if not attempts:
        raise ValueError("no attempt was given")
    found = attempts[0]
    for other in attempts[1:]:
        if not np.array_equal(found.original, other.original):
            raise ValueError("the attempts are of different originals")
        empty = found.method == Method.NONE
        found = Imputed(
            np.where(empty, other.value, found.value),
            np.where(empty, other.method, found.method),
            found.original,
            np.where(empty, other.donor, found.donor),
            np.where(empty, other.support, found.support),
        )
    return found


def matched(
    original: Ints,
    predictor: Ints,
    klass: Whole,
    method: Method = Method.FORWARD,
    *,
    mean: Mean = "ratio",
    usable: Flags | None = None,
    least: int = 1,
) -> Imputed:
    """predictor × Σ value / Σ predictor over the class's respondents that have both 比率均值插补.

    What the predictor is makes the method: the unit's earlier value (`FORWARD`), later value
    (`BACKWARD`), value a year ago (`SEASONAL`) or an auxiliary (`CLASS`). `geometric` takes the
    mean of log relatives instead, which suits prices. `usable` [n] leaves doubtful values out;
    only pairs above zero count. A class with fewer than `least` pairs says nothing: a firm alone
    in its class is not carried forward.
    """
    pair = (original != MISSING) & (predictor != MISSING) & (original > 0) & (predictor > 0)
    if usable is not None:
        pair &= usable
    classes = int(klass.max()) + 1 if len(klass) else 0
    here = klass[pair]
    support = np.bincount(here, minlength=classes).astype(np.int64)
    now, before = original[pair].astype(np.float64), predictor[pair].astype(np.float64)
    link = np.full(classes, np.nan)
    enough = support >= max(least, 1)
    if mean == "geometric":
        total = np.bincount(here, np.log(now / before), minlength=classes)
        link[enough] = np.exp(total[enough] / support[enough])
    else:
        over = np.bincount(here, now, minlength=classes)
        link[enough] = over[enough] / np.bincount(here, before, minlength=classes)[enough]
    known = (predictor != MISSING) & (predictor >= 0)
    estimate = np.where(known, predictor, np.nan) * link[klass]
    return filled(original, estimate, method, support=support[klass])


def by_profile(original: Ints, before: Ints, usual_log: ArrayLike) -> Imputed:
    """The earlier value times exp(`usual_log`), the usual move into this season (NaN unknown).

    For a class in which nobody can be asked: all of it is out of season or shut.
    """
    known = (before != MISSING) & (before > 0)
    estimate = np.where(known, before, np.nan) * np.exp(np.asarray(usual_log, np.float64))
    return filled(original, estimate, Method.PROFILE)


def carried(original: Ints, before: Ints, regulated: Flags) -> Imputed:
    """The earlier value again, only where the price is regulated 政府定价."""
    stays = regulated & (before != MISSING)
    return filled(original, np.where(stays, before, np.nan), Method.CARRIED)
