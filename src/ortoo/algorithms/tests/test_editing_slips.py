"""Unit slips: what is suggested, with what odds, and when nobody is accused."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ortoo.algorithms.editing.judgement import Judgement
from ortoo.algorithms.editing.slips import (
    PRICE_SLIPS,
    QUANTITY_SLIPS,
    VALUE_SLIPS,
    Slip,
    detect,
)
from ortoo.algorithms.rollup import MISSING


def one(value: int, expected: list[float], spread: float = 0.08, slips=PRICE_SLIPS):
    return detect(np.array([value]), np.array([expected]), spread, slips)


def code(found, slips=PRICE_SLIPS) -> str | None:
    return slips[found.best[0]].code if found.best[0] >= 0 else None


@pytest.mark.parametrize(
    ("value", "name", "corrected"),
    [
        (610, "JIN-FOR-KILOGRAM", 1220),
        (12_100, "POINT-RIGHT-1", 1210),
        (119_000, "POINT-RIGHT-2", 1190),
        (120, "POINT-LEFT-1", 1200),
        (1_200_000, "TON-FOR-KILOGRAM", 1200),
    ],
)
def test_each_slip_of_a_price_is_named_and_put_right(value, name, corrected) -> None:
    found = one(value, [1200, 1210])
    assert code(found) == name
    assert found.suggested[0]
    assert found.corrected[0] == corrected
    assert found.odds[0] > 10
    assert found.probability[0] > 0.9


def test_yuan_typed_into_a_column_of_ten_thousands_is_ten_thousandfold() -> None:
    found = one(3_250_000_000, [320_000], 0.3, VALUE_SLIPS)
    assert code(found, VALUE_SLIPS) == "YUAN-FOR-WAN"
    assert found.corrected[0] == 325_000


def test_kilograms_for_tonnes_are_a_thousandfold() -> None:
    found = one(5_100_000, [5_000], 0.3, QUANTITY_SLIPS)
    assert code(found, QUANTITY_SLIPS) == "KILOGRAM-FOR-TON"
    assert found.corrected[0] == 5_100


def test_an_unchanged_price_is_meant() -> None:
    found = one(1200, [1200, 1250])
    assert code(found) is None
    assert not found.suggested[0]
    assert found.corrected[0] == MISSING
    assert found.odds[0] < 1e-2


def test_a_market_that_truly_halved_is_defended_by_the_peers() -> None:
    assert one(600, [1200], 0.05).suggested[0]
    assert not one(600, [1200, 605], 0.05).suggested[0]


def test_an_ordinary_move_of_a_fifth_is_meant() -> None:
    assert code(one(960, [1200, 1150])) is None


def test_zero_missing_and_unwitnessed_values_are_not_judged() -> None:
    found = detect(
        np.array([0, MISSING, -3, 500, 500]),
        np.array([1000, 1000, 1000, np.nan, 0.0]),
        0.1,
    )
    assert found.state.tolist() == [
        Judgement.NOT_POSITIVE,
        Judgement.MISSING,
        Judgement.NOT_POSITIVE,
        Judgement.TOO_FEW,
        Judgement.TOO_FEW,
    ]
    assert (found.best == -1).all()
    assert np.isnan(found.odds).all()
    assert (found.corrected == MISSING).all()


def test_a_spread_of_zero_is_held_at_its_least() -> None:
    found = one(1210, [1200], 0.0)
    assert np.isfinite(found.odds[0])
    assert code(found) is None


def test_slips_that_make_no_sense_are_refused() -> None:
    with pytest.raises(ValueError, match="factor"):
        Slip("SAME", Fraction(1), 0.1)
    with pytest.raises(ValueError, match="below 1"):
        one(5, [5], 0.1, (Slip("A", Fraction(2), 0.6), Slip("B", Fraction(3), 0.6)))
    with pytest.raises(ValueError, match="at least one"):
        one(5, [5], 0.1, ())


values = st.lists(st.integers(1, 10**7), min_size=1, max_size=20)


@settings(deadline=None)
@given(values, st.integers(100, 10**5), st.sampled_from([10, 100, 1000]))
def test_odds_do_not_depend_on_the_unit_both_are_counted_in(given_, expected, factor) -> None:
    value, witness = np.array(given_), np.full(len(given_), float(expected))
    one_, other = detect(value, witness, 0.1), detect(value * factor, witness * factor, 0.1)
    np.testing.assert_allclose(one_.odds, other.odds, rtol=1e-6)


@settings(deadline=None)
@given(values, st.randoms(use_true_random=False))
def test_the_order_of_values_does_not_matter(given_, random) -> None:
    order = random.sample(range(len(given_)), len(given_))
    value, witness = np.array(given_), np.linspace(500, 2000, len(given_))
    straight, mixed = detect(value, witness, 0.1), detect(value[order], witness[order], 0.1)
    np.testing.assert_allclose(mixed.odds, straight.odds[order])
    assert (mixed.corrected == straight.corrected[order]).all()


@settings(deadline=None)
@given(st.integers(1000, 100_000), st.floats(0.03, 0.5))
def test_the_nearer_a_value_comes_to_ten_times_the_expected_the_higher_the_odds(
    expected, spread
) -> None:
    value = np.rint(expected * np.exp(np.linspace(0, np.log(10), 30))).astype(np.int64)
    only = (Slip("POINT-RIGHT-1", Fraction(10), 0.001),)
    odds = detect(value, np.full(30, float(expected)), spread, only).odds
    assert (np.diff(odds) >= -1e-9 * odds[1:]).all()


@settings(deadline=None)
@given(values)
def test_posteriors_of_judged_values_sum_to_one(given_) -> None:
    found = detect(np.array(given_), np.full(len(given_), 900.0), 0.1)
    np.testing.assert_allclose(found.posterior.sum(axis=1), 1)
