"""Multi-domain allocation against published sizes, and what must hold for every plan."""

from __future__ import annotations

import csv
import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ortoo.algorithms.sampling.allocation import Unreachable, allocate
from ortoo.algorithms.sampling.design import Strata, cv_of, joined, limits_of

BESIDE = Path(__file__).resolve().parents[4].parent / "shared"
MARKET = Path(os.environ.get("ORTOO_SHARED", BESIDE)) / "data" / "market"
VARIABLES = ("var_income", "var_books", "var_sportDays")


def read(name: str) -> list[dict[str, str]]:
    if not (MARKET / name).exists():
        pytest.skip(f"no shared data: set ORTOO_SHARED to the folder that holds data/market/{name}")
    with (MARKET / name).open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def published():
    """The example population of the R package bethel: strata, targets and its sizes."""
    rows, aims = read("bethel_example_strata.csv"), read("bethel_example_targets.csv")
    units = np.array([int(row["population_size"]) for row in rows])
    rate = np.array([float(row["min_rate"]) for row in rows])
    least = np.maximum([float(row["min_sample"]) for row in rows], np.ceil(rate * units))
    strata = Strata(
        units,
        np.array([[float(row[name]) for name in VARIABLES] for row in rows]),
        cost=np.array([float(row["cost"]) for row in rows]),
        least=least.astype(np.int64),
    )
    total, cv = (np.array([float(aim[name]) for aim in aims]) for name in ("total", "cv"))
    return strata, limits_of(total, cv, np.zeros(len(units), int))


def test_sizes_equal_the_published_ones() -> None:
    strata, targets = published()
    plan = allocate(strata, targets)
    expected = [int(row["bethel_sample"]) for row in read("bethel_example_expected.csv")]
    assert plan.sizes.tolist() == expected
    assert plan.cost == sum(expected) == 162
    assert (plan.cv <= 0.05).all()


def test_the_continuous_optimum_equals_that_of_a_general_solver() -> None:
    """Sequential quadratic programming on the same example, to the digits it was noted with."""
    strata, targets = published()
    expected = [24.953, 20.706, 18.801, 6.661, 20.812, 28.640, 29.139, 9.048]
    plan = allocate(strata, targets)
    np.testing.assert_allclose(plan.exact, expected, atol=2e-3)
    assert plan.gap < 1e-6


def test_economical_sizes_meet_the_limits_with_fewer_units() -> None:
    strata, targets = published()
    plan = allocate(strata, targets, economical=True)
    assert plan.cost < 162
    assert plan.cost >= np.ceil(plan.exact.sum() - 1e-6)
    assert (plan.cv <= 0.05).all()


def two() -> Strata:
    return Strata(np.array([100, 300]), np.array([[400.0], [100.0]]))


def test_one_variable_is_neymans_allocation() -> None:
    """n_h in proportion to N_h·S_h/√c_h: 100·20 to 300·10 is 2 to 3."""
    plan = allocate(two(), limits_of(np.array([10_000.0]), np.array([0.03]), np.zeros(2, int)))
    assert plan.exact[0] / plan.exact[1] == pytest.approx(2 / 3)
    dear = Strata(two().units, two().variance, cost=np.array([4.0, 1.0]))
    plan = allocate(dear, limits_of(np.array([10_000.0]), np.array([0.03]), np.zeros(2, int)))
    assert plan.exact[0] / plan.exact[1] == pytest.approx(1 / 3)


def test_a_take_all_stratum_is_taken_whole_and_adds_no_variance() -> None:
    strata = Strata(
        np.array([4, 300]), np.array([[1e6], [100.0]]), take_all=np.array([True, False])
    )
    targets = limits_of(np.array([20_000.0]), np.array([0.02]), np.zeros(2, int))
    plan = allocate(strata, targets)
    assert plan.sizes[0] == 4
    alone = Strata(np.array([300]), np.array([[100.0]]))
    only = allocate(alone, limits_of(np.array([20_000.0]), np.array([0.02]), np.zeros(1, int)))
    assert plan.sizes[1] == only.sizes[0]


def test_least_sizes_hold_and_never_exceed_the_stratum() -> None:
    strata = Strata(np.array([1, 3, 500]), np.ones((3, 1)), least=np.array([5, 5, 5]))
    plan = allocate(strata, limits_of(np.array([1e6]), np.array([0.5]), np.zeros(3, int)))
    assert plan.sizes.tolist() == [1, 3, 5]


def test_a_stratum_of_constants_gets_its_least_size() -> None:
    strata = Strata(np.array([100, 100]), np.array([[0.0], [50.0]]))
    plan = allocate(strata, limits_of(np.array([1000.0]), np.array([0.05]), np.zeros(2, int)))
    assert plan.sizes[0] == 2
    assert plan.sizes[1] > 2


def test_all_constants_need_only_the_least_sizes() -> None:
    strata = Strata(np.array([10, 20]), np.zeros((2, 1)))
    plan = allocate(strata, limits_of(np.array([5.0]), np.array([0.01]), np.zeros(2, int)))
    assert plan.sizes.tolist() == [2, 2]
    assert plan.cv.tolist() == [0.0]


def test_a_one_firm_stratum_and_an_empty_one_are_allowed() -> None:
    strata = Strata(np.array([1, 0, 50]), np.array([[0.0], [0.0], [9.0]]))
    plan = allocate(strata, limits_of(np.array([500.0]), np.array([0.05]), np.zeros(3, int)))
    assert plan.sizes[:2].tolist() == [1, 0]


