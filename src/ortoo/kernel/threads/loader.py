"""Reads one version of a procedure 办理规程 from its reviewed YAML file and gives it its digest.

The digest is the SHA-256 of the canonical JSON of what was parsed, the file's name left out.
Errors are ProcedureError: PROC-YAML, PROC-DUPLICATE-KEY, PROC-MISSING, PROC-TYPE, PROC-VALUE,
PROC-TITLE, PROC-UNKNOWN-KEY, PROC-DUPLICATE-CODE, PROC-REFERENCE, PROC-CYCLE. Whether a procedure
that can be read can also end is `lint`'s question.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields as dataclass_fields
from dataclasses import is_dataclass, replace
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Any, cast

from ortoo.kernel.forms.definition import FormError
from ortoo.kernel.forms.fields import Fields
from ortoo.kernel.forms.loader import read_yaml
from ortoo.kernel.threads.definition import (
    END_KINDS,
    FILER,
    OUTCOME_KINDS,
    POLICIES,
    RELATIONS,
    TIMEOUT_ACTIONS,
    UNITS,
    Agency,
    Cause,
    End,
    EndKind,
    Join,
    Link,
    Outcome,
    OutcomeKind,
    Pauses,
    Policy,
    ProcedureDefinition,
    ProcedureError,
    Recognition,
    Relation,
    Span,
    Step,
    Timeout,
    TimeoutAction,
    Unit,
)

MAX_CODE = 40
MAX_DUTY_KIND = 20
# Kinds of duty the engine itself opens; a step's own word may not be one of them.
TAKEN_DUTIES = ("answer", "resume", "supervise")


def load(path: Path) -> ProcedureDefinition:
    """The procedure in a file. Raises ProcedureError with the file's name in `where`."""
    try:
        return parse(_read(path.read_text(encoding="utf-8")), source=path.name)
    except ProcedureError as error:
        where = f"{path.name} {error.where}".strip()
        raise ProcedureError(error.code, error.message, where) from None


def parse(data: Mapping[str, object], *, source: str = "") -> ProcedureDefinition:
    """A procedure from its mapping; every key must be known. Raises ProcedureError."""
    try:
        found = _procedure(Fields(data, str(data.get("procedure", "办理规程"))), source)
    except FormError as error:
        raise _renamed(error) from None
    _check(found)
    return replace(found, digest=hashlib.sha256(canonical(found)).digest())


