"""What one case costs: declared, decided by four agencies in parallel, released: six filings.

Measured twice in one installation: with plain records and a procedure written by hand
(`case_by_hand`), which is what the kernel's write itself costs, and with the procedure, forms and
regulations of a truck that ship (`case_shipped`).

Each filing is one transaction of the kernel's own write (filing, log leaves under both digests,
thread refolded, duties reconciled, postings, outbox) with a signed checkpoint (Ed25519) over the
log that holds it: on SQLite in the same transaction, on PostgreSQL in one that follows. The lists
are read beside many open cases, as an agency reads them.
"""

from __future__ import annotations

import itertools
import os
import random
import time
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

from benchmarks.case_by_hand import START_MS
from benchmarks.harness import Meter, progress
from benchmarks.installation import Installation, installation

PAGE = 50
SEED = 20251115
WARM = 20
EVERY_MS = 31_000
# (cases measured, open cases beside them)
SIZES = {"quick": (300, 2_000), "full": (1_000, 100_000)}


def run(*, size: str | None, quick: bool, data: Path | None, database: str) -> dict[str, Any]:
    """The `case` bench. `size`: quick, full or CASESxOPEN_THREADS."""
    del data
    name = size or ("quick" if quick else "full")
    cases, open_threads = SIZES[name] if name in SIZES else map(int, name.split("x"))
    os.environ["ORTOO_SEAL"] = "each"
    with installation(database) as home:
        from benchmarks import case_by_hand, case_shipped

        for matter in (case_by_hand, case_shipped):
            matter.register()
        _open_cases(case_shipped, open_threads)
        _analyse()
        plain = _cases(case_by_hand, cases, home)
        shipped = _cases(case_shipped, cases, home)
        progress(f"{cases} cases, {plain['cpu_ms_per_case']} CPU ms each, of {shipped} shipped")
        found = _lists(case_shipped)
        for matter in (case_by_hand, case_shipped):
            _check(matter, cases)
    return {
        "size": name,
        "database": database,
        "cases": cases,
        **plain,
        **{f"shipped_{key}": value for key, value in shipped.items()},
        "open_threads": open_threads,
        **found,
        "notes": NOTES,
    }


NOTES = [
    "6 filings a case, each its own transaction with a signed checkpoint (ORTOO_SEAL=each)",
    "cpu_ms_per_case: plain records and a procedure in code, as the measured floors were;"
    " shipped_cpu_ms_per_case: the forms and procedure of a truck that ship (fields checked, parts"
    " salted by share class, persons sealed, clocks by calendar); drafts: what makes the drafts"
    " from what was typed, beside it",
    f"agency list: the first {PAGE} open duties of one agency by due time, with the threads"
    " behind them folded; as_of list: the same at a random log index (median)",
    "CPU of this process and of the server's processes, durability as in production",
]


def _open_cases(matter: ModuleType, count: int) -> None:
    from ortoo.kernel.filings.write import file_many

    for start in range(0, count, 500):
        stop = min(start + 500, count)
        drafts = [
            matter.opening(f"OPEN-{number:07d}", number, START_MS + number * EVERY_MS)
            for number in range(start, stop)
        ]
        file_many(drafts, now_ms=START_MS + stop * EVERY_MS)
    progress(f"{count:,} open cases")


def _analyse() -> None:
    """As autovacuum or the nightly job would have by now."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def _cases(matter: ModuleType, count: int, home: Installation) -> dict[str, Any]:
    from ortoo.kernel.filings.write import file

    drafts_s = 0.0

    def do(number: int) -> None:
        nonlocal drafts_s
        now_ms = START_MS + number * EVERY_MS
        for make in matter.steps(f"CASE-{number:07d}", number, now_ms):
            begun = time.thread_time()
            draft = make()
            drafts_s += time.thread_time() - begun
            file(draft, now_ms=now_ms)

    for number in range(count, count + WARM):
        do(number)
    drafts_s = 0.0
    with Meter(home.servers) as used:
        for number in range(count):
            do(number)
    return {
        "cpu_ms_per_case": round(1000 * (used.cpu.total - drafts_s) / count, 3),
        "drafts_cpu_ms_per_case": round(1000 * drafts_s / count, 3),
        "wall_ms_per_case": round(1000 * used.wall_s / count, 3),
        "cpu_server_s": round(used.cpu.server, 3),
    }


def _lists(matter: ModuleType) -> dict[str, Any]:
    """Milliseconds of wall time an agency waits for its list, now and as of an index."""
    from ortoo.kernel.filings import read

    rng, tail = random.Random(SEED), read.tail()
    turns = itertools.cycle(matter.AGENCIES)
    now = sorted(_timed(lambda: _agency_list(matter, next(turns))) for _ in range(200))
    then = sorted(
        _timed(lambda: _agency_list(matter, next(turns), rng.randrange(1, tail))) for _ in range(60)
    )
    return {
        "agency_list_p50_ms": round(now[len(now) // 2], 3),
        "agency_list_p95_ms": round(now[len(now) * 95 // 100], 3),
        "as_of_list_ms": round(then[len(then) // 2], 3),
    }


def _timed(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return (time.perf_counter() - start) * 1000


def _agency_list(matter: ModuleType, owner: str, as_of: int | None = None) -> list[tuple[Any, int]]:
    """(duty, decisions standing in its thread) of the first page by due time."""
    from django.db.models import Q

    from ortoo.kernel.duties.models import Duty
    from ortoo.kernel.filings import read

    duties = Duty.objects.filter(owner=owner)
    if as_of is None:
        duties = duties.filter(closed_seq__isnull=True, void_seq__isnull=True)
    else:
        duties = duties.filter(
            Q(closed_seq__isnull=True) | Q(closed_seq__gt=as_of),
            Q(void_seq__isnull=True) | Q(void_seq__gt=as_of),
            opened_seq__lte=as_of,
        )
    page = list(duties.order_by("due_at")[:PAGE])
    threads = read.thread_lines(duty.thread for duty in page)
    return [(duty, matter.decided(threads[duty.thread], as_of)) for duty in page]


def _check(matter: ModuleType, cases: int) -> None:
    """Every measured case ended as it should: all duties closed, each release opened once."""
    from ortoo.kernel.duties.models import Duty

    done = Duty.objects.filter(thread__startswith=f"{matter.PREFIX}|", thread__contains="CASE-0")
    released = done.filter(kind="release", closed_seq__isnull=False).count()
    if released != cases + WARM or done.filter(closed_seq__isnull=True).exists():
        raise AssertionError(f"{released} cases released of {cases + WARM}")
