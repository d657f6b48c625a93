"""Log relatives and exact medians by cell."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ortoo.algorithms.editing.cells import medians2, spreads
from ortoo.algorithms.editing.judgement import Judgement
from ortoo.algorithms.editing.relatives import MICRO, log_relatives, micro_log


def one_series(prices: list[int], weeks: list[int] | None = None, reach: int = 4):
    """Relatives of a single series."""
    count = len(prices)
    weeks = list(range(count)) if weeks is None else weeks
    return log_relatives(np.array(prices), np.zeros(count, int), np.array(weeks), reach=reach)


@st.composite
def panels(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Prices (some zero) of a few series with gaps."""
    cells = draw(
        st.lists(
            st.tuples(st.integers(0, 3), st.integers(0, 12)), min_size=1, max_size=40, unique=True
        )
    )
    price = draw(st.lists(st.integers(0, 50_000), min_size=len(cells), max_size=len(cells)))
    series, period = np.array(cells).T
    return np.array(price), series, period


def test_a_relative_is_the_log_of_the_quotient_in_millionths() -> None:
    found = one_series([1000, 1100, 1100])
    assert found.value.tolist() == [0, round(np.log(1.1) * MICRO), 0]
    assert found.state.tolist() == [Judgement.FIRST, Judgement.JUDGED, Judgement.JUDGED]
    assert found.previous.tolist() == [-1, 0, 1]


def test_a_zero_price_is_no_quote_and_the_next_one_looks_past_it() -> None:
    found = one_series([1000, 0, 1100])
    assert found.state.tolist() == [Judgement.FIRST, Judgement.NOT_POSITIVE, Judgement.JUDGED]
    assert found.previous[2] == 0
    assert found.value[2] == micro_log(np.array([1100]))[0] - micro_log(np.array([1000]))[0]


def test_a_negative_price_is_treated_like_zero() -> None:
    assert one_series([1000, -5, 1000]).state[1] == Judgement.NOT_POSITIVE


def test_a_gap_longer_than_the_reach_starts_anew() -> None:
    found = one_series([1000, 1100, 1200, 1300], [0, 4, 9, 10])
    assert found.state.tolist() == [
        Judgement.FIRST,
        Judgement.JUDGED,
        Judgement.GAP,
        Judgement.JUDGED,
    ]
    assert found.value[2] == 0


def test_two_values_of_one_series_in_one_period_are_refused() -> None:
    with pytest.raises(ValueError, match="two values"):
        one_series([1000, 1100], [3, 3])


def test_nothing_gives_nothing() -> None:
    assert one_series([]).value.size == 0
    assert medians2(np.zeros(0, int), np.zeros(0, int), 3)[1].tolist() == [0, 0, 0]


@settings(deadline=None)
@given(panels(), st.randoms(use_true_random=False))
def test_the_order_of_the_rows_does_not_matter(panel, random) -> None:
    price, series, period = panel
    order = np.array(random.sample(range(len(price)), len(price)))
    straight = log_relatives(price, series, period)
    mixed = log_relatives(price[order], series[order], period[order])
    assert (mixed.value == straight.value[order]).all()
    assert (mixed.state == straight.state[order]).all()
    where = np.where(mixed.previous < 0, -1, order[mixed.previous])
    assert (where == straight.previous[order]).all()


@settings(deadline=None)
@given(panels(), st.sampled_from([2, 10, 1000]))
def test_a_change_of_unit_moves_no_relative_by_more_than_the_rounding(panel, factor: int) -> None:
    price, series, period = panel
    before = log_relatives(price, series, period)
    after = log_relatives(price * factor, series, period)
    assert (np.abs(before.value - after.value) <= 2).all()
    assert (before.state == after.state).all()


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 4), st.integers(-(2**29), 2**29)), max_size=60))
def test_medians_and_deviations_equal_numpys(rows) -> None:
    cell = np.array([row[0] for row in rows], dtype=int)
    value = np.array([row[1] for row in rows], dtype=np.int64)
    found = spreads(value, cell, 5)
    for number in range(5):
        mine = value[cell == number]
        assert found.count[number] == len(mine)
        middle = np.median(mine) if len(mine) else 0
        spread = np.median(np.abs(mine - middle)) if len(mine) else 0
        assert found.median2[number] == 2 * middle
        assert found.mad4[number] == 4 * spread


def test_a_value_too_large_for_the_key_is_refused() -> None:
    with pytest.raises(ValueError, match="outside"):
        medians2(np.array([2**31]), np.zeros(1, int), 1)


def test_prices_beyond_the_table_have_the_same_logarithm() -> None:
    few, many = np.array([5_000_000]), np.r_[np.full(4, 777), 5_000_000]
    assert micro_log(few)[0] == micro_log(many)[-1] == round(np.log(5e6) * MICRO)
    assert micro_log(np.full(1000, 777))[0] == micro_log(np.array([777]))[0]
