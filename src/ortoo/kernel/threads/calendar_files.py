"""Working-day calendars as files: one TOML a country and years, one more for each new notice.

A calendar file has `calendar`, `title`, `weekend`, `[[hours]]`, `[[years]]`; a notice 通知 has
only `calendar` and `[[years]]` and adds its year to the calendar of that code. Faults are
`CalendarError`: CAL-READ, CAL-KEY, CAL-VALUE, CAL-DAY, CAL-HOURS, CAL-TWICE, CAL-UNKNOWN.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeAlias

from ortoo.kernel.threads.workdays import (
    CIVIL_ZONE,
    AlwaysOpen,
    CalendarError,
    Holiday,
    Hours,
    OfficeCalendar,
    Year,
)

WorkingTime: TypeAlias = OfficeCalendar | AlwaysOpen
SHIPPED = Path(__file__).with_name("calendars")
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_FILE_KEYS = {"calendar", "title", "weekend", "always", "hours", "years"}
_YEAR_KEYS = {"year", "source", "verified", "holidays", "work"}
_HOURS_KEYS = {"office", "windows", "source", "verified", "from", "to"}
_WINDOW = re.compile(r"([01]\d|2[0-4]):([0-5]\d)-([01]\d|2[0-4]):([0-5]\d)")


@dataclass(frozen=True, slots=True)
class Notice:
    """One file read: a whole calendar, or one or more years for one that stands elsewhere."""

    calendar: str
    years: tuple[Year, ...]
    hours: tuple[Hours, ...] = ()
    weekend: frozenset[int] | None = None
    always: bool = False
    title: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    name: str = ""

    @property
    def whole(self) -> bool:
        """Whether it says what a calendar is, and not only what one year brings."""
        return self.always or self.weekend is not None

    def unverified(self) -> tuple[str, ...]:
        """What in this file nobody has verified, as sentences."""
        years = [
            f"{row.year} 年的节假日安排未核实：{row.source}"
            for row in self.years
            if not row.verified
        ]
        hours = [
            f"办公时间（{row.office or '默认'}）未核实：{row.source}"
            for row in self.hours
            if not row.verified
        ]
        return (*years, *hours)


class Calendars:
    """Every calendar that was read, by code. Immutable; `with_notice` gives a new one."""

    def __init__(self, notices: Iterable[Notice], zone: str = CIVIL_ZONE) -> None:
        self._notices = tuple(notices)
        self.zone = zone
        self._heads = {notice.calendar: notice for notice in self._whole()}
        self._years: dict[str, dict[int, Year]] = {code: {} for code in self._heads}
        for notice in self._notices:
            if notice.calendar not in self._heads:
                raise _error("CAL-UNKNOWN", notice.name, f"没有日历“{notice.calendar}”", "核对代码")
            for year in notice.years:
                if year.year in self._years[notice.calendar]:
                    raise _error("CAL-TWICE", notice.name, f"{year.year} 年写了两次", "只留一处")
                self._years[notice.calendar][year.year] = year
        self._built: dict[str, WorkingTime] = {}

    def _whole(self) -> Iterator[Notice]:
        seen: set[str] = set()
        for notice in self._notices:
            if notice.whole:
                if notice.calendar in seen:
                    raise _error("CAL-TWICE", notice.name, "这个日历写了两次", "合并")
                seen.add(notice.calendar)
                yield notice

    def __contains__(self, code: object) -> bool:
        head, _, office = str(code).partition("/")
        found = self._heads.get(head)
        return found is not None and (not office or any(h.office == office for h in found.hours))

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(self._heads))

    def __getitem__(self, code: str) -> WorkingTime:
        """`CN` with the default hours, `CN/customs` with an office's own; CAL-UNKNOWN."""
        if code not in self._built:
            self._built[code] = self._build(code)
        return self._built[code]

    def get(self, code: str) -> WorkingTime | None:
        """The calendar, or None where there is none of that code."""
        return self[code] if code in self else None  # noqa: SIM401  this is that method

    def years_of(self, code: str) -> tuple[Year, ...]:
        """The years a calendar knows, oldest first."""
        years = self._years.get(code.partition("/")[0], {})
        return tuple(years[year] for year in sorted(years))

    def unverified(self) -> dict[str, tuple[str, ...]]:
        """Calendar → sentences on what is not verified in it."""
        said: dict[str, tuple[str, ...]] = {}
        for notice in self._notices:
            if doubts := notice.unverified():
                said[notice.calendar] = (*said.get(notice.calendar, ()), *doubts)
        return said

    def with_notice(self, notice: Notice) -> Calendars:
        """The same calendars and one notice more."""
        return Calendars((*self._notices, notice), self.zone)

    def _build(self, code: str) -> WorkingTime:
        if code not in self:
            have = "、".join(self)
            raise _error("CAL-UNKNOWN", code, f"没有工作日历“{code}”", f"可用：{have}")
        plain, _, office = code.partition("/")
        head = self._heads[plain]
        if head.always:
            return AlwaysOpen(plain, self.zone, head.title)
        hours = tuple(row for row in head.hours if row.office == office)
        years = MappingProxyType(self._years[plain])
        weekend = head.weekend or frozenset()
        return OfficeCalendar(code, years, hours, weekend, self.zone, head.title)


