"""What duties a thread should have, against what is stored."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class DutyRow:
    """One duty: deterministic `key`; log indexes of opening, closing and voiding; `due_at` in ms."""

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

    A stored open duty that the fold no longer owes becomes void at `seq`; it is never deleted.
    """
    inserts, updates, seen = [], [], set()
    for row in owed:
        seen.add(row.key)
        have = stored.get(row.key)
        if have is None:
            inserts.append(row)
        elif (have.closed_seq, have.due_at, have.owner) != (row.closed_seq, row.due_at, row.owner):
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
