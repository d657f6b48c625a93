"""The tables of a figures page as CSV and Excel, with what they are, since when and from whom.

A spreadsheet runs a cell that begins with = + - @ or a control character: text that does is led by
an apostrophe in CSV, and in Excel every text is written as text.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_safe

from ortoo.domains.market.selectors import Table
from ortoo.domains.market.web import figures_readings as readings
from ortoo.domains.market.web import figures_sheet as sheet
from ortoo.domains.market.web import figures_tables as tables
from ortoo.domains.market.web.figures_extras import extra_sheets
from ortoo.domains.market.web.figures_frame import denomination_of, refuse_unknown_unit, source_of
from ortoo.domains.market.web.figures_request import Asked, asked_of, place_name
from ortoo.domains.market.web.figures_sheet import Cell, Sheet
from ortoo.domains.market.web.figures_words import Denomination
from ortoo.kernel.grants import access

CSV = "text/csv; charset=utf-8"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
RISKY = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


@dataclass(frozen=True, slots=True)
class Export:
    """Sheets with the lines that stand above them."""

    name: str
    head: tuple[tuple[str, str], ...]
    sheets: tuple[Sheet, ...]


@require_safe
def export(request: HttpRequest, form: str, period: str, kind: str) -> HttpResponse:
    """Every table of the region's or a unit's page, as this reader sees it."""
    asked = asked_of(request, form, period)
    table = readings.table_of(asked)
    unit = request.GET.get("unit", "") or table.root
    made = gather(asked, table, unit)
    response = HttpResponse(written(made, kind), content_type=CSV if kind == "csv" else XLSX)
    name = f"{made.name}.{kind}"
    response["Content-Disposition"] = content_disposition_header(True, name) or "attachment"
    return response


def written(made: Export, kind: str) -> bytes:
    """The file's bytes; `kind` csv or xlsx."""
    return _csv(made) if kind == "csv" else _xlsx(made)


def gather(asked: Asked, table: Table, unit: str) -> Export:
    """The sheets of a page and their head."""
    own = readings.own_places(asked)
    if unit not in table.units and unit != table.root:
        refuse_unknown_unit(unit, inside=unit in own)
        table = readings.banners(asked, unit)
    by = denomination_of(asked)
    sheets = [tables.item_sheet(asked, table, unit, by)]
    below, area = table, "市场" if asked.foreign else "盟市"
    if unit != table.root and unit in own and not asked.foreign:
        below, area = readings.banners(asked, unit), "旗县"
        access.record(
            asked.scope, "export-unit", f"{asked.form.code}|{asked.period.code}|{unit}",
            len(below.units), now_ms=asked.now,
        )  # fmt: skip
    items = [asked.form.item(asked.item)] if asked.item else asked.form.leaves
    if unit == below.root:
        found = [tables.unit_sheet(asked, below, item, area=area, by=by) for item in items]
        sheets.append(_joined(found, area, by))
    sheets += [*tables.movers(asked, table, unit), tables.outages(asked, table, unit)]
    if unit == table.root and unit == below.root and not asked.foreign:
        sheets.append(tables.response_sheet(asked, table, readings.on_time(asked)))
    sheets += extra_sheets(asked, unit)
    title = f"{place_name(unit)}{by.heading}　{asked.period.label_zh}"
    return Export(
        f"{place_name(unit)}{by.heading}{asked.period.code}", _head(asked, title), tuple(sheets)
    )


def _joined(found: Sequence[Sheet], area: str, by: Denomination) -> Sheet:
    """One long table of every item by unit, the item's name in front."""
    first = found[0]
    columns = (sheet.Column("品种", "", False), *first.columns)
    columns = tuple(
        replace(column, unit=by.unit_of_any) if column.title == by.word else column
        for column in columns
    )
    rows = tuple(
        sheet.Row((sheet.text(one.title.split("：", 1)[0]), *row.cells), row.role)
        for one in found
        for row in one.rows
    )
    return Sheet("units", f"各{area}{by.noun}", columns, rows)


def _head(asked: Asked, title: str) -> tuple[tuple[str, str], ...]:
    source = "各样本企业报件，本系统汇总"
    if asked.foreign:
        known = source_of(asked)
        source = f"{known['organisation']}　许可 {known['licence']}　币种 {known['currency']}"
    lines = [
        ("标题", title),
        ("报告期", asked.period.label_zh),
        ("口径", asked.basis_words),
        ("截至", f"截至{asked.as_of_words}口径"),
        ("来源", source),
        ("保密", f"标“{sheet.HIDDEN}”的数字因样本过少或一家占比过高不公布，理由见备注列"),
    ]
    if settings.DEMO:
        lines.insert(0, ("演示数据", "模拟世界生成，不是真实统计"))
    return tuple(lines)


