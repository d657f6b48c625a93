"""Versions that came in a pack: known from then on, acting only once activated (Law 13).

A shipped version may be used by being shipped. One from a pack may be filed under, opened or
migrated to only where K-ACTIVATE stands on the log; which version is the present one is likewise
what the log says, never what happens to be loaded. What is relayed from elsewhere was activated
there and is taken as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from zoneinfo import ZoneInfo

from ortoo.kernel.filings import read
from ortoo.kernel.filings.draft import Draft, Entry
from ortoo.kernel.filings.refusal import Refused
from ortoo.kernel.forms.behaviour import GridBehaviour
from ortoo.kernel.forms.record_behaviour import RecordFormBehaviour
from ortoo.kernel.threads import activation
from ortoo.kernel.threads.admission import admit
from ortoo.kernel.threads.case import Case, no
from ortoo.kernel.threads.engine import FileProcedure
from ortoo.kernel.threads.procedure import ThreadLine

# (kind, code, version) → the first day from which it was activated, once it was: never undone.
_SINCE: dict[tuple[str, str, int], str] = {}


def day_of(at_ms: int) -> date:
    """The civil day of a moment where this installation stands."""
    from django.conf import settings

    return datetime.fromtimestamp(at_ms / 1000, ZoneInfo(settings.TIME_ZONE)).date()


def activated_since(kind: str, code: str, version: int) -> str | None:
    """The first day (ISO) from which a version was ever activated; None while it was not."""
    thread = activation.thread_of(kind, code)
    days = [
        str(line.detail["from"])
        for line in read.thread_lines([thread])[thread]
        if line.detail["version"] == version
    ]
    return min(days, default=None)


@dataclass(frozen=True, slots=True)
class Gate:
    """Lets statements under one version pass from the day it is in force."""

    code: str
    version: int
    since: Callable[[str, str, int], str | None] = activated_since

    def check(self, draft: Draft, *, dated: bool) -> None:
        """Refused FORM-INACTIVE. `dated`: also where it is in force only later."""
        if draft.mode == "relay":
            return
        key = (activation.FORM, self.code, self.version)
        since = _SINCE.get(key) or self.since(*key)
        if since is None or (dated and since > day_of(draft.said_at).isoformat()):
            when = f"自 {since} 起施行，尚未到日" if since else "尚未启用"
            raise Refused(
                "FORM-INACTIVE",
                f"表式 {self.code} 第 {self.version} 版已装入，但{when}。",
                "请用现行版本报送；启用由主管部门办理（./ortoo pack activate）。",
                409,
                rule="LAW-13",
            )
        _SINCE[key] = since


@dataclass(frozen=True)
class PackedGrid(GridBehaviour):
    """A grid form from a pack. The period's own pinned version decides on the day."""

    gate: Gate = field(default=Gate("", 0))

    def check_draft(self, draft: Draft, data: bytes) -> None:
        """Refused FORM-INACTIVE."""
        self.gate.check(draft, dated=False)


@dataclass(frozen=True, eq=False)
class PackedRecord(RecordFormBehaviour):
    """A record form from a pack."""

    gate: Gate = field(default=Gate("", 0))

    def check_draft(self, draft: Draft, data: bytes) -> None:
        """Refused FORM-INACTIVE, or as the form itself refuses."""
        self.gate.check(draft, dated=True)
        super().check_draft(draft, data)


class ActivatedProcedure(FileProcedure):
    """A procedure some of whose versions came in a pack.

    `current` is the version that new threads follow, 0 while none is in force: `packs_known.adopt`
    sets it from the log. A thread that is open goes on under its own version.
    """

    current: int = 0

    def admit(self, lines: Sequence[ThreadLine], draft: Draft, entry: Entry) -> Refused | None:
        """As the engine, with versions that are not in force left out for what begins or moves."""
        found = self.fold(lines)
        plans = self.plans
        if entry.kind == "open" and found.opened is None:
            if not self.current:
                return no(
                    "PROCEDURE-INACTIVE",
                    f"办理规程 {self.code} 已装入，尚未启用。",
                    "请主管部门启用后再申报（./ortoo pack activate）。",
                )
            plans = {v: plan for v, plan in plans.items() if v <= self.current}
        elif entry.kind == "migrate" and found.opened is not None:
            known = (self.current, found.plan.version)
            plans = {v: plan for v, plan in plans.items() if v <= self.current or v in known}
        case = Case(found, draft, entry, plans, lambda place: self.clock(found, place))
        return admit(case)


def opened_under(draft: Draft, says: Sequence[tuple[str, str]], versions: dict[str, int]) -> Draft:
    """`draft` with every blank version of a procedure it opens filled in.

    `says` pairs the procedure's code with the body's field for its version; `versions` is by code.
    """
    if not isinstance(draft.body, dict):
        return draft
    blank = {
        name: versions[code] for code, name in says if name not in draft.body and code in versions
    }
    return replace(draft, body={**draft.body, **blank}) if blank else draft
