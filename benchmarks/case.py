"""What one case costs: declared, decided by four agencies in parallel, released: six filings.

Each filing is one transaction of the kernel's own write (filing, log leaves under both digests,
thread refolded, duties reconciled, postings, outbox), followed by a signed checkpoint (Ed25519)
over the log that holds it. The procedure and its three forms live only here. The lists are read
beside many open cases, as an agency reads them.
"""

from __future__ import annotations

import itertools
import random
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from benchmarks.harness import Meter, progress
from benchmarks.installation import Installation, installation

PREFIX = "BENCH-CASE"
AGENCIES = ("AGENCY-CUSTOMS", "AGENCY-BORDER", "AGENCY-HEALTH", "AGENCY-ROAD")
PORT = "PORT"
START_MS = 1_763_164_800_000
HOUR_MS = 3_600_000
PAGE = 50
SEED = 20251115
# (cases measured, open cases beside them)
SIZES = {"quick": (300, 2_000), "full": (1_000, 100_000)}


def run(*, size: str | None, quick: bool, data: Path | None, database: str) -> dict[str, Any]:
    """The `case` bench. `size`: quick, full, or CASESxOPEN_THREADS. Takes no data."""
    del data
    name = size or ("quick" if quick else "full")
    cases, open_threads = SIZES[name] if name in SIZES else map(int, name.split("x"))
    with installation(database) as home:
        _register()
        _open_cases(open_threads)
        _analyse()
        measured = _cases(cases, home)
        progress(f"{cases} cases, {measured['cpu_ms_per_case']} CPU ms each")
        found = _lists()
        _check(cases)
    return {
        "size": name,
        "database": database,
        "cases": cases,
        **measured,
        "open_threads": open_threads,
        **found,
        "notes": [
            "6 filings a case, each its own transaction and then a signed checkpoint",
            f"agency list: the first {PAGE} open duties of one agency by due time, with the"
            " threads behind them folded; as_of list: the same at a random log index (median)",
            "CPU of this process and of the server's processes, durability as in production",
        ],
    }


class CaseProcedure:
    """Declared → four decisions owed at once → release owed when all four stand."""

    def admit(self, lines: Sequence[Any], draft: Any, entry: Any) -> Any:
        """A case is declared once, an agency decides once, release comes after all decisions."""
        from ortoo.kernel.filings.refusal import Refused

        said = {(line.kind, line.detail.get("agency")) for line in lines}
        kinds = {kind for kind, _ in said}
        if (entry.kind, entry.detail.get("agency")) in said:
            return Refused("CASE-SAID", "这一步已经办过。", "请刷新页面。", 409)
        if entry.kind != "declare" and "declare" not in kinds:
            return Refused("CASE-UNKNOWN", "没有这一案卷。", "请先申报。", 409)
        if entry.kind == "release" and {a for kind, a in said if kind == "decide"} != set(AGENCIES):
            return Refused("CASE-UNDECIDED", "各部门尚未全部作出决定。", "请等待决定。", 409)
        return None

    def duties(self, thread: str, lines: Sequence[Any]) -> Sequence[Any]:
        """Four `decide` duties open with the declaration, `release` with the last decision."""
        from ortoo.kernel.duties.reconcile import DutyRow

        declared = next(line for line in lines if line.kind == "declare")
        decided = {line.detail["agency"]: line.seq for line in lines if line.kind == "decide"}
        released = next((line.seq for line in lines if line.kind == "release"), None)

        def duty(kind: str, owner: str, opened: int, closed: int | None) -> DutyRow:
            due = declared.detail["due_at"] + (HOUR_MS if kind == "release" else 0)
            return DutyRow(
                key=f"{kind}|{thread}|{owner}", thread=thread, kind=kind, owner=owner,
                form=f"{PREFIX}-{kind.upper()}", period="", place="", due_at=due,
                subject=str(declared.detail["consignment"]), opened_seq=opened, closed_seq=closed,
            )  # fmt: skip

        rows = [duty("decide", a, declared.seq, decided.get(a)) for a in AGENCIES]
        if len(decided) == len(AGENCIES):
            rows.append(duty("release", PORT, max(decided.values()), released))
        return rows


