"""What stands in the written file itself: locks, lists, hidden codes, and nothing that runs."""

from __future__ import annotations

import io
import re
import zipfile

from ortoo.connectors.form_workbooks import Filling, Identity, write_workbook
from ortoo.kernel.forms.asked import Asked
from ortoo.kernel.forms.definition import Form
from ortoo.kernel.forms.registry import get

OWN = Identity("SCJC-W1", 4, "W2026-11-14", "91150000YY0002010X")


def parts(data: bytes) -> dict[str, str]:
    with zipfile.ZipFile(io.BytesIO(data)) as packed:
        return {part: packed.read(part).decode("utf-8", "replace") for part in packed.namelist()}


def locked_styles(styles: str) -> list[bool]:
    """For each cell format in order, whether it locks."""
    formats = re.search(r"<cellXfs.*?</cellXfs>", styles, re.S)
    assert formats is not None
    found = re.findall(r"<xf [^>]*?/>|<xf .*?</xf>", formats.group(0), re.S)
    return ['locked="0"' not in one for one in found]


def sheet_of(form: Form, **more: object) -> tuple[str, list[bool]]:
    found = parts(write_workbook(form, Filling(OWN, [("表号", "测1表")], **more)))  # type: ignore[arg-type]
    return found["xl/worksheets/sheet1.xml"], locked_styles(found["xl/styles.xml"])


def style_at(sheet: str, row: int, column: str) -> int:
    found = re.search(rf'<c r="{column}{row}"[^>]*? s="(\d+)"', sheet)
    assert found is not None, f"{column}{row}"
    return int(found[1])


def test_only_asked_cells_are_open_and_the_sheet_is_protected() -> None:
    form = get("SCJC-W1")
    sheet, locks = sheet_of(form)
    assert "<sheetProtection" in sheet
    styled = re.findall(r'<c r="F(\d+)" s="(\d+)"', sheet)
    first = next(int(row) for row, style in styled if not locks[int(style)])
    # name, spec, unit are shut; entry unit, price, nil reason are open
    assert [locks[style_at(sheet, first, c)] for c in "BCDEFG"] == [True] * 3 + [False] * 3
    opened = sum(
        not locks[int(style)] for style in re.findall(r'<c r="[A-Z]+\d+" s="(\d+)"', sheet)
    )
    asked = sum(m.asked == "every" or i.stock_asked for m in form.measures for i in form.leaves)
    entry = sum(len(item.entry_units) > 1 for item in form.leaves)
    reasons_and_nils = 2 * len(form.leaves)
    assert opened == asked + entry + reasons_and_nils


def test_numbers_nil_reasons_and_entry_units_are_validated() -> None:
    form = get("SCJC-W1")
    sheet, _ = sheet_of(form)
    rules = re.findall(r"<dataValidation .*?</dataValidation>", sheet, re.S)
    numbers = [rule for rule in rules if 'type="decimal"' in rule]
    asked = sum(m.asked == "every" or i.stock_asked for m in form.measures for i in form.leaves)
    assert sum(rule.count(":") or 1 for rule in numbers) >= 1
    assert len(numbers) == asked
    assert all('operator="greaterThanOrEqual"' in rule for rule in numbers)
    assert any("未经营,断货,季节无货" in rule for rule in rules)
    assert any("公斤,斤" in rule for rule in rules)


def test_identity_and_codes_are_there_and_hidden() -> None:
    data = write_workbook(get("SCJC-W1"), Filling(OWN, [("表号", "测1表")]))
    found = parts(data)
    for text in OWN.cells:
        assert text in found["xl/sharedStrings.xml"]
    sheet = found["xl/worksheets/sheet1.xml"]
    assert re.search(r'<row r="1"[^>]*hidden="1"', sheet)
    assert re.search(r'<col min="1" max="1"[^>]*hidden="1"', sheet)
    assert len(re.findall(r'<row [^>]*hidden="1"', sheet)) == 2


def test_no_text_becomes_a_formula_or_a_link() -> None:
    form = get("SCJC-W1")
    filling = Filling(
        OWN,
        [("填报单位", '=HYPERLINK("http://x.example","点我")')],
        cells={("0301", "price"): "=1+1", ("0302", "price"): "http://x.example"},
        reasons={"0301": "@SUM(A1)"},
    )
    found = parts(write_workbook(form, filling))
    assert "<f>" not in found["xl/worksheets/sheet1.xml"]
    assert "hyperlink" not in found["xl/worksheets/sheet1.xml"].lower()
    assert "=1+1" in found["xl/sharedStrings.xml"]


def test_rows_outside_an_order_are_not_printed() -> None:
    form = get("SCJC-W1")
    asked = Asked(frozenset({"0304"}), frozenset({"price", "stock"}))
    found = parts(write_workbook(form, Filling(OWN, [], asked=asked)))
    words = found["xl/sharedStrings.xml"]
    assert "羊肉（腿肉）" in words and "肉类" in words
    assert "大白菜" not in words and "蔬菜" not in words


def test_a_demonstration_says_so_on_paper() -> None:
    found = parts(write_workbook(get("SCJC-W1"), Filling(OWN, [], demo=True)))
    assert "演示数据" in found["xl/worksheets/sheet1.xml"]
