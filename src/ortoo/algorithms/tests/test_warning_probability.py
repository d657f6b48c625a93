"""Warnings: nothing of the future is used, and odd series are answered as stated."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from ortoo.algorithms.warning import Groups, Rule, outcomes, warnings
from ortoo.algorithms.warning.logistic import fit, logit, sigmoid
from ortoo.algorithms.warning.outcomes import future_rise
from ortoo.algorithms.warning.scores import auc, brier_skill, reliability_slope
from ortoo.algorithms.warning.seasonal import expectation, frequency

SHARED = Path(os.environ.get("ORTOO_SHARED", Path(__file__).resolve().parents[5] / "shared"))
PRICES = SHARED / "data" / "market" / "wfp_food_prices_mongolia_2007_2021.csv"
RULE = Rule()


def seasonal_panel(seed: int = 1, series: int = 6, months: int = 120) -> np.ndarray:
    rng = np.random.default_rng(seed)
    wave = 0.15 * np.sin(2 * np.pi * np.arange(months) / 12)
    return 1000 * np.exp(wave + rng.normal(0, 0.03, (series, months)).cumsum(axis=1))


def groups(series: int) -> Groups:
    return Groups(np.arange(series) % 2, np.arange(series) // 2)


def test_an_outcome_is_the_highest_of_the_next_three_months() -> None:
    price = np.array([[100.0, 100.0, 119.0, 120.0, 90.0, 90.0, 90.0]])
    found = outcomes(price, RULE)
    assert found[0, :4].tolist() == [1.0, 1.0, 0.0, 0.0]
    assert np.isnan(found[0, 4:]).all()


def test_a_missing_or_impossible_month_ahead_leaves_the_outcome_unknown() -> None:
    price = np.array([[100.0, np.nan, 130.0, 100.0, 0.0, 100.0, 100.0, 100.0]])
    assert np.isnan(future_rise(price, 3)[0, :5]).all()


def test_nothing_of_the_future_changes_a_warning() -> None:
    price = seasonal_panel()
    whole = warnings(price, groups(6), RULE, least=36).probability
    for now in (70, 95):
        altered = price.copy()
        altered[:, now + 1 :] *= np.random.default_rng(0).uniform(
            0.2, 5, altered[:, now + 1 :].shape
        )
        found = warnings(altered, groups(6), RULE, least=36).probability
        np.testing.assert_allclose(found[:, : now + 1], whole[:, : now + 1], atol=1e-5)
        cut = warnings(price[:, : now + 1], groups(6), RULE, least=36).probability
        np.testing.assert_allclose(cut, whole[:, : now + 1], atol=1e-5)


def test_a_seasonal_market_is_warned_well_and_with_honest_probabilities() -> None:
    found = warnings(seasonal_panel(series=8, months=180), groups(8), RULE, least=48)
    rows = np.isfinite(found.probability) & np.isfinite(found.happened)
    happened, said = found.happened[rows], found.probability[rows]
    assert auc(happened, said) > 0.9
    assert brier_skill(happened, said) > 0.4
    assert 0.8 < reliability_slope(happened, said) < 1.3


def test_history_shorter_than_asked_is_not_warned() -> None:
    found = warnings(seasonal_panel(), groups(6), RULE, least=48)
    assert np.isnan(found.probability[:, :47]).all()
    assert np.isfinite(found.probability[:, 60:]).all()


@pytest.mark.parametrize(
    "row",
    [
        np.full(100, 50.0),
        np.concatenate([np.full(97, np.nan), [10.0, 11.0, 12.0]]),
        np.where(np.arange(100) % 5 == 0, np.nan, 50 + np.arange(100.0)),
        np.zeros(100),
        -np.arange(1.0, 101.0),
        np.full(100, np.nan),
    ],
    ids=["constant", "three observations", "gaps", "zeros", "negative", "empty"],
)
def test_an_odd_series_gets_a_probability_or_none_and_spoils_no_other(row: np.ndarray) -> None:
    price = np.concatenate([seasonal_panel(months=100), row[None]])
    found = warnings(price, groups(7), RULE, least=36)
    said = found.probability[-1]
    inside = said[np.isfinite(said)]
    assert ((inside >= 0) & (inside <= 1)).all()
    assert np.isnan(said[~(np.isfinite(row) & (np.nan_to_num(row) > 0))]).all()
    assert np.isfinite(found.probability[0, 60:]).all()


def test_a_constant_price_is_hardly_ever_warned_of() -> None:
    price = np.concatenate([seasonal_panel(months=120), np.full((1, 120), 50.0)])
    found = warnings(price, Groups(np.arange(7), np.arange(7)), RULE, least=36)
    assert found.probability[-1, 80:].mean() < 0.15


def test_unscored_series_say_so_and_walks_show_no_skill_to_speak_of() -> None:
    rng = np.random.default_rng(3)
    walks = 100 * np.exp(rng.normal(0, 0.08, (5, 110)).cumsum(axis=1))
    short = np.full((1, 110), np.nan)
    short[0, -10:] = 100.0
    found = warnings(np.concatenate([walks, short]), groups(6), RULE, least=36)
    assert np.isnan(found.skill[-1])
    assert np.isfinite(found.skill[:5]).all()


def test_a_horizon_longer_than_the_history_says_nothing() -> None:
    found = warnings(seasonal_panel(months=10), groups(6), Rule(horizon=24), least=4)
    assert np.isnan(found.probability).all()
    assert np.isnan(found.skill).all()


def test_seasonal_rules_use_only_outcomes_already_known() -> None:
    price = seasonal_panel(months=60)
    rise, happened = future_rise(price, 3), outcomes(price, RULE)
    usual = expectation(rise, RULE)
    assert usual[0, 36] == pytest.approx(np.mean([rise[0, 0], rise[0, 12], rise[0, 24]]))
    often = frequency(happened, np.zeros(6, int), RULE)
    happened[:, 40:] = 1 - happened[:, 40:]
    assert np.array_equal(
        frequency(happened, np.zeros(6, int), RULE)[:, :43], often[:, :43], equal_nan=True
    )


def test_logistic_regression_finds_the_odds_it_was_drawn_from() -> None:
    rng = np.random.default_rng(5)
    x = rng.normal(size=(20_000, 2))
    y = (rng.random(20_000) < sigmoid(-1 + x @ np.array([1.5, -0.5]))).astype(float)
    found = fit(x, y, ridge=1.0)
    assert found.weight / found.size == pytest.approx([1.5, -0.5], abs=0.08)
    chance = found.probability(x)
    assert chance.mean() == pytest.approx(y.mean(), abs=1e-3)
    assert fit(x, np.zeros(20_000), 1.0).probability(x).max() < 0.01
    assert np.allclose(sigmoid(logit(np.array([0.1, 0.5, 0.9]))), [0.1, 0.5, 0.9])


def test_on_published_prices_warnings_beat_the_calendar() -> None:
    if not PRICES.exists():
        pytest.skip("shared WFP price file is not beside the checkout")
    from benchmarks import warning as bench

    prices = bench._read(PRICES, bench._profile(""))
    found = warnings(prices.price, Groups(prices.good, prices.market), RULE, least=48)
    rows = np.isfinite(found.probability) & np.isfinite(found.happened)
    happened, said = found.happened[rows], found.probability[rows]
    calendar = auc(happened, found.known.frequency[rows])
    assert auc(happened, said) >= max(0.875, calendar)
    assert brier_skill(happened, said) >= 0.34
