"""Reporting periods 报告期: weeks, ten-day periods 旬, months, days and moments 急报, their codes,
and when a return is owed.

A week's first day is a dated property of the form: the same form may have run Monday–Sunday
before a date and Saturday–Friday after it. The old type runs its last week out; the first
period of the new type begins on its first own weekday on or after `since`. The two may overlap
by some days: `series_breaks` names the date, so that a chart can say so.

A moment is a minute of the pack's civil day at which somebody asked for cells of any form at
once; it belongs to no calendar and breaks no series.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from functools import total_ordering

from ortoo.kernel.forms.definition import Form, FormError, Moment, PeriodKind, PeriodType

_DATE = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
_CODE = re.compile(
    rf"(?:(?P<kind>[WD])(?P<date>{_DATE})"
    r"|(?P<monthly>[MX])(?P<month>[0-9]{4}-[0-9]{2})(?:-(?P<third>[123]))?"
    rf"|F(?P<asked>{_DATE})-(?P<clock>[0-9]{{4}}))\Z"
)
_DAY = dt.timedelta(days=1)
_TENDAYS_ZH = ("上旬", "中旬", "下旬")
_TENDAYS_EN = ("first", "second", "last")


@total_ordering
@dataclass(frozen=True, slots=True)
class Period:
    """A span of whole days, both ends included; of a moment, its day and `minute` of that day."""

    kind: PeriodKind
    start: dt.date
    end: dt.date
    minute: int | None = None

    def __lt__(self, other: Period) -> bool:
        return self._place < other._place

    @property
    def _place(self) -> tuple[dt.date, dt.date, int]:
        return self.start, self.end, -1 if self.minute is None else self.minute

    @property
    def clock(self) -> dt.time:
        """The civil time of a moment; midnight for a span of days."""
        hour, minute = divmod(self.minute or 0, 60)
        return dt.time(hour, minute)

    @property
    def third(self) -> int:
        """Which of the three ten-day periods of its month the start lies in: 1, 2 or 3."""
        return min((self.start.day - 1) // 10, 2) + 1

    @property
    def code(self) -> str:
        if self.kind == "month":
            return f"M{self.start:%Y-%m}"
        if self.kind == "tenday":
            return f"X{self.start:%Y-%m}-{self.third}"
        if self.kind == "moment":
            return f"F{self.start.isoformat()}-{self.clock:%H%M}"
        return f"{'W' if self.kind == 'week' else 'D'}{self.start.isoformat()}"

    @property
    def number(self) -> tuple[int, int]:
        """Year and number in the year. A week has the ISO number of its fourth day, so that a
        Saturday–Friday week is numbered with the working days it holds."""
        if self.kind == "week":
            year, week, _ = (self.start + 3 * _DAY).isocalendar()
            return year, week
        if self.kind == "month":
            return self.start.year, self.start.month
        if self.kind == "tenday":
            return self.start.year, 3 * (self.start.month - 1) + self.third
        return self.start.year, self.start.timetuple().tm_yday

    @property
    def label_zh(self) -> str:
        year, number = self.number
        if self.kind == "month":
            return f"{year}年{number}月"
        if self.kind == "day":
            return f"{self.start.year}年{self.start.month}月{self.start.day}日"
        if self.kind == "tenday":
            return f"{year}年{self.start.month}月{_TENDAYS_ZH[self.third - 1]}"
        if self.kind == "moment":
            return f"{self.start.month}月{self.start.day}日{self.clock:%H:%M} 急报"
        return f"{year}年第{number}周（{self.span_zh}）"

    @property
    def span_zh(self) -> str:
        if self.start == self.end:
            return f"{self.start.month}月{self.start.day}日"
        last = f"{self.end.day}日"
        if self.end.month != self.start.month:
            last = f"{self.end.month}月{last}"
        return f"{self.start.month}月{self.start.day}日—{last}"

    @property
    def label_en(self) -> str:
        year, number = self.number
        if self.kind == "month":
            return f"{year}-{number:02d}"
        if self.kind == "day":
            return self.start.isoformat()
        if self.kind == "tenday":
            return f"{self.start:%Y-%m} {_TENDAYS_EN[self.third - 1]} ten days"
        if self.kind == "moment":
            return f"flash of {self.start.isoformat()} {self.clock:%H:%M}"
        return f"{year} week {number} ({self.start.isoformat()} to {self.end.isoformat()})"

    @property
    def days(self) -> int:
        return (self.end - self.start).days + 1

    def contains(self, day: dt.date) -> bool:
        return self.start <= day <= self.end

    def previous(self) -> Period:
        """The period just before, of the same kind and first weekday; of a moment, the same
        minute a day earlier."""
        if self.kind == "month":
            return month(self.start - _DAY)
        if self.kind == "tenday":
            return tenday(self.start - _DAY)
        return Period(self.kind, self.start - self.days * _DAY, self.start - _DAY, self.minute)

    def next(self) -> Period:
        if self.kind == "month":
            return month(self.end + _DAY)
        if self.kind == "tenday":
            return tenday(self.end + _DAY)
        return Period(self.kind, self.end + _DAY, self.end + self.days * _DAY, self.minute)

    def year_before(self) -> Period:
        """The same period of the year before: the month or 旬; 52 weeks back; the day and minute
        (29 Feb → 28)."""
        if self.kind == "month":
            return month(self.start.replace(year=self.start.year - 1))
        if self.kind == "tenday":
            return tenday(self.start.replace(year=self.start.year - 1))
        if self.kind == "week":
            return week(self.start - 364 * _DAY)
        day = self.start
        back = 1 if (day.month, day.day) == (2, 29) else 0
        before = (day - back * _DAY).replace(year=day.year - 1)
        return Period(self.kind, before, before, self.minute)


def week(start: dt.date) -> Period:
    """The seven days that begin with `start`."""
    return Period("week", start, start + 6 * _DAY)


def month(day: dt.date) -> Period:
    """The calendar month that holds a day."""
    first = day.replace(day=1)
    return Period("month", first, (first + 31 * _DAY).replace(day=1) - _DAY)


def day_of(day: dt.date) -> Period:
    return Period("day", day, day)


def tenday(day: dt.date) -> Period:
    """The ten-day period 旬 that holds a day: 1–10, 11–20, 21–end of the month."""
    third = min((day.day - 1) // 10, 2)
    start = day.replace(day=10 * third + 1)
    return Period("tenday", start, start + 9 * _DAY if third < 2 else month(day).end)


def moment(day: dt.date, minute: int) -> Period:
    """A minute of a civil day, 0–1439. Raises PERIOD-CODE."""
    if not 0 <= minute < 24 * 60:
        raise FormError("PERIOD-CODE", f"一天没有第 {minute} 分钟")
    return Period("moment", day, day, minute)


def parse(code: str) -> Period:
    """The period a code names. Raises PERIOD-CODE."""
    found = _CODE.match(code)
    try:
        period = None if found is None else _named(found)
    except (ValueError, OverflowError):
        period = None
    if period is None:
        raise FormError(
            "PERIOD-CODE",
            f"报告期编码 {code[:30]} 不是 W年-月-日、M年-月、X年-月-旬、"
            "D年-月-日 或 F年-月-日-时分",
        )
    return period


def _named(found: re.Match[str]) -> Period | None:
    if found["kind"]:
        day = dt.date.fromisoformat(found["date"])
        return week(day) if found["kind"] == "W" else day_of(day)
    if found["monthly"]:
        first = dt.date.fromisoformat(f"{found['month']}-01")
        if (found["monthly"] == "X") is (found["third"] is None):
            return None
        third = int(found["third"] or 1)
        return tenday(first.replace(day=10 * third - 9)) if found["third"] else month(first)
    asked = dt.time.fromisoformat(f"{found['clock'][:2]}:{found['clock'][2:]}")
    return moment(dt.date.fromisoformat(found["asked"]), asked.hour * 60 + asked.minute)


def type_on(form: Form, day: dt.date) -> PeriodType:
    """The period type whose periods hold a day. Raises PERIOD-BEFORE-FORM."""
    for period_type in reversed(form.period_types):
        if day >= first_start(period_type):
            return period_type
    raise FormError("PERIOD-BEFORE-FORM", f"{form.code} 在 {day} 尚未施行")


def first_start(period_type: PeriodType) -> dt.date:
    """The first day of the first period of a type."""
    since = period_type.since
    if period_type.kind == "month":
        return since if since.day == 1 else month(since).next().start
    if period_type.kind == "tenday":
        return since if tenday(since).start == since else tenday(since).next().start
    if period_type.kind == "day":
        return since
    return since + ((period_type.weekday - since.weekday()) % 7) * _DAY


def period_on(form: Form, day: dt.date) -> Period:
    """The form's reporting period that holds a day. Raises PERIOD-BEFORE-FORM."""
    period_type = type_on(form, day)
    if period_type.kind == "month":
        return month(day)
    if period_type.kind == "tenday":
        return tenday(day)
    if period_type.kind == "day":
        return day_of(day)
    return week(day - ((day.weekday() - period_type.weekday) % 7) * _DAY)


