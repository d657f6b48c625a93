"""Every further form: what was filed differs from the truth only where it was planted."""

from __future__ import annotations

import datetime as dt
import time
from collections import Counter
from collections.abc import Callable, Iterator

import numpy as np
import pytest

from ortoo.kernel.parties.codes import check_uscc, is_fictional
from ortoo.world import (
    FormReturns,
    FormTruth,
    World,
    WorldError,
    WorldItem,
    daily_returns,
    daily_truth,
    emergency_items,
    emergency_stock,
    emergency_truth,
    market_month,
    market_truth,
    material_items,
    material_returns,
    material_truth,
    retailer_day,
    retailer_day_truth,
    retailer_items,
    retailer_month,
    retailer_truth,
    supplement_returns,
    supplement_truth,
    weekly_returns,
    wholesale_items,
    wholesale_returns,
    wholesale_truth,
)
from ortoo.world.records import NIL_LETTERS, VALUE
from ortoo.world.slips import SLIP_KINDS
from ortoo.world.tests.region import places, region

Pair = tuple[Callable[[World, dt.date], FormTruth], Callable[[World, dt.date], FormReturns], int]
PAIRS: dict[str, Pair] = {
    "retail_daily": (lambda w, d: daily_truth(w, d, yesterday=True), daily_returns, 5),
    "wholesale_week": (wholesale_truth, wholesale_returns, 7),
    "wholesale_day": (lambda w, d: wholesale_truth(w, d, days=1),
                      lambda w, d: wholesale_returns(w, d, days=1), 5),
    "material": (material_truth, material_returns, 10),
    "retailer_month": (retailer_truth, retailer_month, 31),
    "retailer_day": (retailer_day_truth, retailer_day, 9),
    "emergency": (emergency_truth, emergency_stock, 7),
    "supplement": (lambda w, d: supplement_truth(w, "152500", d),
                   lambda w, d: supplement_returns(w, "152500", d), 7),
    "market": (market_truth, market_month, 31),
}


def periods(name: str, count: int = 36) -> Iterator[tuple[FormTruth, FormReturns]]:
    truth, returns, step = PAIRS[name]
    for at in range(count):
        day = dt.date(2023, 3, 4) + dt.timedelta(days=step * at)
        yield truth(region(), day), returns(region(), day)


@pytest.mark.parametrize("name", PAIRS)
def test_planted_cells_are_all_the_difference_from_the_truth(name: str) -> None:
    events = 0
    for truth, returns in periods(name):
        wrong = (returns.values != truth.values) | (returns.nil != truth.nil)
        wrong[~returns.reported] = False
        found = {(truth.firms[row], truth.items[item], truth.measures[at].code)
                 for row, item, at in np.argwhere(wrong)}
        assert found == {(cell.firm, cell.item, cell.measure) for cell in returns.planted}
        assert len(found) == len(returns.planted)
        events += len({cell.event for cell in returns.planted})
        row, item = truth.firms.index, truth.items.index
        for cell in returns.planted:
            at = row(cell.firm), item(cell.item), truth.column(cell.measure)
            there = truth.nil[at] == VALUE
            assert cell.true == (int(truth.values[at]) if there else None)
            assert cell.true_nil == NIL_LETTERS[truth.nil[at]]
    assert events


@pytest.mark.parametrize("name", PAIRS)
def test_a_form_s_truth_is_never_negative_and_blank_where_nil(name: str) -> None:
    for truth, returns in periods(name, 12):
        assert truth.values.dtype == np.int64 and truth.values.shape == truth.nil.shape
        assert truth.values.shape == (len(truth.firms), len(truth.items), len(truth.measures))
        assert (truth.values >= 0).all() and (truth.values[truth.nil != VALUE] == 0).all()
        assert (truth.nil == VALUE).any()
        assert {code for code, _ in returns.late_reasons} == {
            returns.firms[row] for row in np.flatnonzero(returns.late)}
        assert (returns.nil[~returns.reported] == 4).all()
        for at, measure in enumerate(truth.measures):
            if measure.choices:
                assert truth.values[:, :, at].max() < len(measure.choices)


@pytest.mark.parametrize("name", PAIRS)
def test_a_period_comes_out_the_same_in_a_world_made_anew(name: str) -> None:
    day = dt.date(2023, 6, 3)
    here = PAIRS[name][1](region(), day)
    there = PAIRS[name][1](World(2026, places(), weeks=160), day)
    assert np.array_equal(here.values, there.values) and np.array_equal(here.nil, there.nil)
    assert here.planted == there.planted and here.device == there.device


def test_every_kind_of_slip_occurs_somewhere() -> None:
    kinds = Counter(cell.kind for name in PAIRS for _, returns in periods(name)
                    for cell in returns.planted)
    assert set(kinds) <= set(SLIP_KINDS)
    assert set(SLIP_KINDS) - set(kinds) <= {"times_hundred"}


