from __future__ import annotations

import numpy as np
import pytest

from ortoo.algorithms.indices.contributions import (
    change_contributions,
    rolling_geks_contributions,
)
from ortoo.algorithms.indices.elementary import elementary
from ortoo.algorithms.indices.linked import Grouping, linked
from ortoo.algorithms.indices.many import rolling_by_set
from ortoo.algorithms.indices.splicing import rolling_geks

NAN = np.nan


def one_group(rows: list[list[float]], *, patience: int = 3, carried: bool = False):
    width = len(rows[0])
    return linked(rows, Grouping.of([0] * width, [0], [carried] * width), patience=patience)


def panel(seed: int, periods: int, columns: int, missing: float = 0.1):
    rng = np.random.default_rng(seed)
    price = np.exp(rng.normal(0, 0.05, (periods, columns)).cumsum(axis=0))
    price[rng.random(price.shape) < missing] = NAN
    return price, np.exp(rng.normal(0, 1, price.shape))


def test_where_nobody_stays_away_long_it_is_the_elementary_index():
    price, _ = panel(1, 60, 400)
    group = np.arange(400) % 30
    found = linked(price, Grouping.of(group, np.arange(30) // 10), patience=13)
    expected = elementary(price, group, patience=13)
    assert np.allclose(found.index, expected.index, rtol=1e-12, equal_nan=True)
    assert (found.matched == expected.matched).all()


def test_a_quote_that_is_away_is_not_carried_forward():
    """The one that stays rises by a tenth; the one that was away returns with the same rise: had
    its price been carried the index would have stood below in between."""
    found = one_group([[10.0, 20.0], [11.0, NAN], [11.0, 22.0]])
    assert found.index[:, 0] == pytest.approx([1, 1.1, 1.1])
    assert found.imputed[:, 0].tolist() == [0, 1, 0]


def test_a_price_set_by_law_is_carried_and_counted_as_imputed():
    rows = [[10.0, 20.0], [11.0, NAN], [11.0, 22.0]]
    found = one_group(rows, carried=True)
    assert found.index[1, 0] == pytest.approx(np.sqrt(1.1))
    assert found.present[:, 0].tolist() == [2, 1, 2] and found.imputed[1, 0] == 1


def test_an_item_away_for_months_re_enters_by_its_last_observed_price():
    rows = [[10.0, 20.0]] + [[NAN, NAN]] * 20 + [[15.0, 30.0]]
    found = one_group(rows, patience=3)
    assert found.index[-1, 0] == pytest.approx(1.5) and not found.bridged.any()
    assert np.isnan(found.index[1:-1, 0]).all()


def test_a_complete_change_of_shops_is_linked_by_the_family():
    """Group 0 changes its only shop; group 1 of the same family rises by a fifth meanwhile."""
    rows = [[10.0, NAN, 5.0], [NAN, NAN, 5.5], [NAN, 99.0, 6.0], [NAN, 108.9, 6.0]]
    found = linked(rows, Grouping.of([0, 0, 1], [0, 0]), patience=1)
    assert found.index[2, 0] == pytest.approx(1.2) and found.bridged[2, 0]
    assert found.index[3, 0] == pytest.approx(1.32)


def test_a_price_of_zero_is_a_gap_and_a_constant_is_flat():
    found = one_group([[4.0, 0.0], [4.0, 3.0], [4.0, 3.0]])
    assert found.index[:, 0] == pytest.approx([1, 1, 1])
    assert found.present[:, 0].tolist() == [1, 2, 2]


def test_a_group_of_no_quote_knows_no_index():
    found = linked([[1.0], [2.0]], Grouping.of([1], [0, 0]), patience=0)
    assert np.isnan(found.index[:, 0]).all() and found.index[1, 1] == pytest.approx(2)


@pytest.mark.parametrize("group, family", [([0, 2], [0]), ([-1, 0], [0]), ([0, 0], [-1])])
def test_a_quote_without_a_group_or_a_group_without_a_family_is_refused(group, family):
    with pytest.raises(ValueError):
        Grouping.of(group, family)


@pytest.mark.parametrize("periods", [1, 3, 24, 25, 26, 120])
def test_many_sets_at_once_are_each_the_rolling_geks_of_their_columns(periods):
    price, value = panel(periods, periods, 24)
    sets = np.arange(24) % 4 - 1
    found = rolling_by_set(price, value, sets, 3)
    for number in range(3):
        own = sets == number
        expected = rolling_geks(price[:, own], value[:, own])
        assert np.allclose(found[:, number], expected, rtol=1e-12, equal_nan=True)


def test_a_set_with_gaps_of_whole_periods_goes_the_general_way_to_the_same_index():
    price, value = panel(7, 90, 6)
    price[:4] = price[40:52] = price[88:] = NAN
    found = rolling_by_set(price, value, np.zeros(6, int), 1)[:, 0]
    expected = rolling_geks(price[4:], value[4:])
    assert np.allclose(found[4:], expected, rtol=1e-12, equal_nan=True)
    assert np.isnan(found[:4]).all() and np.isnan(found[40:52]).all()
    assert np.isfinite(found[52:88]).all()


def test_an_empty_set_is_unknown_throughout():
    price, value = panel(1, 30, 4)
    assert np.isnan(rolling_by_set(price, value, np.zeros(4, int), 2)[:, 1]).all()


@pytest.mark.parametrize("periods", [3, 25, 40, 150])
def test_the_newest_changes_parts_rest_on_the_two_newest_windows_alone(periods):
    price, value = panel(periods, periods, 12)
    whole = change_contributions(rolling_geks_contributions(price, value), -2, -1)
    newest = change_contributions(rolling_geks_contributions(price[-26:], value[-26:]), -2, -1)
    assert np.allclose(whole, newest, atol=1e-13)
    index = rolling_geks(price, value)
    assert newest.sum() == pytest.approx(index[-1] / index[-2] - 1, abs=1e-12)


def test_a_new_period_does_not_change_the_index_of_an_earlier_one():
    price, value = panel(3, 80, 10)
    before = rolling_by_set(price[:79], value[:79], np.zeros(10, int), 1)
    after = rolling_by_set(price, value, np.zeros(10, int), 1)
    assert np.allclose(after[:79], before, rtol=1e-12)
