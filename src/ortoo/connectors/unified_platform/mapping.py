"""对照文件: in which order and units 统一平台 takes a form's rows and columns; one TOML a form.

The platform's true order is not public. A file says whether somebody has held it against the real
screen (`verified`), and a bureau's own file for the same form takes the shipped one's place.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any, NoReturn

from ortoo.kernel.forms.definition import Form, Item, Measure

SHIPPED = Path(__file__).resolve().parent / "mappings"
LONGEST_FILE = 200_000
_FORM = re.compile(r"[A-Z0-9][A-Z0-9-]{0,39}\Z")


class MappingError(ValueError):
    """A mapping file that cannot be used; code MAPPING-…, `where` names the file and key."""

    def __init__(self, code: str, message: str, where: str) -> None:
        super().__init__(f"{code} {where}：{message}")
        self.code, self.message, self.where = code, message, where


@dataclass(frozen=True, slots=True)
class PlatformRow:
    """One row of the national screen: our item, and its name and number there."""

    item: str
    name: str
    number: str = ""


@dataclass(frozen=True, slots=True)
class PlatformColumn:
    """One column there: our measure; one of its unit is `factor` of ours; its decimals."""

    measure: str
    title: str
    unit: str = ""
    factor: Fraction = Fraction(1)
    decimals: int | None = None
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Mapping:
    """A form on the platform's screen. `note` says what is known of the order."""

    form: str
    title: str
    verified: bool
    note: str
    rows: tuple[PlatformRow, ...]
    columns: tuple[PlatformColumn, ...]
    nil: str = ""
    firm_columns: tuple[str, ...] = ("企业名称", "单位名称", "填报单位", "样本企业")
    code_columns: tuple[str, ...] = ("统一社会信用代码", "信用代码", "企业代码", "组织机构代码")
    item_columns: tuple[str, ...] = ("商品名称", "品种", "指标名称", "商品", "品名", "产品名称")
    number_columns: tuple[str, ...] = ("商品代码", "指标代码", "序号代码", "代码")
    period_columns: tuple[str, ...] = ("报告期", "期别", "周期", "报送日期", "日期")
    source: str = field(default="", compare=False)


def mappings(folders: Iterable[str | Path] = ()) -> dict[str, Mapping]:
    """Mappings by form: the shipped ones, each replaced by a bureau's own where `folders` hold one.

    Raises MappingError with the file's name.
    """
    found: dict[str, Mapping] = {}
    for folder in (SHIPPED, *map(Path, folders)):
        files = sorted(folder.glob("*.toml")) if folder.is_dir() else [folder]
        for file in files:
            mapping = load(file)
            found[mapping.form] = mapping
    return found


def load(file: Path) -> Mapping:
    """One mapping file. Raises MappingError."""
    try:
        if file.stat().st_size > LONGEST_FILE:
            _refuse("MAPPING-TOO-LARGE", f"对照文件超过 {LONGEST_FILE // 1000} KB", file.name)
        said = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise MappingError("MAPPING-TOML", f"不是有效的 TOML（{error}）", file.name) from error
    return _mapping(said, file.name)


def _mapping(said: dict[str, Any], where: str) -> Mapping:
    form = said.get("form")
    if not isinstance(form, str) or not _FORM.fullmatch(form):
        _refuse("MAPPING-FORM", "缺少 form（表式代码）", where)
    rows = tuple(_row(row, f"{where} rows[{n}]") for n, row in enumerate(_tables(said, "rows")))
    columns = tuple(
        _column(one, f"{where} columns[{n}]") for n, one in enumerate(_tables(said, "columns"))
    )
    if not rows or not columns:
        _refuse("MAPPING-EMPTY", "rows、columns 至少各一行", where)
    for name, codes in (
        ("rows.item", [row.item for row in rows if row.item]),
        ("columns.measure", [column.measure for column in columns]),
    ):
        twice = sorted({code for code in codes if codes.count(code) > 1})
        if twice:
            _refuse("MAPPING-TWICE", f"{name} 重复：{'、'.join(twice)}", where)
    headers = said.get("export", {})
    known = ("firm_columns", "code_columns", "item_columns", "number_columns", "period_columns")
    own = {name: tuple(map(str, headers[name])) for name in known if name in headers}
    return Mapping(
        form=form,
        title=str(said.get("title", form)),
        verified=said.get("verified") is True,
        note=str(said.get("note", "")),
        rows=rows,
        columns=columns,
        nil=str(said.get("nil", "")),
        source=where,
        **own,
    )


def _tables(said: dict[str, Any], name: str) -> Sequence[dict[str, Any]]:
    found = said.get(name, [])
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def _row(said: dict[str, Any], where: str) -> PlatformRow:
    item, name = said.get("item", ""), said.get("name")
    if not isinstance(item, str) or not isinstance(name, str) or not name:
        _refuse("MAPPING-ROW", "每行要有 name（平台上的名称）；item 为本表行号，没有的留空", where)
    return PlatformRow(item, name, str(said.get("number", "")))


def _column(said: dict[str, Any], where: str) -> PlatformColumn:
    measure, title = said.get("measure"), said.get("title")
    if not isinstance(measure, str) or not isinstance(title, str):
        _refuse("MAPPING-COLUMN", "每列要有 measure（本表指标）和 title（平台上的列名）", where)
    try:
        factor = Fraction(str(said.get("factor", "1")))
    except (ValueError, ZeroDivisionError) as error:
        raise MappingError("MAPPING-FACTOR", "factor 应为分数或小数文本", where) from error
    if factor <= 0:
        _refuse("MAPPING-FACTOR", "factor 应大于零", where)
    decimals = said.get("decimals")
    if decimals is not None and (type(decimals) is not int or not 0 <= decimals <= 6):
        _refuse("MAPPING-DECIMALS", "decimals 应为 0–6 的整数", where)
    aliases = tuple(str(alias) for alias in said.get("aliases", ()))
    return PlatformColumn(measure, title, str(said.get("unit", "")), factor, decimals, aliases)


Fitted = tuple[list[tuple[PlatformRow, Item | None]], list[tuple[PlatformColumn, Measure]]]


def fitted(mapping: Mapping, form: Form) -> Fitted:
    """Rows with our items (None: a row the platform has and the form has not) and columns.

    Raises MappingError MAPPING-UNKNOWN for codes that the form does not have.
    """
    strange = [row.item for row in mapping.rows if row.item and row.item not in form.leaf_index]
    strange += [c.measure for c in mapping.columns if c.measure not in form.measure_by_code]
    if strange:
        _refuse("MAPPING-UNKNOWN", f"表式 {form.key} 没有 {'、'.join(strange[:6])}", mapping.source)
    rows = [(row, form.item(row.item) if row.item else None) for row in mapping.rows]
    return rows, [(column, form.measure(column.measure)) for column in mapping.columns]


def uncovered(mapping: Mapping, form: Form) -> list[Item]:
    """Rows of the form that have no place on the platform's screen."""
    placed = {row.item for row in mapping.rows}
    return [item for item in form.leaves if item.code not in placed]


def _refuse(code: str, message: str, where: str) -> NoReturn:
    raise MappingError(code, message, where)
