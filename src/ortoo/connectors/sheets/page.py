"""The tables of a web page: what many tills write when they say «导出 Excel». Pure."""

from __future__ import annotations

from html.parser import HTMLParser

from ortoo.connectors.sheets.sheet import Limits, cleaned, too_large

SPAN_LIMIT = 50


def is_page(text: str) -> bool:
    head = text[:2_000].lstrip().lower()
    return head.startswith(("<html", "<!doctype html", "<table", "<meta", "<head", "<style"))


def page_tables(text: str, limits: Limits) -> list[list[list[str]]]:
    """Rows of every `<table>`; a cell over several columns fills the first of them."""
    reader = _Tables(limits)
    reader.feed(text)
    reader.close()
    return reader.tables


class _Tables(HTMLParser):
    def __init__(self, limits: Limits) -> None:
        super().__init__(convert_charrefs=True)
        self.limits = limits
        self.tables: list[list[list[str]]] = []
        self.cell: list[str] | None = None
        self.after = 0
        self.cells = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "table":
            self._close_cell()
            self.tables.append([])
            if len(self.tables) > self.limits.sheets:
                raise too_large(f"网页里有超过 {self.limits.sheets} 个表格", "只导出需要的表格")
        elif tag == "tr":
            self._close_cell()
            if self.tables:
                self.tables[-1].append([])
        elif tag in ("td", "th") and self.tables and self.tables[-1]:
            self._close_cell()
            span = dict(attrs).get("colspan") or "1"
            wide = int(span) if span.isascii() and span.isdigit() and len(span) < 5 else 1
            self.cell, self.after = [], min(max(wide, 1), SPAN_LIMIT) - 1
        elif tag == "br" and self.cell is not None:
            self.cell.append(" ")

    def handle_endtag(self, tag: str) -> None:
        if tag in ("td", "th", "tr", "table"):
            self._close_cell()

    def handle_data(self, data: str) -> None:
        if self.cell is not None:
            self.cell.append(data)

    def _close_cell(self) -> None:
        if self.cell is None:
            return
        self.tables[-1][-1].extend([cleaned("".join(self.cell)), *[""] * self.after])
        self.cells += 1 + self.after
        self.cell, self.after = None, 0
        if self.cells > self.limits.cells:
            raise too_large(f"超过 {self.limits.cells} 个单元格", "按日期拆成几个文件")
