"""The one statement that changes a record: the ciphertext of a sealed value, under another key.

What was filed is the commitment, and no commitment changes; see `ortoo.kernel.seal.persons`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from django.db import connection, transaction

from ortoo.kernel.filings.storage import wait_durable


@dataclass(frozen=True, slots=True)
class SealedRow:
    """A sealed value as stored."""

    commitment: bytes
    filing_key: str
    path: str
    ciphertext: bytes


def reseal(subject: str, change: Callable[[SealedRow], bytes | None]) -> int:
    """Replace the ciphertext of each value of `subject` by what `change` gives (None: leave it).

    One transaction; on return it is durable, so that the old key may go. Returns values changed.
    """
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT commitment, filing_key, path, ciphertext FROM kernel_sealed"
                " WHERE subject = %s",
                [subject],
            )
            rows = [SealedRow(bytes(c), key, path, bytes(t)) for c, key, path, t in cursor]
        changed = [(text, row) for row in rows if (text := change(row)) is not None]
        if changed:
            _store([(text, row.commitment, row.ciphertext) for text, row in changed])
    wait_durable()
    return len(changed)


def _store(changes: list[tuple[bytes, bytes, bytes]]) -> None:
    with connection.cursor() as cursor:
        cursor.executemany(
            "UPDATE kernel_sealed SET ciphertext = %s WHERE commitment = %s AND ciphertext = %s",
            changes,
        )

