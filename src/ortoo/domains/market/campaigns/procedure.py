"""Threads of campaigns: one register of all orders, so that two at once cannot overlap unseen."""

from __future__ import annotations

from collections.abc import Sequence

from ortoo.kernel.duties.reconcile import DutyRow
from ortoo.kernel.filings.draft import Draft, Entry
from ortoo.kernel.filings.refusal import Refused
from ortoo.kernel.threads.procedure import ThreadLine


class CampaignProcedure:
    """The thread `MON-CAMPAIGN|all`: each order names the last one its filer had seen.

    Overlap is judged by the service, which reads lists and places; the token keeps that judgement
    true while the thread is locked.
    """

    def admit(self, lines: Sequence[ThreadLine], draft: Draft, entry: Entry) -> Refused | None:
        """CAMPAIGN-RACED, CAMPAIGN-EXISTS, CAMPAIGN-STALE."""
        last = lines[-1].seq if lines else 0
        code = entry.detail["code"]
        same = [line.seq for line in lines if line.detail["code"] == code]
        if draft.supersedes is None and same:
            return Refused("CAMPAIGN-EXISTS", f"编号 {code} 已使用。", "请重新提交。", 409)
        if draft.supersedes is not None and draft.supersedes != (same[-1] if same else None):
            return Refused(
                "CAMPAIGN-STALE",
                f"这项专项监测已由第 {same[-1] if same else '—'} 号报件调整。",
                "请刷新页面，在现行安排上调整。",
                409,
            )
        if entry.detail["seen"] != last:
            return Refused(
                "CAMPAIGN-RACED", "刚有另一项专项监测发出或调整。", "请刷新页面后重新提交。", 409
            )
        return None

    def duties(self, thread: str, lines: Sequence[ThreadLine]) -> Sequence[DutyRow]:
        """The order itself owes nobody anything; the days it opens do."""
        return ()