def _register() -> None:
    from ortoo.kernel.filings.behaviour import RecordBehaviour, register
    from ortoo.kernel.filings.draft import Entry, Move
    from ortoo.kernel.threads.control import require
    from ortoo.kernel.threads.procedure import register_procedure

    def said(kind: str, *names: str) -> Callable[..., Iterable[Entry]]:
        def relate(draft: Any, body: Any) -> Iterable[Entry]:
            yield Entry(
                f"{PREFIX}|{body['case']}", kind, {name: body[name] for name in names}
            )

        return relate

    def moves(draft: Any, body: Any) -> Iterable[Move]:
        yield Move(f"{draft.filer}|bonded", "coal", -body["kilograms"], "2025-11-15")
        yield Move(f"{draft.filer}|free", "coal", body["kilograms"], "2025-11-15")

    register(
        RecordBehaviour(
            f"{PREFIX}-DECLARE", 1,
            require(case=str, consignment=str, due_at=int, kilograms=int, value_fen=int),
            said("declare", "consignment", "due_at"),
            address=lambda draft, body: AGENCIES,
        )
    )  # fmt: skip
    register(
        RecordBehaviour(
            f"{PREFIX}-DECIDE", 1, require(case=str, agency=str, verdict=str, basis=str),
            said("decide", "agency"), address=lambda draft, body: (PORT,),
        )
    )  # fmt: skip
    register(
        RecordBehaviour(
            f"{PREFIX}-RELEASE", 1, require(case=str, kilograms=int), said("release"), moves,
            lambda draft, body: (draft.subject,),
        )
    )  # fmt: skip
    register_procedure(PREFIX, CaseProcedure())


def _draft(step: str, filer: str, case: str, **body: object) -> Any:
    from ortoo.kernel.filings.draft import Draft

    return Draft(
        f"{PREFIX}-{step}", filer, f"account:{filer}", f"{step}|{case}|{filer}",
        {"case": case, **body}, START_MS, subject="FIRM-00001",
    )  # fmt: skip


def _declaration(case: str, number: int) -> Any:
    return _draft(
        "DECLARE", "FIRM-00001", case, consignment=f"CONSIGNMENT-{number:07d}",
        due_at=START_MS + random.Random(number).randrange(720) * HOUR_MS,
        kilograms=20_000 + number % 5_000, value_fen=1_200_000 + number,
    )  # fmt: skip


def _steps(case: str, number: int) -> list[Any]:
    decisions = [
        _draft("DECIDE", agency, case, agency=agency, verdict="pass", basis="GB/T 0000 第1条")
        for agency in AGENCIES
    ]
    release = _draft("RELEASE", PORT, case, kilograms=20_000 + number % 5_000)
    return [_declaration(case, number), *decisions, release]


def _open_cases(count: int) -> None:
    from ortoo.kernel.filings.write import file_many

    for start in range(0, count, 500):
        stop = min(start + 500, count)
        file_many(
            [_declaration(f"OPEN-{number:07d}", number) for number in range(start, stop)],
            now_ms=START_MS,
        )
    progress(f"{count:,} open cases")


def _analyse() -> None:
    """As autovacuum or the nightly job would have by now."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def _cases(count: int, home: Installation) -> dict[str, Any]:
    from ortoo.kernel.filings.write import file
    from ortoo.kernel.seal import log

    planned = [_steps(f"CASE-{number:07d}", number) for number in range(count + 20)]

    def do(steps: list[Any]) -> None:
        for draft in steps:
            file(draft, now_ms=START_MS)
            log.checkpoint(now_ms=START_MS)

    for steps in planned[count:]:
        do(steps)
    with Meter(home.servers) as used:
        for steps in planned[:count]:
            do(steps)
    return {
        "cpu_ms_per_case": round(1000 * used.cpu.total / count, 3),
        "wall_ms_per_case": round(1000 * used.wall_s / count, 3),
        "cpu_server_s": round(used.cpu.server, 3),
    }


def _lists() -> dict[str, Any]:
    """Milliseconds of wall time an agency waits for its list, now and as of an index."""
    from ortoo.kernel.filings import read

    rng, tail = random.Random(SEED), read.tail()
    turns = itertools.cycle(AGENCIES)
    now = sorted(_timed(lambda: _agency_list(next(turns))) for _ in range(200))
    then = sorted(
        _timed(lambda: _agency_list(next(turns), rng.randrange(1, tail))) for _ in range(60)
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


def _agency_list(owner: str, as_of: int | None = None) -> list[tuple[Any, int]]:
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
    return [
        (
            duty,
            sum(
                line.kind == "decide" and (as_of is None or line.seq <= as_of)
                for line in threads[duty.thread]
            ),
        )
        for duty in page
    ]


def _check(cases: int) -> None:
    """Every measured case ended as it should: all duties closed, each release opened once."""
    from ortoo.kernel.duties.models import Duty

    done = Duty.objects.filter(thread__startswith=f"{PREFIX}|CASE-")
    released = done.filter(kind="release", closed_seq__isnull=False).count()
    if released != cases + 20 or done.filter(closed_seq__isnull=True).exists():
        raise AssertionError(f"{released} cases released of {cases + 20}")
