"""A campaign 专项监测 as its filing states it. Pure: no clock, no database."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from ortoo.kernel.filings.read import FilingRow
from ortoo.kernel.forms.asked import Asked
from ortoo.kernel.forms.definition import Form

FORM = "MON-CAMPAIGN"
THREAD = "MON-CAMPAIGN|all"
STANDING, CANCELLED = "standing", "cancelled"
BOTH, PAUSED = "both", "paused"
_DAY = dt.timedelta(days=1)
_GROUPS = {"items": "item", "measures": "measure", "places": "under", "lists": "list",
           "parties": "party"}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Plan:
    """What the ordering office states; empty selections mean all. Minutes count from midnight."""

    form: str
    title: str
    place: str
    first: dt.date
    last: dt.date
    basis: str
    due_minute: int = 12 * 60
    review_minute: int = 15 * 60
    yesterday: bool = True
    lunar: bool = True
    situation_minute: int | None = 16 * 60
    narrative_minute: int | None = 17 * 60
    weekly: str = BOTH
    weekly_form: str = ""
    status: str = STANDING
    items: tuple[str, ...] = ()
    measures: tuple[str, ...] = ()
    places: tuple[str, ...] = ()
    lists: tuple[str, ...] = ()
    parties: tuple[str, ...] = ()

    def covers(self, day: dt.date) -> bool:
        return self.status == STANDING and self.first <= day <= self.last

    @property
    def days(self) -> list[dt.date]:
        return [self.first + n * _DAY for n in range((self.last - self.first).days + 1)]

    @property
    def span_zh(self) -> str:
        """«2027年2月6日—12日» with no more of the second date than differs."""
        first, last = self.first, self.last
        tail = f"{last.day}日"
        if (first.year, first.month) != (last.year, last.month):
            tail = f"{last.month}月{tail}"
        if first.year != last.year:
            tail = f"{last.year}年{tail}"
        head = f"{first.year}年{first.month}月{first.day}日"
        return head if first == last else f"{head}—{tail}"

    def asked(self, form: Form) -> Asked | None:
        """The cells each day asks for; None where it is the whole form."""
        if not self.items and not self.measures:
            return None
        items = self.items or tuple(item.code for item in form.leaves)
        measures = self.measures or tuple(measure.code for measure in form.measures)
        return Asked(frozenset(items), frozenset(measures))

    def overlaps(self, other: Plan, since: dt.date) -> tuple[dt.date, dt.date] | None:
        """First and last day from `since` on that both cover with the same form, or None."""
        if self.form != other.form or {self.status, other.status} != {STANDING}:
            return None
        first = max(self.first, other.first, since)
        last = min(self.last, other.last)
        return (first, last) if first <= last else None

    def body(self, code: str, seen: int) -> dict[str, object]:
        """As MON-CAMPAIGN holds it."""
        found: dict[str, object] = {
            "code": code,
            "form": self.form,
            "title": self.title,
            "place": self.place,
            "from_day": self.first.isoformat(),
            "to_day": self.last.isoformat(),
            "due_minute": self.due_minute,
            "review_minute": self.review_minute,
            "yesterday": self.yesterday,
            "lunar": self.lunar,
            "situation": self.situation_minute is not None,
            "narrative": self.narrative_minute is not None,
            "weekly": self.weekly,
            "basis": self.basis,
            "status": self.status,
            "seen": seen,
        }
        if self.situation_minute is not None:
            found["situation_minute"] = self.situation_minute
        if self.narrative_minute is not None:
            found["narrative_minute"] = self.narrative_minute
        if self.weekly == PAUSED:
            found["weekly_form"] = self.weekly_form
        for group, field in _GROUPS.items():
            chosen = getattr(self, group)
            if chosen:
                found[group] = [{field: code_} for code_ in chosen]
        return found


@dataclass(frozen=True, slots=True)
class Campaign:
    """A plan in force with the filings that state it; `seq` is the newest."""

    code: str
    plan: Plan
    seq: int
    first_seq: int
    filer: str
    reason: str
    said_at: int
    versions: tuple[int, ...]

    @property
    def title(self) -> str:
        return self.plan.title

    def stage(self, today: dt.date) -> str:
        """coming 未开始, running 进行中, ended 已结束 or cancelled 已取消."""
        if self.plan.status == CANCELLED:
            return "cancelled"
        if today < self.plan.first:
            return "coming"
        return "running" if today <= self.plan.last else "ended"


STAGE_ZH = {"coming": "未开始", "running": "进行中", "ended": "已结束", "cancelled": "已取消"}


def read_plan(body: Mapping[str, Any]) -> Plan:
    """The plan in a body that was accepted."""
    chosen = {
        group: tuple(str(row[field]) for row in body.get(group, ()))
        for group, field in _GROUPS.items()
    }
    return Plan(
        form=body["form"],
        title=body["title"],
        place=body["place"],
        first=dt.date.fromisoformat(body["from_day"]),
        last=dt.date.fromisoformat(body["to_day"]),
        basis=body["basis"],
        due_minute=body["due_minute"],
        review_minute=body["review_minute"],
        yesterday=body["yesterday"],
        lunar=body["lunar"],
        situation_minute=body.get("situation_minute"),
        narrative_minute=body.get("narrative_minute"),
        weekly=body["weekly"],
        weekly_form=body.get("weekly_form", ""),
        status=body["status"],
        **chosen,
    )


def campaigns_of(filings: Sequence[FilingRow]) -> dict[str, Campaign]:
    """Code → campaign in force, from MON-CAMPAIGN filings in log order."""
    found: dict[str, Campaign] = {}
    for filing in filings:
        body = json.loads(filing.body)
        before = found.get(body["code"])
        found[body["code"]] = Campaign(
            code=body["code"],
            plan=read_plan(body),
            seq=filing.seq,
            first_seq=before.first_seq if before else filing.seq,
            filer=filing.filer,
            reason=filing.reason,
            said_at=filing.said_at,
            versions=(*(before.versions if before else ()), filing.seq),
        )
    return found


def day_of(now_ms: int, zone: str) -> dt.date:
    """The civil day of a moment."""
    return dt.datetime.fromtimestamp(now_ms / 1000, ZoneInfo(zone)).date()


def moment_ms(day: dt.date, minute: int, zone: str) -> int:
    """The moment so many minutes into a civil day, in ms since the epoch."""
    at = dt.datetime.combine(day, dt.time(minute // 60, minute % 60), tzinfo=ZoneInfo(zone))
    return int(at.timestamp()) * 1000


def clock_zh(minute: int) -> str:
    """«12:00»."""
    return f"{minute // 60:02d}:{minute % 60:02d}"
