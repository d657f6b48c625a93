"""A disk that refuses, a disk that may only be read, a clock set back: what the kernel then does.

    python -m benchmarks.power.scenarios [NAME …]

prints one JSON object: scenario → what was seen. In a process of its own, because SQLite's file
layer is replaced in it. `tests/durability` holds it against what is stated.
"""

from __future__ import annotations

import errno
import json
import os
import shutil
import sqlite3
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from random import Random
from typing import Any
from unittest import mock

from benchmarks.installation import installation
from benchmarks.power.judge import DATABASE, Verdict, after_cut, judge, using
from benchmarks.power.load import NOW, register
from benchmarks.power.recording import Plan, record, template
from benchmarks.power.shim import FULL, IOERR_FSYNC, OK, shim

NOBODY = 65534
CUTS = 8
Seen = dict[str, Any]


def _drafts(prefix: str, number: int) -> list[Any]:
    from ortoo.kernel.filings.draft import Draft

    return [
        Draft(
            "POWER-SAID", "FIRM", "account:FIRM", f"{prefix}{n}",
            {"case": f"{prefix}{n}", "kind": "declare", "kg": n}, NOW + n, subject="FIRM",
        )
        for n in range(number)
    ]  # fmt: skip


def _file(draft: Any, now_ms: int = NOW) -> tuple[str, Any]:
    """("", receipt), or (the refusal's code or the raw error, the refusal)."""
    from ortoo.kernel.filings.refusal import Refused
    from ortoo.kernel.filings.write import file

    try:
        return "", file(draft, now_ms=now_ms)
    except Refused as refusal:
        return refusal.code, refusal
    except Exception as error:
        return f"raw {type(error).__module__}.{type(error).__name__}: {error}", error


def _restart(*, settle: bool = True) -> None:
    """What a restart of the process changes for the barrier, and what a server does first."""
    from django.db import connections

    from ortoo.kernel.filings import barrier, storage

    connections.close_all()
    barrier._BARRIERS.clear()
    if settle:
        storage.settle()
        connections.close_all()


def _seen(verdict: Verdict) -> Seen:
    return {**asdict(verdict), "sound": verdict.sound}


@contextmanager
def _recorded(start: Path, folder: Path, refuse: Any, pragmas: str = "") -> Iterator[Any]:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    shutil.copy(start, folder / DATABASE)
    with (
        using(folder / DATABASE, pragmas),
        shim().recording(folder, refuse) as journal,
    ):
        yield journal


def disk_full(start: Path, folder: Path) -> Seen:
    """One write in a hundred to the database or its log finds no space, at random, under load."""
    random = Random(7)

    def refuse(kind: str, name: str) -> int:
        return FULL if kind == "write" and random.random() < 0.01 else OK

    plan = Plan(seed=3, filings=80, autocheckpoint=30, refuse=refuse)
    recording = record(plan, start, folder)
    journal, load = recording.journal, recording.loads[0]
    promises = [(a.kind, a.key, a.digest) for a in journal.acknowledgements]
    with using(folder / DATABASE):
        kept = judge(promises)
    cuts = [
        after_cut(journal, random.randint(0, journal.last()), folder / "cut", n)
        for n in range(CUTS)
    ]
    return {
        "codes": sorted({refusal.code for refusal in load.refused}),
        "statuses": sorted({r.status for r in load.refused if r.code.startswith("STORAGE")}),
        "remedies": all(refusal.message and refusal.remedy for refusal in load.refused),
        "kept": _seen(kept),
        "cuts": [_seen(cut) for cut in cuts],
    }


