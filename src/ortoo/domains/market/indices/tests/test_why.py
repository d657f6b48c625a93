"""Why a mean moved, worked by hand on the small region; and what is told to whom."""

from __future__ import annotations

import pytest

from ortoo.domains.market.indices.why import CLOSED, ISSUED, decompositions, sentence
from ortoo.domains.market.tests.figures_world import (
    CASE,
    DAY_MS,
    FIRST_MS,
    FORM,
    HOUR_MS,
    FiguresWorld,
    figures_world,
)
from ortoo.kernel.forms import registry
from ortoo.kernel.forms.periods import parse
from ortoo.kernel.grants.models import AccessEntry

pytestmark = pytest.mark.django_db
REGION = "region-reviewer-root"


@pytest.fixture
def world(db: None, settings, monkeypatch) -> FiguresWorld:
    return figures_world(settings, monkeypatch)


def told(world: FiguresWorld, item: str, unit: str = "", login: str = REGION):
    form = registry.get(FORM)
    place = world.place(unit) if unit else world.root
    found = decompositions(
        world.region.scope(login), form, form.item(item), parse(world.period()), named=place
    )
    return next(one for one in found if one.unit == place)


def add_a_shop(world: FiguresWorld) -> None:
    """The sibling's shop begins to quote 羊肉 at 80.00 and sells 50 kg of it."""
    at = FIRST_MS + DAY_MS
    rows = {**CASE["now"]["sibling"], "0304": ["80.00", "50.0"]}
    world.file("sibling", rows, at=at, supersedes=world.returns["now", "sibling"].seq)
    world.accept(["sibling"], at=at + HOUR_MS)


def test_price_and_mix_are_the_hand_worked_ones(world):
    """Σ ½(s0+s1)(p1−p0) = 0.658333 of 63.75; the mean moved by 0.61; nobody came or went."""
    found = told(world, "0303")
    assert found.price == pytest.approx(0.6583333333 / 63.75, abs=1e-10)
    assert found.mix == pytest.approx((0.61 - 0.6583333333) / 63.75, abs=1e-10)
    assert found.sample == pytest.approx(0, abs=1e-15)
    assert (found.stayed, found.entered, found.left) == (7, 0, 0)
    assert sentence(found, registry.get(FORM).item("0303")) == (
        "牛肉（腿肉）均价上涨 1.0%：其中同店价格 +1.0%，销售结构 -0.1%，样本变动 0.0%"
        "（两期都是这些企业）。"
    )


def test_a_new_dear_shop_is_a_change_of_sample_not_of_price(world):
    """72.00 → 74.60, of which 1.35 come from the newcomer."""
    add_a_shop(world)
    found = told(world, "0304", "parent")
    assert float(found.before) == 7200 and float(found.after) == 7460
    assert found.sample == pytest.approx(1.35 / 72, abs=1e-10)
    assert found.price + found.mix + found.sample == pytest.approx(float(found.change), abs=1e-12)
    assert "样本变动 +1.9%（新增 1 家）" in sentence(found, registry.get(FORM).item("0304"))


def test_the_firms_parts_add_up_to_the_change(world):
    add_a_shop(world)
    found = told(world, "0304", "parent")
    assert sum(firm.total for firm in found.firms) == pytest.approx(float(found.change), abs=1e-12)
    assert {firm.status for firm in found.firms} == {"新增", "两期都有"} and not found.elsewhere


def test_a_part_of_one_firm_is_not_told_to_a_reader_of_aggregates(world):
    add_a_shop(world)
    reader = next(n for n, role in world.region.logins.items() if role == "region_reader")
    found = told(world, "0304", "parent", reader)
    assert found.gap == CLOSED and found.price is None and found.firms == ()
    assert "保密" in sentence(found, registry.get(FORM).item("0304"))


def test_outside_the_chain_there_is_the_issued_matched_change_only(world):
    found = told(world, "0303", "", "league-reviewer-neighbour-parent")
    assert found.gap == ISSUED and found.price is None and found.firms == ()
    assert "同样本环比 +1.2%" in sentence(found, registry.get(FORM).item("0303"))


def test_an_item_that_nobody_quoted_says_so(world):
    found = told(world, "0101")
    assert sentence(found, registry.get(FORM).item("0101")).endswith("没有可以公开的均价。")


def test_the_page_lists_the_firms_with_their_filings_and_writes_the_reading_down(world):
    before = AccessEntry.objects.count()
    path = f"/indices/{FORM}/why/0303/?unit={world.place('parent')}"
    html = world.client("league-reviewer-parent").get(path).content.decode()
    seq = world.returns["now", "own"].seq
    assert world.region.sites["own"].mark in html and f"/filings/{seq}/" in html
    assert AccessEntry.objects.filter(what="why").exists()
    assert AccessEntry.objects.count() == before + 1


@pytest.mark.parametrize("login", ["", "clerk-neighbour", "league-reviewer-neighbour-parent"])
def test_no_firm_of_another_league_stands_on_the_page(world, login):
    response = world.client(login).get(f"/indices/{FORM}/why/0303/?unit={world.place('parent')}")
    html = response.content.decode()
    assert response.status_code == 200
    for key in ("own", "sibling", "parent"):
        assert world.region.sites[key].mark not in html
    assert "67.32" not in html


def test_a_banner_asks_of_its_own_place_and_its_neighbour_may_not(world):
    path = f"/indices/{FORM}/why/0303/?unit={world.place('own')}"
    own = world.client("banner-reviewer-own").get(path)
    assert own.status_code == 200 and "67.32" in own.content.decode()
    assert world.client("banner-reviewer-neighbour").get(path).status_code == 404


def test_an_unknown_item_is_a_404(world):
    assert world.client(REGION).get(f"/indices/{FORM}/why/9999/").status_code == 404
