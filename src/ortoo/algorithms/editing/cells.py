"""Exact medians of integers by cell: one sort of (cell, value) keys packed into 64 bits.

A median of integers may lie halfway between two; it is returned doubled and stays an integer.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Whole = NDArray[np.integer[Any]]
Ints = NDArray[np.int64]
_HALF = np.int64(1) << 31


@dataclass(frozen=True, slots=True)
class Spread:
    """Robust place and spread of each cell, [cells]. median = median2/2, MAD = mad4/4."""

    count: Ints
    median2: Ints
    mad4: Ints


def medians2(values: Whole, cell: Whole, cells: int) -> tuple[Ints, Ints]:
    """(count, 2·median) of each cell, int64 [cells]; 0 where a cell is empty.

    `values` lie in ±2³¹ (ValueError beyond), `cell` in 0 … cells − 1; both [n].
    """
    values = np.asarray(values)
    if values.size and (int(values.max()) >= _HALF or int(values.min()) < -_HALF):
        raise ValueError("a value lies outside ±2³¹")
    count = np.bincount(cell, minlength=cells).astype(np.int64)
    key = (np.asarray(cell, dtype=np.int64) << 32) + (values + _HALF)
    key.sort()
    found = np.zeros(cells, dtype=np.int64)
    full = np.flatnonzero(count)
    first = np.cumsum(count)[full] - count[full]
    low, high = first + (count[full] - 1) // 2, first + count[full] // 2
    mask = np.int64(0xFFFFFFFF)
    found[full] = (key[low] & mask) + (key[high] & mask) - 2 * _HALF
    return count, found


def spreads(values: Whole, cell: Whole, cells: int) -> Spread:
    """Count, median and median absolute deviation of each cell. Values in ±2³⁰."""
    values = np.asarray(values, dtype=np.int64)
    count, median2 = medians2(values, cell, cells)
    _, mad4 = medians2(np.abs(2 * values - median2[cell]), cell, cells)
    return Spread(count, median2, mad4)
