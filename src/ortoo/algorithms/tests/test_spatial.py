from __future__ import annotations

import numpy as np
import pytest

from ortoo.algorithms.spatial.gaps import (
    beyond_cost,
    great_circle_km,
    neighbours,
    stock_days,
)
from ortoo.algorithms.spatial.leads import LEAST, leads

NAN = np.nan


def world(seed: int, *, periods: int = 270, places: int = 14, common: float = 0.0) -> np.ndarray:
    """Log changes: each place its own noise, a season, and a slow factor shared by all."""
    rng = np.random.default_rng(seed)
    own = rng.normal(0, 0.03, (periods, places))
    factor = np.zeros(periods)
    for at in range(1, periods):
        factor[at] = 0.5 * factor[at - 1] + rng.normal(0, 0.03)
    season = 0.02 * np.cos(np.arange(periods) * 2 * np.pi / 52.18)
    return own + common * factor[:, None] + season[:, None]


def prices(changes: np.ndarray) -> np.ndarray:
    return np.exp(changes.cumsum(axis=0))


def test_a_planted_lead_is_found_with_its_direction_and_lag():
    changes = world(1)
    changes[2:, 5] += 0.6 * changes[:-2, 3]
    found = leads(prices(changes), seed=1)
    first = found.sure[0]
    assert (first.first, first.second, first.lag) == (3, 5, 2)
    assert first.correlation > 0.4 and len(found.sure) == 1
    assert found.tests == 14 * 13 * 6


def test_a_lead_between_two_places_alone_is_found():
    changes = world(2, places=2)
    changes[1:, 0] += 0.6 * changes[:-1, 1]
    first = leads(prices(changes), seed=1).sure[0]
    assert (first.first, first.second, first.lag) == (1, 0, 1)


def test_places_that_do_not_follow_each_other_rarely_seem_to():
    assert sum(bool(leads(prices(world(seed)), seed=seed).sure) for seed in range(30)) <= 4


def test_places_that_follow_a_slow_third_do_not_seem_to_lead_each_other():
    hits = [leads(prices(world(s, common=1.0)), seed=s).sure for s in range(30)]
    assert sum(bool(found) for found in hits) <= 4


def test_the_same_figures_and_seed_give_the_same_answer():
    price = prices(world(4))
    assert leads(price, seed=3) == leads(price, seed=3)


def test_constant_prices_lead_nobody():
    price = prices(world(5, places=3))
    price[:, 0] = 4.0
    found = leads(price, seed=1)
    assert all(0 not in (lead.first, lead.second) for lead in found.found)


@pytest.mark.parametrize("periods", [0, 1, 3, LEAST])
def test_a_short_history_is_not_looked_at(periods):
    found = leads(np.ones((periods, 4)) * 2, seed=1)
    assert found.found == () and found.tests == 0 and np.isnan(found.bound)


def test_gaps_zero_prices_and_a_missing_place_are_left_out_of_the_comparison():
    changes = world(6, places=4)
    changes[2:, 1] += 0.7 * changes[:-2, 0]
    price = prices(changes)
    price[50:60, 0], price[100, 1], price[:, 3] = NAN, 0.0, NAN
    first = leads(price, seed=1).sure[0]
    assert (first.first, first.second, first.lag) == (0, 1, 2)
    assert 200 < first.pairs < 260


def test_distances_are_those_of_the_sphere():
    km = great_circle_km([0.0, 90.0, 0.0, NAN], [0.0, 0.0, 1.0, 0.0])
    assert km[0, 1] == pytest.approx(10_007.557, abs=0.01)
    assert km[0, 2] == pytest.approx(111.195, abs=0.001)
    assert (np.diag(km)[:3] == 0).all() and np.isnan(km[0, 3])


def test_neighbours_are_each_others_nearest_and_a_place_unknown_has_none():
    km = great_circle_km([0.0, 1.0, 2.0, 50.0, NAN], [0.0] * 5)
    assert neighbours(km, 1) == [(0, 1), (1, 2), (2, 3)]


def test_gaps_are_ordered_by_how_far_they_exceed_the_cost_of_the_way():
    cost = np.full((3, 3), 0.5)
    rows = beyond_cost([1.0, 2.0, 1.2], cost, [(0, 1), (0, 2), (1, 2)])
    assert [(dear, cheap) for dear, cheap, *_ in rows] == [(1, 0), (1, 2), (2, 0)]
    assert rows[0][2] == pytest.approx(1.0) and rows[-1][2] < rows[-1][3]


def test_no_gap_is_told_of_a_price_of_zero_or_of_none():
    assert beyond_cost([0.0, 2.0, NAN], np.zeros((3, 3)), [(0, 1), (1, 2)]) == []


def test_a_negative_stock_or_no_sales_say_nothing_of_days():
    days = stock_days([70.0, -1.0, 70.0, NAN], [70.0, 70.0, 0.0, 70.0], [7, 7, 7, 7])
    assert days[0] == 7 and np.isnan(days[1:]).all()
