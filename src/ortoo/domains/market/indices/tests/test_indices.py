"""The index of the hand-computed small region, and who sees what of it."""

from __future__ import annotations

import math

import numpy as np
import pytest

from ortoo.domains.market.indices import board as boards
from ortoo.domains.market.indices import columns as made
from ortoo.domains.market.indices import parameters, quotes
from ortoo.domains.market.indices.board import board
from ortoo.domains.market.tests.figures_world import (
    CASE,
    DAY_MS,
    FIRST_MS,
    FORM,
    HOUR_MS,
    FiguresWorld,
    figures_world,
)
from ortoo.kernel.filings.refusal import Refused
from ortoo.kernel.forms import registry
from ortoo.kernel.forms.periods import parse
from ortoo.kernel.grants.scope import PUBLIC

pytestmark = pytest.mark.django_db
REGION = "region-reviewer-root"


@pytest.fixture
def world(db: None, settings, monkeypatch) -> FiguresWorld:
    quotes.forget()
    boards.forget()
    return figures_world(settings, monkeypatch)


def found(world: FiguresWorld, login: str = REGION, **asked):
    scope = world.region.scope(login) if login else PUBLIC
    return board(scope, registry.get(FORM), until=parse(world.period()), **asked)


def page(world: FiguresWorld, rest: str = "", login: str = REGION, status: int = 200) -> str:
    response = world.client(login).get(f"/indices/{FORM}/{rest}")
    assert response.status_code == status, response.content.decode()[:2000]
    return response.content.decode()


# (unit's firms, item) of the small case.
CELLS = (
    (("own", "sibling", "parent"), "0303"), (("own", "parent"), "0304"),
    (("neighbour", "neighbour_parent"), "0303"), (("planned",), "0303"), (("root",), "0303"),
)  # fmt: skip


def open_cells(one) -> tuple:
    """The firm that reports to the region itself counts where the reader's panel opens it."""
    direct = [line for line in one.units if line.code.endswith("*")]
    return CELLS if direct else CELLS[:4]


