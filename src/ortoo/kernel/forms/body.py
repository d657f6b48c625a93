"""The body of a grid form: integer columns in minor units (law 4), and their strict codec.

{"columns":{"price":[598,"n",null,…],…},"attributes":{…},"marks":{…},"notes":{…}}: sections and
keys sorted, no white space, empty sections left out, one integer column a measure aligned with
`form.leaves`. A nil is the string "n", "o" or "s"; a blank is null. Anything else is refused,
so that `encode` gives one grid exactly one form of words.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NoReturn

from ortoo.kernel.forms.definition import Cell, Form, FormError, Nil

MAX_INTEGER = 2**53 - 1
MAX_TEXT = 500
MAX_BODY = 1_000_000
_SECTIONS = ("attributes", "columns", "marks", "notes")
# Soft findings of structure that a respondent may answer with a reason, as rules are.
SOFT_STRUCTURE = ("GRID-ASKED", "NIL-STOCK")
_NIL_TEXTS = {nil.value: nil for nil in Nil}


@dataclass(frozen=True, slots=True)
class GridBody:
    """What one respondent said of one period.

    `columns`: measure code → one cell a leaf. `notes`: "item.measure" → free text.
    `marks`: "rule:item" → the reason given for a soft rule. `attributes`: facts of the whole.
    """

    columns: Mapping[str, tuple[Cell, ...]]
    notes: Mapping[str, str] = field(default_factory=dict)
    marks: Mapping[str, str] = field(default_factory=dict)
    attributes: Mapping[str, str] = field(default_factory=dict)

    def cell(self, form: Form, item: str, measure: str) -> Cell:
        return self.columns[measure][form.leaf_index[item]]


def blank(form: Form) -> GridBody:
    """A grid with every cell blank."""
    return GridBody({m.code: (None,) * len(form.leaves) for m in form.measures})


def mark_key(rule: str, item: str) -> str:
    return f"{rule}:{item}"


def note_key(item: str, measure: str) -> str:
    return f"{item}.{measure}"


def encode(form: Form, grid: GridBody) -> bytes:
    """The one canonical encoding of a grid. Raises FormError GRID-…"""
    sections = b",".join(b'"' + name.encode() + b'":' + raw for name, raw in _encoded(form, grid))
    return b"{" + sections + b"}"


def parts(form: Form, data: bytes) -> list[tuple[str, bytes]]:
    """The parts a digest is made of: each column, and the other sections that are not empty.

    One column can so be proved without showing the others (law 2).
    """
    found = []
    grid = decode(form, data)
    for name, raw in _encoded(form, grid):
        if name == "columns":
            for measure in sorted(grid.columns):
                found.append((f"columns.{measure}", _json(_plain(grid.columns[measure]))))
        else:
            found.append((name, raw))
    return found


def decode(form: Form, data: bytes) -> GridBody:
    """The grid in an encoded body. Raises FormError with a GRID-… code."""
    if len(data) > MAX_BODY:
        _refuse("GRID-SIZE", "报件正文超过 1 MB")
    sections = _object(_load(data), "正文")
    unknown = [name for name in sections if name not in _SECTIONS]
    if unknown:
        _refuse("GRID-FIELD", f"不认识的字段 {unknown[0]}", unknown[0])
    columns = _object(sections.get("columns"), "columns")
    grid = GridBody(
        columns={measure.code: _column(form, columns, measure.code) for measure in form.measures},
        notes=_texts(sections, "notes"),
        marks=_texts(sections, "marks"),
        attributes=_texts(sections, "attributes"),
    )
    extra = [name for name in columns if name not in grid.columns]
    if extra:
        _refuse("GRID-FIELD", f"表式 {form.key} 没有指标 {extra[0]}", f"columns.{extra[0]}")
    _check_keys(form, grid)
    return grid


def project(grid: GridBody, source: Form, target: Form) -> GridBody:
    """The same cells laid out for another version of the form: rows are matched by code.

    A row or column that the other version lacks is dropped, a new one is blank.
    """
    rows = [source.leaf_index.get(item.code) for item in target.leaves]
    columns: dict[str, tuple[Cell, ...]] = {}
    for measure in target.measures:
        old = source.measure_by_code.get(measure.code)
        column = grid.columns.get(measure.code)
        if old is None or column is None or old.scale != measure.scale:
            columns[measure.code] = (None,) * len(rows)
        else:
            columns[measure.code] = tuple(None if row is None else column[row] for row in rows)
    return GridBody(columns, attributes=dict(grid.attributes))


def _encoded(form: Form, grid: GridBody) -> list[tuple[str, bytes]]:
    """Sections that are not empty, sorted by name, each canonical."""
    missing = [m.code for m in form.measures if m.code not in grid.columns]
    if missing or len(grid.columns) != len(form.measures):
        _refuse("GRID-FIELD", "指标列与表式不一致", ",".join(missing))
    _check_keys(form, grid)
    sections: dict[str, Any] = {
        "attributes": _checked_texts(grid.attributes, "attributes"),
        "columns": {
            code: _plain(_checked_column(form, column, code))
            for code, column in grid.columns.items()
        },
        "marks": _checked_texts(grid.marks, "marks"),
        "notes": _checked_texts(grid.notes, "notes"),
    }
    return [(name, _json(value)) for name, value in sections.items() if value]


def _json(value: Any) -> bytes:
    return json.dumps(
        value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False
    ).encode()


def _plain(column: tuple[Cell, ...]) -> list[int | str | None]:
    return [cell.value if isinstance(cell, Nil) else cell for cell in column]


def _load(data: bytes) -> object:
    try:
        loaded: object = json.loads(
            data.decode("utf-8"),
            object_pairs_hook=_unique,
            parse_float=_no_float,
            parse_constant=_no_constant,
            parse_int=_integer,
        )
    except FormError:
        raise
    except (ValueError, RecursionError):
        _refuse("GRID-JSON", "正文不是有效的 UTF-8 JSON")
    return loaded


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found: dict[str, object] = {}
    for key, value in pairs:
        if key in found:
            _refuse("GRID-DUPLICATE-KEY", f"重复的键 {key}", key)
        found[key] = value
    return found


def _no_float(text: str) -> NoReturn:
    _refuse("GRID-FLOAT", f"只接受整数（最小单位），不接受小数 {text[:20]}")


def _no_constant(text: str) -> NoReturn:
    _refuse("GRID-NAN", f"不接受 {text}")


def _integer(text: str) -> int:
    if len(text) > 17 or text == "-0":
        _refuse("GRID-RANGE", f"整数超出范围：{text[:20]}")
    return int(text)


def _object(value: object, where: str) -> dict[str, object]:
    if not isinstance(value, dict):
        _refuse("GRID-TYPE", f"{where} 应为对象", where)
    return value


def _column(form: Form, columns: Mapping[str, object], code: str) -> tuple[Cell, ...]:
    raw = columns.get(code)
    if not isinstance(raw, list):
        _refuse("GRID-TYPE", f"缺少指标列 {code} 或其不是列表", f"columns.{code}")
    cells = tuple(_NIL_TEXTS.get(cell, cell) if isinstance(cell, str) else cell for cell in raw)
    return _checked_column(form, cells, code)


def _checked_column(form: Form, column: tuple[Any, ...], code: str) -> tuple[Cell, ...]:
    where = f"columns.{code}"
    if len(column) != len(form.leaves):
        expected = len(form.leaves)
        _refuse("GRID-LENGTH", f"{code} 应有 {expected} 格，实有 {len(column)} 格", where)
    choices = form.measure_by_code[code].choices
    for row, cell in enumerate(column):
        if choices and type(cell) is int and not 0 <= cell < len(choices):
            place = note_key(form.leaves[row].code, code)
            _refuse("GRID-CHOICE", f"选项只有 {len(choices)} 个，没有第 {cell + 1} 个", place)
        if type(cell) is int and -MAX_INTEGER <= cell <= MAX_INTEGER:
            continue
        if cell is None or (isinstance(cell, Nil) and cell in form.nil_reasons):
            continue
        place = note_key(form.leaves[row].code, code)
        if isinstance(cell, bool) or not isinstance(cell, int):
            _refuse("GRID-TYPE", f"单元格只能是整数、空值原因或空，不是 {str(cell)[:20]!r}", place)
        if not -MAX_INTEGER <= cell <= MAX_INTEGER:
            _refuse("GRID-RANGE", "整数绝对值不得超过 2^53−1", place)
    return column


def _texts(sections: Mapping[str, object], name: str) -> dict[str, str]:
    if name not in sections:
        return {}
    found = _object(sections[name], name)
    if not found:
        _refuse("GRID-EMPTY", f"空的 {name} 应省略", name)
    return _checked_texts(found, name)


def _checked_texts(found: Mapping[str, object], name: str) -> dict[str, str]:
    checked: dict[str, str] = {}
    for key, value in found.items():
        if not isinstance(value, str) or not value.strip():
            _refuse("GRID-TYPE", "说明应为非空文本", f"{name}.{key}")
        if len(value) > MAX_TEXT or any(ord(char) < 32 and char not in "\n\t" for char in value):
            _refuse("GRID-TEXT", f"说明不得超过 {MAX_TEXT} 字或含控制字符", f"{name}.{key}")
        # A lone surrogate cannot be written as UTF-8: refuse it here, not in the encoder.
        if any("\ud800" <= char <= "\udfff" for char in value):
            _refuse("GRID-TEXT", "说明含有无效字符", f"{name}.{key}")
        checked[key] = value
    return checked


def _check_keys(form: Form, grid: GridBody) -> None:
    """Notes, marks and attributes may only speak of what the form has."""
    rules = {rule.id: rule for rule in form.rules}
    for key in grid.notes:
        item, _, measure = key.partition(".")
        if item not in form.leaf_index or measure not in form.measure_by_code:
            _refuse("GRID-FIELD", f"说明指向不存在的单元格 {key}", f"notes.{key}")
    for key in grid.marks:
        rule, _, item = key.partition(":")
        if (rule not in rules and rule not in SOFT_STRUCTURE) or item not in form.by_code:
            _refuse("GRID-FIELD", f"核实原因指向不存在的审核关系 {key}", f"marks.{key}")
    known = {attribute.code for attribute in form.attributes}
    for key in grid.attributes:
        if key not in known:
            _refuse("GRID-FIELD", f"表式没有属性 {key}", f"attributes.{key}")


def _refuse(code: str, message: str, where: str = "") -> NoReturn:
    raise FormError(code, message, where)
