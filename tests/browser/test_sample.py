"""A firm has closed: its replacement is nominated, agreed, approved, owes the open period, and the
change of the sample is ruled on the item's chart."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from .visitor import Visitor

pytestmark = pytest.mark.browser

FORM, PERIOD, BEEF = "SCJC-W1", "W2026-11-14", "0303"
LIST, LEAGUE = "/samples/retail_necessities/", "152500"
ITEM = f"/figures/{FORM}/items/{BEEF}/?basis=all&weeks=13&period={PERIOD}"
NEWCOMER = "万顺隆"
Enter = Callable[..., Visitor]


def test_a_replacement_goes_from_the_league_to_the_chart(enter: Enter) -> None:
    league, region = enter("league"), enter("region")
    before = breaks(region)
    closed = the_league_nominates(league)
    where = league.sees("待复核", "市场监测处室").path
    the_region_agrees_and_approves(region, where)
    region.sees("本期免报（第", "已开应报（第", "国统制〔2026〕演示1号")
    league.open(f"/review/{FORM}/{PERIOD}/{LEAGUE}/").sees(NEWCOMER)
    league.open(f"{LIST}?q={NEWCOMER}").sees(NEWCOMER, "2026-11-14")
    assert closed not in league.open(f"{LIST}?q={closed}").text()
    for visitor in (region, league):
        visitor.open(f"{ITEM}&unit={LEAGUE}")
        visitor.sees("样本变动：", "影响", "同样本环比", "直接环比")
    assert breaks(region) != before, "the new one stands among those of the demonstration"
    drawn = region.page.locator("main svg", has_text="样本变动").count()
    assert drawn >= 1, "the break is ruled in the drawing"
    neighbour = enter("banner-neighbour")
    assert neighbour.page.request.get(neighbour.url + where).status == 404
    assert [v.faults for v in (league, region, neighbour)] == [[]] * 3


def breaks(visitor: Visitor) -> list[str]:
    """What the item's page says of changes of the sample."""
    text = visitor.open(f"{ITEM}&unit={LEAGUE}").text()
    return [line for line in text.splitlines() if "样本变动" in line]


def the_league_nominates(league: Visitor) -> str:
    """A shop that owes the open week closes; the name of the shop."""
    league.open(f"/review/{FORM}/{PERIOD}/{LEAGUE}/?show=missing")
    rows = league.page.locator("table.review-matrix tbody tr", has_text="锡林浩特")
    closed = str(rows.first.locator("th a").inner_text())
    league.open(LIST).click("推荐变动")
    page = league.page
    running = page.locator("#period option", has_text="期中补换").first.get_attribute("value")
    page.select_option("#period", running)
    first = page.locator("select[name=leave]").first
    first.select_option(first.locator("option", has_text=closed).first.get_attribute("value"))
    second = page.locator("select[name=join]").first
    second.select_option(second.locator("option", has_text=NEWCOMER).first.get_attribute("value"))
    page.fill("#reason", "该店已于周三停业，同城同类企业替换。")
    league.press("推荐")
    return closed


def the_region_agrees_and_approves(region: Visitor, where: str) -> None:
    region.open("/samples/").sees("等待本单位办理 2 件").click("补换（期中补换） +1 −1")
    assert region.path == where
    region.press("同意").sees("待核准")
    region.page.fill("#approval", "国统制〔2026〕演示1号")
    region.press("核准").sees("已核准")
