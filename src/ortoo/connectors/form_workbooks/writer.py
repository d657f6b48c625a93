"""The printed form as an .xlsx: locked but for the asked cells, with validation, hidden codes."""

from __future__ import annotations

import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ortoo.connectors.form_workbooks.layout import (
    ATTRIBUTE,
    ENTRY,
    ITEM,
    NAME,
    NIL,
    REASON,
    ROW,
    SHEET_NAME,
    SPEC,
    UNIT,
    Column,
    Identity,
    columns_of,
    is_asked,
    rows_of,
)
from ortoo.kernel.forms.asked import Asked
from ortoo.kernel.forms.body import GridBody
from ortoo.kernel.forms.definition import NIL_ZH, Form, Item, Measure, Nil

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_NUMBER = re.compile(r"(?:0|[1-9][0-9]{0,13})(?:\.[0-9]{1,6})?\Z")
_LONGEST_LIST = 255
"""Characters of a drop-down list that stands in the rule itself (Excel's own limit)."""
_PLAIN = {
    "in_memory": True,
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
}


@dataclass(frozen=True, slots=True)
class Filling:
    """What a workbook is made from.

    `cells`: (item, measure) → text as keyed; `units`: item → entry unit; `reasons`: item → text.
    `head`: lines printed above the table, label and text. `demo`: said on every page.
    """

    identity: Identity
    head: Sequence[tuple[str, str]]
    cells: Mapping[tuple[str, str], str] = field(default_factory=dict)
    units: Mapping[str, str] = field(default_factory=dict)
    reasons: Mapping[str, str] = field(default_factory=dict)
    attributes: Mapping[str, str] = field(default_factory=dict)
    last: GridBody | None = None
    asked: Asked | None = None
    demo: bool = False


def write_workbook(form: Form, filling: Filling) -> bytes:
    """The workbook's bytes. Texts are written as texts: nothing in it runs."""
    import xlsxwriter

    out = io.BytesIO()
    with xlsxwriter.Workbook(out, _PLAIN) as book:
        book.set_properties({"title": form.title["zh"], "comments": filling.identity.cells[1]})
        _Writer(form, filling, book).write()
    return out.getvalue()


