"""Dates of the simulated region."""

from __future__ import annotations

import csv
import datetime as dt
import os
from pathlib import Path

import numpy as np
import pytest

from ortoo.world import WorldError, calendar


def _shared() -> Path | None:
    beside = Path(__file__).resolve().parents[5] / "shared"
    root = Path(os.environ.get("ORTOO_SHARED", str(beside)))
    return root if root.is_dir() else None


def test_spring_festival_of_known_years() -> None:
    assert calendar.spring_festival(2018) == dt.date(2018, 2, 16)
    assert calendar.spring_festival(2026) == dt.date(2026, 2, 17)


def test_every_typed_festival_falls_between_21_january_and_20_february() -> None:
    for year, day in calendar.spring_festivals().items():
        assert day.year == year
        assert dt.date(year, 1, 21) <= day <= dt.date(year, 2, 20)
    assert set(range(2015, 2031)) <= set(calendar.spring_festivals())


def test_typed_festivals_agree_with_the_shared_table() -> None:
    shared = _shared()
    if shared is None:
        pytest.skip("shared data not here (set ORTOO_SHARED)")
    with (shared / "data/market/cny_dates_1960_2050.csv").open() as stream:
        known = {int(row["year"]): row["cny_date"] for row in csv.DictReader(stream)}
    for year, day in calendar.spring_festivals().items():
        assert known[year] == day.isoformat()


def test_an_untyped_year_is_refused_with_its_remedy() -> None:
    with pytest.raises(WorldError, match=r"WORLD-CALENDAR.*calendar\.toml"):
        calendar.spring_festival(1999)
    with pytest.raises(WorldError, match="2027 年调休安排尚未录入"):
        calendar.make_up_days(2027)


def test_the_lunar_twin_keeps_its_distance_from_the_festival() -> None:
    eve = dt.date(2026, 2, 16)
    assert calendar.days_from_festival(eve) == -1
    assert calendar.lunar_twin(eve) == dt.date(2025, 1, 28)
    for days in range(-56, 57):
        day = calendar.spring_festival(2024) + dt.timedelta(days=days)
        twin = calendar.lunar_twin(day)
        assert calendar.days_from_festival(twin) == days


def test_make_up_days_are_weekend_days_of_their_year() -> None:
    for year in range(2015, 2027):
        for made in calendar.make_up_days(year):
            assert made.on.year == year
            assert made.on.weekday() >= 5, made
            assert made.mark in ("SEEN", "REMEMBERED")


def test_the_saturday_that_opened_a_reporting_week_was_worked() -> None:
    assert calendar.is_working_day(dt.date(2025, 10, 11))
    assert not calendar.is_working_day(dt.date(2025, 10, 18))


def test_no_regional_holiday_is_invented() -> None:
    assert calendar.regional_holidays() == ((), False)


def test_festival_offsets_agree_with_the_single_day_function() -> None:
    start = dt.date(2025, 1, 1)
    offsets = calendar.festival_offsets(start, 400)
    single = [calendar.days_from_festival(start + dt.timedelta(days=step)) for step in range(400)]
    assert np.array_equal(offsets, single)
