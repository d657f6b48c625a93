"""Reads of filings by log index, thread, form and period; bodies decoded by their form."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection

from ortoo.kernel.filings.store import FILING_COLUMNS, line_of
from ortoo.kernel.threads.procedure import ThreadLine

_COLUMNS = ",".join(FILING_COLUMNS)
_BINARY = tuple(
    FILING_COLUMNS.index(name)
    for name in ("form_digest", "body", "original", "digest", "digest_sm3")
)


@dataclass(frozen=True, slots=True)
class FilingRow:
    """A filing as stored. Times in ms; `body` canonical JSON bytes."""

    seq: int
    key: str
    form: str
    form_version: int
    form_digest: bytes
    filer: str
    actor: str
    mode: str
    subject: str
    place: str
    period: str
    thread: str
    supersedes: int | None
    annuls: int | None
    corrects: int | None
    reason: str
    said_at: int
    received_at: int
    body: bytes
    original: bytes | None
    digest: bytes
    digest_sm3: bytes
    under: int | None = None

    @property
    def arrived_at(self) -> int:
        """When it counts as having arrived: history that was filed later 历史补录 keeps the time
        it was said at, or every old return would be late."""
        return self.said_at if self.mode == "import" else self.received_at

    @property
    def number(self) -> str:
        """Receipt number 回执号."""
        return f"{self.seq:09d}-{self.digest[:4].hex().upper()}"


@dataclass(frozen=True, slots=True)
class BodyRow:
    """As much of a filing as read models that sum bodies look at."""

    seq: int
    form: str
    form_version: int
    place: str
    body: bytes


def _row(values: Sequence[Any]) -> FilingRow:
    row = list(values)
    for index in _BINARY:
        if row[index] is not None:
            row[index] = bytes(row[index])
    return FilingRow(*row)


def rows(where: str, parameters: Sequence[Any], order: str = "seq") -> list[FilingRow]:
    """Filings by a hand-written condition with `%s` marks; ordered by log index by default."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {_COLUMNS} FROM kernel_filing WHERE {where} ORDER BY {order}", list(parameters)
        )
        return [_row(found) for found in cursor.fetchall()]


def get(seq: int) -> FilingRow | None:
    """One filing by log index, or None."""
    found = rows("seq = %s", [seq])
    return found[0] if found else None


def by_seqs(seqs: Iterable[int]) -> dict[int, FilingRow]:
    """Filings by log index."""
    wanted = sorted(set(seqs))
    result: dict[int, FilingRow] = {}
    for start in range(0, len(wanted), 900):
        chunk = wanted[start : start + 900]
        marks = ",".join(["%s"] * len(chunk))
        result.update((row.seq, row) for row in rows(f"seq IN ({marks})", chunk))
    return result


def bodies(seqs: Iterable[int]) -> dict[int, BodyRow]:
    """The bodies of filings by log index, without the rest of their envelopes."""
    wanted = sorted(set(seqs))
    result: dict[int, BodyRow] = {}
    for start in range(0, len(wanted), 900):
        chunk = wanted[start : start + 900]
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT seq, form, form_version, place, body FROM kernel_filing"
                f" WHERE seq IN ({','.join(['%s'] * len(chunk))})",
                chunk,
            )
            for seq, form, version, place, data in cursor.fetchall():
                result[seq] = BodyRow(seq, form, version, place, bytes(data))
    return result


def after(seq: int, limit: int) -> list[FilingRow]:
    """The next `limit` filings behind `seq`, in log order."""
    return rows(f"seq > %s AND seq <= {int(seq) + int(limit)}", [seq])


def tail() -> int:
    """How many filings the log holds."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT size FROM kernel_log_tail WHERE id=1")
        found = cursor.fetchone()
    return int(found[0]) if found else 0


def tail_at(time_ms: int) -> int:
    """Log index S of everything received up to `time_ms` (the as_of of that moment)."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT COALESCE(MAX(seq), 0) FROM kernel_filing WHERE received_at <= %s", [time_ms]
        )
        return int(cursor.fetchone()[0])


def thread_lines(threads: Iterable[str]) -> dict[str, list[ThreadLine]]:
    """Entries of threads, each list in log order."""
    wanted = sorted(set(threads))
    lines: dict[str, list[ThreadLine]] = {thread: [] for thread in wanted}
    for found in _thread_rows("thread", wanted):
        thread, line = line_of(found)
        lines[thread].append(line)
    return lines


def thread_lines_like(prefix: str) -> dict[str, list[ThreadLine]]:
    """Entries of every thread whose key begins with `prefix`, each list in log order."""
    lines: dict[str, list[ThreadLine]] = {}
    condition, parameters = _begins_with(prefix)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT thread, seq, kind, detail, at FROM kernel_thread_entry"
            f" WHERE {condition} ORDER BY {_thread_by_bytes()}, seq",
            parameters,
        )
        for found in cursor.fetchall():
            thread, line = line_of(found)
            lines.setdefault(thread, []).append(line)
    return lines


def last_touch(prefix: str) -> int:
    """The newest log index among threads whose key begins with `prefix`; 0 for none."""
    condition, parameters = _begins_with(prefix)
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT COALESCE(MAX(seq), 0) FROM kernel_thread_entry WHERE {condition}", parameters
        )
        return int(cursor.fetchone()[0])


def _thread_by_bytes() -> str:
    """The column compared by code point: SQLite does so, PostgreSQL where its collation is C."""
    return 'thread COLLATE "C"' if connection.vendor == "postgresql" else "thread"


def _begins_with(prefix: str) -> tuple[str, list[str]]:
    """A range, which an index serves, and not LIKE, to which % and _ in a key would be marks.

    U+10FFFF is behind every character only where comparison is by code point.
    """
    thread = _thread_by_bytes()
    return f"{thread} >= %s AND {thread} < %s", [prefix, prefix + "\U0010ffff"]


def _thread_rows(column: str, values: Sequence[Any]) -> Iterator[Sequence[Any]]:
    for start in range(0, len(values), 900):
        chunk = values[start : start + 900]
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT thread, seq, kind, detail, at FROM kernel_thread_entry"
                f" WHERE {column} IN ({','.join(['%s'] * len(chunk))}) ORDER BY seq",
                chunk,
            )
            yield from cursor.fetchall()
