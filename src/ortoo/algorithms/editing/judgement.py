"""Why a value was or was not judged: the same words for every method of editing."""

from __future__ import annotations

from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
States = NDArray[np.uint8]


class Judgement(IntEnum):
    """What became of one value. Only `JUDGED` values can be flagged by a score."""

    JUDGED = 0
    FIRST = 1
    """No earlier quote of this series."""
    GAP = 2
    """The earlier quote is too old to compare with."""
    NOT_POSITIVE = 3
    """Zero or below: no quote of a price; a relative to it means nothing."""
    TOO_FEW = 4
    """The cell has too few values to say what is usual."""
    MISSING = 5
    """Nothing was said."""


def states(count: int, state: Judgement = Judgement.JUDGED) -> States:
    """An array of one judgement."""
    return np.full(count, state, dtype=np.uint8)
