"""GEKS, time-product dummies and Geary-Khamis over one window."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ortoo.algorithms.indices.bilateral import REVERSIBLE, Formula, fixed_base
from ortoo.algorithms.indices.multilateral import geary_khamis, geks, time_product_dummy
from ortoo.algorithms.tests import indices_by_definition as definition
from ortoo.algorithms.tests.indices_panels import CLOSE, EXAMPLES, panels

NAN = np.nan
METHODS = [geks, time_product_dummy, geary_khamis]
Method = Callable[[np.ndarray, np.ndarray], np.ndarray]


def test_geks_averages_all_ways_round_as_worked_by_hand() -> None:
    # ln2: P01 = 1/2, P02 = 2, P12 = 1 (item B is gone in the last period).
    price = [[1, 1], [2, 1], [4, NAN]]
    found = geks(price, None, formula=Formula.JEVONS)
    assert found == pytest.approx([1, 2 ** (2 / 3), 2 ** (11 / 6)])


def test_two_periods_are_the_bilateral_index() -> None:
    price, value = [[1.0, 2.0], [3.0, 1.0]], [[4.0, 1.0], [2.0, 2.0]]
    for formula in REVERSIBLE:
        expected = fixed_base(formula, price, value)
        assert geks(price, value, formula=formula) == pytest.approx(expected)


@pytest.mark.parametrize("formula", sorted(REVERSIBLE))
@EXAMPLES
@given(panel=panels())
def test_geks_is_the_regression_over_all_pairs(formula: Formula, panel: tuple) -> None:
    expected = definition.geks(formula)(definition.periods_of(*panel))
    assert geks(*panel, formula=formula) == pytest.approx(expected, rel=CLOSE)


@EXAMPLES
@given(panel=panels())
def test_the_time_product_dummy_is_the_weighted_regression(panel: tuple) -> None:
    expected = definition.time_product_dummy(definition.periods_of(*panel))
    assert time_product_dummy(*panel) == pytest.approx(expected, rel=CLOSE)


@EXAMPLES
@given(panel=panels(periods=(2, 4)))
def test_geary_khamis_satisfies_its_two_equations(panel: tuple) -> None:
    price, value = panel
    level = geary_khamis(price, value)
    there = np.isfinite(price)
    quantity = np.where(there, value / np.where(there, price, 1), 0)
    turnover = np.where(there, value, 0)
    reference = (turnover / level[:, None]).sum(axis=0) / np.maximum(quantity.sum(axis=0), 1e-300)
    implied = turnover.sum(axis=1) / (quantity @ reference)
    assert implied == pytest.approx(level, rel=CLOSE)


def test_geary_khamis_is_where_the_iteration_ends() -> None:
    rng = np.random.default_rng(5)
    price, value = np.exp(rng.normal(0, 0.3, (6, 8))), np.exp(rng.normal(3, 1, (6, 8)))
    price[rng.random(price.shape) < 0.3] = NAN
    expected = definition.geary_khamis(definition.periods_of(price, value))
    assert geary_khamis(price, value) == pytest.approx(expected, rel=CLOSE)


@pytest.mark.parametrize("method", METHODS)
@EXAMPLES
@given(panel=panels(), data=st.data())
def test_levels_are_transitive_whichever_period_comes_first(
    method: Method, panel: tuple, data: st.DataObject
) -> None:
    price, value = panel
    order = data.draw(st.permutations(range(len(price))))
    found = method(price, value)[order]
    assert method(price[order], value[order]) == pytest.approx(found / found[0], rel=CLOSE)


@pytest.mark.parametrize("method", METHODS)
@EXAMPLES
@given(panel=panels(), data=st.data())
def test_units_and_the_order_of_items_do_not_matter(
    method: Method, panel: tuple, data: st.DataObject
) -> None:
    price, value = panel
    items = price.shape[1]
    order = data.draw(st.permutations(range(items)))
    units = np.array(
        data.draw(st.lists(st.sampled_from([0.5, 1000]), min_size=items, max_size=items))
    )
    found = method(price, value)
    assert method(price[:, order], value[:, order]) == pytest.approx(found, rel=CLOSE)
    assert method(price * units, value) == pytest.approx(found, rel=CLOSE)


@pytest.mark.parametrize("method", METHODS)
@EXAMPLES
@given(panel=panels(), factor=st.floats(0.1, 10))
def test_a_period_whose_prices_all_rise_by_a_factor_rises_by_it(
    method: Method, panel: tuple, factor: float
) -> None:
    price, value = (array.copy() for array in panel)
    before = method(price, value)[-1]
    price[-1] *= factor
    value[-1] *= factor
    assert method(price, value)[-1] == pytest.approx(before * factor, rel=CLOSE)


@pytest.mark.parametrize("method", METHODS)
@EXAMPLES
@given(panel=panels(), data=st.data())
def test_prices_that_only_scale_from_period_to_period_give_the_scale(
    method: Method, panel: tuple, data: st.DataObject
) -> None:
    price, value = panel
    scale = data.draw(
        st.lists(st.floats(0.1, 10), min_size=len(price), max_size=len(price)).map(np.array)
    )
    first = np.arange(1, price.shape[1] + 1)
    moved = np.where(np.isnan(price), NAN, scale[:, None] * first)
    assert method(moved, value) == pytest.approx(scale / scale[0], rel=CLOSE)


@pytest.mark.parametrize("method", METHODS)
def test_an_item_that_vanishes_for_good_keeps_its_say_before(method: Method) -> None:
    price = np.array([[1, 1], [2, 4], [2, NAN], [2, NAN]], float)
    found = method(price, np.where(np.isnan(price), 0, 10.0))
    assert np.isfinite(found).all()
    assert 2 < found[1] < 4
    assert found[2] == pytest.approx(found[3])


@pytest.mark.parametrize("method", METHODS)
def test_periods_that_share_nothing_are_joined_by_those_between(method: Method) -> None:
    price = [[1, NAN, NAN], [2, 2, NAN], [NAN, 4, 4], [NAN, NAN, 12]]
    assert method(price, np.ones((4, 3))) == pytest.approx([1, 2, 4, 12])


@pytest.mark.parametrize("method", METHODS)
def test_periods_that_nothing_joins_are_not_compared(method: Method) -> None:
    price = [[1, NAN], [2, NAN], [NAN, 5], [NAN, 6]]
    found = method(price, np.ones((4, 2)))
    assert found[:2] == pytest.approx([1, 2])
    assert np.isnan(found[2:]).all()


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("size", [1e-12, 1e12])
def test_a_period_of_far_smaller_or_larger_turnover_keeps_its_digits(
    method: Method, size: float
) -> None:
    price = np.array([[1, 3], [2, 6], [4, 12], [8, 24]], float)
    value = np.array([[5, 5], [4, 9], [3, 1], [2, 2]], float)
    value[2] *= size
    assert method(price, value) == pytest.approx([1, 2, 4, 8], rel=1e-12)


@pytest.mark.parametrize("method", [time_product_dummy, geary_khamis])
def test_periods_joined_by_next_to_nothing_are_not_compared_by_a_regression(
    method: Method,
) -> None:
    price = [[1, NAN, 1], [2, NAN, NAN], [NAN, 5, 1], [NAN, 6, NAN]]
    value = [[1, 0, 1e-11], [1, 0, 0], [0, 1, 1e-11], [0, 1, 0]]
    found = method(price, value)
    assert found[:2] == pytest.approx([1, 2])
    assert np.isnan(found[2:]).all()


@pytest.mark.parametrize("method", METHODS)
def test_an_empty_period_is_unknown_and_the_others_are_as_without_it(method: Method) -> None:
    price = np.array([[1, 2], [3, 3], [2, 5]], float)
    value = np.array([[5, 5], [4, 9], [3, 1]], float)
    with_gap = method(np.insert(price, 1, NAN, axis=0), np.insert(value, 1, 1.0, axis=0))
    assert np.isnan(with_gap[1])
    assert np.delete(with_gap, 1) == pytest.approx(method(price, value))


@pytest.mark.parametrize("method", METHODS)
def test_the_first_priced_period_is_one(method: Method) -> None:
    found = method([[0.0], [2.0], [3.0]], np.ones((3, 1)))
    assert np.isnan(found[0])
    assert found[1:] == pytest.approx([1, 1.5])


@pytest.mark.parametrize("method", METHODS)
def test_weights_all_zero_give_no_number(method: Method) -> None:
    assert np.isnan(method(np.ones((3, 2)), np.zeros((3, 2)))).all()


@pytest.mark.parametrize("method", METHODS)
def test_constant_prices_one_period_and_none_are_no_trouble(method: Method) -> None:
    assert method(np.full((3, 2), 4.0), np.ones((3, 2))) == pytest.approx([1, 1, 1])
    assert method(np.ones((1, 2)), np.ones((1, 2))) == pytest.approx([1])
    assert method(np.ones((0, 2)), np.ones((0, 2))).shape == (0,)


@pytest.mark.parametrize("formula", sorted(set(Formula) - REVERSIBLE))
def test_geks_of_a_formula_that_does_not_reverse_is_refused(formula: Formula) -> None:
    with pytest.raises(ValueError, match="not reversible"):
        geks(np.ones((3, 2)), np.ones((3, 2)), formula=formula)