def read_calendars(paths: Iterable[Path] = (SHIPPED,), *, zone: str = CIVIL_ZONE) -> Calendars:
    """All calendars of the files, and of every *.toml in the folders, for one civil time zone."""
    files = [
        file
        for path in paths
        for file in (sorted(path.glob("*.toml")) if path.is_dir() else [path])
    ]
    return Calendars((load_notice(file) for file in dict.fromkeys(files)), zone)


def active_calendars() -> Calendars:
    """The shipped calendars and those of settings.WORK_CALENDARS, in the place pack's time zone."""
    from django.conf import settings

    from ortoo.kernel.places.active import active_pack

    more = tuple(Path(path) for path in getattr(settings, "WORK_CALENDARS", ()))
    return _kept((SHIPPED, *more), active_pack().head.time_zone)


def calendar_of(code: str, place: str) -> WorkingTime | None:
    """The calendar of a procedure at a place: with the hours of the office that bears the place's
    code where the file has such, else with the default ones; None where there is no such calendar.
    """
    calendars = active_calendars()
    return (calendars.get(f"{code}/{place}") if place else None) or calendars.get(code)


@lru_cache(maxsize=8)
def _kept(paths: tuple[Path, ...], zone: str) -> Calendars:
    return read_calendars(paths, zone=zone)


def load_notice(path: Path) -> Notice:
    """One calendar file or one year's notice, checked."""
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as fault:
        raise _error("CAL-READ", path.name, f"读不懂：{fault}", "改正写法或编码") from fault
    return replace(parse_notice(data, path.name), name=path.name)


def parse_notice(data: Mapping[str, Any], name: str = "") -> Notice:
    """The same from a mapping; `name` is used in messages."""
    _keys(name, data, _FILE_KEYS, {"calendar"})
    weekend = _weekend(name, data["weekend"]) if "weekend" in data else None
    years = tuple(_year(name, row, weekend) for row in data.get("years", ()))
    hours = tuple(_hours(name, row) for row in data.get("hours", ()))
    always = data.get("always", False) is True
    if weekend is not None and not hours:
        raise _error("CAL-HOURS", name, "没有办公时间", "写 [[hours]]，默认的 office 为空")
    if always and (weekend is not None or hours or years):
        raise _error("CAL-VALUE", name, "always 的日历不写周末、年份和办公时间", "删去其一")
    if weekend is None and not always and (hours or not years):
        raise _error("CAL-KEY", name, "既不是日历（缺 weekend）也不是年度通知", "补 weekend")
    title = MappingProxyType(dict(data.get("title", {})))
    return Notice(str(data["calendar"]), years, hours, weekend, always, title, name)


def _weekend(name: str, given: object) -> frozenset[int]:
    if not isinstance(given, list) or any(day not in WEEKDAYS for day in given):
        raise _error("CAL-VALUE", name, f"weekend 写错：{given}", f"用 {'、'.join(WEEKDAYS)}")
    return frozenset(WEEKDAYS.index(day) for day in given)


