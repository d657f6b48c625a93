"""Rules of the sample by themselves: membership by period, rotation, what a nomination may ask."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ortoo.domains.market.sample.rules import (
    Move,
    Seat,
    Tenure,
    changed_rows,
    members_in,
    nomination_faults,
    rotation,
)
from ortoo.domains.market.sample.seats import claimed_by
from ortoo.kernel.forms.periods import week
from ortoo.kernel.threads.procedure import ThreadLine

WEEK = week(dt.date(2026, 11, 21))
letters = st.sampled_from("ABCDEFGHIJ")


@given(st.sets(letters, min_size=1), st.sets(letters))
def test_a_change_moves_just_the_named_firms_and_just_from_its_period(
    inside: set[str], asked: set[str]
) -> None:
    stays = [Tenure(party, "2026-01-03", "") for party in sorted(inside)]
    leaving, joining = asked & inside, asked - inside
    moves = [Move(p, "leave", 1) for p in leaving] + [Move(p, "join", 1) for p in joining]
    rows = {(p, first): last for p, first, last in changed_rows(stays, moves, WEEK)}
    after = [Tenure(s.party, s.first, rows.get((s.party, s.first), s.last)) for s in stays]
    after += [Tenure(p, first, last) for (p, first), last in rows.items() if p in joining]
    assert members_in(after, WEEK) == (inside - leaving) | joining
    assert members_in(after, WEEK.previous()) == inside


def test_a_firm_that_joined_and_left_in_one_period_was_never_in_the_sample() -> None:
    stay = Tenure("A", "2026-11-21", "2026-11-20")
    assert members_in([stay], WEEK) == frozenset()
    assert members_in([stay], WEEK.previous()) == frozenset()


seats = st.lists(
    st.builds(
        Seat,
        party=st.text("ABCDEF0123456789", min_size=4, max_size=4),
        place=st.sampled_from(["p", "q"]),
        since=st.dates(dt.date(2020, 1, 1), dt.date(2026, 1, 1)).map(str),
        take_all=st.booleans(),
        claimed=st.booleans(),
    ),
    max_size=20,
    unique_by=lambda seat: seat.party,
)


@given(seats, seats, st.integers(0, 100))
def test_a_rotation_keeps_its_overlap_its_take_all_firms_and_its_places(
    present: list[Seat], free: list[Seat], overlap: int
) -> None:
    draft = rotation(present, free, overlap)
    leaving = [old for old, _ in draft.pairs] + list(draft.unpaired)
    assert len(present) - len(leaving) >= len(present) * overlap / 100
    by_party, others = {s.party: s for s in present}, {s.party: s for s in free}
    assert not any(by_party[p].take_all or by_party[p].claimed for p in leaving)
    assert len({new for _, new in draft.pairs}) == len(draft.pairs)
    assert all(by_party[old].place == others[new].place for old, new in draft.pairs)
    movable = [s for s in present if not (s.take_all or s.claimed)]
    staying = [s.since for s in movable if s.party not in leaving]
    assert all(by_party[p].since <= since for p in leaving for since in staying)


def test_an_overlap_that_is_no_percentage_is_refused() -> None:
    with pytest.raises(ValueError, match="percentage"):
        rotation([], [], 101)


@pytest.mark.parametrize(
    ("kind", "moves", "codes"),
    [
        ("replace", [("A", "leave", 1)], ["SAMPLE-PAIR"]),
        ("replace", [("A", "leave", 1), ("X", "join", 2)], ["SAMPLE-PAIR"]),
        ("replace", [("A", "leave", 1), ("X", "join", 1)], []),
        ("add", [("X", "join", 1)], []),
        ("add", [("A", "join", 1)], ["SAMPLE-MEMBER"]),
        ("remove", [("X", "leave", 1)], ["SAMPLE-NOT-MEMBER"]),
        ("remove", [("A", "leave", 1), ("X", "join", 1)], ["SAMPLE-KIND"]),
        ("merge", [("A", "leave", 1)], []),
        ("merge", [("X", "join", 1)], ["SAMPLE-PAIR"]),
        ("add", [("Z", "join", 1)], ["SAMPLE-OUTSIDE"]),
        ("remove", [("A", "leave", 1), ("A", "leave", 2)], ["SAMPLE-TWICE"]),
    ],
)
def test_what_a_nomination_asks_is_judged_by_its_kind(
    kind: str, moves: list[tuple[str, str, int]], codes: list[str]
) -> None:
    asked = [Move(*move) for move in moves]
    found = nomination_faults(kind, asked, frozenset("AB"), frozenset("ABX"))
    assert [fault.code for fault in found] == codes


def test_only_the_nomination_that_holds_a_seat_frees_it() -> None:
    def line(kind: str, matter: str) -> ThreadLine:
        return ThreadLine(1, kind, {"matter": matter})

    assert claimed_by([line("claim", "m1"), line("free", "m2")]) == "m1"
    assert claimed_by([line("claim", "m1"), line("settle", "m1")]) == ""
    assert claimed_by([]) == ""
