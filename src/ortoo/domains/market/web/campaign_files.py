"""Tables of 专项监测 and 急报 as CSV and Excel: exact texts in, numbers kept as numbers."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.conf import settings
from django.http import HttpResponse
from django.utils.http import content_disposition_header

from ortoo.domains.market.web.exports import safe

Value = str | int | Decimal | None
TYPES = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


@dataclass(frozen=True, slots=True)
class FileTable:
    """One sheet: what it is, its column titles with units, its rows."""

    title: str
    columns: tuple[str, ...]
    rows: Sequence[Sequence[Value]]


def response(
    kind: str, name: str, head: Sequence[tuple[str, str]], tables: Sequence[FileTable]
) -> HttpResponse:
    """The file as a download; «演示数据» stands first where the instance is a demonstration."""
    if settings.DEMO:
        head = [("演示数据", "模拟世界生成，不是真实统计"), *head]
    content = _csv(head, tables) if kind == "csv" else _xlsx(head, tables)
    answer = HttpResponse(content, content_type=TYPES[kind])
    answer["Content-Disposition"] = content_disposition_header(True, f"{name}.{kind}") or ""
    return answer


def _written(value: Value) -> str:
    if value is None:
        return ""
    return safe(value) if isinstance(value, str) else str(value)


def _csv(head: Sequence[tuple[str, str]], tables: Sequence[FileTable]) -> bytes:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    for pair in head:
        writer.writerow([safe(text) for text in pair])
    for table in tables:
        writer.writerow([])
        writer.writerow([safe(table.title)])
        writer.writerow([safe(title) for title in table.columns])
        for row in table.rows:
            writer.writerow([_written(value) for value in row])
    return out.getvalue().encode("utf-8-sig")


def _xlsx(head: Sequence[tuple[str, str]], tables: Sequence[FileTable]) -> bytes:
    import xlsxwriter

    out = io.BytesIO()
    plain = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(out, plain) as book:
        bold = book.add_format({"bold": True, "bottom": 1, "text_wrap": True})
        for number, table in enumerate(tables, 1):
            page = book.add_worksheet(f"{number}-" + _sheet_name(table.title))
            for line, (term, said) in enumerate(head):
                page.write_string(line, 0, term)
                page.write_string(line, 1, said)
            top = len(head) + 1
            for column, title in enumerate(table.columns):
                page.write_string(top, column, title, bold)
            page.freeze_panes(top + 1, 1)
            page.set_column(0, 1, 18)
            for line, row in enumerate(table.rows, top + 1):
                for column, value in enumerate(row):
                    if isinstance(value, str):
                        page.write_string(line, column, value)
                    elif value is not None:
                        page.write_number(line, column, float(value))
    return out.getvalue()


def _sheet_name(title: str) -> str:
    return "".join(sign for sign in title if sign not in "[]:*?/\\'：")[:24]


def plain(value: object) -> Value:
    """A figure as a number for the file, anything else as text."""
    if isinstance(value, int):
        return value
    text = str(value).replace(",", "")
    number = text.lstrip("+-")
    if number and number.replace(".", "", 1).isdigit():
        return Decimal(text)
    return str(value)
