"""Laws 7 and 10 on threads pushed about at random."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ortoo.kernel.filings.refusal import Refused
from ortoo.kernel.threads.tests.matter import Matter, migrating, opened

# --- histories nobody planned ------------------------------------------------------------------

MOVES = (
    "decide", "decide", "decide", "decide", "refuse", "ask", "ask", "ask", "answer", "answer",
    "answer", "hold", "hold", "resume", "resume", "supersede", "supersede", "annul", "annul",
    "deem", "escalate", "skip", "retry", "override", "migrate", "withdraw",
)  # fmt: skip
walks = st.lists(
    st.tuples(st.sampled_from(MOVES), st.integers(0, 5), st.sampled_from((1, 90, 3_000))),
    min_size=8,
    max_size=24,
)


class Walk:
    """A thread pushed about at random: whatever is refused leaves it as it was."""

    def __init__(self) -> None:
        self.matter = migrating()
        self.known: dict[int, dict[str, str]] = {}
        self.taken = 0

    def take(self, move: tuple[str, int, int]) -> None:
        kind, pick, minutes = move
        before = (list(self.matter.lines), dict(self.matter.stored))
        try:
            self._say(kind, pick, minutes * 60_000)
            self.taken += 1
            self.known[self.matter.seq] = self.matter.open_duties()
        except Refused:
            assert before == (self.matter.lines, self.matter.stored)

    def _say(self, kind: str, pick: int, after: int) -> None:
        state = self.matter.state
        steps, seqs = list(state.plan.steps), list(state.pauses) or [1]
        # Mostly what may be said, so that histories grow; now and then what may not.
        live = [step for step in steps if state.episode(step)] if pick else []
        step = (live or steps)[pick % len(live or steps)]
        wanted = {"answer": "ask", "resume": "hold"}.get(kind)
        standing = [q for q, p in state.pauses.items() if p.kind == wanted and p.closed_seq is None]
        seqs = standing or seqs
        if kind in ("decide", "refuse", "supersede"):
            self._decide(kind, step, pick, after)
        elif kind in ("ask", "hold"):
            getattr(self.matter, kind)(step, after=after)
        elif kind in ("answer", "resume"):
            getattr(self.matter, kind)(seqs[pick % len(seqs)], after=after)
        else:
            filer, said = self._said(kind, step, pick)
            said_as = "override" if kind in ("skip", "retry") else kind
            self.matter.say(said_as, filer, said, reason="依据", after=after)

    def _decide(self, kind: str, step: str, pick: int, after: int) -> None:
        known = list(self.matter.state.plan.signs[step])
        if kind == "supersede":
            decision = self.matter.state.decisions.get(step)
            more = {"supersedes": decision.seq if decision else 1, "reason": "录错"}
            self.matter.decide(step, known[pick % len(known)], after=after, **more)
            return
        yes = known[:-1] or known
        outcome = known[-1] if kind == "refuse" else yes[pick % len(yes)]
        self.matter.decide(step, outcome, after=after)

    def _said(self, kind: str, step: str, pick: int) -> tuple[str, dict[str, object]]:
        renamed = {"customs": "inspection"} if pick % 2 else {"border": "inspection"}
        outcome = next(iter(self.matter.state.plan.signs[step]))
        return {
            "annul": ("OFFICE", {"target": max(1, self.matter.seq - pick)}),
            "deem": ("SYSTEM", {"step": "border", "outcome": "pass", "regulation": "T-RULE-3"}),
            "escalate": ("SYSTEM", {"step": step, "to": "OFFICE", "regulation": "T-RULE-2"}),
            "migrate": ("OFFICE", {"to": 2, "map": renamed}),
            "withdraw": ("FIRM" if pick == 5 else "CUSTOMS", {}),
        }.get(kind, ("OFFICE", {"action": kind, "step": step, "outcome": outcome}))


def walked(moves: list[tuple[str, int, int]]) -> Walk:
    walk = Walk()
    for move in moves:
        walk.take(move)
    return walk


def open_at(matter: Matter, seq: int) -> dict[str, str]:
    """What the stored duties alone say was open as of a log index."""
    return {
        key.replace(f"|{matter.thread}", ""): row.owner
        for key, row in sorted(matter.stored.items())
        if row.opened_seq <= seq
        and (row.closed_seq is None or row.closed_seq > seq)
        and (row.void_seq is None or row.void_seq > seq)
    }


@pytest.mark.law(7, 10)
@settings(max_examples=150, deadline=None)
@given(walks)
def test_a_history_folded_at_once_is_the_one_folded_step_by_step(moves) -> None:
    matter = walked(moves).matter
    whole = {row.key: row for row in matter.procedure.duties(matter.thread, matter.lines)}
    live = {key: row for key, row in matter.stored.items() if row.void_seq is None}
    assert {k: (r.opened_seq, r.closed_seq) for k, r in whole.items()} == {
        k: (r.opened_seq, r.closed_seq) for k, r in live.items()
    }
    still = {key for key, row in whole.items() if row.closed_seq is None}
    assert {k: whole[k] for k in still} == {k: live[k] for k in still}
    turned = list(reversed(matter.lines))
    assert list(matter.procedure.duties(matter.thread, turned)) == list(whole.values())


@pytest.mark.law(10)
@settings(max_examples=100, deadline=None)
@given(walks)
def test_a_prefix_of_the_lines_gives_what_was_true_then(moves) -> None:
    walk = walked(moves)
    for seq, owed in walk.known.items():
        assert open_at(walk.matter, seq) == owed
        prefix = walk.matter.procedure.fold(walk.matter.lines, as_of=seq)
        again = walk.matter.procedure.fold([x for x in walk.matter.lines if x.seq <= seq])
        assert (prefix.signs, prefix.decisions, prefix.ended) == (
            again.signs, again.decisions, again.ended
        )  # fmt: skip


@pytest.mark.law(7)
@settings(max_examples=150, deadline=None)
@given(walks)
def test_a_step_is_owed_once_at_a_time_and_nothing_after_the_end(moves) -> None:
    matter = walked(moves).matter
    state = matter.state
    for step in state.plan.steps:
        episodes = [e for e in state.episodes if e.step == step and e.kind in ("decide", "release")]
        opens = [e.opened_seq for e in episodes]
        assert sum(e.is_open for e in episodes) <= 1
        assert opens == sorted(opens)
    if state.ended is not None:
        assert matter.open_duties() == {}
    elif state.opened is not None:
        assert matter.open_duties(), "a matter that is not closed always waits for somebody"


@settings(max_examples=100, deadline=None)
@given(
    st.permutations(["customs", "border", "quarantine"]),
    st.lists(st.booleans(), min_size=3, max_size=3),
)
def test_the_release_opens_exactly_once_and_only_when_all_agree(order, yes) -> None:
    matter = opened()
    for place, (step, agrees) in enumerate(zip(order, yes, strict=True)):
        if matter.state.ended is not None:
            break
        matter.decide(step, "pass" if agrees else "refuse")
        releases = [row for row in matter.stored.values() if row.kind == "release"]
        assert len(releases) == (1 if place == 2 and all(yes) else 0)
    assert (matter.state.ended is None) == all(yes)
