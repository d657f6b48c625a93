from __future__ import annotations

import re
from fractions import Fraction

import pytest

from ortoo.domains.market import selectors
from ortoo.domains.market.tests.figures_world import (
    CASE,
    DAY_MS,
    FIRST_MS,
    FORM,
    HOUR_MS,
    FiguresWorld,
    figures_world,
    minor,
)
from ortoo.kernel.grants.models import AccessEntry

pytestmark = pytest.mark.django_db
EXPECT = CASE["expect"]


@pytest.fixture
def world(db: None, settings, monkeypatch) -> FiguresWorld:
    return figures_world(settings, monkeypatch)


def page(world: FiguresWorld, path: str, login: str = "region-reviewer-root", status: int = 200):
    response = world.client(login).get(path)
    assert response.status_code == status, response.content.decode()[:3000]
    return response.content.decode()


def row(html: str, name: str) -> str:
    """The table row of an item: its cells without markup, blank-separated."""
    found = re.search(rf'<tr><th scope="row"><a [^>]*>{name}</a>.*?</tr>', html, re.S)
    assert found, name
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", found[0])).strip()


def items_row(html: str, name: str) -> str:
    return row(html[html.index("各品种价格") :], name)


def test_the_regions_figures_equal_the_hand_computed_ones(world):
    shown = items_row(page(world, world.path()), "牛肉（腿肉）")
    assert EXPECT["root.0303"] in shown
    assert f"上升 {EXPECT['matched']}%" in shown
    assert f"上升 {EXPECT['plain']}%" in shown


def test_a_units_figures_equal_the_hand_computed_ones(world):
    html = page(world, world.path(f"unit/{world.place('parent')}/"))
    assert EXPECT["parent.0303"] in items_row(html, "牛肉（腿肉）")
    assert EXPECT["parent.0304"] in items_row(html, "羊肉（腿肉）")


def test_outages_are_listed_with_how_many_firms(world):
    html = page(world, world.path())
    assert row(html[html.rindex(">断货<") :], "大白菜").startswith(f"大白菜 {EXPECT['outages']}")


def test_the_counts_of_rises_and_falls_are_those_of_the_printed_changes(world):
    html = page(world, world.path())
    tiles = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html[html.index('class="stats"') :]))
    assert tiles.split("下降")[0].split("上涨")[1].split()[0] == "2"


def test_a_unit_page_inside_the_scope_shows_its_banners_and_writes_it_down(world):
    before = AccessEntry.objects.count()
    html = page(
        world, world.path(f"unit/{world.place('parent')}/?item=0303"), "league-reviewer-parent"
    )
    for key, price in (("own", "67.32"), ("sibling", "68.00"), ("parent", "65.00")):
        name = world.region.pack[world.place(key)].short
        if key != "parent":
            assert price in row(html, name)
    assert AccessEntry.objects.count() == before + 1


def test_a_unit_page_outside_the_scope_shows_only_what_is_published(world):
    html = page(
        world, world.path(f"unit/{world.place('parent')}/"), "league-reviewer-neighbour-parent"
    )
    assert "67.32" not in html and "68.00" not in html
    # The two units that are hidden hold one firm each: from the total and this cell each of the
    # two could work out the other, so this cell is hidden with them.
    shown = items_row(html, "牛肉（腿肉）")
    assert "防止由合计反推" in shown and EXPECT["parent.0303"] not in shown
    assert "旗县级数字只在审核范围内查看" in html


def test_a_cell_of_fewer_than_three_firms_is_hidden_outside_its_chain(world):
    path = world.path(f"unit/{world.place('parent')}/")
    for login in ("", "clerk-own", "league-reviewer-neighbour-parent"):
        shown = items_row(page(world, path, login), "羊肉（腿肉）")
        assert "保密" in shown and "不足3家" in shown and "73.25" not in shown
    region = items_row(page(world, world.path(), ""), "羊肉（腿肉）")
    assert "保密" in region and "73.25" not in region, "the whole region has two quotes"