def plain(cell: Cell) -> str:
    """A cell as text for a file; a change without its arrow."""
    if cell.kind in ("price", "change", "count") and cell.number is not None:
        return str(cell.number)
    if cell.kind == "text":
        return f"{cell.text}（{cell.note}）" if cell.note else cell.text
    return cell.text


def safe(text: str) -> str:
    """Text that no spreadsheet takes for a formula."""
    return f"'{text}" if text.startswith(RISKY) else text


def _titles(table: Sheet) -> list[str]:
    percents = {
        "同样本环比",
        "环比",
        "同比",
        "与合计比",
        "报价率",
        "占经营家数",
        "报送率",
        "及时率",
        "填报率",
        "占合计",
        "修订幅度",
    }
    titles = []
    for column in table.columns:
        unit = "%" if column.title in percents else column.unit
        titles.append(f"{column.title}（{unit}）" if unit else column.title)
    return [*titles, "备注"]


def _remark(cells: Iterable[Cell]) -> str:
    return next((cell.note for cell in cells if cell.kind == "hidden"), "")


def _csv(made: Export) -> bytes:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    for term, value in made.head:
        writer.writerow([safe(term), safe(value)])
    for table in made.sheets:
        writer.writerow([])
        writer.writerow([safe(table.title)])
        writer.writerow([safe(title) for title in _titles(table)])
        for row in table.rows:
            shown = [plain(c) if c.number is not None else safe(plain(c)) for c in row.cells]
            writer.writerow([*shown, safe(_remark(row.cells))])
    return out.getvalue().encode("utf-8-sig")


def _xlsx(made: Export) -> bytes:
    import xlsxwriter

    out = io.BytesIO()
    fixed = {
        "in_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
    }
    with xlsxwriter.Workbook(out, fixed) as book:
        looks = {
            "title": book.add_format({"bold": True, "font_size": 14}),
            "head": book.add_format({"bold": True, "bottom": 1, "top": 2, "text_wrap": True}),
            "group": book.add_format({"bold": True}),
            **{
                f"price{places}": book.add_format({"num_format": shown})
                for places, shown in enumerate(("#,##0", "#,##0.0", "#,##0.00", "#,##0.000"))
            },
            "change": book.add_format({"num_format": "0.0"}),
            "count": book.add_format({"num_format": "#,##0.##"}),
            "quiet": book.add_format({"font_color": "#60666d"}),
        }
        names: set[str] = set()
        for table in made.sheets:
            name = _sheet_name(table.title, names)
            names.add(name)
            page = book.add_worksheet(name)
            _write(page, made.head, table, looks)
    return out.getvalue()


def _look(cell: Cell) -> str:
    """The name of the cell's number format; a figure has the places it is printed with."""
    if cell.kind != "price" or cell.number is None:
        return cell.kind
    exponent = cell.number.as_tuple().exponent
    return f"price{min(3, -exponent) if isinstance(exponent, int) else 2}"


def _sheet_name(title: str, taken: Collection[str] = ()) -> str:
    """The tab's name: at most 31 signs, none that Excel forbids, each once."""
    kept = "".join(sign for sign in title if sign not in "[]:*?/\\'：")[-28:] or "表"
    name, number = kept, 2
    while name in taken:
        name, number = f"{kept[:27]}{number}", number + 1
    return name


def _write(page, head, table: Sheet, looks) -> None:  # type: ignore[no-untyped-def]
    line = 0
    for term, value in head:
        page.write_string(line, 0, term, looks["quiet"])
        page.write_string(line, 1, value, looks["title"] if term == "标题" else None)
        line += 1
    line += 1
    for column, title in enumerate(_titles(table)):
        page.write_string(line, column, title, looks["head"])
    page.freeze_panes(line + 1, 1)
    page.set_column(0, 0, 16)
    page.set_column(1, len(table.columns), 11)
    page.set_landscape()
    page.repeat_rows(line)
    if settings.DEMO:
        page.set_header("&C演示数据 · 不是真实统计")
    for row in table.rows:
        line += 1
        for column, cell in enumerate(row.cells):
            if cell.number is not None:
                page.write_number(line, column, float(cell.number), looks.get(_look(cell)))
            elif plain(cell):
                look = looks["group"] if row.role != "item" else None
                page.write_string(line, column, plain(cell), look)
        if remark := _remark(row.cells):
            page.write_string(line, len(row.cells), remark, looks["quiet"])
