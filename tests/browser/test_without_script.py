"""The clerk's week in a browser that runs no script: filed, refused, mended, receipted."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from .visitor import Visitor

pytestmark = pytest.mark.browser

RETURN = "/returns/SCJC-W1/W2026-11-14/"
BEEF = "0303"
Enter = Callable[..., Visitor]


def test_a_return_is_filed_and_corrected_without_any_script(enter: Enter) -> None:
    clerk = enter("clerk", java_script_enabled=False).sees("本期应报 1 张").click("填报")
    key_last_weeks_figures(clerk)
    clerk.cell(f"{BEEF}.price").fill("0")
    clerk.press("保存草稿")
    assert clerk.open(RETURN).cell(f"{BEEF}.price").input_value() == "0", "the draft was kept"
    clerk.press("报送").sees("尚未报送")
    clerk.cell(f"{BEEF}.price").fill("73.60")
    clerk.press("报送")
    give_reasons_where_asked(clerk)
    clerk.sees("报送成功", "回执号")
    clerk.open(RETURN).click("自查更正").sees("原报表保留在案")
    clerk.cell(f"{BEEF}.price").fill("72.80")
    clerk.page.locator("#reason").fill("柜台标价已改")
    clerk.press("报送")
    give_reasons_where_asked(clerk)
    clerk.sees("第 2 次报送，现行有效", "柜台标价已改")


def test_a_query_is_answered_without_any_script(enter: Enter) -> None:
    asked = enter("clerk-asked", java_script_enabled=False).sees("有 1 条核实待答复").click("答复")
    asked.page.locator("textarea").first.fill("已与进货单核对，数值无误")
    asked.press("答复")
    assert "有 1 条核实待答复" not in asked.open("/").text()


def key_last_weeks_figures(clerk: Visitor) -> None:
    """Key every asked cell as it was last week; the grey figures are in the page's own HTML."""
    for row in clerk.page.locator("tr[data-item]").all():
        for cell in row.locator("td.g-cell:not(.g-none)").all():
            cell.locator("input").first.fill(cell.locator(".g-last").text_content())


def give_reasons_where_asked(clerk: Visitor) -> None:
    """A page without script asks for the reasons on its second showing."""
    if "/receipts/" in clerk.path:
        return
    clerk.sees("尚未报送")
    for field in clerk.page.locator('input[name^="r."]').all():
        field.fill("产地涨价")
    clerk.press("报送")
