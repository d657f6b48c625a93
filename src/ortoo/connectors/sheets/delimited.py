"""Rows of a CSV or TSV, its delimiter found from the rows themselves. Pure."""

from __future__ import annotations

import csv
import itertools
import re
from collections import Counter
from typing import TYPE_CHECKING

from ortoo.connectors.sheets.sheet import Limits, cleaned, too_large

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Literal

    Quoting = Literal[0, 3]

DELIMITERS = (",", "\t", ";", "|")
SAMPLE_LINES = 60
MAX_SPAN = 8
"""Physical lines one quoted cell may run over; more means a stray quote swallowed the file."""
KEPT_AS_TEXT = re.compile(r'="([^"]*)"')
SEPARATOR_LINE = re.compile(r"sep=([,;|\t])\s*", re.IGNORECASE)


def delimited(text: str, limits: Limits) -> list[list[str]]:
    """Every record as cleaned cells. A stray quote costs no line but its own."""
    said = SEPARATOR_LINE.match(text.split("\n", 1)[0] + "\n")
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    if lines and not lines[-1]:
        lines.pop()
    if said:
        lines[0] = ""
    limits.hold("CSV", len(lines), 1)
    delimiter = said.group(1) if said else _delimiter(lines)
    try:
        return list(_rows(lines, delimiter, limits, csv.QUOTE_MINIMAL))
    except (csv.Error, _StrayQuoteError):
        return list(_rows(lines, delimiter, limits, csv.QUOTE_NONE))


class _StrayQuoteError(Exception):
    pass


def _rows(
    lines: list[str], delimiter: str, limits: Limits, quoting: Quoting
) -> Iterator[list[str]]:
    reader = csv.reader((line + "\n" for line in lines), delimiter=delimiter, quoting=quoting)
    before = cells = 0
    while True:
        try:
            record = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            if quoting == csv.QUOTE_NONE:
                raise too_large(
                    f"第 {reader.line_num} 行有过长的单元格", "检查该行，或另存为 .xlsx"
                ) from error
            raise
        span = reader.line_num - before
        if span > MAX_SPAN:
            raise _StrayQuoteError
        before = reader.line_num
        if len(record) > limits.columns and any(record[limits.columns :]):
            limits.hold("CSV", before, len(record))
        cells += len(record)
        if cells > limits.cells:
            raise too_large(f"超过 {limits.cells} 个单元格", "按日期拆成几个文件")
        yield [_cell(cell) for cell in record]
        yield from ([] for _ in range(span - 1))  # row i stays line i + 1 of the file


def _cell(cell: str) -> str:
    if cell.startswith('="'):
        kept = KEPT_AS_TEXT.fullmatch(cell.strip())
        if kept:
            return cleaned(kept.group(1))
    return cleaned(cell)


def _delimiter(lines: list[str]) -> str:
    """The sign that splits most lines of the sample into the same number of cells, above one."""
    sample = list(itertools.islice((line for line in lines if line.strip()), SAMPLE_LINES))
    return max(DELIMITERS, key=lambda sign: _agreement(sample, sign))


def _agreement(sample: list[str], sign: str) -> tuple[int, int]:
    try:
        widths = Counter(len(row) for row in csv.reader(sample, delimiter=sign) if len(row) > 1)
    except csv.Error:
        return (0, 0)
    if not widths:
        return (0, 0)
    width, times = widths.most_common(1)[0]
    return (times * min(width, 4), width)
