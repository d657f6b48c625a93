"""Chinese calendar 农历 dates for 2014–2035: which day of which month a day is, and its twin.

The table is typed facts: for each lunar year its first day, its leap month, and the length of each
month in order (L 30 days, s 29). It was computed from new moons and principal terms (J. Meeus,
Astronomical Algorithms, chapters 25 and 49) at UTC+8 under the rules of GB/T 33661-2017
《农历的编算和颁行》; every first day agrees with the published dates of 春节, which a test
holds it against.
Pure: no clock, no files.
"""

from __future__ import annotations

import datetime as dt
from bisect import bisect_right
from dataclasses import dataclass

_YEARS: tuple[tuple[int, int, int, int, str], ...] = (
    # year, month and day of 正月初一, leap month (0 none; the 闰月 follows that month), lengths
    (2014, 1, 31, 9, "sLsLsLsLLsLsL"),
    (2015, 2, 19, 0, "sLssLsLLLsLs"),
    (2016, 2, 8, 0, "LsLssLsLLsLL"),
    (2017, 1, 28, 6, "sLsLssLsLsLLL"),
    (2018, 2, 16, 0, "sLsLssLsLsLL"),
    (2019, 2, 5, 0, "LsLsLssLssLL"),
    (2020, 1, 25, 4, "sLLLsLssLsLsL"),
    (2021, 2, 12, 0, "sLLsLsLsLsLs"),
    (2022, 2, 1, 0, "LsLsLLsLsLsL"),
    (2023, 1, 22, 2, "sLssLLsLLsLsL"),
    (2024, 2, 10, 0, "sLssLsLLsLLs"),
    (2025, 1, 29, 6, "LsLssLsLsLLLs"),
    (2026, 2, 17, 0, "LsLssLssLLLs"),
    (2027, 2, 6, 0, "LLsLssLssLLs"),
    (2028, 1, 26, 5, "LLLsLssLssLLs"),
    (2029, 2, 13, 0, "LLsLsLsLssLL"),
    (2030, 2, 3, 0, "sLsLLsLsLsLs"),
    (2031, 1, 23, 3, "sLLsLsLLsLsLs"),
    (2032, 2, 11, 0, "LssLsLLsLLsL"),
    (2033, 1, 31, 11, "sLssLsLsLLLsL"),
    (2034, 2, 19, 0, "sLssLsLsLLsL"),
    (2035, 2, 8, 0, "LsLssLssLLsL"),
)
_MONTHS = "正二三四五六七八九十"
_DIGITS = "一二三四五六七八九十"
_DAY = dt.timedelta(days=1)


class LunarError(ValueError):
    """A day or a lunar date the table does not hold."""


@dataclass(frozen=True, slots=True, order=True)
class LunarDay:
    """A lunar date. `year` is the civil year in which that lunar year began; a 闰月 has `leap`."""

    year: int
    month: int
    leap: bool
    day: int

    @property
    def label_zh(self) -> str:
        """«正月初三», «闰六月廿九», «腊月三十»."""
        return ("闰" if self.leap else "") + month_zh(self.month) + day_zh(self.day)


@dataclass(frozen=True, slots=True)
class _Month:
    start: dt.date
    year: int
    month: int
    leap: bool
    days: int


def _months() -> tuple[_Month, ...]:
    found = []
    for year, month, day, leap, lengths in _YEARS:
        start = dt.date(year, month, day)
        for place, sign in enumerate(lengths, 1):
            is_leap = bool(leap) and place == leap + 1
            number = place - 1 if leap and place > leap else place
            days = 30 if sign == "L" else 29
            found.append(_Month(start, year, number, is_leap, days))
            start += days * _DAY
    return tuple(found)


_TABLE = _months()
_STARTS = tuple(one.start for one in _TABLE)
_BY_NAME = {(one.year, one.month, one.leap): one for one in _TABLE}
FIRST, LAST = _TABLE[0].start, _TABLE[-1].start + (_TABLE[-1].days - 1) * _DAY


def month_zh(month: int) -> str:
    """The month's name: 正月 … 十月, 冬月, 腊月."""
    return {11: "冬月", 12: "腊月"}.get(month) or f"{_MONTHS[month - 1]}月"


def day_zh(day: int) -> str:
    """The day's name: 初一 … 三十."""
    if day in (20, 30):
        return "二十" if day == 20 else "三十"
    return "初十廿"[(day - 1) // 10] + _DIGITS[(day - 1) % 10]


def lunar(day: dt.date) -> LunarDay:
    """The lunar date of a civil day. LunarError outside 2014-01-31 … 2036-01-27."""
    if not FIRST <= day <= LAST:
        raise LunarError(f"农历表只到 {FIRST}—{LAST}，没有 {day}")
    month = _TABLE[bisect_right(_STARTS, day) - 1]
    return LunarDay(month.year, month.month, month.leap, (day - month.start).days + 1)


def civil(found: LunarDay) -> dt.date:
    """The civil day of a lunar date. LunarError where that year has no such month or day."""
    month = _BY_NAME.get((found.year, found.month, found.leap))
    if month is None or not 1 <= found.day <= month.days:
        raise LunarError(f"农历 {found.year} 年没有{found.label_zh}")
    return month.start + (found.day - 1) * _DAY


def same_lunar_day(day: dt.date, year: int) -> dt.date:
    """农历同期: the civil day with the same lunar month and day in lunar year `year`.

    正月初N stands against 正月初N, 腊月廿八 against 腊月廿八. A day of a 闰月 stands against the
    ordinary month of the same number where `year` has not the same 闰月 (an ordinary month never
    against a 闰月); a 三十 in a month of 29 days against its last day. LunarError off the table.
    """
    found = lunar(day)
    month = _BY_NAME.get((year, found.month, found.leap)) or _BY_NAME.get(
        (year, found.month, False)
    )
    if month is None:
        raise LunarError(f"农历表没有 {year} 年")
    return month.start + (min(found.day, month.days) - 1) * _DAY


def last_lunar_year(day: dt.date) -> dt.date | None:
    """去年农历同期 of a civil day; None where the table does not reach."""
    try:
        return same_lunar_day(day, lunar(day).year - 1)
    except LunarError:
        return None


def label(day: dt.date) -> str:
    """«正月初三», or "" outside the table."""
    try:
        return lunar(day).label_zh
    except LunarError:
        return ""
