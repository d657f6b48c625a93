"""Which columns a form's sheet has, and the codes by which they are found again. Pure.

Three things are hidden in the sheet: the identity in its first row, the columns' codes above the
head, and each row's code in column A. A row may so be sorted, moved or inserted, and a column
widened or shifted, without a figure landing in another's place.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ortoo.connectors.form_workbooks.refusal import WorkbookError
from ortoo.kernel.forms.asked import Asked
from ortoo.kernel.forms.definition import Form, Item, Measure

MAGIC = "ORTOO-FORM-1"
ROW, NAME, SPEC, UNIT, ENTRY, NIL, REASON = "#", "name", "spec", "unit", "u", "n", "r"
ITEM, ATTRIBUTE = "i.", "a."
"""Before a row's code, so that no spreadsheet takes 0101 for the number 101."""
SHEET_NAME = "报表"


@dataclass(frozen=True, slots=True)
class Identity:
    """Whose return of which form, version and period a workbook is."""

    form: str
    version: int
    period: str
    party: str

    @property
    def cells(self) -> tuple[str, ...]:
        return (MAGIC, f"{self.form}@{self.version}", self.period, self.party)

    @staticmethod
    def read(row: Sequence[str]) -> Identity | None:
        """The identity in a row of a sheet, wherever in the row it stands; None without one."""
        texts = [text.strip() for text in row]
        if MAGIC not in texts:
            return None
        named = [text for text in texts[texts.index(MAGIC) + 1 :] if text][:3]
        form, _, version = named[0].partition("@") if named else ("", "", "")
        if len(named) != 3 or not (version.isascii() and version.isdigit()):
            raise WorkbookError(
                "WORKBOOK-IDENTITY", "文件中的表号、报告期标记已损坏", "请重新下载本期模板后填写"
            )
        return Identity(form, int(version[:6]), named[1], named[2])

    def require(self, wanted: Identity, labels: dict[str, str]) -> None:
        """Raise WORKBOOK-FORM, -PERIOD, -PARTY or -VERSION; `labels`: form and period in words."""
        if self.form != wanted.form:
            raise WorkbookError(
                "WORKBOOK-FORM",
                f"文件是表式 {self.form} 的模板，这里要的是“{labels['form']}”（{wanted.form}）",
                "请选择对应的文件，或在本页重新下载模板",
            )
        if self.period != wanted.period:
            raise WorkbookError(
                "WORKBOOK-PERIOD",
                f"文件是 {self.period} 期的模板，本页是{labels['period']}（{wanted.period}）",
                "请到那一期的报表页上传，或下载本期模板后把数字填进去",
            )
        if self.party != wanted.party:
            raise WorkbookError(
                "WORKBOOK-PARTY",
                "文件是另一家单位的模板，不是本单位的",
                "请用本单位账号下载的模板填写",
            )
        if self.version != wanted.version:
            raise WorkbookError(
                "WORKBOOK-VERSION",
                f"文件按表式第 {self.version} 版制作，本期按第 {wanted.version} 版填报",
                "请重新下载本期模板，把数字复制过去",
            )


@dataclass(frozen=True, slots=True)
class Column:
    """One column of the sheet: its hidden code, its printed title and unit, its width."""

    code: str
    title: str
    unit: str = ""
    width: int = 12


_HEAD_UNITS = {"{unit}": "公斤/升", "元/{unit}": "元/公斤(升)"}


def columns_of(form: Form, *, last: bool) -> tuple[Column, ...]:
    """Columns from left to right; with `last`, last period's figure stands beside each."""
    found = [Column(ROW, "代码", width=8), Column(NAME, "指标名称", width=20)]
    if any(item.spec for item in form.leaves):
        found.append(Column(SPEC, "代表规格", width=16))
    found.append(Column(UNIT, "计量单位", width=9))
    if any(len(item.entry_units) > 1 for item in form.leaves):
        found.append(Column(ENTRY, "录入单位", width=13))
    for measure in form.measures:
        unit = _HEAD_UNITS.get(measure.unit, measure.unit.replace("{unit}", "本行单位"))
        found.append(Column(f"c.{measure.code}", measure.title["zh"], unit, 15))
        if measure is form.principal and form.nil_reasons:
            found.append(Column(NIL, "无数原因", width=11))
        if last:
            found.append(Column(f"p.{measure.code}", "上期", width=11))
    if form.reasons:
        found.append(Column(REASON, "情况说明", width=18))
    return tuple(found)


def is_asked(asked: Asked | None, item: Item, measure: Measure) -> bool:
    """Whether a cell is to be filled in: the form asks it of the row, and so does the period."""
    usual = measure.asked == "every" or item.stock_asked
    return usual and (asked is None or (item.code, measure.code) in asked)


def rows_of(form: Form, asked: Asked | None) -> list[Item]:
    """Groups and leaves in the form's order; where an order names items, only those."""
    wanted = {
        item.code
        for item in form.leaves
        if asked is None or any((item.code, m.code) in asked for m in form.measures)
    }
    groups = {form.by_code[code].group for code in wanted}
    return [item for item in form.items if item.code in (wanted if item.is_leaf else groups)]
