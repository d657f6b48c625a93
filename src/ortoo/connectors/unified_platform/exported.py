"""An export of 统一平台 read back: one firm's return, or many firms' in one table.

Columns are found by their heads, wherever they stand. Two shapes are known: a row a firm and good
(with columns for firm, good and figures), and blocks of goods under a line that names the firm.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from ortoo.connectors.sheets import Sheet, SheetError, read_sheets
from ortoo.connectors.unified_platform.mapping import Mapping, MappingError, PlatformColumn, fitted
from ortoo.kernel.forms.definition import Cell, Form, Item, Measure, Nil

MOST_HEAD_ROWS = 30
_FIRM_LINE = re.compile(r"(?:企业名称|单位名称|填报单位|样本企业)[:：]\s*(\S.{0,79})")
_USCC = re.compile(r"(?<![0-9A-Z])[0-9A-HJ-NPQRTUWXY]{18}(?![0-9A-Z])")
_NUMBER = re.compile(r"(?:[0-9]{1,3}(?:,[0-9]{3})+|[0-9]{1,13})(?:\.[0-9]{1,9})?\Z")
_BRACKETS = re.compile(r"[(\[][^()\[\]]*[)\]]")
_BLANK = frozenset({"", "-", "--", "—", "/", "无"})
_NILS = {nil.zh: nil for nil in Nil}


@dataclass(frozen=True, slots=True)
class ExportedRow:
    """One figure said on the platform: whose, of what, in our minor units; `line` from 1."""

    firm: str
    code: str
    period: str
    item: str
    measure: str
    value: Cell
    text: str
    sheet: str
    line: int


@dataclass(frozen=True, slots=True)
class Exported:
    """What an export says; `refused` are (sheet, line, code, message), `unknown` goods by name."""

    rows: tuple[ExportedRow, ...]
    refused: tuple[tuple[str, int, str, str], ...]
    unknown: tuple[str, ...]

    @property
    def firms(self) -> tuple[str, ...]:
        """Firms as named in the file, each once, by code where it gives one."""
        return tuple(dict.fromkeys(row.code or row.firm for row in self.rows))


def read_export(data: bytes, name: str, form: Form, mapping: Mapping) -> Exported:
    """Read an export. Raises MappingError PLATFORM-… or SHEET-… when nothing can be read."""
    try:
        sheets = read_sheets(data, name)
    except SheetError as error:
        raise MappingError(error.code, f"{error.message}；{error.remedy}", name) from error
    reader = _Reader(form, mapping)
    for sheet in sheets:
        reader.take(sheet)
    if not reader.headed:
        wanted = "、".join((mapping.item_columns[0], *(c.title for c in mapping.columns)))
        raise MappingError(
            "PLATFORM-HEAD", f"没有找到表头（要有 {wanted}）；请从统一平台导出后不改列名上传", name
        )
    return Exported(tuple(reader.rows), tuple(reader.refused), tuple(reader.unknown))


def flat(text: str) -> str:
    """A head or a name for comparing: half width, without blanks, brackets and their content."""
    plain, before = unicodedata.normalize("NFKC", text), ""
    while plain != before:  # innermost brackets first: 销售量（公斤（升））
        before, plain = plain, _BRACKETS.sub("", plain)
    return re.sub(r"[\s_:*]", "", plain).lower()


def _name(text: str) -> str:
    """A good's name for comparing: what stands in brackets tells goods apart, so it is kept."""
    plain = unicodedata.normalize("NFKC", text)
    return re.sub(r"[\s()\[\]_:：*·、]", "", plain).lower()