def _barrier_fails(start: Path, folder: Path, number: int, *, settle: bool = True) -> Seen:
    """The barrier's sync fails once with that errno, and works from then on."""
    failing = [0]

    def refuse(kind: str, name: str) -> int:
        return failing.pop() if kind == "barrier" and failing else OK

    drafts = _drafts("b", 4)
    with _recorded(start, folder, refuse) as journal:
        codes = [_file(drafts[0])[0]]
        failing[:] = [number]
        codes += [_file(draft)[0] for draft in drafts[1:3]]
        codes.append(_file(drafts[0])[0])
        # Another connection stays open, as another process would: the log is not removed.
        other = sqlite3.connect(folder / DATABASE)
        other.execute("SELECT COUNT(*) FROM kernel_filing").fetchall()
        _restart(settle=settle)
        again = [_file(draft) for draft in drafts]
        for _, receipt in again:
            journal.acknowledge("filing", receipt.key, receipt.digest)
        cut = journal.last()
        other.close()
    cuts = [after_cut(journal, cut, folder / "cut", seed) for seed in range(2 * CUTS)]
    return {
        "codes": codes,
        "again": [code for code, _ in again],
        "repeated": [receipt.duplicate for _, receipt in again],
        "cuts": [_seen(each) for each in cuts],
    }


def sync_out_of_space(start: Path, folder: Path) -> Seen:
    """A delayed allocation finds no space only when the log is synced."""
    return _barrier_fails(start, folder, errno.ENOSPC)


def sync_input_output_error(start: Path, folder: Path) -> Seen:
    """The disk cannot write a page of the log."""
    return _barrier_fails(start, folder, errno.EIO)


def restart_without_settling(start: Path, folder: Path) -> Seen:
    """The same, and the server acknowledges again without `storage.settle` first."""
    return _barrier_fails(start, folder, errno.EIO, settle=False)


def checkpoint_sync_fails(start: Path, folder: Path) -> Seen:
    """SQLite's own sync of the log, before copying it into the database, fails once."""
    failing = [0]

    def refuse(kind: str, name: str) -> int:
        return failing.pop() if kind == "sync" and name.endswith("-wal") and failing else OK

    drafts = _drafts("c", 3)
    with _recorded(start, folder, refuse, "PRAGMA wal_autocheckpoint=1"):
        codes = [_file(drafts[0])[0]]
        failing[:] = [IOERR_FSYNC]
        codes += [_file(draft)[0] for draft in drafts[1:]]
        _restart()
        again = [_file(draft) for draft in drafts]
        verdict = judge([("filing", receipt.key, receipt.digest) for _, receipt in again])
    return {"codes": codes, "again": [code for code, _ in again], "kept": _seen(verdict)}


def read_only(start: Path, folder: Path) -> Seen:
    """File and folder without the right to write, for a user who is not root; then with it."""
    from django.db import connection

    folder.mkdir()
    shutil.copy(start, folder / DATABASE)
    first, second = _drafts("r", 2)
    with using(folder / DATABASE):
        before = _file(first)
        root = os.geteuid() == 0
        # The log stays beside the file, as after a crash or on a disk mounted again read-only.
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.close()
        for path, mode in ((folder / DATABASE, 0o444), (folder, 0o555)):
            path.chmod(mode)
        try:
            if root:
                os.seteuid(NOBODY)
            after, _ = _file(second)
            connection.close()
        finally:
            if root:
                os.seteuid(0)
            folder.chmod(0o755)
            (folder / DATABASE).chmod(0o644)
        again = _file(second)
        verdict = judge([("filing", r.key, r.digest) for _, r in (before, again)])
    return {"before": before[0], "code": after, "again": again[0], "kept": _seen(verdict)}


def clock_set_back(start: Path, folder: Path) -> Seen:
    """The machine's clock jumps back an hour between filings, and forward again."""
    from ortoo.kernel.filings.read import tail_at
    from ortoo.kernel.seal import log

    folder.mkdir()
    shutil.copy(start, folder / DATABASE)
    clock = [NOW, NOW + 60_000, NOW - 3_600_000, NOW - 3_599_000, NOW + 120_000]
    with using(folder / DATABASE):
        receipts, signed = [], []
        for draft, now in zip(_drafts("k", len(clock)), clock, strict=True):
            receipts.append(_file(draft, now)[1])
            signed.append(log.checkpoint(now_ms=now))
        tails = [tail_at(moment) for moment in sorted(clock)]
        promises = [("filing", r.key, r.digest) for r in receipts]
        verdict = judge([*promises, *(("checkpoint", row.note, b"") for row in signed)])
    return {
        "order": [receipt.seq for receipt in receipts],
        "received": [receipt.received_at - NOW for receipt in receipts],
        "tails": tails,
        "kept": _seen(verdict),
    }


