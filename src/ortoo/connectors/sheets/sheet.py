"""What reading a table gives: sheets of text, or one fault with its remedy. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

MAX_CELL = 32_767
"""Characters of one cell: Excel's own limit."""
BLANK = "\ufeff\u200b\u00a0\u3000"


class SheetError(ValueError):
    """A file that cannot be read as a table: a code, what is wrong, and what to do."""

    def __init__(self, code: str, message: str, remedy: str) -> None:
        super().__init__(f"{code} {message}；{remedy}")
        self.code, self.message, self.remedy = code, message, remedy


@dataclass(frozen=True, slots=True)
class Limits:
    """How much of a file is read before it is refused."""

    bytes: int = 20 * 1024 * 1024
    unpacked: int = 200 * 1024 * 1024
    sheets: int = 30
    rows: int = 200_000
    columns: int = 200
    cells: int = 6_000_000

    def hold(self, name: str, rows: int, columns: int) -> None:
        """Refuse a sheet of this many rows and columns when it is past the limits."""
        over = (
            f"有 {rows} 行，上限 {self.rows} 行"
            if rows > self.rows
            else f"有 {columns} 列，上限 {self.columns} 列"
            if columns > self.columns
            else f"有 {rows} 行 × {columns} 列，上限 {self.cells} 个单元格"
            if rows * columns > self.cells
            else ""
        )
        if over:
            raise too_large(
                f"工作表“{name[:40]}”{over}", "删去远离表格的内容，或按日期拆成几个文件"
            )


@dataclass(frozen=True, slots=True)
class Sheet:
    """Rows of text, all of one width; row i is row i + 1 of the file. No blank rows at the end."""

    name: str
    rows: list[list[str]]
    hidden: bool = False


def too_large(message: str, remedy: str) -> SheetError:
    return SheetError("SHEET-TOO-LARGE", message, remedy)


def cell_text(cell: object) -> str:
    """A workbook's value as text: numbers shortest and exact, dates ISO, without control signs."""
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"
    if isinstance(cell, float):
        return _number(cell)
    if hasattr(cell, "isoformat"):
        return str(cell.isoformat()).removesuffix("T00:00:00")
    return cleaned(str(cell))


def _number(value: float) -> str:
    if value != value or value in (float("inf"), float("-inf")):
        return ""
    if value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return format(Decimal(repr(value)), "f")


def cleaned(text: str) -> str:
    """Text without surrounding blanks and without signs that print nothing."""
    if text.isprintable():
        return text.strip().strip(BLANK).strip() if text else ""
    kept = "".join(c if c.isprintable() or c in "\n\u3000\u00a0" else " " for c in text)
    return kept.strip().strip(BLANK).strip()


def squared(name: str, rows: list[list[str]], limits: Limits, *, hidden: bool = False) -> Sheet:
    """A sheet of one width: blank rows at the end and blank columns at the right left out."""
    while rows and not any(rows[-1]):
        rows.pop()
    width = max((_filled(row) for row in rows), default=0)
    limits.hold(name, len(rows), width)
    for at, row in enumerate(rows):
        if any(len(cell) > MAX_CELL for cell in row):
            raise too_large(
                f"第 {at + 1} 行有超过 {MAX_CELL} 个字符的单元格", "检查该行的引号，或删去长文字"
            )
    return Sheet(name, [[*row[:width], *[""] * (width - len(row))] for row in rows], hidden)


def _filled(row: list[str]) -> int:
    at = len(row)
    while at and not row[at - 1]:
        at -= 1
    return at
