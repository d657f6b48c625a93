"""The generated prices hold to the facts they were calibrated on."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pytest

from ortoo.world import PRICE, VALUE, World, WorldError, WorldItem, standard_items
from ortoo.world.prices import nearest_tag, tag_ladder
from ortoo.world.tests.region import (
    column,
    league_quotes,
    places,
    region,
    region_means,
    vegetables,
    week_at,
)

# Region, price bureau, yuan per unit (SEEN). Pork is the hind leg, held against the mean of the
# form's two cuts; vegetables are the mean of 15 kinds, held against the mean of the 30.
FACTS = {
    dt.date(2025, 1, 5): {
        "小包装大米": 6.40, "小包装面粉": 6.14, "pork": 27.5, "牛肉(腿肉)": 57.9,
        "羊肉(腿肉)": 70.7, "白条鸡": 24.3, "鸡蛋": 10.7, "桶装花生油": 32.0,
        "桶装菜籽油": 19.2, "桶装豆油": 13.9,
        "桶装调和油": 15.7,
    },
    dt.date(2026, 1, 3): {
        "pork": 23.68, "牛肉(腿肉)": 65.76, "羊肉(腿肉)": 75.74, "白条鸡": 24.94, "鸡蛋": 7.76,
        "vegetables": 8.44,
    },
}


def _mean(day: dt.date, name: str) -> float:
    world = region()
    row = region_means()[world.week_of(week_at(world, day))]
    if name == "vegetables":
        return float(row[vegetables(world)].mean())
    if name == "pork":
        return float(row[[column(world, "猪肉(精瘦肉)"), column(world, "猪肉(五花肉)")]].mean())
    return float(row[column(world, name)])


@pytest.mark.parametrize(("day", "name"), [(day, name) for day in FACTS for name in FACTS[day]])
def test_region_levels_are_within_15_per_cent_of_the_facts(day: dt.date, name: str) -> None:
    assert abs(_mean(day, name) / FACTS[day][name] - 1) <= 0.15


def test_hinggan_levels_are_within_15_per_cent_of_its_own_note() -> None:
    world = region()
    quotes = league_quotes()[world.week_of(week_at(world, dt.date(2026, 1, 10)))] / 100
    league = [place.code for place in world.ground.leagues].index("152200")
    note = {"小包装大米": 5.8, "小包装面粉": 5.1, "桶装豆油": 16, "桶装花生油": 25,
            "桶装菜籽油": 16, "桶装调和油": 12, "牛肉(腿肉)": 70, "羊肉(腿肉)": 72,
            "白条鸡": 27, "鸡蛋": 7.2}
    for name, price in note.items():
        assert abs(quotes[league, column(world, name)] / price - 1) <= 0.15, name
    assert abs(quotes[league, vegetables(world)].mean() / 7.36 - 1) <= 0.15


def test_league_quotes_are_flat_in_60_to_80_per_cent_of_weeks() -> None:
    quotes = league_quotes()
    both = (quotes[1:] > 0) & (quotes[:-1] > 0)
    flat = (quotes[1:] == quotes[:-1]) & both
    assert 0.60 <= flat.sum() / both.sum() <= 0.80
    each = flat.sum(axis=(0, 2)) / both.sum(axis=(0, 2))
    assert ((each > 0.55) & (each < 0.85)).all()


def test_staples_are_flatter_than_vegetables() -> None:
    quotes, fresh = league_quotes(), vegetables(region())
    same = quotes[1:] == quotes[:-1]
    assert same[:, :, ~fresh].mean() > same[:, :, fresh].mean() + 0.1


def test_region_means_are_almost_never_flat() -> None:
    means = region_means()
    assert (means[1:] == means[:-1]).mean() < 0.08


def test_the_biggest_weekly_vegetable_moves_of_a_league_are_10_to_26_per_cent() -> None:
    quotes = league_quotes()[:, :, vegetables(region())]
    with np.errstate(divide="ignore", invalid="ignore"):
        moves = np.abs(quotes[1:] / quotes[:-1] - 1)
    moves = np.where((quotes[1:] > 0) & (quotes[:-1] > 0), moves, 0.0)
    largest = np.median(moves.max(axis=2))
    assert 0.08 <= largest <= 0.26
    assert np.quantile(moves, 0.999) < 0.40


def test_mutton_is_not_dearer_in_xilingol_than_in_hohhot() -> None:
    world = region()
    codes = [place.code for place in world.ground.leagues]
    mutton = league_quotes()[:, :, column(world, "羊肉(腿肉)")]
    xilingol, hohhot = mutton[:, codes.index("152500")], mutton[:, codes.index("150100")]
    assert (xilingol <= hohhot).all()
    means = mutton.mean(axis=0)
    dearest = {codes[at] for at in np.argsort(-means)[:2]}
    assert dearest == {"150100", "150600"}


def test_pork_is_cheapest_in_tongliao_or_chifeng() -> None:
    world = region()
    pork = league_quotes()[:, :, column(world, "猪肉(精瘦肉)")].mean(axis=0)
    cheapest = world.ground.leagues[int(np.argmin(pork))].code
    assert cheapest in ("150400", "150500")


@pytest.mark.parametrize("year", range(2021, 2027))
def test_the_vegetable_trough_is_45_to_55_per_cent_of_the_winter_peak(year: int) -> None:
    world = region()
    means = region_means()[:, vegetables(world)].mean(axis=1)
    starts = world.week_starts()
    winter = [means[at] for at, day in enumerate(starts) if day.year == year and day.month <= 2]
    summer = [means[at] for at, day in enumerate(starts)
              if day.year == year and 7 <= day.month <= 9]
    assert 0.45 <= min(summer) / max(winter) <= 0.55


def test_far_places_pay_more_for_winter_vegetables() -> None:
    world = region()
    banners = [place.code for place in world.ground.banners]
    prices = world.true_prices(week_at(world, dt.date(2025, 2, 1)))[:, vegetables(world)]
    usual = np.median(prices.mean(axis=1))
    for code, low, high in (("152923", 1.1, 1.4), ("150785", 1.08, 1.35)):
        assert low <= prices[banners.index(code)].mean() / usual <= high


def test_mutton_is_low_in_autumn_and_high_in_winter() -> None:
    world = region()
    mutton, starts = region_means()[:, column(world, "羊肉(腿肉)")], world.week_starts()
    autumn = np.mean([mutton[at] for at, day in enumerate(starts) if day.month in (9, 10, 11)])
    winter = np.mean([mutton[at] for at, day in enumerate(starts) if day.month in (12, 1, 2)])
    assert autumn < winter


def test_the_potato_glut_is_felt_where_and_when_it_was_planted() -> None:
    world = region()
    potato = column(world, "土豆")
    banners = [place.code for place in world.ground.banners]
    now = world.true_prices(week_at(world, dt.date(2026, 10, 24)))[:, potato]
    before = world.true_prices(week_at(world, dt.date(2026, 8, 15)))[:, potato]
    change = now / before
    assert change[banners.index("150902")] < 0.7 * np.median(change)


def test_tags_end_as_tags_do() -> None:
    ladder = tag_ladder("eight")
    assert {298, 580, 1198, 3580} <= set(ladder.tolist())
    assert (np.diff(ladder) > 0).all()
    assert nearest_tag(ladder, np.array([300.0, 99999.0])).tolist() == [298, 99998]


def test_most_shops_selling_by_the_jin_end_their_prices_in_an_eight_doubled() -> None:
    world = region()
    start = week_at(world, dt.date(2026, 9, 5))
    truth = world.truth(start)
    fresh = vegetables(world)
    eights = np.array([firm.tag_habit == "eight" for firm in world.sample(start)])
    sold = (truth.nil[:, :, PRICE] == VALUE)[eights][:, fresh]
    per_jin = truth.values[:, :, PRICE][eights][:, fresh][sold] // 2
    assert np.isin(per_jin % 10, (8, 0)).all()
    assert (truth.values[:, :, PRICE][eights][:, fresh][sold] % 2 == 0).all()


def test_an_unknown_item_is_refused_by_name() -> None:
    with pytest.raises(WorldError, match=r"WORLD-ITEM.*榴莲"):
        World(1, places(), [WorldItem("0999", "榴莲")])


def test_the_standard_items_are_the_46_of_the_form() -> None:
    items = standard_items()
    assert len(items) == 46 == len({item.code for item in items})
    assert [item.code for item in items[12:42]] == [f"06{at:02d}" for at in range(1, 31)]
    assert not any(item.stock_asked for item in items[12:42])
