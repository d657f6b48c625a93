"""The typed festivals against the lunar table and the published dates."""

from __future__ import annotations

import csv
import datetime as dt
import os
from pathlib import Path

import pytest

from ortoo.domains.market import lunar
from ortoo.domains.market.seasonal import festivals

SHARED = Path(os.environ.get("ORTOO_SHARED", Path(__file__).resolve().parents[7] / "shared"))


def test_every_year_from_1960_to_2050_has_its_first_day_of_the_lunar_year() -> None:
    found = festivals.spring_festivals()
    assert list(found) == list(range(1960, 2051))
    assert all(dt.date(y, 1, 21) <= day <= dt.date(y, 2, 20) for y, day in found.items())
    assert found[2026] == dt.date(2026, 2, 17)


def test_the_first_days_agree_with_the_lunar_table() -> None:
    for year in range(lunar.FIRST.year, lunar.LAST.year):
        assert lunar.label(festivals.spring_festivals()[year]) == "正月初一"


def test_the_first_days_equal_the_published_ones() -> None:
    source = SHARED / "data" / "market" / "cny_dates_1960_2050.csv"
    if not source.exists():
        pytest.skip("the published dates of the Spring Festival are not beside the checkout")
    with source.open(encoding="utf-8") as lines:
        published = {int(row["year"]): row["cny_date"] for row in csv.DictReader(lines)}
    typed = {year: day.isoformat() for year, day in festivals.spring_festivals().items()}
    assert typed == published


def test_dragon_boat_and_mid_autumn_are_on_their_lunar_days() -> None:
    found = festivals.lunar_festivals()
    assert all(lunar.label(day) == "五月初五" for day in found[festivals.DRAGON_BOAT])
    assert all(lunar.label(day) == "八月十五" for day in found[festivals.MID_AUTUMN])
    assert dt.date(2026, 9, 25) in found[festivals.MID_AUTUMN]


def test_the_three_windows_about_spring_festival_join_without_a_gap() -> None:
    before, during, after = festivals.windows(options=False)
    assert (before.first, before.last) == (-20, -1)
    assert (during.first, during.last) == (0, 6)
    assert (after.first, after.last) == (7, 26)


@pytest.mark.parametrize(
    ("day", "nearest"), [((2026, 1, 1), 2026), ((2025, 12, 31), 2026), ((2026, 7, 1), 2026)]
)
def test_the_nearest_first_day_is_the_nearest_whatever_the_year(
    day: tuple[int, int, int], nearest: int
) -> None:
    found = festivals.nearest_spring(dt.date(*day))
    assert found == festivals.spring_festivals()[nearest]


def test_a_day_off_the_table_has_no_nearest_first_day() -> None:
    assert festivals.nearest_spring(dt.date(1900, 1, 1)) is None
