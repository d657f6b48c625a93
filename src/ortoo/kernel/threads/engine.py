"""The procedure that follows a file: admission and duties of its threads, from their lines alone.

Duties: each step opens one of its own kind (`decide`, or its word such as `release`) for its owner;
a question opens `answer` for whom it asks; a hold `resume` for who set it; an escalation
`supervise` for whom it is brought to. Keys are `{kind}|{thread}|{step}`, from the second time on
`…#2`: numbered within the thread, because the log index of the filing at hand is not known yet.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ortoo.kernel.duties.reconcile import DutyRow
from ortoo.kernel.filings.draft import Draft, Entry
from ortoo.kernel.filings.refusal import Refused
from ortoo.kernel.threads.admission import admit
from ortoo.kernel.threads.case import Case
from ortoo.kernel.threads.clocks import Clock, Wait, during, waits_of
from ortoo.kernel.threads.definition import ProcedureDefinition
from ortoo.kernel.threads.episode import Episode, Pause
from ortoo.kernel.threads.folding import fold, ranked
from ortoo.kernel.threads.plan import Plan
from ortoo.kernel.threads.procedure import ThreadLine
from ortoo.kernel.threads.state import ThreadFold

FORMS = {"answer": "K-ANSWER", "resume": "K-RESUME", "supervise": "K-OVERRIDE"}
# (calendar's code, place) → the clock that holds there.
ClockOf = Callable[[str, str], Clock]


class FileProcedure:
    """All versions of one procedure; a `Procedure` of `threads.procedure`.

    `clock_of` gives the clock of a calendar at a place. Pure as long as that is: what admission
    folded is only kept for the duties of the same list of lines, one filing longer.
    """

    def __init__(self, code: str, clock_of: ClockOf) -> None:
        self.code = code
        self.plans: dict[int, Plan] = {}
        self._clock_of = clock_of
        self._kept: tuple[Sequence[ThreadLine], int, ThreadFold] | None = None

    def add(self, definition: ProcedureDefinition) -> None:
        """Make a version known; the same version again replaces it."""
        self.plans[definition.version] = Plan(definition)

    def fold(self, lines: Sequence[ThreadLine], as_of: int | None = None) -> ThreadFold:
        """The thread after the lines with log index ≤ `as_of` (all when None)."""
        return fold(self.plans, lines, as_of)

    def clock(self, found: ThreadFold, place: str) -> Clock:
        """The clock that holds for a thread."""
        return self._clock_of(found.plan.definition.calendar, place)

    def waits(self, lines: Sequence[ThreadLine], now_ms: int) -> list[Wait]:
        """Who waited for whom (`clocks.waits_of`)."""
        found = self.fold(lines)
        if found.opened is None:
            return []
        return waits_of(found, self.clock(found, found.place), now_ms)

    def admit(self, lines: Sequence[ThreadLine], draft: Draft, entry: Entry) -> Refused | None:
        """Why `draft` may not add `entry` to its thread now, or None."""
        found = self.fold(lines)
        case = Case(found, draft, entry, self.plans, lambda place: self.clock(found, place))
        refusal = admit(case)
        if refusal is None:
            self._kept = lines, len(lines), found
        return refusal

    def _grown(self, lines: Sequence[ThreadLine]) -> ThreadFold:
        """The fold of `lines`: the one admission made, with the filing that came since, where it is
        the same list and nothing else has come. A write folds a thread once then and not twice."""
        kept, self._kept = self._kept, None
        if kept is not None and kept[0] is lines and 0 < kept[1] < len(lines):
            before, group = lines[kept[1] - 1], lines[kept[1] :]
            if before.seq < group[0].seq == group[-1].seq and ranked(group):
                kept[2].take(group)
                return kept[2]
        return self.fold(lines)

    def duties(self, thread: str, lines: Sequence[ThreadLine]) -> Sequence[DutyRow]:
        """Every duty the thread has opened; what became void is left out."""
        found = self._grown(lines)
        if not found.episodes:
            return []
        clock = self.clock(found, found.place)
        return [
            _duty(thread, found, episode, clock)
            for episode in found.episodes
            if episode.void_seq is None
        ]


def _duty(thread: str, found: ThreadFold, episode: Episode, clock: Clock) -> DutyRow:
    kind, due_at = episode.kind, None
    form = FORMS.get(kind, "")
    if not form:
        form = episode.rule.forms[0]
        pauses: Sequence[Pause] = ()
        if found.pauses:
            pauses = [pause for pause in found.pauses.values() if pause.step == episode.step]
        due_at = clock.due(episode.rule, episode.clock_at, during(pauses, episode))
    return DutyRow(
        key=_key(kind, thread, episode),
        thread=thread,
        kind=kind,
        owner=episode.party,
        form=form,
        period="",
        place=found.place,
        subject=found.subject,
        due_at=due_at,
        opened_seq=episode.opened_seq,
        closed_seq=episode.closed_seq,
    )


def _key(kind: str, thread: str, episode: Episode) -> str:
    number = "" if episode.number == 1 else f"#{episode.number}"
    return f"{kind}|{thread}|{episode.step}{number}"
