"""Partitions 分区 of the record by calendar period, on PostgreSQL.

`kernel_filing` and `kernel_leaf` are cut at the same log index when a year (or quarter) begins, so
that a lookup by log index reads one period's table and an old period can be kept apart. Nothing of
what the log means depends on it. SQLite keeps one file and has no partitions.
"""

from __future__ import annotations

import datetime as dt
import re
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import OperationalError, connection, transaction

from ortoo.kernel.filings.refusal import Refused

FILINGS, LEAVES = TABLES = ("kernel_filing", "kernel_leaf")
Length = Literal["year", "quarter"]
_NAME = re.compile(r"([1-9]\d{3})(?:q([1-4]))?")
_BOUNDS = re.compile(r"FROM \('?(\w+)'?\) TO \('?(\w+)'?\)")
# Below the server's deadlock_timeout (1 s): who gives way is always the cut, never a filing.
_TABLES_MS, _TAIL_MS, _TRIES, _PAUSE_S = 200, 3_000, 20, 0.25
_LOCK_NOT_AVAILABLE = "55P03"
_UNUSED, _CONFLICT = 400, 409


@dataclass(frozen=True, slots=True)
class Partition:
    """One period's tables. Bounds are log indexes: `first` ≤ seq < `end`; None is open.

    `rows` and `leaves` are counted; times are ms of the first and last filing, None when empty.
    """

    period: str
    first: int | None
    end: int | None
    rows: int
    leaves: int
    first_seq: int | None
    last_seq: int | None
    first_at: int | None
    last_at: int | None
    size_bytes: int


def period_of(now_ms: int, length: Length | None = None) -> str:
    """The period of a moment in the installation's time zone: `2026`, or `2026q4`.

    `length` is settings.PARTITION_PERIOD (year) unless given.
    """
    at = dt.datetime.fromtimestamp(now_ms / 1000, ZoneInfo(settings.TIME_ZONE))
    wanted = length or getattr(settings, "PARTITION_PERIOD", "year")
    if wanted not in get_args(Length):
        raise Refused(
            "PARTITION-LENGTH",
            f"分区期长「{wanted}」不能用。",
            "请把 ORTOO_PARTITION 设为 year 或 quarter。",
            _UNUSED,
        )
    return f"{at.year}" if wanted == "year" else f"{at.year}q{(at.month + 2) // 3}"


def begins_at_ms(period: str) -> int:
    """The first moment of a period. Refuses PARTITION-NAME."""
    found = _NAME.fullmatch(period)
    if found is None:
        raise Refused(
            "PARTITION-NAME", f"「{period}」不是分区期。", "年写作 2026，季写作 2026q4。", _UNUSED
        )
    month = 3 * int(found[2] or 1) - 2
    start = dt.datetime(int(found[1]), month, 1, tzinfo=ZoneInfo(settings.TIME_ZONE))
    return int(start.timestamp() * 1000)


def listing() -> list[Partition]:
    """Every partition in log order, its rows counted. Refuses PARTITION-NONE on SQLite."""
    _postgresql()
    with connection.cursor() as cursor:
        return [_inspected(cursor, *found) for found in _bounds(cursor, FILINGS)]


def faults() -> list[str]:
    """What is wrong with the partitions, in words; empty when the parts make the whole."""
    _postgresql()
    with connection.cursor() as cursor:
        filings, leaves = _bounds(cursor, FILINGS), _bounds(cursor, LEAVES)
        cursor.execute(
            "SELECT f.seq FROM kernel_filing f FULL JOIN kernel_filing_key k"
            " ON k.seq = f.seq AND k.key = f.key WHERE k.seq IS NULL OR f.seq IS NULL LIMIT 1"
        )
        odd = cursor.fetchone()
    wrong = [] if filings == leaves else ["报件与存证叶的分区界限不一致。"]
    starts, ends = [row[1] for row in filings], [row[2] for row in filings]
    if not filings or ends != [*starts[1:], None]:
        wrong.append("分区之间有缺口，或最后一个分区不是敞开的：有分区已被卸下。")
    if odd:
        wrong.append(f"标识表与报件不符（如第 {odd[0]} 号）。")
    return wrong


def due(now_ms: int) -> str | None:
    """The period that has begun and has no partition yet; None when nothing is to be cut."""
    _postgresql()
    with connection.cursor() as cursor:
        standing = [name for name, _, _ in _bounds(cursor, FILINGS)]
    period = period_of(now_ms)
    late = [name for name in standing if begins_at_ms(name) >= begins_at_ms(period)]
    return None if late else period


