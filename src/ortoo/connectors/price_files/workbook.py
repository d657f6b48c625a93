"""An Excel workbook's sheets as rows of text, after looking whether it is safe to open.

The reader library allocates a sheet's whole rectangle: a file of 4 KB with one cell in the last
row and column would ask for half a terabyte, and ends the process when it is refused. So the
cell addresses are read first, from parts whose unpacked size has been counted.
"""

from __future__ import annotations

import io
import re
import zipfile

MAX_UNPACKED = 128 * 1024 * 1024
MAX_CELLS = 5_000_000
ZIP, OLD_EXCEL = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"
ADDRESS = re.compile(rb"\br\s*=\s*[\"']([A-Z]{1,3})([0-9]{1,7})[\"']")


class UnreadableFile(ValueError):
    """A file of which nothing can be read: a code, what is wrong, and what to do."""

    def __init__(self, code: str, message: str, remedy: str) -> None:
        super().__init__(f"{code} {message}；{remedy}")
        self.code, self.message, self.remedy = code, message, remedy


def sheets_of(data: bytes) -> dict[str, list[tuple[str, ...]]]:
    """Every sheet's rows from row 1, all of one width. Raises UnreadableFile."""
    if data.startswith(OLD_EXCEL):
        raise UnreadableFile("WORKBOOK-OLD", "不读取旧格式 .xls 或加密的工作簿", "另存为 .xlsx")
    from python_calamine import CalamineError, CalamineWorkbook

    try:
        with zipfile.ZipFile(io.BytesIO(data)) as packed:
            _examine(packed)
        book = CalamineWorkbook.from_filelike(io.BytesIO(data))
        return {
            name: [
                tuple(cell_text(cell) for cell in row)
                for row in book.get_sheet_by_name(name).to_python(skip_empty_area=False)
            ]
            for name in book.sheet_names
        }
    except UnreadableFile:
        raise
    except (CalamineError, zipfile.BadZipFile, ValueError, OSError, NotImplementedError) as error:
        raise UnreadableFile(
            "WORKBOOK-BROKEN", "Excel 文件不能打开", "用 Excel 或 WPS 另存为 .xlsx 后重试"
        ) from error


def _examine(packed: zipfile.ZipFile) -> None:
    """Unpack everything once, within bounds. A part larger than it declares fails its checksum."""
    if sum(part.file_size for part in packed.infolist()) > MAX_UNPACKED:
        raise UnreadableFile(
            "WORKBOOK-TOO-LARGE", f"解压后超过 {MAX_UNPACKED >> 20} MB", "拆分后导入"
        )
    for part in packed.infolist():
        content = packed.read(part)
        if not part.filename.startswith("xl/worksheets/"):
            continue
        if b"\0" in content:
            raise zipfile.BadZipFile("a sheet that is not UTF-8")  # addresses could hide in UTF-16
        rows = columns = 0
        for letters, digits in ADDRESS.findall(content):
            columns, rows = max(columns, _column(letters)), max(rows, int(digits))
        if rows * columns > MAX_CELLS:
            raise UnreadableFile(
                "WORKBOOK-TOO-LARGE",
                f"工作表有 {rows} 行 × {columns} 列，超过 {MAX_CELLS} 个单元格",
                "删去远离表格的内容，或拆分后导入",
            )


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number


def cell_text(cell: object) -> str:
    """A workbook's cell as the text a CSV would hold: dates in ISO, whole numbers without `.0`."""
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 1e15:
        return str(int(cell))
    if hasattr(cell, "isoformat"):
        return str(cell.isoformat())[:10]
    return str(cell).strip()
