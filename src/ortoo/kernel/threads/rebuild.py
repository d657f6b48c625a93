"""Thread entries, postings and duties recomputed from filings alone and compared (Law 7, 9).

These three are written with the filing that moves them; here they are replayed in log order, one
filing at a time, into side tables. Memory: one thread's duties at a time.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import astuple
from itertools import groupby
from typing import Any

from django.db import connection, transaction

from ortoo.kernel.duties.reconcile import Moved
from ortoo.kernel.filings import projection
from ortoo.kernel.filings.behaviour import behaviour_of, posts
from ortoo.kernel.filings.draft import Draft, Move
from ortoo.kernel.filings.projection import Comparison, Table
from ortoo.kernel.filings.read import FilingRow, after, by_seqs, tail
from ortoo.kernel.filings.store import DUTY_COLUMNS, ENTRY_COLUMNS, line_of
from ortoo.kernel.relay.homes import placed
from ortoo.kernel.threads.procedure import ThreadLine, procedure_of

ENTRIES = Table("kernel_thread_entry", ENTRY_COLUMNS)
POSTINGS = Table(
    "kernel_posting", ("seq", "line", "account", "commodity", "quantity", "occurred_on")
)
DUTIES = Table("kernel_duty", DUTY_COLUMNS)
CHUNK = 500
PAGE = 5000
Say = Callable[[str], None]


def draft_of(row: FilingRow) -> Draft:
    """The draft a stored filing was, as far as what follows from it is concerned."""
    return Draft(
        form=row.form,
        filer=row.filer,
        actor=row.actor,
        key=row.key,
        body=row.body,
        said_at=row.said_at,
        period=row.period,
        subject=row.subject,
        place=row.place,
        supersedes=row.supersedes,
        annuls=row.annuls,
        corrects=row.corrects,
        reason=row.reason,
        mode=row.mode,
        version=row.form_version,
        under=row.under,
    )


def entry_rows(row: FilingRow) -> list[tuple[str, int, str, str, int]]:
    """Rows of `kernel_thread_entry` that a filing gives rise to."""
    behaviour = behaviour_of(row.form, row.form_version)
    draft = draft_of(row)
    return [
        (entry.thread, row.seq, entry.kind, detail_text(entry.detail), row.arrived_at)
        for entry in placed(behaviour.entries(draft, row.body), draft)
    ]


def detail_text(detail: object) -> str:
    """A thread entry's detail as stored."""
    return json.dumps(detail, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def posting_rows(row: FilingRow) -> list[tuple[int, int, str, str, int, str]]:
    """Rows of `kernel_posting` that a filing gives rise to: its own moves from line 0 on, and on
    negative lines what it takes back of the filing it supersedes or annuls."""
    own = _moves(row)
    superseded = row.supersedes if posts(behaviour_of(row.form, row.form_version)) else None
    followed = [seq for seq in (superseded, row.annuls) if seq is not None]
    earlier = by_seqs(followed)
    back = [
        Move(move.account, move.commodity, -move.quantity, move.occurred_on)
        for seq in followed
        for move in _moves(earlier[seq])
    ]
    numbered = [(-1 - i, move) for i, move in enumerate(back)] + list(enumerate(own))
    return [
        (row.seq, line, move.account, move.commodity, move.quantity, move.occurred_on)
        for line, move in numbered
    ]


def _moves(row: FilingRow) -> Sequence[Move]:
    return behaviour_of(row.form, row.form_version).moves(draft_of(row), row.body)


def duty_rows(thread: str, lines: Iterator[ThreadLine]) -> list[tuple[Any, ...]]:
    """Rows of `kernel_duty` of one thread, its lines given in log order."""
    procedure = procedure_of(thread)
    if procedure is None:
        return []
    moved, taken = Moved({}), []
    for seq, group in groupby(lines, key=lambda line: line.seq):
        taken += list(group)
        moved.take(procedure.duties(thread, taken), seq)
    return [astuple(row) for row in moved.inserts]


def rebuild_threads(say: Say = lambda line: None, *, fix: bool = False) -> list[Comparison]:
    """Entries, postings and duties replayed and compared; with `fix` replaced where unequal.

    Runs in one transaction, so that on SQLite filing waits for it.
    """
    say("重算案卷、记账与应办事项 …")
    own = not connection.in_atomic_block
    with transaction.atomic():
        if own and connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        _replay_filings(say)
        _replay_duties()
        return [projection.close_side(table, fix=fix) for table in (ENTRIES, POSTINGS, DUTIES)]


def rebuild_all(say: Say = lambda line: None, *, fix: bool = True) -> list[Comparison]:
    """Everything that is computed from filings: threads, postings, duties and every projection."""
    return [*rebuild_threads(say, fix=fix), *projection.rebuild(say, fix=fix)]


def _replay_filings(say: Say) -> None:
    entries, postings = projection.open_side(ENTRIES), projection.open_side(POSTINGS)
    end = tail()
    for start in range(0, end, CHUNK):
        rows = after(start, CHUNK)
        projection.insert_rows(
            entries, ENTRIES.columns, [found for row in rows for found in entry_rows(row)]
        )
        projection.insert_rows(
            postings, POSTINGS.columns, [found for row in rows for found in posting_rows(row)]
        )
        if start and start % (CHUNK * 20) == 0:
            say(f"  已重放 {start:,} / {end:,} 件")


def _replay_duties() -> None:
    side = projection.open_side(DUTIES)
    ready: list[tuple[Any, ...]] = []
    for thread, lines in groupby(_lines(), key=lambda found: found[0]):
        ready += duty_rows(thread, (line for _, line in lines))
        if len(ready) >= CHUNK:
            projection.insert_rows(side, DUTIES.columns, ready)
            ready = []
    projection.insert_rows(side, DUTIES.columns, ready)


def _lines() -> Iterator[tuple[str, ThreadLine]]:
    """Replayed lines by thread and log index, read in pages so that nothing is held open."""
    side, page = f"{ENTRIES.name}_side", PAGE
    last: tuple[str, int] = ("", -1)
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE INDEX thread_entry_side ON {side} (thread, seq)")
    while True:
        with connection.cursor() as cursor:
            cursor.execute(
                f"SELECT {','.join(ENTRY_COLUMNS)} FROM {side}"
                f" WHERE (thread, seq) > (%s, %s) ORDER BY thread, seq LIMIT {page}",
                list(last),
            )
            found = cursor.fetchall()
        if len(found) == page:
            # Two lines of one filing on one thread must not be parted by the page.
            edge = (found[-1][0], found[-1][1])
            found = [row for row in found if (row[0], row[1]) != edge] or found
        for row in found:
            yield line_of(row)
        if not found:
            return
        last = (found[-1][0], found[-1][1])
