"""The year before, aligned: 农历同期 about 春节, 端午 and 中秋, the ordinary 同比 elsewhere.

Prices follow the lunar calendar about a festival: each day of a period is held against the day of
the same lunar month and number a year before (`lunar.last_lunar_year`), and those days may lie in
two periods, which then count by their days. Months are held against months: a festival that moves
between two months is what seasonal adjustment is for.
"""

from __future__ import annotations

import datetime as dt
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from fractions import Fraction

from ortoo.domains.market.lunar import LunarError, label, last_lunar_year, lunar
from ortoo.domains.market.seasonal.festivals import (
    DRAGON_BOAT,
    MID_AUTUMN,
    SPRING_FIRST,
    SPRING_LAST,
    nearest_spring,
)
from ortoo.kernel.forms.definition import Form, FormError
from ortoo.kernel.forms.periods import Period, period_on, year_before_on

SPRING = "春节"
COLUMN = "农历同期比"
_DAY = dt.timedelta(days=1)
_OTHERS = {DRAGON_BOAT: (5, 1, 7), MID_AUTUMN: (8, 10, 17)}
"""Lunar month, first and last day of it, in which a festival is felt."""


@dataclass(frozen=True, slots=True)
class Twin:
    """What a period is held against: `parts` (period, how many of the compared days it holds).

    `festival`: which one makes the lunar calendar count, "" for the ordinary 同比. `first`, `last`:
    the compared days. `days`: how many they are; parts that hold fewer together are incomplete.
    """

    period: Period
    parts: tuple[tuple[Period, int], ...]
    festival: str
    first: dt.date
    last: dt.date
    days: int

    @property
    def by_lunar(self) -> bool:
        return bool(self.festival)

    def mean(self, value_of: Callable[[Period], Fraction | None]) -> Fraction | None:
        """The parts' values weighted by their days; None where a day or a value is unknown."""
        total, days = Fraction(0), 0
        for period, held in self.parts:
            value = value_of(period)
            if value is None:
                return None
            total, days = total + value * held, days + held
        return total / days if days and days == self.days else None

    @property
    def words(self) -> str:
        """Which days are compared: «2月14日—20日（腊月廿七—正月初四）对上年1月26日—2月1日…»."""
        now = self.period
        shares = "、".join(
            f"{one.label_zh.split('（')[0]}" + (f"占{held}天" if len(self.parts) > 1 else "")
            for one, held in self.parts
        )
        if not self.festival:
            return f"{now.span_zh}对{_span(self.first, self.last)}：{shares or '无报告期'}"
        lunar_span = f"{label(now.start)}—{label(now.end)}"
        lunar_span = label(now.start) if now.days == 1 else lunar_span
        return (
            f"{now.span_zh}（{lunar_span}）对上年农历同期"
            f"{_span(self.first, self.last)}：{shares or '无报告期'}"
        )


def _span(first: dt.date, last: dt.date) -> str:
    text = f"{first.year}年{first.month}月{first.day}日"
    return text if first == last else f"{text}—{last.month}月{last.day}日"


def festival_of(day: dt.date) -> str:
    """The festival within whose window a day lies (春节 −20…+26 days), or ""."""
    spring = nearest_spring(day)
    if spring is not None and SPRING_FIRST <= (day - spring).days <= SPRING_LAST:
        return SPRING
    try:
        found = lunar(day)
    except LunarError:
        return ""
    for name, (month, first, last) in _OTHERS.items():
        if found.month == month and not found.leap and first <= found.day <= last:
            return name
    return ""


def middle(period: Period) -> dt.date:
    return period.start + (period.end - period.start) // 2


def is_festive(period: Period) -> bool:
    """Whether the lunar calendar counts for a period: its middle day lies in a window."""
    return period.kind != "month" and bool(festival_of(middle(period)))


def year_before(source: Form | Iterable[Period], period: Period) -> Twin | None:
    """What a period is held against a year before; None at the beginning.

    `source`: the form, or the periods there are (of a panel, of a line): the twin's parts are taken
    from them. 农历同期 within the windows, the ordinary 同比 elsewhere and where the lunar table
    ends or both are the same.
    """
    holder = _holder(source)
    common = _common(source, holder, period)
    if not is_festive(period):
        return common
    days = [period.start + at * _DAY for at in range(period.days)]
    twins = [last_lunar_year(day) for day in days]
    known = [day for day in twins if day is not None]
    if len(known) < len(days):
        return common
    held = Counter(found for day in known if (found := holder(day)) is not None)
    parts = tuple(sorted(held.items()))
    if not parts:
        return common
    if common is not None and [p for p, _ in parts] == [p for p, _ in common.parts]:
        return common
    festival = festival_of(middle(period))
    return Twin(period, parts, festival, min(known), max(known), len(days))


def _common(
    source: Form | Iterable[Period], holder: Callable[[dt.date], Period | None], period: Period
) -> Twin | None:
    if isinstance(source, Form):
        found = year_before_on(source, period)
    else:
        before = period.year_before()
        found = holder(before.start + (before.days // 2) * _DAY)
    if found is None:
        return None
    return Twin(period, ((found, found.days),), "", found.start, found.end, found.days)


def _holder(source: Form | Iterable[Period]) -> Callable[[dt.date], Period | None]:
    """The period that holds a day. Where weeks overlap at a change of type, the later one does."""
    if isinstance(source, Form):
        form = source

        def by_form(day: dt.date) -> Period | None:
            try:
                return period_on(form, day)
            except FormError:
                return None

        return by_form
    listed = sorted(source)
    starts = [one.start for one in listed]

    def by_list(day: dt.date) -> Period | None:
        at = bisect_right(starts, day) - 1
        return listed[at] if at >= 0 and listed[at].contains(day) else None

    return by_list
