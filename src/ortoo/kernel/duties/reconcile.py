"""What duties a thread should have, against what is stored."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class DutyRow:
    """One duty: deterministic `key`; log indexes of opening, closing, voiding; `due_at` in ms."""

    key: str
    thread: str
    kind: str
    owner: str
    form: str
    period: str
    place: str
    subject: str
    due_at: int | None
    opened_seq: int
    closed_seq: int | None = None
    void_seq: int | None = None


def reconcile(
    stored: Mapping[str, DutyRow], owed: Iterable[DutyRow], seq: int
) -> tuple[list[DutyRow], list[DutyRow]]:
    """(rows to insert, rows to update) so that storage says what the fold says.

    A stored open duty that the fold no longer owes becomes void at `seq`; it is never deleted, and
    stands again when the fold owes it again.
    """
    inserts, updates, seen = [], [], set()
    for row in owed:
        seen.add(row.key)
        have = stored.get(row.key)
        if have is None:
            inserts.append(row)
        elif have.void_seq is not None or _moving(have) != _moving(row):
            updates.append(
                replace(
                    have,
                    closed_seq=row.closed_seq,
                    due_at=row.due_at,
                    owner=row.owner,
                    void_seq=None,
                )
            )
    for key, have in stored.items():
        if key not in seen and have.closed_seq is None and have.void_seq is None:
            updates.append(replace(have, void_seq=seq))
    return inserts, updates


def _moving(row: DutyRow) -> tuple[int | None, int | None, str]:
    return row.closed_seq, row.due_at, row.owner


class Moved:
    """One thread's duties while filings are taken one after another; what is then to be written."""

    def __init__(self, stored: Mapping[str, DutyRow]) -> None:
        self._stored = stored
        self.now = dict(stored)

    def take(self, owed: Iterable[DutyRow], seq: int) -> None:
        """Reconcile with what the thread owes after filing `seq`."""
        inserts, updates = reconcile(self.now, owed, seq)
        self.now.update((row.key, row) for row in (*inserts, *updates))

    @property
    def inserts(self) -> list[DutyRow]:
        return [row for key, row in self.now.items() if key not in self._stored]

    @property
    def updates(self) -> list[DutyRow]:
        return [
            row for key, row in self.now.items() if key in self._stored and row != self._stored[key]
        ]
