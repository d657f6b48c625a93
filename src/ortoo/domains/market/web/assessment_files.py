"""One listing as a page's table, as CSV and as Excel, from the same cells."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any

from django.conf import settings
from django.http import HttpResponse
from django.utils.http import content_disposition_header

from ortoo.domains.market.rules.figures import round_half_even
from ortoo.domains.market.web.exports import CSV, XLSX, safe

DASH = "—"


@dataclass(frozen=True, slots=True)
class Cell:
    """What stands in a cell; `number` where a spreadsheet should get one."""

    text: str
    number: Decimal | None = None
    href: str = ""
    note: str = ""
    spark: Any = None

    def shown(self) -> Any:
        if self.spark is not None:
            return {"spark": self.spark}
        if self.text == DASH:
            return {"missing": DASH}
        return {"text": self.text, "href": self.href, "note": self.note}


@dataclass(frozen=True, slots=True)
class Listing:
    """A titled table with the lines that stand above it in a file."""

    name: str
    head: tuple[tuple[str, str], ...]
    columns: tuple[tuple[str, str, bool], ...]
    """(title, unit, whether figures stand in it)"""
    rows: tuple[tuple[Cell, ...], ...]
    note: str = ""

    def table(self, exports: Sequence[Mapping[str, str]]) -> dict[str, Any]:
        return {
            "caption": self.name,
            "columns": [{"title": t, "unit": u, "numeric": n} for t, u, n in self.columns],
            "rows": [[cell.shown() for cell in row] for row in self.rows],
            "note": self.note,
            "exports": list(exports),
        }


def words(text: str, href: str = "", note: str = "") -> Cell:
    return Cell(text, None, href, note)


def count(value: int, href: str = "") -> Cell:
    return Cell(str(value), Decimal(value), href)


def percent(rate: Fraction | None, base: str = "") -> Cell:
    """A rate as a percent with one place; `base` says of how many."""
    if rate is None:
        return Cell(DASH)
    text = round_half_even(rate * 100, 1)
    return Cell(text, Decimal(text), note=base)


def points(value: Fraction | None) -> Cell:
    """A score with two places."""
    if value is None:
        return Cell(DASH)
    text = round_half_even(value, 2)
    return Cell(text, Decimal(text))


def response(listing: Listing, kind: str) -> HttpResponse:
    """The listing as a file."""
    content, media = (_csv(listing), CSV) if kind == "csv" else (_xlsx(listing), XLSX)
    made = HttpResponse(content, content_type=media)
    made["Content-Disposition"] = (
        content_disposition_header(True, f"{listing.name}.{kind}") or "attachment"
    )
    return made


def _head(listing: Listing) -> list[tuple[str, str]]:
    demo = [("演示数据", "模拟世界生成，不是真实统计")] if settings.DEMO else []
    return [*demo, *listing.head]


def _titles(listing: Listing) -> list[str]:
    return [f"{title}（{unit}）" if unit else title for title, unit, _ in listing.columns]


def _csv(listing: Listing) -> bytes:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerows([safe(term), safe(value)] for term, value in _head(listing))
    writer.writerow([])
    writer.writerow([safe(title) for title in _titles(listing)])
    for row in listing.rows:
        writer.writerow([c.text if c.number is not None else safe(c.text) for c in row])
    if listing.note:
        writer.writerow([safe(listing.note)])
    return out.getvalue().encode("utf-8-sig")


def _xlsx(listing: Listing) -> bytes:
    import xlsxwriter

    out = io.BytesIO()
    with xlsxwriter.Workbook(
        out, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    ) as book:
        page = book.add_worksheet("表")
        bold = book.add_format({"bold": True, "bottom": 1, "top": 2, "text_wrap": True})
        line = 0
        for term, value in _head(listing):
            page.write_string(line, 0, term)
            page.write_string(line, 1, value)
            line += 1
        line += 1
        for column, title in enumerate(_titles(listing)):
            page.write_string(line, column, title, bold)
        page.freeze_panes(line + 1, 1)
        page.repeat_rows(line)
        page.set_landscape()
        page.set_column(0, 0, 24)
        for row in listing.rows:
            line += 1
            for column, cell in enumerate(row):
                if cell.number is not None:
                    page.write_number(line, column, float(cell.number))
                else:
                    page.write_string(line, column, cell.text)
        if listing.note:
            page.write_string(line + 2, 0, listing.note)
    return out.getvalue()
