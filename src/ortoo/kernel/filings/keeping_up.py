"""Read models kept up with the log by one worker at a time: who waits finds most of it done.

Without a turn, several processes that file at once each recompute the same period's sums and then
wait for one another's writes, on SQLite by sleeping.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache

from django.db import connection

from ortoo.kernel.filings.turnstile import Turnstile, turnstile_of

# Any constant: on PostgreSQL the workers of one database wait for each other under this number.
TURN = 0x4F52_544F_4649
_LOCK = threading.Lock()


@contextmanager
def our_turn() -> Iterator[None]:
    """Ours among the threads of this process; on a SQLite file, among its processes too."""
    if connection.in_atomic_block:
        # Whoever holds the turn may be waiting for this very transaction.
        yield
        return
    turnstile = _turnstile(str(connection.settings_dict["NAME"]))
    with _LOCK if turnstile is None else turnstile.passed(), _server_turn():
        yield


@contextmanager
def _server_turn() -> Iterator[None]:
    """On PostgreSQL ours among all processes: two that replace the same rows at once would meet in
    the table's key, and the slower one would put older sums over newer ones."""
    if connection.vendor != "postgresql":
        yield
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [TURN])
        try:
            yield
        finally:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [TURN])


def _turnstile(database: str) -> Turnstile | None:
    """The turn of a SQLite file, beside the one of its writers; None where there is no file."""
    on_disk = connection.vendor == "sqlite" and turnstile_of(database) is not None
    return _beside(database) if on_disk else None


@lru_cache(maxsize=4)
def _beside(database: str) -> Turnstile:
    return Turnstile(f"{database}-figures")
