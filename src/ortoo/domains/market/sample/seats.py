"""Seats 席位 of a list: one open nomination at a time, as a pure fold of each seat's own thread.

A thread `SAMPLE-SEAT|list|party` holds the claims that nominations make on a firm's place in a
list. The thread is locked while it is written, so of two nominations filed at once one is refused.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ortoo.kernel.duties.reconcile import DutyRow
from ortoo.kernel.filings.draft import Draft, Entry
from ortoo.kernel.filings.refusal import Refused
from ortoo.kernel.threads.procedure import ThreadLine

CHANGE, DECIDE, WITHDRAW = "SAMPLE-CHANGE", "SAMPLE-DECIDE", "SAMPLE-WITHDRAW"
DESIGN, SEAT = "SAMPLE-DESIGN", "SAMPLE-SEAT"


def seat_thread(list_code: str, party: str) -> str:
    """Key of the thread of one firm's place in one list."""
    return f"{SEAT}|{list_code}|{party}"


def matter_thread(nominator: str, case: str) -> str:
    """Key of the thread of one nomination: a bureau's own numbers can take nobody else's."""
    return f"{CHANGE}|{nominator}|{case}"


@dataclass(frozen=True, slots=True)
class Said:
    """One thing said about a seat: `kind` claim, free or settle; `matter` the nomination's thread;
    `move` leave or join (of a claim), `outcome` pass or refuse (of a settlement)."""

    seq: int
    at: int
    kind: str
    matter: str
    move: str = ""
    outcome: str = ""


def history(lines: Sequence[ThreadLine]) -> list[Said]:
    """What was said about a seat, in log order."""
    return [
        Said(
            line.seq,
            line.at,
            line.kind,
            str(line.detail["matter"]),
            str(line.detail.get("move", "")),
            str(line.detail.get("outcome", "")),
        )
        for line in lines
    ]


def claimed_by(lines: Sequence[ThreadLine]) -> str:
    """The thread of the nomination that has this seat in hand, or ""."""
    holder = ""
    for said in history(lines):
        if said.kind == "claim":
            holder = said.matter
        elif said.matter == holder:
            holder = ""
    return holder


class SeatProcedure:
    """Admission to a seat's thread; nobody owes anything on it."""

    def admit(self, lines: Sequence[ThreadLine], draft: Draft, entry: Entry) -> Refused | None:
        """Refused SAMPLE-SEAT-CLAIMED while another nomination concerns the seat."""
        holder = claimed_by(lines)
        if entry.kind != "claim" or holder in ("", str(entry.detail["matter"])):
            return None
        return Refused(
            "SAMPLE-SEAT-CLAIMED",
            f"企业 {entry.thread.split('|')[2]} 的席位已在另一件推荐（{holder.split('|')[2]}）中。",
            "请等该件办结，或请推荐单位撤回后再报。",
            409,
        )

    def duties(self, thread: str, lines: Sequence[ThreadLine]) -> Sequence[DutyRow]:
        return ()