def previous_on(form: Form, period: Period) -> Period | None:
    """The form's own period before this one, across a change of type; None at the beginning.

    Before a moment is the period before the one that holds its day, which is not over yet.
    """
    try:
        start = period_on(form, period.start).start if period.kind == "moment" else period.start
        return period_on(form, start - _DAY)
    except FormError:
        return None


def year_before_on(form: Form, period: Period) -> Period | None:
    """The form's own period that held the middle of this one a year before."""
    before = period.year_before()
    try:
        return period_on(form, before.start + (before.days // 2) * _DAY)
    except FormError:
        return None


def is_period_of(form: Form, period: Period) -> bool:
    """Whether the form has, or had, exactly this period; a moment from its first period on."""
    if period.kind == "moment":
        return period.start >= first_start(form.period_types[0])
    for place, period_type in enumerate(form.period_types):
        later = form.period_types[place + 1 :]
        if period.kind != period_type.kind or period.start < first_start(period_type):
            continue
        if later and period.start >= first_start(later[0]):
            continue
        if period.kind != "week" or period.start.weekday() == period_type.weekday:
            return True
    return False


def series_breaks(form: Form) -> tuple[dt.date, ...]:
    """Days on which the meaning of a period changed: said on every chart that crosses one."""
    return tuple(first_start(period_type) for period_type in form.period_types[1:])


def _date_of(moment: Moment, period: Period) -> dt.date:
    if moment.days_from_end is not None:
        return period.end + moment.days_from_end * _DAY
    if moment.month_day is not None:
        following = month(period.end).next()
        return min(following.start + (moment.month_day - 1) * _DAY, following.end)
    after = period.end + _DAY
    return after + (((moment.weekday or 0) - after.weekday()) % 7) * _DAY


def _ms(moment: Moment, period: Period, zone: str) -> int:
    from zoneinfo import ZoneInfo

    local = dt.datetime.combine(_date_of(moment, period), moment.time, tzinfo=ZoneInfo(zone))
    return int(local.timestamp()) * 1000


def opens_at_ms(form: Form, period: Period, zone: str) -> int:
    """When the period opens for filing, in ms since the epoch; `zone` is the pack's IANA zone.

    A moment opens at its own minute.
    """
    if period.kind == "moment":
        return _ms(Moment(time=period.clock, days_from_end=0), period, zone)
    return _ms(type_on(form, period.start).opens, period, zone)


def due_at_ms(form: Form, period: Period, zone: str) -> int:
    """When the return is due. A weekday means the first such day after the period's end.

    An order says the hour itself; a moment without one is due when its day ends.
    """
    if period.kind == "moment":
        return _ms(Moment(time=dt.time(), days_from_end=1), period, zone)
    return _ms(type_on(form, period.start).due, period, zone)
