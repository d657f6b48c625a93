"""What a thread owes, given its facts: episodes that open, close and become void.

The half of the fold (see `state`) that facts never touch directly.
"""

from __future__ import annotations

from collections.abc import Mapping

from ortoo.kernel.threads.definition import FILER
from ortoo.kernel.threads.episode import Decision, Ended, Episode, Pause
from ortoo.kernel.threads.plan import Plan, end_of, evaluate, may_open
from ortoo.kernel.threads.procedure import ThreadLine


class Owing:
    """Episodes of one thread, brought up to its facts by `_settle` after each filing."""

    __slots__ = (
        "_by_key", "_counts", "_derived", "_moot", "agencies", "decisions", "ended", "episodes",
        "left_out", "opened", "pauses", "plan", "signs", "subject",
    )  # fmt: skip

    plan: Plan
    opened: ThreadLine | None
    subject: str
    decisions: dict[str, Decision]
    left_out: set[str]
    pauses: dict[int, Pause]
    agencies: dict[str, str]
    ended: Ended | None

    def __init__(self) -> None:
        self._counts: dict[tuple[str, str], int] = {}
        self._by_key: dict[tuple[str, object], Episode] = {}
        self._moot: dict[int, tuple[int, int]] = {}
        self._derived: Ended | None = None
        self.episodes: list[Episode] = []
        self.signs: dict[str, int] = {}

    def party(self, role: str) -> str:
        """The party that plays a role here; empty where the opening named none."""
        if role == FILER:
            return self.agencies.get(FILER) or self.subject
        return self.agencies.get(role, "")

    def paused_by(self, step: str) -> list[Pause]:
        """Open questions and holds of a step."""
        return [p for p in self.pauses.values() if p.step == step and p.closed_seq is None]

    def _drop_pauses(self, step: str, seq: int, at: int) -> None:
        """Questions left open by a decision need no answer any more, then or later."""
        for pause in self.paused_by(step):
            pause.closed_seq, pause.closed_at = seq, at
            self._moot[pause.seq] = (seq, at)
            self._end(("pause", pause.seq), seq, at, void=True)

    def _begin(self, key: tuple[str, object], episode: Episode) -> None:
        counted = (episode.kind, episode.step)
        episode.number = self._counts[counted] = self._counts.get(counted, 0) + 1
        self.episodes.append(episode)
        self._by_key[key] = episode

    def _end(self, key: tuple[str, object], seq: int, at: int, *, void: bool = False) -> None:
        episode = self._by_key.pop(key, None)
        if episode is not None:
            episode.closed_at = at
            if void:
                episode.void_seq = seq
            else:
                episode.closed_seq = seq

    def _settle(self, seq: int, at: int) -> None:
        """Which steps are met, whether the thread has ended, and what is therefore owed."""
        if self.opened is None:
            self._void_all(seq, at)
            self._derived, self.signs = None, {}
            return
        signs = self.signs = evaluate(self.plan, self.decisions, self.left_out)
        if self.ended is None or self.ended is self._derived:
            end = end_of(self.plan, signs, self.decisions)
            known = self._derived
            if end is None:
                self._derived = None
            elif known is None or known.code != end.code:
                self._derived = Ended(end.code, end.kind, seq, at)
            self.ended = self._derived
        if self.ended is not None:
            self._close_decided(seq, at)
            self._void_all(seq, at)
            return
        self._settle_steps(signs, seq, at)
        for pause in self.pauses.values():
            if pause.closed_seq is None and ("", pause.step) not in self._by_key:
                self._drop_pauses(pause.step, seq, at)

    def _settle_steps(self, signs: Mapping[str, int], seq: int, at: int) -> None:
        decisions, left_out, by_key = self.decisions, self.left_out, self._by_key
        for node in self.plan.step_nodes:
            code = node.code
            if code not in decisions and code not in left_out and may_open(node, signs):
                if ("", code) not in by_key:
                    rule = self.plan.steps[code]
                    owner = self.party(rule.owner)
                    self._begin(("", code), Episode(rule.duty, code, 0, seq, at, at, rule, owner))
            elif ("", code) in by_key:
                self._leave(code, seq, at)

    def _leave(self, code: str, seq: int, at: int) -> None:
        """A step is open no longer: decided, or owed no more."""
        decided = code in self.decisions
        self._end(("", code), seq, at, void=not decided)
        self._end(("supervise", code), seq, at, void=not decided)

    def _close_decided(self, seq: int, at: int) -> None:
        for key in [key for key in self._by_key if key[0] == "" and key[1] in self.decisions]:
            self._leave(str(key[1]), seq, at)

    def _void_all(self, seq: int, at: int) -> None:
        for key, episode in list(self._by_key.items()):
            if key[0] == "pause":
                self._moot[episode.anchor] = (seq, at)
                pause = self.pauses.get(episode.anchor)
                if pause is not None:
                    pause.closed_seq, pause.closed_at = seq, at
            self._end(key, seq, at, void=True)
