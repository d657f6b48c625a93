"""Bulletins as they stand: drafts, signed, published, corrected; who may read which."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from ortoo.domains.market.bulletins.filed import FORM, Text, text_of
from ortoo.domains.market.bulletins.sections import RETAIL
from ortoo.kernel.filings import read
from ortoo.kernel.filings.refusal import Refused
from ortoo.kernel.forms.periods import Period, parse
from ortoo.kernel.grants.scope import Scope
from ortoo.kernel.threads.catalogue import CATALOGUE
from ortoo.kernel.threads.procedure import ThreadLine
from ortoo.kernel.threads.state import ThreadFold

SIGN, PUBLISH = "sign", "publish"
PUBLISHED, RETURNED, WITHDRAWN = "published", "returned", "withdrawn"
STAGE_ZH = {
    SIGN: "待签发", PUBLISH: "待发布", PUBLISHED: "已发布", RETURNED: "已退回", WITHDRAWN: "已撤回",
}  # fmt: skip
OPEN = frozenset({SIGN, PUBLISH})


@dataclass(frozen=True, slots=True)
class Decision:
    """签发, 发布 or 退回: log index, moment, who, of which draft, with what opinion."""

    step: str
    outcome: str
    seq: int
    at: int
    actor: str
    target: int
    reason: str
    alone: bool


@dataclass(frozen=True, slots=True)
class Bulletin:
    """One bulletin and how far it is. `seq`: the draft in force; `drafts` every one, oldest first;
    `corrected_by`: the published correction of it, if any."""

    place: str
    period: str
    number: int
    stage: str
    seq: int
    at: int
    filer: str
    actor: str
    text: Text
    drafts: tuple[int, ...]
    decisions: tuple[Decision, ...]
    corrected_by: int | None = None

    @property
    def code(self) -> str:
        return f"{self.place}-{self.period}-{self.number}"

    @property
    def thread(self) -> str:
        return thread_of(self.place, self.period, self.number)

    @property
    def span(self) -> Period:
        return parse(self.period)

    @property
    def is_open(self) -> bool:
        return self.stage in OPEN

    def decision(self, step: str) -> Decision | None:
        """What stands at a step; a signature on another draft does not."""
        return next((d for d in self.decisions if d.step == step and d.target == self.seq), None)

    @property
    def published_at(self) -> int | None:
        found = self.decision(PUBLISH)
        return found.at if found is not None and self.stage == PUBLISHED else None


def thread_of(place: str, period: str, number: int) -> str:
    return f"{FORM}|{place}|{period}|{number}"


def in_chain(scope: Scope, place: str) -> bool:
    """Whether drafts of a place are open to this reader: its reviewing chain and its auditor."""
    return scope.may("read_unit_figures", RETAIL, place=place) or scope.may(
        "read_aggregates", RETAIL, place=place
    )


def may_read(scope: Scope, bulletin: Bulletin) -> bool:
    """What is published is everyone's; the rest stays in the office's chain."""
    return bulletin.stage == PUBLISHED or in_chain(scope, bulletin.place)


def bulletins(scope: Scope, *, place: str = "", period: str = "") -> list[Bulletin]:
    """Bulletins this reader may see, the newest week first, then the newest draft."""
    prefix = f"{FORM}|{place}|{period}|" if place and period else f"{FORM}|{place}"
    found = [one for one in _read(read.thread_lines_like(prefix)) if may_read(scope, one)]
    found = [one for one in found if not place or one.place == place]
    found = [one for one in found if not period or one.period == period]
    return sorted(found, key=lambda one: (one.period, one.place, one.number), reverse=True)


def bulletin(scope: Scope, code: str) -> Bulletin:
    """One bulletin by its code. Refused BULLETIN-UNKNOWN also where the reader may not see it."""
    head, _, number = code.rpartition("-")
    place, _, period = head.partition("-")
    if number.isascii() and number.isdigit():
        for one in bulletins(scope, place=place, period=period):
            if one.number == int(number):
                return one
    raise Refused("BULLETIN-UNKNOWN", "没有这份公报。", "请从公报列表打开。", 404)


def standing(place: str, period: str) -> Bulletin | None:
    """The newest published bulletin of a place and week: what everyone reads."""
    found = [
        one
        for one in _read(read.thread_lines_like(f"{FORM}|{place}|{period}|"))
        if one.stage == PUBLISHED
    ]
    return max(found, key=lambda one: one.number, default=None)


def _read(threads: Mapping[str, list[ThreadLine]]) -> list[Bulletin]:
    procedure = CATALOGUE.procedure(FORM)
    folds = {thread: procedure.fold(lines) for thread, lines in threads.items()}
    folds = {thread: found for thread, found in folds.items() if found.opened is not None}
    filings = read.by_seqs(line.seq for thread in folds for line in threads[thread])
    found = [_bulletin(t, fold, threads[t], filings) for t, fold in folds.items()]
    corrections = {
        one.text.corrects: one.seq
        for one in found
        if one.stage == PUBLISHED and one.text.corrects is not None
    }
    return [replace(one, corrected_by=corrections.get(one.seq)) for one in found]


def _bulletin(
    thread: str,
    fold: ThreadFold,
    lines: list[ThreadLine],
    filings: Mapping[int, read.FilingRow],
) -> Bulletin:
    _, place, period, number = thread.split("|")
    assert fold.opened is not None
    row = filings[fold.opened.seq]
    return Bulletin(
        place=place,
        period=period,
        number=int(number),
        stage=_stage(fold),
        seq=row.seq,
        at=row.arrived_at,
        filer=row.filer,
        actor=row.actor,
        text=text_of(json.loads(row.body)),
        drafts=tuple(line.seq for line in lines if line.kind == "open"),
        decisions=tuple(_decisions(lines, filings)),
    )


def _stage(fold: ThreadFold) -> str:
    if fold.ended is not None:
        return str(fold.ended.code)
    return next((step for step in (SIGN, PUBLISH) if fold.episode(step) is not None), RETURNED)


def _decisions(
    lines: Iterable[ThreadLine], filings: Mapping[int, read.FilingRow]
) -> Iterable[Decision]:
    for line in lines:
        if line.kind == "decide":
            row = filings[line.seq]
            body = json.loads(row.body)
            yield Decision(
                body["step"], body["outcome"], row.seq, row.arrived_at, row.actor, body["target"],
                body.get("reason", ""), bool(body["alone"]),
            )  # fmt: skip
