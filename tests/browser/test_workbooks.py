"""A browser on workbooks, the national platform's block and a bureau's old tables."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.browser.visitor import Visitor

from ortoo.connectors.sheets import read_sheets

Enter = Callable[..., Visitor]


def saved(rows: list[list[str]], path: Path) -> Path:
    """A workbook as another program saves it."""
    import xlsxwriter

    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True, "strings_to_formulas": False}) as book:
        page = book.add_worksheet("2019年")
        for line, row in enumerate(rows):
            for column, text in enumerate(row):
                page.write_string(line, column, text)
    path.write_bytes(out.getvalue())
    return path


def downloaded(visitor: Visitor, name: str) -> bytes:
    with visitor.page.expect_download() as waiting:
        visitor.page.get_by_role("link", name=name).first.click()
    return Path(waiting.value.path()).read_bytes()


def open_return(visitor: Visitor) -> str:
    """The address of the clerk's open return."""
    link: Any = visitor.page.locator('a[href^="/returns/SCJC-W1/W"]').first
    return str(link.get_attribute("href"))


def test_a_clerk_fills_in_the_template_and_finds_it_in_the_grid(
    enter: Enter, tmp_path: Path
) -> None:
    clerk = enter("clerk")
    where = open_return(clerk)
    clerk.open(f"{where}workbook/upload/")
    rows = [list(row) for row in read_sheets(downloaded(clerk, "下载Excel模板"), "t.xlsx")[0].rows]
    codes = next(row for row in rows if "#" in row)
    beef = next(row for row in rows if row[0] == "i.0303")
    beef[codes.index("c.price")] = "６９．５０元"
    clerk.page.locator("input[type=file]").set_input_files(saved(rows, tmp_path / "t.xlsx"))
    clerk.press("读入草稿").sees("已读入草稿，尚未报送", "６９．５０元")
    clerk.click("打开报表，核对并报送").grid()
    assert clerk.cell("0303.price").input_value() in ("69.50", "６９．５０元")
    assert clerk.faults == []


def test_the_filed_return_is_copied_in_one_tap_and_without_script_by_hand(enter: Enter) -> None:
    clerk = enter("clerk")
    clerk.open("/returns/")
    filed = clerk.page.locator('main a[href^="/returns/SCJC-W1/W"]').last.get_attribute("href")
    clerk.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    clerk.open(f"{filed}platform/").sees("顺序待核")
    clerk.press("复制").page.get_by_text("已复制").first.wait_for()
    copied = clerk.page.evaluate("navigator.clipboard.readText()")
    assert len(copied.split("\n")) == 46 and "\t" in copied
    plain = enter("clerk", java_script_enabled=False)
    plain.open(f"{filed}platform/")
    assert plain.page.locator("#platform-text").input_value().strip("\n") == copied.strip("\n")
    assert clerk.faults == []


def test_a_bureau_brings_its_past_and_withdraws_a_week(enter: Enter, tmp_path: Path) -> None:
    rows = [["品种（元/公斤）", *(f"第{n}周" for n in range(1, 53))]]
    rows += [[name, *("70.5" for _ in range(52))] for name in ("牛肉", "羊肉", "猪后腿肉")]
    bureau = enter("league")
    bureau.open("/history/import/")
    bureau.page.locator("input[type=file]").set_input_files(saved(rows, tmp_path / "2019.xlsx"))
    bureau.press("识别并预览").sees("没有认出的品种", "猪后腿肉", "52")
    bureau.page.locator('select[name="item"]').select_option(label="猪肉（精瘦肉）")
    bureau.press("按以上选择重新识别").press("导入 52 周").sees("无企业明细", "新报 52 周")
    bureau.page.locator('input[name="period"]').first.check()
    bureau.page.locator("#reason").fill("原表有误")
    bureau.press("撤回勾选的周").sees("已撤回 1 周")
    assert bureau.faults == []
