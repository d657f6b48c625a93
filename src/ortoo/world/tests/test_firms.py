"""The three overlapping lists."""

from __future__ import annotations

import datetime as dt
from collections import Counter

import pytest

from ortoo.kernel.parties.codes import check_uscc, is_fictional, uscc_doubt
from ortoo.world import WorldError, WorldPlace
from ortoo.world.calibration import load
from ortoo.world.tests.region import hamlet, region
from ortoo.world.world import World

# Names of real chains and makers that must not appear as 字号 (place names such as 科尔沁 may).
REAL_BRANDS = (
    "沃尔玛", "家乐福", "永辉", "大润发", "华联", "物美", "苏宁", "国美", "盒马", "京东", "维多利",
    "王府井", "伊利", "蒙牛", "小肥羊", "小尾羊", "塞飞亚", "蒙都", "蒙羊", "草原红牛", "草原兴发",
    "北国", "百佳", "世纪联华", "美特好", "便利蜂", "罗森", "永旺", "双汇", "金锣", "中粮", "恒丰",
    "大窑", "美团",
)
TODAY = dt.date(2026, 11, 14)


@pytest.mark.parametrize("day", [dt.date(2021, 1, 2), dt.date(2023, 6, 1), TODAY])
def test_the_lists_have_the_sizes_and_overlaps_of_the_plan_on_any_day(day: dt.date) -> None:
    lists = {name: {firm.code for firm in region().listed(name, day)}
             for name in ("sample", "guarantor", "backbone")}
    sample, guarantor, backbone = lists["sample"], lists["guarantor"], lists["backbone"]
    assert (len(sample), len(guarantor), len(backbone)) == (230, 128, 388)
    assert len(guarantor & backbone) == 91          # 71 % of the 128
    assert len(sample & backbone) == 95
    assert len(sample & guarantor) == 58
    assert len(sample & guarantor & backbone) == 45


def test_nearly_every_banner_has_a_sample_firm() -> None:
    seats = Counter(firm.place for firm in region().sample(region().week_starts()[0]))
    assert len(seats) >= 100
    assert sum(seats.values()) == 230
    assert 2.0 <= sum(seats.values()) / 103 <= 2.4
    assert seats["152525"] == 5 and seats["152923"] >= 2


def test_every_code_is_valid_and_fictional_and_given_once() -> None:
    given = [firm.code for firm in region().firms]
    assert len(set(given)) == len(given)
    for code in given:
        assert check_uscc(code) is None, code
        assert uscc_doubt(code) is None, code
        assert is_fictional(code), code


def test_names_and_phones_are_given_once_and_phones_are_fictional() -> None:
    firms = region().firms
    assert len({firm.name for firm in firms}) == len(firms)
    assert len({firm.phone for firm in firms}) == len(firms)
    assert all(firm.phone.startswith("199-0000-") for firm in firms)


def test_no_name_uses_a_real_brand() -> None:
    names = [firm.name for firm in region().firms] + list(load("names.toml")["firm"]["marks"])
    assert not [name for name in names for brand in REAL_BRANDS if brand in name]


def test_a_firm_s_name_begins_with_its_place() -> None:
    places = {place.code: place.name for place in region().ground.banners}
    assert all(places[firm.place] in firm.name for firm in region().firms)


def test_mongolian_names_are_single_and_common_where_mongols_live() -> None:
    single = set(load("names.toml")["person"]["mongolian"])
    share = {
        league: sum(firm.clerk in single for firm in members) / len(members)
        for league in ("152500", "150900")
        for members in [[firm for firm in region().firms if firm.league == league]]
    }
    assert share["152500"] > 0.2 > share["150900"]


def test_a_few_firms_close_merge_and_change_names_and_no_seat_stays_empty() -> None:
    kinds = Counter(event.kind for event in region().events)
    assert kinds["closed"] == 5 and kinds["merged"] == 3 and kinds["renamed"] == 6
    for start in region().week_starts()[::13]:
        sample = region().sample(start)
        assert [firm.seat for firm in sample] == list(range(230))
        assert all(firm.sample_to is None or start < firm.sample_to for firm in sample)
        assert all(firm.sample_from is not None and firm.sample_from <= start for firm in sample)


def test_a_renamed_firm_bears_its_new_name_from_that_day() -> None:
    event = next(event for event in region().events if event.kind == "renamed")
    firm = next(firm for firm in region().firms if firm.code == event.firm)
    assert region().name_on(firm, event.on) == event.name
    assert region().name_on(firm, event.on - dt.timedelta(days=1)) == firm.name


def test_a_small_world_scales_its_lists() -> None:
    world = hamlet()
    assert len(world.sample(world.week_starts()[0])) == 14
    assert {firm.place for firm in world.firms} <= {place.code for place in world.ground.banners}


def test_the_caller_may_bring_its_own_codes() -> None:
    few = (WorldPlace("A", "甲盟", "league", "R", 900), WorldPlace("B", "乙旗", "banner", "A", 900))
    world = World(1, few, sample=3, weeks=4,
                  credit_code=lambda serial, place, kind: f"{kind}-{place}-{serial}")
    assert world.firms[0].code.endswith("-B-0")


def test_a_region_without_banners_is_refused() -> None:
    with pytest.raises(WorldError, match="WORLD-PLACES"):
        World(1, [WorldPlace("A", "甲盟", "league", "R", 900)])
