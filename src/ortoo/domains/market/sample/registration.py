"""What the sample's files cannot say: seats, who may file a design, and that lists are known."""

from __future__ import annotations

from collections.abc import Sequence

from ortoo.domains.market.sample.seats import DECIDE, DESIGN, SEAT, SeatProcedure
from ortoo.kernel.duties.reconcile import DutyRow
from ortoo.kernel.filings.behaviour import JsonObject
from ortoo.kernel.filings.draft import Draft, Entry
from ortoo.kernel.filings.refusal import Refused
from ortoo.kernel.forms.record_behaviour import register_record_check
from ortoo.kernel.threads.procedure import ThreadLine, register_procedure


class DesignProcedure:
    """A list's designs stand one behind another; the newest whose first day has come holds."""

    def admit(self, lines: Sequence[ThreadLine], draft: Draft, entry: Entry) -> Refused | None:
        return None

    def duties(self, thread: str, lines: Sequence[ThreadLine]) -> Sequence[DutyRow]:
        return ()


def check_decision(draft: Draft, body: JsonObject) -> None:
    """Raises Refused SAMPLE-REASON (a refusal says why), SAMPLE-APPROVAL (an approval cites the
    statistical bureau's number: 样本由统计部门批准)."""
    if body["outcome"] == "refuse" and not str(body.get("reason", "")).strip():
        raise Refused("SAMPLE-REASON", "不同意须写明理由。", "请填写意见后再提交。")
    passed = body["step"] == "approve" and body["outcome"] == "pass"
    if passed and not str(body.get("approval", "")).strip():
        raise Refused(
            "SAMPLE-APPROVAL", "核准须填写统计部门批准文号。", "请填写文号；尚未批准的请先报批。"
        )


def check_design(draft: Draft, body: JsonObject) -> None:
    """Raises Refused DESIGN-STRATUM: a firm stands in a stratum that the design does not have, or
    a stratum has more firms in the sample than in the frame."""
    from ortoo.domains.market.sample.design import design_fault

    fault = design_fault(body)
    if fault is not None:
        raise Refused(fault.code, fault.message, fault.remedy)


def register_sample() -> None:
    """Make seats and designs fileable. Harmless when repeated."""
    register_procedure(SEAT, SeatProcedure())
    register_procedure(DESIGN, DesignProcedure())
    register_record_check(DECIDE, check_decision)
    register_record_check(DESIGN, check_design)
