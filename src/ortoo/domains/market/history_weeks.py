"""Week labels as bureaus write them: 2023年第10周, 3月6日—12日, 3.6-3.12, 3月第二周, 2023-03-06.

A label gives a span of seven days, or names a week by its number or by one of its days; then the
first weekday is the reader's choice: as the form had it then, Monday, or Saturday. Pure.
"""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from dataclasses import dataclass
from typing import Literal

from ortoo.kernel.forms.definition import Form, FormError
from ortoo.kernel.forms.periods import Period, type_on, week

WeekStart = Literal["form", "monday", "saturday"]
STARTS: dict[WeekStart, str] = {
    "form": "按表式（2025年起周六至周五，此前周一至周日）",
    "monday": "周一至周日",
    "saturday": "周六至周五",
}
_DAY = r"(\d{1,2})[月./-](\d{1,2})日?"
_YEAR = r"(?:(\d{4})[年./-])?"
_TO = r"(?:-{1,2}|—{1,2}|–|~|至|到)"
_RANGE = re.compile(rf"(?<!\d){_YEAR}{_DAY}{_TO}{_YEAR}(?:(\d{{1,2}})[月./-])?(\d{{1,2}})日?(?!\d)")
_OF_MONTH = re.compile(r"(\d{1,2})月份?第?([1-6一二三四五六])周")
_NUMBER = re.compile(r"第?(?<![\d月])(\d{1,2}|[一二三四五六七八九十]{1,3})周")
_DATE = re.compile(r"(?<!\d)(\d{4})[年./-](\d{1,2})[月./-](\d{1,2})日?(?!\d)")
_ANY_YEAR = re.compile(r"(?<!\d)(20\d{2})(?!\d)")
_DIGITS = {"一": 1, "二": 2, "三": 3, "四": 4, "五": 5, "六": 6, "七": 7, "八": 8, "九": 9}
_WEEK = dt.timedelta(days=7)


class WeekError(ValueError):
    """A label that looks like a week and is none; code WEEK-…"""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code, self.message = code, message


@dataclass(frozen=True, slots=True)
class Label:
    """A week as read: `stated` False where its year was not in the label itself."""

    period: Period
    stated: bool


def year_in(text: str) -> int | None:
    """The first year named in a title or a sheet's name."""
    found = _ANY_YEAR.search(unicodedata.normalize("NFKC", text))
    return int(found[1]) if found else None


def looks_like_week(text: str) -> bool:
    """Whether a cell is a week label at all, whatever its year."""
    plain = _plain(text)
    patterns = (_RANGE, _OF_MONTH, _NUMBER, _DATE)
    return bool(plain) and any(pattern.search(plain) for pattern in patterns)


def read_week(text: str, form: Form, *, year: int | None, start: WeekStart) -> Label | None:
    """The week a label names, None for no label. Raises WeekError WEEK-YEAR, -SPAN, -DATE.

    `year`: of the sheet, for labels that do not say theirs.
    """
    plain = _plain(text)
    said = year_in(plain)
    use = said if said is not None else year
    try:
        if found := _RANGE.search(plain):
            return Label(_range(found, use, plain), said is not None)
        if found := _DATE.search(plain):
            day = dt.date(int(found[1]), int(found[2]), int(found[3]))
            return Label(_holding(day, form, start), True)
        if found := _OF_MONTH.search(plain):
            return Label(_of_month(found, _known(use, text), form, start), said is not None)
        if found := _NUMBER.search(plain):
            number = _number(found[1])
            return Label(_numbered(_known(use, text), number, form, start), said is not None)
    except ValueError as error:
        if isinstance(error, WeekError):
            raise
        raise WeekError("WEEK-DATE", f"“{text[:30]}”不是有效的日期") from error
    return None


def _plain(text: str) -> str:
    return re.sub(r"\s", "", unicodedata.normalize("NFKC", text))[:60]


def _known(year: int | None, text: str) -> int:
    if year is None:
        raise WeekError("WEEK-YEAR", f"“{text[:30]}”没有年份，工作表名和标题里也没有")
    return year


def _range(found: re.Match[str], year: int | None, plain: str) -> Period:
    start_month, end_month = int(found[2]), int(found[5] or found[2])
    begin = int(found[1]) if found[1] else _known(year, plain)
    number = _NUMBER.search(plain)
    if number and _number(number[1]) == 1 and start_month == 12 and not found[1]:
        begin -= 1  # 2024年第1周（12月30日—1月5日）
    first = dt.date(begin, start_month, int(found[3]))
    after = begin + (1 if end_month < start_month else 0)
    last = dt.date(int(found[4]) if found[4] else after, end_month, int(found[6]))
    if (last - first).days != 6:
        days = (last - first).days + 1
        raise WeekError("WEEK-SPAN", f"“{plain[:30]}”是 {days} 天，不是一周")
    return week(first)


def _weekday(day: dt.date, form: Form, start: WeekStart) -> int:
    if start == "form":
        try:
            return type_on(form, day).weekday
        except FormError:
            return 0
    return 0 if start == "monday" else 5


def _holding(day: dt.date, form: Form, start: WeekStart) -> Period:
    weekday = _weekday(day, form, start)
    return week(day - dt.timedelta(days=(day.weekday() - weekday) % 7))


def _numbered(year: int, number: int, form: Form, start: WeekStart) -> Period:
    """The week whose fourth day lies in that ISO week, as periods are numbered."""
    weekday = _weekday(dt.date.fromisocalendar(year, number, 4), form, start)
    fourth = dt.date.fromisocalendar(year, number, (weekday + 3) % 7 + 1)
    return week(fourth - dt.timedelta(days=3))


def _of_month(found: re.Match[str], year: int, form: Form, start: WeekStart) -> Period:
    """The n-th week whose fourth day falls into the month."""
    first = dt.date(year, int(found[1]), 1)
    period = _holding(first, form, start)
    if period.start + dt.timedelta(days=3) < first:
        period = week(period.start + _WEEK)
    return week(period.start + (_number(found[2]) - 1) * _WEEK)


def _number(text: str) -> int:
    """1–53, in digits or in Chinese."""
    if text.isdigit():
        return int(text)
    tens, ten, ones = text.partition("十")
    if not ten:
        return _DIGITS.get(text, 0)
    return (_DIGITS[tens] if tens else 1) * 10 + (_DIGITS[ones] if ones else 0)
