"""The one statement that stores a signed checkpoint; signing is `ortoo.kernel.seal.log`."""

from __future__ import annotations

from dataclasses import dataclass
from operator import attrgetter
from typing import Any

from django.db import connection


@dataclass(frozen=True, slots=True)
class CheckpointRow:
    """A stored checkpoint. Roots are 32 bytes; `frontier` holds both compact ranges."""

    size: int
    sha256: bytes
    sm3: bytes
    frontier: bytes
    note: str
    signed_at: int


COLUMNS = ("size", "sha256", "sm3", "frontier", "note", "signed_at")
# Not dataclasses.astuple, which copies every value deeply.
values_of = attrgetter(*COLUMNS)
_SELECT = f"SELECT {','.join(COLUMNS)} FROM kernel_checkpoint"


def store_checkpoint(row: CheckpointRow) -> CheckpointRow:
    """Insert, or return the row that another process stored for the same size first."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO kernel_checkpoint ({','.join(COLUMNS)}) VALUES (%s,%s,%s,%s,%s,%s)"
            " ON CONFLICT (size) DO NOTHING",
            values_of(row),
        )
        cursor.execute(f"{_SELECT} WHERE size = %s", [row.size])
        return _row(cursor.fetchone())


_RAW_INSERT = (
    f"INSERT INTO kernel_checkpoint ({','.join(COLUMNS)}) VALUES ({','.join('?' * len(COLUMNS))})"
)


def store_within(raw: Any, row: CheckpointRow) -> None:
    """Insert inside the write's own transaction on SQLite; `raw` is its connection."""
    raw.execute(_RAW_INSERT, values_of(row))


def last_checkpoint(at_least: int = 0) -> CheckpointRow | None:
    """The newest checkpoint, if it covers at least that many leaves."""
    with connection.cursor() as cursor:
        cursor.execute(f"{_SELECT} WHERE size >= %s ORDER BY size DESC LIMIT 1", [at_least])
        found = cursor.fetchone()
    return _row(found) if found else None


def checkpoint_over(seq: int) -> CheckpointRow | None:
    """The oldest checkpoint that covers filing `seq`: its proof is the shortest."""
    with connection.cursor() as cursor:
        cursor.execute(f"{_SELECT} WHERE size >= %s ORDER BY size LIMIT 1", [seq])
        found = cursor.fetchone()
    return _row(found) if found else None


def _row(found: tuple[object, ...]) -> CheckpointRow:
    size, sha256, sm3, frontier, note, signed_at = found
    return CheckpointRow(
        int(size),  # type: ignore[call-overload]
        bytes(sha256),  # type: ignore[call-overload]
        bytes(sm3),  # type: ignore[call-overload]
        bytes(frontier),  # type: ignore[call-overload]
        str(note),
        int(signed_at),  # type: ignore[call-overload]
    )
