"""What silence brings about, filed 逾期处理: deemed decisions and escalations (Law 6).

Nothing happens because a time has passed: the system party files that it has, citing the regulation
the procedure names, and only then does a thread move. Being late, and being warned before it, are
computed at read and never filed.

Running twice, or in two processes, files once: a filing's key follows from the duty and the rule.
Whoever decides first wins; the other's filing is refused, and that is in order.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from django.db import connection

from ortoo.kernel.filings.draft import Draft, Receipt
from ortoo.kernel.filings.read import thread_lines
from ortoo.kernel.filings.refusal import Refused
from ortoo.kernel.filings.write import file
from ortoo.kernel.threads.catalogue import CATALOGUE, Catalogue
from ortoo.kernel.threads.clocks import HOUR_MS, Clock, during
from ortoo.kernel.threads.definition import SYSTEM, ProcedureError, Span, Step, Timeout
from ortoo.kernel.threads.engine import FileProcedure
from ortoo.kernel.threads.procedure import ThreadLine
from ortoo.kernel.threads.state import ThreadFold

log = logging.getLogger("ortoo.threads")
PAGE = 500
FILED_CHUNK = 900
_DAY_MS = 24 * HOUR_MS
# A character behind every other: the range that holds all keys with a prefix.
_BEHIND = "\U0010ffff"


@dataclass(frozen=True, slots=True)
class Overdue:
    """A duty that is open past its time, as stored."""

    key: str
    thread: str
    kind: str
    place: str
    due_at: int

    @property
    def procedure(self) -> str:
        """The code of its procedure."""
        return self.thread.partition("|")[0]

    @property
    def step(self) -> str:
        """The step it stands for: keys are `{kind}|{thread}|{step}`, later ones with `#n`."""
        return self.key[len(self.kind) + len(self.thread) + 2 :].partition("#")[0]


@dataclass(frozen=True, slots=True)
class Filed:
    """What one round filed, and what was refused because somebody had acted meanwhile."""

    receipts: tuple[Receipt, ...]
    refusals: tuple[tuple[Draft, Refused], ...]


def due_now(now_ms: int, *, catalogue: Catalogue = CATALOGUE) -> list[Draft]:
    """Drafts of K-DEEM and K-ESCALATE for every open step whose silence has a consequence now.

    Earliest due first. What was filed before is left out. Reads: one range of an index over open
    duties by due time, then only the threads that something is to be filed on.
    """
    rules = {code: found for code in _codes(catalogue) if (found := _rules(catalogue, code))}
    if not rules:
        return []
    drafts: list[Draft] = []
    for page in _pages(now_ms, sorted(rules)):
        clocks = _Clocks(catalogue)
        ready = _unfiled({row: _candidates(row, rules, clocks, now_ms) for row in page})
        lines = thread_lines(row.thread for row in ready)
        for row in ready:
            try:
                procedure = catalogue.procedure(row.procedure)
                drafts += _drafts(row, procedure, lines[row.thread], now_ms)
            except ProcedureError:
                # One thread whose version is gone must not keep all others waiting.
                log.exception("no round for thread %s", row.thread)
    return drafts


def file_due(now_ms: int, *, catalogue: Catalogue = CATALOGUE) -> Filed:
    """File what `due_now` drafts, one by one, each in its own transaction.

    A refusal (somebody decided, withdrew or asked in between) stops nothing and is handed back.
    """
    receipts: list[Receipt] = []
    refusals: list[tuple[Draft, Refused]] = []
    for draft in due_now(now_ms, catalogue=catalogue):
        try:
            receipts.append(file(draft, now_ms=now_ms))
        except Refused as refused:
            refusals.append((draft, refused))
    return Filed(tuple(receipts), tuple(refusals))


def warnings_begun(step: Step, due_at: int | None, clock: Clock, now_ms: int) -> tuple[Span, ...]:
    """The warnings of an open step that have begun and are not yet past due, longest first.

    Computed when somebody reads the duty; nothing is stored or filed.
    """
    if due_at is None or now_ms >= due_at:
        return ()
    begun = [
        (at, span) for span in step.warnings if (at := _before(due_at, span, clock)) is not None
    ]
    return tuple(span for at, span in sorted(begun, key=lambda pair: pair[0]) if at <= now_ms)


def _before(due_at: int, span: Span, clock: Clock) -> int | None:
    """The moment from which `span` is left until `due_at`; None where it cannot be known."""
    amount = span.amount
    try:
        if amount is None:
            amount = clock.regulation(span.regulation, clock.calendar.day_of(due_at))
        if amount is None:
            return None
        if span.unit == "working_hours":
            return clock.calendar.add_working_ms(due_at, -amount * HOUR_MS)
        if span.unit == "working_days":
            return clock.calendar.add_working_days(due_at, -amount)
        return due_at - amount * (HOUR_MS if span.unit == "hours" else _DAY_MS)
    except Refused:
        return None


# --- which duties ------------------------------------------------------------------------------

# Procedure → step → the rules any of its versions has for that step.
Rules = Mapping[str, Mapping[str, tuple[Timeout, ...]]]


def _codes(catalogue: Catalogue) -> list[str]:
    return sorted({definition.code for definition in catalogue.definitions()})


def _rules(catalogue: Catalogue, code: str) -> dict[str, tuple[Timeout, ...]]:
    found: dict[str, dict[Timeout, None]] = {}
    for definition in catalogue.definitions():
        for step in definition.steps if definition.code == code else ():
            for rule in step.on_timeout:
                if rule.action != "remind":
                    found.setdefault(step.code, {})[rule] = None
    return {step: tuple(rules) for step, rules in found.items()}


def _pages(now_ms: int, codes: Sequence[str]) -> Iterator[list[Overdue]]:
    """Open duties past due of these procedures, in pages by due time, then key."""
    last: tuple[int, str] = (-1, "")
    while True:
        sql, parameters = overdue_query(now_ms, codes, last)
        with connection.cursor() as cursor:
            cursor.execute(sql, parameters)
            page = [Overdue(*row) for row in cursor.fetchall()]
        if page:
            yield page
        if len(page) < PAGE:
            return
        last = (page[-1].due_at, page[-1].key)


def overdue_query(
    now_ms: int, codes: Sequence[str], last: tuple[int, str] = (-1, "")
) -> tuple[str, list[object]]:
    """The one query over duties, for the index `duty_open_due` (due_at, key of the open ones)."""
    column = 'thread COLLATE "C"' if connection.vendor == "postgresql" else "thread"
    ranges = " OR ".join([f"({column} >= %s AND {column} < %s)"] * len(codes))
    bounds = [bound for code in codes for bound in (f"{code}|", f"{code}|{_BEHIND}")]
    sql = (
        "SELECT key, thread, kind, place, due_at FROM kernel_duty"
        " WHERE closed_seq IS NULL AND void_seq IS NULL"
        f" AND due_at < %s AND due_at >= %s AND (due_at > %s OR key > %s) AND ({ranges})"
        f" ORDER BY due_at, key LIMIT {PAGE}"
    )
    return sql, [now_ms, last[0], last[0], last[1], *bounds]


class _Clocks:
    """Clocks of procedures at places; None where a calendar is missing."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self._known: dict[tuple[str, str], list[Clock]] = {}

    def of(self, procedure: str, place: str) -> list[Clock]:
        """One for each calendar any version names."""
        key = (procedure, place)
        if key not in self._known:
            codes = {d.calendar for d in self._catalogue.definitions() if d.code == procedure}
            self._known[key] = [
                clock for code in sorted(codes) if (clock := self._clock(code, place)) is not None
            ]
        return self._known[key]

    def _clock(self, calendar: str, place: str) -> Clock | None:
        try:
            return self._catalogue.clock_of(calendar, place)
        except ProcedureError:
            return None