def cut(period: str, *, now_ms: int) -> Partition:
    """Begin a period's partition behind the last filing, and return it.

    Everything that is filed from now on goes there. A period cut before is returned as it is. The
    lock of both tables is waited for a fifth of a second at a time, so that a long report does not
    stop the filing behind it. Refuses PARTITION-NONE, -NAME, -EARLY (not begun), -BACK (a later one
    stands), -BUSY (the lock was not had), -NESTED (inside a transaction).
    """
    _postgresql()
    if begins_at_ms(period) > now_ms:
        raise Refused(
            "PARTITION-EARLY", f"{period} 期尚未开始。", "请在该期开始之后再切分。", _CONFLICT
        )
    if connection.in_atomic_block:
        # The lock of the tables would be held until the caller is done.
        raise Refused("PARTITION-NESTED", "切分不能在其他事务之中进行。", "请单独运行。", _CONFLICT)
    for left in reversed(range(_TRIES)):
        try:
            made = _cut(period)
        except OperationalError as error:
            if getattr(error.__cause__, "sqlstate", "") != _LOCK_NOT_AVAILABLE:
                raise
            if not left:
                raise Refused(
                    "PARTITION-BUSY", "有长时间的查询占用报件表。", "请稍后再切分。", _CONFLICT
                ) from error
            time.sleep(_PAUSE_S)
        else:
            break
    with connection.cursor() as cursor:
        if made:
            # The server analyses partitions by itself, never the whole they make.
            cursor.execute(f"ANALYZE {FILINGS}, {LEAVES}")
        return next(
            _inspected(cursor, *found) for found in _bounds(cursor, FILINGS) if found[0] == period
        )


def _cut(period: str) -> bool:
    """True when the partition was made now."""
    with transaction.atomic(), connection.cursor() as cursor:
        # The tail first, as those who file do. A filing that has read an earlier one already holds
        # `kernel_filing` when it asks for the tail: the cut then gives way and tries again.
        cursor.execute(f"SET LOCAL lock_timeout = {_TAIL_MS}")
        cursor.execute("SELECT 1 FROM kernel_log_tail FOR UPDATE")
        cursor.execute(f"SET LOCAL lock_timeout = {_TABLES_MS}")
        cursor.execute(f"LOCK TABLE {FILINGS}, {LEAVES} IN ACCESS EXCLUSIVE MODE")
        standing = _bounds(cursor, FILINGS)
        if period in [name for name, _, _ in standing]:
            return False
        newest, first, _ = standing[-1]
        if begins_at_ms(newest) > begins_at_ms(period):
            raise Refused(
                "PARTITION-BACK",
                f"{newest} 期已经切分。",
                f"不能再回头切分 {period} 期。",
                _CONFLICT,
            )
        # Only now: the first filing of all makes the row of the tail, which could not be locked.
        cursor.execute("SELECT size FROM kernel_log_tail WHERE id = 1")
        found = cursor.fetchone()
        end = int(found[0]) + 1 if found else 1
        for table in TABLES:
            _cut_table(cursor, table, (newest, period), (first, end))
    return True


def _cut_table(
    cursor: Any, table: str, names: tuple[str, str], bounds: tuple[int | None, int]
) -> None:
    old, new = (f"{table}_{name}" for name in names)
    first, end = bounds
    if end == (first or 1):
        # Nothing was filed in the old period: an empty range is no partition, so it goes on.
        cursor.execute(f"ALTER TABLE {old} RENAME TO {new}")
        return
    cursor.execute(f"ALTER TABLE {table} DETACH PARTITION {old}")
    start = "MINVALUE" if first is None else first
    cursor.execute(
        f"ALTER TABLE {table} ATTACH PARTITION {old} FOR VALUES FROM ({start}) TO ({end})"
    )
    cursor.execute(f"CREATE TABLE {new} PARTITION OF {table} FOR VALUES FROM ({end}) TO (MAXVALUE)")


def _postgresql() -> None:
    if connection.vendor != "postgresql":
        raise Refused(
            "PARTITION-NONE",
            "SQLite 数据库是一个文件，不分区。",
            "需要分区时请改用 PostgreSQL（ORTOO_DATABASE）。",
            _UNUSED,
        )


def _bounds(cursor: Any, table: str) -> list[tuple[str, int | None, int | None]]:
    """(period, first log index, log index behind the last) of the attached, in log order."""
    cursor.execute(
        "SELECT c.relname, pg_get_expr(c.relpartbound, c.oid) FROM pg_inherits i"
        " JOIN pg_class c ON c.oid = i.inhrelid WHERE i.inhparent = %s::regclass",
        [table],
    )
    made = []
    for name, bounds in cursor.fetchall():
        found = _BOUNDS.search(bounds)
        assert found is not None, bounds
        made.append((str(name).removeprefix(f"{table}_"), _index(found[1]), _index(found[2])))
    return sorted(made, key=lambda row: row[1] or 0)


def _index(text: str) -> int | None:
    return int(text) if text.isdigit() else None


def _inspected(cursor: Any, period: str, first: int | None, end: int | None) -> Partition:
    filings, leaves = (f"{table}_{period}" for table in TABLES)
    cursor.execute(
        f"SELECT COUNT(*), MIN(seq), MAX(seq), (SELECT COUNT(*) FROM {leaves}),"
        f" pg_total_relation_size('{filings}') + pg_total_relation_size('{leaves}') FROM {filings}"
    )
    rows, lowest, highest, leaf_rows, size = cursor.fetchone()
    since, until = (_received_at(cursor, filings, seq) for seq in (lowest, highest))
    return Partition(period, first, end, rows, leaf_rows, lowest, highest, since, until, int(size))


def _received_at(cursor: Any, table: str, seq: int | None) -> int | None:
    if seq is None:
        return None
    cursor.execute(f"SELECT received_at FROM {table} WHERE seq = %s", [seq])
    found: Sequence[Any] = cursor.fetchone()
    return int(found[0])
