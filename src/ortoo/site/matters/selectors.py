"""Scoped reads of one thread of a file-defined procedure, now or as known at a log index."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ortoo.kernel.filings import read
from ortoo.kernel.filings.refusal import Refused
from ortoo.kernel.grants import access
from ortoo.kernel.grants.scope import Scope
from ortoo.kernel.parties.models import Party
from ortoo.kernel.threads.clocks import Clock, Wait, waits_of
from ortoo.kernel.threads.definition import ProcedureDefinition, ProcedureError
from ortoo.kernel.threads.engine import FileProcedure
from ortoo.kernel.threads.procedure import ThreadLine, procedure_of
from ortoo.kernel.threads.state import ThreadFold
from ortoo.site.matters import moments
from ortoo.site.matters.reach import Standpoint, parties_of, standpoint

_INDEX = re.compile(r"[0-9]{1,15}\Z")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}\Z")


@dataclass(frozen=True, slots=True)
class AsOf:
    """A moment to look back to: log index, the clock then, and how the page says it."""

    index: int
    at: int
    text: str


@dataclass(frozen=True, slots=True)
class Matter:
    """One thread as somebody may see it: its lines up to `as_of`, folded, and the clock."""

    thread: str
    procedure: FileProcedure
    lines: Sequence[ThreadLine]
    found: ThreadFold
    clock: Clock
    at: Standpoint
    now: int
    as_of: AsOf | None

    @property
    def definition(self) -> ProcedureDefinition:
        """The version of the procedure the thread follows."""
        return self.found.plan.definition

    @property
    def case(self) -> str:
        """The number 案号: the thread's key without its procedure."""
        return case_of(self.thread)

    @property
    def newest(self) -> int:
        """The log index of the last filing shown; 0 where there is none."""
        return self.lines[-1].seq if self.lines else 0

    def waits(self) -> list[Wait]:
        """Who waited for whom up to the moment the page speaks of."""
        return waits_of(self.found, self.clock, self.now)

    def parties(self) -> set[str]:
        """Everybody the page names."""
        waited = {pause.party for pause in self.found.pauses.values()}
        owners = {episode.party for episode in self.found.episodes}
        return {*parties_of(self.found), *waited, *owners, self.found.subject} - {""}


def case_of(thread: str) -> str:
    """A thread's number within its procedure."""
    return thread.partition("|")[2].replace("|", " · ")


def open_matter(scope: Scope, thread: str, *, now_ms: int, as_of: AsOf | None = None) -> Matter:
    """One thread within `scope`; a look at others' matters goes to the access log.

    Raises Refused SCOPE-LOGIN (401), MATTER-UNKNOWN (404, also where it is nobody's business of
    this login: the number of a case says too much already), PROC-… (409).
    """
    if scope.is_public:
        raise Refused("SCOPE-LOGIN", "查看案卷需要登录。", "请用本单位的账号登录。", 401)
    procedure = procedure_of(thread)
    lines = read.thread_lines([thread])[thread] if isinstance(procedure, FileProcedure) else []
    if not isinstance(procedure, FileProcedure) or not lines:
        raise _unknown()
    try:
        found = procedure.fold(lines)
        at = _standpoint(scope, procedure, lines, found)
        if at is None:
            raise _unknown()
        if not at.party:
            access.record(scope, "案卷", thread, len(lines), now_ms=now_ms)
        if as_of is not None:
            lines = [line for line in lines if line.seq <= as_of.index]
            found = procedure.fold(lines) if lines else found
        clock = procedure.clock(found, found.place)
    except ProcedureError as error:
        raise Refused(
            error.code, f"这个案卷现在打不开：{error.message}。", "请把案号告诉系统管理员。", 409
        ) from error
    return Matter(thread, procedure, lines, found, clock, at, as_of.at if as_of else now_ms, as_of)


def may_see(scope: Scope, thread: str) -> bool:
    """Whether a link to another thread would open for this login."""
    procedure = procedure_of(thread)
    if not isinstance(procedure, FileProcedure):
        return False
    lines = read.thread_lines([thread])[thread]
    try:
        return (
            bool(lines) and _standpoint(scope, procedure, lines, procedure.fold(lines)) is not None
        )
    except ProcedureError:
        return False


def _standpoint(
    scope: Scope, procedure: FileProcedure, lines: Sequence[ThreadLine], found: ThreadFold
) -> Standpoint | None:
    if found.opened is None:
        # An annulled opening names nobody; those it named may still read what became of it.
        found = procedure.fold([line for line in lines if line.kind != "annul"])
    return standpoint(scope, found, parties_of(found), found.place)


def _unknown() -> Refused:
    return Refused(
        "MATTER-UNKNOWN",
        "没有这个案卷，或本单位与它无关。",
        "请核对案号，或从“在办案卷”进入。",
        404,
    )


def as_of_of(asked: str, now_ms: int) -> AsOf | None:
    """What `?as_of=` means: a day (to its end) or a log index; None when nothing is asked.

    Raises Refused AS-OF-FORMAT, AS-OF-AHEAD (422).
    """
    if not asked:
        return None
    if _DAY.match(asked):
        try:
            day = dt.date.fromisoformat(asked)
        except ValueError:
            raise _format() from None
        if day > moments.civil_day(now_ms):
            raise Refused("AS-OF-AHEAD", "截至日期在今天之后。", "请选择今天或以前的日期。", 422)
        at = min(moments.end_of(day), now_ms)
        return AsOf(read.tail_at(at), at, f"{day.month}月{day.day}日")
    filing = read.get(int(asked)) if _INDEX.match(asked) else None
    if _INDEX.match(asked) and filing is None:
        raise Refused("AS-OF-AHEAD", f"日志中还没有第 {asked} 号报件。", "请核对序号。", 422)
    if filing is None:
        raise _format()
    return AsOf(filing.seq, filing.arrived_at, f"第{filing.seq}号报件")


def _format() -> Refused:
    return Refused("AS-OF-FORMAT", "看不懂截至日期。", "请写日期（2026-11-24）或报件序号。", 422)


def names_of(parties: Iterable[str]) -> dict[str, str]:
    """Registered names by party code; a code nobody registered stands for itself."""
    wanted = sorted({party for party in parties if party})
    found = {code: code for code in wanted}
    found["SYSTEM"] = "系统"
    for start in range(0, len(wanted), 900):
        chunk = wanted[start : start + 900]
        found.update(Party.objects.filter(code__in=chunk).values_list("code", "name"))
    return found
