"""The connection to PostgreSQL dies while a filing is on its way: a coded answer, never half of it.

Whoever is told STORAGE-LOST sends the same statement again under the same key.
"""

from __future__ import annotations

import random
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import psycopg
import pytest
from django.db import connection, transaction

from ortoo.kernel.filings.draft import Receipt
from ortoo.kernel.filings.models import Filing
from ortoo.kernel.filings.postgresql import PostgresStore
from ortoo.kernel.filings.refusal import Refused
from ortoo.kernel.filings.write import file
from ortoo.kernel.threads.models import ThreadEntry

from .matters import NOW, register_matters, said
from .simultaneous import log_is_whole

LOST = "STORAGE-LOST"
pytestmark = [
    pytest.mark.postgresql,
    pytest.mark.django_db(transaction=True),
    pytest.mark.law(1, 16),
    pytest.mark.skipif(
        connection.vendor != "postgresql", reason="run by test_suite_on_postgresql on its server"
    ),
]


@pytest.fixture(autouse=True)
def admin() -> Iterator[psycopg.Connection[Any]]:
    """A connection beside Django's; what a test did to the tables is undone."""
    register_matters()
    own = connection.settings_dict
    words = {"host": own["HOST"], "port": own["PORT"], "user": own["USER"]}
    with psycopg.connect(
        dbname=own["NAME"], password=own["PASSWORD"], autocommit=True, **words
    ) as beside:
        yield beside
        connection.close()
        beside.execute("DROP TRIGGER IF EXISTS slowly ON kernel_thread_entry")


def back_end() -> int:
    connection.ensure_connection()
    return int(connection.connection.info.backend_pid)


def kill(admin: psycopg.Connection[Any], pid: int) -> None:
    """End a back end of ours, and wait until it is gone."""
    admin.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])


def lost(work: Callable[[], object]) -> Refused:
    with pytest.raises(Refused) as caught:
        work()
    assert (caught.value.code, caught.value.status) == (LOST, 503)
    assert "同一标识" in caught.value.remedy
    return caught.value


def the_draft() -> Any:
    return said("one", "T-LINE|x")


def one() -> Receipt:
    return file(the_draft(), now_ms=NOW)


