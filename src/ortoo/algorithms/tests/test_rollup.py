"""The rollup against the slow way, and what it must never do."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from ortoo.algorithms.rollup import MISSING, Quotes, roll_up

UNITS, ITEMS = 3, 2


@st.composite
def periods(draw: st.DrawFn) -> tuple[Quotes, np.ndarray, tuple[np.ndarray, np.ndarray]]:
    """A small period: quotes, the unit of each respondent, and the previous period's cells."""
    count = draw(st.integers(0, 6))
    cell = st.one_of(st.just(MISSING), st.integers(0, 100_000))

    def table() -> np.ndarray:
        rows = draw(
            st.lists(st.lists(cell, min_size=ITEMS, max_size=ITEMS), min_size=count, max_size=count)
        )
        return np.array(rows, np.int64).reshape(count, ITEMS)

    flags = np.zeros((count, ITEMS), bool)
    unit = np.array(
        draw(st.lists(st.integers(0, UNITS - 1), min_size=count, max_size=count)), np.intp
    )
    quotes = Quotes(table(), table(), table(), table(), flags, flags)
    return quotes, unit, (table(), table())


def slowly(quotes: Quotes, rows: list[int], item: int) -> dict[str, int]:
    """The same sums with Python's integers, one respondent at a time."""
    priced = [r for r in rows if quotes.price[r, item] != MISSING]

    def weight(row: int) -> int:
        found = int(quotes.quantity[row, item])
        return max(found, 1) if found != MISSING else 1

    sales = sorted(
        (
            max(int(quotes.sales[r, item]), 0) if quotes.sales[r, item] != MISSING else 0
            for r in rows
        ),
        reverse=True,
    )
    return {
        "quotes": len(priced),
        "sum_price": sum(int(quotes.price[r, item]) for r in priced),
        "quantity": sum(weight(r) for r in priced),
        "sum_price_qty": sum(int(quotes.price[r, item]) * weight(r) for r in priced),
        "sales": sum(sales),
        "largest_sales": sales[0] if sales else 0,
        "second_sales": sales[1] if len(sales) > 1 else 0,
    }


@given(periods())
def test_every_sum_equals_the_slow_one(case: tuple[Quotes, np.ndarray, object]) -> None:
    quotes, unit, _ = case
    found = roll_up(quotes, unit, UNITS)
    for place in range(UNITS + 1):
        rows = [r for r in range(len(unit)) if place == UNITS or unit[r] == place]
        for item in range(ITEMS):
            for name, value in slowly(quotes, rows, item).items():
                assert found[name][place, item] == value, name


@given(periods())
def test_the_root_counts_every_respondent_once(case: tuple[Quotes, np.ndarray, object]) -> None:
    quotes, unit, before = case
    found = roll_up(quotes, unit, UNITS, before)  # type: ignore[arg-type]
    for name in ("quotes", "sum_price_qty", "quantity", "matched", "matched_now", "stock"):
        assert (found[name][:UNITS].sum(axis=0) == found[name][UNITS]).all()


@given(periods())
def test_an_unchanged_price_is_no_matched_change(case: tuple[Quotes, np.ndarray, object]) -> None:
    quotes, unit, _ = case
    same = (quotes.price, np.where(quotes.quantity == MISSING, MISSING, quotes.quantity + 7))
    found = roll_up(quotes, unit, UNITS, same)
    assert (found["matched_now"] == found["matched_before"]).all()
    assert (found["matched"] == found["quotes"]).all()


def test_a_cheap_shop_that_joins_moves_the_mean_but_not_the_matched_change() -> None:
    price = np.array([[1000], [1000], [500]], np.int64)
    ten = np.full((3, 1), 10, np.int64)
    none = np.zeros((3, 1), bool)
    before = (np.array([[1000], [1000], [MISSING]], np.int64), ten)
    found = roll_up(Quotes(price, ten, ten, ten, none, none), np.zeros(3, np.intp), 1, before)
    assert found["sum_price_qty"][1, 0] / found["quantity"][1, 0] < 1000
    assert found["matched"][1, 0] == 2
    assert found["matched_now"][1, 0] == found["matched_before"][1, 0]
