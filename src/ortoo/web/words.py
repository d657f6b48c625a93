"""Words and shapes that screens share: states of an 应报, warning levels, times left. Pure.

The words follow the people who read them (应报 and 待办, never «duty»); English stands beside.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
SOON_MS = 4 * HOUR_MS


@dataclass(frozen=True, slots=True)
class State:
    """A state as shown: Chinese, English and the shape that tells it without colour."""

    zh: str
    en: str
    shape: str


STATES: dict[str, State] = {
    "open": State("未报", "Not filed", "ring"),
    "draft": State("草稿", "Draft", "dashes"),
    "filed": State("已报", "Filed", "half"),
    "pending": State("待审", "To review", "half"),
    "accepted": State("已审核", "Accepted", "tick"),
    "nil": State("零报告", "Nil return", "zero"),
    "returned": State("已退回", "Sent back", "back"),
    "queried": State("待核实", "Queried", "query"),
    "doubt": State("存疑", "In doubt", "query"),
    "overdue": State("逾期未报", "Overdue", "cross"),
    "late": State("迟报", "Filed late", "clock"),
    "confirm": State("待确认", "To confirm", "half"),
    "corrected": State("已更正", "Corrected", "tick"),
    "void": State("不再应报", "No longer due", "dash"),
}

# 16×16 drawings; «solid» parts are filled with the badge's colour.
SHAPES: dict[str, str] = {
    "ring": '<circle cx="8" cy="8" r="6"/>',
    "dashes": '<circle cx="8" cy="8" r="6" stroke-dasharray="3 2.3"/>',
    "half": '<circle cx="8" cy="8" r="6"/><path class="solid" d="M8 2a6 6 0 0 1 0 12z"/>',
    "tick": '<path d="M2.5 8.5 6.5 12.5 13.5 4"/>',
    "zero": '<circle cx="8" cy="8" r="6"/><path d="M4 12 12 4"/>',
    "back": '<path d="M6 3 2.5 6.5 6 10M3 6.5h6.5a3.5 3.5 0 0 1 0 7H6"/>',
    "query": '<path class="solid" d="M8 1.5 15 14.5H1z"/>',
    "cross": '<path d="M3 3l10 10M13 3 3 13"/>',
    "clock": '<circle cx="8" cy="8" r="6"/><path d="M8 4.5V8l2.5 2"/>',
    "dash": '<path d="M3 8h10"/>',
}

# 突发事件四级: Ⅰ红 Ⅱ橙 Ⅲ黄 Ⅳ蓝.
LEVELS: dict[str, tuple[str, str]] = {
    "blue": ("蓝色预警·Ⅳ级", "Blue · level IV"),
    "yellow": ("黄色预警·Ⅲ级", "Yellow · level III"),
    "orange": ("橙色预警·Ⅱ级", "Orange · level II"),
    "red": ("红色预警·Ⅰ级", "Red · level I"),
}
LEVEL_BY_NUMBER = {4: "blue", 3: "yellow", 2: "orange", 1: "red"}


def time_left(due_at_ms: int, now_ms: int, *, english: bool = False) -> tuple[str, str]:
    """``(urgency, words)`` where urgency is ``calm``, ``soon`` (under 4 h) or ``late``.

    >>> time_left(8_280_000, 0)
    ('soon', '距截止 2 小时 18 分')
    """
    gap = due_at_ms - now_ms
    span = _span(abs(gap), english=english)
    if gap < 0:
        return "late", f"{span} overdue" if english else f"已逾期 {span}"
    urgency = "soon" if gap < SOON_MS else "calm"
    return urgency, f"{span} left" if english else f"距截止 {span}"


def _span(ms: int, *, english: bool) -> str:
    days, rest = divmod(ms, DAY_MS)
    hours, rest = divmod(rest, HOUR_MS)
    minutes = rest // 60_000
    day, hour, minute = ("d", "h", "min") if english else ("天", "小时", "分")
    if days:
        return f"{days} {day} {hours} {hour}" if hours else f"{days} {day}"
    if hours:
        return f"{hours} {hour} {minutes} {minute}"
    return f"{minutes} {minute}"


def minor(value: int | None, scale: int) -> str:
    """An integer in minor units as a figure with thousands commas: ``minor(6682, 2)`` → 66.82."""
    if value is None:
        return "—"
    return f"{Decimal(value).scaleb(-scale):,.{scale}f}"
