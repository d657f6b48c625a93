"""Detectors and scores against the slow way."""

from __future__ import annotations

import numpy as np
import pytest

from ortoo.algorithms.warning import alps, ipa, year_on_year
from ortoo.algorithms.warning.scores import (
    Event,
    alarms,
    auc,
    block_interval,
    brier_skill,
    reliability_slope,
)


def prices(months: int = 96) -> np.ndarray:
    rng = np.random.default_rng(7)
    return 100 * np.exp(rng.normal(0, 0.04, (3, months)).cumsum(axis=1))


def test_year_on_year_compares_the_same_month() -> None:
    price = prices()
    found = year_on_year(price, 12)
    assert np.isnan(found[:, :12]).all()
    assert found[1, 30] == pytest.approx(price[1, 30] / price[1, 18] - 1)


def test_alps_is_the_residual_of_trend_and_months_over_its_deviation() -> None:
    price = prices()
    t = 70
    design = np.column_stack([np.arange(t + 1), np.eye(12)[np.arange(t + 1) % 12]])
    rest = price[2, : t + 1] - design @ np.linalg.lstsq(design, price[2, : t + 1], rcond=None)[0]
    assert alps(price, 12)[2, t] == pytest.approx(rest[-1] / rest.std(ddof=1))


def test_ipa_weighs_the_quarters_score_two_to_three_with_the_years() -> None:
    price = prices()
    log = np.log(price[0])

    def growth(t: int, w: int) -> float:
        steps = np.diff(log[t - w : t + 1])
        return float(np.expm1((log[t] - log[t - w]) / w) * (1 - steps.std(ddof=1)))

    def score(w: int, t: int) -> float:
        times = [s for s in range(t % 12, t + 1, 12) if s >= w]
        values = np.array([growth(s, w) for s in times])
        weight = np.array([s // 12 + 1.0 for s in times])
        mean = weight @ values / weight.sum()
        count = len(times)
        square = weight @ (values - mean) ** 2 / (weight.sum() * (count - 1) / count)
        return float((values[-1] - mean) / np.sqrt(square))

    assert ipa(price, 12)[0, 80] == pytest.approx(0.4 * score(3, 80) + 0.6 * score(12, 80))


def test_detectors_do_not_look_ahead() -> None:
    price = prices()
    later = price.copy()
    later[:, 61:] *= 3
    for rule in (ipa, alps, year_on_year):
        assert np.array_equal(rule(price, 12)[:, :61], rule(later, 12)[:, :61], equal_nan=True)


def test_detectors_of_a_constant_price_raise_nothing() -> None:
    flat = np.full((1, 80), 9.0)
    assert np.isnan(ipa(flat, 12)).all()
    assert np.nan_to_num(alps(flat, 12)).max() == pytest.approx(0, abs=1e-6)


def test_auc_counts_pairs_with_ties_half() -> None:
    happened = np.array([1.0, 1.0, 0.0, 0.0])
    assert auc(happened, np.array([0.9, 0.5, 0.5, 0.1])) == pytest.approx(3.5 / 4)
    assert np.isnan(auc(np.ones(3), np.arange(3.0)))


def test_skill_is_one_for_an_oracle_and_none_for_the_base_rate() -> None:
    happened = np.array([1.0, 0.0, 0.0, 1.0])
    assert brier_skill(happened, happened) == 1
    assert brier_skill(happened, np.full(4, 0.5)) == 0
    assert np.isnan(brier_skill(np.zeros(4), np.zeros(4)))
    assert reliability_slope(happened, 0.25 + 0.5 * happened) == pytest.approx(2)


def test_an_alarm_is_a_hit_once_has_a_lead_and_is_false_only_without_an_event() -> None:
    price = np.full((1, 30), 100.0)
    price[0, 10:] = 130.0
    raised = np.zeros((1, 30), bool)
    raised[0, [8, 9, 20, 21, 27]] = True
    found = alarms(np.log(price), raised, np.ones((1, 30), bool), Event(0.2, 3, 12))
    assert (found.events, found.hits, found.leads) == (1, 1, (2,))
    assert found.false == 2
    assert found.series_years == pytest.approx(2.5)


def test_the_block_interval_holds_the_mean_it_was_drawn_from() -> None:
    rng = np.random.default_rng(1)
    values = rng.normal(3, 1, 600)
    low, high = block_interval(lambda rows: float(values[rows].mean()), np.arange(600) // 5, 12)
    assert low < 3 < high
    assert 0.05 < high - low < 0.5
