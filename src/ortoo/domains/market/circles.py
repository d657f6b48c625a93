"""Peers' statistics of every item at once: a circle's prices in, one row of statistics an item out.

The same numbers as `kernel.forms.peers.statistics`, one column at a time; a test pins the two
together. Measured with 600 respondents: 1 ms a circle of 46 items against 6.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ortoo.algorithms.rollup import MISSING, Ints
from ortoo.kernel.forms.peers import PeerStatistics

# Behind every price when sorted, and small enough to be doubled.
_BEHIND = np.int64(2**61)


def column_statistics(prices: Ints, *, level: str, place: str) -> tuple[PeerStatistics, ...]:
    """Count, 2·median and 4·MAD of each column of `prices` [respondents × items], MISSING left out.

    Exact in integer minor units; a column without a price gives zeros.
    """
    known = prices != MISSING
    counts = known.sum(axis=0)
    ordered = np.sort(np.where(known, prices, _BEHIND), axis=0)
    median2 = _median2(ordered, counts)
    far = np.where(ordered == _BEHIND, _BEHIND, np.abs(2 * ordered - median2))
    mad4 = _median2(np.sort(far, axis=0), counts)
    return tuple(
        PeerStatistics(level, place, count, middle, spread)
        for count, middle, spread in zip(
            counts.tolist(), median2.tolist(), mad4.tolist(), strict=True
        )
    )


def _median2(ordered: Ints, counts: NDArray[np.intp]) -> Ints:
    """Twice the median of the first `counts` values of each sorted column; 0 of none."""
    if not len(ordered):
        return np.zeros(len(counts), np.int64)
    upper = counts // 2
    lower = np.maximum(upper - (1 - counts % 2), 0)
    upper = np.minimum(upper, len(ordered) - 1)
    columns = np.arange(len(counts))
    found: Ints = np.where(counts > 0, ordered[upper, columns] + ordered[lower, columns], 0)
    return found
