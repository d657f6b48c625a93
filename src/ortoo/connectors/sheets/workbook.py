"""An Excel or OpenDocument workbook, opened by a process that may fail without harm to ours.

The reader library allocates a sheet's whole rectangle before anyone can ask how large it is, and
ends the process when memory is refused. A file of 4 KB can ask for half a terabyte. So it runs
in a process of its own, with bounded memory and time, after a look at what the archive unpacks to.
"""

from __future__ import annotations

import io
import json
import subprocess
import sys
import threading
import zipfile

from ortoo.connectors.sheets.sheet import Limits, Sheet, SheetError, squared, too_large

ZIP, COMPOUND = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"
SECONDS = 40
AT_ONCE = threading.BoundedSemaphore(2)
"""Two workbooks at a time in one server process: each may take a gigabyte."""
PARTS = ("xl/workbook.xml", "xl/workbook.bin", "content.xml")


def workbook_sheets(data: bytes, limits: Limits) -> list[Sheet]:
    """Every sheet of .xlsx, .xlsm, .xlsb, .ods or .xls. Raises SheetError."""
    if data.startswith(ZIP):
        _examine(data, limits)
    return [
        squared(sheet["name"], sheet["rows"], limits, hidden=sheet["hidden"])
        for sheet in _opened(data, limits)
    ]


def _examine(data: bytes, limits: Limits) -> None:
    """Refuse an archive that is no workbook or unpacks past the limit. A part is unpacked once
    in pieces and dropped: what it declares about itself is not believed."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as packed:
            parts = packed.infolist()
            if not {part.filename for part in parts} & set(PARTS):
                raise SheetError(
                    "SHEET-WRONG-KIND", "这是压缩包或文字文档，不是工作簿", "选择导出的 .xlsx 文件"
                )
            left = limits.unpacked
            for part in parts:
                with packed.open(part) as content:
                    while piece := content.read(1 << 20):
                        left -= len(piece)
                        if left < 0:
                            most = limits.unpacked >> 20
                            raise too_large(f"解压后超过 {most} MB", "只导出需要的日期和列")
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, RuntimeError) as error:
        if isinstance(error, SheetError):
            raise
        raise _broken() from error


def _opened(data: bytes, limits: Limits) -> list[dict]:
    command = [sys.executable, "-m", "ortoo.connectors.sheets.isolated"]
    asked = [limits.sheets, limits.rows, limits.columns, limits.cells, SECONDS]
    with AT_ONCE:
        try:
            done = subprocess.run(
                [*command, *map(str, asked)],
                input=data,
                capture_output=True,
                timeout=SECONDS * 2,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise _exhausted() from error
    if done.returncode != 0:
        raise _exhausted()
    answer = json.loads(done.stdout)
    match answer["fault"]:
        case "":
            return answer["sheets"]
        case "locked":
            raise SheetError("SHEET-LOCKED", "工作簿设有打开密码", "去掉密码另存后再选")
        case "large":
            raise too_large(answer["message"], "删去远离表格的内容，或按日期拆成几个文件")
        case _:
            raise _broken()


def _broken() -> SheetError:
    return SheetError("SHEET-BROKEN", "工作簿不能打开", "用 Excel 或 WPS 另存为 .xlsx 后再选")


def _exhausted() -> SheetError:
    return too_large("工作簿太大，读取时内存或时间不够", "删去远离表格的内容，或另存为 CSV 后再选")
