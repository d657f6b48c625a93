"""Peer comparison 同类比较: a firm's price beside those of other firms, nearest level first.

Score = 0.6745·|ln p − median of the others| / max(MAD, floor), logarithms as scaled integers.
The firm itself is left out of the median and the spread it is measured by: in a group of six a
wrong price would otherwise half defend itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ortoo.algorithms.editing.cells import Whole
from ortoo.algorithms.editing.judgement import Flags, Floats, Ints, Judgement, States, states
from ortoo.algorithms.editing.relatives import micro_log
from ortoo.algorithms.editing.seasonal import SCORE_DEN, SCORE_NUM
from ortoo.algorithms.rollup import MISSING

MIN_PEERS = 5
FLOOR_MICRO = 20_000


@dataclass(frozen=True, slots=True)
class Comparison:
    """One entry a price. `level`: which of the levels judged it, −1 none. `peers`: how many others.

    `usual_fen`: the median of the others, NaN where not judged.
    """

    score: Floats
    flag: Flags
    state: States
    level: NDArray[np.int8]
    peers: Ints
    usual_fen: Floats


def compare(
    price_fen: Ints,
    levels: Sequence[Whole],
    *,
    min_peers: int = MIN_PEERS,
    floor_micro: int = FLOOR_MICRO,
    limit: float = 3.5,
) -> Comparison:
    """Compare each price with others of its group. `levels`: groups [n] (item × place × week),
    nearest first; a group with fewer than `min_peers` others hands on to the next. Where no level
    has enough (a one-firm cell), the price is `TOO_FEW` and never flagged.
    """
    count = len(price_fen)
    state = states(count, Judgement.TOO_FEW)
    state[price_fen <= 0] = Judgement.NOT_POSITIVE
    state[price_fen == MISSING] = Judgement.MISSING
    rows = np.flatnonzero(state == Judgement.TOO_FEW)
    log = micro_log(np.where(price_fen > 0, price_fen, 1))[rows].astype(np.int64)
    score, usual = np.full(count, np.nan), np.full(count, np.nan)
    level, peers = np.full(count, -1, np.int8), np.zeros(count, np.int64)
    for number, group in enumerate(levels):
        others2, spread4, size = _others(log, group[rows], floor_micro)
        take = (level[rows] < 0) & (size - 1 >= min_peers)
        at = rows[take]
        level[at], peers[at], state[at] = number, size[take] - 1, Judgement.JUDGED
        score[at] = 2 * SCORE_NUM * np.abs(2 * log[take] - others2[take])
        score[at] /= SCORE_DEN * spread4[take]
        usual[at] = np.exp(others2[take] / 2e6)
    return Comparison(score, np.nan_to_num(score) > limit, state, level, peers, usual)


def _others(log: Ints, group: Whole, floor_micro: int) -> tuple[Ints, Ints, Ints]:
    """(2·median, 4·spread, number with oneself) of the others of each value's group.

    Without oneself a group has at most three medians: for those below its middle, in it, above.
    """
    if not len(log):
        return log, log, log
    centre2, side, size = _median2_of_others(log, group)
    mad4 = np.zeros(len(log), dtype=np.int64)
    for which in range(3):
        mine = side == which
        centre = np.zeros(int(group.max()) + 1, dtype=np.int64)
        centre[group[mine]] = centre2[mine]
        mad4[mine] = _median2_of_others(np.abs(2 * log - centre[group]), group)[0][mine]
    return centre2, np.maximum(mad4, 4 * floor_micro), size


def _median2_of_others(value: Ints, group: Whole) -> tuple[Ints, Ints, Ints]:
    """(2·median without oneself, side of the middle 0/1/2, size of the group) of each value."""
    count = np.bincount(group).astype(np.int64)
    order = np.lexsort((value, group))
    start = (np.cumsum(count) - count)[group]
    rank = np.empty(len(value), np.int64)
    rank[order] = np.arange(len(value))
    rank -= start
    size = count[group]
    ordered, rest = value[order], size - 1

    def other(position: Ints) -> Ints:
        """The value at a position of the group's order, oneself taken out."""
        at = np.clip(position + (position >= rank), 0, size - 1)
        return np.asarray(ordered[start + at], dtype=np.int64)

    middle2 = other(np.maximum(rest - 1, 0) // 2) + other(rest // 2)
    side = np.where(rank < size // 2, 0, np.where((rank == size // 2) & (size % 2 == 1), 1, 2))
    return middle2, side, size
