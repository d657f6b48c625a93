"""PostgreSQL dialect: two pipelined round trips, threads locked first, the log tail last (Law 8).

Each table is one statement over arrays, however many rows, and its text never changes, so that the
server plans it once a connection.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from zlib import crc32

import psycopg
from django.db import connection

from ortoo.kernel.filings.store import (
    AUTHORITY_SQL,
    DUTY_COLUMNS,
    ENTRY_COLUMNS,
    FILING_COLUMNS,
    KIND_SQL,
    PENDING,
    POSTED_SQL,
    TARGET_SQL,
    Question,
    Reads,
    Writes,
    gather,
    gather_rare,
)
from ortoo.kernel.postings.balance import BALANCE_SQL, FOREVER

# Advisory locks are (our class, bucket): a batch of any size then fits the server's lock table
# (64 × connections by default), for which two unrelated threads wait for each other one time in
# so many.
_LOCK_CLASS = 7353
_BUCKETS = 4096
_LOCK = f"SELECT pg_advisory_xact_lock({_LOCK_CLASS}, b) FROM unnest(%s::int[]) b"
# One statement, so that the first two writers of an empty log do not both insert the row.
_TAIL = (
    "INSERT INTO kernel_log_tail (id, size) VALUES (1, %s)"
    " ON CONFLICT (id) DO UPDATE SET size = kernel_log_tail.size + excluded.size RETURNING size"
)
# Accounts have a class of their own, taken after the threads: those of filings that are taken back
# are known to the server alone, so it hashes.
_ACCOUNTS = (
    "SELECT unnest(%s::text[]) UNION"
    " SELECT account FROM kernel_posting WHERE line >= 0 AND seq = ANY(%s::bigint[])"
)
_LOCK_ACCOUNTS = (
    f"SELECT pg_advisory_xact_lock({_LOCK_CLASS + 1}, b) FROM (SELECT DISTINCT"
    f" hashtext(account) & {_BUCKETS - 1} AS b FROM ({_ACCOUNTS}) AS a(account) ORDER BY 1) AS l"
)
_BALANCES = BALANCE_SQL.format(accounts=_ACCOUNTS, since="%s::text", upto="%s::bigint")
_BIGINT = (
    "seq|under|at|said_at|received_at|supersedes|annuls|corrects|due_at|quantity|opened_seq"
    "|closed_seq|void_seq"
)
_TYPES = {
    **dict.fromkeys(_BIGINT.split("|"), "bigint"),
    **dict.fromkeys(("form_version", "line"), "int"),
    **dict.fromkeys(
        (
            "form_digest", "body", "original", "digest", "digest_sm3", "sha256", "sm3",
            "commitment", "ciphertext", "content",
        ),
        "bytea",
    ),
}  # fmt: skip
_LOG_INDEXES = ("seq", "opened_seq", "closed_seq", "void_seq")


def _value(name: str) -> str:
    """A column of the arrays `v`; a pending log index follows the tail already moved."""
    if name not in _LOG_INDEXES:
        return f"v.{name}"
    return (
        f"CASE WHEN v.{name} >= {PENDING} THEN v.{name} - {PENDING} + 1 + t.base ELSE v.{name} END"
    )


def _source(columns: Sequence[str]) -> str:
    """`FROM` the arrays and the log size before this batch; the first parameter is its length."""
    arrays = ",".join(f"%b::{_TYPES.get(name, 'text')}[]" for name in columns)
    return (
        " FROM (SELECT size - %s::bigint AS base FROM kernel_log_tail WHERE id = 1) t,"
        f" unnest({arrays}) AS v({','.join(columns)})"
    )


def _insert(table: str, columns: Sequence[str]) -> str:
    values = ",".join(_value(name) for name in columns)
    return f"INSERT INTO {table} ({','.join(columns)}) SELECT {values}{_source(columns)}"


_USUAL = (
    (f"SELECT {','.join(FILING_COLUMNS)} FROM kernel_filing_known(%s::text[])", "keys"),
    (
        f"SELECT {','.join(ENTRY_COLUMNS)} FROM kernel_thread_entry WHERE thread = ANY(%s::text[])",
        "threads",
    ),
    (f"SELECT {','.join(DUTY_COLUMNS)} FROM kernel_duty WHERE thread = ANY(%s::text[])", "threads"),
    (f"{TARGET_SQL} = ANY(%s::bigint[])", "targets"),
)
_RARE = (
    (f"{AUTHORITY_SQL} = ANY(%s::bigint[])", "authorities"),
    (f"{KIND_SQL} = ANY(%s::text[])", "annullers"),
    (f"{POSTED_SQL} = ANY(%s::bigint[])", "reversed"),
)
_SEALED = ("commitment", "filing_key", "path", "subject", "ciphertext")
_POSTING = ("seq", "line", "account", "commodity", "quantity", "occurred_on")
_ORIGINAL = ("sha256", "media_type", "name", "content")
_DUTY_UPDATE = ("key", "owner", "due_at", "closed_seq", "void_seq")
_UPDATE_DUTIES = (
    "UPDATE kernel_duty d SET owner = v.owner, due_at = v.due_at,"
    f" closed_seq = {_value('closed_seq')}, void_seq = {_value('void_seq')}"
    f"{_source(_DUTY_UPDATE)} WHERE d.key = v.key"
)


def buckets(names: Sequence[str]) -> list[int]:
    """Lock buckets of threads and keys: sorted, so that batches that share some cannot deadlock."""
    return sorted({crc32(name.encode()) % _BUCKETS for name in names})


class PostgresStore:
    """Hand-written SQL over the raw psycopg connection of Django's current transaction.

    With `own=True` the store also begins and commits, so that a whole filing is two round trips.
    """

    def __init__(self, raw: Any, *, own: bool) -> None:
        self._raw = raw
        self._own = own

    @contextmanager
    def _round_trip(self) -> Iterator[Any]:
        """Statements sent together and answered together: leaving the block is the one wait.

        Django's own cursors quote on the client; ours bind on the server and are prepared.
        """
        threshold, self._raw.prepare_threshold = self._raw.prepare_threshold, 2
        try:
            with connection.wrap_database_errors, self._raw.pipeline():
                yield lambda: psycopg.Cursor(self._raw)
        finally:
            self._raw.prepare_threshold = threshold

    def read(self, asked: Question) -> Reads:
        with self._round_trip() as cursor:
            if self._own:
                # Each statement must see what the locks made it wait for, so not REPEATABLE READ.
                cursor().execute("BEGIN ISOLATION LEVEL READ COMMITTED")
                # Every read here is by an index. A plan made and kept while the tables were small
                # scans them whole, until the next ANALYZE: measured four times the server's time.
                cursor().execute("SET LOCAL enable_seqscan = off")
            # Keys too: the same statement sent twice at once is one filing and one duplicate.
            cursor().execute(_LOCK, (buckets([*asked.threads, *asked.keys]),))
            cursors = self._ask(cursor, _USUAL, asked)
            if asked.rare:
                accounts = (list(asked.accounts), list(asked.reversed))
                cursor().execute(_LOCK_ACCOUNTS, accounts)
                cursors += self._ask(cursor, _RARE, asked)
                since = (asked.since, FOREVER)
                values = (*accounts, *since, *since, FOREVER, FOREVER)
                cursors.append(cursor().execute(_BALANCES, values, binary=True))
        rows = [found.fetchall() if found is not None else [] for found in cursors]
        found = gather(rows[0], rows[1], rows[2], rows[3])
        return gather_rare(found, *rows[4:]) if asked.rare else found

    @staticmethod
    def _ask(cursor: Any, statements: Sequence[tuple[str, str]], asked: Question) -> list[Any]:
        return [
            cursor().execute(sql, (values,), binary=True) if (values := list(getattr(asked, name)))
            else None for sql, name in statements
        ]

    def write(self, writes: Writes) -> int:
        batch = len(writes.filings)
        with self._round_trip() as cursor:
            tail = cursor().execute(_TAIL, (batch,))
            for sql, rows in self._plan(writes):
                if rows:
                    cursor().execute(sql, (batch, *(list(c) for c in zip(*rows, strict=True))))
            if self._own:
                cursor().execute("COMMIT")
        return int(tail.fetchone()[0]) - batch

    @staticmethod
    def _plan(writes: Writes) -> list[tuple[str, Sequence[Sequence[Any]]]]:
        duties = [tuple(getattr(row, name) for name in DUTY_COLUMNS) for row in writes.duty_inserts]
        updates = [
            tuple(getattr(row, name) for name in _DUTY_UPDATE) for row in writes.duty_updates
        ]
        return [
            (_insert("kernel_filing", FILING_COLUMNS), writes.filings),
            (_insert("kernel_leaf", ("seq", "sha256", "sm3")), writes.leaves),
            (_insert("kernel_thread_entry", ENTRY_COLUMNS), writes.entries),
            (_insert("kernel_duty", DUTY_COLUMNS), duties),
            (_UPDATE_DUTIES, updates),
            (_insert("kernel_posting", _POSTING), writes.postings),
            (_insert("kernel_outbox", ("seq", "addressee", "receipt")), writes.outbox),
            (_insert("kernel_sealed", _SEALED), writes.sealed),
            (
                f"{_insert('kernel_original', _ORIGINAL)} ON CONFLICT DO NOTHING",
                writes.originals,
            ),
        ]
