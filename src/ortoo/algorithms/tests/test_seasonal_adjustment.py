"""Adjustment: parts add up, planted effects come back, nothing later is used, odd input is told."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ortoo.algorithms.seasonal import Adjustment, Series, Unadjusted, Window, adjust, quality
from ortoo.algorithms.seasonal.windows import centred
from ortoo.algorithms.seasonal.x13 import months, saved_table, specification

# Dates like those of a lunar new year: they move within a month, back eleven days or on nineteen.
MOVING = (25, 12, 1, 22, 41, 29, 48, 37, 26, 44, 34, 23)
ANCHORS = tuple(
    dt.date(2019 + at, 1, 1).toordinal() - 1 + number for at, number in enumerate(MOVING)
)
WINDOWS = (
    Window("before", -20, -1, ANCHORS), Window("during", 0, 6, ANCHORS),
    Window("after", 7, 26, ANCHORS),
)  # fmt: skip
FIRST = dt.date(2021, 1, 4).toordinal()


def weekly(values: np.ndarray, first: int = FIRST) -> Series:
    start = first + 7 * np.arange(values.size)
    return Series("week", start, start + 6, values)


def walk(count: int, size: float, noise: float, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return np.cumsum(rng.normal(0, size, count)) + rng.normal(0, noise, count)


def season(series: Series) -> np.ndarray:
    angle = 2 * np.pi * series.phase()
    return 0.10 * np.sin(angle) + 0.05 * np.cos(2 * angle) + 0.03 * np.sin(3 * angle)


def made(values: np.ndarray, windows: tuple[Window, ...] = WINDOWS) -> Adjustment:
    found = adjust(weekly(values), windows)
    assert isinstance(found, Adjustment)
    return found


def rms(values: np.ndarray) -> float:
    return float(np.sqrt(np.nanmean(values**2)))


@settings(max_examples=12, deadline=None)
@given(st.integers(0, 10_000), st.floats(0.002, 0.04), st.floats(0, 0.03), st.integers(104, 313))
def test_the_parts_add_up_to_the_series_exactly(
    seed: int, size: float, noise: float, count: int
) -> None:
    values = 30 * np.exp(walk(count, size, noise, seed))
    values[count // 3] *= 2
    values[count // 2 : count // 2 + 3] = np.nan
    found = made(values)
    parts = found.trend + found.seasonal + found.festival + found.outlier + found.irregular
    known = np.isfinite(values)
    assert np.abs(parts - found.log)[known].max() < 1e-12
    assert np.isfinite(found.trend).all() and np.isfinite(found.factor).all()
    assert np.allclose(found.adjusted[known] * found.factor[known], values[known])


@pytest.mark.parametrize("seed", range(6))
def test_a_season_planted_on_a_walk_is_removed_to_within_a_tenth_of_its_size(seed: int) -> None:
    plain = walk(313, 0.008, 0.01, seed)
    series = weekly(np.ones(313))
    planted = season(series)
    found = made(30 * np.exp(plain + planted))
    assert rms(found.seasonal - planted) < 0.012 < 0.15 * rms(planted)
    assert rms(np.log(found.adjusted / 30) - plain) < 0.013


@pytest.mark.parametrize("seed", range(6))
def test_a_planted_festival_is_recovered_with_its_error(seed: int) -> None:
    series = weekly(np.ones(313))
    planted = 0.35 * centred(WINDOWS[0], series.start, series.end)
    planted += 0.10 * centred(WINDOWS[1], series.start, series.end)
    found = made(30 * np.exp(walk(313, 0.006, 0.008, seed + 50) + season(series) + planted))
    effects = {one.window.name: one for one in found.effects}
    before = effects["before"]
    assert abs(before.log_effect - 0.35) < 4 * before.log_error < 0.2
    assert before.whole_period == pytest.approx(before.log_effect * 7 / 20)
    assert rms(found.festival - planted) < 0.3 * rms(planted)


def test_a_walk_without_season_or_festival_gets_neither_in_most_cases() -> None:
    spurious = 0
    for seed in range(40):
        found = made(30 * np.exp(walk(313, 0.02, 0.0, 900 + seed)))
        spurious += bool(found.design.harmonics or found.design.windows)
    assert spurious <= 10


def test_nothing_after_the_asked_period_is_used() -> None:
    values = 30 * np.exp(walk(313, 0.01, 0.01, 4) + season(weekly(np.ones(313))))
    shocked = values.copy()
    shocked[251:] *= 3
    one, other = (adjust(weekly(v), WINDOWS, upto=250) for v in (values, shocked))
    assert isinstance(one, Adjustment) and isinstance(other, Adjustment)
    assert one.log.size == 251
    assert np.array_equal(one.seasonal, other.seasonal)
    assert np.array_equal(one.trend, other.trend)
    assert np.array_equal(one.adjusted, other.adjusted)


def test_a_single_slip_and_a_lasting_shift_are_told_apart() -> None:
    values = 30 * np.exp(walk(313, 0.005, 0.01, 7) + season(weekly(np.ones(313))))
    values[100] *= 1.5
    values[200:] *= 1.3
    found = {(one.kind, one.at): one.effect for one in made(values).design.outliers}
    assert found["AO", 100] == pytest.approx(np.log(1.5), abs=0.06)
    assert found["LS", 200] == pytest.approx(np.log(1.3), abs=0.06)
    # The trend keeps the shift and not the slip.
    apart = made(values)
    assert abs(apart.outlier[100]) > 0.3 and abs(apart.outlier[200]) < 1e-9
    assert apart.trend[205] - apart.trend[195] > 0.2


def test_gaps_are_bridged_and_stay_unknown() -> None:
    values = 30 * np.exp(walk(313, 0.005, 0.01, 8) + season(weekly(np.ones(313))))
    whole = made(values)
    holes = values.copy()
    holes[40:52] = holes[200] = np.nan
    found = made(holes)
    assert np.isnan(found.adjusted[40:52]).all()
    assert np.isfinite(found.seasonal).all() and np.isfinite(found.trend[40:52]).all()
    assert rms(found.seasonal - whole.seasonal) < 0.01


def test_a_change_of_the_weeks_first_day_does_not_move_the_season() -> None:
    count, change = 313, 208
    start = FIRST + 7 * np.arange(count)
    start[change:] -= 2  # from Monday–Sunday to Saturday–Friday: two days are in both weeks
    series = Series("week", start, start + 6, np.ones(count))
    planted = season(series)
    values = 30 * np.exp(walk(count, 0.005, 0.008, 9) + planted)
    found = adjust(replace(series, values=values), WINDOWS)
    assert isinstance(found, Adjustment)
    assert rms(found.seasonal - planted) < 0.012


def test_a_year_of_53_weeks_does_not_shift_the_season() -> None:
    # 2020-12-28 … 2021-01-03 is week 53 of 2020; phases stay those of the calendar.
    series = weekly(np.ones(313), dt.date(2018, 1, 1).toordinal())
    phase = series.phase()
    years = np.flatnonzero(np.diff(phase) < 0)
    assert set(np.diff(years)) == {52, 53}
    assert phase[years + 1].max() < 0.02


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        (np.full(200, np.nan), "EMPTY"),
        (np.array([3.0, 3.1, 3.2]), "SHORT"),
        (np.exp(np.sin(np.arange(100) / 9)), "SHORT"),
        (np.full(200, 4.5), "CONSTANT"),
        (np.where(np.arange(200) % 2, 5.0, 0.0), "NOT-POSITIVE"),
        (-np.ones(200), "NOT-POSITIVE"),
    ],
)
def test_what_cannot_be_adjusted_says_why(values: np.ndarray, reason: str) -> None:
    found = adjust(weekly(values), WINDOWS)
    assert isinstance(found, Unadjusted)
    assert found.reason == reason


def test_a_few_zeros_and_negatives_are_left_out_and_counted() -> None:
    values = 30 * np.exp(walk(200, 0.01, 0.01, 3))
    values[[10, 50, 120]] = (0.0, -2.0, 0.0)
    found = made(values)
    assert found.left_out == 3
    assert np.isnan(found.adjusted[[10, 50, 120]]).all()


def test_two_years_of_weeks_are_enough_and_a_week_less_than_that_is_told() -> None:
    values = 30 * np.exp(walk(104, 0.01, 0.01, 3))
    assert isinstance(adjust(weekly(values), WINDOWS), Adjustment)
    assert isinstance(adjust(weekly(values[:102]), WINDOWS), Unadjusted)


def test_the_adjusted_series_has_no_season_left_and_is_left_alone_by_a_second_run() -> None:
    values = 30 * np.exp(walk(313, 0.006, 0.01, 12) + season(weekly(np.ones(313))))
    found = made(values)
    said = quality(found, WINDOWS)
    assert said.before.f_p < 0.001 and said.before.kruskal_wallis_p < 0.001
    assert said.after.f_p > 0.05 and said.after.kruskal_wallis_p > 0.05
    assert said.again < 0.06
    assert 0 < said.revision < 0.02 and said.revision <= said.revision_most


def test_stability_is_not_told_of_a_series_that_was_too_short_a_year_ago() -> None:
    values = 30 * np.exp(walk(130, 0.006, 0.01, 12) + season(weekly(np.ones(130))))
    assert np.isnan(quality(made(values), WINDOWS).revision)


@pytest.mark.parametrize(("kind", "count"), [("month", 84), ("tenday", 180), ("day", 800)])
def test_months_ten_day_periods_and_days_are_adjusted_too(kind: str, count: int) -> None:
    first = dt.date(2020, 1, 1)
    if kind == "month":
        start, end = months(first, count)
    elif kind == "day":
        start = end = first.toordinal() + np.arange(count)
    else:
        month, _ = months(first, count // 3 + 1)
        start = np.stack([month[:-1], month[:-1] + 10, month[:-1] + 20], axis=1).ravel()
        end = np.append(start[1:], month[-1]) - 1
    blank = Series(kind, start, end, np.ones(count))  # type: ignore[arg-type]
    planted = season(blank)
    if kind == "day":
        planted = planted + 0.04 * np.cos(2 * np.pi * start / 7)
    values = 30 * np.exp(walk(count, 0.003, 0.006, 2) + planted)
    found = adjust(replace(blank, values=values), WINDOWS)
    assert isinstance(found, Adjustment)
    assert rms(found.seasonal - planted) < 0.25 * rms(planted)


def test_a_specification_holds_the_data_the_festival_and_what_is_missing() -> None:
    start, end = months(dt.date(2020, 1, 1), 40)
    values = np.linspace(10, 20, 40)
    values[5] = np.nan
    text = specification(Series("month", start, end, values), WINDOWS[:2])
    assert "start=2020.1 period=12 missingcode=-99999" in text
    assert "usertype=(holiday holiday)" in text
    numbers = text.split("regression", 1)[1].split("data=(", 1)[1].split(")", 1)[0].split()
    assert len(numbers) == 2 * (40 + 12)
    with pytest.raises(ValueError, match="SEASONAL-X13"):
        specification(weekly(np.ones(50)), ())


def test_a_saved_table_is_read_without_its_head() -> None:
    text = "date\ts.d11\n------\t-----------------------\n201001\t+0.121706613142955E+03\n"
    assert saved_table(text) == {(2010, 1): pytest.approx(121.706613142955)}


@pytest.mark.parametrize("slips", [1, 8])
def test_slips_of_the_unit_do_not_hide_the_festival(slips: int) -> None:
    series = weekly(np.ones(313))
    planted = 0.35 * centred(WINDOWS[0], series.start, series.end)
    values = 30 * np.exp(walk(313, 0.006, 0.008, 77) + season(series) + planted)
    at = np.linspace(15, 290, slips).astype(int)
    values[at] *= 10_000
    found = made(values)
    assert {("AO", int(place)) for place in at} <= {
        (one.kind, one.at) for one in found.design.outliers
    }
    assert "before" in {window.name for window in found.design.windows}
    assert rms(found.seasonal - season(series)) < 0.015