def test_killed_between_reading_and_writing_nothing_of_it_is_there(
    admin: psycopg.Connection[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    file(said("before"), now_ms=NOW)
    whole = PostgresStore.write

    def killed_first(store: PostgresStore, *more: Any) -> int:
        kill(admin, back_end())
        return whole(store, *more)

    with monkeypatch.context() as patched:
        patched.setattr(PostgresStore, "write", killed_first)
        lost(one)
    log_is_whole(1)
    assert not ThreadEntry.objects.exists()
    receipt = one()
    assert (receipt.seq, receipt.duplicate) == (2, False)
    log_is_whole(2)


def test_killed_before_reading_nothing_is_there_and_the_next_try_is_filed(
    admin: psycopg.Connection[Any],
) -> None:
    file(said("before"), now_ms=NOW)
    kill(admin, back_end())
    lost(one)
    assert one().seq == 2
    log_is_whole(2)


def test_killed_while_it_commits_nothing_of_it_is_there(admin: psycopg.Connection[Any]) -> None:
    """A deferred trigger keeps the transaction in its COMMIT until the back end is ended."""
    admin.execute(
        "CREATE OR REPLACE FUNCTION slowly() RETURNS trigger LANGUAGE plpgsql AS"
        " $$ BEGIN PERFORM pg_sleep(20); RETURN NULL; END $$;"
        "CREATE CONSTRAINT TRIGGER slowly AFTER INSERT ON kernel_thread_entry"
        " DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION slowly()"
    )
    pid = back_end()

    def end_it_in_its_commit() -> None:
        until = time.monotonic() + 15
        asleep = "SELECT wait_event = 'PgSleep' FROM pg_stat_activity WHERE pid = %s"
        while time.monotonic() < until and admin.execute(asleep, [pid]).fetchone() != (True,):
            time.sleep(0.01)
        kill(admin, pid)

    killer = threading.Thread(target=end_it_in_its_commit)
    killer.start()
    lost(one)
    killer.join()
    assert not Filing.objects.exists()
    admin.execute("DROP TRIGGER slowly ON kernel_thread_entry")
    assert one().duplicate is False
    log_is_whole(1)


@pytest.fixture
def line_that_drops() -> Iterator[threading.Event]:
    """Django's connection through a line that, once the event is set, delivers COMMIT and loses
    what the server answers to it."""
    own, drop = connection.settings_dict, threading.Event()
    port, near = own["PORT"], socket.create_server(("127.0.0.1", 0))

    def carry(source: socket.socket, sink: socket.socket, other: threading.Event) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                if sink_is_server[sink]:
                    if drop.is_set() and b"COMMIT\0" in data:
                        other.set()
                elif other.is_set():
                    break
                sink.sendall(data)
        for end in (source, sink):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    sink_is_server: dict[socket.socket, bool] = {}

    def listen() -> None:
        with suppress(OSError):
            while True:
                client, _ = near.accept()
                server = socket.create_connection((own["HOST"], int(port)))
                sink_is_server.update({client: False, server: True})
                committed = threading.Event()
                for pair in ((client, server), (server, client)):
                    threading.Thread(target=carry, args=(*pair, committed), daemon=True).start()

    threading.Thread(target=listen, daemon=True).start()
    connection.close()
    own["PORT"] = str(near.getsockname()[1])
    try:
        yield drop
    finally:
        connection.close()
        own["PORT"] = port
        near.close()


def test_the_answer_to_the_commit_is_lost_and_the_filing_is_wholly_there(
    line_that_drops: threading.Event,
) -> None:
    # A fresh connection: once it is prepared, COMMIT would go over the line by another name.
    line_that_drops.set()
    lost(one)
    line_that_drops.clear()
    until = time.monotonic() + 10
    while not Filing.objects.exists() and time.monotonic() < until:
        time.sleep(0.05)
    log_is_whole(1)
    assert ThreadEntry.objects.count() == 1
    again = one()
    assert (again.seq, again.duplicate) == (1, True)
    log_is_whole(1)


def test_lost_inside_a_callers_transaction_all_of_that_is_undone(
    admin: psycopg.Connection[Any],
) -> None:
    def two() -> None:
        with transaction.atomic():
            file(said("first"), now_ms=NOW)
            kill(admin, back_end())
            file(said("second"), now_ms=NOW)

    lost(two)
    assert not Filing.objects.exists()
    assert one().seq == 1


def test_back_ends_killed_at_random_lose_and_double_nothing(
    admin: psycopg.Connection[Any],
) -> None:
    """A killer ends the writer's back end again and again; each key is sent until answered."""
    rng, done, kills = random.Random(6), threading.Event(), []

    def killer() -> None:
        while not done.wait(rng.uniform(0.001, 0.03)):
            kills.extend(
                admin.execute(
                    "SELECT pg_terminate_backend(pid, 2000) FROM pg_stat_activity"
                    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
                    " AND backend_type = 'client backend'"
                ).fetchall()
            )

    thread = threading.Thread(target=killer)
    thread.start()
    receipts, tries, codes = [], 0, set()
    try:
        while len(receipts) < 150:
            tries += 1
            number = len(receipts)
            try:
                receipts.append(file(said(f"n-{number}", f"T-LINE|{number % 3}"), now_ms=NOW))
            except Refused as refusal:
                codes.add(refusal.code)
    finally:
        done.set()
        thread.join()
        connection.close()
    assert codes == {LOST}, (len(kills), tries)
    assert [receipt.seq for receipt in receipts] == list(range(1, 151))
    assert ThreadEntry.objects.count() == 150
    log_is_whole(150)
