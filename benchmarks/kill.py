"""Proof 8: what is acknowledged survives a power cut, kill -9 of clients and of the server.

On SQLite a simulated disk lies under the real code (`benchmarks/power`): everything asked of it is
noted, and a cut at any moment leaves what was synced plus an arbitrary part of what was not. Each
such disk is opened with the real code, which must find every acknowledged filing and every signed
checkpoint shown, verify clean and rebuild equal. The same cuts with the barrier taken away must
lose something, or the proof would prove nothing.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any

from benchmarks.harness import progress
from benchmarks.installation import Installation, installation

if TYPE_CHECKING:
    from benchmarks.power.journal import Journal
    from benchmarks.power.judge import Verdict
    from benchmarks.power.killing import Promise

SEED = 20261114
CUTS_A_RUN = 10
# (power cuts, kills)
SIZES = {"quick": (60, 4), "full": (500, 20)}
SHORT, LONG = 0.15, 0.5
SQLITE_NOTES = [
    "power cuts: two runs of five are two processes, the others one, of 4 or 8 threads and"
    " connections each; one counter, in shared memory where needed, orders every request to the"
    " disk and every acknowledgement; kills: two processes of 4 threads each",
    "a cut keeps what a completed sync covers and any subset of 512-byte sectors of the rest;"
    " names of files likewise by syncs of their folder; half of the cuts fall right after an"
    " acknowledgement",
    "acknowledged and lost count filings of distinct runs; promises_checked counts them each cut",
]
POSTGRES_NOTES = [
    "power_cuts is 0: under PostgreSQL a power cut was tried only as kill -9 of the postmaster and"
    " all its processes, fsync=on, which leaves the operating system's cache; what its own log"
    " promises of a real cut is PostgreSQL's",
]


def run(*, size: str | None, quick: bool, data: Path | None, database: str) -> dict[str, Any]:
    """The `kill` bench. `size`: quick, full, or CUTSxKILLS. Takes no data."""
    del data
    name = size or ("quick" if quick else "full")
    cuts, kills = SIZES[name] if name in SIZES else map(int, name.split("x"))
    with installation(database) as home:
        from benchmarks.power import load

        load.register()
        if database == "postgresql":
            return {"size": name, **_postgresql(home, kills)}
        return {"size": name, **_sqlite(home, cuts, kills)}


@dataclass
class Tally:
    """What the verdicts add up to."""

    acknowledged: int = 0
    checked: int = 0
    lost: set[str] = field(default_factory=set)
    checkpoints_lost: int = 0
    unclean: list[str] = field(default_factory=list)
    unequal: list[str] = field(default_factory=list)

    def take(self, verdict: Verdict, run: str) -> None:
        """Add one opened database."""
        self.checked += verdict.told
        self.lost |= {f"{run}/{key}" for key in verdict.lost}
        self.checkpoints_lost += bool(verdict.checkpoints_lost)
        self.unclean += verdict.findings
        self.unequal += verdict.unequal

    def keys(self) -> dict[str, Any]:
        """As the bench prints it."""
        for line in sorted(set(self.unclean))[:5]:
            progress(f"  {line}")
        return {
            "acknowledged": self.acknowledged,
            "lost": len(self.lost),
            "verify_ok": not self.unclean and not self.checkpoints_lost,
            "rebuild_equal": not self.unequal,
            "checkpoints_lost": self.checkpoints_lost,
            "promises_checked": self.checked,
        }


def moments(journal: Journal, number: int, random: Random, *, made: bool) -> list[int]:
    """When to cut: half of them anywhere, half right after something was acknowledged.

    Where the tables were not `made` before the run, not before the first acknowledgement: nothing
    is promised until then, and the first cut falls right after it.
    """
    end, told = journal.last(), journal.acknowledgements
    first = 0 if made else told[0].moment + 1
    found = [
        random.randint(first, end) if turn % 2 else random.choice(told).moment + 1
        for turn in range(number)
    ]
    return found if made else [first, *found[1:]]


def cut_power(start: Path | None, folder: Path, plan: Any, cuts: int, tally: Tally) -> None:
    """One recorded run, so many cuts of it, each opened and judged."""
    from benchmarks.power.judge import after_cut
    from benchmarks.power.recording import record

    recording = record(plan, start, folder / "run")
    journal, random = recording.journal, Random(plan.seed)
    tally.acknowledged += len({a.key for a in journal.acknowledgements if a.kind == "filing"})
    for cut in moments(journal, cuts, random, made=start is not None):
        tally.take(after_cut(journal, cut, folder / "cut", plan.seed), f"cut {plan.seed}")


def plans(cuts: int, seed: int) -> Iterator[tuple[Any, bool, int]]:
    """(plan, on tables already made, cuts): different logs, restarts, threads and fresh bases."""
    from benchmarks.power.recording import Plan

    for number, start in enumerate(range(0, cuts, CUTS_A_RUN)):
        plan = Plan(
            seed=seed + number,
            workers=(4, 8)[number % 2],
            autocheckpoint=(1000, 8, 40)[number % 3],
            restarts=(0, 1, 2, 0)[number % 4],
            seal=number % 4 == 3,
            processes=2 if number % 5 in (1, 3) else 1,
        )
        yield plan, number % 5 != 4, min(CUTS_A_RUN, cuts - start)


def _sqlite(home: Installation, cuts: int, kills: int) -> dict[str, Any]:
    from benchmarks.power.recording import template

    start = template(home.home / "empty.sqlite3")
    tally, without = Tally(), Tally()
    for plan, made, share in plans(cuts, SEED):
        cut_power(start if made else None, home.home, plan, share, tally)
    progress(f"{cuts} power cuts, {tally.checked:,} promises checked, {len(tally.lost)} lost")
    for plan, _, share in plans(max(20, cuts // 5), SEED):
        cut_power(start, home.home, replace(plan, barrier=False), share, without)
    progress(f"without the barrier: {len(without.lost)} lost")
    killed = _kill_on_sqlite(start, home.home / "killed", kills, tally)
    return {
        "database": "sqlite",
        "kills": killed,
        "power_cuts": cuts,
        **tally.keys(),
        "lost_without_barrier": len(without.lost),
        "notes": SQLITE_NOTES,
    }


def _kill_on_sqlite(start: Path, folder: Path, kills: int, tally: Tally) -> int:
    from benchmarks.power.judge import DATABASE, judge, using

    folder.mkdir()
    shutil.copy(start, folder / DATABASE)
    with using(folder / DATABASE):
        return _kill_clients(kills, tally, judge)


def _kill_clients(kills: int, tally: Tally, judge: Any) -> int:
    """Two processes at a time on one database that lives through all of it."""
    from benchmarks.power.killing import run_and_kill

    random, promises, killed = Random(SEED), list[Any](), 0
    while killed < kills:
        clients = run_and_kill(SEED + killed, f"k{killed}.", random.uniform(SHORT, LONG))
        killed += len(clients)
        _no_errors(clients)
        promises += [promise for each in clients for promise in each.promises]
        tally.take(judge(promises), "kill")
    tally.acknowledged += _filings(promises)
    progress(f"{killed} processes killed, {_filings(promises):,} acknowledged")
    return killed


def _no_errors(clients: list[Any]) -> None:
    errors = [error for each in clients for error in each.errors]
    if errors:
        raise AssertionError(f"a client failed before it was killed: {errors[0]}")


def _filings(promises: list[Promise]) -> int:
    return len({key for kind, key, _ in promises if kind == "filing"})


def _postgresql(home: Installation, kills: int) -> dict[str, Any]:
    from benchmarks.power.judge import judge

    tally, crashes = Tally(), max(2, kills // 5)
    clients = _kill_clients(kills - crashes, tally, judge)
    refused = _crash_server(home, crashes, tally, judge)
    return {
        "database": "postgresql",
        "kills": clients + crashes,
        "power_cuts": 0,
        **tally.keys(),
        "lost_without_barrier": None,
        "server_crashes": crashes,
        "notes": [*POSTGRES_NOTES, f"what clients met when the server died: {refused}"],
    }


@contextmanager
def _postmaster(home: Installation) -> Iterator[Any]:
    from benchmarks.power.killing import Postmaster

    server = Postmaster(next(iter(home.servers)), os.environ["ORTOO_DATABASE"])
    try:
        yield server
    finally:
        server.stop()


def _crash_server(
    home: Installation, crashes: int, tally: Tally, judge: Any
) -> list[str]:
    """The server and every process of it killed under load, started again on the same folder.

    Returns what the clients met meanwhile, by its first word.
    """
    import time

    from benchmarks.power.killing import client

    random, promises, met = Random(SEED), list[Any](), set[str]()
    with _postmaster(home) as server:
        for crash in range(crashes):
            running = [client(SEED + crash * 2 + n, f"s{crash}{n}.") for n in range(2)]
            for each in running:
                each.first.wait(30)
            time.sleep(random.uniform(SHORT, LONG))
            server.kill()
            time.sleep(SHORT)
            for each in running:
                each.kill()
                met |= {error.split(":")[0] for error in each.errors}
                promises += each.promises
            server.start()
            tally.take(judge(promises), "server")
        progress(f"{crashes} crashes of the server, {_filings(promises):,} acknowledged")
        from django.db import connections

        connections.close_all()
    tally.acknowledged += _filings(promises)
    return sorted(met)
