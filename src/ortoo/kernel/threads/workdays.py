"""Working time 工作日、工作时间: how long a clock has run, and when it will have run out.

Pure arithmetic over a calendar's data (`calendar_files` reads it). Times are milliseconds since
the epoch (UTC); a day is a civil day of the calendar's time zone. Everything is decided by
bisection over the opening windows 办公时间 of all known years, precomputed once.

A year nobody has loaded is unknown and not free of holidays: whoever asks for it gets `CAL-YEAR`.
So a date once computed does not move when the next year's notice arrives (unless that notice
takes a day of the December before, as 2019's did).
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from functools import cached_property
from types import MappingProxyType
from zoneinfo import ZoneInfo

from ortoo.kernel.filings.refusal import Refused

MINUTE_MS = 60_000
DAY = timedelta(days=1)
CIVIL_ZONE = "Asia/Shanghai"
_NAMES = ("周一", "周二", "周三", "周四", "周五", "周六", "周日")


class CalendarError(Refused):
    """A calendar that cannot be read, or a day it does not know. Codes begin with `CAL-`."""


@dataclass(frozen=True, slots=True)
class Holiday:
    """Days off 放假, first and last included."""

    name: str
    first: date
    last: date

    def days(self) -> Iterator[date]:
        """Each day of it."""
        day = self.first
        while day <= self.last:
            yield day
            day += DAY


@dataclass(frozen=True, slots=True)
class Year:
    """One year's arrangement: what is off, which weekend days are worked, and by which notice."""

    year: int
    holidays: tuple[Holiday, ...]
    work: tuple[date, ...]
    source: str
    verified: bool


@dataclass(frozen=True, slots=True)
class Hours:
    """Opening windows of an office (minutes from midnight), with the days they are kept."""

    office: str
    windows: tuple[tuple[int, int], ...]
    source: str
    verified: bool
    first: date | None = None
    last: date | None = None

    def kept_on(self, day: date) -> bool:
        """Whether these hours hold on `day`."""
        return (self.first is None or self.first <= day) and (self.last is None or day <= self.last)


