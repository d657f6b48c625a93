"""The seasonal sweep: what it flags, what it must never flag, and what it does not judge."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ortoo.algorithms.editing.judgement import Judgement
from ortoo.algorithms.editing.relatives import Relatives, log_relatives
from ortoo.algorithms.editing.seasonal import Limits, returns_of_spikes, sweep

RNG_SEED = 7


def relatives(values: list[int]) -> Relatives:
    """Judged relatives as given, in millionths."""
    count = len(values)
    return Relatives(
        np.array(values, dtype=np.int32),
        np.full(count, Judgement.JUDGED, np.uint8),
        np.full(count, -1, np.int64),
    )


def one_cell(values: list[int]) -> np.ndarray:
    return np.zeros(len(values), dtype=np.int32)


def swept(values: list[int], **limits: int):
    return sweep(relatives(values), [one_cell(values)], Limits(**limits))


def test_an_unchanged_price_scores_nothing_even_where_every_other_price_rose() -> None:
    found = swept([100_000 + k for k in range(20)] + [0] * 5)
    assert found.score[-5:].tolist() == [0.0] * 5
    assert not found.flag.any()


def test_ordinary_moves_are_no_accusation_where_most_prices_are_flat() -> None:
    rng = np.random.default_rng(RNG_SEED)
    moves = (rng.normal(0, 0.08, 30) * 1e6).astype(int).tolist()
    found = swept([0] * 70 + [*moves, 2_302_585])
    assert found.flag[-1]
    assert found.flag[:-1].sum() == 0


def test_where_prices_never_move_a_jump_is_seen() -> None:
    """The spread is zero: a plain modified z would divide by it or never flag anything."""
    found = swept([0] * 199 + [50_000])
    assert found.flag.tolist() == [False] * 199 + [True]
    assert np.isfinite(found.score).all()


def test_where_all_moves_are_equal_the_floor_stands_for_the_spread() -> None:
    found = swept([30_000] * 20 + [32_000, 300_000])
    assert found.flag.tolist() == [False] * 21 + [True]


def test_a_cell_of_constants_flags_nothing() -> None:
    found = swept([0] * 50)
    assert not found.flag.any()
    assert (found.score == 0).all()


def test_three_observations_are_too_few_to_judge() -> None:
    found = swept([0, 10_000, 2_302_585])
    assert found.state.tolist() == [Judgement.TOO_FEW] * 3
    assert not found.flag.any()
    assert np.isnan(found.score).all()


def test_a_one_firm_place_is_judged_by_the_wider_level() -> None:
    rng = np.random.default_rng(RNG_SEED)
    league = (rng.normal(0, 0.05, 60) * 1e6).astype(int).tolist()
    values = [*league, 0, 40_000, 2_302_585]
    near = np.array([0] * 60 + [1] * 3)
    found = sweep(relatives(values), [near, one_cell(values)])
    assert found.level[:60].tolist() == [0] * 60
    assert found.level[60:].tolist() == [1] * 3
    assert found.flag[60:].tolist() == [False, False, True]


def test_without_a_wider_level_a_one_firm_place_stays_unjudged() -> None:
    values = [0] * 60 + [2_302_585]
    near = np.array([0] * 60 + [1])
    found = sweep(relatives(values), [near])
    assert found.state[-1] == Judgement.TOO_FEW
    assert not found.flag[-1]


def test_a_thin_still_cell_asks_the_wider_level_before_it_accuses() -> None:
    rng = np.random.default_rng(RNG_SEED)
    lively = (rng.normal(0, 0.1, 100) * 1e6).astype(int).tolist()
    values = [*lively, *[0] * 15, 120_000]
    near = np.array([0] * 100 + [1] * 16)
    alone = sweep(relatives(values), [near])
    helped = sweep(relatives(values), [near, one_cell(values)])
    assert alone.flag[-1]
    assert not helped.flag[-1]


def test_what_was_not_judged_keeps_its_reason() -> None:
    price = np.array([1000, 0, 1000, 1000] + [1000] * 20)
    found = log_relatives(price, np.zeros(24, int), np.array([0, 1, 2, 9, *range(10, 30)]))
    state = sweep(found, [np.zeros(24, int)]).state
    assert state[:4].tolist() == [
        Judgement.FIRST,
        Judgement.NOT_POSITIVE,
        Judgement.JUDGED,
        Judgement.GAP,
    ]


def test_the_same_move_is_news_in_a_quiet_season_and_usual_in_a_lively_one() -> None:
    rng = np.random.default_rng(RNG_SEED)
    quiet = (rng.normal(0, 0.01, 50) * 1e6).astype(int).tolist()
    lively = (rng.normal(0, 0.15, 50) * 1e6).astype(int).tolist()
    values = [*quiet, 120_000, *lively, 120_000]
    season = np.array([0] * 51 + [1] * 51)
    flag = sweep(relatives(values), [season]).flag
    assert flag[50]
    assert not flag[101]


def test_the_quote_after_a_spike_is_not_asked_about() -> None:
    price = np.array([1000] * 30)
    price[10] = 10_000
    week = np.arange(30)
    found = log_relatives(price, np.zeros(30, int), week)
    flag = sweep(found, [np.zeros(30, int)]).flag
    assert np.flatnonzero(flag).tolist() == [10, 11]
    back = returns_of_spikes(found, flag, week)
    assert np.flatnonzero(back).tolist() == [11]


def test_a_step_that_stays_is_no_return() -> None:
    price = np.array([1000] * 15 + [2000] * 15)
    week = np.arange(30)
    found = log_relatives(price, np.zeros(30, int), week)
    flag = sweep(found, [np.zeros(30, int)]).flag
    assert np.flatnonzero(flag).tolist() == [15]
    assert not returns_of_spikes(found, flag, week).any()


def test_spikes_in_turn_are_each_asked_about_once() -> None:
    price = np.array([1000] * 20 + [10_000, 1000] * 3 + [1000] * 200)
    week = np.arange(len(price))
    found = log_relatives(price, np.zeros(len(price), int), week)
    flag = sweep(found, [np.zeros(len(price), int)]).flag
    asked = np.flatnonzero(flag & ~returns_of_spikes(found, flag, week))
    assert asked.tolist() == [20, 22, 24]


def test_limits_that_make_no_sense_are_refused() -> None:
    with pytest.raises(ValueError, match="positive"):
        Limits(floor_micro=0)
    with pytest.raises(ValueError, match="level"):
        sweep(relatives([1]), [])


moves = st.lists(st.integers(-2_000_000, 2_000_000), min_size=1, max_size=60)


@settings(deadline=None)
@given(moves, st.randoms(use_true_random=False))
def test_the_order_of_observations_does_not_matter(values: list[int], random) -> None:
    order = random.sample(range(len(values)), len(values))
    straight, mixed = swept(values), swept([values[k] for k in order])
    assert mixed.flag.tolist() == straight.flag[order].tolist()
    np.testing.assert_array_equal(mixed.score, straight.score[order])


@settings(deadline=None)
@given(moves)
def test_flags_are_exactly_the_scores_above_the_limit_and_never_an_unchanged_price(values) -> None:
    found = swept(values)
    judged = found.state == Judgement.JUDGED
    clear = np.abs(np.nan_to_num(found.score) - 3.5) > 1e-5
    np.testing.assert_array_equal(
        found.flag[clear], (np.nan_to_num(found.score) > 3.5)[clear] & judged[clear]
    )
    assert not found.flag[np.array(values) == 0].any()


@settings(deadline=None)
@given(moves)
def test_of_two_moves_the_one_further_from_the_centre_never_scores_less(values) -> None:
    found = swept(values, least=1)
    moved = np.array(values) != 0
    centre = np.median(np.array(values)[moved]) if moved.any() else 0
    enough = moved.sum() >= 5 and 100 * moved.sum() >= 5 * len(values)
    distance = np.abs(np.array(values)[moved] - (centre if enough else 0))
    score = found.score[moved][np.argsort(distance, kind="stable")]
    assert (np.diff(score) >= -1e-4 * np.maximum(score[1:], 1)).all()


@settings(deadline=None)
@given(moves, st.sampled_from([2, 10, 100]))
def test_prices_in_another_unit_are_judged_the_same(values: list[int], factor: int) -> None:
    price = np.rint(1000 * np.exp(np.array([0, *values]) / 3e6)).astype(int)
    at, cell = np.arange(len(price)), np.zeros(len(price), int)
    one = sweep(log_relatives(price, cell, at), [cell])
    other = sweep(log_relatives(price * factor, cell, at), [cell])
    np.testing.assert_allclose(one.score, other.score, atol=0.01, rtol=1e-3)
    sure = np.abs(np.nan_to_num(one.score) - 3.5) > 0.02
    np.testing.assert_array_equal(one.flag[sure], other.flag[sure])
