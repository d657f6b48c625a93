"""Figures are kept up by one worker at a time, and nobody waits inside a transaction."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest
from django.db import connection, transaction

from ortoo.kernel.filings import keeping_up
from ortoo.kernel.filings.turnstile import Turnstile


@pytest.fixture(params=["memory", "file"])
def turn(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """How the turn is taken: by a lock of the process, or by a file that processes share."""
    if request.param == "file":
        turnstile = Turnstile(str(tmp_path / "figures"))
        monkeypatch.setattr(keeping_up, "_turnstile", lambda database: turnstile)
    return str(request.param)


@pytest.mark.django_db(transaction=True)
def test_workers_keep_up_one_after_the_other(turn: str) -> None:
    inside: list[int] = []
    most: list[int] = []

    def work() -> None:
        with keeping_up.our_turn():
            inside.append(1)
            most.append(len(inside))
            time.sleep(0.01)
            inside.pop()
        connection.close()

    workers = [threading.Thread(target=work) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert most == [1, 1, 1, 1], turn


@pytest.mark.django_db(transaction=True)
def test_inside_a_transaction_nobody_waits_for_the_turn(turn: str) -> None:
    taken, done = threading.Event(), threading.Event()

    def hold() -> None:
        with keeping_up.our_turn():
            taken.set()
            done.wait(60)
        connection.close()

    holder = threading.Thread(target=hold)
    holder.start()
    taken.wait(5)
    try:
        # Would wait for ever were the turn asked for: the holder lets go only afterwards.
        with transaction.atomic(), keeping_up.our_turn():
            assert not done.is_set(), turn
    finally:
        done.set()
        holder.join()