@dataclass
class _Reader:
    """Rows collected over the sheets of one file."""

    form: Form
    mapping: Mapping
    rows: list[ExportedRow] = field(default_factory=list)
    refused: list[tuple[str, int, str, str]] = field(default_factory=list)
    unknown: dict[str, None] = field(default_factory=dict)
    headed: bool = False

    def __post_init__(self) -> None:
        rows, self.columns = fitted(self.mapping, self.form)
        self.names: dict[str, Item] = {}
        self.numbers = {row.number: item for row, item in rows if item and row.number}
        for item in self.form.leaves:
            for name in (item.name["zh"], *item.aliases):
                self.names.setdefault(_name(name), item)
        self.names |= {_name(row.name): item for row, item in rows if item}

    def take(self, sheet: Sheet) -> None:
        heads: dict[str, int] = {}
        figures: list[tuple[int, PlatformColumn, Measure]] = []
        firm = code = ""
        for line, row in enumerate(sheet.rows, 1):
            found, columns = self._head(row)
            if columns and ("item" in found or "number" in found):
                heads, figures, self.headed = found, columns, True
                continue
            named = _FIRM_LINE.search(" ".join(text for text in row if text))
            if named and sum(bool(text) for text in row) <= 4:
                firm, code = _firm_of(named[1], " ".join(row))
                continue
            if heads:
                self._row(sheet.name, line, row, (heads, figures, firm, code))

    def _head(
        self, row: Sequence[str]
    ) -> tuple[dict[str, int], list[tuple[int, PlatformColumn, Measure]]]:
        texts = [flat(text) for text in row]
        kinds = {
            "firm": self.mapping.firm_columns,
            "code": self.mapping.code_columns,
            "item": self.mapping.item_columns,
            "number": self.mapping.number_columns,
            "period": self.mapping.period_columns,
        }
        found = {}
        for kind, names in kinds.items():
            known = {flat(name) for name in names}
            at = next((n for n, text in enumerate(texts) if text in known), None)
            if at is not None:
                found[kind] = at
        columns = []
        for column, measure in self.columns:
            wanted = [flat(name) for name in (column.title, *column.aliases)]
            head = next((name for name in wanted if name in texts), None)
            if head is not None:
                columns.append((texts.index(head), column, measure))
        return found, columns

    def _row(
        self,
        sheet: str,
        line: int,
        row: Sequence[str],
        under: tuple[dict[str, int], list[tuple[int, PlatformColumn, Measure]], str, str],
    ) -> None:
        heads, figures, firm, code = under
        said = {kind: row[at].strip() for kind, at in heads.items()}
        item = self.numbers.get(said.get("number", "")) or self.names.get(
            _name(said.get("item", ""))
        )
        texts = [(row[at].strip(), column, measure) for at, column, measure in figures]
        if item is None:
            if any(_NUMBER.match(text) for text, _, _ in texts) and said.get("item"):
                self.unknown[said["item"][:40]] = None
            return
        for text, column, measure in texts:
            try:
                value = value_of(text, measure, column)
            except ValueError as error:
                what = f"{item.name['zh']} {measure.title['zh']} “{text[:20]}”{error}"
                self.refused.append((sheet, line, "PLATFORM-CELL", what))
                continue
            if value is not None:
                self.rows.append(
                    ExportedRow(
                        said.get("firm") or firm, said.get("code") or code,
                        said.get("period", ""), item.code, measure.code, value, text, sheet, line,
                    )
                )  # fmt: skip


def _firm_of(name: str, line: str) -> tuple[str, str]:
    code = _USCC.search(line)
    return re.split(r"[\s(（]", name)[0], code[0] if code else ""


def value_of(text: str, measure: Measure, column: PlatformColumn) -> Cell:
    """A text of the platform in our minor units, half up. Raises ValueError with what is wrong."""
    plain = unicodedata.normalize("NFKC", text).strip()
    if plain in _BLANK:
        return None
    if plain in _NILS:
        return _NILS[plain]
    if measure.choices:
        if plain not in measure.choices:
            raise ValueError("不是可选项")
        return measure.choices.index(plain)
    if not _NUMBER.match(plain):
        raise ValueError("不是数值")
    scaled = Fraction(plain.replace(",", "")) * column.factor * 10**measure.scale
    minor = (2 * scaled.numerator + scaled.denominator) // (2 * scaled.denominator)
    if minor > measure.maximum:
        raise ValueError("超过最大值")
    return minor


def of_firm(exported: Exported, party: str, name: str) -> Iterator[ExportedRow]:
    """Rows that speak of one firm: by its code, else by its name; rows that name no firm too."""
    for row in exported.rows:
        if row.code == party or (not row.code and _name(row.firm) in ("", _name(name))):
            yield row
