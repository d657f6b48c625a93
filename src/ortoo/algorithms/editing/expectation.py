"""What each cell was expected to hold: the firm's own past carried along with its class.

Prediction from an earlier period = that value × the class's matched movement since. Two witnesses
are kept, the last period and the median over all earlier ones: a value near either is ordinary, so
that neither a slip of last week nor a lasting new level accuses the quote after it. Without a past
the class's own level stands in. All in natural logarithms; zero and below are no quotes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ortoo.algorithms.editing.judgement import Floats, Ints
from ortoo.algorithms.rollup import MISSING

Whole = NDArray[np.integer[Any]]
LEAST_CLASS = 8
LEAST_RESIDUALS = 20
# Nine in ten of Student's t with three degrees of freedom lie within 2.353 of its scale.
_NINE_TENTHS = 2.353
_APART = 0.1


@dataclass(frozen=True, slots=True, eq=False)
class Column:
    """One measure: `now` [firms × items] and `earlier` [periods × firms × items], newest first.

    int64 minor units, `MISSING` where nothing was said or the firm was not there.
    """

    now: Ints
    earlier: Ints


@dataclass(frozen=True, slots=True, eq=False)
class Expected:
    """[firms × items]. `log`: what was expected, NaN unknown; `gap`: ln value − expected, by the
    nearer witness; `spread`: usual size of the gap; `own`: from the firm's own past."""

    log: Floats
    gap: Floats
    spread: Floats
    own: NDArray[np.bool_]


def logs(values: Ints) -> Floats:
    """ln of positive values, NaN elsewhere."""
    good = (values > 0) & (values != MISSING)
    found: Floats = np.where(good, np.log(np.where(good, values, 1)), np.nan)
    return found


def column_median(values: Floats) -> tuple[Floats, Ints]:
    """(median, number) of each column [… × items] over the first axis, NaN left out."""
    if not values.shape[0]:
        empty = np.full(values.shape[1:], np.nan)
        return empty, np.zeros(values.shape[1:], np.int64)
    known = ~np.isnan(values)
    count = known.sum(axis=0)
    ordered = np.sort(np.where(known, values, np.inf), axis=0)
    low = np.maximum(count - 1, 0) // 2
    high = np.minimum(count // 2, len(values) - 1)
    pair = [np.take_along_axis(ordered, at[None], axis=0)[0] for at in (low, high)]
    with np.errstate(invalid="ignore"):
        middle = np.where(count > 0, (pair[0] + pair[1]) / 2, np.nan)
    return middle, count.astype(np.int64)


def by_class(values: Floats, group: Whole, least: int = LEAST_CLASS) -> Floats:
    """[firms × items] median of each firm's class; of everyone where the class has under `least`.

    NaN where nobody has a value.
    """
    whole, _ = column_median(values)
    found = np.broadcast_to(whole, values.shape).copy()
    for number in np.unique(group):
        rows = np.flatnonzero(group == number)
        middle, count = column_median(values[rows])
        found[rows] = np.where(count >= least, middle, found[rows])
    return found


def expect(column: Column, group: Whole, *, floor: float) -> Expected:
    """What `column.now` was expected to be. `group` [firms]: the class, from 0; `floor`: least
    spread. Exact repeats of the same arrays give the same floats."""
    now, earlier = logs(column.now), logs(column.earlier)
    carried = (
        np.stack([before + by_class(now - before, group) for before in earlier])
        if len(earlier)
        else earlier
    )
    middle, count = column_median(carried)
    last = carried[0] if len(carried) else np.full(now.shape, np.nan)
    last_near = np.nan_to_num(np.abs(now - last), nan=np.inf)
    # One earlier period is one witness, whichever it was.
    many_near = np.nan_to_num(np.abs(now - middle), nan=np.inf)
    log = np.where(last_near <= many_near, last, middle)
    own = count > 0
    level = by_class(now, group, 3)
    log = np.where(own, np.where(np.isnan(log), middle, log), level)
    gap = now - log
    spread = residual_spread(np.where(own, gap, np.nan), floor) * _care(np.where(own, gap, np.nan))
    # Without a past a firm is only as strange as firms differ among themselves.
    apart = residual_spread(now - level, np.maximum(floor, _APART))
    return Expected(log, gap, np.where(own, np.maximum(spread, floor), apart), own)


def _care(gap: Floats) -> Floats:
    """[firms × 1] how much wider or narrower a firm's own gaps are than everyone's, ½ … 2: some
    count their stock, some round it."""
    size = np.abs(gap)
    everyone, _ = column_median(size)
    firm, count = column_median((size / np.where(everyone > 0, everyone, np.nan)).T)
    found = np.where(count >= LEAST_CLASS, np.clip(firm, 0.5, 2.0), 1.0)
    return np.asarray(found, np.float64)[:, None]


def residual_spread(gap: Floats, floor: float) -> Floats:
    """[items] scale by which nine in ten gaps of the item are ordinary; all items' where few."""
    size = np.abs(gap)
    known = ~np.isnan(size)
    pooled = float(np.quantile(size[known], 0.9)) if known.any() else floor * _NINE_TENTHS
    found = np.full(gap.shape[1], pooled)
    ordered = np.sort(np.where(known, size, np.inf), axis=0)
    count = known.sum(axis=0)
    enough = np.flatnonzero(count >= LEAST_RESIDUALS)
    at = np.floor(0.9 * (count[enough] - 1)).astype(np.int64)
    found[enough] = ordered[at, enough]
    result: Floats = np.maximum(found / _NINE_TENTHS, floor)
    return result
