from __future__ import annotations

import numpy as np
import pytest

from ortoo.domains.market.forecasts import coherence, statement
from ortoo.domains.market.forecasts.computing import Status, compute, points_at
from ortoo.domains.market.forecasts.statement import FIELDS, Known, body_of
from ortoo.domains.market.forecasts.tests.made_up import (
    QUICK,
    UNITS,
    computed,
    panel_of,
    seasonal,
    usual,
)

POINT, QUANTITY = FIELDS.index("point"), FIELDS.index("quantity")


def said(seen, found):
    known = Known("SCJC-W1", "W2026-11-07", 9, 0, "", "W2021-01-02", 2, 1)
    return body_of(seen, found, known)


@pytest.fixture(scope="module")
def run():
    seen = usual()
    return seen, computed(seen)


def test_a_seasonal_series_is_forecast_better_than_no_change(run):
    _, found = run
    assert (found.status == Status.SHOWN).mean() > 0.8
    assert np.nanmedian(found.skill) > 0.3
    assert found.origins == QUICK.checks


def test_volumes_add_up_and_prices_are_value_over_quantity_to_the_last_integer(run):
    seen, found = run
    cells = said(seen, found)["cells"]
    for item in seen.items:
        columns = {unit: cells[unit][item] for unit in seen.units}
        for h in range(QUICK.horizon):
            sold = [columns[unit][QUANTITY][h] for unit in seen.units]
            price = [columns[unit][POINT][h] for unit in seen.units]
            assert sold[0] == sum(sold[1:])
            value = sum(p * q for p, q in zip(price[1:], sold[1:], strict=True))
            assert abs(price[0] * sold[0] - value) * 2 <= sold[0]


def test_the_bounds_lie_around_the_point_and_inside_one_another(run):
    _, found = run
    known = np.isfinite(found.points.main)
    point = found.points.main[known]
    for level, wider in ((50, 80), (80, 95)):
        assert (found.low[wider][known] <= found.low[level][known] + 1e-9).all()
        assert (found.high[wider][known] >= found.high[level][known] - 1e-9).all()
        assert (found.low[level][known] <= point).all()
        assert (found.high[level][known] >= point).all()


def test_an_origin_sees_nothing_of_its_future():
    seen = usual()
    changed = usual()
    changed.price[:, :, -3:] *= 5
    before, after = (points_at(one, 3, QUICK, wide=False) for one in (seen, changed))
    assert np.array_equal(before.main, after.main)


def test_the_same_history_gives_the_same_numbers_twice(run):
    seen, found = run
    assert said(seen, computed(seen)) == said(seen, found)


def test_constants_short_stale_and_late_series_are_told_apart_and_show_nothing():
    price = seasonal(8).reshape(2, 4, 150)
    price[0, 0] = 7.5
    price[1, 0] = 7.5
    price[0, 1, :-3] = np.nan
    price[0, 2, -10:] = np.nan
    price[1, 3, :120] = np.nan
    found = computed(panel_of(price))
    assert found.status[1, 0] == Status.CONSTANT
    assert found.status[1, 1] == Status.SHORT
    assert found.status[1, 2] == Status.STALE
    assert found.status[2, 3] in (Status.SHOWN, Status.NO_SKILL, Status.UNCHECKED)
    assert np.allclose(found.points.main[1, 0], 7.5)
    assert np.isnan(found.points.main[1, 2]).all()


def test_a_unit_without_recent_figures_is_not_in_the_regions_price():
    price = seasonal(2).reshape(2, 1, 150)
    price[0, 0, -10:] = np.nan
    points = points_at(panel_of(price), 0, QUICK, wide=False)
    assert np.allclose(points.main[0, 0], points.main[2, 0])


def test_a_price_of_zero_is_a_gap_and_gaps_do_no_harm():
    price = seasonal(4).reshape(2, 2, 150)
    price[0, 0, 70] = 0.0
    price[0, 1, 40:44] = np.nan
    found = computed(panel_of(price))
    assert np.isfinite(found.points.main).all()
    assert (found.points.main > 3).all() and (found.points.main < 30).all()


def test_a_walk_without_pattern_shows_no_skill_worth_the_name():
    rng = np.random.default_rng(1)
    price = 10 * np.exp(np.cumsum(rng.normal(0, 0.03, (3, 4, 150)), axis=2))
    found = computed(panel_of(price))
    assert (found.status == Status.NO_SKILL).any()
    assert np.nanmedian(found.skill) < 0.3


def test_three_observations_in_all_are_too_short_for_anything():
    found = compute(panel_of(seasonal(2, 3).reshape(1, 2, 3)), QUICK)
    assert (found.status == Status.SHORT).all()
    assert found.origins == 0 and np.isnan(found.skill).all()


def test_negative_leaves_are_lifted_and_the_root_is_still_their_sum():
    base = np.array([[1.0, 1.0], [5.0, 5.0], [3.0, 3.0]])
    history = np.abs(np.random.default_rng(2).normal(4, 1, (3, 60)))
    history[0] = history[1:].sum(axis=0)
    found = coherence.reconciled(base, history)
    assert (found[1:] >= 0).all()
    assert np.allclose(found[0], found[1:].sum(axis=0))


def test_few_steps_fall_back_to_ordinary_least_squares():
    base = np.array([[12.0], [5.0], [5.0]])
    history = np.tile([[10.0], [5.0], [5.0]], (1, 6))
    found = coherence.reconciled(base, history)
    assert np.allclose(found[:, 0], [34 / 3, 17 / 3, 17 / 3])


def test_a_price_without_a_quantity_weighs_one_minor_unit():
    price = np.array([[[0.0]], [[1000.0]], [[2000.0]]])
    quantity = np.array([[[0.0]], [[999.0]], [[np.nan]]])
    whole = coherence.in_integers(price, quantity, rooted=True)
    assert whole.quantity[:, 0, 0].tolist() == [1000, 999, 1]
    assert whole.price[0, 0, 0] == 1001


def test_a_body_keeps_every_unit_apart_for_its_own_proof(run):
    seen, found = run
    form = statement.ForecastBehaviour(
        statement.FORM, 1, statement._validate, statement._entries, supersedable=False
    )
    data = form.encode(said(seen, found))
    names = [name for name, _ in form.parts(data)]
    assert [f"cells.{unit}" for unit in UNITS[:3]] == names[-3:]
    assert "model" in names
