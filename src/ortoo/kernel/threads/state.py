"""A thread of a file-defined procedure as a pure fold of its lines.

Facts (who decided what, what is asked, what is held) follow from the lines in force; which steps
are open follows from the facts. An *episode* is one time something was owed: it opens at the log
index of a filing and closes at another, or becomes void. Facts may be annulled, episodes never:
what was owed on a day stays what was owed on that day (Law 7, 10).

Steps carry `sign` 1 (met), -1 (refused) or 0 (neither). A step's decision counts only while what
it needs is met, so that a superseded first step takes its followers with it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ortoo.kernel.threads.definition import ProcedureError
from ortoo.kernel.threads.episode import Decision, Ended, Episode, Pause
from ortoo.kernel.threads.owing import Owing
from ortoo.kernel.threads.plan import NEITHER, Plan
from ortoo.kernel.threads.procedure import ThreadLine


class ThreadFold(Owing):
    """Accumulator of one thread; read its attributes, never set them.

    `plans` gives the compiled versions. Lines must be given in log order, all lines of one filing
    together, which `fold` sees to.
    """

    __slots__ = (
        "_annuls", "_plans", "_skipped", "_taken", "escalations", "linked", "opened_at", "place",
        "recognised",
    )  # fmt: skip

    opened_at: int
    escalations: list[tuple[int, int, str, str]]

    def __init__(self, plans: Mapping[int, Plan]) -> None:
        super().__init__()
        self._plans = plans
        self._taken: list[ThreadLine] = []
        self._annuls: list[ThreadLine] = []
        self._clear()

    def _clear(self) -> None:
        self.opened, self.opened_at = None, 0
        self.agencies = {}
        self.subject = self.place = ""
        self.decisions = {}
        self.left_out = set()
        self._skipped: set[str] = set()
        self.pauses = {}
        self.escalations = []
        self.recognised: list[ThreadLine] = []
        self.linked: list[ThreadLine] = []
        self.ended: Ended | None = None

    # --- lines ------------------------------------------------------------------------------

    def take(self, group: Sequence[ThreadLine]) -> None:
        """The lines of one filing."""
        moves = False
        for line in group:
            self._taken.append(line)
            moves |= _APPLY.get(line.kind, _ignore)(self, line)
        if moves:
            self._settle(group[-1].seq, group[-1].at)

    def owner(self, step: str) -> str:
        """The party that owes a step."""
        return self.party(self.plan.steps[step].owner)

    def episode(self, step: str) -> Episode | None:
        """The open episode of a step, or None where it is not open now."""
        return self._by_key.get(("", step))

    def annulled(self) -> set[int]:
        """Log indexes no longer in force; an annulled annulment has no effect."""
        gone: set[int] = set()
        for line in reversed(self._annuls):
            if line.seq not in gone:
                gone.add(_whole(line.detail["target"]))
        return gone

    def lines_in_force(self) -> list[ThreadLine]:
        """Every line taken that no annulment took away."""
        gone = self.annulled()
        return [line for line in self._taken if line.seq not in gone]

    def _open(self, line: ThreadLine) -> bool:
        detail: Mapping[str, Any] = line.detail
        first = self.opened is None
        self.opened = line
        self.agencies = dict(detail.get("agencies") or {})
        self.subject, self.place = str(detail.get("subject", "")), str(detail.get("place", ""))
        if first:
            self.opened_at = line.at
            self._use(_whole(detail["version"]))
        self._leave_out()
        if not first:
            self._refresh()
        return True

    def _use(self, version: int) -> None:
        try:
            self.plan = self._plans[version]
        except KeyError:
            raise ProcedureError("PROC-VERSION", f"没有第 {version} 版办理规程") from None

    def _leave_out(self) -> None:
        """Optional steps nobody was named for fall away; skipped ones stay skipped."""
        absent = {
            code
            for code, step in self.plan.steps.items()
            if step.optional and not self.party(step.owner)
        }
        self.left_out = absent | self._skipped

    def _decide(self, line: ThreadLine) -> bool:
        detail: Mapping[str, Any] = line.detail
        self._decided(line, detail["step"], detail["outcome"])
        return True

    def _decided(self, line: ThreadLine, step: str, outcome: str) -> None:
        sign = self.plan.signs.get(step, {}).get(outcome, NEITHER)
        self.decisions[step] = Decision(line.seq, line.at, outcome, sign, line.kind)
        if self.pauses:
            self._drop_pauses(step, line.seq, line.at)

    def _ask(self, line: ThreadLine) -> bool:
        detail: Mapping[str, Any] = line.detail
        return self._pause(line, detail["step"], detail["to"], "question")

    def _hold(self, line: ThreadLine) -> bool:
        detail: Mapping[str, Any] = line.detail
        return self._pause(line, detail["step"], detail["against"], detail["kind"])

    def _pause(self, line: ThreadLine, step: str, party: str, word: str) -> bool:
        pause = Pause(line.seq, line.at, step, line.kind, party, word)
        if line.seq in self._moot:
            pause.closed_seq, pause.closed_at = self._moot[line.seq]
        self.pauses[line.seq] = pause
        self._owe_pause(pause, line.seq, line.at)
        return False

    def _owe_pause(self, pause: Pause, seq: int, at: int) -> None:
        rule = self.plan.steps.get(pause.step)
        known = ("pause", pause.seq) in self._by_key
        if rule is not None and pause.closed_seq is None and not known:
            asked = pause.kind == "ask"
            kind, party = ("answer", pause.party) if asked else ("resume", self.party(rule.owner))
            begun = Episode(kind, pause.step, 0, seq, at, at, rule, party, pause.seq)
            self._begin(("pause", pause.seq), begun)

    def _answer(self, line: ThreadLine) -> bool:
        return self._close_pause(line, line.detail["ask"])

    def _resume(self, line: ThreadLine) -> bool:
        return self._close_pause(line, line.detail["hold"])

    def _close_pause(self, line: ThreadLine, seq: object) -> bool:
        pause = self.pauses.get(_whole(seq))
        if pause is not None and (pause.closed_seq is None or pause.seq in self._moot):
            pause.closed_seq, pause.closed_at, pause.answered = line.seq, line.at, True
            self._end(("pause", pause.seq), line.seq, line.at)
        return False

    def _escalate(self, line: ThreadLine) -> bool:
        detail: Mapping[str, Any] = line.detail
        self.escalations.append((line.seq, line.at, detail["step"], detail["to"]))
        self._owe_escalation(detail["step"], detail["to"], line.seq, line.at)
        return False

    def _owe_escalation(self, step: str, party: str, seq: int, at: int) -> None:
        if self.episode(step) is not None and ("supervise", step) not in self._by_key:
            rule = self.plan.steps[step]
            self._begin(
                ("supervise", step), Episode("supervise", step, 0, seq, at, at, rule, party)
            )

    def _override(self, line: ThreadLine) -> bool:
        detail: Mapping[str, Any] = line.detail
        step, action = detail.get("step", ""), detail["action"]
        if action == "override":
            self._decided(line, step, detail["outcome"])
        elif action == "skip":
            self.decisions.pop(step, None)
            self._skipped.add(step)
            self.left_out.add(step)
            self._drop_pauses(step, line.seq, line.at)
        elif action == "retry":
            self.decisions.pop(step, None)
            self._skipped.discard(step)
            self._leave_out()
            self._drop_pauses(step, line.seq, line.at)
            self._end(("", step), line.seq, line.at, void=True)
        else:
            self.ended = Ended("aborted", "withdrawn", line.seq, line.at)
        return True

    def _withdraw(self, line: ThreadLine) -> bool:
        end = self.plan.withdrawal
        self.ended = Ended(end.code if end else "withdrawn", "withdrawn", line.seq, line.at)
        return True

    def _link(self, line: ThreadLine) -> bool:
        self.linked.append(line)
        if line.detail["relation"] != "merged" or line.detail.get("absorbs"):
            return False
        self.ended = Ended("merged", "withdrawn", line.seq, line.at)
        return True

    def _note_recognised(self, line: ThreadLine) -> bool:
        self.recognised.append(line)
        return False

    def _migrate(self, line: ThreadLine) -> bool:
        """Steps named by the map change their code, decided ones keep their decision."""
        detail: Mapping[str, Any] = line.detail
        renamed: Mapping[str, str] = detail.get("map") or {}
        self._use(_whole(detail["to"]))
        self.agencies.update(detail.get("agencies") or {})

        def now(code: str) -> str:
            return renamed.get(code, code)

        self.decisions = {
            now(code): decision
            for code, decision in self.decisions.items()
            if now(code) in self.plan.steps
        }
        self._skipped = {now(code) for code in self._skipped} & self.plan.steps.keys()
        self._leave_out()
        for pause in self.pauses.values():
            pause.step = now(pause.step)
        self._rename_episodes(now, line)
        return True

    def _rename_episodes(self, now: Callable[[str], str], line: ThreadLine) -> None:
        """A renamed step's clock runs on; what is dropped becomes void."""
        moved = []
        for key, episode in list(self._by_key.items()):
            code = now(episode.step)
            if code != episode.step or code not in self.plan.steps:
                self._end(key, line.seq, line.at, void=True)
                moved.append((key, code, episode))
        for key, code, old in moved:
            rule = self.plan.steps.get(code)
            if rule is not None:
                anew = key if key[0] == "pause" else (key[0], code)
                kind = rule.duty if key[0] == "" else old.kind
                begun = Episode(kind, code, 0, line.seq, line.at, old.clock_at, rule, old.party)
                begun.anchor = old.anchor
                self._begin(anew, begun)
        self._refresh()

    def _refresh(self) -> None:
        """What is open goes over to whom it now concerns and the rule that now holds."""
        for episode in self._by_key.values():
            rule = self.plan.steps.get(episode.step)
            if rule is not None:
                episode.rule = rule
                if episode.kind not in ("answer", "supervise"):
                    episode.party = self.party(rule.owner)

    def _annul(self, line: ThreadLine) -> bool:
        """Facts are folded again without what is annulled; episodes go on from where they are."""
        self._annuls.append(line)
        before = {key: episode for key, episode in self._by_key.items() if key[0] == ""}
        self._refold()
        for key in before:
            if key[1] not in self.plan.steps:
                self._end(key, line.seq, line.at, void=True)
        if self.opened is not None:
            self._refresh()
        for pause in self.pauses.values():
            self._owe_pause(pause, line.seq, line.at)
        owed = {("pause", p.seq) for p in self.pauses.values() if p.closed_seq is None}
        for key in [key for key in self._by_key if key[0] == "pause" and key not in owed]:
            self._end(key, line.seq, line.at, void=True)
        return True

    def _refold(self) -> None:
        episodes, by_key, counts = self.episodes, self._by_key, self._counts
        moot = dict(self._moot)
        # The second fold's episodes are thrown away: they would rewrite what was owed.
        self.episodes, self._by_key, self._counts = [], {}, {}
        self._clear()
        for line in self.lines_in_force():
            if line.kind != "annul":
                _APPLY.get(line.kind, _ignore)(self, line)
        self.episodes, self._by_key, self._counts, self._moot = episodes, by_key, counts, moot


def _whole(value: object) -> int:
    if not isinstance(value, int):
        raise TypeError(f"{value!r} is not a log index or version")
    return value


def _ignore(fold: ThreadFold, line: ThreadLine) -> bool:
    """Lines of kinds that move nothing here."""
    return False


_APPLY: dict[str, Callable[[ThreadFold, ThreadLine], bool]] = {
    "open": ThreadFold._open,
    "decide": ThreadFold._decide,
    "deem": ThreadFold._decide,
    "recognise": ThreadFold._decide,
    "ask": ThreadFold._ask,
    "answer": ThreadFold._answer,
    "hold": ThreadFold._hold,
    "resume": ThreadFold._resume,
    "escalate": ThreadFold._escalate,
    "override": ThreadFold._override,
    "withdraw": ThreadFold._withdraw,
    "link": ThreadFold._link,
    "recognised": ThreadFold._note_recognised,
    "migrate": ThreadFold._migrate,
    "annul": ThreadFold._annul,
}
KINDS = frozenset(_APPLY)
