"""Stated behaviour of forecasts for series as they really come."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ortoo.algorithms.forecasting import MONTHLY, NO_SEASON, WEEKLY, Plan, Season, forecast
from ortoo.algorithms.forecasting.season import pattern
from ortoo.algorithms.forecasting.structural import FULL, structural

NAN = float("nan")


def one(values: list[float] | np.ndarray, plan: Plan):
    return forecast([np.asarray(values, float)], plan)


def test_a_constant_series_is_forecast_at_its_constant_with_no_width() -> None:
    found = one([7.5] * 40, Plan(6))
    assert np.allclose(found.mean, 7.5)
    assert np.allclose(found.lower, 7.5)
    assert np.allclose(found.upper, 7.5)
    assert not found.skilled[0]


def test_a_series_of_zeros_is_forecast_at_zero() -> None:
    found = one([0.0] * 30, Plan(5))
    assert np.array_equal(found.mean, np.zeros((1, 5)))
    assert np.array_equal(found.upper, np.zeros((1, 5)))


def test_three_observations_are_forecast_at_the_last_with_a_random_walks_width() -> None:
    found = one([10.0, 12.0, 11.0], Plan(4))
    assert np.allclose(found.mean, 11.0)
    width = found.upper[0] - found.lower[0]
    assert (np.diff(width) > 0).all()
    assert np.isnan(found.skill[0])
    assert not found.skilled[0]


def test_one_observation_has_a_forecast_and_no_interval() -> None:
    found = one([10.0], Plan(2))
    assert np.allclose(found.mean, 10.0)
    assert np.isnan(found.lower).all()


def test_a_history_without_observations_is_nan_and_spoils_no_other() -> None:
    good = np.arange(1.0, 31.0)
    found = forecast([np.array([NAN, NAN]), good, np.empty(0)], Plan(3))
    assert np.isnan(found.mean[[0, 2]]).all()
    assert np.isfinite(found.mean[1]).all()


def test_an_empty_panel_has_an_empty_forecast() -> None:
    assert forecast([], Plan(3)).mean.shape == (0, 3)


def test_gaps_inside_are_bridged_and_a_missing_newest_value_repeats_the_last() -> None:
    values = np.exp(np.linspace(0, 1, 60))
    gaps = values.copy()
    gaps[[10, 11, 30]] = NAN
    assert np.allclose(one(gaps, Plan(4)).mean, one(values, Plan(4)).mean, rtol=1e-3)
    late = np.append(values, NAN)
    repeated = np.append(values, values[-1])
    assert np.allclose(one(late, Plan(4)).mean, one(repeated, Plan(4)).mean)


def test_observations_before_the_first_are_not_invented() -> None:
    values = np.exp(np.sin(np.arange(50)))
    padded = np.concatenate([[NAN] * 7, values])
    assert np.allclose(one(padded, Plan(3)).mean, one(values, Plan(3)).mean)


def test_a_series_that_touches_zero_is_never_forecast_below_it() -> None:
    values = np.maximum(20.0 - np.arange(40.0), 0.0)
    found = one(values, Plan(12))
    assert (found.mean >= 0).all()
    assert (found.lower >= 0).all()


def test_a_series_with_negative_values_may_go_on_falling() -> None:
    found = one(10.0 - np.arange(40.0), Plan(5))
    assert (np.diff(np.append(-29.0, found.mean[0])) < 0).all()
    assert (found.lower[0] < -29.5).all()


def test_a_horizon_longer_than_the_history_is_answered() -> None:
    found = one([3.0, 4.0, 3.5, 4.2, 4.1, 4.4], Plan(30))
    assert found.mean.shape == (1, 30)
    assert np.isfinite(found.mean).all()
    assert (found.upper > found.lower).all()


@pytest.mark.parametrize("bad", [float("inf"), float("-inf"), 1e200])
def test_an_infinite_value_is_refused_by_code(bad: float) -> None:
    with pytest.raises(ValueError, match="FORECAST-INFINITE"):
        one([1.0, bad, 2.0], Plan(2))


def test_a_horizon_below_one_is_refused_by_code() -> None:
    with pytest.raises(ValueError, match="FORECAST-HORIZON"):
        one([1.0, 2.0], Plan(0))


def test_a_random_walk_gets_no_season_and_a_seasonal_series_gets_its_own() -> None:
    rng = np.random.default_rng(5)
    walk = rng.normal(0, 0.02, 240).cumsum()
    wave = 0.3 * np.sin(2 * np.pi * np.arange(240) / 12)
    z = np.stack([walk, walk + wave])
    found = pattern(z, 12, MONTHLY)
    assert np.abs(found.ahead[0]).max() < 0.03
    ahead = 0.3 * np.sin(2 * np.pi * (np.arange(12) + 240) / 12)
    assert np.abs(found.ahead[1] - ahead).max() < 0.05
    chance = structural(z, 12, MONTHLY, FULL).traits[:, 4]
    assert chance[0] < 0.6
    assert chance[1] > 0.99


def test_a_season_of_52_weeks_is_carried_forward() -> None:
    weeks = np.arange(260 + 13)
    rng = np.random.default_rng(3)
    values = 100 * np.exp(0.3 * np.sin(2 * np.pi * weeks / 52.18) + rng.normal(0, 0.01, weeks.size))
    found = one(values[:260], Plan(13, WEEKLY))
    assert np.abs(found.mean[0] / values[260:] - 1).mean() < 0.03
    assert found.skilled[0]


def test_pure_noise_around_a_walk_is_not_called_skilled_by_much() -> None:
    rng = np.random.default_rng(11)
    walks = [100 + rng.normal(0, 1, 200).cumsum() for _ in range(12)]
    found = forecast(walks, Plan(6, NO_SEASON))
    assert np.nanmean(found.skill) < 0.1
    assert not found.skilled.all()


def test_walks_teach_the_learner_nothing_that_spoils_their_forecast() -> None:
    rng = np.random.default_rng(2)
    paths = 100 * np.exp(rng.normal(0, 0.02, (60, 156)).cumsum(axis=1))
    found = forecast(list(paths[:, :150]), Plan(6, NO_SEASON, level=None))
    assert found.lower is None
    ours = np.abs(found.mean - paths[:, 150:]).mean()
    assert ours < 1.15 * np.abs(paths[:, 149:150] - paths[:, 150:]).mean()


def test_the_same_panel_gives_the_same_forecast() -> None:
    rng = np.random.default_rng(4)
    panel = [50 * np.exp(rng.normal(0, 0.03, 120).cumsum()) for _ in range(25)]
    first, second = forecast(panel, Plan(6)), forecast(panel, Plan(6))
    assert np.array_equal(first.mean, second.mean)
    assert np.array_equal(first.lower, second.lower)


def test_ninety_five_per_cent_intervals_hold_about_that_many() -> None:
    rng = np.random.default_rng(8)
    paths = 100 * np.exp(rng.normal(0, 0.02, (80, 166)).cumsum(axis=1))
    found = forecast(list(paths[:, :160]), Plan(6, NO_SEASON))
    inside = (paths[:, 160:] >= found.lower) & (paths[:, 160:] <= found.upper)
    assert 0.9 <= inside.mean() <= 0.995


@settings(max_examples=25, deadline=None)
@given(
    st.lists(
        st.one_of(st.just(NAN), st.floats(-1e6, 1e6, allow_subnormal=False)),
        min_size=0,
        max_size=30,
    ),
    st.integers(1, 8),
)
def test_any_history_gives_a_finite_ordered_forecast_or_none(
    values: list[float], horizon: int
) -> None:
    found = one(values, Plan(horizon, Season(4.0, 2)))
    known = np.isfinite(values).sum() if values else 0
    assert np.isfinite(found.mean).all() == (known > 0)
    if known > 1:
        assert (found.lower <= found.upper).all()
