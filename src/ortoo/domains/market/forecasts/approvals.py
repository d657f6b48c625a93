"""签发: which model the region has signed, folded from MON-MODEL filings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

from ortoo.domains.market.forecasts import model
from ortoo.kernel.filings import read
from ortoo.kernel.filings.draft import Draft, Receipt
from ortoo.kernel.filings.projection import catch_up
from ortoo.kernel.filings.refusal import Refused
from ortoo.kernel.forms.record_filing import file_record
from ortoo.kernel.grants.scope import Scope
from ortoo.kernel.places.active import active_pack

FORM = "MON-MODEL"
APPROVE, WITHDRAW = "approve", "withdraw"
BUDGET = 20_000
"""Most series a run, proposed to whoever signs."""
POLICY = (
    "只用已审核的数；每期审核结束后由系统报出一次，报出后不改，迟到的数进入下一期；"
    "检验不如“不变”的序列不显示；数字只在审核链内使用，对外只用文字。"
)


@dataclass(frozen=True, slots=True)
class Decision:
    """One signature: its log index and when, what was signed, and whether it withdraws."""

    seq: int
    at_ms: int
    version: int
    digest: str
    decision: str
    budget: int


def decisions() -> list[Decision]:
    """Everything signed about the model by this name, oldest first."""
    lines = read.thread_lines([f"{FORM}|{model.NAME}"])[f"{FORM}|{model.NAME}"]
    return [
        Decision(
            line.seq,
            line.at,
            int(cast(str, line.detail["edition"])),
            str(line.detail["digest"]),
            str(line.detail["decision"]),
            int(cast(str, line.detail["budget"])),
        )
        for line in lines
    ]


def in_force(digest: str = "") -> Decision | None:
    """The signature of a model (this program's by default) that was not withdrawn since."""
    wanted = digest or model.digest()
    found = [one for one in decisions() if one.digest == wanted]
    return found[-1] if found and found[-1].decision == APPROVE else None


def may_sign(scope: Scope) -> bool:
    """Whoever publishes for the region signs."""
    return scope.may("publish", place=active_pack().root.code)


def sign(
    *, scope: Scope, decision: str, budget: int, policy: str, key: str, now_ms: int
) -> Receipt:
    """签发 or 停用 this program's model.

    Refused SCOPE-…, MODEL-POLICY, MODEL-BUDGET, MODEL-NONE.
    """
    root = active_pack().root.code
    scope.require("publish", place=root)
    if not policy.strip():
        raise Refused("MODEL-POLICY", "签发须写明用法。", "请填写预测怎样使用。", 422)
    if not 1 <= budget <= 100_000:
        raise Refused("MODEL-BUDGET", "序列数须为 1—100000。", "请改正每次最多预测的序列数。", 422)
    if decision == WITHDRAW and in_force() is None:
        raise Refused("MODEL-NONE", "这一版模型没有签发，不用停用。", "请刷新页面。", 409)
    body = {
        "model": model.NAME,
        "edition": model.VERSION,
        "digest": model.digest(),
        "decision": decision,
        "budget": budget,
        "policy": policy.strip()[:1000],
    }
    draft = Draft(
        FORM, scope.party, scope.actor, key, body, now_ms, subject=scope.party, place=root
    )
    receipt = file_record(draft, now_ms=now_ms)
    catch_up()
    return receipt