def by_hand(cells=CELLS) -> float:
    """Törnqvist over Jevons of the same shops, worked from the case's own numbers."""
    relatives, before, now = [], [], []
    for firms, item in cells:
        logs = [
            math.log(float(CASE["now"][firm][item][0]) / float(CASE["before"][firm][item][0]))
            for firm in firms
        ]
        relatives.append(sum(logs) / len(logs))
        for period, into in (("before", before), ("now", now)):
            # Sales are filed in units of a hundred yuan, cut off.
            sold = (CASE[period][firm][item] for firm in firms)
            into.append(sum(float(price) * float(weight) // 100 for price, weight in sold))
    shares = [(a / sum(before) + b / sum(now)) / 2 for a, b in zip(before, now, strict=True)]
    return math.exp(sum(w * log for w, log in zip(shares, relatives, strict=True)))


def test_the_regions_index_is_the_hand_worked_one(world):
    one = found(world)
    assert one.total.level == pytest.approx(100 * by_hand(open_cells(one)), abs=1e-9)


def test_a_units_index_is_that_of_its_own_shops(world):
    one = found(world, unit=world.place("parent"))
    assert one.total.level == pytest.approx(100 * by_hand(CELLS[:2]), abs=1e-9)


def test_contributions_by_item_class_and_place_each_add_up_to_the_change(world):
    one = found(world)
    change = one.total.change(one.before)
    assert change == pytest.approx(by_hand(open_cells(one)) - 1, abs=1e-12)
    for parts in (
        one.by_item.values(), one.by_unit.values(), [line.part or 0 for line in one.classes],
        [line.part for line in one.units],
    ):  # fmt: skip
        assert sum(parts) == pytest.approx(change, abs=1e-12)


def test_where_the_base_period_is_not_there_the_first_one_is_100_and_the_page_says_so(world):
    one = found(world)
    assert one.periods[one.base].code == world.period("before")
    assert one.total.levels[one.base] == pytest.approx(100)
    assert "以最早有数据的报告期为基期" in page(world)


def test_outside_the_chain_only_issued_means_count_and_no_sales(world):
    one = found(world, "")
    assert one.issued and not one.weighted and one.imputed is None and one.quotes == 0
    # The whole is made of the region's own issued row, not of the units'.
    mean = {"before": 63.75, "now": 64.36}
    assert one.total.level == pytest.approx(100 * mean["now"] / mean["before"], abs=1e-3)
    html = page(world, login="")
    assert "只用已发布的均价计算" in html
    assert not any(site.mark in html for site in world.region.sites.values())


def test_a_league_sees_its_own_unit_live_and_the_rest_as_issued(world):
    one = found(world, "league-reviewer-parent")
    assert one.unit == world.place("parent") and not one.issued
    assert one.total.level == pytest.approx(100 * by_hand(CELLS[:2]), abs=1e-9)
    assert one.whole is None, "an equal-weighted line beside a weighted one would mislead"
    other = found(world, "league-reviewer-neighbour-parent")
    assert other.unit == world.place("neighbour_parent")


def test_a_neighbour_does_not_get_a_leagues_live_index(world):
    with pytest.raises(Refused) as refused:
        found(world, "league-reviewer-neighbour-parent", unit=world.place("parent"))
    # Its three cells are hidden in the issue: there is nothing to make an index of.
    assert refused.value.code == "INDEX-EMPTY"


def test_a_correction_changes_the_index_at_once(world):
    before = found(world).total.level
    rows = {**CASE["now"]["own"], "0303": ["80.00", "100.0"]}
    at = FIRST_MS + DAY_MS
    world.file("own", rows, at=at, supersedes=world.returns["now", "own"].seq)
    world.accept(["own"], at=at + HOUR_MS)
    assert found(world).total.level > before + 0.1


def test_the_public_has_no_unreviewed_index(world):
    response = world.client().get(f"/indices/{FORM}/?basis=all")
    assert response.status_code == 302 and "/login/" in response["Location"]


def test_what_has_no_price_has_no_index(world):
    response = world.client(REGION).get("/indices/LTQY-M1/")
    assert response.status_code == 404 and "没有价格指数" in response.content.decode()


@pytest.mark.parametrize("query", ["?unit=999999", "?period=x"])
def test_a_unit_or_period_that_is_not_there_is_said_so(world, query):
    assert "怎么办" in page(world, query, status=404)


def test_a_period_of_which_nothing_is_known_shows_no_index(world):
    assert "还没有可以计算指数的价格" in page(world, "?period=W2020-01-06")


def test_the_pages_tables_can_be_taken_along(world):
    response = world.client(REGION).get(f"/indices/{FORM}/?export=csv")
    assert response.status_code == 200 and "类指数" in response.content.decode("utf-8-sig")


def test_the_page_prints_response_imputed_share_parameters_and_provenance(world):
    html = page(world)
    for words in ("报送率", "插补占比", "未核", "方法、数据版次与质量", "链式漂移", "TPD"):
        assert words in html


def test_sales_that_contradict_price_times_quantity_do_not_take_over_the_basket():
    said = np.full((1, 2, 30), 2.0)
    price_times_quantity = np.full((1, 2, 30), 200.0)
    said[0, 1, 7] = 20_000.0
    believed = made._believed(said, price_times_quantity)
    assert believed[0, 1, 7] == pytest.approx(2.0)
    assert (np.delete(believed[0, 1], 7) == 2.0).all()


def test_a_quantity_that_contradicts_sales_does_not_either():
    said, sold = np.full((1, 1, 30), 2.0), np.full((1, 1, 30), 200.0)
    sold[0, 0, 3] = 200_000.0
    assert (made._believed(said, sold) == 2.0).all()


def test_salt_was_set_by_law_until_2016_and_fuel_is_since():
    retail, materials = registry.get(FORM), registry.get("SCSC-X1")
    day, then = parse("W2026-11-14").end, parse("W2016-11-12").end
    assert parameters.regulated(retail, then) == {"0801"}
    assert parameters.regulated(retail, day) == frozenset()
    fuel = parameters.regulated(materials, day)
    assert fuel and fuel <= set(materials.leaf_index)
    assert not any(verified for *_, verified in parameters.cited(day))
