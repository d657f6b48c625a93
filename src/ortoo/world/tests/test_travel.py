"""Shocks reach neighbouring places later and weaker."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from ortoo.world import World, WorldPlace
from ortoo.world.shocks import ShockTable
from ortoo.world.tests.region import SEED, column, places, region, week_at
from ortoo.world.travel import LEAGUE_KM, distance_km


def line() -> World:
    """A league of five banners on one road, a hundred kilometres apart."""
    league = WorldPlace("152500", "甲盟", "league", "150000", 500_000, lon=116.0, lat=44.0)
    banners = [WorldPlace("152525", "零旗", "banner", "152500", 60_000, lon=116.0, lat=44.0)]
    banners += [WorldPlace(f"15253{at}", f"{name}旗", "banner", "152500", 60_000,
                           lon=116.0 + at * 100 / 80.1, lat=44.0)
                for at, name in enumerate("一二三四", start=1)]
    return World(1, [league, *banners], sample=10, start=dt.date(2025, 11, 1), weeks=20)


def felt(world: World, code: str, item: int) -> tuple[dt.date, float]:
    """First day and greatest rise of the January blizzard's price effect at a place."""
    at = [place.code for place in world.ground.banners].index(code)
    days = [dt.date(2026, 1, 2) + dt.timedelta(days=step) for step in range(40)]
    rise = [world.ground.shocks.effects_on(day).price[at, item] for day in days]
    return next(day for day, one in zip(days, rise, strict=True) if one > 0), max(rise)


def test_a_blizzard_arrives_later_and_weaker_down_the_road() -> None:
    world = line()
    cabbage = column(world, "大白菜")
    story = [felt(world, code, cabbage) for code in ("152525", "152531", "152532", "152533")]
    days, rises = [day for day, _ in story], [rise for _, rise in story]
    assert days == sorted(set(days))
    assert all(near > 1.3 * far > 0 for near, far in pairwise(rises))


def test_the_old_version_of_the_world_keeps_shocks_where_they_strike() -> None:
    old = World(1, [*line().ground.leagues, *line().ground.banners], sample=10,
                start=dt.date(2025, 11, 1), weeks=20, version=1)
    cabbage = column(old, "大白菜")
    effects = old.ground.shocks.effects(week_at(old, dt.date(2026, 1, 17)))
    assert effects.price[0, cabbage] > 0.3
    assert not effects.price[1:, cabbage].any()


def test_the_potato_glut_reaches_its_buyers_by_trade() -> None:
    world = region()
    potato = column(world, "土豆")
    banners = [place.code for place in world.ground.banners]
    def first(code: str) -> dt.date:
        return next(day for day in (dt.date(2026, 9, 10) + dt.timedelta(days=step)
                                    for step in range(60))
                    if world.ground.shocks.effects_on(day).price[banners.index(code), potato]
                    < bottom(code) / 2)
    def bottom(code: str) -> float:
        return min(world.ground.shocks.effects_on(dt.date(2026, 9, 10) + dt.timedelta(days=step))
                   .price[banners.index(code), potato] for step in range(80))
    assert bottom("150902") < bottom("150102") < bottom("150602") < bottom("150502") - 0.05
    assert first("150902") < first("150102") < first("150602")


def test_the_poplar_festival_s_sales_spill_over_and_fade() -> None:
    world = region()
    at = [place.code for place in world.ground.banners].index
    sales = world.ground.shocks.effects_on(dt.date(2025, 10, 8)).sales[:, 0]
    assert sales[at("152923")] > 3 > sales[at("152922")] > 1.05
    assert sales[at("150502")] < sales[at("152922")]


def test_the_port_s_closure_raises_the_price_of_coking_coal_first_at_the_port() -> None:
    from ortoo.world.materials import _shock, ten_days
    world = region()
    price = _shock(world, ten_days(dt.date(2026, 9, 5)))[0][:, 31]
    full = _shock(world, ten_days(dt.date(2026, 9, 15)))[0][:, 31]
    at = [place.code for place in world.ground.banners].index
    assert price[at("150824")] > price[at("150203")]
    assert full[at("150824")] > full[at("150203")] > full[at("150602")] > 0
    assert full[at("150502")] == 0


@pytest.mark.parametrize("known", [True, False])
def test_distance_is_measured_where_label_points_are_known(known: bool) -> None:
    one, other = line().ground.banners[:2]
    if not known:
        other = replace(other, lon=None)
    away = distance_km(one, other)
    assert abs(away - 100) < 2 if known else away == LEAGUE_KM
    far = replace(other, lon=None, parent="150900")
    assert distance_km(one, far) == float("inf")


def test_nothing_travels_when_everything_is_struck() -> None:
    world = World(SEED, places(), weeks=60)
    table = world.ground.shocks
    for shock, reached in zip(table.shocks, table.reach, strict=True):
        if not shock.places:
            assert len(reached) == 1
        lags = [reach.lag for reach in reached]
        assert lags == sorted(set(lags)) and lags[0] == 0
        assert all((reach.weight <= 1).all() and (reach.weight >= 0).all() for reach in reached)
        assert not any((reach.weight * reached[0].weight).any() for reach in reached[1:])
    assert isinstance(table, ShockTable)
    assert np.isfinite(table.effects(world.ground.start).price).all()