@dataclass(frozen=True)
class OfficeCalendar:
    """An office's working time: the notices of known years over the hours it keeps."""

    code: str
    years: Mapping[int, Year]
    hours: tuple[Hours, ...]
    weekend: frozenset[int] = frozenset({5, 6})
    zone: str = CIVIL_ZONE
    title: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))

    # --- days ------------------------------------------------------------------------------

    @cached_property
    def _special(self) -> dict[date, tuple[bool, str]]:
        """Day → (worked, why) where the notice says otherwise than the weekday."""
        off = {
            day: (False, holiday.name)
            for year in self.years.values()
            for holiday in year.holidays
            for day in holiday.days()
        }
        made_up = {day: (True, "调休上班") for year in self.years.values() for day in year.work}
        return off | made_up

    def day_of(self, at_ms: int) -> date:
        """The civil day of a moment."""
        return datetime.fromtimestamp(at_ms / 1000, ZoneInfo(self.zone)).date()

    def is_working_day(self, day: date) -> bool:
        """Whether the office works on `day`; CAL-YEAR when its year is not loaded."""
        self._known(day.year)
        special = self._special.get(day)
        return special[0] if special else day.weekday() not in self.weekend

    def reason_of(self, day: date) -> str:
        """Why `day` is off or worked: a holiday's name, 调休上班, 周末 or the weekday."""
        self._known(day.year)
        special = self._special.get(day)
        if special:
            return special[1]
        return "周末" if day.weekday() in self.weekend else _NAMES[day.weekday()]

    def working_days(self, first: date, last: date) -> int:
        """How many working days lie from `first` to `last`, both included."""
        span = range((last - first).days + 1)
        return sum(self.is_working_day(first + DAY * step) for step in span)

    def _known(self, year: int) -> Year:
        found = self.years.get(year)
        if found is None:
            raise _year_unknown(self.code, year, self.years)
        return found

    def hours_on(self, day: date) -> Hours:
        """The hours kept on `day`; dated rows before undated ones."""
        kept = [row for row in self.hours if row.kept_on(day)]
        if not kept:
            raise CalendarError(
                "CAL-HOURS", f"日历 {self.code} 在 {day} 没有办公时间。", "在日历文件补 [[hours]]。"
            )
        return max(kept, key=lambda row: row.first or date.min)

    # --- minutes ---------------------------------------------------------------------------

    @cached_property
    def _runs(self) -> tuple[_Run, ...]:
        """One run of windows for each stretch of years without a gap."""
        stretches: list[list[int]] = []
        for year in sorted(self.years):
            if stretches and stretches[-1][-1] == year - 1:
                stretches[-1].append(year)
            else:
                stretches.append([year])
        return tuple(self._run(stretch[0], stretch[-1]) for stretch in stretches)

    def _run(self, first: int, last: int) -> _Run:
        zone, windows = ZoneInfo(self.zone), []
        day = date(first, 1, 1)
        while day.year <= last:
            if self.is_working_day(day):
                for opens, closes in self.hours_on(day).windows:
                    windows.append((_moment(day, opens, zone), _moment(day, closes, zone)))
            day += DAY
        begin = _moment(date(first, 1, 1), 0, zone)
        return _Run(first, last, begin, _moment(date(last + 1, 1, 1), 0, zone), windows)

    def _run_at(self, at_ms: int) -> _Run:
        for run in self._runs:
            if run.begin <= at_ms < run.end:
                return run
        raise _year_unknown(self.code, self.day_of(at_ms).year, self.years)

    def add_working_ms(self, start_ms: int, working_ms: int) -> int:
        """The first moment by which `working_ms` of working time have passed since `start_ms`.

        Negative: the last moment from which that much is left until `start_ms`. Zero: the moment
        itself. Raises CAL-YEAR when the answer lies in a year that is not loaded.
        """
        run = self._run_at(start_ms)
        if working_ms == 0:
            return start_ms
        wanted = run.before(start_ms) + working_ms
        if working_ms > 0:
            if wanted > run.total:
                raise _year_unknown(self.code, run.last + 1, self.years)
            return run.earliest(wanted)
        if wanted < 0:
            raise _year_unknown(self.code, run.first - 1, self.years)
        return run.latest(wanted)

    def add_working_minutes(self, start_ms: int, minutes: int) -> int:
        """`add_working_ms` of whole minutes; negative ones count back."""
        return self.add_working_ms(start_ms, minutes * MINUTE_MS)

    def working_ms(self, start_ms: int, end_ms: int) -> int:
        """Milliseconds of working time from start to end; 0 where the end is not later."""
        if end_ms <= start_ms:
            return 0
        run = self._run_at(start_ms)
        if end_ms > run.end:
            raise _year_unknown(self.code, run.last + 1, self.years)
        return run.before(end_ms) - run.before(start_ms)

    def working_minutes(self, start_ms: int, end_ms: int) -> int:
        """`working_ms` in whole minutes, rounded down."""
        return self.working_ms(start_ms, end_ms) // MINUTE_MS

    def add_working_days(self, start_ms: int, days: int) -> int:
        """Close of business of the n-th working day after the day of `start_ms`.

        The day on which a period begins is not counted, and its last day ends when business does
        (民法典 第二百零一条、第二百零三条; 行政许可法 第八十二条: working days, no statutory
        holidays). 0: of that day itself, or of the next working day when it is off. Negative: of
        the n-th working day before.
        """
        day, left, step = self.day_of(start_ms), abs(days), DAY if days >= 0 else -DAY
        while left:
            day += step
            left -= self.is_working_day(day)
        return self._close_of(self._working_from(day))

    def add_days(self, start_ms: int, days: int) -> int:
        """24:00 of the n-th day after the day of `start_ms`, of the next working day when that one
        is off (民法典 第二百零一条、第二百零三条)."""
        day = self._working_from(self.day_of(start_ms) + DAY * days)
        return _moment(day + DAY, 0, ZoneInfo(self.zone))

    def _working_from(self, day: date) -> date:
        while not self.is_working_day(day):
            day += DAY
        return day

    def _close_of(self, day: date) -> int:
        return _moment(day, self.hours_on(day).windows[-1][1], ZoneInfo(self.zone))

    def unverified(self, start_ms: int, end_ms: int) -> tuple[str, ...]:
        """One sentence a year or set of hours from start to end that is not verified."""
        first, last = self.day_of(start_ms), self.day_of(end_ms)
        said = [
            f"{year} 年的节假日安排未核实（{self.years[year].source}）"
            for year in range(first.year, last.year + 1)
            if year in self.years and not self.years[year].verified
        ]
        said += [f"办公时间未核实（{row.source}）" for row in self._doubtful(first, last)]
        return tuple(said)

    def _doubtful(self, first: date, last: date) -> list[Hours]:
        return [
            row
            for row in self.hours
            if not row.verified
            and (row.first is None or row.first <= last)
            and (row.last is None or first <= row.last)
        ]


