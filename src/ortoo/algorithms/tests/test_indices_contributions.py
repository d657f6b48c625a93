"""Parts add up to the change exactly, by item, place and any other group."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ortoo.algorithms.indices.bilateral import Formula, fixed_base
from ortoo.algorithms.indices.contributions import (
    by_group,
    change_contributions,
    contributions,
    rolling_geks_contributions,
)
from ortoo.algorithms.indices.splicing import Splice, rolling_geks
from ortoo.algorithms.tests.indices_panels import CLOSE, EXAMPLES, HAND_PRICE, HAND_VALUE, panels

NAN = np.nan


def test_laspeyres_parts_are_share_times_change_as_worked_by_hand() -> None:
    price, value = [[1.0, 2.0, 4.0], [2.0, 1.0, 4.0]], [[50.0, 30.0, 20.0], [1.0, 1.0, 1.0]]
    found = contributions(Formula.LASPEYRES, price, value)
    assert found == pytest.approx([0.5, -0.15, 0.0])


def test_tornqvist_and_fisher_give_all_of_a_rise_to_the_one_item_that_rose() -> None:
    for formula in Formula:
        found = contributions(formula, HAND_PRICE, HAND_VALUE)
        rise = fixed_base(formula, HAND_PRICE, HAND_VALUE)[1] - 1
        assert found == pytest.approx([rise, 0.0])


@pytest.mark.parametrize("formula", Formula)
@EXAMPLES
@given(panel=panels(periods=(2, 2)))
def test_parts_of_a_bilateral_index_add_up_to_its_change(formula: Formula, panel: tuple) -> None:
    found = contributions(formula, *panel)
    change = fixed_base(formula, *panel)[1] - 1
    assert np.nansum(found) == pytest.approx(change, rel=CLOSE, abs=CLOSE)
    moved = panel[0][1] - panel[0][0]
    assert (np.isnan(found) == np.isnan(moved)).all()
    known = ~np.isnan(moved)
    assert (found[known] * moved[known] >= 0).all()


@pytest.mark.parametrize("splice", Splice)
@EXAMPLES
@given(panel=panels(periods=(5, 8)), window=st.integers(2, 9), data=st.data())
def test_parts_of_a_spliced_geks_add_up_to_its_change_between_any_two_periods(
    splice: Splice, panel: tuple, window: int, data: st.DataObject
) -> None:
    parts = rolling_geks_contributions(*panel, window=window, splice=splice)
    index = rolling_geks(*panel, window=window, splice=splice)
    assert np.exp(parts.sum(axis=1)) == pytest.approx(index, rel=CLOSE)
    period = st.integers(0, len(index) - 1)
    earlier, later = data.draw(period), data.draw(period)
    found = change_contributions(parts, earlier, later)
    assert found.sum() == pytest.approx(index[later] / index[earlier] - 1, rel=CLOSE, abs=CLOSE)


@EXAMPLES
@given(panel=panels(periods=(5, 8), gaps=False))
def test_an_item_whose_price_never_moves_contributes_nothing(panel: tuple) -> None:
    price, value = panel
    price[:, 0] = 3.0
    assert rolling_geks_contributions(price, value, window=3)[:, 0] == pytest.approx(0, abs=CLOSE)


def test_parts_hold_through_periods_that_nothing_joins_directly() -> None:
    price = [[1, NAN, NAN], [2, 2, NAN], [NAN, 4, 4], [NAN, NAN, 12]]
    parts = rolling_geks_contributions(price, np.ones((4, 3)), window=4)
    assert np.exp(parts.sum(axis=1)) == pytest.approx([1, 2, 4, 12])


def test_rows_are_unknown_where_the_index_is() -> None:
    price = np.array([[1, 1], [NAN, 0], [2, 2]], float)
    parts = rolling_geks_contributions(price, np.ones((3, 2)), window=3)
    assert np.isnan(parts[1]).all()
    assert parts[2] == pytest.approx(np.log(2) * np.array([0.5, 0.5]))
    assert np.isnan(change_contributions(parts, 0, 1)).all()


def test_an_index_that_comes_back_still_says_which_items_offset_each_other() -> None:
    parts = np.array([[0.0, 0.0], [0.1, -0.1]])
    assert change_contributions(parts, 0, 1) == pytest.approx([0.1, -0.1])


def test_items_and_places_are_two_groupings_of_the_same_parts() -> None:
    # Columns: item 0 at places 0 and 1, item 1 at places 0 and 1.
    parts = np.array([[0.1, 0.2, NAN, -0.4], [0.0, 0.0, 1.0, 0.0]])
    by_item = by_group(parts, [0, 0, 1, 1], 2)
    by_place = by_group(parts, [0, 1, 0, 1], 3)
    assert by_item == pytest.approx(np.array([[0.3, -0.4], [0, 1]]))
    assert by_place == pytest.approx(np.array([[0.1, -0.2, 0], [1, 0, 0]]))


def test_what_cannot_be_compared_has_no_parts_and_wrong_shapes_are_refused() -> None:
    assert np.isnan(contributions(Formula.FISHER, [[1, NAN], [NAN, 1]], np.ones((2, 2)))).all()
    assert np.isnan(contributions(Formula.TORNQVIST, HAND_PRICE, np.zeros((2, 2)))).all()
    with pytest.raises(ValueError, match="two periods"):
        contributions(Formula.JEVONS, np.ones((3, 2)))
    with pytest.raises(ValueError, match="one group"):
        by_group([1.0, 2.0], [0], 1)
    with pytest.raises(ValueError, match="numbered"):
        by_group([1.0, 2.0], [0, 2], 2)
