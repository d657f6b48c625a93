"""Pasting a sheet into the grid in a real browser: what is read, placed, said and undone."""

from __future__ import annotations

from typing import Any

import pytest

from .grid_clerk import Grid, sheet, text_of

pytestmark = pytest.mark.browser


def test_a_block_of_46_by_4_is_pasted_and_what_was_understood_is_said(grid: Grid) -> None:
    rows = sheet()
    rows[0][0], rows[1][0], rows[2][0], rows[3][0] = "１２．５", "12.5元", "不经营", "—"
    rows[4][2], rows[5][0], rows[6][0] = "1,234.5", "约莫十块", "７．９８元/斤"
    rows[7][0] = "无"
    grid.at("0101.price").paste(text_of(rows))
    assert grid.said().startswith("粘贴 46×4：184 格，已识别 182，未识别 2（已标出）")
    assert "全角 2" in grid.said() and "千分位 1" in grid.said() and "未经营 1" in grid.said()
    assert grid.value("0101.price") == "12.5"
    assert grid.value("0102.price") == "12.5"
    assert grid.value("0201.price") == "未经营"
    assert grid.value("0202.price") == ""
    assert grid.value("0203.sales_qty") == "1234.5"
    assert grid.value("0301.price") == "15.96", "7.98 yuan a jin in a row keyed by the kilogram"
    assert grid.value("1001.stock") == "50"
    marked = grid.page.locator("td.hard").filter(has=grid.cell("0204.price"))
    assert marked.count() == 1
    assert "未识别「约莫十块」" in marked.text_content()


READ_TEXTS = [
    "12.5",
    "１２．５",
    "12.5元",
    "¥12.5",
    "1,234.5",
    "12,34",
    "7.98元/斤",
    "7.98元/箱",
    "7.98斤",
    "5.95元/斤",
    "无",
    "没有",
    "无货",
    "断货",
    "缺货",
    "未经营",
    "不经营",
    "过季",
    "N",
    "—",
    "--",
    "/",
    "空",
    "",
    "=A1",
    "12%",
    "3-5",
    "1e3",
    "12 5",
    "1 234",
    "NaN",
    "待定",
    "12.345",
    "0",
    "-3",
    ".5",
    "6.",
    "9.9元/公斤",
]
# 无 has several meanings. At the page somebody is asked which; a file is read as the mildest
# of them, with a note.
ASKED_ON_THE_PAGE = {"无", "没有", "无货"}
READ_SCRIPT = """async texts => {
  const { read } = await import("/static/ortoo/grid/reading.js");
  const units = new Map([["公斤", {name: "公斤", num: 1, den: 1}],
                         ["斤", {name: "斤", num: 1, den: 2}]]);
  const cell = {measure: {unit: "元/{unit}", scale: 2, conversion: "per_unit"},
                row: {unit: "公斤", units, chosen: () => units.get("公斤")}};
  return texts.map(text => read(text, cell)); }"""


def test_the_page_reads_a_text_as_the_kernel_does(grid: Grid) -> None:
    from ortoo.kernel.forms import cells
    from ortoo.kernel.forms.definition import EntryUnit, Item, Measure

    units = (EntryUnit("公斤", 1, 1), EntryUnit("斤", 1, 2))
    item = Item("0302", {"zh": "猪肉"}, None, "公斤", entry_units=units)
    zh = {"zh": "本期价格"}
    measure = Measure("price", zh, "元/{unit}", 2, 9, True, "per_unit", "none", "price")

    def kernel(text: str) -> Any:
        try:
            return cells.parse(text, item, measure, "公斤")
        except cells.CellError:
            return "refused"

    for text, got in zip(READ_TEXTS, grid.page.evaluate(READ_SCRIPT, READ_TEXTS), strict=True):
        expected = kernel(text)
        if got.get("bad"):
            assert expected == "refused" or text in ASKED_ON_THE_PAGE, text
        elif expected != "refused":
            assert kernel(got["text"]) == expected, text
        else:  # What the page passes on unread must be refused there too, never changed in sense.
            assert kernel(got["text"]) == "refused", text


def test_one_undo_takes_back_a_whole_paste_and_redo_brings_it_again(grid: Grid) -> None:
    grid.at("0101.price").type("6.5").press("Enter")
    grid.at("0101.price").paste(text_of(sheet()))
    grid.press("Control+z")
    assert grid.value("0101.price") == "6.5"
    assert grid.value("1001.stock") == ""
    grid.press("Control+z")
    assert grid.value("0101.price") == ""
    grid.press("Control+y").press("Control+y")
    assert grid.value("1001.stock") == "50"


def test_group_rows_of_the_sheet_are_skipped_and_overflow_is_reported(grid: Grid) -> None:
    grid.at("0101.price").paste("粮食\t\n6.5\t1\n5.9\t2\n食用油\t\n33\t3")
    assert grid.value("0201.price") == "33"
    assert "粘贴 3×2：6 格，已识别 6" in grid.said() and "跳过分组行、表头 2 行" in grid.said()
    grid.at("1001.sales_qty").paste("1\t2\t3\n4\t5\t6")
    assert "超出表格 4 格未粘贴" in grid.said()


def test_a_sheet_with_item_names_is_placed_by_name(grid: Grid) -> None:
    grid.at("0101.price").paste("商品\t单位\t价格\n鸡蛋\t元/公斤\t7.90\n白条鸡\t元/公斤\t25")
    assert grid.value("0501.price") == "7.90"
    assert grid.value("0401.price") == "25"
    assert grid.value("0101.price") == ""


def test_a_table_without_tabs_is_read_from_its_html_with_merged_cells(grid: Grid) -> None:
    html = "<table><tr><td>6.1</td><td rowspan=2>1.5</td></tr><tr><td>5.7</td></tr></table>"
    grid.at("0101.price").paste("6.1 1.5 5.7", html)
    assert [grid.value(f"{code}.price") for code in ("0101", "0102")] == ["6.1", "5.7"]
    assert [grid.value(f"{code}.sales") for code in ("0101", "0102")] == ["1.5", ""]
