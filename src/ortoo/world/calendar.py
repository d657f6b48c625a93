"""Dates the simulated region lives by: Spring Festival, lunar alignment, make-up working days.

Facts are typed in ``calendar.toml`` with their source and a SEEN/REMEMBERED mark.
"""

from __future__ import annotations

import datetime as dt
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ortoo.world.records import WorldError

_FILE = Path(__file__).with_name("calendar.toml")
_SATURDAY = 5


@dataclass(frozen=True, slots=True)
class MakeUpDay:
    """A weekend day that is a working day (调休上班), with the notice it rests on."""

    on: dt.date
    source: str
    mark: str


@cache
def _typed() -> dict[str, object]:
    with _FILE.open("rb") as stream:
        return tomllib.load(stream)


@cache
def spring_festivals() -> dict[int, dt.date]:
    """Year → 正月初一 of every typed year (2014–2031)."""
    table = _typed()["spring_festival"]
    assert isinstance(table, dict)
    return {day.year: day for day in table["dates"]}


def spring_festival(year: int) -> dt.date:
    """The first day of the lunar year that begins in Gregorian ``year``.

    Raises WorldError (``WORLD-CALENDAR``) when the year is not typed.
    """
    try:
        return spring_festivals()[year]
    except KeyError:
        raise WorldError(
            "WORLD-CALENDAR", f"春节日期表没有 {year} 年；请在 calendar.toml 补录并注明来源"
        ) from None


def days_from_festival(day: dt.date) -> int:
    """Days from the nearest Spring Festival: 0 is 正月初一, −1 is 除夕, 6 is 正月初七."""
    near = [day - spring_festival(year) for year in (day.year, day.year + 1, day.year - 1)
            if year in spring_festivals()]
    if not near:
        spring_festival(day.year)
    return min((gap.days for gap in near), key=abs)


def lunar_twin(day: dt.date, years_back: int = 1) -> dt.date:
    """农历同期: the day as far from Spring Festival ``years_back`` years ago as ``day`` is now.

    Exact within about eight weeks of the festival, where the lunar comparison is used;
    elsewhere a leap lunar month makes it a shifted Gregorian day and 同比 should be used.
    """
    offset = days_from_festival(day)
    festival = day - dt.timedelta(days=offset)
    return spring_festival(festival.year - years_back) + dt.timedelta(days=offset)


@cache
def make_up_days(year: int) -> tuple[MakeUpDay, ...]:
    """Weekend days worked in ``year``.

    Raises WorldError (``WORLD-CALENDAR``) when that year's notice is not typed: unknown is not
    the same as none.
    """
    tables = _typed()["make_up"]
    assert isinstance(tables, list)
    for table in tables:
        if table["year"] == year:
            return tuple(MakeUpDay(on, table["source"], table["mark"]) for on in table["days"])
    raise WorldError(
        "WORLD-CALENDAR", f"{year} 年调休安排尚未录入；请按当年国务院办公厅通知补录 calendar.toml"
    )


def is_working_day(day: dt.date) -> bool:
    """Monday–Friday, or a make-up day. Holidays proper are the kernel calendar's business."""
    return day.weekday() < _SATURDAY or any(made.on == day for made in make_up_days(day.year))


def regional_holidays() -> tuple[tuple[dt.date, ...], bool]:
    """The region's own days off, and whether anyone has verified them (none, not verified)."""
    table = _typed()["regional"]
    assert isinstance(table, dict)
    return tuple(table["days"]), bool(table["verified"])


def festival_offsets(start: dt.date, days: int) -> NDArray[np.int64]:
    """Days from the nearest Spring Festival, for ``days`` days from ``start``; [days]."""
    ordinals = np.arange(days, dtype=np.int64) + start.toordinal()
    feasts = np.array([day.toordinal() for day in spring_festivals().values()], dtype=np.int64)
    gaps = ordinals[:, None] - feasts[None, :]
    nearest = np.abs(gaps).argmin(axis=1)
    offsets: NDArray[np.int64] = gaps[np.arange(days), nearest]
    return offsets
