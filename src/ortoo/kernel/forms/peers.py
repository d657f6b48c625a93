"""What the peers say of one item: exact robust statistics in integer minor units.

median = median2/2, MAD = mad4/4. The score of a value x is
0.6745·|x − median| / max(MAD, median/50): the floor keeps an item whose peers all charge the
same from either dividing by zero (others then never flag anything) or flagging every cent.
Source of the modified z-score: Iglewicz and Hoaglin (1993); the floor of 2 % is our choice.

Fewer than `MIN_PEERS` peers say nothing: the next level up is asked instead and named.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

MIN_PEERS = 5
SCORE_NUM, SCORE_DEN = 6745, 10_000
FLOOR_DEN = 50


@dataclass(frozen=True, slots=True)
class PeerStatistics:
    """Peers of one item at one level. `median2` = 2·median, `mad4` = 4·MAD (minor units)."""

    level: str
    place: str
    count: int
    median2: int
    mad4: int

    @property
    def spread100(self) -> int:
        """100·max(MAD, median/50)."""
        return max(25 * self.mad4, self.median2)


@dataclass(frozen=True, slots=True)
class PeerTable:
    """For every measure and item, the statistics of each level, nearest level first."""

    rows: Mapping[tuple[str, str], tuple[PeerStatistics, ...]]

    def choose(
        self, measure: str, item: str, levels: tuple[str, ...], first: str
    ) -> PeerStatistics | None:
        """The nearest level from `first` up that has enough peers."""
        found = {peers.level: peers for peers in self.rows.get((measure, item), ())}
        for level in levels[levels.index(first) :]:
            peers = found.get(level)
            if peers is not None and peers.count >= MIN_PEERS:
                return peers
        return None


def statistics(values: Iterable[int], *, level: str, place: str) -> PeerStatistics:
    """Median and MAD of integers, doubled so that they stay integers. Empty: zeros, count 0."""
    ordered = sorted(values)
    if not ordered:
        return PeerStatistics(level, place, 0, 0, 0)
    median2 = _median2(ordered)
    mad4 = _median2(sorted(abs(2 * value - median2) for value in ordered))
    return PeerStatistics(level, place, len(ordered), median2, mad4)


def _median2(ordered: list[int]) -> int:
    middle = len(ordered) // 2
    return ordered[middle] + ordered[middle - (1 - len(ordered) % 2)]
