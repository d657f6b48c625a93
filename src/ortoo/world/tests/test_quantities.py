"""Sales, stock and reasons for no number."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ortoo.world import (
    BLANK,
    NOT_CARRIED,
    OUT_OF_SEASON,
    OUT_OF_STOCK,
    PRICE,
    QTY,
    SALES,
    STOCK,
    VALUE,
    World,
    calendar,
)
from ortoo.world.quantities import sales_for
from ortoo.world.tests.region import column, hamlet, region, vegetables, week_at


def _sales(start: dt.date) -> int:
    return int(region().truth(start).values[:, :, SALES].sum())


@pytest.mark.parametrize("year", range(2022, 2027))
def test_sales_surge_in_the_fortnight_before_the_festival_and_sink_after_it(year: int) -> None:
    feast = calendar.spring_festival(year)
    gap = {start: (start - feast).days for start in region().week_starts()}
    usual = np.mean([_sales(start) for start, days in gap.items() if -70 <= days <= -35])
    for start, days in gap.items():
        if -14 <= days <= -7:
            assert 1.4 <= _sales(start) / usual <= 2.2
        if 0 <= days <= 6:
            assert 0.4 <= _sales(start) / usual <= 0.6


@given(price=st.integers(50, 40_000), quantity=st.integers(1, 5_000_000))
def test_sales_are_price_times_quantity_to_half_a_unit(price: int, quantity: int) -> None:
    sales = int(sales_for(np.array([price]), np.array([quantity]))[0])
    exact = price * quantity / 100_000
    assert sales == 1 if exact < 1 else abs(sales - exact) <= 0.5


def test_a_true_return_never_breaks_the_value_rule_of_the_form() -> None:
    world = region()
    for start in world.week_starts()[::17]:
        truth = world.truth(start)
        sold = truth.nil[:, :, QTY] == VALUE
        price, sales = truth.values[:, :, PRICE][sold], truth.values[:, :, SALES][sold]
        implied = sales * 100_000 / truth.values[:, :, QTY][sold]
        assert (price > 0).all()
        assert ((implied >= 0.5 * price) & (implied <= 1.5 * price)).all()


def test_bitter_gourd_and_lotus_root_are_not_sold_in_far_places_in_january() -> None:
    world = region()
    for year in range(2022, 2027):
        start = week_at(world, dt.date(year, 1, 15))
        truth = world.truth(start)
        for seat, firm in enumerate(world.sample(start)):
            if firm.place in ("152923", "150785"):
                for name in ("苦瓜", "莲藕"):
                    assert truth.nil[seat, column(world, name), PRICE] in (
                        NOT_CARRIED, OUT_OF_SEASON)


def test_not_every_shop_has_thirty_vegetables() -> None:
    world = region()
    truth = world.truth(week_at(world, dt.date(2026, 1, 3)))
    carried = (truth.nil[:, vegetables(world), PRICE] == VALUE).sum(axis=1)
    assert 0.05 < (carried == 30).mean() < 0.6
    filled = (truth.nil[:, :, PRICE] == VALUE).mean()
    assert 0.7 < filled < 0.92


def test_the_blizzard_of_story_one_empties_shelves_and_raises_cabbage() -> None:
    world = region()
    before, during = dt.date(2025, 12, 27), (dt.date(2026, 1, 10), dt.date(2026, 1, 17))
    banners = [place.code for place in world.ground.banners]
    cabbage = column(world, "大白菜")
    seats = [at for at, firm in enumerate(world.sample(during[0])) if firm.place == "152525"]
    short = {start: (world.truth(start).nil[seats][:, vegetables(world), PRICE]
                     == OUT_OF_STOCK).mean() for start in (before, *during)}
    assert short[before] < 0.05
    assert min(short[start] for start in during) > 0.15
    rise = world.true_prices(during[1])[:, cabbage] / world.true_prices(before)[:, cabbage]
    assert 1.35 <= rise[banners.index("152525")] <= 1.75
    assert 1.35 <= rise[banners.index("152525")] / rise[banners.index("152502")] <= 1.5


def test_the_poplar_festival_multiplies_sales_in_ejin_only() -> None:
    world = region()
    usual, feast = dt.date(2025, 9, 6), dt.date(2025, 10, 4)

    def sold(start: dt.date, place: str) -> int:
        seats = [at for at, firm in enumerate(world.sample(start)) if firm.place == place]
        return int(world.truth(start).values[seats, :, SALES].sum())

    assert sold(feast, "152923") > 2 * sold(usual, "152923")
    assert sold(feast, "152502") < 1.5 * sold(usual, "152502")


def test_stock_is_asked_only_where_it_means_days_of_cover() -> None:
    world = hamlet()
    for start in world.week_starts()[::9]:
        truth = world.truth(start)
        daily = np.array([not item.stock_asked for item in world.items])
        assert (truth.nil[:, daily, STOCK] == BLANK).all()
        assert (truth.values[:, daily, STOCK] == 0).all()
        asked = truth.nil[:, ~daily, STOCK]
        assert np.array_equal(asked, truth.nil[:, ~daily, PRICE])
        assert (truth.values[:, ~daily, STOCK][asked == VALUE] > 0).all()


def test_cells_without_a_number_hold_zero() -> None:
    world: World = hamlet()
    for start in world.week_starts()[::9]:
        truth = world.truth(start)
        assert (truth.values[truth.nil != VALUE] == 0).all()