def test_a_change_does_not_give_away_a_hidden_base(world, monkeypatch):
    """羊肉 of the league: three firms now, two before: the mean is shown, its change is not."""
    world.file("sibling", {**CASE["now"]["sibling"], "0304": ["72.00", "50.0"]},
               at=FIRST_MS + DAY_MS, supersedes=world.returns["now", "sibling"].seq)  # fmt: skip
    world.accept(["sibling"], at=FIRST_MS + DAY_MS + HOUR_MS)
    world.issue(at=FIRST_MS + 7 * DAY_MS)
    table = selectors.figures(world.region.scope("clerk-neighbour"), FORM, world.period())
    figure = table.figure(world.place("parent"), "0304")
    assert figure.mean is not None
    assert figure.plain_change is None and figure.matched_change is None


def test_a_hidden_figure_does_not_open_its_filings(world):
    path = world.path(f"{world.place('parent')}/0304/filings/")
    page(world, path, "league-reviewer-neighbour-parent", status=403)
    page(world, path, "clerk-own", status=403)
    page(world, path, "league-reviewer-parent")


def test_dominance_hides_a_cell_of_three_firms(world):
    """p%: what two giants leave is under a tenth of the largest."""
    at = FIRST_MS + DAY_MS
    for key, quantity in (("own", "90000.0"), ("sibling", "80000.0"), ("parent", "100.0")):
        rows = {**CASE["now"][key], "0301": ["26.00", quantity]}
        world.file(key, rows, at=at, supersedes=world.returns["now", key].seq)
    world.accept(["own", "sibling", "parent"], at=at + HOUR_MS)
    world.issue(at=at + 6 * DAY_MS)
    html = page(world, world.path(f"unit/{world.place('parent')}/"), "")
    shown = items_row(html, "猪肉（精瘦肉）")
    assert "保密" in shown and "一家占比过高" in shown


def test_contributions_reproduce_the_mean_exactly(world):
    scope = world.region.scope("region-reviewer-root")
    for unit in (world.root, world.place("parent")):
        mean = selectors.figures(scope, FORM, world.period()).figure(unit, "0303").mean
        rows = selectors.contributions(scope, FORM, world.period(), unit, "0303")
        total = sum(row.price * row.quantity for row in rows)
        assert Fraction(total, sum(row.quantity for row in rows)) == mean
    html = page(world, world.path(f"{world.root}/0303/filings/"))
    assert f"= {EXPECT['root.0303']}，与上面的均价一致" in html


def test_a_neighbouring_leagues_reviewer_sees_nothing_behind_a_hidden_figure(world):
    path = world.path(f"{world.place('parent')}/0303/filings/")
    response = world.client("league-reviewer-neighbour-parent").get(path)
    html = response.content.decode()
    assert response.status_code == 403
    for key in ("own", "sibling", "parent"):
        assert world.region.sites[key].mark not in html
    assert "67.32" not in html


def test_every_mean_reaches_a_filing_in_two_clicks(world):
    client = world.client("region-reviewer-root")
    html = client.get(world.path()).content.decode()
    means = re.findall(r'href="(/figures/[^"]+/filings/[^"]*)"', html)
    assert means
    first = client.get(means[0].replace("&amp;", "&")).content.decode()
    filing = re.search(r'href="(/filings/\d+/)"', first)
    assert filing and client.get(filing[1]).status_code == 200


def test_as_of_an_earlier_day_equals_what_was_shown_on_it(world, monkeypatch):
    path = world.path(f"unit/{world.place('parent')}/")
    before = items_row(page(world, path, "league-reviewer-parent"), "牛肉（腿肉）")
    day = "2026-11-21"
    at = FIRST_MS + DAY_MS
    old = world.returns["now", "own"].seq
    world.file("own", {"0303": ["97.32", "100.0"]}, at=at, supersedes=old)
    world.accept(["own"], at=at + HOUR_MS)
    after = items_row(page(world, path, "league-reviewer-parent"), "牛肉（腿肉）")
    assert after != before
    html = page(world, f"{path}?as_of={day}", "league-reviewer-parent")
    assert items_row(html, "牛肉（腿肉）") == before
    assert "截至2026年11月21日口径" in html


