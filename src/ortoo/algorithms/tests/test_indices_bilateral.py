"""Two-period formulas: by hand, by definition, and the axioms they keep."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ortoo.algorithms.indices.bilateral import REVERSIBLE, Formula, fixed_base, pairs
from ortoo.algorithms.indices.drift import chain_drift, chained_to_show_drift
from ortoo.algorithms.tests import indices_by_definition as definition
from ortoo.algorithms.tests.indices_panels import CLOSE, EXAMPLES, HAND_PRICE, HAND_VALUE, panels

WEIGHTED = [formula for formula in Formula if formula is not Formula.JEVONS]
BY_HAND = {
    Formula.JEVONS: math.sqrt(2),
    Formula.LASPEYRES: 1.5,
    Formula.PAASCHE: 50 / 30,
    Formula.FISHER: math.sqrt(2.5),
    Formula.TORNQVIST: 2**0.65,
    Formula.WALSH: (2 * math.sqrt(200) + 10) / (math.sqrt(200) + 10),
}


@pytest.mark.parametrize("formula", Formula)
def test_each_formula_gives_the_value_worked_by_hand(formula: Formula) -> None:
    assert fixed_base(formula, HAND_PRICE, HAND_VALUE)[1] == pytest.approx(BY_HAND[formula])


@pytest.mark.parametrize("formula", Formula)
@EXAMPLES
@given(panel=panels())
def test_each_formula_agrees_with_its_definition_over_gaps(formula: Formula, panel: tuple) -> None:
    periods = definition.periods_of(*panel)
    expected = definition.fixed(formula, periods)
    assert fixed_base(formula, *panel) == pytest.approx(expected, rel=CLOSE)
    chain = definition.chained(formula, periods)
    assert chained_to_show_drift(formula, *panel) == pytest.approx(chain, rel=CLOSE)


@pytest.mark.parametrize("formula", Formula)
@EXAMPLES
@given(panel=panels(periods=(2, 2)), factor=st.floats(0.01, 100))
def test_proportional_prices_give_the_factor_and_equal_prices_one(
    formula: Formula, panel: tuple, factor: float
) -> None:
    price, value = panel
    price[1] = price[0] * factor
    assert fixed_base(formula, price, value)[1] == pytest.approx(factor, rel=CLOSE)
    price[1] = price[0]
    assert fixed_base(formula, price, value)[1] == pytest.approx(1, rel=CLOSE)


@EXAMPLES
@given(panel=panels())
def test_reversible_formulas_reverse_and_laspeyres_reverses_into_paasche(panel: tuple) -> None:
    for formula in REVERSIBLE:
        found = pairs(formula, *panel)
        assert found * found.T == pytest.approx(np.ones_like(found), rel=CLOSE)
    laspeyres, paasche = pairs(Formula.LASPEYRES, *panel), pairs(Formula.PAASCHE, *panel)
    assert laspeyres * paasche.T == pytest.approx(np.ones_like(laspeyres), rel=CLOSE)


@pytest.mark.parametrize("formula", Formula)
@EXAMPLES
@given(panel=panels(), data=st.data())
def test_neither_units_nor_the_order_of_items_matter(
    formula: Formula, panel: tuple, data: st.DataObject
) -> None:
    price, value = panel
    items = price.shape[1]
    units = data.draw(
        st.lists(st.sampled_from([0.002, 0.5, 1, 1000]), min_size=items, max_size=items)
    )
    order = data.draw(st.permutations(range(items)))
    found = pairs(formula, price, value)
    assert pairs(formula, price * units, value) == pytest.approx(found, rel=CLOSE)
    assert pairs(formula, price[:, order], value[:, order]) == pytest.approx(found, rel=CLOSE)


@pytest.mark.parametrize("bad", [0.0, -3.0, np.nan, np.inf])
@pytest.mark.parametrize("formula", Formula)
def test_a_price_of_zero_or_below_or_unknown_is_a_gap(formula: Formula, bad: float) -> None:
    price = np.column_stack([HAND_PRICE, [5.0, bad]])
    value = np.column_stack([HAND_VALUE, [70.0, 70.0]])
    assert fixed_base(formula, price, value)[1] == pytest.approx(BY_HAND[formula])


@pytest.mark.parametrize("bad", [-1.0, np.nan, np.inf])
@pytest.mark.parametrize("formula", WEIGHTED)
def test_a_price_with_an_impossible_turnover_is_a_gap(formula: Formula, bad: float) -> None:
    price = np.column_stack([HAND_PRICE, [5.0, 9.0]])
    value = np.column_stack([HAND_VALUE, [70.0, bad]])
    assert fixed_base(formula, price, value)[1] == pytest.approx(BY_HAND[formula])


def test_a_turnover_of_zero_is_a_weight_of_zero_in_its_own_period_only() -> None:
    price, value = [[1.0, 1.0], [1.0, 4.0]], [[10.0, 10.0], [10.0, 0.0]]
    assert fixed_base(Formula.LASPEYRES, price, value)[1] == pytest.approx(2.5)
    assert fixed_base(Formula.PAASCHE, price, value)[1] == pytest.approx(1.0)
    assert fixed_base(Formula.TORNQVIST, price, value)[1] == pytest.approx(4**0.25)


@pytest.mark.parametrize("formula", WEIGHTED)
def test_weights_all_zero_give_no_number(formula: Formula) -> None:
    assert np.isnan(pairs(formula, HAND_PRICE, np.zeros((2, 2)))).all()


@pytest.mark.parametrize("formula", [Formula.PAASCHE, Formula.FISHER])
def test_a_quantity_too_small_for_the_machine_gives_no_number_rather_than_infinity(
    formula: Formula,
) -> None:
    assert np.isnan(fixed_base(formula, [[1e3], [2e3]], [[1.0], [1e-323]])[1])


@pytest.mark.parametrize("formula", Formula)
def test_periods_without_a_common_item_give_no_number_and_break_a_chain(formula: Formula) -> None:
    price = [[1.0, np.nan], [np.nan, 2.0], [np.nan, 3.0]]
    value = np.ones((3, 2))
    assert np.isnan(fixed_base(formula, price, value)[1:]).all()
    assert np.isnan(chained_to_show_drift(formula, price, value)[1:]).all()


def test_one_item_is_its_own_index_and_three_constant_periods_are_ones() -> None:
    for formula in Formula:
        one = fixed_base(formula, [[2.0], [3.0]], [[1.0], [9.0]])
        assert one == pytest.approx([1, 1.5])
        same = fixed_base(formula, np.full((3, 2), 7.0), np.ones((3, 2)))
        assert same == pytest.approx([1, 1, 1])


def test_a_sale_that_is_over_leaves_a_chain_below_where_it_began() -> None:
    # Shoppers stock up in the sale and buy little after it; all prices come back.
    price = [[1.0, 1.0], [0.5, 1.0], [1.0, 1.0], [1.0, 1.0]]
    value = [[10.0, 10.0], [50.0, 10.0], [1.0, 10.0], [10.0, 10.0]]
    drift = chain_drift(Formula.TORNQVIST, price, value)
    # Down by 2^-(1/2 + 5/6)/2, up by 2^(5/6 + 1/11)/2.
    assert drift[-1] == pytest.approx(2 ** ((1 / 11 - 1 / 2) / 2))
    assert drift[-1] < 0.9


@pytest.mark.parametrize("periods", [0, 1])
def test_a_series_of_no_or_one_period_is_no_error(periods: int) -> None:
    price = np.ones((periods, 2))
    assert chained_to_show_drift(Formula.FISHER, price, price).tolist() == [1.0] * periods


def test_missing_turnovers_and_unlike_shapes_are_refused() -> None:
    with pytest.raises(ValueError, match="value is missing"):
        fixed_base(Formula.FISHER, HAND_PRICE)
    with pytest.raises(ValueError, match="alike"):
        fixed_base(Formula.FISHER, HAND_PRICE, HAND_VALUE[:1])
