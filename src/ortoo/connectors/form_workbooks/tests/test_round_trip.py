"""Out and back: a grid comes back equal from its workbook, wherever its rows went meanwhile."""

from __future__ import annotations

import io
import random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ortoo.connectors.form_workbooks import (
    Filling,
    Identity,
    WorkbookError,
    read_workbook,
    write_workbook,
)
from ortoo.connectors.sheets import read_sheets
from ortoo.kernel.forms.asked import Asked
from ortoo.kernel.forms.body import GridBody
from ortoo.kernel.forms.definition import Form, Nil
from ortoo.kernel.forms.registry import loaded

FORMS = sorted(loaded().newest(), key=lambda form: form.code)
HEAD = [("表号", "测1表"), ("报告期", "2026年第47周")]


def identity_of(form: Form) -> Identity:
    return Identity(form.code, form.version, "W2026-11-14", "91150000YY0002010X")


def texts_of(form: Form, grid: GridBody) -> dict[tuple[str, str], str]:
    found = {}
    for measure in form.measures:
        for item, cell in zip(form.leaves, grid.columns[measure.code], strict=True):
            if cell is not None:
                text = cell.zh if isinstance(cell, Nil) else measure.text(cell)
                found[item.code, measure.code] = text
    return found


def filling_of(form: Form, grid: GridBody, **more: Any) -> Filling:
    return Filling(
        identity_of(form), HEAD, texts_of(form, grid), attributes=grid.attributes, **more
    )


def random_grid(form: Form, seed: int) -> GridBody:
    """Every kind of cell: blanks, nil reasons, zero, the largest number, anything between."""
    rng = random.Random(seed)

    def cell(measure: Any) -> Any:
        drawn = rng.random()
        if drawn < 0.15:
            return None
        if drawn < 0.3 and form.nil_reasons:
            return rng.choice(form.nil_reasons)
        if drawn < 0.4:
            return rng.choice((0, measure.maximum))
        return rng.randint(0, measure.maximum)

    columns = {m.code: tuple(cell(m) for _ in form.leaves) for m in form.measures}
    said = {a.code: rng.choice(a.choices) for a in form.attributes if a.choices}
    return GridBody(columns, attributes=said)


def resaved(data: bytes, change: Any = None) -> bytes:
    """The file as another program saves it: all formats gone, `change` applied to its rows."""
    import xlsxwriter

    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True, "strings_to_formulas": False}) as book:
        for sheet in read_sheets(data, "t.xlsx"):
            page = book.add_worksheet(sheet.name)
            rows = [list(row) for row in sheet.rows]
            for line, row in enumerate(change(rows) if change else rows):
                for column, text in enumerate(row):
                    page.write_string(line, column, text)
    return out.getvalue()


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.code)
@settings(max_examples=6, deadline=None, suppress_health_check=list(HealthCheck))
@given(seed=st.integers(0, 2**32))
def test_a_grid_of_every_form_comes_back_from_its_workbook_unchanged(form: Form, seed: int) -> None:
    grid = random_grid(form, seed)
    data = write_workbook(form, filling_of(form, grid, last=random_grid(form, seed + 1)))
    upload = read_workbook(data, "报表.xlsx", form, wanted=identity_of(form))
    assert upload.refused == ()
    assert upload.grid(form) == grid


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.code)
def test_sorted_inserted_and_shifted_rows_of_another_program_change_nothing(form: Form) -> None:
    grid = random_grid(form, 7)
    data = write_workbook(form, filling_of(form, grid))

    def change(rows: list[list[str]]) -> list[list[str]]:
        top = next(i for i, row in enumerate(rows) if "#" in row)
        body = rows[top + 2 :]
        random.Random(3).shuffle(body)
        body.insert(2, ["", "自己加的一行"])
        moved = [*rows[: top + 2], [], *body]
        return [["", *row] for row in moved]  # a column inserted at the left

    upload = read_workbook(resaved(data, change), "报表.xlsx", form, wanted=identity_of(form))
    assert upload.refused == ()
    assert upload.grid(form) == grid


def retail() -> Form:
    return next(form for form in FORMS if form.code == "SCJC-W1")


def edited(form: Form, cells: dict[tuple[str, str], str], grid: GridBody | None = None) -> bytes:
    """A blank template with texts keyed into cells: (item, column code) → text."""
    blank = GridBody({m.code: (None,) * len(form.leaves) for m in form.measures})
    data = write_workbook(form, filling_of(form, grid or blank))

    def change(rows: list[list[str]]) -> list[list[str]]:
        codes = next(row for row in rows if "#" in row)
        for (item, column), text in cells.items():
            row = next(row for row in rows if row and row[codes.index("#")] == f"i.{item}")
            row[codes.index(column)] = text
        return rows

    return resaved(data, change)


def read(form: Form, data: bytes, **more: Any) -> Any:
    return read_workbook(data, "报表.xlsx", form, wanted=identity_of(form), **more)


def test_full_width_digits_money_signs_and_entry_units_are_understood_and_said() -> None:
    form = retail()
    upload = read(
        form,
        edited(form, {
            ("0301", "c.price"): "２６．５元", ("0302", "u"): "斤", ("0302", "c.price"): "12.98",
            ("0303", "n"): "断货", ("0304", "c.price"): "脱销",
        }),
    )  # fmt: skip
    assert upload.refused == ()
    assert upload.cells["0301", "price"] == 2650
    assert upload.cells["0302", "price"] == 2596 and upload.units == {"0302": "斤"}
    assert upload.texts["0302", "price"] == "12.98"
    assert upload.cells["0303", "price"] is Nil.OUT_OF_STOCK
    assert upload.cells["0304", "price"] is Nil.OUT_OF_STOCK
    assert "断货" in upload.notes["0304", "price"] and "2596" not in upload.notes["0302", "price"]


