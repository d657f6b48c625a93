"""Skill by step and beside seasonal naive, and the stated behaviour of odd panels."""

from __future__ import annotations

import numpy as np
import pytest

from ortoo.algorithms.forecasting import MONTHLY, NO_SEASON, Plan, forecast

NAN = float("nan")


def seasonal_panel(count: int = 6) -> list[np.ndarray]:
    rng = np.random.default_rng(21)
    months = np.arange(120)
    wave = 0.3 * np.sin(2 * np.pi * months / 12 + rng.uniform(0, 6, (count, 1)))
    return list(100 * np.exp(wave + rng.normal(0, 0.02, (count, 120)).cumsum(axis=1)))


def test_a_seasonal_series_beats_no_change_at_every_step() -> None:
    found = forecast(seasonal_panel(), Plan(6, MONTHLY))
    assert found.skill_by_step.shape == (6, 6)
    assert (np.median(found.skill_by_step, axis=0) > 0).all()
    # Its level wanders, which seasonal naive does not see.
    assert np.median(found.skill_seasonal) > 0


def test_the_skill_of_all_steps_lies_between_the_best_and_the_worst_step() -> None:
    found = forecast(seasonal_panel(), Plan(6, MONTHLY))
    assert (found.skill >= found.skill_by_step.min(axis=1) - 1e-9).all()
    assert (found.skill <= found.skill_by_step.max(axis=1) + 1e-9).all()


def test_a_series_too_short_to_score_has_no_skill_of_any_kind() -> None:
    found = forecast([*seasonal_panel(3), np.array([3.0, 4.0, 3.5, 4.1, 3.9])], Plan(6, MONTHLY))
    assert np.isnan(found.skill[3])
    assert np.isnan(found.skill_seasonal[3])
    assert np.isnan(found.skill_by_step[3]).all()
    assert np.isfinite(found.skill[:3]).all()


def test_without_a_season_there_is_no_seasonal_naive_to_beat() -> None:
    found = forecast(seasonal_panel(3), Plan(4, NO_SEASON))
    assert np.isnan(found.skill_seasonal).all()
    assert np.isfinite(found.skill).all()


def test_a_pure_repetition_is_no_better_than_seasonal_naive() -> None:
    cycle = 100 * np.exp(0.3 * np.sin(2 * np.pi * np.arange(120) / 12))
    found = forecast([cycle], Plan(6, MONTHLY))
    assert not found.skill_seasonal[0] > 0
    assert found.skill[0] > 0.8


def test_one_series_alone_is_forecast_without_the_learner() -> None:
    found = forecast(seasonal_panel(1), Plan(6, MONTHLY, rows=20))
    assert np.isfinite(found.mean).all()
    assert (found.lower < found.mean).all()
    assert (found.mean < found.upper).all()


@pytest.mark.parametrize("size", [1e-90, 1e90])
def test_huge_and_tiny_values_are_forecast_in_their_own_size(size: float) -> None:
    plain = seasonal_panel(3)
    found = forecast([size * values for values in plain], Plan(4, MONTHLY))
    assert np.allclose(found.mean / size, forecast(plain, Plan(4, MONTHLY)).mean, rtol=1e-3)


def test_an_odd_series_spoils_no_other() -> None:
    good = seasonal_panel(4)
    odd = [np.full(3, NAN), np.zeros(50), np.full(40, 5.0), np.array([1.0, -2.0, 0.0] * 20)]
    gaps = good[0].copy()
    gaps[20:40] = NAN
    found = forecast([*good, *odd, gaps], Plan(4, MONTHLY))
    assert np.isfinite(found.mean[[0, 1, 2, 3, 5, 6, 7, 8]]).all()
    assert np.isnan(found.mean[4]).all()
    assert np.allclose(found.mean[6], 5.0)
    assert np.allclose(found.mean[:4] / forecast(good, Plan(4, MONTHLY)).mean, 1, atol=0.15)
