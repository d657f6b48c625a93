"""A block of cells as it comes from the clipboard or a small file: Excel, WPS, CSV.

`parse_block` only takes it apart; `align` finds which pasted row belongs to which row of a form.
"""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from ortoo.kernel.forms.definition import Form, FormError

MAX_BLOCK = 2_000_000
MAX_ROWS = 5_000
_THOUSANDS = re.compile(r"\s*\"?-?\d{1,3}(?:,\d{3})+(?:\.\d+)?\"?\s*\Z")


@dataclass(frozen=True, slots=True)
class Placed:
    """One pasted text and the cell it goes to."""

    item: str
    measure: str
    text: str


def parse_block(text: str) -> list[list[str]]:
    """Rows of cell texts, trimmed, all rows of one length; blank rows at either end are dropped.

    Tabs decide: with one anywhere it is a spreadsheet's clipboard, else commas separate, unless
    every line is one number with thousands commas. Raises BLOCK-SIZE, BLOCK-CSV.
    """
    if len(text) > MAX_BLOCK:
        raise FormError("BLOCK-SIZE", "粘贴内容过大")
    text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n").replace("\0", "")
    lines = [line for line in text.split("\n") if line.strip()]
    if "\t" in text:
        rows = _split(text, "\t")
    elif all(_THOUSANDS.match(line) for line in lines):
        rows = [[line.strip().strip('"')] for line in lines]
    else:
        rows = _split(text, ",")
    while rows and not any(rows[-1]):
        rows.pop()
    while rows and not any(rows[0]):
        rows.pop(0)
    if len(rows) > MAX_ROWS:
        raise FormError("BLOCK-SIZE", f"粘贴内容超过 {MAX_ROWS} 行")
    width = max((len(row) for row in rows), default=0)
    return [row + [""] * (width - len(row)) for row in rows]


def _split(text: str, delimiter: str) -> list[list[str]]:
    """Quoted cells may hold line breaks and doubled quotes, as Excel writes them."""
    try:
        reader = csv.reader(io.StringIO(text), delimiter=delimiter, strict=False)
        return [[" ".join(cell.split()) for cell in row] for row in reader]
    except csv.Error:
        raise FormError("BLOCK-CSV", "粘贴内容的引号不成对或格式有误") from None


def align(
    form: Form, rows: Sequence[Sequence[str]], item: str, measure: str
) -> tuple[list[Placed], list[str]]:
    """Where each pasted text goes, and notes on rows that were left out.

    A row that carries a name or code of the form is put by name; merged group rows and headings
    are skipped. Where no row carries a name the block is laid from (`item`, `measure`) downwards.
    """
    names, units = _names(form), _units(form)
    named = [_named(row, names, units) for row in rows]
    if not any(code is not None for code, _ in named):
        return _laid(form, rows, item, measure)
    placed, notes = [], []
    columns = _columns(form, rows, named, measure)
    for row, (code, start) in zip(rows, named, strict=True):
        if code is None:
            said = next((cell for cell in row if cell), "")
            if said and not _is_heading(form, said):
                notes.append(f"没有找到品种“{said[:20]}”，该行未粘贴")
        elif code in form.leaf_index:
            texts = row[start:]
            placed += [
                Placed(code, column, text)
                for column, text in zip(columns, texts, strict=False)
                if column is not None
            ]
    return placed, notes


def _plain(text: str) -> str:
    text = unicodedata.normalize("NFKC", text)
    return re.sub(r"[\s()（）、,，:：]", "", text).lower()


def _names(form: Form) -> dict[str, str]:
    """Every way a row may be called → its code. A leaf's own name wins over another's alias."""
    names: dict[str, str] = {}
    for item in form.items:
        for name in (item.code, item.name["zh"], item.name.get("en", "")):
            names.setdefault(_plain(name), item.code)
    for item in form.leaves:
        for alias in item.aliases:
            names.setdefault(_plain(alias), item.code)
    names.pop("", None)
    return names


def _units(form: Form) -> frozenset[str]:
    """How the rows' own units and the columns' units are printed: 公斤, 元/吨."""
    units = {item.unit for item in form.leaves}
    printed = {measure.unit_of(item) for item in form.leaves for measure in form.measures}
    return frozenset(_plain(unit) for unit in units | printed) - {""}


def _named(
    row: Sequence[str], names: dict[str, str], units: frozenset[str]
) -> tuple[str | None, int]:
    """The item a row names in its first cells, and where its values begin."""
    found: str | None = None
    start = 0
    for place, cell in enumerate(row[:4]):
        code = names.get(_plain(cell))
        if code is not None:
            # A merged group cell stands before the leaf's own name: the later one counts.
            found, start = code, place + 1
        elif found is None or not (_is_unit(cell) or _plain(cell) in units):
            continue
        else:
            start = place + 1
    return found, start


def _is_unit(cell: str) -> bool:
    return (
        bool(cell)
        and not any(char.isdigit() for char in cell)
        and len(cell) <= 6
        and ("元" in cell or cell in {"公斤", "千克", "升", "斤", "kg", "L"})
    )


def _is_heading(form: Form, cell: str) -> bool:
    plain = _plain(cell)
    titles = [_plain(m.title["zh"]) for m in form.measures]
    return any(plain in title or title in plain for title in titles) or plain in {
        "商品", "品种", "名称", "指标名称", "商品名称", "甲", "代码", "单位", "计量单位", "规格",
    }  # fmt: skip


def _columns(
    form: Form,
    rows: Sequence[Sequence[str]],
    named: Sequence[tuple[str | None, int]],
    measure: str,
) -> list[str | None]:
    """Which measure each value column is: by a heading row if there is one, else in form order."""
    start = next(start for code, start in named if code is not None)
    titles = {_plain(m.title["zh"]): m.code for m in form.measures}
    short = {plain.removeprefix("本期").removeprefix("平均"): c for plain, c in titles.items()}
    for row, (code, _) in zip(rows, named, strict=True):
        heads = [titles.get(_plain(cell)) or short.get(_plain(cell)) for cell in row[start:]]
        if code is None and any(heads):
            return heads
    codes = [m.code for m in form.measures]
    return list(codes[codes.index(measure) :])


def _laid(
    form: Form, rows: Sequence[Sequence[str]], item: str, measure: str
) -> tuple[list[Placed], list[str]]:
    top = form.leaf_index[item]
    codes = [m.code for m in form.measures]
    left = codes.index(measure)
    placed = [
        Placed(leaf.code, column, text)
        for leaf, row in zip(form.leaves[top:], rows, strict=False)
        for column, text in zip(codes[left:], row, strict=False)
    ]
    over = len(rows) - (len(form.leaves) - top)
    return placed, [f"粘贴内容多出 {over} 行，未粘贴"] if over > 0 else []
