"""Festivals that move prices: 春节, 端午 and 中秋 by the lunar calendar, 国庆 by the civil one.

The first days of the lunar year are typed facts: computed from the Chinese lunar calendar and
checked against the notices of the State Council on public holidays (2015–2018, 2025, 2026). A test
holds them against `lunar` where both reach.
Pure: no clock, no files.
"""

from __future__ import annotations

import datetime as dt
from functools import lru_cache

from ortoo.algorithms.seasonal.windows import Window
from ortoo.domains.market import lunar
from ortoo.domains.market.lunar import LunarDay

FIRST_YEAR = 1960
_SPRING = """
    0128 0215 0205 0125 0213 0202 0121 0209 0130 0217
    0206 0127 0215 0203 0123 0211 0131 0218 0207 0128
    0216 0205 0125 0213 0202 0220 0209 0129 0217 0206
    0127 0215 0204 0123 0210 0131 0219 0207 0128 0216
    0205 0124 0212 0201 0122 0209 0129 0218 0207 0126
    0214 0203 0123 0210 0131 0219 0208 0128 0216 0205
    0125 0212 0201 0122 0210 0129 0217 0206 0126 0213
    0203 0123 0211 0131 0219 0208 0128 0215 0204 0124
    0212 0201 0122 0210 0130 0217 0206 0126 0214 0202
    0123
"""
"""Month and day of 正月初一 of every year from 1960 to 2050."""

BEFORE, DURING, AFTER = "春节前", "春节期间", "春节后"
SPRING_FIRST, SPRING_LAST = -20, 26
"""Days from 正月初一 within which the festival is felt: 春节前 −20…−1, 期间 0…6, 后 7…26."""
DRAGON_BOAT, MID_AUTUMN, NATIONAL_DAY = "端午", "中秋", "国庆"


@lru_cache(maxsize=1)
def spring_festivals() -> dict[int, dt.date]:
    """Civil year → 正月初一, 1960–2050."""
    return {
        year: dt.date(year, int(text[:2]), int(text[2:]))
        for year, text in enumerate(_SPRING.split(), FIRST_YEAR)
    }


@lru_cache(maxsize=1)
def lunar_festivals() -> dict[str, tuple[dt.date, ...]]:
    """端午 (五月初五) and 中秋 (八月十五) of every year the lunar table holds, in order."""
    years = range(lunar.FIRST.year, lunar.LAST.year)
    return {
        DRAGON_BOAT: tuple(lunar.civil(LunarDay(year, 5, False, 5)) for year in years),
        MID_AUTUMN: tuple(lunar.civil(LunarDay(year, 8, False, 15)) for year in years),
    }


@lru_cache(maxsize=2)
def windows(*, options: bool = True) -> tuple[Window, ...]:
    """Windows for seasonal adjustment: three about 春节; 端午, 中秋 and 国庆 to be tried beside.

    国庆 stands on a fixed date: it is a narrow part of the season, of use for weeks and days.
    """
    spring = tuple(day.toordinal() for day in spring_festivals().values())
    found = [
        Window(BEFORE, SPRING_FIRST, -1, spring),
        Window(DURING, 0, 6, spring),
        Window(AFTER, 7, SPRING_LAST, spring),
    ]
    if options:
        dragon, autumn = (
            tuple(day.toordinal() for day in days) for days in lunar_festivals().values()
        )
        october = tuple(dt.date(year, 10, 1).toordinal() for year in spring_festivals())
        found += [
            Window(DRAGON_BOAT, -7, 2, dragon, optional=True),
            Window(MID_AUTUMN, -10, 2, autumn, optional=True),
            Window(NATIONAL_DAY, -3, 6, october, optional=True, fixed=True),
        ]
    return tuple(found)


def nearest_spring(day: dt.date) -> dt.date | None:
    """The 正月初一 nearest to a day; None off the table."""
    table = spring_festivals()
    near = [table[year] for year in (day.year - 1, day.year, day.year + 1) if year in table]
    return min(near, key=lambda one: abs((one - day).days), default=None)