def first_filing(start: Path, folder: Path) -> Seen:
    """Power is cut right after the first acknowledgement of a database just made."""
    del start
    recording = record(Plan(seed=11, filings=2, workers=1), None, folder)
    journal = recording.journal
    cut = journal.acknowledgements[0].moment + 1
    cuts = [after_cut(journal, cut, folder / "cut", seed) for seed in range(4 * CUTS)]
    return {"cuts": [_seen(each) for each in cuts]}


def callers_transaction(start: Path, folder: Path) -> Seen:
    """A service files inside its own transaction; power is cut when that has returned."""
    from django.db import transaction

    first, second = _drafts("t", 2)
    with _recorded(start, folder, None) as journal:
        with transaction.atomic():
            receipts = [_file(draft)[1] for draft in (first, second)]
        for receipt in receipts:
            journal.acknowledge("filing", receipt.key, receipt.digest)
        cut = journal.last()
    cuts = [after_cut(journal, cut, folder / "cut", seed) for seed in range(2 * CUTS)]
    return {"cuts": [_seen(each) for each in cuts]}


def weaker_barriers(start: Path, folder: Path) -> Seen:
    """Filings lost when the barrier is almost right: the cuts must tell it from the right one."""
    from benchmarks.kill import Tally, cut_power, plans
    from ortoo.kernel.filings.barrier import SyncBarrier

    def lost(name: str, weaker: Callable[[Any], None]) -> int:
        tally = Tally()
        with mock.patch.object(SyncBarrier, name, weaker):
            for plan, _, share in plans(120, 99):
                cut_power(start, folder, plan, share, tally)
        return len(tally.lost)

    folder.mkdir()
    return {
        "joins_a_sync_already_running": lost("wait", _join_running),
        "syncs_the_database_instead_of_its_log": lost("_sync", _sync_database),
    }


def _join_running(barrier: Any) -> None:
    with barrier._condition:
        wanted = barrier._started + (0 if barrier._running else 1)
        while barrier._finished < wanted:
            if barrier._running:
                barrier._condition.wait()
                continue
            barrier._running = True
            barrier._started += 1
            turn = barrier._started
            barrier._condition.release()
            try:
                barrier._sync()
            finally:
                barrier._condition.acquire()
                barrier._running = False
                barrier._condition.notify_all()
            barrier._finished = turn


def _sync_database(barrier: Any) -> None:
    handle = os.open(str(barrier._wal).removesuffix("-wal"), os.O_RDONLY)
    try:
        os.fdatasync(handle)
    finally:
        os.close(handle)


SCENARIOS: dict[str, Callable[[Path, Path], Seen]] = {
    each.__name__.replace("_", "-"): each
    for each in (
        disk_full,
        sync_out_of_space,
        sync_input_output_error,
        restart_without_settling,
        checkpoint_sync_fails,
        read_only,
        clock_set_back,
        first_filing,
        callers_transaction,
        weaker_barriers,
    )
}
SLOW = {"weaker-barriers"}


def main(names: list[str]) -> None:
    """Run the named scenarios, or all but the slow ones; print what was seen."""
    with installation() as home:
        register()
        home.home.chmod(0o755)
        start = template(home.home / "empty.sqlite3")
        seen = {}
        for name in names or [name for name in SCENARIOS if name not in SLOW]:
            _restart(settle=False)
            seen[name] = SCENARIOS[name](start, home.home / name)
    print(json.dumps(seen, ensure_ascii=False))


if __name__ == "__main__":
    main(sys.argv[1:])
