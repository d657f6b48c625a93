"""Bytes of an upload into sheets, by what the bytes are rather than what the file is called."""

from __future__ import annotations

from ortoo.connectors.sheets.delimited import delimited
from ortoo.connectors.sheets.encoding import decoded
from ortoo.connectors.sheets.page import is_page, page_tables
from ortoo.connectors.sheets.sheet import Limits, Sheet, SheetError, squared, too_large
from ortoo.connectors.sheets.workbook import COMPOUND, ZIP, workbook_sheets

OTHER_KINDS = (
    (b"%PDF", "PDF 文件"),
    (b"\x89PNG", "图片"),
    (b"\xff\xd8\xff", "图片"),
    (b"GIF8", "图片"),
    (b"Rar!", "压缩包"),
    (b"7z\xbc\xaf", "压缩包"),
    (b"\x1f\x8b", "压缩包"),
    (b"{\\rtf", "文字文档"),
    (b"MZ", "程序文件"),
    (b"SQLite format 3", "数据库文件"),
)


def read_sheets(data: bytes, name: str, *, limits: Limits | None = None) -> list[Sheet]:
    """The file's sheets that hold anything, in its order. `name` is only for words and sheet names.

    Raises SheetError with a code, what is wrong and what to do; nothing else.
    """
    limits = limits or Limits()
    if len(data) > limits.bytes:
        size, most = len(data) / 2**20, limits.bytes >> 20
        raise too_large(
            f"文件 {size:.1f} MB，上限 {most} MB", "只导出需要的日期和列，或拆成几个文件"
        )
    if not data.strip(b"\0\r\n\t ,;"):
        raise _empty()
    sheets = [sheet for sheet in _sheets(data, name, limits) if sheet.rows]
    if not sheets:
        raise _empty()
    return sheets


def _sheets(data: bytes, name: str, limits: Limits) -> list[Sheet]:
    if data.startswith((ZIP, COMPOUND)):
        return workbook_sheets(data, limits)
    for magic, kind in OTHER_KINDS:
        if data.startswith(magic):
            raise SheetError(
                "SHEET-WRONG-KIND", f"这是{kind}，不是表格", "从收银系统导出 Excel 或 CSV 后再选"
            )
    text = decoded(data)
    title = name.rsplit("/", 1)[-1].rsplit("\\", 1)[-1].rsplit(".", 1)[0][:60] or "表格"
    if is_page(text):
        tables = page_tables(text, limits)
        return [squared(f"{title} {n + 1}", rows, limits) for n, rows in enumerate(tables)]
    return [squared(title, delimited(text, limits), limits)]


def _empty() -> SheetError:
    return SheetError("SHEET-EMPTY", "文件里没有内容", "选择含有表头和数据的文件")
