"""Moments, states and cells as the clerk's pages say them."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

from ortoo.kernel.forms.definition import Form
from ortoo.kernel.forms.periods import Period
from ortoo.kernel.places.active import active_pack
from ortoo.kernel.threads.periodic import ReturnState

DAY_MS = 86_400_000
STAGES = {
    "sent_back": ("returned", "已退回"),
    "queried": ("queried", "待核实"),
    "filed": ("pending", "已报，待审"),
    "checked": ("pending", "已报，初审通过"),
    "accepted": ("accepted", "已审定"),
    "waived": ("waived", "免报"),
}


def _local(ms: int) -> dt.datetime:
    return dt.datetime.fromtimestamp(ms / 1000, ZoneInfo(active_pack().head.time_zone))


def moment(ms: int) -> str:
    """11月23日 12:00, in the region's civil time."""
    at = _local(ms)
    return f"{at.month}月{at.day}日 {at:%H:%M}"


def full_moment(ms: int) -> str:
    """2026年11月23日 12:00:05."""
    at = _local(ms)
    return f"{at.year}年{at.month}月{at.day}日 {at:%H:%M:%S}"


def iso_moment(ms: int) -> str:
    """ISO 8601 with offset, for machines."""
    return _local(ms).isoformat(timespec="seconds")


def hour(ms: int, now_ms: int) -> str:
    """10:42 when it was today, else with its day."""
    same = _local(ms).date() == _local(now_ms).date()
    return f"{_local(ms):%H:%M}" if same else moment(ms)


def age(then_ms: int, now_ms: int) -> str:
    """How old a known value is."""
    days = max(0, now_ms - then_ms) // DAY_MS
    return f"{days} 天前" if days else "今天"


def stage_of(state: ReturnState, now_ms: int) -> tuple[str, str]:
    """(badge, words) of where a return stands."""
    if state.stage in STAGES:
        return STAGES[state.stage]
    if state.due_at is not None and state.due_at < now_ms:
        return "overdue", "逾期未报"
    return "open", "未报"


def title_of(form: Form, period: Period) -> str:
    """The form and its period in one line."""
    return f"{form.title['zh']} {period.label_zh}"


def cell_title(form: Form, item: str, measure: str) -> str:
    """猪肉（五花肉） 本期平均零售价格; a code the form lacks stands as it is."""
    name = form.by_code[item].name["zh"] if item in form.by_code else item
    title = form.measure_by_code.get(measure)
    return f"{name} {title.title['zh'] if title else measure}".strip()
