"""What the write path asks of a database, and the two dialects' shared shapes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import msgspec

from ortoo.kernel.duties.reconcile import DutyRow
from ortoo.kernel.threads.procedure import ThreadLine

FILING_COLUMNS = (
    "seq", "key", "form", "form_version", "form_digest", "filer", "actor", "mode", "subject",
    "place", "period", "thread", "supersedes", "annuls", "corrects", "reason", "said_at",
    "received_at", "body", "original", "digest", "digest_sm3",
)  # fmt: skip
DUTY_COLUMNS = (
    "key", "thread", "kind", "owner", "form", "period", "place", "subject", "due_at",
    "opened_seq", "closed_seq", "void_seq",
)  # fmt: skip
# Log indexes not yet assigned stand above this; the dialect maps them once it holds the tail.
PENDING = 1 << 60
_DETAIL = msgspec.json.Decoder(dict[str, Any])


@dataclass(frozen=True, slots=True)
class Target:
    """The filing a draft supersedes, annuls or corrects, as the database knows it now."""

    seq: int
    filer: str
    form: str
    thread: str
    superseded_by: int | None
    successor: str


@dataclass(slots=True)
class Reads:
    """Everything the pure part needs, from one round trip."""

    existing: dict[str, dict[str, Any]] = field(default_factory=dict)
    lines: dict[str, list[ThreadLine]] = field(default_factory=dict)
    duties: dict[str, dict[str, DutyRow]] = field(default_factory=dict)
    targets: dict[int, Target] = field(default_factory=dict)


@dataclass(slots=True)
class Writes:
    """Everything one transaction writes. Log indexes ≥ PENDING are relative to the new tail."""

    filings: list[tuple[Any, ...]] = field(default_factory=list)
    leaves: list[tuple[Any, ...]] = field(default_factory=list)
    entries: list[tuple[Any, ...]] = field(default_factory=list)
    duty_inserts: list[DutyRow] = field(default_factory=list)
    duty_updates: list[DutyRow] = field(default_factory=list)
    postings: list[tuple[Any, ...]] = field(default_factory=list)
    outbox: list[tuple[Any, ...]] = field(default_factory=list)
    originals: list[tuple[Any, ...]] = field(default_factory=list)
    sealed: list[tuple[Any, ...]] = field(default_factory=list)


class Store(Protocol):
    """One database dialect inside one transaction."""

    def read(
        self, keys: Sequence[str], threads: Sequence[str], targets: Sequence[int]
    ) -> Reads: ...

    def write(self, writes: Writes) -> int:
        """Store everything and return the log size before (first new seq is that + 1)."""


def line_of(row: Sequence[Any]) -> tuple[str, ThreadLine]:
    """(thread, line) of a stored entry row (thread, seq, kind, detail)."""
    return row[0], ThreadLine(row[1], row[2], _DETAIL.decode(row[3]))


def gather(
    existing: Sequence[Sequence[Any]],
    lines: Sequence[Sequence[Any]],
    duties: Sequence[Sequence[Any]],
    targets: Sequence[Sequence[Any]],
) -> Reads:
    """Rows as either dialect returns them → Reads."""
    reads = Reads()
    for row in existing:
        reads.existing[row[1]] = dict(zip(FILING_COLUMNS, row, strict=True))
    for row in lines:
        thread, line = line_of(row)
        reads.lines.setdefault(thread, []).append(line)
    for row in duties:
        duty = DutyRow(*row)
        reads.duties.setdefault(duty.thread, {})[duty.key] = duty
    for row in targets:
        reads.targets[row[0]] = Target(row[0], row[1], row[2], row[3], row[4], row[5] or "")
    return reads


TARGET_SQL = (
    "SELECT f.seq, f.filer, f.form, f.thread,"
    " (SELECT MIN(g.seq) FROM kernel_filing g WHERE g.supersedes = f.seq),"
    " (SELECT p.successor FROM kernel_party p WHERE p.code = f.filer)"
    " FROM kernel_filing f WHERE f.seq"
)
