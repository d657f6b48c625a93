"""What may be said to a thread of a file-defined procedure now: one rule for each kind of entry.

The optimistic token is the step, not the thread: what one agency says never refuses what another
says about its own step. Every rule is pure and returns why not, or None.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ortoo.kernel.filings.draft import Draft
from ortoo.kernel.filings.refusal import Refused
from ortoo.kernel.threads import recovery
from ortoo.kernel.threads.case import (
    Case,
    Rule,
    first,
    known_step,
    no,
    not_held,
    open_step,
    outcome,
    own_step,
    title,
    unstaffed,
)
from ortoo.kernel.threads.definition import FILER, SYSTEM
from ortoo.kernel.threads.plan import MET, Plan
from ortoo.kernel.threads.state import ThreadFold

DAY_MS = 86_400_000
# What each kind of entry must carry. `int` here is never a truth value.
SHAPES: Mapping[str, Mapping[str, type]] = {
    "open": {"version": int, "subject": str, "place": str, "agencies": dict},
    "decide": {"step": str, "outcome": str},
    "ask": {"step": str, "to": str, "question": str},
    "answer": {"ask": int},
    "hold": {"step": str, "kind": str, "against": str, "basis": str},
    "resume": {"hold": int},
    "recognise": {
        "step": str, "other": str, "other_step": str, "seq": int, "outcome": str, "decided_at": int,
    },
    "recognised": {"step": str, "seq": int, "by": str, "decided_at": int},
    "link": {"relation": str, "other": str},
    "migrate": {"to": int, "map": dict},
    "withdraw": {},
    "annul": {"target": int},
    "deem": {"step": str, "outcome": str, "regulation": str},
    "escalate": {"step": str, "to": str, "regulation": str},
    "override": {"action": str},
}  # fmt: skip
# A correction of these would change what others already did in answer; they are said anew instead.
_ONCE = frozenset(SHAPES) - {"open", "decide", "link", "recognised", "annul"}
_STILL_POSSIBLE = ("annul", "recognised")


def admit(case: Case) -> Refused | None:
    """Why the entry may not join its thread, or None."""
    kind = case.entry.kind
    refusal = _shape(kind, case.entry.detail)
    if refusal is not None:
        return refusal
    if kind == "open":
        return _open(case)
    if case.found.opened is None:
        return no("THREAD-NOT-OPEN", "该案卷尚未开立，或开立报件已被撤销。", "请先开立案卷。")
    absorbs = kind == "link" and case.detail.get("absorbs")
    if case.found.ended is not None and kind not in _STILL_POSSIBLE and not absorbs:
        ended = case.found.ended
        return no(
            "THREAD-CLOSED",
            f"该案卷已于第 {ended.seq} 号报件办结（{_ending(case.found)}），不再受理。",
            "确有错误的，由有权机关撤销相应决定后再办。",
        )
    if case.draft.supersedes is not None and kind in _ONCE:
        return no("SUPERSEDE-KIND", "这类报件不能更正。", "请按现在的情况另行报送。")
    return _RULES[kind](case)


def _shape(kind: str, detail: Mapping[str, object]) -> Refused | None:
    shape = SHAPES.get(kind)
    if shape is None:
        return no("ENTRY-KIND", f"办理规程不认识“{kind}”。", "请核对表式的案卷说明。", 422)
    for name, kind_of in shape.items():
        if type(detail.get(name)) is not kind_of:
            return no("ENTRY-SHAPE", f"“{kind}”缺少“{name}”或其类型不对。", "请核对报件。", 422)
    return None


def _ending(found: ThreadFold) -> str:
    assert found.ended is not None
    end = found.plan.ends.get(found.ended.code)
    return end.title["zh"] if end else {"merged": "并入他案", "aborted": "中止"}[found.ended.code]


def _open(case: Case) -> Refused | None:
    found, draft, detail = case.found, case.draft, case.detail
    version = detail["version"]
    if found.opened is not None:
        if draft.supersedes is None:
            return no("THREAD-EXISTS", "该案卷已经开立。", "请打开原案卷办理。")
        if found.ended is not None:
            return no("THREAD-CLOSED", "该案卷已办结，不能更正。", "请另行申报。")
        if draft.supersedes != found.opened.seq:
            return no("THREAD-STALE", f"现行的是第 {found.opened.seq} 号。", "请在现行报件上更正。")
        if version != found.plan.version:
            return no("OPEN-VERSION", "更正不能改变规程版本。", "请由主管单位办理迁移。")
    plan = case.plans.get(version)
    newest = max(case.plans, default=0)
    free = found.opened is not None or draft.filer == SYSTEM or draft.mode in ("import", "downtime")
    if plan is None or (version != newest and not free):
        return no(
            "OPEN-VERSION", f"现行规程为第 {newest} 版，不是第 {version} 版。", "请刷新页面。"
        )
    return _open_form(plan, draft) or _open_parties(plan, draft, detail)


def _open_form(plan: Plan, draft: Draft) -> Refused | None:
    if draft.form in plan.definition.opens_with:
        return None
    forms = "、".join(plan.definition.opens_with)
    return no("OPEN-FORM", f"{draft.form} 不能开立这类案卷。", f"请用 {forms} 开立。", 422)


def _open_parties(plan: Plan, draft: Draft, detail: Mapping[str, Any]) -> Refused | None:
    agencies = detail["agencies"]
    if not all(isinstance(n, str) and isinstance(p, str) and p for n, p in agencies.items()):
        return no("OPEN-AGENCY", "承办单位应逐一写明角色与单位代码。", "请核对承办单位。", 422)
    filer = agencies.get(FILER) or detail["subject"]
    missing = unstaffed(plan, {FILER: filer, **agencies})
    if missing:
        return no("OPEN-AGENCY", f"没有写明由谁担任：{missing}。", "请补齐承办单位。", 422)
    if draft.filer not in {filer, SYSTEM, *agencies.values()}:
        return no("OPEN-FILER", "不能替与此案无关的单位申报。", "请用本单位账号申报。", 403)
    return None


def _decide(case: Case) -> Refused | None:
    refusal = first(case, own_step, _decision_form)
    if refusal is None and case.draft.supersedes is not None:
        decision = case.found.decisions.get(case.step.code)
        if decision is None or decision.seq != case.draft.supersedes:
            return no(
                "STEP-STALE",
                f"您更正的第 {case.draft.supersedes} 号不是“{case.step.title['zh']}”的现行决定。",
                "请刷新，在现行决定上更正。",
            )
    elif refusal is None:
        refusal = first(case, open_step, not_held)
    return refusal or outcome(case)


def _decision_form(case: Case) -> Refused | None:
    if case.draft.form in case.step.forms:
        return None
    forms = "、".join(case.step.forms)
    return no("STEP-FORM", f"{case.draft.form} 不能办结这个环节。", f"请用 {forms}。", 422)


def _ask(case: Case) -> Refused | None:
    refusal = first(case, own_step, open_step) or _limit(case, "ask", case.step.pauses.asks)
    if refusal is None and case.detail["to"] in ("", case.draft.filer):
        return no("ASK-SELF", "询问须写明对方单位。", "请选择被询问的单位。", 422)
    return refusal


def _hold(case: Case) -> Refused | None:
    refusal = first(case, own_step, open_step)
    if refusal is None and case.detail["kind"] not in case.step.pauses.kinds:
        known = "、".join(case.step.pauses.kinds) or "无"
        return no("HOLD-KIND", f"这个环节不能作“{case.detail['kind']}”。", f"可选：{known}。", 422)
    return refusal or _limit(case, "hold", case.step.pauses.holds)


def _limit(case: Case, kind: str, most: int) -> Refused | None:
    made = sum(
        pause.step == case.step.code and pause.kind == kind for pause in case.found.pauses.values()
    )
    if made < most:
        return None
    return no("PAUSE-LIMIT", f"这个环节最多中止计时 {most} 次，已用完。", "请在期限内作出结论。")


def _answer(case: Case) -> Refused | None:
    pause = case.found.pauses.get(case.detail["ask"])
    if pause is None or pause.kind != "ask" or pause.closed_seq is not None:
        return no("ASK-CLOSED", "这条询问已答复、已撤销或不再需要答复。", "请刷新页面。")
    if case.draft.filer != pause.party:
        return no("ANSWER-OTHER", "这条询问是问另一个单位的。", "请由被询问单位答复。", 403)
    return None


def _resume(case: Case) -> Refused | None:
    pause = case.found.pauses.get(case.detail["hold"])
    if pause is None or pause.kind != "hold" or pause.closed_seq is not None:
        return no("HOLD-CLOSED", "这条布控已解除或不再有效。", "请刷新页面。")
    if case.draft.filer != case.found.owner(pause.step):
        return no("STEP-OTHER-OWNER", "只有作出布控的单位可以解除。", "请联系该单位。", 403)
    return None


def _recognise(case: Case) -> Refused | None:
    known = known_step(case) if case.draft.filer == SYSTEM else own_step(case)
    refusal = known or first(case, open_step, not_held, outcome)
    return refusal or _recognition(case)


def _recognition(case: Case) -> Refused | None:
    refusal = _same_subject(case)
    if refusal is not None:
        return refusal
    detail, step = case.detail, case.step
    source = (detail["other"].split("|", 1)[0], detail["other_step"])
    rule = next((r for r in step.met_by if (r.procedure, r.step) == source), None)
    met = case.found.plan.signs[step.code][detail["outcome"]] == MET
    age = case.draft.said_at - detail["decided_at"]
    if rule is None or not met or age < 0:
        return no(
            "RECOGNISE-RULE", "规程没有规定这个环节可以采认该决定。", "请按本环节自行办理。", 422
        )
    if age > rule.within_days * DAY_MS:
        return no(
            "RECOGNISE-LATE", f"该决定已超过 {rule.within_days} 日，不能采认。", "请自行办理。"
        )
    return None


def _same_subject(case: Case) -> Refused | None:
    """Asked on both threads of the one filing's subject, so that both are about the same."""
    if case.draft.subject == case.found.subject:
        return None
    return no(
        "RECOGNISE-SUBJECT", "被采认的决定是关于另一个对象的。", "请核对两案的对象。", 422
    )


