"""Orders of border residents 互市申报单: one in force a number.

A group cancels its own order, customs annuls it. In code, because a cancellation gives back what
the order took, which a withdrawal of a procedure from a file does not: it supersedes the order and
names no lines.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

from ortoo.domains.port.offices import offices_of, refuse
from ortoo.domains.port.residents import residences
from ortoo.domains.port.rules import day_fault, offices_fault, resident_fault
from ortoo.kernel.duties.reconcile import DutyRow
from ortoo.kernel.filings.behaviour import JsonObject
from ortoo.kernel.filings.draft import Draft, Entry
from ortoo.kernel.filings.refusal import Refused
from ortoo.kernel.threads.procedure import ThreadLine

ORDER = "HUSHI-ORDER"


def check_order(draft: Draft, body: JsonObject) -> None:
    """On its own day, at this port's customs, for residents who asked this group.

    Refused PORT-…, HUSHI-DAY, HUSHI-RESIDENT, HUSHI-PASS or HUSHI-MEMBER.
    """
    port, day = str(body["port"]), str(body["day"])
    refuse(offices_fault({"customs": body["customs"]}, offices_of(port)))
    if draft.supersedes is None:
        refuse(day_fault(day, draft.said_at))
    lines = cast("Sequence[JsonObject]", body.get("lines", ()))
    known = residences(str(line["resident"]) for line in lines)
    for resident, residence in known.items():
        refuse(resident_fault(resident, residence, day, group=draft.filer, port=port))


@dataclass(frozen=True, slots=True)
class OrderState:
    """`current`: the order in force (log index), None when cancelled or annulled."""

    current: int | None = None
    day: object = ""
    customs: object = ""
    begun: bool = False


def fold_order(lines: Sequence[ThreadLine]) -> OrderState:
    """Where an order stands."""
    state = OrderState()
    for line in lines:
        if line.kind == "order":
            state = OrderState(line.seq, line.detail["day"], line.detail["customs"], True)
        else:
            state = OrderState(None, state.day, state.customs, True)
    return state


class OrderProcedure:
    """Threads `HUSHI-ORDER|group|number`."""

    def admit(self, lines: Sequence[ThreadLine], draft: Draft, entry: Entry) -> Refused | None:
        """HUSHI-ORDER-EXISTS, -ENDED, -NONE, -STALE, -DAY; HUSHI-ANNUL."""
        state = fold_order(lines)
        if entry.kind == "annul":
            return _annul(state, draft)
        if not state.begun and entry.kind == "order" and draft.supersedes is None:
            return None
        if state.begun and state.current is None:
            return Refused("HUSHI-ORDER-ENDED", "该单已撤销。", "请用新的单号申报。", 409)
        if not state.begun:
            return Refused("HUSHI-ORDER-NONE", "没有这张申报单。", "请核对单号。", 404)
        if draft.supersedes is None:
            return Refused("HUSHI-ORDER-EXISTS", "该单已申报。", "更正请在原单上办理。", 409)
        if draft.supersedes != state.current:
            return Refused(
                "HUSHI-ORDER-STALE", f"现行的是第 {state.current} 号。", "请刷新后再办。", 409
            )
        if entry.detail["day"] != state.day:
            return Refused("HUSHI-ORDER-DAY", "更正不能改变申报日期。", "请撤单后另行申报。")
        return None

    def duties(self, thread: str, lines: Sequence[ThreadLine]) -> Sequence[DutyRow]:
        """None yet: the release of the goods comes with the exchange with customs."""
        return ()


def _annul(state: OrderState, draft: Draft) -> Refused | None:
    if state.current is None or draft.annuls != state.current:
        return Refused("HUSHI-ORDER-NONE", "该单没有现行的申报可撤销。", "请核对报件号。", 409)
    if draft.filer != state.customs:
        return Refused("HUSHI-ANNUL", "只有受理的海关可以撤销。", "请由其办理。", 403)
    return None
