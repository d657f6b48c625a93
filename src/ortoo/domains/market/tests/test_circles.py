"""Peers' statistics of all items at once are those of one item at a time."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ortoo.algorithms.rollup import MISSING
from ortoo.domains.market.circles import column_statistics
from ortoo.kernel.forms.peers import statistics

PRICES = st.lists(
    st.lists(st.one_of(st.just(MISSING), st.integers(0, 2**53)), min_size=3, max_size=3),
    max_size=13,
)


@given(PRICES)
def test_all_columns_at_once_equal_one_column_at_a_time(rows: list[list[int]]) -> None:
    prices = np.array(rows, np.int64).reshape(len(rows), 3)
    found = column_statistics(prices, level="盟市", place="152500")
    for index, one in enumerate(found):
        known = [row[index] for row in rows if row[index] != MISSING]
        assert one == statistics(known, level="盟市", place="152500")


@pytest.mark.parametrize(
    ("column", "count", "median2", "mad4"),
    [([], 0, 0, 0), ([MISSING], 0, 0, 0), ([500], 1, 1000, 0), ([500, MISSING, 700], 2, 1200, 400)],
)
def test_missing_prices_are_nobodys_peers(
    column: list[int], count: int, median2: int, mad4: int
) -> None:
    prices = np.array(column, np.int64).reshape(len(column), 1)
    (one,) = column_statistics(prices, level="旗县", place="152502")
    assert (one.count, one.median2, one.mad4) == (count, median2, mad4)
