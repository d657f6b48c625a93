"""Festival windows: shares by hand, the calendar mean, and the published regressors."""

from __future__ import annotations

import csv
import datetime as dt
import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ortoo.algorithms.seasonal.distributions import chi2_tail, f_tail
from ortoo.algorithms.seasonal.series import Series
from ortoo.algorithms.seasonal.windows import Window, centred, occurrences, shares, spans
from ortoo.algorithms.seasonal.x13 import months

SHARED = Path(os.environ.get("ORTOO_SHARED", Path(__file__).resolve().parents[5] / "shared"))
MARKET = SHARED / "data" / "market"


def day(year: int, month: int, number: int) -> int:
    return dt.date(year, month, number).toordinal()


def weeks(first: int, count: int) -> tuple[np.ndarray, np.ndarray]:
    start = first + 7 * np.arange(count)
    return start, start + 6


FEAST = Window("feast", 0, 6, (day(2026, 2, 17),))


def test_a_window_is_shared_out_by_the_days_that_fall_in_each_week() -> None:
    start, end = weeks(day(2026, 2, 14), 2)
    assert shares(FEAST, start, end).tolist() == [4 / 7, 3 / 7]


@pytest.mark.parametrize(("first", "expected"), [(17, [1.0, 0.0]), (10, [0.0, 1.0])])
def test_a_festival_that_begins_on_a_weeks_first_day_lies_in_that_week_alone(
    first: int, expected: list[float]
) -> None:
    start, end = weeks(day(2026, 2, first), 2)
    assert shares(FEAST, start, end).tolist() == expected


def test_a_festival_on_a_months_last_day_is_split_between_the_months() -> None:
    window = Window("eve", -1, 1, (day(2025, 1, 31),))
    start, end = months(dt.date(2025, 1, 1), 2)
    assert shares(window, start, end) == pytest.approx([2 / 3, 1 / 3])


def test_a_centred_window_adds_up_to_nothing_over_the_years_of_its_table() -> None:
    anchors = tuple(day(2001 + at, 2, 1 + (11 * at) % 19) for at in range(8))
    window = Window("moving", -20, -1, anchors)
    start, end = months(dt.date(2001, 1, 1), 12 * 8)
    table = centred(window, start, end).reshape(8, 12)
    assert table.mean(axis=0) == pytest.approx(np.zeros(12), abs=1e-12)
    assert np.abs(table).max() > 0.2


def test_a_fixed_window_keeps_its_peak_and_adds_up_to_nothing_over_a_year() -> None:
    anchors = tuple(day(year, 10, 1) for year in range(2010, 2031))
    window = Window("october", 0, 6, anchors, fixed=True)
    start, end = months(dt.date(2012, 1, 1), 48)
    found = centred(window, start, end)
    assert found.argmax() % 12 == 9
    assert abs(found.sum()) < 0.01


def test_a_series_beyond_the_table_is_not_spanned_and_occurrences_are_counted() -> None:
    window = Window("w", 0, 6, tuple(day(year, 2, 5) for year in range(2020, 2027)))
    start, end = weeks(day(2022, 1, 1), 110)
    assert spans(window, start, end)
    assert not spans(window, *weeks(day(2027, 6, 1), 104))
    assert occurrences(window, start, end, np.ones(110, bool)) == 3
    known = np.ones(110, bool)
    known[:30] = False
    assert occurrences(window, start, end, known) == 2


def test_regressors_equal_the_published_ones_of_genhol() -> None:
    dates, published = (MARKET / name for name in (
        "cny_dates_1960_2050.csv", "cny_genhol_regressors_monthly.csv"))  # fmt: skip
    if not published.exists():
        pytest.skip("the published regressors are not beside the checkout")
    with dates.open(encoding="utf-8") as lines:
        anchors = tuple(dt.date.fromisoformat(row["cny_date"]).toordinal()
                        for row in csv.DictReader(lines))  # fmt: skip
    with published.open(encoding="utf-8") as lines:
        rows = list(csv.DictReader(lines))
    start, end = months(dt.date(1990, 1, 1), len(rows))
    for name, first, last in (("before20", -20, -1), ("during7", 0, 6), ("after20", 7, 26)):
        window = Window(name, first, last, anchors)
        for found, column in ((shares, "raw"), (centred, "centred")):
            expected = np.array([float(row[f"{name}_{column}"]) for row in rows])
            assert np.abs(found(window, start, end) - expected).max() < 1e-6


@given(st.integers(0, 6), st.integers(1, 60))
def test_what_falls_in_the_periods_adds_up_to_the_whole_window(shift: int, long: int) -> None:
    window = Window("w", -3, long, (day(2026, 2, 17),))
    start, end = weeks(day(2026, 1, 1) + shift, 40)
    assert shares(window, start, end).sum() == pytest.approx(1.0)


def test_tails_equal_the_printed_tables() -> None:
    assert f_tail(4.2565, 2, 9) == pytest.approx(0.05, abs=1e-4)
    assert f_tail(3.0556, 12, 8) == pytest.approx(0.0605603, abs=1e-6)
    assert chi2_tail(5.9915, 2) == pytest.approx(0.05, abs=1e-5)
    assert chi2_tail(37.566, 20) == pytest.approx(0.01, abs=1e-4)
    assert chi2_tail(32.5, 25) == pytest.approx(0.14404826, abs=1e-7)
    assert f_tail(0.0, 2, 9) == 1.0 and chi2_tail(-1.0, 3) == 1.0


def test_the_phase_of_a_week_is_that_of_its_middle_day_whatever_its_first_weekday() -> None:
    monday, saturday = weeks(day(2024, 12, 30), 60), weeks(day(2024, 12, 28), 60)
    one, other = (Series("week", *span, np.ones(60)).phase() for span in (monday, saturday))
    step = np.mod(one - other, 1.0)
    assert step == pytest.approx(np.full(60, 2 / 365), abs=1e-4)


def test_starts_that_do_not_rise_are_refused() -> None:
    with pytest.raises(ValueError, match="SEASONAL-SHAPE"):
        Series("week", np.array([7, 0]), np.array([13, 6]), np.ones(2))
