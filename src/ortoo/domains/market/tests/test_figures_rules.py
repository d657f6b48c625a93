"""Means, changes and disclosure: exact, and never telling one firm's number."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ortoo.domains.market.rules.figures import (
    Figure,
    Sums,
    disclosive,
    percent_text,
    price_text,
    round_half_even,
    secondary,
    together,
)
from ortoo.kernel.forms.definition import Publish

RULE = Publish(min_respondents=3, dominance=Fraction(1, 10), level="盟市")


def of(*sales: int, price: int = 500) -> Sums:
    """Sums of respondents with these sales, all at one price."""
    ordered = sorted(sales, reverse=True)
    return Sums(
        expected=len(sales),
        filed=len(sales),
        quotes=len(sales),
        sum_price=price * len(sales),
        quantity=10 * len(sales),
        sum_price_qty=price * 10 * len(sales),
        sales=sum(sales),
        largest_sales=ordered[0] if ordered else 0,
        second_sales=ordered[1] if len(ordered) > 1 else 0,
    )


def test_fewer_than_three_respondents_are_not_shown() -> None:
    assert disclosive(of(10, 10), RULE)
    assert disclosive(of(10), RULE)
    assert not disclosive(of(10, 10, 10), RULE)


def test_a_dominant_firm_with_a_tiny_rest_is_not_shown() -> None:
    assert disclosive(of(1000, 500, 99), RULE)
    assert not disclosive(of(1000, 500, 100), RULE)


def test_nothing_quoted_discloses_nothing() -> None:
    assert not disclosive(Sums(expected=4), RULE)


def test_one_hidden_unit_takes_another_with_it() -> None:
    cells = {"a": of(1, 1), "b": of(1, 1, 1, 1), "c": of(1, 1, 1)}
    # With c alone, c's own office could work out a: the two firms of a are the rest.
    assert secondary(cells, {"a"}, RULE) == {"b", "c"}
    assert secondary(cells, {"a", "b", "c"}, RULE) == set()
    assert secondary(cells, set(), RULE) == set()


def test_two_firms_hidden_in_two_units_take_a_third_with_them() -> None:
    cells = {"a": of(9), "b": of(5), "c": of(1, 1, 1), "d": of(4, 4, 4, 4)}
    # c alone would do for the public; its own office would be left with the two of a and b.
    assert secondary(cells, {"a", "b"}, RULE) == {"c", "d"}


@given(st.dictionaries(st.sampled_from("abcdef"), st.lists(st.integers(1, 99), max_size=5)))
def test_what_is_hidden_together_passes_the_rule_or_nothing_is_shown(
    sales: dict[str, list[int]],
) -> None:
    cells = {code: of(*found) for code, found in sales.items()}
    first = {code for code, sums in cells.items() if disclosive(sums, RULE)}
    hidden = first | secondary(cells, first, RULE)
    assert not first or not disclosive(together(cells, hidden), RULE) or not any(
        sums.quotes for code, sums in cells.items() if code not in hidden
    )


@given(st.lists(st.integers(0, 10**6), min_size=3, max_size=12))
def test_what_is_shown_hides_the_largest_from_the_second_largest(sales: list[int]) -> None:
    sums = of(*sales)
    if not disclosive(sums, RULE) and sums.sales:
        # The second largest, who knows the total and itself, misses the largest by at least 10 %.
        estimate = sums.sales - sums.second_sales
        assert estimate - sums.largest_sales >= sums.largest_sales / 10 - 1


def test_a_suppressed_figure_says_nothing_at_all() -> None:
    hidden = Figure(of(10), suppressed=True, previous=of(10), year=of(10))
    assert hidden.mean is hidden.simple_mean is hidden.plain_change is hidden.year_change is None
    assert hidden.matched_change is None


@pytest.mark.parametrize(
    ("value", "text"),
    [(Fraction(5), "0.05"), (Fraction(1005, 2), "5.02"), (Fraction(1015, 2), "5.08"), (None, "—")],
)
def test_prices_are_rounded_half_to_even(value: Fraction | None, text: str) -> None:
    assert price_text(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (Fraction(1, 1000), "+0.1"),
        (Fraction(-1, 8), "-12.5"),
        (Fraction(0), "0.0"),
        (Fraction(-1, 10_000), "0.0"),
    ],
)
def test_percents_carry_their_sign(value: Fraction, text: str) -> None:
    assert percent_text(value) == text


@given(st.fractions(), st.integers(0, 4))
def test_rounding_is_within_half_a_unit(value: Fraction, scale: int) -> None:
    assert abs(Fraction(round_half_even(value, scale)) - value) <= Fraction(1, 2 * 10**scale)


def test_sums_stand_in_the_order_of_the_columns() -> None:
    from dataclasses import fields

    from ortoo.domains.market import selectors
    from ortoo.domains.market.rules.figures import Sums

    assert tuple(field.name for field in fields(Sums)) == (*selectors._HEADS, *selectors.SUMS)
