"""Writers at the same moment on PostgreSQL: nothing lost, nothing twice, no deadlock (Law 7, 8)."""

from __future__ import annotations

import random

import pytest
from django.db import connection

from ortoo.kernel.duties.models import Duty
from ortoo.kernel.filings.draft import Receipt
from ortoo.kernel.filings.models import Filing
from ortoo.kernel.filings.refusal import Refused
from ortoo.kernel.filings.write import file, file_many
from ortoo.kernel.threads.models import ThreadEntry

from .matters import AGENCIES, NOW, register_matters, said
from .simultaneous import at_once, log_is_whole

WRITERS = 8
pytestmark = [
    pytest.mark.postgresql,
    pytest.mark.django_db(transaction=True),
    pytest.mark.law(7, 8),
    pytest.mark.skipif(
        connection.vendor != "postgresql", reason="run by test_suite_on_postgresql on its server"
    ),
]


@pytest.fixture(autouse=True)
def _matters() -> None:
    register_matters()


@pytest.mark.parametrize("shared", [True, False], ids=["one thread", "disjoint threads"])
def test_eight_writers_lose_nothing_and_leave_no_gap(shared: bool) -> None:
    def writer(number: int) -> list[Receipt]:
        thread = "T-LINE|all" if shared else f"T-LINE|{number}"
        return [file(said(f"{number}-{i}", thread), now_ms=NOW) for i in range(25)]

    found = at_once([lambda n=n: writer(n) for n in range(WRITERS)])
    receipts = [receipt for receipts in found for receipt in receipts]
    assert sorted(receipt.seq for receipt in receipts) == list(range(1, WRITERS * 25 + 1))
    log_is_whole(WRITERS * 25)
    for receipt in receipts:
        stored = Filing.objects.get(seq=receipt.seq)
        assert (stored.key, bytes(stored.digest)) == (receipt.key, receipt.digest)
        assert ThreadEntry.objects.filter(seq=receipt.seq).count() == 1


@pytest.mark.parametrize("threads", [(), ("T-LINE|x",)], ids=["no thread", "a thread"])
def test_the_same_statement_sent_eight_times_at_once_is_one_filing(
    threads: tuple[str, ...],
) -> None:
    for turn in range(10):
        found = at_once([lambda t=turn: file(said(f"same-{t}", *threads), now_ms=NOW)] * WRITERS)
        assert {receipt.seq for receipt in found} == {turn + 1}
        assert sum(not receipt.duplicate for receipt in found) == 1
    log_is_whole(10)


def test_one_key_with_different_contents_is_accepted_once_and_else_refused() -> None:
    found = at_once(
        [
            lambda n=n: file(said("key", f"T-LINE|{n}", text=str(n)), now_ms=NOW)
            for n in range(WRITERS)
        ]
    )
    refused = [error for error in found if isinstance(error, Refused)]
    assert len(refused) == WRITERS - 1
    assert {error.code for error in refused} == {"FILING-KEY-REUSED"}
    log_is_whole(1)


def test_the_last_of_four_decisions_opens_the_release_exactly_once() -> None:
    cases = 25
    for case in range(cases):
        thread = f"T-CASE|{case}"
        found = at_once(
            [
                lambda a=a, t=thread: file(said(f"{t}-{a}", t, by=a, kind="decide"), now_ms=NOW)
                for a in AGENCIES
            ]
        )
        duty = Duty.objects.get(thread=thread)
        assert duty.kind == "release"
        assert duty.opened_seq == max(receipt.seq for receipt in found)
    log_is_whole(cases * len(AGENCIES))


def test_batches_that_share_threads_in_any_order_neither_deadlock_nor_lose() -> None:
    rounds, batch = 10, 20

    def writer(number: int) -> int:
        rng = random.Random(number)
        for turn in range(rounds):
            threads = [f"T-LINE|{rng.randrange(30)}" for _ in range(batch)]
            file_many([said(f"{number}-{turn}-{i}", t) for i, t in enumerate(threads)], now_ms=NOW)
        return rounds * batch

    assert at_once([lambda n=n: writer(n) for n in range(WRITERS)]) == [200] * WRITERS
    log_is_whole(WRITERS * rounds * batch)


def test_a_refused_batch_between_others_leaves_nothing_behind() -> None:
    def writer(number: int) -> object:
        drafts = [said(f"{number}-{i}", "T-CASE|one") for i in range(3)]
        if number % 2:
            drafts += [said(f"{number}-d{i}", "T-CASE|one", kind="decide") for i in range(2)]
        return file_many(drafts, now_ms=NOW)

    found = at_once([lambda n=n: writer(n) for n in range(WRITERS)])
    assert sum(isinstance(answer, Refused) for answer in found) == WRITERS // 2
    log_is_whole(3 * WRITERS // 2)
    assert ThreadEntry.objects.count() == 3 * WRITERS // 2