@dataclass(frozen=True)
class AlwaysOpen:
    """全天候: every minute counts, every civil day is a working day, every year is known."""

    code: str = "always"
    zone: str = CIVIL_ZONE
    title: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))

    def add_working_ms(self, start_ms: int, working_ms: int) -> int:
        """That much later (earlier when negative)."""
        return start_ms + working_ms

    def add_working_minutes(self, start_ms: int, minutes: int) -> int:
        """`minutes` later (earlier when negative)."""
        return start_ms + minutes * MINUTE_MS

    def working_ms(self, start_ms: int, end_ms: int) -> int:
        """The time between; 0 where the end is not later."""
        return max(0, end_ms - start_ms)

    def working_minutes(self, start_ms: int, end_ms: int) -> int:
        """`working_ms` in whole minutes, rounded down."""
        return self.working_ms(start_ms, end_ms) // MINUTE_MS

    def day_of(self, at_ms: int) -> date:
        """The civil day of a moment."""
        return datetime.fromtimestamp(at_ms / 1000, ZoneInfo(self.zone)).date()

    def add_working_days(self, start_ms: int, days: int) -> int:
        """24:00 of the n-th day after the day of `start_ms` (民法典 第二百零三条)."""
        return _moment(self.day_of(start_ms) + DAY * (days + 1), 0, ZoneInfo(self.zone))

    def add_days(self, start_ms: int, days: int) -> int:
        """The same: no day is off."""
        return self.add_working_days(start_ms, days)

    def unverified(self, start_ms: int, end_ms: int) -> tuple[str, ...]:
        """Nothing: there is no notice to verify."""
        return ()


class _Run:
    """Windows of consecutive known years, with the working time before each. Log n to ask."""

    __slots__ = ("_before", "_done", "_ends", "_starts", "begin", "end", "first", "last", "total")

    def __init__(
        self, first: int, last: int, begin: int, end: int, windows: Sequence[tuple[int, int]]
    ) -> None:
        self.first, self.last, self.begin, self.end = first, last, begin, end
        self._starts = [opens for opens, _ in windows]
        self._ends = [closes for _, closes in windows]
        self._before: list[int] = []
        self._done: list[int] = []
        passed = 0
        for opens, closes in windows:
            self._before.append(passed)
            passed += closes - opens
            self._done.append(passed)
        self.total = passed

    def before(self, at_ms: int) -> int:
        """Working time of this run before `at_ms`."""
        index = bisect_right(self._starts, at_ms) - 1
        if index < 0:
            return 0
        return self._before[index] + min(at_ms, self._ends[index]) - self._starts[index]

    def earliest(self, passed: int) -> int:
        """The first moment before which `passed` of working time lies; passed > 0."""
        index = bisect_left(self._done, passed)
        return self._starts[index] + passed - self._before[index]

    def latest(self, passed: int) -> int:
        """The last moment before which no more than `passed` lies; passed < total."""
        index = bisect_right(self._before, passed) - 1
        return self._starts[index] + passed - self._before[index]


def _moment(day: date, minute: int, zone: ZoneInfo) -> int:
    """Milliseconds of a wall-clock minute of a civil day; 1440 is the next midnight."""
    day, minute = (day + DAY, 0) if minute == 24 * 60 else (day, minute)
    wall = datetime.combine(day, time(minute // 60, minute % 60), zone)
    return int(wall.timestamp()) * 1000


def _year_unknown(code: str, year: int, known: Iterable[int]) -> CalendarError:
    have = "、".join(str(found) for found in sorted(known)) or "无"
    return CalendarError(
        "CAL-YEAR",
        f"工作日历 {code} 没有 {year} 年的节假日安排（已有：{have}），不能推算期限。",
        f"按国务院办公厅 {year} 年部分节假日安排的通知补一个文件，放入日历文件夹或在设置中指定。",
        409,
    )
