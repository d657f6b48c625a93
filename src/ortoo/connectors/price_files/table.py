"""Bytes of a CSV or Excel file into records of text, each with its line number or its fault.

Every physical line ends up in exactly one record. A stray quote, which would let a CSV reader
swallow the lines after it, costs only its own line.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ortoo.connectors.price_files.reject import Fault
from ortoo.connectors.price_files.workbook import OLD_EXCEL, ZIP, UnreadableFile, sheets_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

MAX_BYTES = 64 * 1024 * 1024
MAX_CELL = 500
MAX_SPAN = 8
"""Physical lines one quoted record may run over."""
SEPARATORS = (",", "\t", ";")


@dataclass(frozen=True, slots=True)
class Record:
    """Cells of one record, stripped; or the fault that made it no record."""

    line: int
    cells: tuple[str, ...]
    fault: Fault | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """A file's header and records. `encoding` is `xlsx` for a workbook."""

    encoding: str
    header: tuple[str, ...]
    records: tuple[Record, ...]
    notes: tuple[str, ...] = ()


def table_of(data: bytes) -> Table:
    """Read a CSV (UTF-8, UTF-16 with a mark, GB18030) or an Excel workbook's first filled sheet.

    Raises UnreadableFile when there is no header to read by.
    """
    if len(data) > MAX_BYTES:
        raise UnreadableFile(
            "FILE-TOO-LARGE", f"文件 {len(data) >> 20} MB，上限 {MAX_BYTES >> 20} MB", "拆分后导入"
        )
    if data.startswith((ZIP, OLD_EXCEL)):
        return _from_workbook(data)
    return _from_text(data)


def decode(data: bytes) -> tuple[str, str]:
    """The text and the encoding's name; bytes the encoding cannot read become lone surrogates.

    GB18030 accepts almost any bytes, so it is chosen only when more of the lines that go beyond
    ASCII are wrong as UTF-8 than right: one damaged line does not turn the others into gibberish.
    """
    for mark, encoding in (
        (b"\xef\xbb\xbf", "utf-8-sig"),
        (b"\xff\xfe", "utf-16"),
        (b"\xfe\xff", "utf-16"),
    ):
        if data.startswith(mark):
            return data.decode(encoding, _on_error(encoding)), encoding
    try:
        return data.decode("utf-8"), "utf-8"
    except UnicodeDecodeError:
        beyond = [line for line in data.split(b"\n") if not line.isascii()]
        right = sum(1 for line in beyond if _reads(line, "utf-8"))
        encoding = "utf-8" if right * 2 > len(beyond) else "gb18030"
        return data.decode(encoding, _on_error(encoding)), encoding


def _on_error(encoding: str) -> str:
    return "replace" if encoding == "utf-16" else "surrogateescape"


def _reads(line: bytes, encoding: str) -> bool:
    try:
        line.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


def _from_text(data: bytes) -> Table:
    text, encoding = decode(data)
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    if lines and lines[-1] == "":
        lines.pop()  # the end of the last line is no line of its own
    at = next((i for i, line in enumerate(lines) if line.strip()), None)
    if at is None:
        raise UnreadableFile("FILE-EMPTY", "文件是空的", "选择含有表头和数据的文件")
    separator = max(SEPARATORS, key=lines[at].count)
    try:
        header = _header(next(csv.reader([lines[at]], delimiter=separator)))
    except csv.Error as error:
        raise UnreadableFile("HEADER-BAD", f"表头不能识别（{error}）", "核对第一行") from error
    blank = [Record(i + 1, (), Fault("BLANK-LINE")) for i in range(at)]
    records = _records(lines, at + 1, separator, len(header))
    return Table(encoding, header, (*blank, *(_examined(r, len(header)) for r in records)))


class _Feed:
    """Physical lines for a CSV reader, at most MAX_SPAN for one record."""

    def __init__(self, lines: list[str], position: int) -> None:
        self.lines, self.position, self.limit = lines, position, 0

    def __iter__(self) -> _Feed:
        return self

    def __next__(self) -> str:
        if self.position >= min(self.limit, len(self.lines)):
            raise StopIteration
        self.position += 1
        return self.lines[self.position - 1] + "\n"


def _records(lines: list[str], first: int, separator: str, width: int) -> Iterator[Record]:
    feed = _Feed(lines, first)
    reader = csv.reader(feed, delimiter=separator, strict=True)
    while feed.position < len(lines):
        start = feed.position
        feed.limit = start + MAX_SPAN
        try:
            cells = next(reader)
        except (csv.Error, StopIteration):
            cells = None
        ran_on = feed.position - start > 1 and (cells is None or len(cells) != width)
        if cells is None or ran_on:
            feed.position = start + 1
            reader = csv.reader(feed, delimiter=separator, strict=True)
            yield Record(start + 1, (), Fault("QUOTE", value=lines[start]))
        else:
            yield Record(start + 1, tuple(cell.strip() for cell in cells))


def _from_workbook(data: bytes) -> Table:
    sheets = sheets_of(data)
    filled = {name: rows for name, rows in sheets.items() if any(map(any, rows))}
    if not filled:
        raise UnreadableFile("FILE-EMPTY", "工作簿没有内容", "选择含有表头和数据的文件")
    name, texts = next(iter(filled.items()))
    notes = (f"只读取工作表“{name}”，另有：{'、'.join(n for n in filled if n != name)}",)
    at = next(i for i, row in enumerate(texts) if any(row))
    width = max(i + 1 for i, cell in enumerate(texts[at]) if cell)
    header = _header(texts[at][:width])
    blank = [Record(i + 1, (), Fault("BLANK-LINE")) for i in range(at)]
    # A sheet is as wide as its widest row: cells right of the header must be empty to be left out.
    body = (
        Record(i + 2 + at, row if any(row[width:]) else row[:width])
        for i, row in enumerate(texts[at + 1 :])
    )
    records = (*blank, *(_examined(record, len(header)) for record in body))
    return Table("xlsx", header, records, notes if len(filled) > 1 else ())


def _header(cells: Iterable[str]) -> tuple[str, ...]:
    names = [cell.strip() for cell in cells]
    doubled = sorted({name for name in names if name and names.count(name) > 1})
    if doubled:
        shown = "、".join(doubled)
        raise UnreadableFile("HEADER-DUPLICATE", f"表头有重复的列名：{shown}", "每列只用一个名称")
    return tuple(names)


def _examined(record: Record, width: int) -> Record:
    """The record, with a fault when its cells cannot be trusted."""
    if record.fault is not None:
        return record
    fault = _fault_of(record.cells, width)
    return record if fault is None else Record(record.line, record.cells, fault)


def _fault_of(cells: tuple[str, ...], width: int) -> Fault | None:
    if not any(cells):
        return Fault("BLANK-LINE")
    if len(cells) != width:
        return Fault("COLUMN-COUNT", more=f"应为 {width} 列，实为 {len(cells)} 列")
    for cell in cells:
        if any("\ud800" <= c <= "\udfff" or c == "�" for c in cell):
            return Fault("ENCODING", value=cell)
        if any(ord(c) < 32 for c in cell):
            return Fault("CONTROL-CHARACTER", value=cell)
        if len(cell) > MAX_CELL:
            return Fault("CELL-TOO-LONG", value=cell)
    return None
