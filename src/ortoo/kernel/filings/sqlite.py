"""SQLite dialect of the one write. The transaction is IMMEDIATE, so the tail is ours from BEGIN."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from operator import attrgetter
from typing import Any

from ortoo.kernel.duties.reconcile import DutyRow
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
from ortoo.kernel.postings.accounts import guarded
from ortoo.kernel.postings.balance import BALANCE_SQL, FOREVER

_CHUNK = 900
_DUTY_VALUES = attrgetter(*DUTY_COLUMNS)


def _insert(table: str, columns: Sequence[str]) -> str:
    marks = ",".join("?" * len(columns))
    return f"INSERT INTO {table} ({','.join(columns)}) VALUES ({marks})"


_FILING = _insert("kernel_filing", FILING_COLUMNS)
_LEAF = _insert("kernel_leaf", ("seq", "sha256", "sm3"))
_ENTRY = _insert("kernel_thread_entry", ENTRY_COLUMNS)
_DUTY = _insert("kernel_duty", DUTY_COLUMNS)
_DUTY_UPDATE = "UPDATE kernel_duty SET owner=?, due_at=?, closed_seq=?, void_seq=? WHERE key=?"
_POSTING = _insert(
    "kernel_posting", ("seq", "line", "account", "commodity", "quantity", "occurred_on")
)
_OUTBOX = _insert("kernel_outbox", ("seq", "addressee", "receipt"))
_ORIGINAL = (
    "INSERT OR IGNORE INTO kernel_original (sha256, media_type, name, content) VALUES (?,?,?,?)"
)
_KNOWN = f"SELECT {','.join(FILING_COLUMNS)} FROM kernel_filing WHERE key"
_LINES = f"SELECT {','.join(ENTRY_COLUMNS)} FROM kernel_thread_entry WHERE thread"
_DUTIES = f"SELECT {','.join(DUTY_COLUMNS)} FROM kernel_duty WHERE thread"
_SEALED = _insert("kernel_sealed", ("commitment", "filing_key", "path", "subject", "ciphertext"))


class SqliteStore:
    """Hand-written SQL over the raw `sqlite3` connection of Django's current transaction."""

    def __init__(self, raw: Any) -> None:
        self.raw = raw

    def read(self, asked: Question) -> Reads:
        found = gather(
            list(self._in(_KNOWN, asked.keys)),
            list(self._in(_LINES, asked.threads)),
            list(self._in(_DUTIES, asked.threads)),
            list(self._in(TARGET_SQL, asked.targets)),
        )
        return self._read_rare(asked, found) if asked.rare else found

    def _read_rare(self, asked: Question, found: Reads) -> Reads:
        posted = list(self._in(POSTED_SQL, asked.reversed))
        accounts = {*asked.accounts, *(row[1] for row in posted if guarded(row[1]))}
        return gather_rare(
            found,
            list(self._in(AUTHORITY_SQL, asked.authorities)),
            list(self._in(KIND_SQL, asked.annullers)),
            posted,
            list(self._balances(sorted(accounts), asked.since)),
        )

    def _balances(self, accounts: Sequence[str], since: str) -> Iterator[Sequence[Any]]:
        for start in range(0, len(accounts), _CHUNK // 2):
            chunk = accounts[start : start + _CHUNK // 2]
            sql = BALANCE_SQL.format(
                accounts="VALUES " + ",".join(["(?)"] * len(chunk)), since="?", upto="?"
            )
            some = (since, FOREVER)
            yield from self.raw.execute(sql, (*chunk, *some, *some, *[FOREVER] * 2))

    def _in(self, sql: str, values: Sequence[Any]) -> Iterator[Sequence[Any]]:
        for start in range(0, len(values), _CHUNK):
            chunk = values[start : start + _CHUNK]
            yield from self.raw.execute(f"{sql} IN ({','.join('?' * len(chunk))})", chunk)

    def write(self, writes: Writes) -> int:
        raw = self.raw
        found = raw.execute("SELECT size FROM kernel_log_tail WHERE id=1").fetchone()
        size = int(found[0]) if found else 0
        if not found:
            raw.execute("INSERT INTO kernel_log_tail (id, size) VALUES (1, 0)")

        def at(seq: int | None) -> int | None:
            return seq - PENDING + size + 1 if seq is not None and seq >= PENDING else seq

        raw.executemany(_FILING, [(at(row[0]), *row[1:]) for row in writes.filings])
        raw.executemany(_LEAF, [(at(row[0]), *row[1:]) for row in writes.leaves])
        raw.executemany(_ENTRY, [(row[0], at(row[1]), *row[2:]) for row in writes.entries])
        raw.executemany(_DUTY, [_duty(row, at) for row in writes.duty_inserts])
        raw.executemany(
            _DUTY_UPDATE,
            [
                (row.owner, row.due_at, at(row.closed_seq), at(row.void_seq), row.key)
                for row in writes.duty_updates
            ],
        )
        if writes.postings:
            raw.executemany(_POSTING, [(at(row[0]), *row[1:]) for row in writes.postings])
        if writes.outbox:
            raw.executemany(_OUTBOX, [(at(row[0]), *row[1:]) for row in writes.outbox])
        if writes.originals:
            raw.executemany(_ORIGINAL, writes.originals)
        if writes.sealed:
            raw.executemany(_SEALED, writes.sealed)
        raw.execute("UPDATE kernel_log_tail SET size=? WHERE id=1", (size + len(writes.filings),))
        return size


def _duty(row: DutyRow, at: Any) -> tuple[Any, ...]:
    # Not dataclasses.astuple, which copies every value deeply: a tenth of a filing's time.
    values = _DUTY_VALUES(row)
    return (*values[:9], at(row.opened_seq), at(row.closed_seq), at(row.void_seq))
