"""Who acts at a port 口岸办理单位: said once, read by every declaration.

Without it a declarant could name itself the customs. What is in force is the last line of the
thread `GK-OFFICES|port`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ortoo.domains.port.rules import Fault
from ortoo.kernel.duties.reconcile import DutyRow
from ortoo.kernel.filings import read
from ortoo.kernel.filings.draft import Draft, Entry
from ortoo.kernel.filings.refusal import Refused
from ortoo.kernel.threads.procedure import ThreadLine

OFFICES = "GK-OFFICES"
SYSTEM = "SYSTEM"


class OfficesProcedure:
    """The system party sets a port up; from then on its port office says who acts there."""

    def admit(self, lines: Sequence[ThreadLine], draft: Draft, entry: Entry) -> Refused | None:
        """Refused OFFICES-PARTY for anybody else."""
        allowed = {SYSTEM, lines[-1].detail["port_office"]} if lines else {SYSTEM}
        if draft.filer in allowed:
            return None
        return Refused("OFFICES-PARTY", "只有口岸办可以变更办理单位。", "请由口岸办报送。", 403)

    def duties(self, thread: str, lines: Sequence[ThreadLine]) -> Sequence[DutyRow]:
        """Nobody owes anything for it."""
        return ()


def offices_of(port: str) -> Mapping[str, object] | None:
    """Role → party at a port now; None where nothing was said of it."""
    thread = f"{OFFICES}|{port}"
    lines = read.thread_lines([thread])[thread]
    return lines[-1].detail if lines else None


def refuse(fault: Fault | None, status: int = 422) -> None:
    """Raises the fault as Refused."""
    if fault is not None:
        raise Refused(*fault, status)
