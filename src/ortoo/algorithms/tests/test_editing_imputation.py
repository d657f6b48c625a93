"""Imputation: the method, the donors and the original are kept, and nothing is carried unasked."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ortoo.algorithms.editing.donors import LinearEdits, Rules, from_nearest, ranks
from ortoo.algorithms.editing.imputation import (
    Method,
    by_profile,
    carried,
    first_available,
    matched,
    reported,
)
from ortoo.algorithms.rollup import MISSING

NO = MISSING


def ints(*values: int) -> np.ndarray:
    return np.array(values, dtype=np.int64)


def test_forward_takes_the_units_own_value_times_the_classes_change() -> None:
    now, before = ints(110, 330, NO), ints(100, 300, 200)
    found = matched(now, before, np.zeros(3, int))
    assert found.value.tolist() == [110, 330, 220]
    assert found.method.tolist() == [Method.REPORTED, Method.REPORTED, Method.FORWARD]
    assert found.support.tolist() == [0, 0, 2]
    assert found.original.tolist() == now.tolist()


def test_backward_is_the_same_with_the_later_value() -> None:
    found = matched(ints(100, NO), ints(110, 220), np.zeros(2, int), Method.BACKWARD)
    assert found.value.tolist() == [100, 200]
    assert found.method[1] == Method.BACKWARD


def test_the_class_method_builds_a_value_from_an_auxiliary() -> None:
    found = matched(ints(500, 700, NO), ints(10, 20, 5), np.zeros(3, int), Method.CLASS)
    assert found.value[2] == 200


def test_the_geometric_mean_weighs_relatives_equally() -> None:
    now, before = ints(200, 5000, NO), ints(100, 10_000, 1000)
    found = matched(now, before, np.zeros(3, int), mean="geometric")
    assert found.value[2] == 1000
    assert matched(now, before, np.zeros(3, int)).value[2] == round(1000 * 5200 / 10_100)


def test_a_firm_alone_in_its_class_is_not_carried_forward() -> None:
    found = matched(ints(NO, 110), ints(100, 100), np.array([0, 1]))
    assert found.value.tolist() == [NO, 110]
    assert found.method[0] == Method.NONE


def test_doubtful_values_do_not_move_the_class() -> None:
    now, before = ints(100, 10_000, NO), ints(100, 100, 100)
    usable = np.array([True, False, True])
    assert matched(now, before, np.zeros(3, int), usable=usable).value[2] == 100


def test_zero_prices_do_not_move_the_class_and_all_zero_says_nothing() -> None:
    assert matched(ints(0, 110, NO), ints(100, 100, 50), np.zeros(3, int)).value[2] == 55
    assert matched(ints(0, NO), ints(100, 100), np.zeros(2, int)).value[1] == NO


def test_too_few_respondents_say_nothing() -> None:
    assert matched(ints(110, NO), ints(100, 100), np.zeros(2, int), least=2).value[1] == NO


def test_a_unit_without_a_predictor_stays_missing() -> None:
    assert matched(ints(110, NO), ints(100, NO), np.zeros(2, int)).method[1] == Method.NONE


def test_only_a_regulated_price_is_carried() -> None:
    found = carried(ints(NO, NO, 7), ints(250, 250, 250), np.array([True, False, True]))
    assert found.value.tolist() == [250, NO, 7]
    assert found.method.tolist() == [Method.CARRIED, Method.NONE, Method.REPORTED]


def test_a_season_nobody_is_open_in_is_bridged_by_its_usual_move() -> None:
    found = by_profile(ints(NO, NO), ints(1000, NO), [np.log(1.2), 0.1])
    assert found.value.tolist() == [1200, NO]
    assert found.method[0] == Method.PROFILE


def test_the_first_attempt_that_knows_is_taken_and_each_cell_says_which() -> None:
    original, before, year = ints(110, NO, NO, NO), ints(100, 200, NO, NO), ints(90, 90, 180, NO)
    klass = np.zeros(4, int)
    found = first_available(
        matched(original, before, klass),
        matched(original, year, klass, Method.SEASONAL),
        carried(original, ints(1, 1, 1, 9), np.array([False, False, False, False])),
    )
    assert found.value.tolist() == [110, 220, 220, NO]
    assert found.method.tolist() == [
        Method.REPORTED,
        Method.FORWARD,
        Method.SEASONAL,
        Method.NONE,
    ]


def test_attempts_of_different_originals_are_refused() -> None:
    with pytest.raises(ValueError, match="different"):
        first_available(reported(ints(1)), reported(ints(2)))
    with pytest.raises(ValueError, match="no attempt"):
        first_available()


# Donors


def records() -> np.ndarray:
    """price, quantity, sales; the last lacks its sales."""
    return np.array(
        [[1000, 10, 100], [1100, 50, 550], [2000, 48, 960], [1050, 49, NO]], dtype=np.int64
    )


def test_the_nearest_record_gives_and_is_named() -> None:
    found = from_nearest(records(), np.zeros(4, int), Rules(match=(0, 1)))
    assert found.donor.tolist() == [-1, -1, -1, 1]
    assert found.records[3].tolist() == [1050, 49, 550]
    assert (found.original == records()).all()
    assert (found.records[:3] == records()[:3]).all()


def test_a_donor_whose_value_breaks_an_edit_gives_way_to_the_next() -> None:
    edits = LinearEdits(np.array([[0.0, -3.0, 1.0]]), np.array([0.0]))  # sales ≤ 3·quantity
    rows = np.array([[1, 30, 90], [1, 31, 150], [9, 90, 80], [1, 29, NO]], dtype=np.int64)
    free = from_nearest(rows, np.zeros(4, int), Rules(match=(1,)))
    bound = from_nearest(rows, np.zeros(4, int), Rules(match=(1,), edits=edits))
    assert free.records[3, 2] == 90
    assert bound.donor[3] == 2
    assert bound.records[3, 2] == 80


def test_where_no_donor_passes_the_gap_stays() -> None:
    edits = LinearEdits(np.array([[0.0, 0.0, 1.0]]), np.array([1.0]))
    found = from_nearest(records(), np.zeros(4, int), Rules(match=(0,), edits=edits))
    assert found.donor[3] == -1
    assert found.records[3, 2] == NO


def test_donors_come_from_the_same_class_and_there_must_be_enough() -> None:
    found = from_nearest(records(), np.array([0, 1, 0, 1]), Rules(match=(0, 1)))
    assert found.donor[3] == -1
    one = from_nearest(records(), np.array([0, 1, 0, 1]), Rules(match=(0, 1), least_donors=1))
    assert one.donor[3] == 1


def test_a_record_that_says_nothing_comparable_gets_nothing() -> None:
    rows = records()
    rows[3, :2] = NO
    assert from_nearest(rows, np.zeros(4, int), Rules(match=(0, 1))).donor[3] == -1


def test_a_donor_gives_no_more_often_than_allowed() -> None:
    rows = np.array([[10, 1], [90, 2], [10, NO], [10, NO]], dtype=np.int64)
    often = from_nearest(rows, np.zeros(4, int), Rules(match=(0,)))
    once = from_nearest(rows, np.zeros(4, int), Rules(match=(0,), most_uses=1))
    assert often.donor.tolist() == [-1, -1, 0, 0]
    assert once.donor.tolist() == [-1, -1, 0, 1]


def test_equal_fields_rank_alike() -> None:
    assert ranks(ints(5, 5, 5)).tolist() == [0.5, 0.5, 0.5]
    assert ranks(ints(7)).tolist() == [0.5]
    assert ranks(ints(1, 9, 1, 30)).tolist() == [1 / 6, 2 / 3, 1 / 6, 1.0]
    assert np.isnan(ranks(ints(NO, NO))).all()


values = st.one_of(st.just(NO), st.integers(1, 10**5))
panels = st.lists(st.tuples(values, values, st.integers(0, 2)), min_size=1, max_size=25)


@settings(deadline=None)
@given(panels, st.randoms(use_true_random=False))
def test_imputation_does_not_depend_on_the_order_of_rows(rows, random) -> None:
    now, before, klass = (np.array(column, dtype=np.int64) for column in zip(*rows, strict=True))
    order = np.array(random.sample(range(len(rows)), len(rows)))
    straight = matched(now, before, klass)
    mixed = matched(now[order], before[order], klass[order])
    assert (mixed.value == straight.value[order]).all()
    assert (mixed.method == straight.method[order]).all()
    key = np.arange(len(rows))
    table = np.stack([now, before], axis=1)
    one = from_nearest(table, klass, Rules(match=(0, 1), most_uses=2), key=key)
    other = from_nearest(
        table[order], klass[order], Rules(match=(0, 1), most_uses=2), key=key[order]
    )
    assert (other.records == one.records[order]).all()


@settings(deadline=None)
@given(panels)
def test_what_was_reported_is_never_changed(rows) -> None:
    now, before, klass = (np.array(column, dtype=np.int64) for column in zip(*rows, strict=True))
    found = matched(now, before, klass)
    said = now != NO
    assert (found.value[said] == now[said]).all()
    assert (found.method[said] == Method.REPORTED).all()
    assert ((found.value != NO) == (found.method != Method.NONE)).all()


@settings(deadline=None)
@given(panels, st.sampled_from([10, 1000]))
def test_donors_do_not_depend_on_the_unit_of_a_field(rows, factor: int) -> None:
    now, before, klass = (np.array(column, dtype=np.int64) for column in zip(*rows, strict=True))
    scaled = np.where(before == NO, NO, before * factor)
    one = from_nearest(np.stack([now, before], axis=1), klass, Rules(match=(0, 1)))
    other = from_nearest(np.stack([now, scaled], axis=1), klass, Rules(match=(0, 1)))
    assert (one.donor == other.donor).all()
