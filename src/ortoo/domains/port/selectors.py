"""Scoped reads of the ports: an agency's open work, a truck's thread, who waited for whom."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.db.models import Q

from ortoo.kernel.duties.models import Duty
from ortoo.kernel.filings import read
from ortoo.kernel.filings.refusal import Refused
from ortoo.kernel.grants.scope import Scope
from ortoo.kernel.threads.catalogue import CATALOGUE
from ortoo.kernel.threads.clocks import Wait
from ortoo.kernel.threads.procedure import ThreadLine
from ortoo.kernel.threads.state import ThreadFold

TRUCK = "GK-TRUCK"
PAGE = 50


@dataclass(frozen=True, slots=True)
class Owed:
    """One duty of an agency and where its thread stands: step → the outcome that stands."""

    key: str
    thread: str
    kind: str
    subject: str
    due_at: int | None
    decided: Mapping[str, str]


def open_work(
    scope: Scope, owner: str, *, as_of: int | None = None, page: int = PAGE
) -> list[Owed]:
    """The first page by due time of what an agency owes, as known at a log index.

    Refused SCOPE-OTHER where it is neither the scope's own party nor in its reach.
    """
    if owner not in scope.parties("read_own"):
        raise Refused("SCOPE-OTHER", "这不是您所在单位的应办事项。", "请用本单位账号登录。", 403)
    duties = Duty.objects.filter(owner=owner)
    if as_of is None:
        duties = duties.filter(closed_seq__isnull=True, void_seq__isnull=True)
    else:
        duties = duties.filter(
            Q(closed_seq__isnull=True) | Q(closed_seq__gt=as_of),
            Q(void_seq__isnull=True) | Q(void_seq__gt=as_of),
            opened_seq__lte=as_of,
        )
    found = list(duties.order_by("due_at")[:page])
    lines = read.thread_lines(duty.thread for duty in found)
    return [_owed(duty, lines[duty.thread], as_of) for duty in found]


def _owed(duty: Duty, lines: Sequence[ThreadLine], as_of: int | None) -> Owed:
    decided: dict[str, str] = {}
    if duty.thread.startswith(f"{TRUCK}|"):
        state = CATALOGUE.procedure(TRUCK).fold(lines, as_of)
        decided = {step: decision.outcome for step, decision in state.decisions.items()}
    return Owed(duty.key, duty.thread, duty.kind, duty.subject, duty.due_at, decided)


def truck(scope: Scope, thread: str, *, as_of: int | None = None) -> ThreadFold:
    """Where a truck stands, for who takes part in it. Refused SCOPE-OTHER, THREAD-UNKNOWN."""
    state = CATALOGUE.procedure(TRUCK).fold(_lines(thread), as_of)
    _within(scope, state)
    return state


def waiting(scope: Scope, thread: str, now_ms: int) -> list[Wait]:
    """Who waited for whom in a truck's thread. Refused as `truck`."""
    lines = _lines(thread)
    procedure = CATALOGUE.procedure(TRUCK)
    _within(scope, procedure.fold(lines))
    return procedure.waits(lines, now_ms)


def _lines(thread: str) -> list[ThreadLine]:
    lines = read.thread_lines([thread])[thread] if thread.startswith(f"{TRUCK}|") else []
    if not lines:
        raise Refused("THREAD-UNKNOWN", "没有这一车的案卷。", "请核对申报编号。", 404)
    return lines


def _within(scope: Scope, state: ThreadFold) -> None:
    takes_part = {state.subject, *state.agencies.values()}
    if not takes_part & scope.parties("read_own"):
        raise Refused("SCOPE-OTHER", "本单位与这一车无关。", "请联系承办单位。", 403)
