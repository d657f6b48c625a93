"""The kernel's record forms of a thread: deciding, asking, holding, linking, recovering.

Each body names its `thread` and carries the fields of its entry, nothing else; a domain's own forms
may say the same entries. A reason stands in the envelope where the law of filings asks for one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from ortoo.kernel.filings.behaviour import Annulment, JsonObject, RecordBehaviour, parse, register
from ortoo.kernel.filings.draft import Draft, Entry
from ortoo.kernel.filings.envelope import MAX_INDEX, MAX_THREAD
from ortoo.kernel.filings.refusal import Refused
from ortoo.kernel.threads.definition import RELATIONS
from ortoo.kernel.threads.engine import FileProcedure
from ortoo.kernel.threads.loader import MAX_CODE
from ortoo.kernel.threads.procedure import procedure_of
from ortoo.kernel.threads.recovery import ACTIONS

MAX_SENTENCE = 1_000
MAX_PARTY = 40
MAX_STEPS = 100
# What one relation is called from the other thread.
INVERSE = {"parent": "part", "part": "parent", "merged": "merged"}
AUTHORITY = Annulment(frozenset({"K-ANNUL"}), frozenset({"agency", "system"}))
_THREAD = re.compile(r"[^|\s]+\|\S.*")

# Says what is wrong with a value, or an empty text.
Check = Callable[[object], str]


def _text(width: int, *, lines: bool = False) -> Check:
    def check(value: object) -> str:
        if not isinstance(value, str) or not value.strip() or len(value) > width:
            return f"应为 1–{width} 个字"
        shown = value.replace("\n", "").replace("\t", "") if lines else value
        return "" if shown.isprintable() else "含不可见字符"

    return check


def _thread(value: object) -> str:
    problem = _text(MAX_THREAD)(value)
    return problem or ("" if _THREAD.fullmatch(str(value)) else "应为“规程代码|案号”")


def _number(value: object) -> str:
    whole = isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= MAX_INDEX
    return "" if whole else "应为正整数"


def _one_of(choices: Iterable[str]) -> Check:
    known = tuple(choices)
    return lambda value: "" if value in known else f"只能是 {'、'.join(known)} 之一"


def _pairs(value: object) -> str:
    """Codes to codes: a step map, or roles to parties."""
    if not isinstance(value, dict) or len(value) > MAX_STEPS:
        return f"应为不超过 {MAX_STEPS} 对代码"
    short = _text(MAX_CODE)
    return next((found for pair in value.items() for part in pair if (found := short(part))), "")


_CODE, _PARTY, _SENTENCE = _text(MAX_CODE), _text(MAX_PARTY), _text(MAX_SENTENCE, lines=True)


@dataclass(frozen=True, slots=True)
class Shape:
    """Needed and optional fields of a body, each with its check."""

    needed: Mapping[str, Check]
    optional: Mapping[str, Check]

    def __call__(self, body: JsonObject) -> Iterator[str]:
        for name, check in self.needed.items():
            if name not in body:
                yield f"缺少字段「{name}」"
            elif problem := check(body[name]):
                yield f"字段「{name}」{problem}"
        for name, value in body.items():
            optional = self.optional.get(name)
            if optional is not None:
                if problem := optional(value):
                    yield f"字段「{name}」{problem}"
            elif name not in self.needed:
                yield f"不认识的字段「{name}」"


def _shape(optional: Mapping[str, Check] | None = None, **needed: Check) -> Shape:
    return Shape({"thread": _thread, **needed}, optional or {})


def said(draft: Draft, detail: Mapping[str, object]) -> dict[str, object]:
    """An entry's detail with the filings its own follows."""
    follows = {
        "supersedes": draft.supersedes,
        "annuls": draft.annuls,
        "corrects": draft.corrects,
    }
    return {**detail, **{name: seq for name, seq in follows.items() if seq is not None}}


def _entry(kind: str) -> Callable[[Draft, JsonObject], Iterable[Entry]]:
    def relate(draft: Draft, body: JsonObject) -> Iterable[Entry]:
        detail = {name: value for name, value in body.items() if name != "thread"}
        yield Entry(str(body["thread"]), kind, said(draft, detail))

    return relate


