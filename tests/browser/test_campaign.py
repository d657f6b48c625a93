"""专项监测 walked by the people of it: ordered, filed on a phone, zero-reported, ended."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from .visitor import Visitor

pytestmark = pytest.mark.browser

DAY = "2026-11-23"
FIRM = "华盛"
ITEMS = ("0301", "0501")
PHONE = {"width": 390, "height": 844}
Enter = Callable[..., Visitor]


def test_a_campaign_goes_from_the_order_to_its_early_end(enter: Enter) -> None:
    league, banner = enter("league"), enter("banner")
    clerk = enter("clerk", viewport=PHONE)
    where = the_league_orders_two_items_from_today(league)
    the_clerk_files_the_day_on_a_phone(clerk)
    the_banner_reports_zero_in_one_tap(banner, where)
    the_league_sees_figures_with_the_lunar_column(league, where)
    the_league_ends_it_early(league, where)
    # The other banner of this league owes the same days and sees its own firms only.
    assert FIRM not in enter("banner-neighbour").open(where).text()
    assert [v.faults for v in (league, banner, clerk)] == [[]] * 3


def the_league_orders_two_items_from_today(league: Visitor) -> str:
    league.open("/campaigns/").click("发起专项监测")
    page = league.page
    page.get_by_label("名称").fill("寒潮应急监测")
    page.get_by_label("依据（通知文号或预案）").fill("演示：寒潮应急预案")
    page.get_by_label("自", exact=True).fill(DAY)
    page.get_by_label("至", exact=True).fill("2026-11-29")
    page.locator("summary", has_text="选品种").click()
    for code in ITEMS:
        page.locator(f'[name="item"][value="{code}"]').check()
    for code in ("price", "sales_qty"):
        page.locator(f'[name="measure"][value="{code}"]').check()
    league.press("发出").sees("专项监测已发出", "报送进度", "11月23日 十月十五", "农历同期")
    return league.path


def the_clerk_files_the_day_on_a_phone(clerk: Visitor) -> None:
    clerk.open("/").sees("生必零日1表")
    clerk.open(f"/returns/SCJC-D1/D{DAY}/").grid()
    for code, price in zip(ITEMS, ("52.00", "9.60"), strict=True):
        clerk.cell(f"{code}.price").fill(price)
        clerk.cell(f"{code}.sales_qty").fill("300")
    assert clerk.page.locator('[name^="c."]:visible').count() < 20, "only what is asked is shown"
    clerk.press("报送")
    clerk.page.wait_for_url("**/receipts/*/")
    clerk.sees("报送回执", "是否及时")


def the_banner_reports_zero_in_one_tap(banner: Visitor, where: str) -> None:
    banner.open(where).press("今日无异常（零报告）")
    banner.sees("零报告已报送", "情况已报")


def the_league_sees_figures_with_the_lunar_column(league: Visitor, where: str) -> None:
    league.open(where).sees("52.00", "9.60", "比农历同期", "零报告 1 家", "一次性填报率")
    assert re.search(r"农历同期 \d{4}年\d+月\d+日（星期.）十月十五", league.text())


def the_league_ends_it_early(league: Visitor, where: str) -> None:
    league.open(where)
    league.page.get_by_label("原因").fill("天气转好")
    league.press("提前结束").sees("自动恢复周报", "天气转好")
