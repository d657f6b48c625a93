"""Ratio edits, peers in the place, many firms on one device, and the selective-editing queue."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ortoo.algorithms.editing.devices import firms_on_device
from ortoo.algorithms.editing.judgement import Judgement
from ortoo.algorithms.editing.peers import compare
from ortoo.algorithms.editing.ratio import bounded, price_agrees, quotient
from ortoo.algorithms.editing.selective import (
    captured,
    combined,
    item_scores,
    predicted,
    queue,
)
from ortoo.algorithms.rollup import MISSING


def ints(*values: int) -> np.ndarray:
    return np.array(values, dtype=np.int64)


# Ratio edits


def test_sales_over_quantity_that_is_the_price_passes_and_twice_the_price_does_not() -> None:
    value, quantity = ints(120, 120), ints(10_000, 10_000)  # 12,000 yuan, 1,000 kg
    found = price_agrees(value, quantity, ints(1200, 2400), fen_per_unit=100_000)
    assert found.flag.tolist() == [False, True]
    assert found.low[0] < 1200 < found.high[0]


def test_what_rounding_explains_is_not_flagged() -> None:
    """One hundred yuan rounded may be 50 to 150: no disagreement can be proved."""
    small = price_agrees(ints(1), ints(100), ints(1400), fen_per_unit=100_000)
    large = price_agrees(ints(100), ints(10_000), ints(1400), fen_per_unit=100_000)
    assert not small.flag[0]
    assert large.flag[0]


def test_negative_stock_is_flagged_whatever_the_bounds() -> None:
    found = bounded(ints(-5), ints(10), -1e9, 1e9)
    assert found.flag.tolist() == [True]
    assert found.state.tolist() == [Judgement.NOT_POSITIVE]


def test_something_over_nothing_is_flagged_and_nothing_over_nothing_is_not() -> None:
    found = quotient(ints(50, 0, 7), ints(0, 0, MISSING))
    assert found.flag.tolist() == [True, False, False]
    assert found.state.tolist() == [
        Judgement.NOT_POSITIVE,
        Judgement.NOT_POSITIVE,
        Judgement.MISSING,
    ]


def test_a_zero_price_of_goods_sold_for_money_is_flagged() -> None:
    found = price_agrees(ints(100, 0), ints(1000, 1000), ints(0, 0), fen_per_unit=100_000)
    assert found.flag.tolist() == [True, False]


def test_a_missing_price_accuses_nobody() -> None:
    found = price_agrees(ints(100), ints(0), ints(MISSING), fen_per_unit=100_000)
    assert found.state.tolist() == [Judgement.MISSING]
    assert not found.flag[0]


def test_bounds_that_cross_are_refused() -> None:
    with pytest.raises(ValueError, match="lowest"):
        bounded(ints(1), ints(1), 2, 1)


cells = st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 10**6)), min_size=1, max_size=30)


@settings(deadline=None)
@given(cells, st.floats(0, 10), st.floats(0, 10))
def test_wider_bounds_never_flag_more(rows, low: float, more: float) -> None:
    over, under = np.array(rows, dtype=np.int64).T
    tight, wide = bounded(over, under, low, low + 1), bounded(over, under, low, low + 1 + more)
    assert not (wide.flag & ~tight.flag).any()


# Peers


def test_a_price_is_compared_with_the_others_of_its_place() -> None:
    price = ints(1000, 1010, 990, 1005, 995, 2000)
    found = compare(price, [np.zeros(6, int)])
    assert found.flag.tolist() == [False] * 5 + [True]
    assert found.peers.tolist() == [5] * 6
    assert found.usual_fen[5] == pytest.approx(1000, rel=1e-5)


def test_where_all_peers_charge_the_same_a_cent_is_no_accusation_and_a_doubling_is() -> None:
    found = compare(ints(*[1000] * 8, 1001, 2000), [np.zeros(10, int)])
    assert found.flag.tolist() == [False] * 9 + [True]
    assert np.isfinite(found.score).all()


def test_a_one_firm_place_is_compared_with_the_league_and_says_so() -> None:
    place, league = np.array([0] * 6 + [1]), np.zeros(7, int)
    found = compare(ints(1000, 1000, 1010, 990, 1000, 1000, 3000), [place, league])
    assert found.level.tolist() == [0] * 6 + [1]
    assert found.flag[6]
    alone = compare(ints(3000), [np.zeros(1, int)])
    assert alone.state.tolist() == [Judgement.TOO_FEW]
    assert not alone.flag[0]


def test_three_prices_are_too_few_to_compare() -> None:
    found = compare(ints(1, 1000, 100_000), [np.zeros(3, int)])
    assert found.state.tolist() == [Judgement.TOO_FEW] * 3
    assert not found.flag.any()


def test_zero_and_missing_prices_are_nobodys_peers() -> None:
    found = compare(ints(0, MISSING, *[1000] * 6), [np.zeros(8, int)])
    assert found.state[:2].tolist() == [Judgement.NOT_POSITIVE, Judgement.MISSING]
    assert found.peers[2:].tolist() == [5] * 6
    assert not found.flag.any()


prices = st.lists(st.integers(1, 10**6), min_size=6, max_size=30)


@settings(deadline=None)
@given(prices)
def test_the_usual_price_is_the_median_of_the_others(given_) -> None:
    found = compare(ints(*given_), [np.zeros(len(given_), int)])
    logs = np.log(given_)
    for row in range(len(given_)):
        assert np.log(found.usual_fen[row]) == pytest.approx(
            np.median(np.delete(logs, row)), abs=3e-6
        )


@settings(deadline=None)
@given(prices, st.randoms(use_true_random=False))
def test_peers_do_not_depend_on_the_order_of_rows(given_, random) -> None:
    order = random.sample(range(len(given_)), len(given_))
    group = np.arange(len(given_)) % 2
    straight = compare(ints(*given_), [group, group * 0])
    mixed = compare(ints(*given_)[order], [group[order], group * 0])
    np.testing.assert_array_equal(mixed.score, straight.score[order])
    np.testing.assert_array_equal(mixed.level, straight.level[order])


@settings(deadline=None)
@given(prices, st.sampled_from([10, 100]))
def test_peers_do_not_depend_on_the_unit(given_, factor) -> None:
    group = np.zeros(len(given_), int)
    one, other = compare(ints(*given_), [group]), compare(ints(*given_) * factor, [group])
    np.testing.assert_allclose(one.score, other.score, atol=1e-3, rtol=1e-3)


@settings(deadline=None)
@given(prices, st.integers(1, 1000))
def test_a_price_further_above_the_others_never_scores_less(given_, more: int) -> None:
    """Oneself enters neither the centre nor the spread one is measured by."""
    top = max(given_)
    low, high = (
        compare(ints(*given_, top + k), [np.zeros(len(given_) + 1, int)]) for k in (0, more)
    )
    assert high.score[-1] >= low.score[-1] * (1 - 1e-6)


# Devices


def test_more_than_five_firms_on_one_device_in_one_week_are_flagged() -> None:
    device = np.array([7] * 6 + [8] * 5)
    firm = np.r_[np.arange(6), np.arange(5)]
    found = firms_on_device(device, firm, np.zeros(11, int))
    assert found.firms.tolist() == [6] * 6 + [5] * 5
    assert found.flag.tolist() == [True] * 6 + [False] * 5


def test_one_firm_that_files_often_is_one_firm_and_weeks_are_counted_apart() -> None:
    found = firms_on_device(np.full(12, 3), np.repeat([1, 2], 6), np.tile(np.arange(6), 2))
    assert found.firms.tolist() == [2] * 12
    assert not found.flag.any()


def test_declared_assistance_and_unknown_devices_are_left_out() -> None:
    device = np.array([1] * 7 + [-1] * 7)
    declared = np.array([True] * 7 + [False] * 7)
    found = firms_on_device(device, np.arange(14), np.zeros(14, int), declared=declared)
    assert not found.flag.any()
    assert found.firms.sum() == 0


# Selective editing


def test_the_score_is_the_share_of_the_published_figure_that_hangs_on_the_answer() -> None:
    assert item_scores([120.0], [100.0], [5.0], [1000.0])[0] == pytest.approx(0.1)


def test_a_large_error_of_a_small_firm_comes_after_a_small_error_of_a_large_one() -> None:
    score = item_scores([1000.0, 10_400.0], [10.0, 10_000.0], [0.1, 1.0], 20_000.0)
    assert queue(score, 0.01).order.tolist() == [1, 0]


def test_the_auxiliary_predicts_where_there_is_no_previous_value() -> None:
    assert predicted([np.nan, 3.0], [7.0, 9.0]).tolist() == [7.0, 3.0]


def test_answers_without_any_prediction_come_last_and_are_named() -> None:
    found = queue(np.array([np.nan, 0.2, 0.5]), 0.3)
    assert found.order.tolist() == [2, 1, 0]
    assert found.flag.tolist() == [False, False, True]
    assert found.unpredicted.tolist() == [True, False, False]


@pytest.mark.parametrize(
    ("how", "expected"),
    [("largest", 4.0), ("mean", 3.5), ("minkowski", 5.0), ("weighted", 3.25)],
)
def test_ways_to_combine_items(how, expected) -> None:
    scores = np.array([[3.0, 4.0], [np.nan, 2.0], [np.nan, np.nan]])
    found = combined(scores, how, weights=[3.0, 1.0], power=2.0)
    assert found[0] == pytest.approx(expected)
    assert found[1] == pytest.approx(2.0)
    assert np.isnan(found[2])


def test_what_cannot_be_scored_is_refused() -> None:
    with pytest.raises(ValueError, match="above zero"):
        item_scores([1.0], [1.0], [1.0], [0.0])
    with pytest.raises(ValueError, match="negative"):
        item_scores([1.0], [1.0], [-1.0], [1.0])
    with pytest.raises(ValueError, match="at least 1"):
        combined(np.ones((1, 2)), "minkowski", power=0.5)
    with pytest.raises(ValueError, match="scores must be"):
        combined(np.ones((1, 6)))
    with pytest.raises(ValueError, match="one weight"):
        combined(np.ones((1, 2)), "weighted", weights=[1.0])


def test_the_first_of_the_queue_capture_what_they_correct() -> None:
    assert captured(np.array([1, 0, 2, 3]), [1.0, 9.0, 0.0, 0.0], 0.25) == pytest.approx(0.9)
    assert captured(np.array([0]), [0.0], 0.5) == 1.0


answers = st.lists(st.tuples(st.floats(0, 1e6), st.floats(0, 1e6)), min_size=1, max_size=30)


@settings(deadline=None)
@given(answers, st.floats(0.01, 1000))
def test_scores_do_not_depend_on_the_unit_of_money(rows, factor: float) -> None:
    given_, expected = np.array(rows).T
    one = item_scores(given_, expected, 1.0, 1e6)
    other = item_scores(given_ * factor, expected * factor, 1.0, 1e6 * factor)
    np.testing.assert_allclose(one, other, rtol=1e-9, atol=1e-12)


@settings(deadline=None)
@given(answers, st.randoms(use_true_random=False))
def test_the_queue_does_not_depend_on_the_order_of_rows(rows, random) -> None:
    given_, expected = np.array(rows).T
    score, key = item_scores(given_, expected, 1.0, 1.0), np.arange(len(rows))
    order = np.array(random.sample(range(len(rows)), len(rows)))
    mixed = queue(score[order], 0.0, key[order])
    assert order[mixed.order].tolist() == queue(score, 0.0, key).order.tolist()


@settings(deadline=None)
@given(st.lists(st.floats(0, 1e3), min_size=2, max_size=5), st.floats(0, 10), st.integers(0, 1))
def test_a_larger_item_score_never_lowers_the_combined_one(row, more, where) -> None:
    low = np.array([row])
    high = low.copy()
    high[0, where] += more
    for how in ("largest", "mean", "minkowski"):
        assert combined(high, how)[0] >= combined(low, how)[0] - 1e-9
