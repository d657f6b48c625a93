"""Seasonal robust scores of log price relatives 分季节稳健异常检测.

A cell is item × place × season (the caller numbers them). Its usual move is the median of the
moves, its spread their MAD: the score is 0.6745·|r − median| / max(MAD, floor) (Iglewicz and
Hoaglin 1993), a move is flagged above 3.5.

Unchanged prices score 0 and stand outside the statistics: with 60 to 80 % of quotes flat, a MAD
that counted them would be 0 and every ordinary move an accusation. Where prices hardly ever move
(salt, fuel, other regulated prices), there are no moves to learn from: centre 0 and the floor
hold, so that a jump is seen exactly where a plain MAD of 0 would see nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ortoo.algorithms.editing.cells import Whole, spreads
from ortoo.algorithms.editing.judgement import Flags, Ints, Judgement, States
from ortoo.algorithms.editing.relatives import Relatives

SCORE_NUM, SCORE_DEN = 6745, 10_000


@dataclass(frozen=True, slots=True)
class Limits:
    """What counts as usual. `floor_micro`: smallest spread, 10⁶·ln (5,000 is half a per cent).

    `limit_hundredths`: flag above this score, in hundredths. A cell *moves* with `least_moves`
    moves that are at least `least_moves_percent` of its relatives, and is *still* with
    `least_still` relatives (in 60, no cell that moves 5 % of the time stays still but by a chance
    of 5 %) and fewer moves than that share. Neither: the next wider level is asked; the widest
    judges from `least` relatives on, by the floor where it knows no spread.
    """

    floor_micro: int = 5_000
    limit_hundredths: int = 350
    least: int = 8
    least_moves: int = 5
    least_moves_percent: int = 5
    least_still: int = 60

    def __post_init__(self) -> None:
        if min(self.floor_micro, self.limit_hundredths, self.least, self.least_still) < 1:
            raise ValueError("floor, limit, least and least_still must be positive")


@dataclass(frozen=True, slots=True)
class Usual:
    """What is usual in each cell of a level, [cells]: centre = centre2/2, spread = spread4/4."""

    relatives: Ints
    moves: Ints
    centre2: Ints
    spread4: Ints
    known: Flags


@dataclass(frozen=True, slots=True)
class Sweep:
    """One entry an observation. `score` is NaN where not judged, `state` a `Judgement`.

    `level`: which of the levels judged it, 0 the nearest, −1 none.
    """

    score: NDArray[np.float32]
    flag: Flags
    state: States
    level: NDArray[np.int8]


def sweep(found: Relatives, levels: Sequence[Whole], limits: Limits | None = None) -> Sweep:
    """Score every relative against the moves of its own cell.

    `levels`: cell numbers [n] from 0, nearest first (item × place × season, then item × season):
    a place of one firm is judged by the league. A wider level's statistics are of all its moves,
    the thin cells' and the others'. Flags are decided in integers: the same everywhere.
    """
    limits = limits or Limits()
    if not levels:
        raise ValueError("at least one level of cells is needed")
    judged = found.state == Judgement.JUDGED
    moved = np.flatnonzero(judged & (found.value != 0))
    value = found.value[moved].astype(np.int64)
    level, centre2, spread4 = _by_level(value, moved, judged, levels, limits)
    sure = level[moved] >= 0
    scaled = np.abs(2 * value - centre2) * (2 * SCORE_NUM)
    state = found.state.copy()
    state[judged & (level < 0)] = Judgement.TOO_FEW
    score = np.where(level >= 0, np.float32(0), np.float32(np.nan))
    score[moved[sure]] = scaled[sure] / (SCORE_DEN * spread4[sure])
    flag = np.zeros(len(judged), dtype=np.bool_)
    flag[moved] = sure & (scaled * 100 > spread4 * (limits.limit_hundredths * SCORE_DEN))
    return Sweep(score, flag, state, level)


def _by_level(
    value: Ints, moved: Ints, judged: Flags, levels: Sequence[Whole], limits: Limits
) -> tuple[NDArray[np.int8], Ints, Ints]:
    """(level of every observation, 2·centre and 4·spread of every move), nearest level first."""
    level = np.full(len(judged), -1, dtype=np.int8)
    centre2 = np.zeros(len(moved), dtype=np.int64)
    spread4 = np.ones(len(moved), dtype=np.int64)
    waiting = judged
    for number, cell in enumerate(levels):
        relatives = _counted(cell, judged)
        asked = _counted(cell, waiting) > 0
        heard = asked[cell[moved]]
        widest = number == len(levels) - 1
        usual = usual_moves(value[heard], cell[moved[heard]], relatives, limits, widest=widest)
        level[waiting & usual.known[cell]] = number
        mine = np.flatnonzero(level[moved] == number)
        centre2[mine] = usual.centre2[cell[moved[mine]]]
        spread4[mine] = usual.spread4[cell[moved[mine]]]
        waiting = judged & (level < 0)
        if not waiting.any():
            break
    return level, centre2, spread4


def _counted(cell: Whole, chosen: Flags) -> Ints:
    cells = int(cell.max()) + 1 if len(cell) else 0
    return np.bincount(cell[chosen], minlength=cells).astype(np.int64)


def usual_moves(
    value: Ints, cell: Whole, relatives: Ints, limits: Limits, *, widest: bool = True
) -> Usual:
    """What is usual by cell. `value`, `cell`: the moves; `relatives` [cells]: moves or not."""
    own = spreads(value, cell, len(relatives))
    share = 100 * own.count >= limits.least_moves_percent * relatives
    moving = (own.count >= limits.least_moves) & share
    still = (relatives >= limits.least_still) & ~share
    floor4 = 4 * limits.floor_micro
    return Usual(
        relatives,
        own.count,
        np.where(moving, own.median2, 0),
        np.where(moving, np.maximum(own.mad4, floor4), floor4),
        relatives >= limits.least if widest else moving | still,
    )


def returns_of_spikes(
    found: Relatives, flag: Flags, period: Whole, *, tolerance_micro: int = 50_000
) -> Flags:
    """Flagged moves that only undo the flagged move before them, bool [n].

    A price typed tenfold moves twice: up in its own week, down in the next. The second quote is
    right, and asking the firm about it would be the second injustice. A return is never itself
    a spike for the next one. `tolerance_micro`: how far from cancelling (5 %).
    """
    back = np.zeros(len(flag), dtype=np.bool_)
    candidates = np.flatnonzero(flag)
    for at in candidates[np.argsort(period[candidates], kind="stable")]:
        before = found.previous[at]
        if before < 0 or not flag[before] or back[before]:
            continue
        left = int(found.value[at]) + int(found.value[before])
        back[at] = abs(left) <= tolerance_micro
    return back
