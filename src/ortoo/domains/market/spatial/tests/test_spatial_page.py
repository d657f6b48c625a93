"""One item in space: what the page says, and that no stock leaves the chain."""

from __future__ import annotations

import numpy as np
import pytest

from ortoo.algorithms.spatial.leads import Lead, Leads
from ortoo.domains.market.indices import board as boards
from ortoo.domains.market.indices import quotes
from ortoo.domains.market.spatial import parameters
from ortoo.domains.market.spatial.pages import sentences
from ortoo.domains.market.spatial.readings import space
from ortoo.domains.market.tests.figures_world import FORM, FiguresWorld, figures_world
from ortoo.kernel.forms import registry
from ortoo.kernel.forms.periods import parse
from ortoo.kernel.grants.scope import PUBLIC

pytestmark = pytest.mark.django_db
DAY = parse("W2026-11-14").end


@pytest.fixture
def world(db: None, settings, monkeypatch) -> FiguresWorld:
    quotes.forget()
    boards.forget()
    return figures_world(settings, monkeypatch)


def page(world: FiguresWorld, login: str, item: str = "0303") -> str:
    response = world.client(login).get(f"/spatial/{FORM}/{item}/")
    assert response.status_code == 200, response.content.decode()[:2000]
    return response.content.decode()


def found(world: FiguresWorld, login: str, item: str = "0303"):
    form = registry.get(FORM)
    scope = world.region.scope(login) if login else PUBLIC
    return space(scope, form, form.item(item), until=parse(world.period()))


def test_two_weeks_say_that_nothing_can_be_seen(world):
    assert "看不出谁先动" in page(world, "region-reviewer-root")


def test_a_lead_reads_as_a_sentence(world):
    lead = Lead(0, 1, 2, 0.46, 200, 0.01)
    places = (world.place("parent"), world.place("neighbour_parent"))
    said = sentences(Leads((lead,), 18, 0.3, 210), places, "周")[0]
    assert "领先" in said and said.endswith("约 2 周（相关 0.46，18 次检验后仍显著）")


def test_a_pair_that_chance_explains_is_no_lead(world):
    lead = Lead(0, 1, 2, 0.26, 200, 0.3)
    said = sentences(Leads((lead,), 18, 0.4, 210), ("150100", "150200"), "周")
    assert len(said) == 1 and said[0].startswith("看不出谁先动")


def test_gaps_are_measured_against_the_way(world):
    whole = found(world, "region-reviewer-root")
    assert whole.gaps and whole.carriage.kind == "冷链" and not whole.carriage.verified
    for gap in whole.gaps:
        assert gap.gap == pytest.approx(gap.dear_price - gap.cheap_price)
        assert gap.cost == pytest.approx(0.06 + gap.km * 1.3 * 0.80 / 1000)
        assert gap.beyond == (gap.gap > gap.cost)


def test_outages_are_counted_where_the_reader_reviews(world):
    stands = {one.unit: one for one in found(world, "league-reviewer-parent", "0601").stands}
    one = stands[world.place("parent")]
    assert (one.out, one.answered, one.short) == (2, 2, True)
    assert len(stands) == 1, "of other leagues neither stock nor outages are issued by name"


def test_no_stock_sales_or_outage_leaves_the_chain(world):
    assert found(world, "").stands == ()
    html = page(world, "", "0601")
    assert "可售天数" not in html and "断货" not in html.split("库存、销售和断货不发布")[-1]
    assert not any(site.mark in html for site in world.region.sites.values())


def test_outside_the_chain_prices_are_the_issued_ones(world):
    public = found(world, "")
    price = public.panel.price[1:, public.panel.item("0303"), -1]
    # Every unit's cell is hidden in the issue or would give one away.
    assert np.isnan(price).all() and public.gaps == ()


def test_a_good_without_a_mass_has_no_freight():
    form = registry.get("SCSC-X1")
    panels = next(item for item in form.leaves if item.unit == "张")
    assert parameters.carriage(form, panels, DAY) is None
    coal = next(item for item in form.leaves if item.group == "0500")
    assert parameters.carriage(form, coal, DAY).kind == "大宗散货"


@pytest.mark.parametrize("path", ["SCJC-W1/9999/", "NOPE/0303/", "LTQY-M1/0100/"])
def test_what_is_not_there_is_a_404(world, path):
    assert world.client("region-reviewer-root").get(f"/spatial/{path}").status_code == 404


def test_the_pickers_lead_to_the_chosen_item(world):
    response = world.client("").get(f"/spatial/?form={FORM}&item=0304&period=W2026-11-14")
    assert response.status_code == 302
    assert response["Location"] == f"/spatial/{FORM}/0304/?period=W2026-11-14"


def test_without_a_form_the_address_leads_to_the_weekly_prices(world):
    response = world.client("").get("/spatial/")
    assert response.status_code == 302
    assert response["Location"].startswith(f"/spatial/{FORM}/")
