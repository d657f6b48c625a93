"""The access log 查阅日志: every read of records, append-only, hash-chained by the day (Law 15).

An entry's hash covers the one before it, so the last hash of a day stands for the whole day; the
system party files it as K-ACCESS when the day is over. Whoever changes, drops or inserts an entry
afterwards breaks the chain or contradicts the filed root.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from django.db import connection, transaction

from ortoo.kernel.filings.behaviour import canonical
from ortoo.kernel.filings.draft import Draft, Receipt
from ortoo.kernel.filings.read import rows as filings
from ortoo.kernel.filings.write import file_many
from ortoo.kernel.grants.models import AccessEntry
from ortoo.kernel.grants.scope import Scope
from ortoo.kernel.grants.selectors import today

# Any constant: writers of the access log on PostgreSQL wait for each other under this number.
LOCK = 0x4F52_544F_4143
LONGEST_GAP_DAYS = 400


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a day's log is what it was: `broken_at` is the id of the first entry that is not."""

    day: str
    entries: int
    root: bytes
    broken_at: int | None
    filed_root: bytes | None

    @property
    def ok(self) -> bool:
        return self.broken_at is None and self.filed_root in (None, self.root)


def genesis(day: str) -> bytes:
    """What a day's first entry follows; also the root of a day without entries."""
    return hashlib.sha256(b"ortoo access log " + day.encode()).digest()


def entry_hash(before: bytes, entry: AccessEntry) -> bytes:
    """SHA-256 over the hash before and the entry's canonical JSON."""
    said = [
        entry.day, entry.at, entry.login, entry.party, entry.what, entry.subject, entry.purpose,
        entry.rows,
    ]  # fmt: skip
    return hashlib.sha256(before + canonical(said)).digest()


def record(
    scope: Scope, what: str, subject: str, rows: int, purpose: str = "", *, now_ms: int
) -> AccessEntry:
    """Note that `scope` read `rows` rows of `what` about `subject` (a party, place or period).

    Call it outside a filing's transaction: writers of the log wait for one another.
    """
    entry = AccessEntry(
        day=today(now_ms).isoformat(),
        at=now_ms,
        login=scope.login or "public",
        party=scope.party,
        what=what[:200],
        subject=subject[:200],
        purpose=purpose[:200],
        rows=rows,
    )
    with transaction.atomic():
        _wait_for_other_writers()
        last = AccessEntry.objects.filter(day=entry.day).order_by("-id").first()
        entry.hash = entry_hash(bytes(last.hash) if last else genesis(entry.day), entry)
        entry.save(force_insert=True)
    return entry


def _wait_for_other_writers() -> None:
    # SQLite's IMMEDIATE transaction already holds the one write lock.
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])


def daily_root(day: date) -> bytes:
    """The last hash of a day's chain, as stored."""
    last = AccessEntry.objects.filter(day=day.isoformat()).order_by("-id").first()
    return bytes(last.hash) if last else genesis(day.isoformat())


def verify_day(day: date) -> Verdict:
    """Recompute a day's chain and compare it with the root that was filed, if one was."""
    name = day.isoformat()
    before, broken_at, count, stored = genesis(name), None, 0, genesis(name)
    for entry in AccessEntry.objects.filter(day=name).order_by("id").iterator(chunk_size=2000):
        before, stored, count = entry_hash(before, entry), bytes(entry.hash), count + 1
        if before != stored:
            broken_at = entry.pk
            break
    filed = filings("key = %s", [_key(name)])
    root = bytes.fromhex(json.loads(filed[0].body)["root"]) if filed else None
    return Verdict(name, count, before, broken_at, root)


def file_finished_days(*, now_ms: int) -> list[Receipt]:
    """File the root of every finished day not yet filed, oldest first; quiet days too.

    Days without a gap: a day dropped whole would otherwise leave no trace.
    """
    drafts = [_draft(day, now_ms) for day in _unfiled(today(now_ms))]
    return file_many(drafts, now_ms=now_ms)


def _unfiled(until: date) -> Iterator[date]:
    filed = filings("form = 'K-ACCESS'", [], "seq DESC LIMIT 1")
    if filed:
        day = date.fromisoformat(json.loads(filed[0].body)["day"]) + timedelta(days=1)
    else:
        first = AccessEntry.objects.order_by("id").values_list("day", flat=True).first()
        if first is None:
            return
        day = date.fromisoformat(first)
    for step in range(min((until - day).days, LONGEST_GAP_DAYS)):
        yield day + timedelta(days=step)


def _key(day: str) -> str:
    return f"K-ACCESS:{day}"


def _draft(day: date, now_ms: int) -> Draft:
    name = day.isoformat()
    body = {
        "day": name,
        "entries": AccessEntry.objects.filter(day=name).count(),
        "root": daily_root(day).hex(),
    }
    return Draft(
        form="K-ACCESS",
        filer="SYSTEM",
        actor="SYSTEM",
        key=_key(name),
        body=body,
        said_at=now_ms,
    )