def _recognised(case: Case) -> Refused | None:
    """The decision another thread relies on stands here and says yes."""
    refusal = _same_subject(case)
    if refusal is not None:
        return refusal
    detail = case.detail
    decision = case.found.decisions.get(detail["step"])
    said = (detail["seq"], detail["decided_at"], MET)
    if decision is not None and (decision.seq, decision.at, decision.sign) == said:
        return None
    return no(
        "RECOGNISE-TARGET",
        f"第 {detail['seq']} 号不是该环节现行的准予决定。",
        "请核对被采认的案卷。",
    )


def _link(case: Case) -> Refused | None:
    relation, other = case.detail["relation"], case.detail["other"]
    if relation not in ("parent", "part", "merged") or other == case.entry.thread:
        return no("LINK-RULE", "没有这种关联，或案卷关联了自己。", "请核对关联的案卷。", 422)
    if not (case.by_home if relation == "merged" else case.by_participant):
        return no("LINK-OTHER", "与此案无关的单位不能关联案卷。", "请由主管单位办理。", 403)
    links = case.found.plan.definition.links
    told = case.detail.get("inverse") or not links
    if told or (relation, other.split("|", 1)[0]) in {(k.relation, k.procedure) for k in links}:
        return None
    return no("LINK-RULE", "规程没有规定这种关联。", "请核对关联的案卷。", 422)


def _withdraw(case: Case) -> Refused | None:
    found = case.found
    end = found.plan.withdrawal
    if end is None:
        return no("WITHDRAW-NONE", "这类案卷不能撤回。", "请等待办结。", 422)
    if case.draft.filer != found.party(FILER):
        return no("WITHDRAW-OTHER", "只有申请人可以撤回。", "请由申请人办理。", 403)
    late = [code for code in end.until if code in found.decisions]
    if late:
        return no("WITHDRAW-LATE", f"“{title(case, late[0])}”已办结，不能撤回。", "请另行申请。")
    return None


_RULES: Mapping[str, Rule] = {
    "decide": _decide,
    "ask": _ask,
    "answer": _answer,
    "hold": _hold,
    "resume": _resume,
    "recognise": _recognise,
    "recognised": _recognised,
    "link": _link,
    "migrate": recovery.migrate,
    "withdraw": _withdraw,
    "annul": recovery.annul,
    "deem": recovery.deem,
    "escalate": recovery.escalate,
    "override": recovery.override,
}
