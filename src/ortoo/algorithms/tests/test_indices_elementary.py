"""Quotes that come and go."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ortoo.algorithms.indices.elementary import Elementary, elementary
from ortoo.algorithms.tests import indices_by_definition as definition
from ortoo.algorithms.tests.indices_panels import CLOSE, EXAMPLES, panels

NAN = np.nan


def test_a_quote_that_returns_is_compared_with_its_own_last_price_moved_on() -> None:
    price = [[100, 100], [110, NAN], [121, 144]]
    found = elementary(price, patience=1)
    assert found.index[:, 0] == pytest.approx([1, 1.1, (1.21 * 1.44) ** 0.5])
    assert found.matched[:, 0].tolist() == [0, 1, 2]
    assert found.entered[:, 0].tolist() == [2, 0, 0]
    assert found.left[:, 0].tolist() == [0, 0, 0]


def test_without_patience_it_enters_as_new_and_moves_nothing() -> None:
    found = elementary([[100, 100], [110, NAN], [121, 144]], patience=0)
    assert found.index[:, 0] == pytest.approx([1, 1.1, 1.21])
    assert found.entered[:, 0].tolist() == [2, 0, 1]
    assert found.left[:, 0].tolist() == [0, 1, 0]


def test_dutot_and_carli_differ_from_jevons_as_worked_by_hand() -> None:
    price = [[10, 100], [20, 100]]
    expected = {Elementary.JEVONS: 2**0.5, Elementary.DUTOT: 120 / 110, Elementary.CARLI: 1.5}
    for formula, index in expected.items():
        assert elementary(price, patience=0, formula=formula).index[1, 0] == pytest.approx(index)


def test_carli_rises_over_prices_that_only_swing_and_jevons_does_not() -> None:
    price = [[10, 20], [20, 10], [10, 20]]
    assert elementary(price, patience=0).index[:, 0] == pytest.approx([1, 1, 1])
    carli = elementary(price, patience=0, formula=Elementary.CARLI).index[:, 0]
    assert carli == pytest.approx([1, 1.25, 1.25**2])


@pytest.mark.parametrize("patience", [0, 1, 3])
@EXAMPLES
@given(panel=panels())
def test_jevons_agrees_with_explicit_imputation(patience: int, panel: tuple) -> None:
    rows = [{q: p for q, p in enumerate(row) if p > 0} for row in panel[0].tolist()]
    expected = definition.jevons_with_imputation(rows, patience)
    found = elementary(panel[0], patience=patience).index[:, 0]
    assert found == pytest.approx(expected, rel=CLOSE)


@EXAMPLES
@given(panel=panels(), factor=st.floats(0.01, 100), order=st.randoms())
def test_jevons_keeps_proportionality_units_and_order(
    panel: tuple, factor: float, order: object
) -> None:
    price = panel[0]
    found = elementary(price, patience=2).index
    shuffled = list(range(price.shape[1]))
    order.shuffle(shuffled)
    assert elementary(price[:, shuffled], patience=2).index == pytest.approx(found, rel=CLOSE)
    units = np.linspace(0.1, 10, price.shape[1])
    assert elementary(price * units, patience=2).index == pytest.approx(found, rel=CLOSE)
    moved = price.copy()
    moved[-1] *= factor
    assert elementary(moved, patience=2).index[-1] == pytest.approx(found[-1] * factor, rel=CLOSE)


def test_groups_are_computed_apart_and_one_without_quotes_is_unknown() -> None:
    price = [[1, 10, NAN], [2, 10, NAN], [4, 30, NAN]]
    found = elementary(price, [0, 2, 1], patience=0)
    assert found.index[:, 0].tolist() == [1, 2, 4]
    assert np.isnan(found.index[:, 1]).all()
    assert found.index[:, 2] == pytest.approx([1, 1, 3])


def test_a_period_without_quotes_is_unknown_and_the_index_goes_on_after_it() -> None:
    price = [[10.0], [NAN], [15.0]]
    assert elementary(price, patience=1).index[2, 0] == pytest.approx(1.5)
    assert np.isnan(elementary(price, patience=1).index[1, 0])
    for impatient in (price, [*price, [16.0], [17.0]]):
        assert np.isnan(elementary(impatient, patience=0).index[1:, 0]).all()


def test_a_quote_leaves_once_when_its_absence_outlasts_the_patience() -> None:
    found = elementary([[10, 10], [11, NAN], [12, NAN], [13, NAN], [14, 5]], patience=1)
    assert found.left[:, 0].tolist() == [0, 0, 1, 0, 0]
    assert found.entered[:, 0].tolist() == [2, 0, 0, 0, 1]


def test_after_a_complete_change_of_quotes_the_index_stays_unknown() -> None:
    found = elementary([[10.0, NAN], [NAN, 7.0], [NAN, 8.0]], patience=0)
    assert np.isnan(found.index[1:, 0]).all()


def test_an_old_quote_that_returns_in_time_takes_the_new_ones_in() -> None:
    found = elementary([[10, NAN], [NAN, 7], [20, 7], [20, 14]], patience=5).index[:, 0]
    assert found[2] == pytest.approx(2)
    assert found[3] == pytest.approx(2 * 2**0.5)


@pytest.mark.parametrize("bad", [0.0, -1.0, np.inf])
def test_a_price_of_zero_or_below_is_no_quote(bad: float) -> None:
    found = elementary([[10, 10], [20, bad]], patience=0)
    assert found.index[1, 0] == pytest.approx(2)
    assert found.matched[1, 0] == 1


def test_an_index_begins_in_the_first_period_with_a_quote() -> None:
    found = elementary([[NAN], [5.0], [6.0]], patience=0).index[:, 0]
    assert np.isnan(found[0])
    assert found[1:] == pytest.approx([1, 1.2])


def test_constant_prices_and_no_periods_are_no_trouble() -> None:
    assert (elementary(np.full((3, 2), 9.9), patience=0).index == 1).all()
    assert elementary(np.ones((0, 2)), patience=0).index.shape == (0, 1)


def test_wrong_shapes_and_negative_arguments_are_refused() -> None:
    for price, group, patience in ([[1.0], None, 0], [[[1.0]], [0, 1], 0], [[[1.0]], [-1], 0]):
        with pytest.raises(ValueError, match="must be"):
            elementary(price, group, patience=patience)
    with pytest.raises(ValueError, match="patience"):
        elementary([[1.0]], patience=-1)
