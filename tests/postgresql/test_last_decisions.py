"""Proof 6: two last decisions at the same moment open the release exactly once, on both databases.

docs/proofs/6-two-last-decisions.md. The two decide in processes of their own.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import connection, connections

from ortoo.kernel.duties.models import Duty
from ortoo.kernel.filings.write import file_many

from .matters import AGENCIES, NOW, decision, opening, register_matters
from .simultaneous import elsewhere, log_is_whole

CHECKOUT = Path(__file__).resolve().parents[2]
QUICK, SLOW, CONTROL = 60, 1000, 200
BATCH = 100
pytestmark = [
    pytest.mark.postgresql,
    pytest.mark.django_db(transaction=True),
    pytest.mark.law(7, 8),
]


@pytest.fixture
def environment(tmp_path: Path) -> Iterator[dict[str, str]]:
    """What the two processes are told; on SQLite the database is a file, for our threads too."""
    register_matters()
    told = {**os.environ, "ORTOO_HOME": str(tmp_path), "PYTHONPATH": f"{CHECKOUT}/src:{CHECKOUT}"}
    settings = connections.settings["default"]
    name = settings["NAME"]
    if connection.vendor == "postgresql":
        told["ORTOO_DATABASE"] = (
            f"postgresql://{settings['USER']}:{settings['PASSWORD']}@{settings['HOST']}"
            f":{settings['PORT']}/{connection.settings_dict['NAME']}"
        )
    else:
        (tmp_path / "data").mkdir()
        settings["NAME"] = str(tmp_path / "data" / "ortoo.sqlite3")
    try:
        if connection.vendor == "sqlite":
            elsewhere(lambda: call_command("migrate", verbosity=0))
        yield told
    finally:
        settings["NAME"] = name


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of the rounds. `releases[n]`: rounds that opened the release n times."""

    rounds: int
    releases: Counter[int]
    opened_by_the_last: int
    lost: list[str]
    deadlocks: int
    raced: int
    """Rounds in which each decision was begun before the other one's receipt was there."""

    def __str__(self) -> str:
        return (
            f"{connection.vendor}: release opened exactly once in {self.releases[1]} of"
            f" {self.rounds}, never in {self.releases[0]}; {len(self.lost)} filings lost,"
            f" {self.deadlocks} deadlocks; the two overlapped in {self.raced}"
        )


def race(
    rounds: int, environment: dict[str, str], *more: str, procedure: str = "T-CASE"
) -> Outcome:
    """Two of the four decisions stand in every case; the other two are filed at once."""
    cases = [f"{procedure}|{number}" for number in range(rounds)]
    deadlocks = elsewhere(_deadlocks)
    for start in range(0, rounds, BATCH):
        stand = [
            draft
            for case in cases[start : start + BATCH]
            for draft in (*opening(case), *(decision(case, who) for who in AGENCIES[:2]))
        ]
        elsewhere(lambda stand=stand: file_many(stand, now_ms=NOW))
    pairs = _decide(procedure, rounds, environment, *more)
    duties = elsewhere(lambda: list(Duty.objects.values_list("thread", "kind", "opened_seq")))
    opened = Counter(thread for thread, kind, _ in duties if kind == "release")
    first = {thread: seq for thread, kind, seq in duties if kind == "release"}
    return Outcome(
        rounds,
        Counter(opened[case] for case in cases),
        sum(first.get(c) == max(a[2], b[2]) for c, (a, b) in zip(cases, pairs, strict=True)),
        [error for pair in pairs for *_, error in pair if error],
        elsewhere(_deadlocks) - deadlocks,
        sum(max(a[0], b[0]) < min(a[1], b[1]) for a, b in pairs),
    )


def _decide(
    procedure: str, rounds: int, environment: dict[str, str], *more: str
) -> list[list[tuple]]:
    """(begun, ended, log index, error) of both, round by round; each waits for the other."""
    command = [sys.executable, "-m", "tests.postgresql.decider"]
    deciders = [
        subprocess.Popen(
            [*command, who, procedure, str(rounds), *more],
            cwd=CHECKOUT, env=environment, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        )
        for who in AGENCIES[2:]
    ]  # fmt: skip
    try:
        assert [decider.stdout.readline() for decider in deciders] == ["ready\n"] * 2
        pairs = []
        for _ in range(rounds):
            for decider in deciders:
                decider.stdin.write("\n")
                decider.stdin.flush()
            pairs.append([json.loads(decider.stdout.readline()) for decider in deciders])
        return pairs
    finally:
        for decider in deciders:
            decider.communicate(timeout=60)


def _deadlocks() -> int:
    """As the server counts them; SQLite has one writer at a time, so none can be."""
    if connection.vendor != "postgresql":
        return 0
    with connection.cursor() as cursor:
        cursor.execute("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
        return int(cursor.fetchone()[0])


@pytest.mark.parametrize(
    "rounds", [QUICK, pytest.param(SLOW, marks=pytest.mark.slow)], ids=["quick", "whole"]
)
@pytest.mark.parametrize("procedure", ["T-CASE", "T-PORT"], ids=["by hand", "from a file"])
def test_two_last_decisions_at_once_open_the_release_exactly_once(
    procedure: str, rounds: int, environment: dict[str, str]
) -> None:
    found = race(rounds, environment, procedure=procedure)
    print(procedure, found)
    assert found.lost == []
    assert found.releases == {1: rounds}
    assert found.opened_by_the_last == rounds
    assert found.deadlocks == 0
    assert found.raced > rounds // 2, "the decisions came one behind the other: nothing is shown"
    elsewhere(lambda: log_is_whole((4 + len(opening(procedure))) * rounds))


def test_without_the_lock_of_the_thread_a_release_is_missed(environment: dict[str, str]) -> None:
    """The control: what the test above looks for does happen when the lock is taken away.

    PostgreSQL: both fold the case without the other's decision. SQLite: who read before the other
    wrote may no longer write, so the decision is lost, and with it the release.
    """
    found = race(CONTROL, environment, "unlocked")
    print("without the lock,", found)
    assert found.releases[0] > 0
    assert bool(found.lost) == (connection.vendor == "sqlite")
