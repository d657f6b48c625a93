"""The process that opens one workbook: bytes on standard input, sheets as JSON on standard output.

Started by `workbook.py` with the limits as arguments. A workbook that asks for too much memory
or time ends this process, and only this one.
"""

from __future__ import annotations

import contextlib
import io
import json
import sys

from ortoo.connectors.sheets.sheet import cell_text

MEMORY = 1 << 30


def main(arguments: list[str]) -> int:
    sheets, rows, columns, cells, seconds = map(int, arguments)
    _bound(seconds)
    json.dump(_answer(sys.stdin.buffer.read(), (sheets, rows, columns, cells)), sys.stdout)
    return 0


def _bound(seconds: int) -> None:
    try:
        import resource
    except ImportError:  # not on Windows: the caller's time limit is all there is
        return
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))


def _answer(data: bytes, most: tuple[int, int, int, int]) -> dict:
    from python_calamine import CalamineError, CalamineWorkbook, PasswordError, SheetVisibleEnum

    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(data))
        shown = [(m.name, m.visible != SheetVisibleEnum.Visible) for m in book.sheets_metadata]
        if len(shown) > most[0]:
            return _fault("large", f"有 {len(shown)} 个工作表，上限 {most[0]} 个")
        found = []
        for name, hidden in shown:
            try:
                sheet = book.get_sheet_by_name(name)
            except CalamineError:
                continue  # a sheet of charts has no cells
            high, wide = sheet.total_height, sheet.total_width
            if high > most[1] * 2 or high * wide > most[3] * 2:
                return _fault("large", f"工作表“{name[:40]}”有 {high} 行 × {wide} 列")
            rows = [list(map(cell_text, row)) for row in sheet.to_python(skip_empty_area=False)]
            found.append({"name": name, "rows": rows, "hidden": hidden})
    except PasswordError:
        return _fault("locked", "")
    except (CalamineError, ValueError, OSError, ArithmeticError):
        return _fault("broken", "")
    return {"fault": "", "sheets": found}


def _fault(fault: str, message: str) -> dict:
    return {"fault": fault, "message": message}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