def _candidates(row: Overdue, rules: Rules, clocks: _Clocks, now_ms: int) -> list[Timeout]:
    """Rules of any version whose time may have come: what stays is looked at by folding."""
    return [
        rule
        for rule in rules[row.procedure].get(row.step, ())
        if rule.after is None
        or any(
            (at := clock.after(row.due_at, rule.after)) is not None and at < now_ms
            for clock in clocks.of(row.procedure, row.place)
        )
    ]


def _unfiled(candidates: Mapping[Overdue, Sequence[Timeout]]) -> list[Overdue]:
    """The duties of which some rule has not been filed yet."""
    keys = {row: [_key(row.key, rule) for rule in rules] for row, rules in candidates.items()}
    filed = _filed(key for found in keys.values() for key in found)
    return [row for row, found in keys.items() if any(key not in filed for key in found)]


def _filed(keys: Iterable[str]) -> set[str]:
    wanted = sorted(set(keys))
    found: set[str] = set()
    for start in range(0, len(wanted), FILED_CHUNK):
        chunk = wanted[start : start + FILED_CHUNK]
        with connection.cursor() as cursor:
            marks = ",".join(["%s"] * len(chunk))
            cursor.execute(f"SELECT key FROM kernel_filing WHERE key IN ({marks})", chunk)
            found |= {row[0] for row in cursor.fetchall()}
    return found


