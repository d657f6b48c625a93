"""A banner chases on Monday morning: a text message, a telephone call, a waiver taken back."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from tests.browser.visitor import Visitor

pytestmark = pytest.mark.browser


def _chase(banner: Visitor) -> str:
    banner.page.locator("a[href^='/review/']").first.wait_for()
    hrefs = banner.page.evaluate(
        "[...document.links].map(a => a.pathname).filter(p => p.startsWith('/review/'))"
    )
    return str(hrefs[0]).replace("/review/", "/chase/")


def test_a_reviewer_reminds_telephones_and_waives(enter: Callable[..., Visitor]) -> None:
    banner = enter("banner")
    path = _chase(banner)
    banner.open(path).sees("催报与电话", "未报", "不提其他企业")
    boxes = banner.page.locator('input[name="party"][type="checkbox"]')
    owed = boxes.count()
    assert owed >= 1
    banner.press("催报所选企业").sees(f"已登记催报 {owed} 家（短信）", "待发")
    banner.page.select_option("#outcome", "trouble")
    banner.press("登记电话").sees("电话已登记", "系统或账号有困难")
    firm = str(banner.page.locator("#waive-party option").first.inner_text())
    banner.press("登记免报").sees("已登记免报")
    assert boxes.count() == owed - 1
    line = banner.page.locator("#waived li").filter(has_text=firm)
    line.locator("input[name=text]").fill("误登记")
    line.locator("button").click()
    banner.page.wait_for_load_state()
    banner.sees("已撤销免报")
    assert boxes.count() == owed
    assert banner.faults == []


def test_a_number_in_a_note_is_refused_with_its_reason(enter: Callable[..., Visitor]) -> None:
    banner = enter("banner")
    banner.open(_chase(banner))
    banner.page.locator("#note").fill("回电 199 0000 0101")
    banner.press("登记电话").sees("不得写电话号码")


def test_the_league_reads_rates_assessment_and_the_draft_of_fees(
    enter: Callable[..., Visitor],
) -> None:
    league = enter("league")
    office = _chase(league).rstrip("/").rsplit("/", 1)[-1]
    league.open(f"/assessment/{office}/").sees("名次", "得分", "未核实")
    league.open(f"/rates/SCJC-W1/{office}/").sees("报送率", "及时率", "完整率", "直报率")
    league.click("劳务费清单").sees("草稿", "没有任何人签发")
    wide = league.page.evaluate("document.documentElement.scrollWidth")
    assert wide <= 1280
