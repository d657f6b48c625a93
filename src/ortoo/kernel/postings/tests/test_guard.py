"""Accounts that may not go below zero, whatever the order and the dates of what is filed."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ortoo.kernel.filings.draft import Draft, Move
from ortoo.kernel.filings.refusal import Refused
from ortoo.kernel.filings.write import file, file_many
from ortoo.kernel.postings.accounts import register_account
from ortoo.kernel.postings.balance import balance, snapshot
from ortoo.kernel.postings.guard import Guard
from ortoo.kernel.postings.models import Posting
from ortoo.kernel.threads.rebuild import rebuild_threads

from .matters import DAY, NOW, annulment, purse, register_purses

pytestmark = [pytest.mark.django_db, pytest.mark.law(12)]
EARLIER, LATER = "2025-11-10", "2025-11-20"


@pytest.fixture(autouse=True)
def _purses() -> None:
    register_purses()


def say(draft: Draft) -> int:
    return file(draft, now_ms=NOW).seq


def refused(work: Callable[[], object]) -> str:
    with pytest.raises(Refused) as found:
        work()
    return found.value.code


def test_what_would_take_an_account_below_zero_is_refused_and_leaves_nothing() -> None:
    say(purse("in", 100))
    assert refused(lambda: say(purse("out", -101))) == "POSTING-BELOW-ZERO"
    assert balance("purse|a", "fen") == 100
    assert Posting.objects.count() == 2
    say(purse("out", -100))
    assert balance("purse|a", "fen") == 0
    assert balance("world|all", "fen") == 0


def test_an_account_of_an_unguarded_kind_may_go_below_zero() -> None:
    say(purse("in", 100))
    assert balance("world|all", "fen") == -100


def test_a_batch_is_guarded_filing_by_filing_and_wholly_refused() -> None:
    drafts = [purse("in", 50), purse("one", -30), purse("two", -30)]
    assert refused(lambda: file_many(drafts, now_ms=NOW)) == "POSTING-BELOW-ZERO"
    assert Posting.objects.count() == 0


def test_money_that_comes_later_does_not_pay_for_what_was_taken_earlier() -> None:
    say(purse("in", 100, day=LATER))
    assert refused(lambda: say(purse("out", -10, day=DAY))) == "POSTING-BELOW-ZERO"


def test_a_backdated_taking_may_not_empty_a_later_day_either() -> None:
    say(purse("in", 100, day=EARLIER))
    say(purse("out", -80, day=LATER))
    assert refused(lambda: say(purse("late", -30, day=DAY))) == "POSTING-BELOW-ZERO"
    say(purse("late", -20, day=DAY))
    assert balance("purse|a", "fen", on=DAY) == 80
    assert balance("purse|a", "fen") == 0


def test_a_correction_takes_back_what_the_corrected_filing_moved() -> None:
    first = say(purse("in", 100))
    second = say(purse("in-2", 60, supersedes=first, reason="多记"))
    assert balance("purse|a", "fen") == 60
    say(purse("in-3", 0, supersedes=second, reason="没有发生"))
    assert balance("purse|a", "fen") == 0
    assert balance("purse|a", "fen", as_of=first) == 100
    assert balance("purse|a", "fen", as_of=second) == 60


def test_a_correction_may_not_take_back_what_was_already_spent() -> None:
    first = say(purse("in", 100))
    say(purse("out", -90))
    correction = purse("in-2", 80, supersedes=first, reason="多记")
    assert refused(lambda: say(correction)) == "POSTING-BELOW-ZERO"
    say(purse("in-3", 90, supersedes=first, reason="多记"))
    assert balance("purse|a", "fen") == 0


def test_an_annulment_takes_the_moves_back_and_only_the_named_kind_of_party_may() -> None:
    first = say(purse("in", 100))
    assert refused(lambda: say(annulment("no", first, filer="A"))) == "ANNUL-AUTHORITY"
    elsewhere = annulment("else", first, name="b")
    assert refused(lambda: say(elsewhere)) == "ANNUL-THREAD"
    say(annulment("yes", first))
    assert balance("purse|a", "fen") == 0
    assert refused(lambda: say(annulment("again", first))) == "FILING-ANNULLED"
    late = purse("late", 5, supersedes=first, reason="更正")
    assert refused(lambda: say(late)) == "FILING-ANNULLED"


def test_rebuilding_gives_the_same_postings_with_corrections_and_annulments() -> None:
    first = say(purse("in", 100))
    second = say(purse("in-2", 60, supersedes=first, reason="多记"))
    say(purse("b", 7, name="b"))
    say(annulment("no", second))
    assert all(found.equal for found in rebuild_threads())
    Posting.objects.filter(line__lt=0).delete()
    assert not all(found.equal for found in rebuild_threads(fix=True))
    assert balance("purse|a", "fen") == 0


def test_a_snapshot_changes_no_balance_and_counts_what_is_filed_later_for_earlier_days() -> None:
    say(purse("1", 100, day=EARLIER))
    say(purse("2", -40, day=LATER))
    assert snapshot(DAY) == 2  # the purse and the world
    say(purse("3", 5, day=EARLIER))
    say(purse("4", -10, day=LATER))
    expected = {None: 55, EARLIER: 105, DAY: 105, LATER: 55}
    for day, found in expected.items():
        assert balance("purse|a", "fen", on=day) == found
    assert balance("purse|a", "fen", as_of=2) == 60
    assert refused(lambda: say(purse("5", -56, day=LATER))) == "POSTING-BELOW-ZERO"
    assert refused(lambda: say(purse("6", -106, day=EARLIER))) == "POSTING-BELOW-ZERO"
    assert refused(lambda: say(purse("7", -56, day="2025-11-25"))) == "POSTING-BELOW-ZERO"
    say(purse("8", -55, day="2025-11-25"))
    assert balance("purse|a", "fen") == 0


days = st.sampled_from(["2025-01-01", "2025-01-02", "2025-01-03"])


@given(st.lists(st.tuples(days, st.integers(-20, 20)), max_size=30))
def test_no_day_is_ever_below_zero_after_any_accepted_history(moves: list[tuple[str, int]]) -> None:
    register_account("purse", guarded=True)
    accepted: list[tuple[str, int]] = []
    for day, quantity in moves:
        by_day: dict[str, int] = {}
        for earlier, amount in accepted:
            by_day[earlier] = by_day.get(earlier, 0) + amount
        guard = Guard({("purse|a", "fen"): by_day})
        guard.take([Move("purse|a", "fen", quantity, day)])
        try:
            guard.check()
        except Refused:
            continue
        accepted.append((day, quantity))
        for upto in ("2025-01-01", "2025-01-02", "2025-01-03"):
            assert sum(amount for on, amount in accepted if on <= upto) >= 0
