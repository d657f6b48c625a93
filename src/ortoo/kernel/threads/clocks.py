"""Due times that stop while somebody else is awaited, and who waited for whom. Pure.

A step's clock runs in the measure of its `due`: working time of the calendar for working_hours and
working_days, all time for hours and days. Questions and holds stop it; a pause that begins once
the time is used up changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from ortoo.kernel.filings.refusal import Refused
from ortoo.kernel.threads.definition import ProcedureDefinition, Span, Step, WorkCalendar
from ortoo.kernel.threads.episode import Episode, Pause
from ortoo.kernel.threads.folding import fold
from ortoo.kernel.threads.plan import Plan
from ortoo.kernel.threads.procedure import ThreadLine
from ortoo.kernel.threads.state import ThreadFold

HOUR_MS = 3_600_000
KEPT = 4_096
# (code, day) → the whole number in force, or None where there is none.
RegulationValue = Callable[[str, date], int | None]


def no_regulation(code: str, day: date) -> int | None:
    """Where no regulations are loaded, a span that cites one has no length."""
    return None


@dataclass(frozen=True)
class Clock:
    """A calendar and the regulations by which spans are measured."""

    calendar: WorkCalendar
    regulation: RegulationValue = no_regulation
    _known: dict[tuple[int, Span], int | None] = field(default_factory=dict, compare=False)

    def after(self, start_ms: int, span: Span) -> int | None:
        """When `span` has passed since `start_ms`; None where its regulation or the calendar's year
        is not known. A case is not refused for want of next year's holidays: it has no due time
        until they are loaded."""
        key = (start_ms, span)
        if key not in self._known:
            if len(self._known) >= KEPT:
                self._known.clear()
            self._known[key] = self._after(start_ms, span)
        return self._known[key]

    def _after(self, start_ms: int, span: Span) -> int | None:
        try:
            amount = span.amount
            if amount is None:
                amount = self.regulation(span.regulation, self.calendar.day_of(start_ms))
            if amount is None:
                return None
            if span.unit == "working_hours":
                return self.calendar.add_working_ms(start_ms, amount * HOUR_MS)
            if span.unit == "working_days":
                return self.calendar.add_working_days(start_ms, amount)
            if span.unit == "days":
                return self.calendar.add_days(start_ms, amount)
            return start_ms + amount * HOUR_MS
        except Refused:
            return None

    def due(self, step: Step, start_ms: int, pauses: Iterable[Pause]) -> int | None:
        """When a step open since `start_ms` is due; None where it has no time, or its clock stands.

        Pauses never make it earlier: what was left when one began is left when it ends.
        """
        if step.due is None or start_ms <= 0:
            return None
        due = self.after(start_ms, step.due)
        if due is None:
            return None
        working = step.due.unit.startswith("working")
        for start, end in merged(pauses, start_ms):
            if start >= due:
                break
            if end is None:
                return None
            try:
                due = max(due, self._moved(due, start, end, working=working))
            except Refused:
                return None
        return due

    def _moved(self, due: int, start: int, end: int, *, working: bool) -> int:
        if not working:
            return due + end - start
        left = self.calendar.working_ms(start, due)
        return self.calendar.add_working_ms(end, left)


def merged(pauses: Iterable[Pause], since: int) -> list[tuple[int, int | None]]:
    """The union of pauses as disjoint (start, end) in order; end None: it still stands."""
    found: list[tuple[int, int | None]] = []
    for pause in sorted(pauses, key=_begin):
        start, end = max(pause.at, since), pause.closed_at
        if end is not None and end <= start:
            continue
        if found and (found[-1][1] is None or start <= found[-1][1]):
            last = found[-1][1]
            longest = None if last is None or end is None else max(last, end)
            found[-1] = (found[-1][0], longest)
        else:
            found.append((start, end))
    return found


def _begin(pause: Pause) -> tuple[int, int]:
    return pause.at, pause.seq


@dataclass(frozen=True, slots=True)
class Wait:
    """One step's time. All lengths are working ms of the calendar.

    `opened_at` None: not begun. `result` is the outcome, `open`, `waiting`, `left_out` or `void`.
    working_ms + sum(paused) = working time from opening to `done_at` (or to now). `waited_for`:
    before it opened, the steps it waited for, one after another along the chain that was met last;
    after, the parties it was paused for.
    """

    step: str
    owner: str
    opened_at: int | None
    done_at: int | None
    working_ms: int
    paused: Mapping[str, int]
    waited_for: Mapping[str, int]
    due_at: int | None
    late: bool
    result: str


def waits(
    lines: Sequence[ThreadLine],
    definition: ProcedureDefinition,
    calendar: WorkCalendar,
    now_ms: int,
) -> list[Wait]:
    """`waits_of` for a thread that was never migrated."""
    found = fold({definition.version: Plan(definition)}, lines)
    return waits_of(found, Clock(calendar), now_ms)


def waits_of(found: ThreadFold, clock: Clock, now_ms: int) -> list[Wait]:
    """Who waited for whom: a Wait for each time each step was open, steps in order of definition.

    While several parties are awaited at once, the time counts once: for whoever was asked or held
    first, then for who remains.
    """
    if found.opened is None:
        return []
    return [
        wait for step in found.plan.definition.steps for wait in _step(found, step, clock, now_ms)
    ]


def _step(found: ThreadFold, step: Step, clock: Clock, now_ms: int) -> list[Wait]:
    kinds = ("answer", "resume", "supervise")
    episodes = [e for e in found.episodes if e.step == step.code and e.kind not in kinds]
    shown = [e for e in episodes if e.void_seq is None] or episodes[-1:]
    if not shown:
        return [_unopened(found, step, clock, now_ms)]
    return [_opened(found, step, episode, clock, now_ms) for episode in shown]


def _unopened(found: ThreadFold, step: Step, clock: Clock, now_ms: int) -> Wait:
    result = "left_out" if step.code in found.left_out else "waiting"
    until = found.ended.at if found.ended else now_ms
    waited = {} if result == "left_out" else _waited(found, step, until, clock)
    return Wait(step.code, found.owner(step.code), None, None, 0, {}, waited, None, False, result)


def _opened(found: ThreadFold, step: Step, episode: Episode, clock: Clock, now_ms: int) -> Wait:
    start, done = episode.clock_at, episode.closed_at
    end = max(start, now_ms if done is None else done)
    pauses = [pause for pause in found.pauses.values() if pause.step == step.code]
    paused, working = _split(pauses, start, end, clock.calendar)
    waited = _waited(found, step, start, clock)
    for party, length in paused.items():
        waited[party] = waited.get(party, 0) + length
    due = clock.due(episode.rule, start, during(pauses, episode))
    decision = found.decisions.get(step.code)
    result = "void" if episode.void_seq else "open" if done is None else ""
    return Wait(
        step=step.code,
        owner=episode.party,
        opened_at=start,
        done_at=done,
        working_ms=working,
        paused=paused,
        waited_for=waited,
        due_at=due,
        late=due is not None and end > due,
        result=result or (decision.outcome if decision else "decided"),
    )


def during(pauses: Iterable[Pause], episode: Episode) -> list[Pause]:
    """The pauses that touch one time a step was open."""
    closed = episode.closed_at
    return [
        pause
        for pause in pauses
        if (closed is None or pause.at <= closed)
        and (pause.closed_at is None or pause.closed_at >= episode.clock_at)
    ]


def _split(
    pauses: Iterable[Pause], start: int, end: int, calendar: WorkCalendar
) -> tuple[dict[str, int], int]:
    """(paused working time by party, the rest), by walking from start to end once."""
    paused: dict[str, int] = {}
    working, at = 0, start
    for pause in sorted(pauses, key=_begin):
        begins = max(pause.at, at)
        until = end if pause.closed_at is None else min(pause.closed_at, end)
        if until <= begins:
            continue
        working += calendar.working_ms(at, begins)
        length = calendar.working_ms(begins, until)
        paused[pause.party] = paused.get(pause.party, 0) + length
        at = until
    return paused, working + calendar.working_ms(at, end)


def _waited(found: ThreadFold, step: Step, until: int, clock: Clock) -> dict[str, int]:
    """Time before `until` along the chain of steps that were met last."""
    waited: dict[str, int] = {}
    needs: Sequence[str] = step.needs
    while needs and until > found.opened_at:
        code = _last_met(found, needs)
        if code is None:
            break
        begun = _begun(found, code)
        if begun is not None and begun < until:
            length = clock.calendar.working_ms(begun, until)
            waited[code] = waited.get(code, 0) + length
            until = begun
        needs = found.plan.steps[code].needs
    return waited


def _last_met(found: ThreadFold, needs: Iterable[str]) -> str | None:
    """The step that kept these needs waiting longest: one still undecided before any other."""
    last: tuple[float, str] | None = None
    for code in _steps_of(found, needs):
        if code in found.left_out:
            continue
        decision = found.decisions.get(code)
        done = _done(found, code) if decision is not None else None
        at = float("inf") if done is None else float(done)
        if last is None or at > last[0]:
            last = (at, code)
    return None if last is None else last[1]


def _steps_of(found: ThreadFold, needs: Iterable[str]) -> Iterable[str]:
    """Steps behind needs; of a join that is met by a quorum only those that were met by then."""
    for need in needs:
        if need in found.plan.steps:
            yield need
            continue
        join = found.plan.definition.join(need)
        members = [code for code in join.of if code not in found.left_out]
        if join.policy == "quorum" and found.signs.get(need) == 1:
            met = [code for code in members if found.signs.get(code) == 1]
            members = sorted(met, key=lambda code: _done(found, code) or 0)[: join.quorum]
        yield from members


def _episodes(found: ThreadFold, code: str) -> list[Episode]:
    return [e for e in found.episodes if e.step == code and not e.anchor and e.kind != "supervise"]


def _begun(found: ThreadFold, code: str) -> int | None:
    episodes = _episodes(found, code)
    return episodes[-1].clock_at if episodes else None


def _done(found: ThreadFold, code: str) -> int | None:
    episodes = _episodes(found, code)
    return episodes[-1].closed_at if episodes else None
