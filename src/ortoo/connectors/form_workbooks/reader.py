"""What a filled-in workbook says, found by codes and not by position, every refused cell named."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from ortoo.connectors.form_workbooks.layout import (
    ATTRIBUTE,
    ENTRY,
    ITEM,
    NIL,
    REASON,
    ROW,
    Identity,
)
from ortoo.connectors.form_workbooks.refusal import RefusedCell, WorkbookError
from ortoo.connectors.sheets import Limits, Sheet, SheetError, read_sheets
from ortoo.kernel.forms import cells
from ortoo.kernel.forms.asked import Asked
from ortoo.kernel.forms.body import GridBody
from ortoo.kernel.forms.definition import NIL_ZH, Cell, Form, Item, Measure

LIMITS = Limits(bytes=5 * 1024 * 1024, unpacked=60 * 1024 * 1024, rows=20_000, columns=150)
"""A form's workbook is some 30 KB; ten times the largest form is still read."""
SHOWN = 40
_LONGEST_REASON = 200


@dataclass(frozen=True, slots=True)
class Upload:
    """What was understood of a workbook.

    `texts`: (item, measure) → the text as it stood, in the unit of `units`; `cells` the same as
    values. `notes`: (item, measure) → how a text was taken that was not taken literally.
    """

    identity: Identity
    texts: Mapping[tuple[str, str], str]
    cells: Mapping[tuple[str, str], Cell]
    units: Mapping[str, str]
    reasons: Mapping[str, str]
    attributes: Mapping[str, str]
    notes: Mapping[tuple[str, str], str]
    refused: tuple[RefusedCell, ...]

    def grid(self, form: Form) -> GridBody:
        """The cells as a grid of the form; what the workbook leaves out is blank."""
        columns = {
            measure.code: tuple(self.cells.get((i.code, measure.code)) for i in form.leaves)
            for measure in form.measures
        }
        return GridBody(columns, attributes=dict(self.attributes))


def read_workbook(
    data: bytes,
    name: str,
    form: Form,
    *,
    wanted: Identity | None = None,
    labels: Mapping[str, str] | None = None,
    asked: Asked | None = None,
) -> Upload:
    """Read an upload. Raises WorkbookError WORKBOOK-… or SHEET-…; `wanted` None takes any identity.

    `labels`: the form's title and the period in words, for the sentence of a refusal.
    """
    try:
        sheets = read_sheets(data, name, limits=LIMITS)
    except SheetError as error:
        raise WorkbookError(error.code, error.message, error.remedy) from error
    sheet, identity = _chosen(sheets, wanted)
    if wanted is not None:
        identity.require(wanted, {"form": form.title["zh"], "period": "", **(labels or {})})
    return _Reader(form, asked, sheet).read(identity)


def _chosen(sheets: Sequence[Sheet], wanted: Identity | None) -> tuple[Sheet, Identity]:
    """The sheet that bears an identity; where several do, the wanted one."""
    found = [
        (sheet, identity)
        for sheet in sheets
        for row in sheet.rows[:20]
        if (identity := Identity.read(row)) is not None
    ]
    if not found:
        raise WorkbookError(
            "WORKBOOK-NOT-TEMPLATE",
            "这不是本系统下载的报表模板，没有表号和报告期标记",
            "请先“下载Excel模板”，在模板里填写后上传；其他表格请用粘贴或导入收银导出表",
        )
    same = [pair for pair in found if pair[1] == wanted]
    if len(same) > 1 or (wanted is None and len(found) > 1):
        raise WorkbookError(
            "WORKBOOK-TWICE", "文件里有两张相同的报表，不知以哪张为准", "请删去多余的工作表"
        )
    return same[0] if same else found[0]