def test_unit_slips_have_their_factor_and_swaps_cross_low_and_high() -> None:
    factor = {"yuan_for_wan": 10_000, "ton_for_kg": 1000, "times_thousand": 1000, "times_ten": 10}
    for name in PAIRS:
        for _, returns in periods(name):
            for cell in returns.planted:
                if cell.kind in factor:
                    assert cell.true and cell.reported == factor[cell.kind] * cell.true
                if cell.kind == "low_high_swap":
                    assert cell.measure in ("price_low", "price_high")


def test_the_further_lists_have_fictional_codes_and_names_of_their_own() -> None:
    world = region()
    sizes = {name: len(world.listed(name, dt.date(2026, 11, 14)))
             for name in ("wholesale", "material", "trading", "frame")}
    assert sizes == {"wholesale": 30, "material": 40, "trading": 12, "frame": 24}
    firms = world.respondents
    assert len({firm.code for firm in firms}) == len({firm.name for firm in firms}) == len(firms)
    assert len({firm.phone for firm in firms}) == len(firms)
    for firm in world.roll.newcomers:
        assert check_uscc(firm.code) is None and is_fictional(firm.code)
        assert firm.phone.startswith("199-0000-")
    big = [firm for firm in world.roll.wholesale if firm.kind == "wholesale_market_big"]
    assert len(big) == 4 and {firm.league for firm in big} == {"150100"}
    assert any(firm in world.firms for firm in world.roll.wholesale)


def test_the_standard_lists_have_the_sizes_of_the_forms() -> None:
    assert (len(wholesale_items()), len(emergency_items())) == (60, 40)
    assert (len(material_items()), len(retailer_items())) == (50, 21)


def test_items_may_be_given_by_alias_and_an_unknown_one_is_refused() -> None:
    world, day = region(), dt.date(2026, 9, 5)
    one = wholesale_truth(world, day, [WorldItem("X", "马铃薯"), WorldItem("Y", "土豆")])
    assert np.array_equal(one.of("price")[:, 0] > 0, one.has("price")[:, 0])
    two = material_truth(world, day, [WorldItem("X", "汽油（95号）", "吨")])
    whole = material_truth(world, day)
    assert np.array_equal(two.of("price")[:, 0], whole.of("price")[:, 22])
    for make in (wholesale_truth, material_truth, retailer_truth, market_truth):
        with pytest.raises(WorldError, match="WORLD-ITEM"):
            make(world, day, [WorldItem("Z", "榴莲千层")])
        with pytest.raises(WorldError, match="WORLD-WEEK"):
            make(world, dt.date(2031, 1, 1))


def test_most_firms_have_a_device_of_their_own_and_a_planted_few_share_one() -> None:
    from ortoo.world import shared_groups

    world = region()
    groups = shared_groups(world)
    assert len(groups) == 4 and all(4 <= len(group) <= 6 for group in groups)
    returns = weekly_returns(world, dt.date(2022, 6, 4))
    on: dict[str, set[str]] = {}
    for firm, device in zip(returns.firms, returns.device, strict=True):
        on.setdefault(device, set()).add(firm)
    several = {device: firms for device, firms in on.items()
               if len(firms) > 1 and device.startswith(("S-", "D-"))}
    assert set(several) == {f"S-{at:02d}" for at in range(4)}
    assert all(several[f"S-{at:02d}"] <= set(group) for at, group in enumerate(groups))
    for row in np.flatnonzero(returns.assisted):
        assert returns.device[row].startswith("O-")
    assert all(not device for device, came in zip(returns.device, returns.reported, strict=True)
               if not came)


def test_copies_among_firms_happen_only_on_a_shared_device() -> None:
    from ortoo.world import shared_groups

    world = region()
    group_of = {code: at for at, group in enumerate(shared_groups(world)) for code in group}
    cells = [cell for start in world.week_starts()[40:90]
             for cell in weekly_returns(world, start).planted if cell.kind == "copied_neighbour"]
    assert cells and all(cell.firm in group_of for cell in cells)
    assert {cell.measure for cell in cells} <= {"price", "sales", "sales_qty"}


def test_a_week_of_all_forms_takes_about_a_second() -> None:
    world, day = region(), dt.date(2026, 5, 16)
    for at in (0, 7):   # the first makes the shelves
        begun = time.process_time()
        start = day + dt.timedelta(days=at)
        weekly_returns(world, start)
        wholesale_returns(world, start)
        emergency_stock(world, start)
        material_returns(world, start)
        retailer_month(world, start)
        market_month(world, start)
        for league in world.ground.leagues:
            supplement_returns(world, league.code, start)
        for step in range(7):
            daily_returns(world, start + dt.timedelta(days=step))
            wholesale_returns(world, start + dt.timedelta(days=step), days=1)
            retailer_day(world, start + dt.timedelta(days=step))
    assert time.process_time() - begun < 1.5
