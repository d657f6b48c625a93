"""The simulated region's further forms: pure, in the form's own shape, the truth beside them."""

from __future__ import annotations

import datetime as dt
from functools import lru_cache

import pytest

from ortoo.domains.market.world import SimulatedRegion, simulated_region
from ortoo.kernel.forms import registry
from ortoo.kernel.forms.check import CheckContext, check
from ortoo.kernel.forms.definition import Nil
from ortoo.kernel.forms.periods import parse
from ortoo.kernel.places.active import active_pack

PERIODS = {
    "SCJC-W2": "W2026-11-14", "SCSC-X1": "X2026-11-2", "LTQY-M1": "M2026-10",
    "EMG-STOCK": "M2026-10", "JYSC-M1": "M2026-10", "SCJC-D1": "D2026-11-20",
    "SCJC-W1-S07": "W2026-11-14", "SCJC-W1-S25": "W2026-11-14",
}  # fmt: skip
SMALL = ["150700", "150781", "150782", "152500", "152501", "152502", "152522", "152525", "152526"]


@lru_cache(maxsize=1)
def region() -> SimulatedRegion:
    return simulated_region(
        active_pack(), registry.get("SCJC-W1"), seed=2026, through=dt.date(2026, 11, 20),
        places=SMALL, sample=24,
    )  # fmt: skip


@pytest.fixture(autouse=True)
def _pack(settings) -> None:
    settings.PLACE_PACK = "neimenggu"


@pytest.mark.parametrize("code", PERIODS)
def test_a_period_comes_out_the_same_and_no_return_breaks_a_hard_rule(code: str) -> None:
    form, period = registry.get(code), parse(PERIODS[code])
    simulated = region().other(form)
    assert simulated is not None
    week = simulated.week(period)
    again = region().other(form).week(period)  # type: ignore[union-attr]
    assert [r.grid for r in week.returns] == [r.grid for r in again.returns] and week.returns
    for filed in week.returns:
        context = CheckContext(limits=simulated.limits, on=period.end)
        hard = [i for i in check(form, filed.grid, context) if i.severity == "hard"]
        assert hard == [], (filed.firm.code, hard[:2])


@pytest.mark.parametrize("code", PERIODS)
def test_what_is_planted_and_not_kept_out_is_what_the_return_says(code: str) -> None:
    form = registry.get(code)
    simulated = region().other(form)
    assert simulated is not None
    period = parse(PERIODS[code])
    for _ in range(4):
        week = simulated.week(period)
        grids = {filed.firm.code: filed.grid for filed in week.returns}
        for line in week.truth:
            if line["kept_out"] or line["measure"] not in form.measure_by_code:
                continue
            cell = grids[line["firm"]].cell(form, line["item"], line["measure"])
            if line["reported"] is not None:
                assert cell == line["reported"]
            else:
                assert cell is None or isinstance(cell, Nil)
        period = period.previous()


def test_an_order_asks_only_its_items_and_the_rest_is_blank() -> None:
    form = registry.get("SCJC-D1")
    some = frozenset(item.code for item in form.leaves[20:24])
    simulated = region().other(form, some)
    assert simulated is not None
    for filed in simulated.week(parse("D2026-11-20")).returns:
        for item in form.leaves:
            said = [filed.grid.cell(form, item.code, m.code) for m in form.measures]
            assert any(cell is not None for cell in said) == (item.code in some)


def test_a_good_a_league_asks_and_the_world_does_not_hold_is_not_carried() -> None:
    form = registry.get("SCJC-W1-S07")
    simulated = region().other(form)
    assert simulated is not None
    for filed in simulated.week(parse("W2026-11-14")).returns:
        for code in simulated.missing:
            assert filed.grid.cell(form, code, "price") is Nil.NOT_CARRIED


def test_emergency_stock_is_that_of_the_weekly_return_where_a_firm_owes_both() -> None:
    """Once only: the world's two forms state one fact."""
    form = registry.get("EMG-STOCK")
    simulated = region().other(form)
    assert simulated is not None
    period = parse("M2026-10")
    stock = {f.firm.code: f.grid for f in simulated.week(period).returns}
    planted = {line["firm"] for line in simulated.week(period).truth}
    weekly = region()
    last = weekly.week(parse("W2026-10-24"))
    planted |= {str(line["firm"]) for line in last.truth}
    goods = {leaf.good: leaf.code for leaf in weekly.form.leaves if leaf.stock_asked}
    compared = 0
    for filed in last.returns:
        if filed.firm.code not in stock or filed.firm.code in planted:
            continue
        for leaf in form.leaves:
            here = stock[filed.firm.code].cell(form, leaf.code, "on_hand")
            if leaf.good in goods and isinstance(here, int):
                assert here == filed.grid.cell(weekly.form, goods[leaf.good], "stock")
                compared += 1
    assert compared > 20


def test_a_form_the_world_knows_nothing_of_is_left_out() -> None:
    assert region().other(registry.get("HISTORY-W1")) is None
