"""Threads that tests step through in memory: admission, fold and duties as the one write does."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from ortoo.kernel.duties.reconcile import DutyRow, Moved
from ortoo.kernel.filings.draft import Draft, Entry
from ortoo.kernel.filings.refusal import Refused
from ortoo.kernel.filings.store import PENDING
from ortoo.kernel.threads.clocks import Clock
from ortoo.kernel.threads.engine import FileProcedure
from ortoo.kernel.threads.loader import load
from ortoo.kernel.threads.procedure import ThreadLine
from ortoo.kernel.threads.state import ThreadFold

FOLDER = Path(__file__).parent / "procedures"
MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000
# 2026-11-23 was a Monday; 01:00 UTC is nine in the morning where the made-up office stands.
NOON = 1_795_395_600_000 // DAY * DAY + 12 * HOUR
PARTIES = {"office": "OFFICE", "customs": "CUSTOMS", "border": "BORDER",
           "quarantine": "PLANTS", "filer": "FIRM"}  # fmt: skip
PANEL = {"office": "OFFICE", "first": "ONE", "second": "TWO", "third": "THREE", "filer": "FIRM"}


class NineToFive:
    """Works from 9 to 17 UTC every day: small enough to check by hand."""

    opens, closes = 9 * HOUR, 17 * HOUR

    def _passed(self, at: int) -> int:
        day, moment = divmod(at, DAY)
        worked = min(max(moment, self.opens), self.closes) - self.opens
        return day * (self.closes - self.opens) + worked

    def working_ms(self, start_ms: int, end_ms: int) -> int:
        return max(0, self._passed(end_ms) - self._passed(start_ms))

    def add_working_ms(self, start_ms: int, working_ms: int) -> int:
        if working_ms == 0:
            return start_ms
        day, left = divmod(self._passed(start_ms) + working_ms - 1, self.closes - self.opens)
        return day * DAY + self.opens + left + 1

    def working_minutes(self, start_ms: int, end_ms: int) -> int:
        return self.working_ms(start_ms, end_ms) // MINUTE

    def add_working_minutes(self, start_ms: int, minutes: int) -> int:
        return self.add_working_ms(start_ms, minutes * MINUTE)

    def add_working_days(self, start_ms: int, days: int) -> int:
        return (start_ms // DAY + days) * DAY + self.closes

    def add_days(self, start_ms: int, days: int) -> int:
        return (start_ms // DAY + days + 1) * DAY

    def day_of(self, at_ms: int) -> date:
        return datetime.fromtimestamp(at_ms / 1000, UTC).date()


CALENDAR = NineToFive()
REGULATIONS = {"T-SIGN-DAYS": 3}
CLOCK = Clock(CALENDAR, lambda code, day: REGULATIONS.get(code))


def gate() -> FileProcedure:
    """T-GATE with its first version only."""
    found = FileProcedure("T-GATE", lambda code, place: CLOCK)
    found.add(load(FOLDER / "T-GATE.1.yaml"))
    return found


def panel() -> FileProcedure:
    found = FileProcedure("T-PANEL", lambda code, place: CLOCK)
    found.add(load(FOLDER / "T-PANEL.1.yaml"))
    return found


@dataclass
class Matter:
    """One thread; `say` refuses or takes, and stores duties as the one write would."""

    procedure: FileProcedure = field(default_factory=gate)
    thread: str = "T-GATE|1"
    lines: list[ThreadLine] = field(default_factory=list)
    stored: dict[str, DutyRow] = field(default_factory=dict)
    now: int = NOON
    seq: int = 0

    def open(self, parties: Mapping[str, str] = PARTIES, version: int = 1, **more: object) -> int:
        form = next(iter(self.procedure.plans.values())).definition.opens_with[0]
        detail = {"version": version, "subject": "FIRM", "place": "P1", "agencies": dict(parties)}
        return self.say("open", "FIRM", detail, form=form, **more)

    def say(self, kind: str, filer: str, detail: Mapping[str, object], **more: object) -> int:
        """File one entry; the log index it got. Raises the Refused of the rule."""
        form = str(more.pop("form", f"K-{kind.upper()}"))
        self.now += int(more.pop("after", MINUTE))
        draft = Draft(form=form, filer=filer, actor="account:t", key=f"k{self.seq}", body={},
                      said_at=self.now, **{"subject": "FIRM", **more})  # fmt: skip
        entry = Entry(self.thread, kind, detail)
        refusal = self.procedure.admit(list(self.lines), draft, entry)
        if refusal is not None:
            raise refusal
        self.seq += 1
        # First with a log index not yet assigned, as inside the one write.
        pending = ThreadLine(PENDING, kind, detail, self.now)
        before = self._taken(pending)
        self.lines.append(ThreadLine(self.seq, kind, detail, self.now))
        self.stored = self._taken(self.lines[-1], again=True)
        assert {k: _placed(v, self.seq) for k, v in before.items()} == self.stored
        return self.seq

    def _taken(self, line: ThreadLine, *, again: bool = False) -> dict[str, DutyRow]:
        moved = Moved(self.stored)
        lines = self.lines if again else [*self.lines, line]
        moved.take(self.procedure.duties(self.thread, lines), line.seq)
        return moved.now

    def decide(self, step: str, outcome: str = "pass", filer: str = "", **more: object) -> int:
        owner = filer or self.state.owner(step)
        return self.say("decide", owner, {"step": step, "outcome": outcome}, **more)

    def ask(self, step: str = "customs", to: str = "FIRM", **more: object) -> int:
        detail = {"step": step, "to": to, "question": "数量？"}
        return self.say("ask", self.state.owner(step), detail, **more)

    def answer(self, ask: int, filer: str = "FIRM", **more: object) -> int:
        return self.say("answer", filer, {"ask": ask}, **more)

    def hold(self, step: str = "customs", kind: str = "inspect", **more: object) -> int:
        detail = {"step": step, "kind": kind, "against": "FIRM", "basis": "布控"}
        return self.say("hold", self.state.owner(step), detail, **more)

    def resume(self, hold: int, filer: str = "CUSTOMS", **more: object) -> int:
        return self.say("resume", filer, {"hold": hold}, **more)

    @property
    def state(self) -> ThreadFold:
        return self.procedure.fold(self.lines)

    def open_duties(self) -> dict[str, str]:
        """Key without the thread → owner, of the duties stored as open."""
        return {
            key.replace(f"|{self.thread}", ""): row.owner
            for key, row in sorted(self.stored.items())
            if row.closed_seq is None and row.void_seq is None
        }

    def duty(self, key: str) -> DutyRow:
        kind, step = key.split("|")
        return self.stored[f"{kind}|{self.thread}|{step}"]


def _placed(row: DutyRow, seq: int) -> DutyRow:
    """A row of the pending filing once its log index is known."""
    known = {
        name: seq
        for name in ("opened_seq", "closed_seq", "void_seq")
        if getattr(row, name) == PENDING
    }
    return replace(row, **known)


def refused(call, *arguments, **named) -> str:
    with pytest.raises(Refused) as caught:
        call(*arguments, **named)
    assert caught.value.message and caught.value.remedy
    assert caught.value.code.isascii()
    return caught.value.code


def opened(**more) -> Matter:
    matter = Matter()
    matter.open(**more)
    return matter


def migrating() -> Matter:
    matter = opened()
    matter.procedure.add(load(FOLDER / "T-GATE.2.yaml"))
    return matter
