"""The typed calendar: pinned against published dates, and the twin of a day a year before."""

from __future__ import annotations

import csv
import datetime as dt
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ortoo.domains.market import lunar
from ortoo.domains.market.lunar import LunarDay, LunarError, civil, same_lunar_day

SHARED = Path(os.environ.get("ORTOO_SHARED", Path(__file__).resolve().parents[6] / "shared"))
DAYS = st.dates(lunar.FIRST, lunar.LAST)


@pytest.mark.parametrize(
    ("day", "words"),
    [
        ((2026, 2, 17), "正月初一"),
        ((2026, 2, 16), "腊月廿九"),
        ((2025, 1, 28), "腊月廿九"),
        ((2024, 2, 9), "腊月三十"),
        ((2025, 7, 25), "闰六月初一"),
        ((2026, 9, 25), "八月十五"),
        ((2026, 6, 19), "五月初五"),
        ((2027, 2, 6), "正月初一"),
        ((2033, 12, 22), "闰冬月初一"),
        ((2026, 3, 8), "正月二十"),
    ],
)
def test_known_days_have_their_published_lunar_names(day: tuple[int, int, int], words: str) -> None:
    assert lunar.label(dt.date(*day)) == words


def test_every_new_year_agrees_with_the_published_dates() -> None:
    source = SHARED / "data" / "market" / "cny_dates_1960_2050.csv"
    if not source.exists():
        pytest.skip("the published dates of the Spring Festival are not beside the checkout")
    with source.open(encoding="utf-8") as lines:
        published = {int(row["year"]): row["cny_date"] for row in csv.DictReader(lines)}
    for year in range(2014, 2036):
        assert civil(LunarDay(year, 1, False, 1)).isoformat() == published[year]
    last = lunar.LAST + dt.timedelta(days=1)
    assert last.isoformat() == published[2036]


@given(DAYS)
def test_a_day_and_its_lunar_name_are_one_to_one(day: dt.date) -> None:
    assert civil(lunar.lunar(day)) == day


@given(st.dates(dt.date(2016, 2, 8), lunar.LAST))
def test_the_twin_of_a_day_has_its_month_and_its_day_or_the_months_last(day: dt.date) -> None:
    here, twin = lunar.lunar(day), lunar.last_lunar_year(day)
    assert twin is not None
    there = lunar.lunar(twin)
    assert (there.year, there.month) == (here.year - 1, here.month)
    assert there.day == here.day or (here.day == 30 and there.day == 29)
    assert not there.leap or here.leap


def test_a_day_of_a_leap_month_stands_against_the_ordinary_month_of_its_number() -> None:
    leap = dt.date(2025, 8, 1)
    assert lunar.label(leap) == "闰六月初八"
    assert lunar.label(same_lunar_day(leap, 2024)) == "六月初八"
    assert lunar.label(same_lunar_day(leap, 2025)) == "闰六月初八"
    assert lunar.label(same_lunar_day(dt.date(2026, 7, 21), 2025)) == "六月初八"


def test_a_thirtieth_stands_against_the_last_day_of_a_short_month() -> None:
    eve = civil(LunarDay(2023, 12, False, 30))
    assert lunar.label(eve) == "腊月三十"
    assert same_lunar_day(eve, 2021) == dt.date(2022, 1, 31)
    assert lunar.label(dt.date(2022, 1, 31)) == "腊月廿九"


def test_a_day_off_the_table_is_refused_and_has_no_label() -> None:
    with pytest.raises(LunarError):
        lunar.lunar(dt.date(2040, 1, 1))
    assert lunar.label(dt.date(2040, 1, 1)) == ""
    assert lunar.last_lunar_year(dt.date(2014, 3, 1)) is None
