"""What a party says to a thread from its page: each function ends in the one write.

None of them looks whether it may be said now: the procedure admits or refuses inside the write, so
that a second press of a button gets the first receipt back whatever has happened since.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ortoo.kernel.filings.draft import Draft, Receipt
from ortoo.kernel.filings.refusal import Refused
from ortoo.kernel.filings.write import file_many
from ortoo.kernel.grants.scope import Scope
from ortoo.site.matters.selectors import Matter

LONGEST = 1_000


@dataclass(frozen=True, slots=True)
class Speaker:
    """Who speaks in which thread; `key` came with the page and makes the filing idempotent.

    Refused MATTER-READ-ONLY (403) for a login that only reads there, before anything it said is
    looked at.
    """

    scope: Scope
    matter: Matter
    key: str

    def __post_init__(self) -> None:
        if not self.matter.at.acts:
            raise Refused(
                "MATTER-READ-ONLY",
                "您的授权只能查看这个案卷，不能在其中办理。",
                "请由承办单位有办理授权的账号办理。",
                403,
            )


def decide(
    *, by: Speaker, step: str, outcome: str, reason: str = "", conditions: str = "", now_ms: int
) -> Receipt:
    """作出决定. A refusal needs its reason (行政许可法 38 条: 不予许可应当说明理由), a conditional
    yes its conditions. Refused DECIDE-OUTCOME, DECIDE-REASON, DECIDE-CONDITIONS, STEP-…"""
    rule = by.matter.found.plan.steps.get(step)
    kinds = {found.code: found for found in rule.outcomes} if rule else {}
    if not outcome:
        raise Refused("DECIDE-OUTCOME", "没有选择结论。", "请选择一项结论后提交。")
    chosen = kinds.get(outcome)
    if chosen is not None and chosen.kind == "negative" and not reason:
        title = chosen.title.get("zh", outcome)
        raise Refused("DECIDE-REASON", f"“{title}”须说明理由。", "请在“理由”中写明事实和依据。")
    if chosen is not None and chosen.kind == "conditional" and not conditions:
        title = chosen.title.get("zh", outcome)
        raise Refused("DECIDE-CONDITIONS", f"“{title}”须写明条件。", "请在“条件”中写明。")
    said = {"step": step, "outcome": outcome, "reason": reason, "conditions": conditions}
    return _say(by, "K-DECIDE", said, now_ms, optional=("reason", "conditions"))


def ask(*, by: Speaker, step: str, to: str, question: str, now_ms: int) -> Receipt:
    """询问 another party; the step's clock stands until it answers. Refused ASK-…, PAUSE-LIMIT."""
    _needed(question, "ASK-QUESTION", "询问内容")
    _needed(to, "ASK-TO", "被询问单位")
    return _say(by, "K-ASK", {"step": step, "to": to, "question": question}, now_ms)


def answer(*, by: Speaker, ask: int, text: str, now_ms: int) -> Receipt:
    """答复 a question asked of the own party. Refused ASK-CLOSED, ANSWER-OTHER."""
    _needed(text, "ANSWER-TEXT", "答复内容")
    return _say(by, "K-ANSWER", {"ask": ask, "text": text}, now_ms)


def hold(*, by: Speaker, step: str, kind: str, against: str, basis: str, now_ms: int) -> Receipt:
    """暂停计时 on one of the grounds the procedure names. Refused HOLD-KIND, PAUSE-LIMIT."""
    _needed(kind, "HOLD-KIND", "事由")
    _needed(against, "HOLD-AGAINST", "对象")
    _needed(basis, "HOLD-BASIS", "依据")
    said = {"step": step, "kind": kind, "against": against, "basis": basis}
    return _say(by, "K-HOLD", said, now_ms)


def resume(*, by: Speaker, hold: int, result: str, now_ms: int) -> Receipt:
    """恢复计时: the hold is over. Refused HOLD-CLOSED."""
    return _say(by, "K-RESUME", {"hold": hold, "result": result}, now_ms, optional=("result",))


def withdraw(*, by: Speaker, now_ms: int) -> Receipt:
    """撤回 by the filer. Refused WITHDRAW-…"""
    return _say(by, "K-WITHDRAW", {}, now_ms)


def _needed(text: str, code: str, what: str) -> None:
    if not text:
        raise Refused(code, f"没有填写{what}。", f"请填写{what}后提交。")


def _say(
    by: Speaker,
    form: str,
    said: Mapping[str, object],
    now_ms: int,
    optional: tuple[str, ...] = (),
) -> Receipt:
    matter, scope = by.matter, by.scope
    body: dict[str, object] = {"thread": matter.thread}
    body |= {name: value for name, value in said.items() if value or name not in optional}
    draft = Draft(
        form=form,
        filer=matter.at.party,
        actor=scope.actor,
        key=f"matter|{scope.login}|{by.key}",
        body=body,
        said_at=now_ms,
        subject=matter.found.subject,
        place=matter.found.place,
    )
    return file_many([draft], now_ms=now_ms)[0]