# --- what is filed -----------------------------------------------------------------------------


def _drafts(
    row: Overdue, procedure: FileProcedure, lines: Sequence[ThreadLine], now_ms: int
) -> list[Draft]:
    """At most one draft: a step that is deemed decided needs no escalation."""
    found = procedure.fold(lines)
    if found.opened is None or found.ended is not None or found.episode(row.step) is None:
        return []
    clock = procedure.clock(found, found.place)
    step = found.plan.steps[row.step]
    passed = [rule for rule in step.on_timeout if _passed(found, step, rule, clock, now_ms)]
    for rule in sorted(passed, key=lambda rule: rule.action):
        if rule.action == "deem" or not any(s == step.code for _, _, s, _ in found.escalations):
            return [_draft(row, found, step, rule, now_ms)]
    return []


def _passed(found: ThreadFold, step: Step, rule: Timeout, clock: Clock, now_ms: int) -> bool:
    """Whether the rule's own time is past, pauses counted, and there is somebody to act on."""
    episode = found.episode(step.code)
    if episode is None or rule.action == "remind":
        return False
    if rule.action == "escalate" and not found.party(rule.to):
        return False
    pauses = [pause for pause in found.pauses.values() if pause.step == step.code]
    at = clock.due(step, episode.clock_at, during(pauses, episode))
    if at is not None and rule.after is not None:
        at = clock.after(at, rule.after)
    return at is not None and at < now_ms


def _draft(row: Overdue, found: ThreadFold, step: Step, rule: Timeout, now_ms: int) -> Draft:
    body: dict[str, object] = {"thread": row.thread, "step": step.code}
    if rule.action == "deem":
        form, body["outcome"], what = "K-DEEM", rule.outcome, "视为作出决定"
    else:
        form, body["to"], what = "K-ESCALATE", found.party(rule.to), "升级督办"
    body["regulation"] = rule.regulation
    return Draft(
        form=form,
        filer=SYSTEM,
        actor=SYSTEM,
        key=_key(row.key, rule),
        body=body,
        said_at=now_ms,
        subject=found.subject,
        place=found.place,
        reason=f"{found.plan.definition.key} {step.title['zh']}逾期，依 {rule.regulation} {what}",
        mode="system",
    )


def _key(duty: str, rule: Timeout) -> str:
    """The same for the same duty and rule, whoever drafts it and whenever."""
    said = "\x00".join((duty, rule.action, rule.to, rule.outcome, rule.regulation))
    return f"due-{rule.action}-{hashlib.sha256(said.encode()).hexdigest()[:48]}"
