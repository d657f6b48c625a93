"""Findings of single steps: who decides, what they wait for, how long, and what follows silence."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, cast

from ortoo.kernel.threads.definition import Span, Step
from ortoo.kernel.threads.findings import Bench, ProcedureIssue
from ortoo.kernel.threads.reach import waits_for


def steps(bench: Bench) -> Iterator[ProcedureIssue]:
    """Owners, needs, forms and recognition of every step."""
    for place, step in bench.steps.values():
        yield from _owner(bench, place, step)
        yield from _needs(bench, place, step)
        yield from _forms(bench, place, step)
        yield from _recognition(bench, place, step)


def _owner(bench: Bench, place: int, step: Step) -> Iterator[ProcedureIssue]:
    if step.owner not in bench.roles:
        message = f"办理角色“{step.owner}”没有列入 agencies"
        remedy = "在 agencies 补这个角色，或改正 owner"
        yield bench.issue("PROC-ROLE-UNKNOWN", step.code, message, remedy, "steps", place, "owner")


def _needs(bench: Bench, place: int, step: Step) -> Iterator[ProcedureIssue]:
    path = ("steps", place, "needs")
    definition = bench.definition
    waited = waits_for(definition, step.code)
    if step.code in waited:
        circle = sorted(code for code in waited if step.code in waits_for(definition, code))
        # A circle through a join is said of the join: PROC-JOIN-LATE.
        if not any(code in bench.joins for code in circle):
            message = f"{'、'.join(circle)} 互相等待，谁也不会开始"
            yield bench.issue("PROC-CYCLE", step.code, message, "去掉其中一个 needs", *path)
        return
    for need in step.needs:
        if not bench.knows(need):
            message = f"等待的“{need}”不存在"
            yield bench.issue("PROC-NEEDS-UNKNOWN", step.code, message, "改正 needs 的代码", *path)
        elif need not in bench.found.met:
            message = f"等待的“{need}”永远不会通过，因此不会开始"
            remedy = "让它至少有一种通过的结论，或去掉这个 needs"
            yield bench.issue("PROC-NEVER-OPENS", step.code, message, remedy, *path)


def _forms(bench: Bench, place: int, step: Step) -> Iterator[ProcedureIssue]:
    path = ("steps", place, "forms")
    written = _raw_step(bench, place).get("forms", step.forms)
    if not written:
        message = "forms 是空的，没有报件能办结这个环节"
        yield bench.issue("PROC-STEP-NO-FORM", step.code, message, "写上表式，或删去 forms", *path)
        return
    if bench.library.forms is None:
        return
    said: set[str] = set()
    for form in step.forms:
        decides = bench.library.forms.get(form)
        if decides is None:
            message = f"没有表式“{form}”"
            yield bench.issue("PROC-FORM-UNKNOWN", step.code, message, "改正代码，或补表式", *path)
            said.add("")
        else:
            said |= {d.outcome for d in decides if d.step in ("", step.code)}
    if not said:
        message = f"{'、'.join(step.forms)} 都不对这个环节作出决定"
        remedy = "在表式 says 写 decide，或换一个表式"
        yield bench.issue("PROC-STEP-NO-FORM", step.code, message, remedy, *path)
    elif "" not in said:
        yield from _unsaid(bench, place, step, said)


def _unsaid(bench: Bench, place: int, step: Step, said: set[str]) -> Iterator[ProcedureIssue]:
    deemed = {rule.outcome for rule in step.on_timeout if rule.action == "deem"}
    for number, outcome in enumerate(step.outcomes):
        if outcome.code not in said | deemed:
            message = f"结论“{outcome.code}”没有一张表式会说，也不是默认决定"
            yield bench.issue(
                "PROC-OUTCOME-UNREACHABLE", step.code, message, "补表式的 says，或删去这个结论",
                "steps", place, "outcomes", number,
            )  # fmt: skip


def _raw_step(bench: Bench, place: int) -> Mapping[str, Any]:
    steps = bench.raw.get("steps")
    if isinstance(steps, list) and place < len(steps) and isinstance(steps[place], Mapping):
        return cast("Mapping[str, Any]", steps[place])
    return {}


def _recognition(bench: Bench, place: int, step: Step) -> Iterator[ProcedureIssue]:
    known = bench.library.procedures
    for number, rule in enumerate(step.met_by):
        if known is None:
            return
        versions = known.get(rule.procedure, ())
        if not any(rule.step == other.code for v in versions for other in v.steps):
            what = f"规程 {rule.procedure} 的环节 {rule.step}" if versions else rule.procedure
            yield bench.issue(
                "PROC-MET-BY-UNKNOWN", step.code, f"互认的“{what}”不存在", "改正 met_by",
                "steps", place, "met_by", number,
            )  # fmt: skip


# --- clocks ------------------------------------------------------------------------------------


def clocks(bench: Bench) -> Iterator[ProcedureIssue]:
    """Due times, and what is to happen past them."""
    for place, step in bench.steps.values():
        if step.due is not None:
            yield from _span(bench, step, step.due, "steps", place, "due")
        for number, warning in enumerate(step.warnings):
            if warning.regulation:
                path = ("steps", place, "warnings", number)
                yield from _regulation(bench, step.code, warning.regulation, *path)
        for number, rule in enumerate(step.on_timeout):
            path = ("steps", place, "on_timeout", number)
            if rule.after is not None:
                yield from _span(bench, step, rule.after, *path, "after")
            if step.due is None:
                message = f"没有 due，逾期的 {rule.action} 不会发生"
                yield bench.issue(
                    "PROC-TIMEOUT-NO-CLOCK", step.code, message, "写 due，或删去", *path
                )
            yield from _basis(bench, place, number)
            yield from _target(bench, place, number)


def _span(bench: Bench, step: Step, span: Span, *path: str | int) -> Iterator[ProcedureIssue]:
    if span.regulation:
        yield from _regulation(bench, step.code, span.regulation, *path)
    elif not span.source.strip():
        message = f"时限 {span.amount} {span.unit} 没有写出处"
        remedy = "写 source，或用 regulation 引用法定参数"
        yield bench.issue("PROC-CLOCK-SOURCE", step.code, message, remedy, *path)


def _basis(bench: Bench, place: int, number: int) -> Iterator[ProcedureIssue]:
    step = bench.definition.steps[place]
    rule = step.on_timeout[number]
    path = ("steps", place, "on_timeout", number)
    if rule.regulation.strip():
        yield from _regulation(bench, step.code, rule.regulation, *path, "regulation")
    elif rule.action != "remind":
        message = f"逾期 {rule.action} 没有写依据的法定参数"
        remedy = "写 regulation；没有法律依据的，只能 remind"
        yield bench.issue("PROC-REGULATION-MISSING", step.code, message, remedy, *path)


def _target(bench: Bench, place: int, number: int) -> Iterator[ProcedureIssue]:
    step = bench.definition.steps[place]
    rule = step.on_timeout[number]
    path = ("steps", place, "on_timeout", number)
    if rule.action == "escalate" and rule.to not in bench.roles:
        message = f"升级给的角色“{rule.to}”没有列入 agencies"
        yield bench.issue("PROC-ROLE-UNKNOWN", step.code, message, "补这个角色", *path, "to")
    if rule.action == "deem" and rule.outcome not in {o.code for o in step.outcomes}:
        message = f"默认结论“{rule.outcome}”不是这个环节的结论"
        yield bench.issue(
            "PROC-OUTCOME-UNKNOWN", step.code, message, "改正 outcome", *path, "outcome"
        )


def _regulation(bench: Bench, where: str, code: str, *path: str | int) -> Iterator[ProcedureIssue]:
    known = bench.library.regulations
    if known is not None and code not in known:
        message, remedy = f"没有法定参数“{code}”", "改正代码，或在 regulations 文件夹补上"
        yield bench.issue("PROC-REGULATION-UNKNOWN", where, message, remedy, *path)