def _recognise(draft: Draft, body: JsonObject) -> Iterable[Entry]:
    """On this thread that the step is met; on the other that its decision was relied upon."""
    yield from _entry("recognise")(draft, body)
    noted = {
        "step": body["other_step"],
        "seq": body["seq"],
        "by": body["thread"],
        "decided_at": body["decided_at"],
    }
    yield Entry(str(body["other"]), "recognised", said(draft, noted))


def _link(draft: Draft, body: JsonObject) -> Iterable[Entry]:
    """`merged`: this thread goes on in the other one, which absorbs it."""
    yield from _entry("link")(draft, body)
    relation = str(body["relation"])
    back: dict[str, object] = {"relation": INVERSE[relation], "other": body["thread"]}
    back["inverse"] = True
    if relation == "merged":
        back["absorbs"] = True
    yield Entry(str(body["other"]), "link", said(draft, back))


@dataclass(frozen=True)
class StepBehaviour(RecordBehaviour):
    """A form that only threads of a file-defined procedure understand."""

    def check_draft(self, draft: Draft, data: bytes) -> None:
        """Raises Refused THREAD-PROCEDURE."""
        body = parse(data)
        thread = str(body.get("thread")) if isinstance(body, dict) else ""
        if not isinstance(procedure_of(thread), FileProcedure):
            code = thread.split("|", 1)[0]
            raise Refused(
                "THREAD-PROCEDURE", f"“{code}”没有这样的办理规程。", "请核对案卷标识。", 404
            )


@dataclass(frozen=True)
class AnnullingBehaviour(RecordBehaviour):
    """K-ANNUL: what the body names and what the envelope annuls are one filing."""

    def check_draft(self, draft: Draft, data: bytes) -> None:
        """Raises Refused ANNUL-TARGET."""
        body = parse(data)
        if not isinstance(body, dict) or draft.annuls != body.get("target"):
            raise Refused(
                "ANNUL-TARGET", "撤销的报件号与报文所写不一致。", "请在原报件页面选择撤销。"
            )


def annulling(draft: Draft) -> Draft:
    """A K-ANNUL draft with the envelope naming the filing its body names."""
    target = draft.body.get("target") if isinstance(draft.body, Mapping) else None
    return replace(draft, annuls=target) if isinstance(target, int) else draft


_SHAPES: Mapping[str, Shape] = {
    "K-DECIDE": _shape({"reason": _SENTENCE, "conditions": _SENTENCE}, step=_CODE, outcome=_CODE),
    "K-ASK": _shape(step=_CODE, to=_PARTY, question=_SENTENCE),
    "K-ANSWER": _shape({"text": _SENTENCE}, ask=_number),
    "K-HOLD": _shape(step=_CODE, kind=_CODE, against=_PARTY, basis=_SENTENCE),
    "K-RESUME": _shape({"result": _SENTENCE}, hold=_number),
    "K-RECOGNISE": _shape(
        step=_CODE,
        other=_thread,
        other_step=_CODE,
        seq=_number,
        outcome=_CODE,
        decided_at=_number,
    ),
    "K-LINK": _shape(relation=_one_of(RELATIONS), other=_thread),
    "K-MIGRATE": _shape({"agencies": _pairs}, to=_number, map=_pairs),
    "K-WITHDRAW": _shape(),
    "K-DEEM": _shape(step=_CODE, outcome=_CODE, regulation=_CODE),
    "K-ESCALATE": _shape(step=_CODE, to=_PARTY, regulation=_CODE),
    "K-OVERRIDE": _shape({"step": _CODE, "outcome": _CODE}, action=_one_of(ACTIONS)),
}
_RELATE = {"K-RECOGNISE": _recognise, "K-LINK": _link}


def register_step_forms() -> None:
    """Make the forms of threads fileable."""
    for code, shape in _SHAPES.items():
        relate = _RELATE.get(code) or _entry(code.removeprefix("K-").lower())
        register(StepBehaviour(code, 1, shape, relate, annulment=AUTHORITY))
    register(AnnullingBehaviour("K-ANNUL", 1, _shape(target=_number), _entry("annul")))
