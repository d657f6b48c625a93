"""Moments and lengths of time in the words of these pages, in the region's civil time."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

from ortoo.kernel.places.active import active_pack

MINUTE_MS = 60_000


def _local(ms: int) -> dt.datetime:
    return dt.datetime.fromtimestamp(ms / 1000, ZoneInfo(active_pack().head.time_zone))


def moment(ms: int) -> str:
    """11月23日 12:00."""
    at = _local(ms)
    return f"{at.month}月{at.day}日 {at:%H:%M}"


def full(ms: int) -> str:
    """2026年11月23日 12:00:05."""
    at = _local(ms)
    return f"{at.year}年{at.month}月{at.day}日 {at:%H:%M:%S}"


def iso(ms: int) -> str:
    """ISO 8601 with offset, for machines."""
    return _local(ms).isoformat(timespec="seconds")


def civil_day(ms: int) -> dt.date:
    """The day of a moment where the region is."""
    return _local(ms).date()


def end_of(day: dt.date) -> int:
    """The last millisecond of a civil day."""
    zone = ZoneInfo(active_pack().head.time_zone)
    after = dt.datetime.combine(day + dt.timedelta(days=1), dt.time(), zone)
    return int(after.timestamp() * 1000) - 1


def length(ms: int) -> str:
    """«2 小时 5 分»; hours are not turned into days, because working days have few of them.

    >>> length(7_500_000)
    '2 小时 5 分'
    """
    minutes = ms // MINUTE_MS
    if minutes == 0:
        return "不到 1 分"
    hours, rest = divmod(minutes, 60)
    if not hours:
        return f"{rest} 分"
    return f"{hours} 小时 {rest} 分" if rest else f"{hours} 小时"