@dataclass
class _Reader:
    """One sheet being read; collects what is understood and what is refused."""

    form: Form
    asked: Asked | None
    sheet: Sheet
    at: dict[str, int] = field(default_factory=dict)
    texts: dict[tuple[str, str], str] = field(default_factory=dict)
    cells: dict[tuple[str, str], Cell] = field(default_factory=dict)
    units: dict[str, str] = field(default_factory=dict)
    reasons: dict[str, str] = field(default_factory=dict)
    attributes: dict[str, str] = field(default_factory=dict)
    notes: dict[tuple[str, str], str] = field(default_factory=dict)
    refused: list[RefusedCell] = field(default_factory=list)

    def read(self, identity: Identity) -> Upload:
        top = self._columns()
        self._attributes(top)
        for line, item, row in self._items(top):
            self._row(line, item, row)
        return Upload(
            identity, self.texts, self.cells, self.units, self.reasons, self.attributes,
            self.notes, tuple(self.refused),
        )  # fmt: skip

    def _columns(self) -> int:
        """Find the row of column codes; its position. Raises WORKBOOK-CODES."""
        known = {f"c.{measure.code}" for measure in self.form.measures}
        for line, row in enumerate(self.sheet.rows):
            if ROW in row and known & set(row):
                wanted = known | {ROW, ENTRY, NIL, REASON}
                self.at = {code: place for place, code in enumerate(row) if code in wanted}
                return line
        raise WorkbookError(
            "WORKBOOK-CODES",
            "模板里隐藏的代码行或代码列被删掉了，无法确认每个数属于哪一行",
            "请重新下载模板，把数字复制进去；不要删除隐藏的行和列",
        )

    def _attributes(self, top: int) -> None:
        known = {ATTRIBUTE + attribute.code: attribute for attribute in self.form.attributes}
        for line, row in enumerate(self.sheet.rows[:top]):
            name = next((text for text in row if text in known), "")
            said = [text for text in row[row.index(name) + 2 :] if text] if name else []
            if not said:
                continue
            attribute = known[name]
            if attribute.choices and said[0] not in attribute.choices:
                listed = "、".join(attribute.choices)
                self._refuse(
                    "ATTRIBUTE-CHOICE", line, ("", attribute.code), said[0],
                    f"{attribute.title['zh']}不能填“{said[0][:SHOWN]}”", f"请选：{listed}",
                )  # fmt: skip
            else:
                self.attributes[attribute.code] = said[0][:200]

    def _items(self, top: int) -> Iterator[tuple[int, Item, Sequence[str]]]:
        """Rows that bear a code of the form, each once."""
        seen: dict[str, int] = {}
        for line, row in enumerate(self.sheet.rows[top + 1 :], top + 1):
            code = row[self.at[ROW]].strip()
            if not code.startswith(ITEM) or code.removeprefix(ITEM) not in self.form.leaf_index:
                self._foreign_row(line, code, row)
                continue
            item = self.form.item(code.removeprefix(ITEM))
            if item.code in seen:
                self._refuse(
                    "WORKBOOK-ROW-TWICE", line, (item.code, ""), item.name["zh"],
                    f"{item.name['zh']}在第 {seen[item.code] + 1} 行已经出现过，本行没有采用",
                    "请只保留一行",
                )  # fmt: skip
                continue
            seen[item.code] = line
            yield line, item, row

    def _foreign_row(self, line: int, code: str, row: Sequence[str]) -> None:
        """A row without a code of the form: nothing where it holds no figure, else refused."""
        held = [text for name, at in self.at.items() if name.startswith("c.") and (text := row[at])]
        if not held or line == 0 or not any(any(c.isdigit() for c in text) for text in held):
            return
        what = "、".join(text for text in row if text)[:SHOWN]
        known = f"代码“{code[:20]}”不在本表中" if code else "没有代码（是自己插入的行）"
        self._refuse(
            "WORKBOOK-ROW", line, ("", ""), what, f"本行{known}，没有采用",
            "请把数填到模板原有的行；本表没有的品种不必报",
        )  # fmt: skip

    def _row(self, line: int, item: Item, row: Sequence[str]) -> None:
        unit = self._unit(line, item, row)
        if unit is None:
            return
        for measure in self.form.measures:
            place = self.at.get(f"c.{measure.code}")
            text = row[place] if place is not None else ""
            if measure is self.form.principal:
                text = self._with_nil(line, item, text, row)
            if text:
                self._cell(line, (item, measure), text, unit)
        reason = row[self.at[REASON]] if REASON in self.at else ""
        if reason:
            self.reasons[item.code] = " ".join(reason.split())[:_LONGEST_REASON]

    def _unit(self, line: int, item: Item, row: Sequence[str]) -> str | None:
        """The entry unit of a row, its own where none is said; None when it is not known."""
        said = row[self.at[ENTRY]].strip() if ENTRY in self.at else ""
        if not said or said == item.unit:
            return item.unit
        if said in {unit.name for unit in item.entry_units}:
            self.units[item.code] = said
            return said
        listed = "、".join(unit.name for unit in item.entry_units)
        self._refuse(
            "CELL-UNIT", line, (item.code, ENTRY), said,
            f"{item.name['zh']}没有录入单位“{said[:SHOWN]}”，整行没有采用", f"可用：{listed}",
        )  # fmt: skip
        return None

    def _with_nil(self, line: int, item: Item, text: str, row: Sequence[str]) -> str:
        """The principal cell's text, or the nil reason beside it; both at once are refused."""
        nil = row[self.at[NIL]].strip() if NIL in self.at else ""
        if not nil:
            return text
        known = {NIL_ZH[reason] for reason in self.form.nil_reasons}
        if text and text != nil:
            self._refuse(
                "WORKBOOK-NIL", line, (item.code, self.form.principal.code), f"{text} / {nil}",
                f"{item.name['zh']}既填了“{text[:20]}”又选了“{nil[:20]}”", "请只保留一个",
            )  # fmt: skip
            return ""
        if nil not in known:
            self._refuse(
                "WORKBOOK-NIL", line, (item.code, self.form.principal.code), nil,
                f"没有“{nil[:20]}”这个无数原因", f"请选：{'、'.join(sorted(known))}",
            )  # fmt: skip
            return ""
        return nil

    def _cell(self, line: int, cell: tuple[Item, Measure], text: str, unit: str) -> None:
        item, measure = cell
        key = (item.code, measure.code)
        if self.asked is not None and key not in self.asked:
            self._refuse(
                "GRID-NOT-ASKED", line, key, text,
                f"本期不问{item.name['zh']}的{measure.title['zh']}", "请清空这一格",
            )  # fmt: skip
            return
        try:
            found = cells.read(text, item, measure, unit)
        except cells.CellError as error:
            said, _, remedy = error.message.partition("；")
            self._refuse(error.code, line, key, text, f"{item.name['zh']}：{said}", remedy)
            return
        if found.value is None:
            return
        self.texts[key], self.cells[key] = text, found.value
        if found.note:
            self.notes[key] = found.note

    def _refuse(self, code: str, line: int, cell: tuple[str, str], text: str, *words: str) -> None:
        message, remedy = words
        self.refused.append(
            RefusedCell(code, line + 1, cell[0], cell[1], text[:SHOWN], message, remedy)
        )
