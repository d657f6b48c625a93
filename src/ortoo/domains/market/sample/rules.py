"""Decisions about a sample: membership by period, what a nomination may ask, who rotates. Pure."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from ortoo.kernel.forms.periods import Period

LEAVE, JOIN = "leave", "join"
KINDS: Mapping[str, str] = {
    "replace": "补换",
    "add": "增补",
    "remove": "移出",
    "rotate": "轮换",
    "merge": "承继",
}
_DAY = dt.timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with a nomination: stable code, sentence, remedy."""

    code: str
    message: str
    remedy: str


@dataclass(frozen=True, slots=True)
class Move:
    """One firm leaves or joins. Moves of one `pair` replace each other."""

    party: str
    move: str
    pair: int
    stratum: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Tenure:
    """One stay of a firm in a list: first and last day, ISO; `last` "" while it lasts."""

    party: str
    first: str
    last: str
    seq: int = 0

    def on(self, day: dt.date) -> bool:
        return self.first <= day.isoformat() and (not self.last or day.isoformat() <= self.last)

    def within(self, period: Period) -> bool:
        """Whether it is in the sample of a period: its stay meets some day of it."""
        if self.last and self.last < self.first:
            return False
        return self.first <= period.end.isoformat() and (
            not self.last or self.last >= period.start.isoformat()
        )


def members_in(tenures: Iterable[Tenure], period: Period) -> frozenset[str]:
    """The sample of a period."""
    return frozenset(tenure.party for tenure in tenures if tenure.within(period))


def nomination_faults(
    kind: str, moves: Sequence[Move], members: frozenset[str], known: frozenset[str]
) -> list[Fault]:
    """What a nomination asks that cannot be: `members` of the list at the effective period,
    `known` registered enterprises inside the nominating bureau's places."""
    found: list[Fault] = []
    if not moves:
        found.append(Fault("SAMPLE-EMPTY", "推荐没有写明任何席位。", "请写明移出或进入的企业。"))
    twice = [party for party, count in Counter(m.party for m in moves).items() if count > 1]
    found += [
        Fault("SAMPLE-TWICE", f"企业 {party} 写了两次。", "一家企业在一件推荐中只写一次。")
        for party in twice
    ]
    for one in moves:
        found += _move_faults(one, members, known)
    return found + _pair_faults(kind, moves)


def _move_faults(one: Move, members: frozenset[str], known: frozenset[str]) -> list[Fault]:
    if one.party not in known:
        return [
            Fault(
                "SAMPLE-OUTSIDE",
                f"「{one.party}」不是本单位范围内已登记的企业。",
                "请从候选企业中选择；尚未登记的，先登记主体。",
            )
        ]
    if one.move == LEAVE and one.party not in members:
        return [Fault("SAMPLE-NOT-MEMBER", f"{one.party} 届时不在名录中。", "请核对生效期。")]
    if one.move == JOIN and one.party in members:
        return [Fault("SAMPLE-MEMBER", f"{one.party} 届时已在名录中。", "请选择其他企业。")]
    return []


def _pair_faults(kind: str, moves: Sequence[Move]) -> list[Fault]:
    """Replacements, rotations and successions come in pairs of one that leaves and one that joins.

    Additions only join and removals only leave.
    """
    leaving = Counter(m.pair for m in moves if m.move == LEAVE)
    joining = Counter(m.pair for m in moves if m.move == JOIN)
    if kind in ("replace", "rotate", "merge"):
        # 承继: the successor may be in the list already; then the seat ends.
        fewest = 0 if kind == "merge" else 1
        if any(leaving[p] != 1 or not fewest <= joining[p] <= 1 for p in leaving | joining):
            return [
                Fault(
                    "SAMPLE-PAIR",
                    f"{KINDS[kind]}须一家移出对应一家进入。",
                    "请补齐每一组；只移出或只进入的，另报“移出”或“增补”。",
                )
            ]
        return []
    unwanted = leaving if kind == "add" else joining
    if unwanted:
        return [
            Fault("SAMPLE-KIND", f"「{KINDS[kind]}」方向不符。", "既有移出又有进入的报“补换”。")
        ]
    return []


def changed_rows(
    tenures: Iterable[Tenure], moves: Sequence[Move], period: Period
) -> list[list[str]]:
    """Rows [party, first, last] of the K-LIST filing that carries a decision out.

    Boundaries are the period's own: who leaves was last in the period before, who joins is in from
    the first day of this one.
    """
    leaving = {m.party for m in moves if m.move == LEAVE}
    last = (period.start - _DAY).isoformat()
    rows = [[t.party, t.first, last] for t in tenures if t.party in leaving and t.within(period)]
    joining = [[m.party, period.start.isoformat(), ""] for m in moves if m.move == JOIN]
    return [*rows, *joining]


@dataclass(frozen=True, slots=True)
class Seat:
    """What rotation looks at: how long a firm has served, where, and whether it must stay."""

    party: str
    place: str
    since: str
    take_all: bool = False
    claimed: bool = False
    stratum: str = ""


@dataclass(frozen=True, slots=True)
class Rotation:
    """A draft: pairs (leaves, joins), and the firms that would leave but for whom nobody is."""

    pairs: tuple[tuple[str, str], ...]
    unpaired: tuple[str, ...]


def rotation(
    seats: Sequence[Seat],
    candidates: Sequence[Seat],
    overlap_percent: int,
) -> Rotation:
    """Longest-serving first, take-all kept, so that at least `overlap_percent` of all seats stay.

    A candidate replaces a firm of its own stratum, or of its own place where no strata are; the
    choice among candidates is by code, so that the same frame gives the same draft.
    """
    if not 0 <= overlap_percent <= 100:
        raise ValueError("overlap is a percentage")
    most = len(seats) * (100 - overlap_percent) // 100
    turning = sorted(
        (seat for seat in seats if not seat.take_all and not seat.claimed),
        key=lambda seat: (seat.since, seat.party),
    )[:most]
    free = sorted((one for one in candidates if not one.claimed), key=lambda one: one.party)
    pairs: list[tuple[str, str]] = []
    unpaired: list[str] = []
    for seat in turning:
        like = next((one for one in free if _alike(seat, one)), None)
        if like is None:
            unpaired.append(seat.party)
        else:
            free.remove(like)
            pairs.append((seat.party, like.party))
    return Rotation(tuple(pairs), tuple(unpaired))


def _alike(seat: Seat, other: Seat) -> bool:
    if seat.stratum and other.stratum:
        return seat.stratum == other.stratum
    return seat.place == other.place