def canonical(definition: ProcedureDefinition) -> bytes:
    """Canonical JSON (sorted keys, no white space, UTF-8) of the definition."""
    plain = _plain(replace(definition, source=""))
    return json.dumps(plain, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def _plain(value: Any) -> Any:
    if is_dataclass(value):
        names = [f.name for f in dataclass_fields(value) if f.name != "digest"]
        return {name: _plain(getattr(value, name)) for name in names}
    if isinstance(value, Mapping):
        return {str(key): _plain(inner) for key, inner in value.items()}
    return [_plain(inner) for inner in value] if isinstance(value, tuple) else value


def _read(text: str) -> dict[str, object]:
    try:
        return read_yaml(text)
    except FormError as error:
        raise _renamed(error) from None


def _renamed(error: FormError) -> ProcedureError:
    return ProcedureError(error.code.replace("FORM-", "PROC-", 1), error.message, error.where)


def _procedure(top: Fields, source: str) -> ProcedureDefinition:
    found = ProcedureDefinition(
        code=top.text("procedure"),
        version=top.integer("version"),
        title=top.labels("title"),
        subject=top.labels("subject"),
        opens_with=top.texts("opens_with", required=True),
        calendar=top.text("calendar"),
        home=top.text("home"),
        agencies=tuple(_agencies(top)),
        steps=tuple(_steps(top)),
        joins=tuple(_joins(top)),
        ends=tuple(_ends(top)),
        links=tuple(_links(top)),
        source=source,
    )
    top.done()
    return found


def _each(parent: Fields, key: str, *, required: bool = False) -> Iterator[Fields]:
    """Each mapping of a list, refused where a key of it is left unread."""
    for place, raw in enumerate(parent.list(key, required=required)):
        inner = Fields(raw, f"{parent.where}.{key}[{place}]")
        yield inner
        inner.done()


def _agencies(top: Fields) -> Iterator[Agency]:
    for inner in _each(top, "agencies", required=True):
        yield Agency(inner.text("role"), inner.labels("title"))


def _steps(top: Fields) -> Iterator[Step]:
    for inner in _each(top, "steps", required=True):
        code = inner.text("code")
        yield Step(
            code=code,
            title=inner.labels("title"),
            owner=inner.text("owner"),
            outcomes=tuple(_outcomes(inner)),
            forms=inner.texts("forms") or ("K-DECIDE",),
            needs=inner.texts("needs"),
            duty=inner.text("duty", "decide"),
            due=_span(inner.fields("due")) if inner.has("due") else None,
            warnings=tuple(_span(Fields(raw, inner.where)) for raw in inner.list("warnings")),
            on_timeout=tuple(_timeouts(inner)),
            pauses=_pauses(inner.fields("pauses")) if inner.has("pauses") else Pauses(),
            met_by=tuple(_met_by(inner)),
            optional=inner.flag("optional"),
        )


def _outcomes(step: Fields) -> Iterator[Outcome]:
    for inner in _each(step, "outcomes", required=True):
        kind = cast(OutcomeKind, inner.choice("kind", OUTCOME_KINDS))
        yield Outcome(inner.text("code"), kind, inner.labels("title"))


def _span(inner: Fields) -> Span:
    """`{working_days: 3, source: …}`, or `{unit: working_days, regulation: …}`."""
    if inner.has("regulation"):
        unit = cast(Unit, inner.choice("unit", UNITS))
        span = Span(unit, regulation=inner.text("regulation"), source=inner.text("source", ""))
    else:
        given = [unit for unit in UNITS if inner.has(unit)]
        if len(given) != 1:
            raise FormError("FORM-VALUE", f"须且只能写 {'、'.join(UNITS)} 之一", inner.where)
        amount = inner.integer(given[0])
        if amount <= 0:
            raise FormError("FORM-VALUE", "时限应为正整数", inner.where)
        span = Span(given[0], amount, source=inner.text("source", ""))
    inner.done()
    return span


def _timeouts(step: Fields) -> Iterator[Timeout]:
    for inner in _each(step, "on_timeout"):
        action = cast(TimeoutAction, inner.choice("action", TIMEOUT_ACTIONS))
        yield Timeout(
            action=action,
            regulation=inner.text("regulation"),
            to=inner.text("to") if action == "escalate" else "",
            outcome=inner.text("outcome") if action == "deem" else "",
            after=_span(inner.fields("after")) if inner.has("after") else None,
        )


def _pauses(inner: Fields) -> Pauses:
    found = Pauses(inner.integer("asks", 0), inner.integer("holds", 0), inner.texts("kinds"))
    inner.done()
    return found


def _met_by(step: Fields) -> Iterator[Recognition]:
    for inner in _each(step, "met_by"):
        yield Recognition(inner.text("procedure"), inner.text("step"), inner.integer("within_days"))


def _joins(top: Fields) -> Iterator[Join]:
    for inner in _each(top, "joins"):
        policy = cast(Policy, inner.choice("policy", POLICIES))
        quorum = inner.integer("quorum") if policy == "quorum" else 0
        yield Join(inner.text("code"), inner.labels("title"), inner.texts("of"), policy, quorum)


def _ends(top: Fields) -> Iterator[End]:
    # `when`, because a bare `on` is a truth value in YAML 1.1.
    for inner in _each(top, "ends", required=True):
        yield End(
            code=inner.text("code"),
            kind=cast(EndKind, inner.choice("kind", END_KINDS)),
            title=inner.labels("title"),
            on=tuple(_cause(text) for text in inner.texts("when")),
            until=inner.texts("until"),
        )


def _cause(text: str) -> Cause:
    of, _, outcome = text.partition(":")
    return Cause(of, outcome)


def _links(top: Fields) -> Iterator[Link]:
    for inner in _each(top, "links"):
        relation = cast(Relation, inner.choice("relation", RELATIONS))
        yield Link(relation, inner.text("procedure"))


def _check(found: ProcedureDefinition) -> None:
    """Everything named is there, once, and nothing waits for itself."""
    _check_names(found)
    _check_references(found)
    graph = {step.code: step.needs for step in found.steps}
    graph.update((join.code, join.of) for join in found.joins)
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        circle = " → ".join(cast("list[str]", error.args[1]))
        raise ProcedureError("PROC-CYCLE", f"互相等待：{circle}", found.key) from None


def _check_names(found: ProcedureDefinition) -> None:
    nodes = [step.code for step in found.steps] + [join.code for join in found.joins]
    _once(nodes, "环节或汇合", found.key)
    _once((agency.role for agency in found.agencies), "角色", found.key)
    _once((end.code for end in found.ends), "办结方式", found.key)
    if found.version < 1:
        raise ProcedureError("PROC-VALUE", "版本号自 1 起", found.key)
    if "|" in found.code:
        raise ProcedureError("PROC-VALUE", "规程代码不能含“|”", found.key)
    for step in found.steps:
        _once((outcome.code for outcome in step.outcomes), "结论", step.code)
        if not step.outcomes:
            raise ProcedureError("PROC-VALUE", "至少要有一种结论", step.code)
        if len(step.duty) > MAX_DUTY_KIND or step.duty in TAKEN_DUTIES:
            raise ProcedureError("PROC-VALUE", f"应办事项类别“{step.duty}”不能用", step.code)
        if not all(rule.within_days > 0 for rule in step.met_by):
            raise ProcedureError("PROC-VALUE", "互认的有效天数应为正整数", step.code)


def _once(codes: Iterable[str], what: str, where: str) -> None:
    seen: set[str] = set()
    for code in codes:
        if code in seen:
            raise ProcedureError("PROC-DUPLICATE-CODE", f"{what}“{code}”写了两次", where)
        if not code or len(code) > MAX_CODE or "|" in code or "#" in code or ":" in code:
            raise ProcedureError("PROC-VALUE", f"{what}代码“{code}”应为不含 | # : 的短码", where)
        seen.add(code)


def _check_references(found: ProcedureDefinition) -> None:
    roles = {agency.role for agency in found.agencies} | {FILER}
    steps = {step.code: step for step in found.steps}
    nodes = steps.keys() | {join.code for join in found.joins}
    _known([found.home], roles, "角色", "home")
    for step in found.steps:
        codes = {outcome.code for outcome in step.outcomes}
        _known([step.owner], roles, "角色", step.code)
        _known(step.needs, nodes, "环节或汇合", step.code)
        _known((t.to for t in step.on_timeout if t.action == "escalate"), roles, "角色", step.code)
        _known((t.outcome for t in step.on_timeout if t.action == "deem"), codes, "结论", step.code)
    for join in found.joins:
        _known(join.of, steps, "环节", join.code)
        if not join.of or (join.policy == "quorum" and not 1 <= join.quorum <= len(join.of)):
            raise ProcedureError("PROC-VALUE", "汇合的环节或票数不对", join.code)
    for end in found.ends:
        _known((cause.of for cause in end.on), nodes, "环节或汇合", end.code)
        _known(end.until, steps, "环节", end.code)
        for cause in end.on:
            if cause.outcome:
                owner = steps.get(cause.of)
                known = {o.code for o in owner.outcomes} if owner else set()
                _known([cause.outcome], known, "结论", end.code)


def _known(codes: Iterable[str], known: Iterable[str], what: str, where: str) -> None:
    for code in codes:
        if code not in known:
            raise ProcedureError("PROC-REFERENCE", f"没有{what}“{code}”", where)
