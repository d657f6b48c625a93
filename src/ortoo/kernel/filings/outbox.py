"""The outbox as the relay sees it: what waits, what follows a thread, and receipts that close rows.

The table is operational: no figure and no duty is made from it, and it may be emptied and filled
again at the price of sending filings twice, which are then received once. Its rows are written in
the one write; what else writes them stands here, beside it.
"""

from __future__ import annotations

from django.db import connection

# Relayed filings are not passed on: whoever they concern got them from the log that holds them.
_OWN = "NOT (f.mode = 'relay' AND substr(f.actor, 1, 6) = 'relay:')"


def unanswered(limit: int = 10_000) -> list[tuple[int, str]]:
    """(log index, addressee) of rows without a receipt, oldest first."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT o.seq, o.addressee FROM kernel_outbox o JOIN kernel_filing f ON f.seq = o.seq"
            f" WHERE o.receipt = '' AND {_OWN} ORDER BY o.seq, o.addressee LIMIT %s",
            [limit],
        )
        return [(int(seq), str(addressee)) for seq, addressee in cursor.fetchall()]


def follow_threads() -> int:
    """Who was sent a thread's opening is sent whatever joins that thread; rows added."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO kernel_outbox (seq, addressee, receipt)"
            " SELECT DISTINCT later.seq, o.addressee, '' FROM kernel_outbox o"
            " JOIN kernel_filing f ON f.seq = o.seq"
            " JOIN kernel_thread_entry first ON first.seq = o.seq AND first.kind = 'open'"
            " JOIN kernel_thread_entry later ON later.thread = first.thread AND later.seq > o.seq"
            f" WHERE {_OWN} AND NOT EXISTS (SELECT 1 FROM kernel_outbox k"
            " WHERE k.seq = later.seq AND k.addressee = o.addressee)"
            " ON CONFLICT DO NOTHING"
        )
        return int(cursor.rowcount)


def close(seq: int, addressee: str, receipt: str) -> bool:
    """Note the receipt 回执 of an addressee; False where there is no such row, or it has one."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE kernel_outbox SET receipt = %s"
            " WHERE seq = %s AND addressee = %s AND receipt = ''",
            [receipt, seq, addressee],
        )
        return int(cursor.rowcount) > 0


def addressees(seq: int) -> list[str]:
    """Everybody a filing is or was sent to."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT addressee FROM kernel_outbox WHERE seq = %s ORDER BY 1", [seq])
        return [str(row[0]) for row in cursor.fetchall()]
