"""Law 7: what the fold owes against what is stored."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ortoo.kernel.duties.reconcile import DutyRow, Moved, reconcile


def duty(name: str, opened: int = 1, closed: int | None = None, due: int | None = None) -> DutyRow:
    return DutyRow(f"file|t|{name}", "t", "file", "P", "F", "W", "15", "P", due, opened, closed)


def owed_lists() -> st.SearchStrategy[list[list[DutyRow]]]:
    """What a fold owes after filings 1, 2, 3 …: any duties, closed or not."""
    rows = st.builds(duty, st.sampled_from("abc"), st.just(1), st.sampled_from([None, 2]))
    return st.lists(st.lists(rows, max_size=3, unique_by=lambda row: row.key), max_size=6)


@pytest.mark.law(7)
def test_a_duty_no_longer_owed_becomes_void_at_the_filing_that_ended_it() -> None:
    stored = {"file|t|a": duty("a")}
    assert reconcile(stored, [], 9) == ([], [replace(duty("a"), void_seq=9)])


@pytest.mark.law(7)
def test_a_closed_duty_is_not_voided() -> None:
    assert reconcile({"file|t|a": duty("a", closed=4)}, [], 9) == ([], [])


@pytest.mark.law(7)
def test_a_void_duty_owed_again_stands_again() -> None:
    void = replace(duty("a"), void_seq=5)
    assert reconcile({void.key: void}, [duty("a")], 9) == ([], [duty("a")])


@pytest.mark.law(7)
def test_a_later_due_date_moves_the_duty_and_keeps_where_it_was_opened() -> None:
    changed = duty("a", opened=7, due=20)
    assert reconcile({"file|t|a": duty("a", due=10)}, [changed], 9) == ([], [duty("a", due=20)])


@pytest.mark.law(7)
@given(owed_lists())
def test_reconciling_twice_changes_nothing_more(after: list[list[DutyRow]]) -> None:
    moved = Moved({})
    for seq, owed in enumerate(after, 1):
        moved.take(owed, seq)
        assert reconcile(moved.now, owed, seq) == ([], [])


@pytest.mark.law(7)
@given(owed_lists(), st.integers(0, 6))
def test_the_same_duties_result_however_the_filings_are_batched(
    after: list[list[DutyRow]], cut: int
) -> None:
    whole, first = Moved({}), Moved({})
    for seq, owed in enumerate(after, 1):
        whole.take(owed, seq)
    for seq, owed in enumerate(after[:cut], 1):
        first.take(owed, seq)
    stored = {row.key: row for row in first.inserts}
    second = Moved(stored)
    for seq, owed in enumerate(after[cut:], cut + 1):
        second.take(owed, seq)
    stored |= {row.key: row for row in (*second.inserts, *second.updates)}
    assert stored == whole.now


@pytest.mark.law(7)
@given(owed_lists())
def test_nothing_stored_is_ever_dropped(after: list[list[DutyRow]]) -> None:
    moved, keys = Moved({}), set()
    for seq, owed in enumerate(after, 1):
        moved.take(owed, seq)
        keys |= {row.key for row in owed}
    assert set(moved.now) == keys
