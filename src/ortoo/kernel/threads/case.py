"""What an admission rule looks at, and the questions several rules ask."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ortoo.kernel.filings.draft import Draft, Entry
from ortoo.kernel.filings.refusal import Refused
from ortoo.kernel.threads.clocks import Clock
from ortoo.kernel.threads.definition import FILER, SYSTEM, Step
from ortoo.kernel.threads.plan import MET, Plan
from ortoo.kernel.threads.state import ThreadFold


@dataclass(frozen=True, slots=True)
class Case:
    """What a rule looks at: the thread so far, who says what, and the clock."""

    found: ThreadFold
    draft: Draft
    entry: Entry
    plans: Mapping[int, Plan]
    clock: Callable[[str], Clock]

    @property
    def detail(self) -> Mapping[str, Any]:
        return self.entry.detail

    @property
    def step(self) -> Step:
        return self.found.plan.steps[self.detail["step"]]

    @property
    def by_home(self) -> bool:
        home = self.found.party(self.found.plan.definition.home)
        return self.draft.filer == SYSTEM or (bool(home) and self.draft.filer == home)

    @property
    def by_participant(self) -> bool:
        parties = {*self.found.agencies.values(), self.found.party(FILER), SYSTEM}
        return self.draft.filer in parties


Rule = Callable[[Case], Refused | None]


def no(code: str, message: str, remedy: str, status: int = 409) -> Refused:
    return Refused(code, message, remedy, status)


def known_step(case: Case) -> Refused | None:
    code = case.detail["step"]
    if code in case.found.plan.steps:
        return None
    return no("STEP-UNKNOWN", f"这一版规程没有环节“{code}”。", "请刷新页面，选择现有环节。", 422)


def own_step(case: Case) -> Refused | None:
    refusal = known_step(case)
    if refusal is not None:
        return refusal
    if case.draft.filer == case.found.owner(case.step.code):
        return None
    return no(
        "STEP-OTHER-OWNER",
        f"“{case.step.title['zh']}”由另一个单位办理。",
        "请由承办单位办理；代办须有委托。",
        403,
    )


def open_step(case: Case) -> Refused | None:
    """The step is open now; said with what it still waits for."""
    found, step = case.found, case.step
    if found.episode(step.code) is not None:
        return None
    if step.code in found.decisions:
        decision = found.decisions[step.code]
        return no(
            "STEP-DECIDED",
            f"“{step.title['zh']}”已于第 {decision.seq} 号报件办结。",
            "需要改变的，请更正原决定并写明原因。",
        )
    waiting = "、".join(title(case, need) for need in step.needs if found.signs[need] != MET)
    why = f"须先办结：{waiting}" if waiting else "本案不再需要这个环节"
    return no("STEP-NOT-OPEN", f"“{step.title['zh']}”现在不能办理，{why}。", "请刷新页面查看进度。")


def title(case: Case, code: str) -> str:
    plan = case.found.plan
    return (plan.steps[code] if code in plan.steps else plan.definition.join(code)).title["zh"]


def not_held(case: Case) -> Refused | None:
    held = [pause for pause in case.found.paused_by(case.step.code) if pause.kind == "hold"]
    if not held:
        return None
    return no(
        "STEP-PAUSED",
        f"本单位第 {held[0].seq} 号布控（{held[0].word}）尚未解除，不能作出结论。",
        "请先解除布控。",
    )


def outcome(case: Case) -> Refused | None:
    if case.detail["outcome"] in case.found.plan.signs[case.step.code]:
        return None
    known = "、".join(outcome.code for outcome in case.step.outcomes)
    return no("OUTCOME-UNKNOWN", f"没有结论“{case.detail['outcome']}”。", f"可选：{known}。", 422)


def first(case: Case, *rules: Rule) -> Refused | None:
    for rule in rules:
        refusal = rule(case)
        if refusal is not None:
            return refusal
    return None


def unstaffed(plan: Plan, parties: Mapping[str, str]) -> str:
    """Titles of roles that a step which cannot fall away needs and nobody plays."""
    roles = {step.owner for step in plan.definition.steps if not step.optional}
    roles |= {plan.definition.home}
    titles = {agency.role: agency.title["zh"] for agency in plan.definition.agencies}
    titles[FILER] = "申请人"
    return "、".join(titles[role] for role in sorted(roles) if not parties.get(role))