def test_a_limit_out_of_reach_is_named() -> None:
    strata = Strata(two().units, two().variance, most=np.array([3, 3]))
    targets = limits_of(np.array([[1e9, 1e4]])[:, 1:], np.array([[0.001]]), np.zeros(2, int))
    with pytest.raises(Unreachable, match="limits") as refused:
        allocate(strata, targets)
    assert refused.value.limits.tolist() == [0]


def test_every_league_and_the_region_are_served_together() -> None:
    variance = np.array([[400.0, 9.0], [100.0, 25.0], [900.0, 4.0], [50.0, 36.0]])
    strata = Strata(np.array([60, 120, 80, 40]), variance)
    league = np.array([0, 0, 1, 1])
    total = np.array([[9000.0, 900.0], [6000.0, 500.0]])
    targets = joined(
        limits_of(total, np.full((2, 2), 0.04), league),
        limits_of(total.sum(axis=0), np.full(2, 0.03), np.zeros(4, int)),
    )
    plan = allocate(strata, targets)
    assert len(plan.cv) == 6
    assert (plan.cv <= targets.cv * (1 + 1e-9)).all()
    assert plan.gap < 1e-6
    region = allocate(strata, limits_of(total.sum(axis=0), np.full(2, 0.03), np.zeros(4, int)))
    assert region.exact.sum() < plan.exact.sum()


def test_a_cv_of_nan_asks_for_nothing() -> None:
    targets = limits_of(np.array([10.0, 20.0]), np.array([np.nan, 0.1]), np.zeros(2, int))
    assert targets.variable.tolist() == [1]


@pytest.mark.parametrize(
    "wrong",
    [
        {"units": np.array([-1])},
        {"cost": np.array([0.0])},
        {"variance": np.array([[-1.0]])},
        {"least": np.array([5]), "most": np.array([2])},
        {"take_all": np.array([True, True])},
    ],
)
def test_strata_that_make_no_sense_are_refused(wrong) -> None:
    with pytest.raises(ValueError, match=r"units|least|take_all"):
        Strata(**{"units": np.array([10]), "variance": np.array([[1.0]]), **wrong})


def test_targets_that_make_no_sense_are_refused() -> None:
    with pytest.raises(ValueError, match="CV above zero"):
        limits_of(np.array([0.0]), np.array([0.1]), np.zeros(1, int))
    with pytest.raises(ValueError, match="domain"):
        limits_of(np.array([1.0]), np.array([0.1]), np.array([0, 1]))


@st.composite
def designs(draw: st.DrawFn):
    """Two domains, two variables, up to eight strata."""
    count = draw(st.integers(2, 8))
    units = draw(st.lists(st.integers(2, 400), min_size=count, max_size=count))
    spread = draw(st.lists(st.floats(0.05, 2.0), min_size=2 * count, max_size=2 * count))
    mean = draw(st.lists(st.floats(1.0, 100.0), min_size=2 * count, max_size=2 * count))
    mean, spread = np.array(mean).reshape(count, 2), np.array(spread).reshape(count, 2)
    strata = Strata(np.array(units), (mean * spread) ** 2)
    league = np.arange(count) % 2
    sums = np.array(units)[:, None] * mean
    total = np.array([sums[league == k].sum(axis=0) for k in (0, 1)])
    cv = draw(st.floats(0.02, 0.3))
    return strata, total, league, cv


@settings(deadline=None, max_examples=60)
@given(designs())
def test_every_plan_meets_its_limits_and_nobody_could_plan_much_cheaper(case) -> None:
    strata, total, league, cv = case
    targets = limits_of(total, np.full((2, 2), cv), league)
    plan = allocate(strata, targets)
    assert (cv_of(strata, targets, plan.sizes) <= cv * (1 + 1e-6)).all()
    assert plan.gap < 1e-5
    low, high = strata.bounds
    assert ((plan.sizes >= low) & (plan.sizes <= high)).all()


@settings(deadline=None, max_examples=40)
@given(designs(), st.floats(1.1, 3.0))
def test_a_looser_limit_never_costs_more(case, factor: float) -> None:
    strata, total, league, cv = case
    tight = allocate(strata, limits_of(total, np.full((2, 2), cv), league))
    loose = allocate(strata, limits_of(total, np.full((2, 2), cv * factor), league))
    assert loose.exact.sum() <= tight.exact.sum() * (1 + 1e-5)


@settings(deadline=None, max_examples=40)
@given(designs(), st.sampled_from([0.01, 100.0]))
def test_another_unit_of_money_gives_the_same_plan(case, factor: float) -> None:
    strata, total, league, cv = case
    scaled = Strata(strata.units, strata.variance * factor**2)
    one = allocate(strata, limits_of(total, np.full((2, 2), cv), league))
    other = allocate(scaled, limits_of(total * factor, np.full((2, 2), cv), league))
    np.testing.assert_allclose(one.exact, other.exact, rtol=1e-3)


@settings(deadline=None, max_examples=40)
@given(designs(), st.randoms(use_true_random=False))
def test_the_order_of_strata_does_not_matter(case, random) -> None:
    strata, total, league, cv = case
    order = np.array(random.sample(range(len(league)), len(league)))
    mixed = Strata(strata.units[order], strata.variance[order])
    one = allocate(strata, limits_of(total, np.full((2, 2), cv), league))
    other = allocate(mixed, limits_of(total, np.full((2, 2), cv), league[order]))
    np.testing.assert_allclose(one.exact[order], other.exact, rtol=1e-3)
