"""Log relatives of prices to the last earlier quote of the same series, as scaled integers.

A price is an integer in fen. Its logarithm is kept as round(10⁶·ln p), an integer too: sums,
medians and comparisons are then exact and the same on every machine and in every database.
The rounding is one millionth, a hundredth of a basis point.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ortoo.algorithms.editing.judgement import Judgement, States, states

MICRO = 1_000_000
REACH = 4
NONE = -1
_TABLE = 1 << 20

Micro = NDArray[np.int32]
Whole = NDArray[np.integer[Any]]


@dataclass(frozen=True, slots=True)
class Relatives:
    """One entry an observation, in the order given.

    `value`: 10⁶·ln(price / earlier price), 0 where not judged. `state`: a `Judgement`.
    `previous`: the position of the earlier quote, −1 where there is none.
    """

    value: Micro
    state: States
    previous: NDArray[np.int64]


def micro_log(price: Whole) -> Micro:
    """round(10⁶·ln price), int32; 0 for prices that are not positive (look at them apart).

    Prices below about 10⁶ fen are looked up in a table: a lake holds few distinct prices.
    """
    price = np.asarray(price)
    if not price.size:
        return np.zeros(price.shape, dtype=np.int32)
    top = int(price.max())
    if top < _TABLE and price.size > top:
        every = np.maximum(np.arange(max(top, 0) + 1), 1)
        table = np.rint(np.log(every) * MICRO).astype(np.int32)
        return np.asarray(table[np.maximum(price, 0)], dtype=np.int32)
    return np.asarray(np.rint(np.log(np.maximum(price, 1)) * MICRO), dtype=np.int32)


def log_relatives(price: Whole, series: Whole, period: Whole, *, reach: int = REACH) -> Relatives:
    """Each quote against the last earlier quote of its series, at most `reach` periods back.

    `price` (fen), `series` (0 …) and `period` (running number) are integers [n], in any order; a
    series has at most one value a period, else ValueError. A price of zero or below is no quote:
    it is `NOT_POSITIVE` and the next quote is compared with the one before it. After a longer gap
    the first quote is `GAP` and starts anew.
    """
    price, series, period = np.asarray(price), np.asarray(series), np.asarray(period)
    if not price.shape == series.shape == period.shape:
        raise ValueError("price, series and period must have one shape")
    if not price.size:
        return Relatives(np.zeros(0, np.int32), states(0), np.zeros(0, np.int64))
    if np.all(period[1:] >= period[:-1]):
        return _in_order(price, series, period, reach)
    order = np.argsort(period, kind="stable")
    found = _in_order(price[order], series[order], period[order], reach)
    value, state = np.empty_like(found.value), np.empty_like(found.state)
    previous = np.empty_like(found.previous)
    value[order], state[order] = found.value, found.state
    previous[order] = np.where(found.previous == NONE, NONE, order[found.previous])
    return Relatives(value, state, previous)


def _in_order(price: Whole, series: Whole, period: Whole, reach: int) -> Relatives:
    """One pass a period; the only memory is where each series was last quoted."""
    count = len(price)
    log = micro_log(price)
    last = np.full(int(series.max()) + 1, NONE, dtype=np.int64)
    seen = np.full_like(last, NONE)
    value = np.zeros(count, dtype=np.int32)
    state = states(count, Judgement.FIRST)
    previous = np.full(count, NONE, dtype=np.int64)
    starts = np.flatnonzero(np.r_[True, period[1:] != period[:-1]])
    for start, stop in zip(starts, np.r_[starts[1:], count], strict=True):
        block = slice(start, stop)
        who, here = series[block], np.arange(start, stop)
        seen[who] = here
        if not np.array_equal(seen[who], here):
            raise ValueError(f"a series has two values in period {period[start]}")
        quoted = price[block] > 0
        before = np.where(quoted, last[who], NONE)
        near = (before != NONE) & (period[start] - period[before] <= reach)
        value[block] = np.where(near, log[block] - log[before], 0)
        state[block] = np.select(
            [near, ~quoted, before != NONE],
            [Judgement.JUDGED, Judgement.NOT_POSITIVE, Judgement.GAP],
            Judgement.FIRST,
        )
        previous[block] = before
        last[who[quoted]] = here[quoted]
    return Relatives(value, state, previous)
