"""Rolling windows: every splice, what is never revised, gaps and ends."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ortoo.algorithms.indices.bilateral import Formula
from ortoo.algorithms.indices.drift import chained_to_show_drift
from ortoo.algorithms.indices.multilateral import geks
from ortoo.algorithms.indices.splicing import (
    Splice,
    next_index,
    rolling_geary_khamis,
    rolling_geks,
    rolling_time_product_dummy,
)
from ortoo.algorithms.tests import indices_by_definition as definition
from ortoo.algorithms.tests.indices_panels import CLOSE, EXAMPLES, panels

NAN = np.nan
ROLLING = [rolling_geks, rolling_time_product_dummy, rolling_geary_khamis]
FROM_PUBLICATION = [splice for splice in Splice if splice.published or splice is Splice.MOVEMENT]


@pytest.mark.parametrize("splice", Splice)
@EXAMPLES
@given(panel=panels(periods=(4, 8)), window=st.integers(2, 6))
def test_each_splice_is_its_authors_formula(splice: Splice, panel: tuple, window: int) -> None:
    periods = definition.periods_of(*panel)
    expected = definition.rolling(definition.geks("tornqvist"), periods, window, splice)
    found = rolling_geks(*panel, window=window, splice=splice)
    assert found == pytest.approx(expected, rel=CLOSE)


def test_the_checks_roll_as_their_definitions_do() -> None:
    rng = np.random.default_rng(11)
    price, value = np.exp(rng.normal(0, 0.3, (9, 6))), np.exp(rng.normal(3, 1, (9, 6)))
    price[rng.random(price.shape) < 0.2] = NAN
    periods = definition.periods_of(price, value)
    for method, index in (
        (rolling_time_product_dummy, definition.time_product_dummy),
        (rolling_geary_khamis, definition.geary_khamis),
    ):
        expected = definition.rolling(index, periods, 5, Splice.MEAN)
        assert method(price, value, window=5) == pytest.approx(expected, rel=CLOSE)


def test_a_mean_splice_as_worked_by_hand() -> None:
    # One item: its own price, whatever the splice. Two: Jevons over windows of three.
    # ln2 of item A: 0 1 2 3, item B: 0 0 0 and gone. Old window: levels 0, 1/2, 1. In the new one
    # P12 = 1/2, P13 = 2, P23 = 1: levels -5/6, -1/6, 1 (times ln2). Links: from period 1
    # 1/2 + 11/6 = 14/6, from period 2 1 + 7/6 = 13/6; their mean is 9/4.
    price = [[1, 1], [2, 1], [4, 1], [8, NAN]]
    found = rolling_geks(price, None, window=3, formula=Formula.JEVONS)
    assert found == pytest.approx([1, 2**0.5, 2, 2**2.25])


@pytest.mark.parametrize(
    ("splice", "all_shared", "some_shared"),
    [
        (Splice.MOVEMENT, [23], [20]),
        (Splice.WINDOW_PUBLISHED, [0], [3]),
        (Splice.HALF, [12], [11]),
        (Splice.MEAN, list(range(24)), [3, 11, 13, 20]),
    ],
)
def test_the_link_is_where_the_splice_says_or_at_the_nearest_priced_period(
    splice: Splice, all_shared: list[int], some_shared: list[int]
) -> None:
    assert splice.links(np.arange(24), 25).tolist() == all_shared
    assert splice.links(np.array([3, 11, 13, 20]), 25).tolist() == some_shared


@pytest.mark.parametrize("splice", Splice)
@EXAMPLES
@given(panel=panels(periods=(5, 9)))
def test_new_periods_never_revise_published_ones(splice: Splice, panel: tuple) -> None:
    price, value = panel
    whole = rolling_geks(price, value, window=4, splice=splice)
    for end in range(4, len(price)):
        before = rolling_geks(price[:end], value[:end], window=4, splice=splice)
        assert whole[:end] == pytest.approx(before, rel=1e-12)


@pytest.mark.parametrize("splice", FROM_PUBLICATION)
@EXAMPLES
@given(panel=panels(periods=(5, 8)))
def test_the_next_index_needs_only_its_window_and_what_was_issued(
    splice: Splice, panel: tuple
) -> None:
    price, value = panel
    whole = rolling_geks(price, value, window=4, splice=splice)
    found = next_index(whole[-4:-1], price[-4:], value[-4:], splice=splice)
    assert found == pytest.approx(whole[-1], rel=CLOSE)


def test_the_next_index_leaves_out_periods_that_were_not_issued() -> None:
    price, value = [[1.0], [2.0], [3.0]], np.ones((3, 1))
    assert next_index([NAN, 20.0], price, value) == pytest.approx(30)
    assert np.isnan(next_index([NAN, NAN], price, value))
    for splice in (Splice.MEAN, Splice.WINDOW, Splice.HALF):
        with pytest.raises(ValueError, match="old window"):
            next_index([1.0, 2.0], price, value, splice=splice)
    with pytest.raises(ValueError, match="each period but the newest"):
        next_index([1.0], price, value)


@pytest.mark.parametrize("window", [7, 8, 1000])
@EXAMPLES
@given(panel=panels(periods=(2, 7)))
def test_a_window_longer_than_the_series_is_one_window(window: int, panel: tuple) -> None:
    assert rolling_geks(*panel, window=window) == pytest.approx(geks(*panel), rel=1e-12)


@EXAMPLES
@given(panel=panels(periods=(3, 8)))
def test_a_window_of_two_is_the_chain(panel: tuple) -> None:
    chain = chained_to_show_drift(Formula.TORNQVIST, *panel)
    for splice in Splice:
        assert rolling_geks(*panel, window=2, splice=splice) == pytest.approx(chain, rel=CLOSE)


@pytest.mark.parametrize("splice", Splice)
@pytest.mark.parametrize("method", ROLLING)
def test_one_item_is_its_own_price_through_gaps_shorter_than_the_window(
    method: Callable[..., np.ndarray], splice: Splice
) -> None:
    price = np.array([NAN, 2, 3, NAN, NAN, 4, 6, NAN, 5, 8, 7, NAN])[:, None]
    found = method(price, np.ones_like(price), window=4, splice=splice)
    assert np.isnan(found[np.isnan(price[:, 0])]).all()
    there = np.isfinite(price[:, 0])
    assert found[there] == pytest.approx(price[there, 0] / 2)


@pytest.mark.parametrize("splice", Splice)
@pytest.mark.parametrize("method", ROLLING)
def test_a_gap_of_window_less_one_ends_the_series(
    method: Callable[..., np.ndarray], splice: Splice
) -> None:
    price = np.array([1, 2, 2, NAN, NAN, NAN, 4, 5])[:, None]
    found = method(price, np.ones_like(price), window=4, splice=splice)
    assert found[:3] == pytest.approx([1, 2, 2])
    assert np.isnan(found[3:]).all()
    longer = method(price, np.ones_like(price), window=5, splice=splice)
    assert longer[6:] == pytest.approx([4, 5])


def test_a_series_that_begins_late_begins_at_one() -> None:
    price = np.array([NAN] * 6 + [2, 3, 4, 5, 6])[:, None]
    found = rolling_geks(price, np.ones_like(price), window=3)
    assert np.isnan(found[:6]).all()
    assert found[6:] == pytest.approx([1, 1.5, 2, 2.5, 3])


def test_items_may_be_replaced_one_by_one_but_not_all_at_once() -> None:
    overlapping = [[1, NAN], [2, NAN], [2, 7], [NAN, 7], [NAN, 14]]
    assert rolling_geks(overlapping, np.ones((5, 2)), window=3)[-1] == pytest.approx(4)
    at_once = [[1, NAN], [2, NAN], [NAN, 7], [NAN, 7], [NAN, 14]]
    found = rolling_geks(at_once, np.ones((5, 2)), window=3)
    assert found[:2] == pytest.approx([1, 2])
    assert np.isnan(found[2:]).all()


@pytest.mark.parametrize("method", ROLLING)
def test_a_period_without_weight_is_unknown_and_constants_are_ones(
    method: Callable[..., np.ndarray],
) -> None:
    price, value = np.full((6, 3), 5.0), np.ones((6, 3))
    assert method(price, value, window=3) == pytest.approx(np.ones(6))
    value[2] = 0.0
    found = method(price, value, window=3)
    assert np.isnan(found[2])
    assert np.delete(found, 2) == pytest.approx(np.ones(5))
    assert np.isnan(method(price, np.zeros((6, 3)), window=3)).all()


@pytest.mark.parametrize("window", [1, 0, -5])
def test_a_window_below_two_is_refused(window: int) -> None:
    with pytest.raises(ValueError, match="at least 2"):
        rolling_geks(np.ones((3, 1)), np.ones((3, 1)), window=window)


def test_prices_that_swing_and_return_leave_no_drift_where_a_chain_falls() -> None:
    # A sale every fourth period, in which shoppers stock up; each cycle the chain loses more.
    sale = np.arange(104) % 4 == 1
    after = np.arange(104) % 4 == 2
    price = np.column_stack([np.where(sale, 0.5, 1.0), np.ones(104)])
    value = np.column_stack([np.where(sale, 50.0, np.where(after, 1.0, 10.0)), np.full(104, 10.0)])
    assert chained_to_show_drift(Formula.TORNQVIST, price, value)[-1] < 0.1
    assert rolling_geks(price, value)[-1] == pytest.approx(1, abs=0.05)
