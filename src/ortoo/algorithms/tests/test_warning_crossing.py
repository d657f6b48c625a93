from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ortoo.algorithms.warning.crossing import Crossing, chances, happened, log_moves

RISE = Crossing(0.30, 4)
WEEKS = 290


def panel(seed: int, goods: int = 6, markets: int = 5) -> tuple[np.ndarray, tuple, dict]:
    """Prices with a season of their good; a signal three weeks before shocks of a third."""
    rng = np.random.default_rng(seed)
    good, market = (one.ravel() for one in np.indices((goods, markets)))
    weeks = np.arange(WEEKS)
    height = rng.uniform(0.05, 0.45, goods)
    phase = rng.uniform(0, 2 * np.pi, goods)
    season = height[:, None] * np.sin(2 * np.pi * weeks / 52.18 + phase[:, None])
    common = rng.normal(0, 0.02, (goods, WEEKS)).cumsum(axis=1)
    own = rng.normal(0, 0.02, (good.size, WEEKS)).cumsum(axis=1)
    log = (season + common)[good] + own
    signal = np.zeros(log.shape)
    for row in range(good.size):
        for start in rng.choice(np.arange(10, WEEKS - 8), 8, replace=False):
            log[row, start : start + 4] += 0.40
            signal[row, max(start - 3, 0) : start] = 1.0
    return 10 * np.exp(log), (good, market), {"signal": signal}


def test_what_has_not_happened_yet_is_unknown_and_falls_mirror_rises() -> None:
    price = np.array([[10.0, 10.0, 14.0, 10.0, 7.0, 7.0, 7.0, 7.0]])
    assert happened(price, Crossing(0.30, 2))[0].tolist()[:6] == [1, 1, 0, 0, 0, 0]
    assert np.isnan(happened(price, Crossing(0.30, 2))[0, 6:]).all()
    assert happened(price, Crossing(-0.30, 2))[0].tolist()[:4] == [0, 0, 1, 1]
    mirrored = log_moves(1 / price, Crossing(0.30, 2))
    same = log_moves(price, Crossing(-0.30, 2))
    np.testing.assert_allclose(mirrored[np.isfinite(mirrored)], same[np.isfinite(same)])


def test_a_step_rule_counts_one_periods_move_only() -> None:
    price = np.array([[10.0, 12.0, 14.0, 16.0, 16.0]])
    assert happened(price, Crossing(0.30, 3))[0, 0] == 1
    assert happened(price, Crossing(0.30, 3, step=True))[0, 0] == 0


@given(st.integers(0, 50))
def test_gaps_and_prices_that_are_not_positive_are_never_events(seed: int) -> None:
    rng = np.random.default_rng(seed)
    price = rng.uniform(5, 15, (4, 30))
    price[rng.random(price.shape) < 0.2] = np.nan
    price[0, 3], price[1, 4] = 0.0, -2.0
    found = happened(price, RISE)
    bad = ~np.isfinite(price) | (price <= 0)
    for lag in range(1, 5):
        assert np.isnan(found[:, :-lag][bad[:, lag:]]).all()
    assert np.isnan(found[bad]).all()


def test_the_leading_signal_is_learned_and_the_probabilities_are_calibrated() -> None:
    price, groups, signals = panel(4)
    told = chances(price, groups, signals, RISE, spacing=2)
    blind = chances(price, groups, {}, RISE, spacing=2)
    assert told.record.events >= 20 and told.record.tells
    assert told.record.auc > max(blind.record.auc, told.record.auc_calendar) + 0.03
    assert told.record.gain[0] > 0
    assert 0.7 < told.record.slope < 1.4
    assert sum(one.rows for one in told.record.bins) == told.record.rows
    assert ((told.probability >= 0) & (told.probability <= 1)).all()


def test_nothing_later_than_an_origin_is_looked_at() -> None:
    price, groups, signals = panel(5)
    whole = chances(price[:, :250], groups, {n: s[:, :250] for n, s in signals.items()}, RISE)
    changed = price.copy()
    changed[:, 250:] *= 3
    again = chances(changed[:, :250], groups, {n: s[:, :250] for n, s in signals.items()}, RISE)
    np.testing.assert_array_equal(whole.probability, again.probability)
    # The score is of origins whose outcome was known, and of none later.
    assert whole.record.rows <= price.shape[0] * 14


def test_a_noise_panel_earns_no_right_to_be_shown() -> None:
    rng = np.random.default_rng(9)
    price = 10 * np.exp(rng.normal(0, 0.12, (30, WEEKS)))
    good, market = (one.ravel() for one in np.indices((6, 5)))
    noise = {"signal": rng.normal(size=price.shape)}
    told = chances(price, (good, market), noise, Crossing(0.60, 4))
    assert not told.record.tells


@pytest.mark.parametrize("kind", ["constant", "short", "gaps", "zeros", "one"])
def test_odd_series_get_no_probability_or_a_small_one(kind: str) -> None:
    price, groups, _ = panel(6)
    row = 0
    if kind == "constant":
        price[row] = 5.0
    elif kind == "short":
        price[row, :-3] = np.nan
    elif kind == "gaps":
        price[row, ::2] = np.nan
    elif kind == "zeros":
        price[row] = 0.0
    else:
        price, groups = price[:1], (groups[0][:1], groups[1][:1])
    told = chances(price, groups, {}, RISE)
    said = told.probability[row]
    if kind in ("short", "zeros"):
        assert np.isnan(said)
    elif kind == "gaps":
        assert np.isnan(said) or 0 <= said <= 1
    elif kind == "constant":
        assert said < 0.35
    else:
        assert np.isnan(said) or 0 <= said <= 1
