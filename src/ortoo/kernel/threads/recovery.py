"""What only the system or the home agency may say: overdue steps, other versions, recovery.

Also annulment: that an authority may annul at all is the filing's form to say (Law 5); here, that
it is an agency of this thread and the filing stands.
"""

from __future__ import annotations

from ortoo.kernel.filings.refusal import Refused
from ortoo.kernel.threads.case import Case, known_step, no, open_step, outcome, unstaffed
from ortoo.kernel.threads.clocks import during
from ortoo.kernel.threads.definition import FILER, SYSTEM, Timeout
from ortoo.kernel.threads.plan import Plan

ACTIONS = ("retry", "override", "skip", "abort")


def annul(case: Case) -> Refused | None:
    if not (case.by_home or case.draft.filer in _agencies(case)):
        return no("ANNUL-OTHER", "只有本案的承办机关可以撤销本案的报件。", "请由其办理。", 403)
    target = case.detail["target"]
    kinds = {line.kind for line in case.found.lines_in_force() if line.seq == target}
    if "migrate" in kinds:
        # What was decided since may name steps the old version does not have.
        return no("ANNUL-MIGRATION", "规程版本的迁移不能撤销。", "请再迁移到合适的版本。")
    if kinds:
        return None
    return no("ANNUL-UNKNOWN", f"本案没有第 {target} 号有效的报件。", "请核对报件号。")


def _agencies(case: Case) -> set[str]:
    return {party for role, party in case.found.agencies.items() if role != FILER}


def _overdue(case: Case, early: str, rules: tuple[Timeout, ...]) -> Refused | None:
    """By the system, on an open step, under a rule of the step, and not before its time."""
    if case.draft.filer != SYSTEM:
        return no("SYSTEM-ONLY", "逾期处理只由系统按规程作出。", "请按本环节办理。", 403)
    refusal = open_step(case)
    if refusal is not None:
        return refusal
    if not rules:
        return no("TIMEOUT-RULE", "规程没有规定这样的逾期处理。", "请核对规程与依据。", 422)
    found, code = case.found, case.step.code
    episode = found.episode(code)
    assert episode is not None
    clock = case.clock(found.place)
    pauses = [pause for pause in found.pauses.values() if pause.step == code]
    due = clock.due(case.step, episode.clock_at, during(pauses, episode))
    after = rules[0].after
    at = clock.after(due, after) if due is not None and after is not None else due
    if at is not None and case.draft.said_at > at:
        return None
    when = "尚未到期" if due is not None else "没有期限或正在中止计时"
    return no(early, f"“{case.step.title['zh']}”{when}，不能作逾期处理。", "到期后再办。")


def deem(case: Case) -> Refused | None:
    refusal = known_step(case)
    if refusal is not None:
        return refusal
    said = ("deem", case.detail["outcome"], case.detail["regulation"])
    rules = (t for t in case.step.on_timeout if (t.action, t.outcome, t.regulation) == said)
    return _overdue(case, "DEEM-EARLY", tuple(rules))


def escalate(case: Case) -> Refused | None:
    refusal = known_step(case)
    if refusal is not None:
        return refusal
    said = ("escalate", case.detail["to"], case.detail["regulation"])
    rules = tuple(
        t for t in case.step.on_timeout if (t.action, case.found.party(t.to), t.regulation) == said
    )
    if case.detail["step"] in {step for _, _, step, _ in case.found.escalations}:
        return no("ESCALATE-DONE", "这个环节已经升级督办。", "无需重复。")
    return _overdue(case, "ESCALATE-EARLY", rules)


def migrate(case: Case) -> Refused | None:
    if not case.by_home:
        return no("MIGRATE-OTHER", "只有主管单位可以迁移案卷的规程版本。", "请由其办理。", 403)
    target = case.plans.get(case.detail["to"])
    if target is None or target.version == case.found.plan.version:
        return no("MIGRATE-VERSION", f"不能迁移到第 {case.detail['to']} 版。", "请核对版本。", 422)
    return _migrate_steps(case, target) or _migrate_parties(case, target)


def _migrate_steps(case: Case, target: Plan) -> Refused | None:
    """Each decided step lands on one of the new version that knows its outcome; no two on one."""
    found, renamed = case.found, case.detail["map"]
    wrong = [
        old
        for old, new in renamed.items()
        if old not in found.plan.steps or not isinstance(new, str) or new not in target.steps
    ]
    kept = [renamed.get(code, code) for code in found.plan.steps]
    kept = [code for code in kept if isinstance(code, str) and code in target.steps]
    wrong += sorted({code for code in kept if kept.count(code) > 1})
    wrong += [
        code
        for code, decision in found.decisions.items()
        if decision.outcome not in target.signs.get(renamed.get(code, code), {})
    ]
    if not wrong:
        return None
    named = "、".join(dict.fromkeys(str(code) for code in wrong))
    return no(
        "MIGRATE-MAP",
        f"环节对应关系不完整或有冲突：{named}。",
        "已办结的环节须逐一对应到新版中有同样结论的环节。",
        422,
    )


def _migrate_parties(case: Case, target: Plan) -> Refused | None:
    found = case.found
    named = case.detail.get("agencies") or {}
    if not isinstance(named, dict) or not all(isinstance(p, str) for p in named.values()):
        return no("MIGRATE-AGENCY", "承办单位应为角色与单位代码。", "请核对。", 422)
    missing = unstaffed(target, {FILER: found.party(FILER), **found.agencies, **named})
    if not missing:
        return None
    return no("MIGRATE-AGENCY", f"新版没有写明由谁担任：{missing}。", "请补齐承办单位。", 422)


def override(case: Case) -> Refused | None:
    action = case.detail["action"]
    if not case.by_home:
        return no("OVERRIDE-OTHER", "只有主管单位可以作异常处理。", "请由其办理。", 403)
    if not case.draft.reason.strip():
        return Refused("REASON-NEEDED", "异常处理必须写明原因。", "请填写原因后再报送。")
    if action not in ACTIONS:
        return no(
            "OVERRIDE-ACTION", f"没有处理方式“{action}”。", f"可选：{'、'.join(ACTIONS)}。", 422
        )
    if action == "abort":
        return None
    if not isinstance(case.detail.get("step"), str):
        return no("STEP-UNKNOWN", "没有写明环节。", "请选择环节。", 422)
    return known_step(case) or _override_step(case, action)


def _override_step(case: Case, action: str) -> Refused | None:
    code, found = case.step.code, case.found
    if action == "retry":
        touched = code in found.decisions or found.episode(code) is not None
        return None if touched else open_step(case)
    if code in found.decisions:
        return open_step(case)
    if action == "override":
        if not isinstance(case.detail.get("outcome"), str):
            return no("OUTCOME-UNKNOWN", "没有写明结论。", "请选择结论。", 422)
        return outcome(case)
    return None
