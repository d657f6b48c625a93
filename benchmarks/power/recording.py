"""One recorded run: a copy of the installation's empty database, the load on it, the journal."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from unittest import mock

from benchmarks.power.journal import Journal
from benchmarks.power.judge import DATABASE, using
from benchmarks.power.load import Load
from benchmarks.power.shim import Refuse, shim
from benchmarks.power.together import SharedClock, together


@dataclass(frozen=True, slots=True)
class Plan:
    """How one run is made. `autocheckpoint`: pages of the log after which SQLite copies it into
    the database; `restarts`: how often every connection is closed, which removes the log; `seal`:
    every filing signs its checkpoint in its own transaction; `processes`: how many, each with so
    many workers, file at once (then without restarts)."""

    seed: int
    filings: int = 150
    workers: int = 4
    autocheckpoint: int = 1000
    restarts: int = 0
    barrier: bool = True
    seal: bool = False
    processes: int = 1
    refuse: Refuse | None = None


@dataclass(frozen=True, slots=True)
class Recording:
    """What was asked of the disk and promised, and the loads that did it."""

    journal: Journal
    loads: tuple[Load, ...]


def template(path: Path) -> Path:
    """The installation's database as one file, to be copied for each run."""
    from django.db import connection, connections

    with connection.cursor() as cursor:
        cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    name = str(connection.settings_dict["NAME"])
    connections.close_all()
    shutil.copy(name, path)
    return path


def record(plan: Plan, start: Path | None, folder: Path) -> Recording:
    """Run the plan on a copy of `start`, or on nothing: then the tables too are made recorded."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    if start is not None:
        shutil.copy(start, folder / DATABASE)
    if plan.processes > 1:
        return Recording(_record_together(plan, folder), ())
    loads = []
    pragmas = f"PRAGMA wal_autocheckpoint={plan.autocheckpoint}"
    with (
        using(folder / DATABASE, pragmas),
        shim().recording(folder, plan.refuse) as journal,
        nullcontext() if plan.barrier else without_barrier(),
        _sealing(plan.seal),
    ):
        if start is None:
            _migrate()
        share = plan.filings // (plan.restarts + 1)
        for turn in range(plan.restarts + 1):
            part = replace(plan, seed=plan.seed * 100 + turn, filings=share)
            loads.append(_run(part, journal, f"{turn}."))
    return Recording(journal, tuple(loads))


def _record_together(plan: Plan, folder: Path) -> Journal:
    from django.db import connection, connections

    def work(process: int, clock: SharedClock, meet: Callable[[], None]) -> Journal:
        pragmas = f"PRAGMA wal_autocheckpoint={plan.autocheckpoint}"
        with (
            using(folder / DATABASE, pragmas),
            shim().recording(folder, plan.refuse, clock) as journal,
            nullcontext() if plan.barrier else without_barrier(),
            _sealing(plan.seal),
        ):
            meet()
            if process:
                meet()
            # Held open to the end: the log is then made once, by the first process.
            connection.ensure_connection()
            if not process:
                meet()
            filings = plan.filings // plan.processes
            share = replace(plan, seed=plan.seed * 100 + process, filings=filings)
            _run(share, journal, f"{process}.")
            meet()
        return journal

    connections.close_all()
    return together(plan.processes, folder, work)


def _migrate() -> None:
    from django.core.management import call_command
    from django.db import connections

    call_command("migrate", verbosity=0)
    connections.close_all()


def _run(plan: Plan, journal: Journal, prefix: str) -> Load:
    load = Load(
        plan.seed, journal.acknowledge, filings=plan.filings, workers=plan.workers, prefix=prefix
    )
    load.run()
    return load


def _sealing(each: bool) -> AbstractContextManager[object]:
    from django.conf import settings

    return mock.patch.object(settings, "SEAL", "each" if each else "")


def without_barrier() -> AbstractContextManager[object]:
    """Acknowledge right after the commit, as if Law 16 were not there."""
    from ortoo.kernel.filings.barrier import SyncBarrier

    nothing: Callable[[object], None] = lambda self: None  # noqa: E731
    return mock.patch.object(SyncBarrier, "wait", nothing)
