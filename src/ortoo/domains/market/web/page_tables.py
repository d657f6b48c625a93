"""The data tables of any finished page, read back from its own HTML for CSV and Excel.

What a reader exports is what the page showed to that reader, cell by cell: no second way to decide
who may see what. Tables one types into are not data tables; parts hidden from sight are left out.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from decimal import Decimal
from html.parser import HTMLParser

from ortoo.domains.market.web.figures_sheet import NONE, Cell, Column, Row, Sheet

_NUMBER = re.compile(r"([▲▼+−-]?)\s*(\d{1,3}(?:,\d{3})+|\d+)(\.\d+)?\s*%?")
_VOID = {"input", "br", "img", "hr", "meta", "link", "col", "source", "wbr"}
_UNSEEN = {"svg", "script", "style", "template", "option"}
_TYPED = {"text", "number", "search", "tel", "file", "date", ""}


@dataclass
class _Table:
    title: str = ""
    head: list[tuple[str, bool]] = field(default_factory=list)
    rows: list[tuple[list[tuple[str, bool]], str]] = field(default_factory=list)
    typed: bool = False


class _Reader(HTMLParser):
    """Walks a page once; `tables` in the order in which they stand."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tables: list[_Table] = []
        self._open: list[_Table] = []
        self._unseen: list[str] = []
        self._part = ""
        self._cells: list[tuple[str, bool]] | None = None
        self._text: list[str] | None = None
        self._figure = False
        self._spread = 1
        self._unit = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if self._hides(tag, given):
            self._unseen.append(tag)
            return
        if tag == "table":
            self._open.append(_Table())
        if self._open and not self._unseen:
            self._start(tag, given)

    def _hides(self, tag: str, given: dict[str, str | None]) -> bool:
        """Whether what stands in this element is not seen, or stands in one that is not."""
        # The caption of a table is its title even where it is only heard.
        if tag == "caption" or tag in _VOID:
            return False
        unseen = tag in _UNSEEN or "vh" in (given.get("class") or "").split()
        return unseen or bool(self._unseen)

    def _start(self, tag: str, given: dict[str, str | None]) -> None:
        if tag in ("thead", "tbody", "tfoot"):
            self._part = tag
        elif tag == "tr":
            self._cells = []
        elif tag in ("th", "td", "caption"):
            self._begin(given)
        elif tag == "textarea" or (
            tag == "input" and (given.get("type") or "").lower() in _TYPED
        ):
            self._open[-1].typed = True
        elif tag == "br" and self._text is not None:
            self._text.append(" ")
        elif "unit" in (given.get("class") or "").split() and self._text is not None:
            self._text.append("（")
            self._unit = True

    def _begin(self, given: dict[str, str | None]) -> None:
        self._text = []
        self._figure = "n" in (given.get("class") or "").split()
        spread = given.get("colspan") or "1"
        self._spread = min(40, int(spread)) if spread.isdigit() else 1

    def handle_data(self, data: str) -> None:
        if self._text is not None and not self._unseen:
            self._text.append(data)

    def handle_endtag(self, tag: str) -> None:
        if self._unseen:
            if tag == self._unseen[-1]:
                self._unseen.pop()
            return
        if not self._open:
            return
        if tag == "span" and self._unit and self._text is not None:
            self._text.append("）")
            self._unit = False
        elif tag == "caption":
            self._open[-1].title = self._said()
        elif tag in ("th", "td") and self._cells is not None and self._text is not None:
            self._cells.append((self._said(), self._figure))
            self._cells += [("", False)] * (self._spread - 1)
        elif tag == "tr":
            self._end_row()
        elif tag == "table":
            table = self._open.pop()
            if table.rows and not table.typed:
                self.tables.append(table)

    def _said(self) -> str:
        words = " ".join("".join(self._text or ()).split())
        self._text = None
        return words

    def _end_row(self) -> None:
        table, cells = self._open[-1], self._cells or []
        self._cells = None
        if not any(words for words, _ in cells):
            return
        if self._part == "thead":
            table.head = cells
        else:
            table.rows.append((cells, "total" if self._part == "tfoot" else "item"))


def tables_of(html: str) -> list[Sheet]:
    """Every data table of a page, as sheets."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return [_sheet(number, table) for number, table in enumerate(reader.tables, 1)]


def _sheet(number: int, table: _Table) -> Sheet:
    percents = _percents(table)
    columns = tuple(
        Column(title, "%" if at in percents and "%" not in title else "", figure)
        for at, (title, figure) in enumerate(table.head)
    )
    rows = tuple(
        Row(tuple(_cell(words, at, at in percents) for at, (words, _) in enumerate(cells)), "item")
        for cells, _ in table.rows
    )
    return Sheet(f"table-{number}", table.title or f"表{number}", columns, rows)


def _percents(table: _Table) -> set[int]:
    """Columns whose numbers are all printed with %: the sign goes to the head."""
    signed: dict[int, set[bool]] = {}
    for cells, _ in table.rows:
        for at, (words, _figure) in enumerate(cells):
            if at and _NUMBER.fullmatch(words):
                signed.setdefault(at, set()).add(words.endswith("%"))
    return {at for at, found in signed.items() if found == {True}}


def _cell(words: str, at: int, percent: bool) -> Cell:
    """A number where the words are one; the first column is a name, whatever it looks like."""
    if not words or words == "—":
        return NONE
    found = _NUMBER.fullmatch(words) if at else None
    if found is None:
        return Cell("text", words)
    if words.endswith("%") and not percent:
        return Cell("text", words)
    digits = Decimal(found[2].replace(",", "") + (found[3] or ""))
    return Cell("price", words, -digits if found[1] in ("▼", "−", "-") else digits)