def test_a_bad_cell_costs_only_itself_and_is_named_with_its_code_row_and_remedy() -> None:
    form = retail()
    upload = read(
        form,
        edited(form, {
            ("0301", "c.price"): "=1+1", ("0302", "c.price"): "-3", ("0303", "c.price"): "约70",
            ("0304", "c.price"): "72.00", ("0304", "n"): "断货", ("0401", "c.price"): "27.5",
            ("0501", "u"): "篮", ("0501", "c.price"): "7.2", ("0601", "n"): "忘了",
        }),
    )  # fmt: skip
    assert upload.cells == {("0401", "price"): 2750}
    codes = {(cell.item, cell.code) for cell in upload.refused}
    assert codes == {
        ("0301", "CELL-FORMULA"), ("0302", "CELL-NEGATIVE"), ("0303", "CELL-TEXT"),
        ("0304", "WORKBOOK-NIL"), ("0501", "CELL-UNIT"), ("0601", "WORKBOOK-NIL"),
    }  # fmt: skip
    assert all(cell.row > 1 and cell.message and cell.remedy for cell in upload.refused)


def test_a_row_of_ones_own_with_figures_is_refused_and_not_taken_for_its_neighbour() -> None:
    form = retail()
    grid = random_grid(form, 5)

    def change(rows: list[list[str]]) -> list[list[str]]:
        codes = next(row for row in rows if "#" in row)
        own = [""] * len(codes)
        own[1], own[codes.index("c.price")] = "胡麻油", "21.5"
        unknown = list(own)
        unknown[0] = "i.9999"
        return [*rows, own, unknown, list(rows[-1])]

    upload = read(form, resaved(write_workbook(form, filling_of(form, grid)), change))
    assert [cell.code for cell in upload.refused] == [
        "WORKBOOK-ROW", "WORKBOOK-ROW", "WORKBOOK-ROW-TWICE",
    ]  # fmt: skip
    assert upload.grid(form) == grid


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"form": "LTQY-M1"}, "WORKBOOK-FORM"),
        ({"period": "W2026-11-07"}, "WORKBOOK-PERIOD"),
        ({"party": "91150000YY0003010X"}, "WORKBOOK-PARTY"),
        ({"version": 3}, "WORKBOOK-VERSION"),
    ],
)
def test_the_workbook_of_another_form_period_firm_or_version_is_refused_in_a_plain_sentence(
    changed: dict[str, Any], code: str
) -> None:
    form = retail()
    own = identity_of(form)
    other = Identity(**{"form": own.form, "version": own.version, "period": own.period,
                        "party": own.party, **changed})  # fmt: skip
    data = write_workbook(form, Filling(other, HEAD))
    with pytest.raises(WorkbookError) as refused:
        read(form, data, labels={"period": "2026年第47周"})
    assert refused.value.code == code and "请" in refused.value.remedy
    # Whose template it was is nobody else's business.
    assert "YY0003" not in str(refused.value)


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "SHEET-EMPTY"),
        (b"\x00" * 100, "SHEET-EMPTY"),
        (b"PK\x03\x04rubbish", "SHEET-"),
        ("品名,价格\n猪肉,26\n".encode(), "WORKBOOK-NOT-TEMPLATE"),
        (b"ORTOO-FORM-1,SCJC-W1", "WORKBOOK-IDENTITY"),
        (b"ORTOO-FORM-1,SCJC-W1@4,W2026-11-14,91150000YY0002010X\n1,2\n", "WORKBOOK-CODES"),
        (b"%PDF-1.4", "SHEET-WRONG-KIND"),
    ],
)
def test_what_is_no_template_is_refused_with_a_code_and_a_remedy(data: bytes, code: str) -> None:
    with pytest.raises(WorkbookError) as refused:
        read(retail(), data)
    assert refused.value.code.startswith(code) and refused.value.remedy


def test_the_same_sheet_twice_is_refused_because_nobody_knows_which_counts() -> None:
    form = retail()
    one = read_sheets(write_workbook(form, filling_of(form, random_grid(form, 1))), "t.xlsx")[0]
    out = io.BytesIO()
    import xlsxwriter

    with xlsxwriter.Workbook(out, {"in_memory": True}) as book:
        for name in ("一", "二"):
            page = book.add_worksheet(name)
            for line, row in enumerate(one.rows):
                for column, text in enumerate(row):
                    page.write_string(line, column, text)
    with pytest.raises(WorkbookError, match="WORKBOOK-TWICE"):
        read(form, out.getvalue())


def test_cells_that_this_period_does_not_ask_are_left_out_and_refused() -> None:
    form = retail()
    asked = Asked(frozenset({"0301", "0302"}), frozenset({"price"}))
    blank = GridBody({m.code: (None,) * len(form.leaves) for m in form.measures})
    data = write_workbook(form, filling_of(form, blank, asked=asked))
    codes = [row[0] for row in read_sheets(data, "t.xlsx")[0].rows if row[0].startswith("i.")]
    assert codes == ["i.0301", "i.0302"]
    upload = read(form, edited(form, {("0301", "c.price"): "26", ("0301", "c.sales"): "1",
                                      ("0401", "c.price"): "27"}), asked=asked)  # fmt: skip
    assert upload.cells == {("0301", "price"): 2600}
    assert {cell.code for cell in upload.refused} == {"GRID-NOT-ASKED"}
