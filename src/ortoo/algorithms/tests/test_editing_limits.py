"""Soft limits from history: quantiles of the season, shrunk while history is short."""

from __future__ import annotations

import numpy as np
import pytest

from ortoo.algorithms.editing.limits import LEAST, learn


def series(spread: float, periods: int, seed: int = 3) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return 100 * np.exp(np.cumsum(spread * rng.standard_normal(periods)))


def test_a_long_history_says_the_limit_and_a_short_one_leaves_the_dated_table() -> None:
    table = np.array([[0.30]])
    for periods, low, high in ((600, 0.06, 0.12), (3, 0.26, 0.30)):
        price = series(0.03, periods)[None, None, :]
        found = learn(price, np.zeros(periods, int), table)
        assert low <= found.limit[0, 0, 0] <= high


def test_a_place_that_moves_further_has_a_wider_limit_than_the_region() -> None:
    price = np.stack([series(0.02, 300)[None], series(0.06, 300, 9)[None]])
    found = learn(price, np.zeros(300, int), np.array([[0.1]]))
    assert found.limit[1, 0, 0] > 2 * found.limit[0, 0, 0]


def test_firms_that_move_further_than_their_mean_widen_it() -> None:
    price = series(0.02, 300)[None, None, :]
    season, table = np.zeros(300, int), np.array([[np.nan]])
    firm = np.abs(0.05 * np.random.default_rng(1).standard_normal((500, 1)))
    alone, widened = (learn(price, season, table, moves).limit[0, 0, 0] for moves in (None, firm))
    assert widened == pytest.approx(2.5 * alone, rel=0.25)


def test_zero_prices_gaps_and_constants_have_a_stated_limit() -> None:
    price = np.full((1, 1, 60), 5.0)
    price[0, 0, 10:20] = np.nan
    price[0, 0, 30] = 0.0
    assert learn(price, np.zeros(60, int), np.array([[np.nan]])).limit[0, 0, 0] == LEAST
    nothing = learn(np.full((1, 1, 4), np.nan), np.zeros(4, int), np.array([[np.nan]]))
    assert np.isnan(nothing.limit[0, 0, 0])
    assert nothing.moves[0, 0, 0] == 0
