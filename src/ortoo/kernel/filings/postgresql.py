"""PostgreSQL dialect: two pipelined round trips, threads locked first, the log tail last (Law 8)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ortoo.kernel.filings.store import (
    DUTY_COLUMNS,
    FILING_COLUMNS,
    PENDING,
    TARGET_SQL,
    Reads,
    Writes,
    gather,
)

# A log index in a parameter: stored ones stand as they are, pending ones follow the tail, which
# this transaction has already moved past the batch of `batch` filings.
_TAIL = "(SELECT size FROM kernel_log_tail WHERE id=1)"


def _at(mark: str, batch: int) -> str:
    return (
        f"CASE WHEN {mark}::bigint >= {PENDING} THEN {mark}::bigint - {PENDING} + 1 - {batch} + "
        f"{_TAIL} ELSE {mark}::bigint END"
    )


def _insert(table: str, columns: Sequence[str], seqs: Sequence[str], batch: int) -> str:
    marks = [
        _at(f"%({name})s", batch) if name in seqs else f"%({name})s" for name in columns
    ]
    return f"INSERT INTO {table} ({','.join(columns)}) VALUES ({','.join(marks)})"


class PostgresStore:
    """Hand-written SQL over the raw psycopg connection of Django's current transaction.

    With `own=True` the store also begins and commits, so that a whole filing is two round trips.
    """

    def __init__(self, raw: Any, *, own: bool) -> None:
        self._raw = raw
        self._own = own

    def read(self, keys: Sequence[str], threads: Sequence[str], targets: Sequence[int]) -> Reads:
        filings, duties = ",".join(FILING_COLUMNS), ",".join(DUTY_COLUMNS)
        with self._raw.pipeline() as pipe:
            if self._own:
                self._raw.execute("BEGIN")
            # Sorted, so that two batches that share threads cannot deadlock.
            self._raw.execute(
                "SELECT pg_advisory_xact_lock(h) FROM (SELECT DISTINCT hashtextextended(t, 7) h"
                " FROM unnest(%s::text[]) t ORDER BY h) locks",
                (list(threads),),
            )
            cursors = [
                self._raw.execute(sql, (list(values),))
                for sql, values in (
                    (f"SELECT {filings} FROM kernel_filing WHERE key = ANY(%s)", keys),
                    (
                        "SELECT thread,seq,kind,detail FROM kernel_thread_entry"
                        " WHERE thread = ANY(%s)",
                        threads,
                    ),
                    (f"SELECT {duties} FROM kernel_duty WHERE thread = ANY(%s)", threads),
                    (f"{TARGET_SQL} = ANY(%s::bigint[])", targets),
                )
            ]
            pipe.sync()
            rows = [cursor.fetchall() for cursor in cursors]
        return gather(rows[0], rows[1], rows[2], rows[3])

    def write(self, writes: Writes) -> int:
        batch = len(writes.filings)
        with self._raw.pipeline() as pipe:
            # Two statements: an UPDATE could not see the row an ON CONFLICT clause had skipped.
            self._raw.execute(
                "INSERT INTO kernel_log_tail (id, size) VALUES (1, 0) ON CONFLICT (id) DO NOTHING"
            )
            tail = self._raw.execute(
                "UPDATE kernel_log_tail SET size = size + %s WHERE id = 1 RETURNING size", (batch,)
            )
            cursor = self._raw.cursor()
            for table, columns, seqs, rows in self._plan(writes):
                if rows:
                    cursor.executemany(
                        _insert(table, columns, seqs, batch),
                        [dict(zip(columns, row, strict=True)) for row in rows],
                    )
            self._update_duties(cursor, writes, batch)
            if writes.originals:
                cursor.executemany(
                    "INSERT INTO kernel_original (sha256, media_type, name, content)"
                    " VALUES (%s,%s,%s,%s) ON CONFLICT DO NOTHING",
                    writes.originals,
                )
            if self._own:
                self._raw.execute("COMMIT")
            pipe.sync()
            size = int(tail.fetchone()[0])
        return size - batch

    @staticmethod
    def _plan(
        writes: Writes,
    ) -> list[tuple[str, Sequence[str], Sequence[str], Sequence[Sequence[Any]]]]:
        duties = [
            tuple(getattr(row, name) for name in DUTY_COLUMNS) for row in writes.duty_inserts
        ]
        sealed = ("commitment", "filing_key", "path", "subject", "ciphertext")
        posting = ("seq", "line", "account", "commodity", "quantity", "occurred_on")
        return [
            ("kernel_filing", FILING_COLUMNS, ("seq",), writes.filings),
            ("kernel_leaf", ("seq", "sha256", "sm3"), ("seq",), writes.leaves),
            ("kernel_thread_entry", ("thread", "seq", "kind", "detail"), ("seq",), writes.entries),
            ("kernel_duty", DUTY_COLUMNS, ("opened_seq", "closed_seq", "void_seq"), duties),
            ("kernel_posting", posting, ("seq",), writes.postings),
            ("kernel_outbox", ("seq", "addressee", "receipt"), ("seq",), writes.outbox),
            ("kernel_sealed", sealed, (), writes.sealed),
        ]

    @staticmethod
    def _update_duties(cursor: Any, writes: Writes, batch: int) -> None:
        if not writes.duty_updates:
            return
        closed, void = _at("%(closed_seq)s", batch), _at("%(void_seq)s", batch)
        cursor.executemany(
            "UPDATE kernel_duty SET owner=%(owner)s, due_at=%(due_at)s,"
            f" closed_seq={closed}, void_seq={void} WHERE key=%(key)s",
            [
                {
                    "owner": row.owner,
                    "due_at": row.due_at,
                    "closed_seq": row.closed_seq,
                    "void_seq": row.void_seq,
                    "key": row.key,
                }
                for row in writes.duty_updates
            ],
        )
