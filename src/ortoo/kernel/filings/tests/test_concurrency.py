"""Laws 7, 8 and 16 under real threads on a database file."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection, connections

from ortoo.kernel.filings.barrier import SyncBarrier
from ortoo.kernel.filings.refusal import Refused
from ortoo.kernel.filings.tests.history import FIRMS, History, counts, register_small_market
from ortoo.kernel.filings.write import file
from ortoo.kernel.seal import log
from ortoo.kernel.seal.verify import verify


def in_thread(*works: Callable[[], Any]) -> list[Any]:
    """Each work in a thread and connection of its own, begun together; results or `Refused`."""
    gate = threading.Barrier(len(works))
    results: list[Any] = [None] * len(works)

    def run(at: int, work: Callable[[], Any]) -> None:
        try:
            gate.wait(timeout=20)
            results[at] = work()
        except BaseException as error:
            results[at] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(at, work)) for at, work in enumerate(works)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    for result in results:
        if isinstance(result, BaseException) and not isinstance(result, Refused):
            raise result
    return results


@pytest.fixture
def on_disk(transactional_db: None, tmp_path: Path, settings: Any) -> Iterator[History]:
    """A database file for the threads' connections; the main thread keeps its own."""
    if connection.vendor != "sqlite":
        pytest.skip("the threads' database is an SQLite file of its own")
    settings.KEYS = tmp_path / "keys"
    register_small_market()
    before = connections.settings["default"]["NAME"]
    connections.settings["default"]["NAME"] = str(tmp_path / "two.sqlite3")
    try:
        in_thread(lambda: call_command("migrate", verbosity=0))
        yield History()
    finally:
        connections.settings["default"]["NAME"] = before


@pytest.mark.law(7)
def test_of_two_clerks_on_one_return_one_is_told_that_the_other_filed(on_disk: History) -> None:
    in_thread(on_disk.open)
    drafts = [on_disk.a_return(price=598), on_disk.a_return(price=601)]
    results = in_thread(*(lambda d=draft: file(d, now_ms=1) for draft in drafts))
    refused = [result for result in results if isinstance(result, Refused)]
    assert [error.code for error in refused] == ["RETURN-EXISTS"]
    assert in_thread(counts)[0]["kernel_filing"] == 2


@pytest.mark.law(7)
def test_one_page_sent_twice_at_once_is_filed_once(on_disk: History) -> None:
    in_thread(on_disk.open)
    draft = on_disk.a_return()
    results = in_thread(*(lambda: file(draft, now_ms=1) for _ in range(4)))
    assert len({result.seq for result in results}) == 1
    assert sorted(result.duplicate for result in results) == [False, True, True, True]


@pytest.mark.law(8)
def test_filings_of_many_threads_take_log_indexes_without_a_gap(on_disk: History) -> None:
    drafts = [on_disk.draft("T-MOVE", FIRMS[n % 2], {"fen": n}) for n in range(24)]

    def many(part: int) -> Callable[[], list[int]]:
        return lambda: [file(draft, now_ms=1).seq for draft in drafts[part::4]]

    results = in_thread(*(many(part) for part in range(4)))
    assert sorted(seq for seqs in results for seq in seqs) == list(range(1, 25))
    assert in_thread(verify) == [[]]


def test_two_processes_that_sign_at_once_agree_on_one_checkpoint(on_disk: History) -> None:
    in_thread(on_disk.move)
    rows = in_thread(*(lambda at=at: log.checkpoint(now_ms=at) for at in range(3)))
    assert len({row.note for row in rows}) == 1


@pytest.mark.law(16)
def test_the_barrier_waits_for_a_sync_begun_after_the_call(tmp_path: Path) -> None:
    calls: list[int] = []
    inside, release = threading.Event(), threading.Event()

    class Slow(SyncBarrier):
        def _sync(self) -> None:
            calls.append(len(calls))
            if len(calls) == 1:
                inside.set()
                release.wait(10)

    barrier = Slow(tmp_path / "x-wal")
    first = threading.Thread(target=barrier.wait)
    first.start()
    assert inside.wait(10)
    late = [threading.Thread(target=barrier.wait) for _ in range(5)]
    for thread in late:
        thread.start()
    release.set()
    for thread in (first, *late):
        thread.join(10)
        assert not thread.is_alive()
    assert 2 <= len(calls) <= 6


@pytest.mark.law(16)
def test_a_disk_that_refuses_is_not_taken_for_durable(tmp_path: Path) -> None:
    class Broken(SyncBarrier):
        def _sync(self) -> None:
            raise OSError(5, "input/output error")

    barrier = Broken(tmp_path / "x-wal")
    for _ in range(2):
        with pytest.raises(OSError, match="input/output"):
            barrier.wait()