def _year(name: str, row: Mapping[str, Any], weekend: frozenset[int] | None) -> Year:
    _keys(name, row, _YEAR_KEYS, {"year", "source", "verified"})
    if not isinstance(row["year"], int) or not str(row["source"]).strip():
        raise _error("CAL-VALUE", name, "year 应为整数，source 不能为空", "补上通知的文号和日期")
    year = row["year"]
    holidays = tuple(_holiday(name, year, found) for found in row.get("holidays", ()))
    off = [day for holiday in holidays for day in holiday.days()]
    work = tuple(_in_year(name, year, day) for day in row.get("work", ()))
    if len(set(off)) != len(off) or len(set(work)) != len(work) or set(off) & set(work):
        raise _error("CAL-DAY", name, f"{year} 年有一天写了两次，或既放假又上班", "每天只写一次")
    for day in work:
        if day.weekday() not in (weekend or {5, 6}):
            raise _error("CAL-DAY", name, f"{day} 本来就是工作日，不是调休上班日", "核对通知")
    return Year(year, holidays, work, str(row["source"]), _flag(name, row["verified"]))


def _holiday(name: str, year: int, row: Mapping[str, Any]) -> Holiday:
    _keys(name, row, {"name", "from", "to"}, {"name", "from", "to"})
    first, last = _in_year(name, year, row["from"]), _in_year(name, year, row["to"])
    if last < first or last - first > timedelta(days=20):
        raise _error("CAL-DAY", name, f"“{row['name']}”的起止日期不对", "核对 from 和 to")
    return Holiday(str(row["name"]), first, last)


def _in_year(name: str, year: int, given: object) -> date:
    """A day of the year, or of the December before: 元旦's notice may reach back."""
    if not isinstance(given, date) or isinstance(given, datetime):
        raise _error("CAL-DAY", name, f"“{given}”不是日期", "写成 2026-10-01")
    if given.year != year and (given.year, given.month) != (year - 1, 12):
        raise _error("CAL-DAY", name, f"{given} 不在 {year} 年", "移到它那一年，或改正日期")
    return given


def _hours(name: str, row: Mapping[str, Any]) -> Hours:
    _keys(name, row, _HOURS_KEYS, {"office", "windows", "source", "verified"})
    windows = tuple(_window(name, text) for text in row["windows"])
    if not windows or any(later[0] < earlier[1] for earlier, later in pairwise(windows)):
        raise _error("CAL-HOURS", name, f"办公时间不成立：{row['windows']}", "按先后写，不重叠")
    first, last = row.get("from"), row.get("to")
    return Hours(
        str(row["office"]), windows, str(row["source"]), _flag(name, row["verified"]), first, last
    )


def _window(name: str, text: object) -> tuple[int, int]:
    found = _WINDOW.fullmatch(str(text))
    if found is None:
        raise _error("CAL-HOURS", name, f"“{text}”不是时段", "写成 08:30-12:00")
    numbers = [int(group) for group in found.groups()]
    opens, closes = numbers[0] * 60 + numbers[1], numbers[2] * 60 + numbers[3]
    if not opens < closes <= 24 * 60:
        raise _error("CAL-HOURS", name, f"“{text}”的起止不对", "止时晚于起时，最晚 24:00")
    return opens, closes


def _flag(name: str, given: object) -> bool:
    if not isinstance(given, bool):
        raise _error("CAL-VALUE", name, "verified 只写 true 或 false", "改正 verified")
    return given


def _keys(name: str, row: Mapping[str, Any], allowed: set[str], needed: set[str]) -> None:
    unknown, missing = sorted(set(row) - allowed), sorted(needed - set(row))
    if unknown or missing:
        what = f"多了 {'、'.join(unknown) or '无'}，缺 {'、'.join(missing) or '无'}"
        raise _error("CAL-KEY", name, what, f"可用的键：{'、'.join(sorted(allowed))}")


def _error(code: str, name: str, message: str, remedy: str) -> CalendarError:
    return CalendarError(code, f"{name}：{message}。" if name else f"{message}。", f"{remedy}。")
