"""What the write path asks of a database, and the two dialects' shared shapes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import msgspec

from ortoo.kernel.duties.reconcile import DutyRow
from ortoo.kernel.filings.draft import Move
from ortoo.kernel.grants.authority import Authority
from ortoo.kernel.threads.procedure import ThreadLine

FILING_COLUMNS = (
    "seq", "key", "form", "form_version", "form_digest", "filer", "actor", "mode", "subject",
    "place", "period", "thread", "supersedes", "annuls", "corrects", "reason", "said_at",
    "received_at", "body", "original", "digest", "digest_sm3", "under",
)  # fmt: skip
ENTRY_COLUMNS = ("thread", "seq", "kind", "detail", "at")
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
    version: int
    annulled_by: int | None


@dataclass(frozen=True, slots=True)
class Question:
    """What one write asks of the database, all in one round trip.

    `authorities` are filings drafts are under; `annullers` parties whose kind is asked; `accounts`
    the guarded accounts moved, from day `since` on; `reversed` the filings whose postings are taken
    back.
    """

    keys: Sequence[str]
    threads: Sequence[str]
    targets: Sequence[int]
    authorities: Sequence[int] = ()
    annullers: Sequence[str] = ()
    accounts: Sequence[str] = ()
    reversed: Sequence[int] = ()
    since: str = ""

    @property
    def rare(self) -> bool:
        """Whether anything is asked beside keys, threads and targets."""
        return bool(self.authorities or self.annullers or self.accounts or self.reversed)


@dataclass(slots=True)
class Reads:
    """Everything the pure part needs, from one round trip.

    `balances[account, commodity]` is quantity by day; `posted[seq]` the moves of a filing itself.
    """

    existing: dict[str, dict[str, Any]] = field(default_factory=dict)
    lines: dict[str, list[ThreadLine]] = field(default_factory=dict)
    duties: dict[str, dict[str, DutyRow]] = field(default_factory=dict)
    targets: dict[int, Target] = field(default_factory=dict)
    authorities: dict[int, Authority] = field(default_factory=dict)
    kinds: dict[str, str] = field(default_factory=dict)
    balances: dict[tuple[str, str], dict[str, int]] = field(default_factory=dict)
    posted: dict[int, list[Move]] = field(default_factory=dict)


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

    def read(self, asked: Question) -> Reads: ...

    def write(self, writes: Writes) -> int:
        """Store everything and return the log size before (first new seq is that + 1)."""


def line_of(row: Sequence[Any]) -> tuple[str, ThreadLine]:
    """(thread, line) of a stored entry row, in `ENTRY_COLUMNS`."""
    return row[0], ThreadLine(row[1], row[2], _DETAIL.decode(row[3]), row[4])


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
        seq, filer, form, thread, superseded_by, successor, version, annulled_by = row
        reads.targets[seq] = Target(
            seq, filer, form, thread, superseded_by, successor or "", version, annulled_by
        )
    return reads


def gather_rare(
    reads: Reads,
    authorities: Sequence[Sequence[Any]],
    kinds: Sequence[Sequence[Any]],
    posted: Sequence[Sequence[Any]],
    balances: Sequence[Sequence[Any]],
) -> Reads:
    """The rest of what a write may ask, as either dialect returns it, into `reads`."""
    for seq, form, filer, body, said_at, superseded_by, annulled_by in authorities:
        ended = min((n for n in (superseded_by, annulled_by) if n is not None), default=None)
        reads.authorities[seq] = Authority(seq, form, filer, bytes(body), said_at, ended)
    reads.kinds.update((code, kind) for code, kind in kinds)
    for seq, account, commodity, quantity, occurred_on in posted:
        reads.posted.setdefault(seq, []).append(Move(account, commodity, quantity, occurred_on))
    for account, commodity, day, quantity in balances:
        days = reads.balances.setdefault((account, commodity), {})
        days[day] = days.get(day, 0) + int(quantity)
    return reads


TARGET_SQL = (
    "SELECT f.seq, f.filer, f.form, f.thread,"
    " (SELECT MIN(g.seq) FROM kernel_filing g WHERE g.supersedes = f.seq),"
    " (SELECT p.successor FROM kernel_party p WHERE p.code = f.filer), f.form_version,"
    " (SELECT MIN(h.seq) FROM kernel_filing h WHERE h.annuls = f.seq)"
    " FROM kernel_filing f WHERE f.seq"
)
AUTHORITY_SQL = (
    "SELECT f.seq, f.form, f.filer, f.body, f.said_at,"
    " (SELECT MIN(g.seq) FROM kernel_filing g WHERE g.supersedes = f.seq),"
    " (SELECT MIN(h.seq) FROM kernel_filing h WHERE h.annuls = f.seq)"
    " FROM kernel_filing f WHERE f.seq"
)
KIND_SQL = "SELECT code, kind FROM kernel_party WHERE code"
# Lines below zero are what a filing took back of another; only its own moves are taken back again.
POSTED_SQL = (
    "SELECT seq, account, commodity, quantity, occurred_on FROM kernel_posting"
    " WHERE line >= 0 AND seq"
)
