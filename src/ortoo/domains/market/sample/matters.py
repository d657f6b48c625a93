"""Nominations 样本变动 as they stand: what is asked, who holds it, what was decided."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ortoo.domains.market.sample.rules import JOIN, LEAVE, Move
from ortoo.domains.market.sample.seats import CHANGE, matter_thread
from ortoo.kernel.duties.models import Duty
from ortoo.kernel.filings import read
from ortoo.kernel.filings.refusal import Refused
from ortoo.kernel.forms.periods import Period, parse
from ortoo.kernel.grants.scope import Scope
from ortoo.kernel.threads.catalogue import CATALOGUE
from ortoo.kernel.threads.procedure import ThreadLine
from ortoo.kernel.threads.state import ThreadFold

STEPS = ("agree", "approve")


@dataclass(frozen=True, slots=True)
class Nomination:
    """What a bureau asks: the body of the SAMPLE-CHANGE in force."""

    list: str
    form: str
    period: str
    midway: bool
    kind: str
    reason: str
    moves: tuple[Move, ...]

    @property
    def span(self) -> Period:
        return parse(self.period)

    def parties(self, move: str) -> tuple[str, ...]:
        """Firms that leave, or that join."""
        return tuple(one.party for one in self.moves if one.move == move)


@dataclass(frozen=True, slots=True)
class Decision:
    """What was said at a step: log index, moment, who pressed the button, opinion, number."""

    step: str
    outcome: str
    seq: int
    at: int
    actor: str
    reason: str
    approval: str


@dataclass(frozen=True, slots=True)
class Question:
    """退回补正: an open question to the nominating bureau."""

    seq: int
    at: int
    step: str
    text: str


@dataclass(frozen=True, slots=True)
class Matter:
    """A nomination and how far it is. `stage`: agree, approve, asked, approved, refused, withdrawn;
    `holder` the party that must act, "" where it has ended; `seq` the nomination in force."""

    nominator: str
    case: str
    place: str
    seq: int
    at: int
    actor: str
    asks: Nomination
    stage: str
    holder: str
    due_at: int | None
    agencies: Mapping[str, str]
    decisions: tuple[Decision, ...]
    question: Question | None
    filings: tuple[int, ...]

    @property
    def thread(self) -> str:
        return matter_thread(self.nominator, self.case)

    @property
    def step(self) -> str:
        """The step that is open or paused, "" where none is."""
        if self.stage == "asked":
            return self.question.step if self.question else ""
        return self.stage if self.stage in STEPS else ""

    @property
    def approval(self) -> Decision | None:
        """The approval, where it was given."""
        if self.stage != "approved":
            return None
        return next((one for one in self.decisions if one.step == "approve"), None)


def nomination(body: Mapping[str, Any]) -> Nomination:
    """A nomination from the body of its filing."""
    moves = tuple(
        Move(
            line["party"], line["move"], line["pair"], line.get("stratum", ""), line.get("note", "")
        )
        for line in body["lines"]
    )
    return Nomination(
        body["list"],
        body["form"],
        body["period"],
        bool(body["midway"]),
        body["kind"],
        body["reason"],
        moves,
    )


def matters(scope: Scope, list_code: str = "") -> list[Matter]:
    """Every nomination this reader may see, newest first. See `may_see`."""
    found = [matter for matter in _all() if may_see(scope, matter.place)]
    return [m for m in found if not list_code or m.asks.list == list_code]


def may_see(scope: Scope, place: str) -> bool:
    """Offices whose places hold the nominating bureau's, and the auditor there."""
    return scope.may("read_unit_figures", place=place)


def matter(scope: Scope, nominator: str, case: str) -> Matter:
    """One nomination. Refused SAMPLE-MATTER also where the reader may not see it, so that the
    answer does not tell which exist."""
    found = _read([matter_thread(nominator, case)])
    if found and may_see(scope, found[0].place):
        return found[0]
    raise Refused("SAMPLE-MATTER", "没有这件样本变动。", "请从样本变动列表打开。", 404)


def approved(list_code: str) -> list[Matter]:
    """Approved nominations of a list, in the order of their approval."""
    found = [m for m in _all() if m.asks.list == list_code and m.approval is not None]
    return sorted(found, key=lambda m: m.approval.seq if m.approval else 0)


def held_by(scope: Scope, party: str) -> list[Matter]:
    """Open nominations that wait for a party."""
    return [m for m in matters(scope) if m.holder == party]


def _all() -> list[Matter]:
    return _matters(read.thread_lines_like(f"{CHANGE}|"))


def _read(threads: Iterable[str]) -> list[Matter]:
    lines = read.thread_lines(threads)
    return _matters({thread: found for thread, found in lines.items() if found})


def _matters(threads: Mapping[str, list[ThreadLine]]) -> list[Matter]:
    procedure = CATALOGUE.procedure(CHANGE)
    folds = {thread: procedure.fold(lines) for thread, lines in threads.items()}
    folds = {thread: found for thread, found in folds.items() if found.opened is not None}
    filings = read.by_seqs(line.seq for thread in folds for line in threads[thread])
    due = dict(
        Duty.objects.filter(
            thread__in=list(folds), closed_seq__isnull=True, void_seq__isnull=True
        ).values_list("thread", "due_at")
    )
    made = [
        _matter(thread, found, threads[thread], filings, due.get(thread))
        for thread, found in folds.items()
    ]
    return sorted(made, key=lambda one: -one.seq)


def _matter(
    thread: str,
    found: ThreadFold,
    lines: list[ThreadLine],
    filings: Mapping[int, read.FilingRow],
    due_at: int | None,
) -> Matter:
    _, nominator, case = thread.split("|", 2)
    assert found.opened is not None
    opened = filings[found.opened.seq]
    question = _question(found, filings)
    stage = _stage(found, question)
    holder = ""
    if stage == "asked":
        holder = nominator
    elif stage in STEPS:
        holder = found.owner(stage)
    return Matter(
        nominator=nominator,
        case=case,
        place=found.place,
        seq=opened.seq,
        at=lines[0].at,
        actor=opened.actor,
        asks=nomination(json.loads(opened.body)),
        stage=stage,
        holder=holder,
        due_at=due_at,
        agencies=dict(found.agencies),
        decisions=tuple(_decisions(found, filings)),
        question=question,
        filings=tuple(dict.fromkeys(line.seq for line in lines)),
    )


def _stage(found: ThreadFold, question: Question | None) -> str:
    if found.ended is not None:
        return str(found.ended.code)
    if question is not None:
        return "asked"
    return next((step for step in STEPS if found.episode(step) is not None), "refused")


def _question(found: ThreadFold, filings: Mapping[int, read.FilingRow]) -> Question | None:
    for pause in found.pauses.values():
        if pause.kind == "ask" and pause.closed_seq is None:
            text = json.loads(filings[pause.seq].body)["question"]
            return Question(pause.seq, pause.at, pause.step, text)
    return None


def _decisions(found: ThreadFold, filings: Mapping[int, read.FilingRow]) -> Iterable[Decision]:
    for step in STEPS:
        decided = found.decisions.get(step)
        if decided is not None and decided.seq in filings:
            row = filings[decided.seq]
            body = json.loads(row.body)
            yield Decision(
                step, decided.outcome, row.seq, decided.at, row.actor,
                body.get("reason", ""), body.get("approval", ""),
            )  # fmt: skip


def movement_words(asks: Nomination) -> str:
    """«+1 −1»."""
    parts = [(len(asks.parties(JOIN)), "+"), (len(asks.parties(LEAVE)), "−")]
    return " ".join(f"{sign}{count}" for count, sign in parts if count)
