"""「复制到统一平台」: a filed grid as a block of text in the platform's rows and columns. Pure."""

from __future__ import annotations

import io
from collections.abc import Sequence
from fractions import Fraction

from ortoo.connectors.unified_platform.mapping import Mapping, PlatformColumn, fitted
from ortoo.kernel.forms.body import GridBody
from ortoo.kernel.forms.definition import Form, Measure, Nil

RISKY = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def block_of(form: Form, grid: GridBody, mapping: Mapping) -> list[list[str]]:
    """One list of texts a row of the platform's screen; blank where there is no figure.

    A nil reason becomes the mapping's `nil` text. Raises MappingError.
    """
    rows, columns = fitted(mapping, form)
    return [
        [
            _text(grid, form, (item.code, measure), (column, mapping.nil)) if item else ""
            for column, measure in columns
        ]
        for _, item in rows
    ]


def _text(
    grid: GridBody, form: Form, cell: tuple[str, Measure], shown: tuple[PlatformColumn, str]
) -> str:
    item, measure = cell
    column, nil = shown
    value = grid.cell(form, item, measure.code)
    if value is None:
        return ""
    if isinstance(value, Nil):
        return nil
    if measure.choices:
        return measure.text(value)
    return converted(value, measure, column)


def converted(minor: int, measure: Measure, column: PlatformColumn) -> str:
    """A stored integer in the platform's unit, half up to its decimals; exact arithmetic."""
    places = measure.scale if column.decimals is None else column.decimals
    scaled = Fraction(minor, 10**measure.scale) / column.factor * 10**places
    whole = (2 * scaled.numerator + scaled.denominator) // (2 * scaled.denominator)
    digits = str(whole).rjust(places + 1, "0")
    return f"{digits[:-places]}.{digits[-places:]}" if places else digits


def paste_text(block: Sequence[Sequence[str]]) -> str:
    """The block as tab-separated lines, as a spreadsheet's clipboard holds it."""
    return "\n".join("\t".join(row) for row in block)


def write_block(form: Form, grid: GridBody, mapping: Mapping, head: Sequence[str]) -> bytes:
    """The block with the platform's names beside it as .xlsx; `head` are lines above the table."""
    import xlsxwriter

    rows, columns = fitted(mapping, form)
    out = io.BytesIO()
    plain = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(out, plain) as book:
        bold = book.add_format({"bold": True, "text_wrap": True})
        page = book.add_worksheet("统一平台")
        for line, text in enumerate(head):
            page.write_string(line, 0, text)
        top = len(head) + 1
        titles = ["代码", "商品名称", "单位"]
        titles += [f"{c.title}（{c.unit}）" if c.unit else c.title for c, _ in columns]
        for at, title in enumerate(titles):
            page.write_string(top, at, title, bold)
        block = block_of(form, grid, mapping)
        for line, ((row, item), texts) in enumerate(zip(rows, block, strict=True), top + 1):
            said = [row.number, row.name, item.unit if item else ""]
            for at, text in enumerate(said):
                page.write_string(line, at, text)
            for at, text in enumerate(texts, len(said)):
                if text.replace(".", "", 1).isdigit():
                    page.write_number(line, at, float(text))
                elif text:
                    page.write_string(line, at, text)
        page.set_column(1, 1, 22)
        page.set_column(2, len(titles), 13)
        page.freeze_panes(top + 1, 2)
    return out.getvalue()


def safe(text: str) -> str:
    """Text that no spreadsheet takes for a formula."""
    return f"'{text}" if text.startswith(RISKY) else text