def test_a_correction_moves_exactly_the_figures_it_touches(world):
    """0303 of own: the root and its league move; every other unit and item stands."""
    scope = world.region.scope("region-reviewer-root")

    def means():
        table = selectors.figures(scope, FORM, world.period())
        return {(u, i): f.mean for u, row in table.units.items() for i, f in row.items()}

    before = means()
    rows = {**CASE["now"]["own"], "0303": ["70.00", "100.0"]}
    world.file("own", rows, at=FIRST_MS + DAY_MS, supersedes=world.returns["now", "own"].seq)
    world.accept(["own"], at=FIRST_MS + DAY_MS + HOUR_MS)
    after = means()
    moved = {cell for cell in before if before[cell] != after[cell]}
    assert moved == {(world.root, "0303"), (world.place("parent"), "0303")}
    gain = Fraction(minor("70.00", 2) - minor("67.32", 2)) * 100 / 500
    cell = (world.place("parent"), "0303")
    assert after[cell] - before[cell] == gain


def test_outside_the_chain_no_vintage_and_no_basis_tells_one_firm(world):
    """Differencing on one period: nothing but the published figure is ever answered."""
    page(world, world.path("?as_of=2026-11-21"), "clerk-own", status=403)
    page(world, world.path("?as_of=2026-11-21"), "", status=403)
    page(world, world.path("?basis=all"), "clerk-own", status=403)
    page(world, world.path("?basis=all"), "", status=302)
    for query in ("?basis=all", "?as_of=2026-11-21"):
        html = page(
            world, world.path(f"unit/{world.place('parent')}/{query}"),
            "league-reviewer-neighbour-parent",
        )  # fmt: skip
        assert EXPECT["parent.0303"] not in html
        assert "保密" in items_row(html, "牛肉（腿肉）")


def test_the_public_sees_a_period_only_after_its_review_and_embargo(world, monkeypatch):
    from ortoo.kernel.filings import clock

    assert EXPECT["root.0303"] in page(world, world.path(), "")
    monkeypatch.setattr(clock, "_source", lambda: FIRST_MS + DAY_MS)
    html = page(world, world.path(), "", status=403)
    assert "尚未发布" in html and EXPECT["root.0303"] not in html
    html = page(world, f"/figures/{FORM}/", "")
    assert EXPECT["root.0303"] not in html


def test_unreviewed_figures_say_how_many_wait(world):
    world.file("own", {"0303": ["70.00", "100.0"]}, at=FIRST_MS + DAY_MS,
               supersedes=world.returns["now", "own"].seq)  # fmt: skip
    assert "未审 1 家" in page(world, world.path())
    assert "未审" not in re.sub(r"仅已审核|已审核", "", page(world, world.path(), ""))[:4000]


def test_the_map_marks_what_is_hidden_and_what_nobody_quoted(world):
    html = page(world, world.path("?item=0303"), "")
    assert "示意图" in html and "保密" in html and "无报价" in html


def test_the_item_page_draws_the_line_and_its_table(world):
    html = page(world, f"/figures/{FORM}/items/0303/")
    assert "<svg" in html and EXPECT["root.0303"] in html and "数据表" in html and "报送率" in html
    html = page(world, f"/figures/{FORM}/items/0303/?unit={world.place('planned')}", "")
    assert "62.00" not in html


def test_strange_addresses_are_told_calmly(world):
    for path in (
        "/figures/NONE/", world.path()[:-1] + "x/", f"/figures/{FORM}/W2026-11-15/",
        f"/figures/{FORM}/items/9999/", world.path("unit/999999/"), "/filings/999999/",
        world.path(f"{world.root}/9999/filings/"),
    ):  # fmt: skip
        page(world, path, status=404)
    page(world, world.path("?as_of=gestern"), status=422)
    assert world.client("region-reviewer-root").post(world.path()).status_code == 405


def test_the_region_page_is_light(world):
    import gzip

    html = page(world, world.path())
    assert len(gzip.compress(html.encode())) < 40_000
    assert "style=" not in html


def test_a_reader_of_aggregates_does_not_get_a_single_firms_figure(world):
    """计划单列市 has one firm: its mean is that firm's price, on every basis and on the line."""
    planned = world.place("planned")
    for query in ("", "?basis=all", "?as_of=2026-11-21"):
        html = page(world, world.path(f"unit/{planned}/{query}"), "region-reader-root")
        assert "62.00" not in html and "不足3家" in items_row(html, "牛肉（腿肉）")
    html = page(world, f"/figures/{FORM}/items/0303/?unit={planned}", "region-reader-root")
    assert "62.00" not in html
    assert "62.00" in page(world, world.path(f"unit/{planned}/"), "region-reviewer-root")
