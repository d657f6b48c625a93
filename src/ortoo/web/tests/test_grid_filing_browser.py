"""Drafts, two windows, reasons, filing and access of the grid in a real browser."""

from __future__ import annotations

from typing import Any

import pytest

from .grid_clerk import Grid, codes

pytestmark = pytest.mark.browser


def test_the_draft_is_saved_and_says_when(grid: Grid) -> None:
    grid.at("0101.price").type("6.4").press("Enter")
    grid.state("草稿已保存 10:42")
    assert grid.remembered()["fields"]["c.0101.price"] == "6.4"


def test_an_expired_login_keeps_the_grid_in_the_browser_until_it_is_back(grid: Grid) -> None:
    grid.control(draft="login")
    grid.at("0101.price").type("6.4").press("Enter")
    grid.state("登录已过期，内容已存在本机")
    grid.page.on("dialog", lambda dialog: dialog.accept())
    grid.control()
    grid.open()
    assert grid.value("0101.price") == "6.4"
    grid.state("草稿已保存")
    assert grid.remembered()["fields"]["c.0101.price"] == "6.4"


def test_a_dead_line_keeps_the_grid_and_says_so(grid: Grid) -> None:
    grid.control(draft="down")
    grid.at("0101.price").type("6.4").press("Enter")
    grid.state("保存失败，内容已存在本机，稍后自动重试")
    grid.control()
    grid.press("Control+s")
    grid.state("草稿已保存 10:42")


def test_two_windows_merge_cell_by_cell(opened: Any) -> None:
    grid = opened(before={}).open()
    grid.control(version=7, fields={"c.0101.price": "6.9", "c.0102.price": "5.5"})
    grid.at("0101.price").type("6.4").press("Enter").at("0201.price").type("31").press("Enter")
    dialog = grid.page.locator("dialog[open]")
    dialog.wait_for()
    assert "草稿已被 王芳 10:40 改过" in dialog.inner_text()
    assert dialog.locator("tbody tr").count() == 1, "only what both sides changed is asked"
    dialog.get_by_role("radio").nth(1).check()
    dialog.get_by_role("button", name="合并并保存").click()
    grid.state("草稿已保存")
    assert [grid.value(f"{code}.price") for code in ("0101", "0102", "0201")] == [
        "6.9",
        "5.5",
        "31",
    ]
    saved = grid.remembered()["fields"]
    assert [saved[f"c.{code}.price"] for code in ("0101", "0102", "0201")] == ["6.9", "5.5", "31"]
    assert grid.faults == []


def test_a_soft_rule_wants_a_reason_before_filing(grid: Grid) -> None:
    for code in codes():
        grid.at(f"{code}.price").press("Control+d")
    grid.at("0604.price").type("99").press("Enter")
    grid.page.locator("td.soft").wait_for()
    grid.page.get_by_role("button", name="报送").click()
    grid.page.locator(".g-say", has_text="1 处要先改正或说明原因").wait_for()
    assert grid.focused() == "c.0604.price"
    grid.page.get_by_role("button", name="到货少", exact=True).click()
    grid.page.get_by_role("button", name="报送").click()
    grid.page.get_by_role("heading", name="已收到").wait_for()
    filed = grid.remembered()["filed"]
    assert filed["c.0604.price"] == ["99"]
    assert filed["r.0604.price"] == ["到货少"]
    assert filed["action"] == ["file"]


def test_filters_hide_what_is_done(grid: Grid) -> None:
    grid.at("0101.price").paste("1\t1\t1\t1")
    grid.page.get_by_role("button", name="只看未填").click()
    assert not grid.cell("0101.price").is_visible()
    assert grid.cell("0102.price").is_visible()
    assert "已填 4/184" in grid.page.locator(".g-done").inner_text()


def test_without_script_the_form_posts_every_cell(opened: Any) -> None:
    grid = opened(before={}, java_script_enabled=False)
    grid.page.goto(grid.url)
    grid.cell("0101.price").fill("6.4")
    grid.cell("0625.price").fill("未经营")
    grid.page.locator('[name="u.0302"]').select_option("斤")
    grid.page.get_by_role("button", name="报送").click()
    filed = grid.remembered()["filed"]
    assert sum(name.startswith("c.") for name in filed) == 184
    assert [filed["c.0101.price"], filed["c.0625.price"], filed["u.0302"]] == [
        ["6.4"],
        ["未经营"],
        ["斤"],
    ]
    assert filed["csrfmiddlewaretoken"] == ["t0ken"]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_the_grid_has_no_axe_violation(opened: Any, scheme: str, width: int) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright")
    before = {
        "fields": {
            "c.0101.price": "6.4",
            "c.0102.price": "0",
            "c.0604.price": "99",
            "c.0301.stock": "9",
            "u.0301": "斤",
        }
    }
    grid = opened(
        before=before,
        color_scheme=scheme,
        bypass_csp=True,
        viewport={"width": width, "height": 900},
    ).open()
    grid.page.locator("td.soft").wait_for()
    grid.at("0604.price")
    found = axe.Axe().run(grid.page)
    assert found.violations_count == 0, found.generate_report()
    assert grid.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
