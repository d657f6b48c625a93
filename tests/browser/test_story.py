"""The story of one number: keyed in a shop, questioned, corrected, accepted, shown and traced.

Each chapter is one sitting of one person; what a later chapter expects was noted before.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from .visitor import Visitor

pytestmark = pytest.mark.browser

PERIOD = "W2026-11-14"
RETURN = f"/returns/SCJC-W1/{PERIOD}/"
REVIEW = f"/review/SCJC-W1/{PERIOD}"
BEEF = "0303"
FIGURES = f"/figures/SCJC-W1/{PERIOD}/?basis=all&item={BEEF}"
BANNER, LEAGUE, REGION = "152502", "152500", "150000"
FIRM = "华盛"
Enter = Callable[..., Visitor]


def test_a_number_goes_from_the_shop_to_the_region_and_back_again(enter: Enter) -> None:
    clerk, banner, league, region = (enter(who) for who in ("clerk", "banner", "league", "region"))
    without_it = mean_of(region.open(FIGURES))
    the_clerk_pastes_last_weeks_sheet_with_one_slip(clerk)
    first = the_clerk_mends_the_slip_gives_a_reason_and_files(clerk)
    the_banner_asks_about_the_beef(banner)
    second = the_clerk_answers_with_a_correction(clerk, first)
    the_banner_accepts(banner)
    the_league_accepts(league)
    noted = mean_of(region.open(FIGURES))
    assert noted != without_it, "one more shop counts"
    two_clicks_lead_from_the_figure_to_the_filing(region, second)
    the_clock_goes_to_tomorrow(region)
    the_clerk_corrects_what_was_accepted(clerk)
    assert mean_of(region.open(FIGURES)) != noted, "today's figure holds the late correction"
    assert mean_of(region.open(f"{FIGURES}&as_of=2026-11-23")) == noted, "yesterday's is as it was"
    region.sees("截至2026年11月23日")
    assert [v.faults for v in (clerk, banner, league, region)] == [[]] * 4


@pytest.mark.parametrize("path", [f"{REVIEW}/{BANNER}/", f"{REVIEW}/{LEAGUE}/", RETURN])
def test_the_neighbours_reviewer_is_refused(enter: Enter, path: str) -> None:
    neighbour = enter("banner-neighbour")
    assert neighbour.page.request.get(neighbour.url + path).status in (403, 404)
    neighbour.open(path)
    assert FIRM not in neighbour.text() and "瑞祥" not in neighbour.text()


# --- the chapters ------------------------------------------------------------------------------


def the_clerk_pastes_last_weeks_sheet_with_one_slip(clerk: Visitor) -> None:
    clerk.sees("本期应报 1 张", "距截止 1 小时").click("填报").grid()
    rows, beef = clerk.last_period(), clerk.codes().index(BEEF)
    assert [len(rows), {len(row) for row in rows}] == [53, {4}]
    rows[beef][0] = f"{float(rows[beef][0]) * 10:.2f}"
    clerk.paste(rows)
    assert clerk.said("粘贴").startswith("粘贴 53×4：212 格，已识别 212，未识别 0")


def the_clerk_mends_the_slip_gives_a_reason_and_files(clerk: Visitor) -> str:
    """The number of the receipt."""
    clerk.said("请说明")
    doubted = clerk.page.locator("td.soft")
    doubted.filter(has=clerk.cell(f"{BEEF}.price")).wait_for()
    clerk.press("报送")
    clerk.said("处要先改正或说明原因")
    clerk.cell(f"{BEEF}.price").focus()
    clerk.page.get_by_role("button", name="改为").first.click()
    keys = doubted.locator('input[name^="c."]').evaluate_all("all => all.map(i => i.name)")
    for name in set(keys) - {f"c.{BEEF}.price"}:
        clerk.page.locator(f'[name="{name}"]').focus()
        clerk.page.get_by_role("button", name="产地涨价", exact=True).click()
    clerk.press("报送")
    return receipt(clerk)


def the_banner_asks_about_the_beef(banner: Visitor) -> None:
    banner.click("本期审核").sees("应报", "待审", FIRM).click(FIRM)
    banner.page.locator(f'[name="cell"][value="{BEEF}.price"]').check()
    banner.page.locator("#question").fill("牛肉是哪一档的标价？")
    banner.press("发核实").sees("发核实 1 处", "核实中")


def the_clerk_answers_with_a_correction(clerk: Visitor, first: str) -> str:
    """The number of the receipt that takes the first one's place."""
    clerk.open("/").sees("有 1 条核实待答复").click("答复").sees("牛肉是哪一档的标价？")
    clerk.click("更正数值").grid()
    clerk.cell(f"{BEEF}.price").fill("74.80")
    clerk.page.locator("#reason").fill("误填了促销档，已对照柜台标价")
    clerk.press("报送")
    second = receipt(clerk)
    clerk.sees("第 2 次报送，现行有效", f"自 {first} 更正", "误填了促销档，已对照柜台标价")
    return second


def the_banner_accepts(banner: Visitor) -> None:
    banner.open(f"{REVIEW}/{BANNER}/").click("其余无异常，一键通过").sees(FIRM)
    banner.page.get_by_role("button", name=re.compile(r"通过 \d+ 家")).click()
    banner.page.wait_for_url(f"**{REVIEW}/{BANNER}/**")
    banner.sees("初审")


def the_league_accepts(league: Visitor) -> None:
    league.open(f"{REVIEW}/{LEAGUE}/").click("其余无异常，一键通过").sees(FIRM)
    league.page.get_by_role("button", name=re.compile(r"通过 \d+ 家")).click()
    league.page.wait_for_url(f"**{REVIEW}/{LEAGUE}/**")
    league.sees("审定")


def two_clicks_lead_from_the_figure_to_the_filing(region: Visitor, number: str) -> None:
    link_of(region).click()
    region.sees("份报件", "与上面的均价一致", FIRM)
    region.page.get_by_role("link", name=FIRM).first.click()
    region.sees(number, "74.80", "SHA-256", "SM3")
    assert "自治区审核员" in region.page.locator(".masthead .account").inner_text()


def the_clock_goes_to_tomorrow(region: Visitor) -> None:
    region.open("/demo/clock/").click("次日 9:00", role="button").sees("演示时钟已拨到 11月24日")


def the_clerk_corrects_what_was_accepted(clerk: Visitor) -> None:
    clerk.open(RETURN).click("自查更正").grid().sees("更正后须重新审核")
    clerk.cell(f"{BEEF}.price").fill("71.60")
    clerk.page.locator("#reason").fill("月末对账发现牛肉均价算错")
    clerk.press("报送")
    receipt(clerk)


def receipt(clerk: Visitor) -> str:
    clerk.page.wait_for_url("**/receipts/**")
    return str(re.search(r"回执号 (\d{9}-[0-9A-F]{8})", clerk.text())[1])


def mean_of(region: Visitor) -> str:
    """The region's mean of beef as the page shows it."""
    return str(link_of(region).inner_text())


def link_of(region: Visitor) -> Any:
    """The figure itself, which opens the filings behind it."""
    return region.page.locator(f'a[href*="/{REGION}/{BEEF}/filings/"]').first
