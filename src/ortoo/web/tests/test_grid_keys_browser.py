"""Keying the grid in a real browser: moves, ranges, units, nil words and slips."""

from __future__ import annotations

from typing import Any

import pytest

from .grid_clerk import Grid, sheet, text_of
from .grid_site import MEASURES

pytestmark = pytest.mark.browser


def test_keys_move_as_in_a_spreadsheet(grid: Grid) -> None:
    grid.at("0101.price")
    for key, expected in [
        ("ArrowRight", "0101.sales"),
        ("ArrowDown", "0102.sales"),
        ("Enter", "0201.sales"),
        ("Shift+Enter", "0102.sales"),
        ("End", "0102.stock"),
        ("Tab", "0201.price"),
        ("Shift+Tab", "0102.stock"),
        ("Home", "0102.price"),
        ("Control+End", "1001.stock"),
        ("Control+Home", "0101.price"),
        ("Control+ArrowDown", "1001.price"),
        ("PageUp", "0624.price"),
    ]:
        grid.press(key)
        assert grid.focused() == f"c.{expected}", key


def test_typing_replaces_f2_edits_and_escape_gives_the_old_value_back(grid: Grid) -> None:
    grid.at("0101.price").type("6.40").press("Enter")
    grid.at("0101.price").type("7").press("Escape")
    assert grid.value("0101.price") == "6.40"
    grid.press("F2", "ArrowLeft").type("1").press("Enter")
    assert grid.value("0101.price") == "6.410"
    grid.at("0101.price").press("Delete")
    assert grid.value("0101.price") == ""


def test_a_range_is_copied_as_tabs_and_filled_from_the_last_period(grid: Grid) -> None:
    grid.at("0101.price").press("Shift+ArrowDown", "Shift+ArrowRight", "Control+d")
    assert [grid.value("0101.price"), grid.value("0102.sales")] == ["6.40", "1.25"]
    copied = grid.page.evaluate(
        """() => { const data = new DataTransfer(); document.activeElement.dispatchEvent(
        new ClipboardEvent("copy", {clipboardData: data, bubbles: true, cancelable: true}));
        return data.getData("text/plain"); }"""
    )
    assert copied == "6.40\t1.25\n5.80\t1.25"
    grid.press("Control+z")
    assert grid.value("0102.sales") == ""


def test_a_drag_selects_a_block_and_delete_clears_it(grid: Grid) -> None:
    grid.at("0101.price").paste(text_of(sheet()[:3]))
    start, end = grid.cell("0101.price").bounding_box(), grid.cell("0102.sales").bounding_box()
    mouse = grid.page.mouse
    mouse.move(start["x"] + 9, start["y"] + 9)
    mouse.down()
    mouse.move(end["x"] + 9, end["y"] + 9, steps=4)
    mouse.up()
    assert grid.page.locator("td.sel").count() == 4
    grid.press("Delete")
    assert [grid.value("0102.sales"), grid.value("0201.price")] == ["", "12.02"]


def test_a_price_by_the_jin_shows_the_kilogram_price_exactly(grid: Grid) -> None:
    grid.page.locator('[name="u.0302"]').select_option("斤")
    grid.at("0302.price").type("2.98").press("Enter")
    hint = grid.page.locator("td.g-cell").filter(has=grid.cell("0302.price")).locator(".g-eq")
    assert hint.text_content() == "= 5.96 元/公斤"
    assert grid.cell("0302.price").get_attribute("aria-label") == "猪肉(五花肉) 本期价格 元/斤"
    grid.at("0302.price").press("Control+d")
    assert grid.value("0302.price") == "13"
    grid.page.locator('[name="u.0302"]').select_option("公斤")
    assert grid.value("0302.price") == "26", "a carried value keeps its meaning"


def test_nil_keys_say_why_a_cell_is_empty(grid: Grid) -> None:
    grid.at("0625.price").press("s")
    assert [grid.value(f"0625.{m['code']}") for m in MEASURES] == ["季节无货"] * 4
    grid.at("0626.price").press("o")
    assert [grid.value("0626.price"), grid.value("0626.sales")] == ["断货", ""]
    grid.press("Alt+ArrowDown")
    grid.page.get_by_role("button", name="未经营", exact=True).click()
    assert grid.value("0626.price") == "未经营"


@pytest.mark.parametrize(
    ("key", "typed", "repair", "after"),
    [
        ("0101.sales", "12500", "改为 1.25", "1.25"),
        ("0304.price", "7.2", "改为 72", "72"),
        ("0101.sales_qty", "860000", "改为 860", "860"),
    ],
)
def test_a_slip_against_the_last_period_is_named_and_repaired(
    grid: Grid, key: str, typed: str, repair: str, after: str
) -> None:
    grid.at(key).type(typed).press("Enter").at(key)
    grid.page.get_by_role("button", name=repair, exact=True).click()
    assert grid.value(key) == after


def test_half_of_last_price_offers_the_jin(grid: Grid) -> None:
    grid.at("0302.price").type("12.98").press("Enter").at("0302.price")
    grid.page.get_by_role("button", name="录入单位改为「斤」").click()
    assert grid.page.locator('[name="u.0302"]').input_value() == "斤"
    assert grid.page.locator("td.soft").count() == 0


def test_a_cell_that_is_not_asked_is_stepped_over(opened: Any) -> None:
    grid = opened(before={"skip": True}).open()
    grid.at("0601.sales_qty").press("Tab")
    assert grid.focused() == "c.0602.price"
    grid.at("0601.sales_qty").paste("5\t6\n7\t8")
    assert [grid.value("0602.sales_qty"), grid.faults] == ["7", []]
    assert "不需填的格未粘贴 2" in grid.said()


def test_a_read_only_grid_shows_and_copies_but_takes_nothing(opened: Any) -> None:
    grid = opened(before={"readonly": True, "fields": {"c.0101.price": "6.4"}}).open()
    grid.at("0101.price").paste("7").press("Delete", "ArrowDown")
    assert [grid.value("0101.price"), grid.focused(), grid.faults] == ["6.4", "c.0102.price", []]