class _Writer:
    """One sheet being written from the top."""

    def __init__(self, form: Form, filling: Filling, book: Any) -> None:
        self.form, self.filling = form, filling
        self.columns = columns_of(form, last=filling.last is not None)
        self.at = {column.code: place for place, column in enumerate(self.columns)}
        self.page = book.add_worksheet(SHEET_NAME)
        self.looks = _looks(book)
        self.line = 0

    def write(self) -> None:
        self._hidden(self.filling.identity.cells)
        self._head()
        self._attributes()
        self._hidden([column.code for column in self.columns])
        top = self.line
        self._titles()
        for item in rows_of(self.form, self.filling.asked):
            self._row(item) if item.is_leaf else self._group(item)
        self._frame(top)

    def _hidden(self, texts: Sequence[str]) -> None:
        for column, text in enumerate(texts):
            self.page.write_string(self.line, column, text)
        self.page.set_row(self.line, None, None, {"hidden": True})
        self.line += 1

    def _head(self) -> None:
        self.page.set_row(self.line, 30)
        self.page.write_string(self.line, 1, self.form.title["zh"], self.looks["title"])
        self.line += 1
        for label, text in self.filling.head:
            self.page.write_string(self.line, 1, f"{label}：{text}", self.looks["line"])
            self.line += 1

    def _attributes(self) -> None:
        """Facts said once for the whole return, each on a line of its own."""
        for attribute in self.form.attributes:
            self.page.write_string(self.line, 0, ATTRIBUTE + attribute.code)
            self.page.write_string(self.line, 1, attribute.title["zh"], self.looks["text"])
            said = self.filling.attributes.get(attribute.code, "")
            self.page.write(self.line, 2, said, self.looks["open_text"])
            self._choose(2, attribute.choices)
            self.line += 1

    def _titles(self) -> None:
        for place, column in enumerate(self.columns):
            text = f"{column.title}\n{column.unit}" if column.unit else column.title
            self.page.write_string(self.line, place, text, self.looks["head"])
            self.page.set_column(place, place, column.width)
        self.page.set_row(self.line, 34)
        self.line += 1

    def _group(self, item: Item) -> None:
        for place in range(1, len(self.columns)):
            text = item.name["zh"] if self.columns[place].code == NAME else ""
            self.page.write_string(self.line, place, text, self.looks["group"])
        self.line += 1

    def _row(self, item: Item) -> None:
        said = {ROW: ITEM + item.code, NAME: item.name["zh"], SPEC: item.spec, UNIT: item.unit}
        for column in self.columns:
            kind, _, code = column.code.partition(".")
            if column.code in said:
                self._text(column, said[column.code], "text")
            elif kind == "c":
                self._value(column, item, self.form.measure(code))
            elif kind == "p":
                self._last(column, item, self.form.measure(code))
        self._entry(item)
        self._nil(item)
        if REASON in self.at:
            self._text(self.columns[self.at[REASON]], self._reason(item), "open_text")
        self.line += 1

    def _reason(self, item: Item) -> str:
        return self.filling.reasons.get(item.code, "")

    def _text(self, column: Column, text: str, look: str) -> None:
        self.page.write_string(self.line, self.at[column.code], text, self.looks[look])

    def _value(self, column: Column, item: Item, measure: Measure) -> None:
        text = self.filling.cells.get((item.code, measure.code), "")
        is_open = is_asked(self.filling.asked, item, measure)
        if measure is self.form.principal and self._nil_text(item):
            text = ""
        look = self.looks[("open_" if is_open else "shut_") + _look_of(measure)]
        place = self.at[column.code]
        if _NUMBER.match(text) and not measure.choices:
            self.page.write_number(self.line, place, float(text), look)
        elif text:
            self.page.write_string(self.line, place, text, look)
        else:
            self.page.write_blank(self.line, place, None, look)
        if is_open:
            self._validate(place, measure)

    def _validate(self, place: int, measure: Measure) -> None:
        if measure.choices:
            self._choose(place, measure.choices)
            return
        nil = "没有数的，在“无数原因”栏选择，不要填 0。" if measure is self.form.principal else ""
        self.page.data_validation(
            self.line, place, self.line, place,
            {
                "validate": "decimal", "criteria": ">=", "value": 0, "ignore_blank": True,
                "error_title": "请填数值",
                "error_message": f"{measure.title['zh']}应为不小于零的数。{nil}",
            },
        )  # fmt: skip

    def _choose(self, place: int, choices: Sequence[str]) -> None:
        if not choices or len(",".join(choices)) > _LONGEST_LIST:
            return
        self.page.data_validation(
            self.line, place, self.line, place,
            {
                "validate": "list", "source": list(choices), "ignore_blank": True,
                "error_title": "请从列表选择",
                "error_message": "只能选：" + "、".join(choices)[:200],
            },
        )  # fmt: skip

    def _last(self, column: Column, item: Item, measure: Measure) -> None:
        last = self.filling.last
        cell = last.cell(self.form, item.code, measure.code) if last is not None else None
        place, look = self.at[column.code], self.looks[f"last_{_look_of(measure)}"]
        if isinstance(cell, int) and not measure.choices:
            self.page.write_number(self.line, place, float(measure.text(cell)), look)
        else:
            text = "" if cell is None else NIL_ZH[cell] if isinstance(cell, Nil) else ""
            text = measure.text(cell) if isinstance(cell, int) else text
            self.page.write_string(self.line, place, text, look)

    def _entry(self, item: Item) -> None:
        if ENTRY not in self.at:
            return
        place, names = self.at[ENTRY], [unit.name for unit in item.entry_units]
        is_open = len(names) > 1
        text = self.filling.units.get(item.code, item.unit)
        look = self.looks["open_text" if is_open else "text"]
        self.page.write_string(self.line, place, text, look)
        if is_open:
            self._choose(place, names)

    def _nil_text(self, item: Item) -> str:
        """The nil reason that stands in its own column: of the principal measure."""
        text = self.filling.cells.get((item.code, self.form.principal.code), "")
        return text if text in {NIL_ZH[nil] for nil in self.form.nil_reasons} else ""

    def _nil(self, item: Item) -> None:
        if NIL not in self.at:
            return
        is_open = is_asked(self.filling.asked, item, self.form.principal)
        look = self.looks["open_text" if is_open else "shut_text"]
        self.page.write_string(self.line, self.at[NIL], self._nil_text(item), look)
        if is_open:
            self._choose(self.at[NIL], [NIL_ZH[nil] for nil in self.form.nil_reasons])

    def _frame(self, top: int) -> None:
        page = self.page
        page.set_column(0, 0, 8, None, {"hidden": True})
        page.freeze_panes(top + 1, 2)
        page.set_landscape()
        page.set_paper(9)
        page.fit_to_pages(1, 0)
        page.repeat_rows(top)
        if self.filling.demo:
            page.set_header("&C演示数据 · 不是真实统计")
        page.protect(
            "", {"format_columns": True, "format_rows": True, "sort": True, "autofilter": True}
        )


def _look_of(measure: Measure) -> str:
    return "text" if measure.choices else f"number{measure.scale}"


def _looks(book: Any) -> dict[str, Any]:
    """Formats by name: locked text and figures, open cells, last period in grey."""
    box = {"border": 1, "border_color": "#B8BDC2", "font_name": "宋体", "font_size": 10}
    shown = {
        "title": {"bold": True, "font_size": 16},
        "line": {"font_size": 10},
        "head": {**box, "bold": True, "text_wrap": True, "align": "center", "valign": "vcenter"},
        "group": {**box, "bold": True, "bg_color": "#EEF0F2"},
        "text": {**box, "text_wrap": True},
        "open_text": {**box, "locked": False, "bg_color": "#FFFBE6"},
        "shut_text": {**box, "bg_color": "#E4E7EA"},
        "last_text": {**box, "font_color": "#6B7177"},
    }
    for scale in range(7):
        number = {"num_format": "0." + "0" * scale if scale else "0", "align": "right"}
        shown[f"open_number{scale}"] = {**box, **number, "locked": False, "bg_color": "#FFFBE6"}
        shown[f"shut_number{scale}"] = {**box, **number, "bg_color": "#E4E7EA"}
        shown[f"last_number{scale}"] = {**box, **number, "font_color": "#6B7177"}
    return {name: book.add_format(look) for name, look in shown.items()}
