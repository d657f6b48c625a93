"""What the files of bulletins cannot say."""

from __future__ import annotations

from ortoo.domains.market.bulletins.filed import DECIDE
from ortoo.kernel.filings.behaviour import JsonObject
from ortoo.kernel.filings.draft import Draft
from ortoo.kernel.filings.refusal import Refused
from ortoo.kernel.forms.record_behaviour import register_record_check


def check_decision(draft: Draft, body: JsonObject) -> None:
    """Raises Refused REASON-NEEDED: sending back says why."""
    if body["outcome"] == "back" and not str(body.get("reason", "")).strip():
        raise Refused("REASON-NEEDED", "退回没有写明理由。", "请写明需要改什么。", 422)


def register_bulletins() -> None:
    """Have decisions on bulletins checked. Harmless when repeated."""
    register_record_check(DECIDE, check_decision)
