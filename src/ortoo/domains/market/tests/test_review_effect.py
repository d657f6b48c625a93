"""Effect of a cell on the published figure: exact, and zero exactly when nothing changed."""

from __future__ import annotations

from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from ortoo.domains.market.rules.effect import (
    Against,
    Effect,
    Mean,
    Quote,
    price_effect,
    quantity_effect,
    total_effect,
)

prices = st.integers(1, 10**6)
quantities = st.integers(0, 10**7)
quotes = st.builds(Quote, prices, quantities)


def mean_of(*all_: Quote) -> Mean:
    return Mean(sum(q.price * q.weight for q in all_), sum(q.weight for q in all_))


def test_a_price_that_rose_by_a_quarter_at_half_the_weight_moves_the_mean_by_a_ninth() -> None:
    mean = mean_of(Quote(1000, 10), Quote(800, 10))
    found = price_effect(mean, Quote(1000, 10), 800)
    assert found == Effect(Fraction(1, 9), Against.PREVIOUS, of_mean=True)
    assert found.permille == "111.1"


def test_without_an_earlier_price_it_is_compared_with_its_absence() -> None:
    mean = mean_of(Quote(1000, 10), Quote(800, 10))
    found = price_effect(mean, Quote(1000, 10), None)
    assert found == Effect(Fraction(1, 9), Against.ABSENCE, of_mean=True)


def test_the_only_quote_without_a_past_is_the_whole_figure() -> None:
    only = Quote(1000, 10)
    found = price_effect(mean_of(only), only, None)
    assert found == Effect(Fraction(1), Against.NOTHING, of_mean=True)


def test_a_thousandfold_quantity_drags_the_mean_to_its_own_price() -> None:
    wrong, other = Quote(1000, 10_000), Quote(800, 10)
    found = quantity_effect(mean_of(wrong, other), wrong, 10)
    assert found.share > Fraction(9, 100)


def test_a_cell_that_is_summed_counts_by_its_part_of_the_total() -> None:
    assert total_effect(400, 300, 100).share == Fraction(1, 2)
    assert total_effect(400, 300, None) == Effect(Fraction(3, 4), Against.ABSENCE)
    assert total_effect(0, 0, None).share == 0
    assert total_effect(0, 0, 5).share == 1


@given(st.lists(quotes, min_size=1, max_size=6), st.data())
def test_an_unchanged_price_has_no_effect(all_: list[Quote], data: st.DataObject) -> None:
    one = data.draw(st.sampled_from(all_))
    assert price_effect(mean_of(*all_), one, one.price).share == 0
    assert quantity_effect(mean_of(*all_), one, one.quantity).share == 0


@given(st.lists(quotes, min_size=1, max_size=6), prices, st.data())
def test_the_effect_is_that_of_recomputing_the_mean(
    all_: list[Quote], before: int, data: st.DataObject
) -> None:
    at = data.draw(st.integers(0, len(all_) - 1))
    other = [*all_[:at], Quote(before, all_[at].quantity), *all_[at + 1 :]]
    now, would = mean_of(*all_).value, mean_of(*other).value
    assert price_effect(mean_of(*all_), all_[at], before).share == abs(now - would) / now
