"""How often a filing waits for PostgreSQL, measured through a connection with a long delay."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import suppress

import pytest
from django.db import connection

from ortoo.kernel.filings.write import file, file_many

from .matters import NOW, register_matters, said

ROUND_TRIP_S = 0.2
pytestmark = [
    pytest.mark.postgresql,
    pytest.mark.django_db(transaction=True),
    pytest.mark.law(1),
    pytest.mark.skipif(
        "connection.vendor != 'postgresql'", reason="run by test_suite_on_postgresql on its server"
    ),
]


def _carry(source: socket.socket, sink: socket.socket) -> None:
    """Pass bytes on, each after half a round trip, however many are on their way."""

    def deliver(data: bytes, at: float) -> None:
        time.sleep(max(0.0, at - time.monotonic()))
        with suppress(OSError):
            sink.sendall(data) if data else sink.shutdown(socket.SHUT_WR)

    previous: threading.Thread | None = None
    while True:
        try:
            data = source.recv(65536)
        except OSError:
            data = b""
        at, before = time.monotonic() + ROUND_TRIP_S / 2, previous

        def turn(data: bytes = data, at: float = at, before: threading.Thread | None = before):
            if before is not None:
                before.join()
            deliver(data, at)

        previous = threading.Thread(target=turn, daemon=True)
        previous.start()
        if not data:
            return


def _relay(listener: socket.socket, host: str, port: int) -> None:
    while True:
        try:
            client, _ = listener.accept()
        except OSError:
            return
        server = socket.create_connection((host, port))
        for pair in ((client, server), (server, client)):
            pair[0].setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=_carry, args=pair, daemon=True).start()


@pytest.fixture
def far_away() -> Iterator[None]:
    """Django's connection through a relay that delays every byte by half a round trip each way."""
    register_matters()
    own = dict(connection.settings_dict)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        near = (listener, str(own["HOST"]), int(own["PORT"]))
        threading.Thread(target=_relay, args=near, daemon=True).start()
        connection.close()
        connection.settings_dict["PORT"] = str(listener.getsockname()[1])
        try:
            file(said("first", "T-LINE|first"), now_ms=NOW)
            yield
        finally:
            connection.close()
            connection.settings_dict["PORT"] = own["PORT"]


def round_trips(work) -> float:
    """Fewest waits of three tries: load on the machine can only add."""
    found = []
    for turn in range(3):
        start = time.monotonic()
        work(turn)
        found.append((time.monotonic() - start) / ROUND_TRIP_S)
    return min(found)


def test_one_filing_takes_two_round_trips(far_away: None) -> None:
    found = round_trips(lambda turn: file(said(f"one-{turn}", "T-LINE|x"), now_ms=NOW))
    assert 1.9 < found < 2.9


def test_a_batch_of_two_hundred_takes_two_round_trips_as_well(far_away: None) -> None:
    def batch(turn: int) -> None:
        drafts = [said(f"batch-{turn}-{i}", f"T-LINE|{i % 50}") for i in range(200)]
        file_many(drafts, now_ms=NOW)

    assert 1.9 < round_trips(batch) < 2.9


def test_a_duplicate_is_answered_in_two_round_trips(far_away: None) -> None:
    found = round_trips(lambda turn: file(said("first", "T-LINE|first"), now_ms=NOW))
    assert 1.9 < found < 2.9
