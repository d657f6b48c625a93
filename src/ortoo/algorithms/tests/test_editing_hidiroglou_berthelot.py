"""The Hidiroglou–Berthelot edit against Banff, and where the published formula breaks down."""

from __future__ import annotations

import csv
import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ortoo.algorithms.editing.hidiroglou_berthelot import Setting, edit
from ortoo.algorithms.editing.judgement import Judgement

BESIDE = Path(__file__).resolve().parents[4].parent / "shared"
MARKET = Path(os.environ.get("ORTOO_SHARED", BESIDE)) / "data" / "market"


def read(name: str) -> list[dict[str, str]]:
    if not (MARKET / name).exists():
        pytest.skip(f"no shared data: set ORTOO_SHARED to the folder that holds data/market/{name}")
    with (MARKET / name).open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("published", [True, False], ids=["as published", "with our floor"])
def test_flags_equal_those_of_banff(published: bool) -> None:
    rows, flags = read("oracle_hb_input.csv"), read("oracle_hb_banff_flags.csv")
    before = [float(row["x_prev"]) for row in rows]
    now = [float(row["x_cur"]) for row in rows]
    assert len(flags) == 5
    for expected in flags:
        multiple = float(expected["C"])
        plain = Setting(multiple=multiple, floor=0, unchanged_apart=False)
        found = edit(before, now, plain if published else Setting(multiple=multiple))
        assert np.flatnonzero(found.flag).tolist() == [int(k) for k in expected["fti_ids"].split()]


def test_effects_equal_those_worked_out_beside_banffs() -> None:
    rows = read("oracle_hb_input.csv")
    found = edit(
        [float(row["x_prev"]) for row in rows],
        [float(row["x_cur"]) for row in rows],
        Setting(floor=0, unchanged_apart=False),
    )
    np.testing.assert_allclose(found.effect, [float(row["E_U0.5"]) for row in rows], rtol=1e-12)


def test_a_worked_case_of_five_units() -> None:
    """Ratios .5 1 1 1 2 about a median of 1: s = −1, 0, 0, 0, 1; U = 0 leaves E = s."""
    found = edit(
        [2, 2, 2, 2, 2],
        [1, 2, 2, 2, 4],
        Setting(exponent=0, multiple=20, floor=0.01, unchanged_apart=False),
    )
    assert found.effect.tolist() == [-1, 0, 0, 0, 1]
    assert (found.low, found.high) == pytest.approx((-0.2, 0.2))
    assert found.flag.tolist() == [True, False, False, False, True]


def test_where_four_in_five_prices_are_flat_an_ordinary_change_is_not_flagged() -> None:
    before = np.full(40, 1000.0)
    now = before.copy()
    now[:8] = [1010, 1020, 990, 1030, 985, 1015, 1025, 10_000]
    found = edit(before, now)
    assert np.flatnonzero(found.flag).tolist() == [7]
    literal = edit(before, now, Setting(floor=0, unchanged_apart=False))
    assert literal.flag[:8].all(), "the formula as published flags every change here"


def test_an_unchanged_price_is_never_flagged_though_all_others_doubled() -> None:
    before = np.full(30, 500.0)
    now = before * np.linspace(1.98, 2.02, 30)
    now[4] = 500
    assert not edit(before, now).flag[4]
    assert edit(before, now, Setting(unchanged_apart=False)).flag[4]


def test_a_jump_of_a_price_that_nobody_else_moved_is_seen() -> None:
    before = np.full(30, 250.0)
    now = before.copy()
    now[0] = 2500
    assert np.flatnonzero(edit(before, now).flag).tolist() == [0]


def test_all_equal_flags_nothing() -> None:
    found = edit(np.full(10, 3.0), np.full(10, 3.0))
    assert not found.flag.any()
    assert (found.effect == 0).all()


def test_zero_negative_and_missing_values_are_named_and_left_out() -> None:
    found = edit([0, 5, -1, np.nan, 5, 5, 5], [5, 0, 5, 5, 5, 5, 6])
    assert found.state[:4].tolist() == [
        Judgement.NOT_POSITIVE,
        Judgement.NOT_POSITIVE,
        Judgement.NOT_POSITIVE,
        Judgement.MISSING,
    ]
    assert np.isnan(found.effect[:4]).all()
    assert not found.flag[:4].any()


def test_two_pairs_are_too_few_and_three_are_judged() -> None:
    assert edit([1, 1], [1, 9]).state.tolist() == [Judgement.TOO_FEW] * 2
    assert edit([1, 1, 1], [1, 1, 9]).flag.tolist() == [False, False, True]
    assert edit([1], [9]).state.tolist() == [Judgement.TOO_FEW]


@pytest.mark.parametrize("wrong", [{"exponent": 2.0}, {"multiple": 0.0}, {"floor": -1.0}])
def test_settings_that_make_no_sense_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=r"exponent|acceptance"):
        Setting(**wrong)


pairs = st.lists(st.tuples(st.integers(1, 10_000), st.integers(1, 10_000)), min_size=1, max_size=40)


@settings(deadline=None)
@given(pairs, st.sampled_from([2.0, 64.0, 1024.0]))
def test_another_unit_changes_no_flag(rows, factor: float) -> None:
    before, now = np.array(rows, dtype=float).T
    one = edit(before, now, Setting(exponent=0.0))
    other = edit(before * factor, now * factor, Setting(exponent=0.0))
    assert (one.flag == other.flag).all()


@settings(deadline=None)
@given(pairs, st.randoms(use_true_random=False))
def test_the_order_of_units_does_not_matter(rows, random) -> None:
    order = random.sample(range(len(rows)), len(rows))
    before, now = np.array(rows, dtype=float).T
    straight, mixed = edit(before, now), edit(before[order], now[order])
    np.testing.assert_array_equal(mixed.flag, straight.flag[order])


@settings(deadline=None)
@given(pairs)
def test_a_larger_multiple_never_flags_more(rows) -> None:
    before, now = np.array(rows, dtype=float).T
    wide, tight = (edit(before, now, Setting(multiple=c)).flag for c in (40.0, 4.0))
    assert not (wide & ~tight).any()
