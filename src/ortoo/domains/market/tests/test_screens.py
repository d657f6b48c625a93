"""The operators' screens: overview, trends, comparison, registration, returns, firms, files."""

from __future__ import annotations

import csv
import io
from fractions import Fraction

import pytest

from ortoo.domains.market import history
from ortoo.domains.market.rules.figures import Figure, Sums
from ortoo.domains.market.tests.figures_world import FORM, FiguresWorld, figures_world
from ortoo.domains.market.web.figures_words import Denomination
from ortoo.domains.market.web.page_tables import tables_of
from ortoo.kernel.forms import registry
from ortoo.kernel.forms.periods import parse

pytestmark = pytest.mark.django_db


@pytest.fixture
def world(db: None, settings, monkeypatch) -> FiguresWorld:
    return figures_world(settings, monkeypatch)


def test_a_form_without_prices_prints_totals_in_its_own_unit_and_places() -> None:
    stock = registry.get("EMG-STOCK")
    by, item = Denomination(stock), stock.leaves[0]
    figure = Figure(Sums(quotes=2, sum_price=12345, quantity=1, sum_price_qty=12345))
    assert (by.word, by.unit_of(item), by.text(figure.mean)) == ("合计", item.unit, "1234.5")
    price = Denomination(registry.get(FORM))
    assert (price.word, price.text(Fraction(6682))) == ("均价", "66.82")


def test_tables_are_read_back_from_a_page_without_what_is_hidden_or_typed() -> None:
    html = (
        '<table><caption class="vh">价格</caption><thead><tr><th>品种</th><th class="n">均价'
        '<span class="unit">元</span></th><th>环比</th></tr></thead><tbody><tr><th>牛肉</th>'
        '<td class="n">1,066.50</td><td><span class="change down">'
        '<span aria-hidden="true">▼</span><span class="vh">下降 </span>1.4%</span></td></tr>'
        "</tbody></table><table><tbody><tr><td><input></td></tr></tbody></table>"
    )
    [sheet] = tables_of(html)
    assert sheet.title == "价格"
    assert [column.title for column in sheet.columns] == ["品种", "均价（元）", "环比"]
    assert sheet.columns[2].unit == "%"
    assert [str(cell.number) for cell in sheet.rows[0].cells[1:]] == ["1066.50", "-1.4"]


@pytest.mark.parametrize("path", ["/overview/", "/trends/", "/compare/", "/overview/regions/"])
def test_the_public_opens_what_is_published(world, path):
    response = world.client().get(path)
    assert response.status_code == 200
    assert all(site.mark not in response.content.decode() for site in world.region.sites.values())


def test_the_overview_counts_rises_and_falls_as_its_ranking_shows(world):
    html = world.client("region-reviewer-root").get("/overview/").content.decode()
    [ranking] = [one for one in tables_of(html) if "涨跌排名" in one.title]
    column = [one.title for one in ranking.columns].index("同样本环比")
    steps = [row.cells[column].number for row in ranking.rows if row.cells[1].text != "—"]
    known = [step for step in steps if step is not None]
    assert known == sorted(known, reverse=True)
    assert f"上涨{sum(step > 0 for step in known)}种" in html


def test_lists_of_firms_are_closed_to_the_public_and_to_firms(world):
    for path in ("/monitor/registered/", "/monitor/returns/"):
        assert world.client().get(path).status_code in (302, 403)
        assert world.client("clerk-own").get(path).status_code == 403


def test_returns_and_registration_name_only_firms_of_the_readers_places(world):
    inside = {"parent", "own", "sibling"}
    html = world.client("league-reviewer-parent").get(
        "/monitor/returns/", {"form": FORM, "period": world.period()}
    ).content.decode()
    for key, site in world.region.sites.items():
        assert (site.mark in html) <= (key in inside), key
    assert world.region.sites["own"].mark in html


def test_a_firms_page_is_for_itself_and_its_chain(world):
    path = f"/firms/{world.region.sites['own'].firm}/"
    for login, status in (("clerk-own", 200), ("league-reviewer-parent", 200),
                          ("league-reviewer-neighbour-parent", 403)):  # fmt: skip
        assert world.client(login).get(path).status_code == status, login
    assert world.client().get(path).status_code in (302, 403)


def test_every_page_gives_its_tables_as_files_and_says_what_they_are_on_paper(world):
    client = world.client("league-reviewer-parent")
    page = client.get("/monitor/returns/", {"form": FORM, "period": world.period()})
    assert "paper-head" in page.content.decode() and "export=csv" in page.content.decode()
    query = {"form": FORM, "period": world.period()}
    said = client.get("/monitor/returns/", {**query, "export": "csv"})
    rows = list(csv.reader(io.StringIO(said.content.decode("utf-8-sig"))))
    assert said["Content-Type"].startswith("text/csv")
    assert any(world.region.sites["own"].mark in cell for row in rows for cell in row)
    assert client.get("/monitor/returns/", {**query, "export": "xlsx"}).content[:2] == b"PK"
    assert client.get("/monitor/returns/", {**query, "export": "pdf"}).status_code == 404


def test_a_neighbour_gets_a_line_of_the_comparison_without_the_closed_place(world):
    place = world.region.sites["own"].place
    line = f"{FORM}.0303@{place}"
    html = world.client("league-reviewer-neighbour-parent").get("/compare/", {"s": line}).content
    assert "没有可画的数字" in html.decode()


def test_a_line_that_does_not_exist_and_a_seventh_are_refused(world):
    assert world.client().get("/compare/", {"s": "SCJC-W1.9999@150000"}).status_code == 404
    items = [item.code for item in registry.get(FORM).leaves[:7]]
    lines = [f"{FORM}.{code}@{world.root}" for code in items]
    assert world.client().get("/compare/", {"s": lines}).status_code == 422


def test_weeks_without_returns_fall_back_to_the_history_and_say_so(world, monkeypatch):
    old = parse("W2026-10-31")
    weeks = [(old, 6000, 1), (parse(world.period()), 1, 2)]
    monkeypatch.setattr(history, "series", lambda scope, unit, item, **_: weeks)
    login = world.client("region-reviewer-root")
    page = login.get(f"/figures/{FORM}/items/0303/").content.decode()
    assert history.LABEL in page and old.label_zh in page and "60.00" in page
    side = login.get("/compare/", {"s": f"{FORM}.0303@{world.root}", "export": "csv"})
    said = side.content.decode("utf-8-sig")
    # Where the system has a figure of its own, the history's is not used.
    assert "60.00 史" in said and "0.01" not in said


def test_the_futures_page_shows_no_number_without_a_source(world):
    html = world.client().get("/trends/futures/").content.decode()
    assert "待接入：期货结算价" in html and "待接入：口岸申报" in html
    assert not tables_of(html)
