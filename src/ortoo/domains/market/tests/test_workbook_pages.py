"""下载Excel模板 and 上传Excel over HTTP: out, filled in, back into the draft, filed."""

from __future__ import annotations

import io
from typing import Any

import pytest

from ortoo.connectors.form_workbooks import Identity, read_workbook
from ortoo.connectors.sheets import read_sheets
from ortoo.domains.market.tests.clerk_region import (
    BEFORE,
    FORM,
    PERIOD,
    Clerks,
    page,
    usual_fields,
    usual_grid,
)
from ortoo.domains.market.tests.workbook_region import clerks, desk, sent
from ortoo.domains.market.web.clerk_fields import fields_of, read_grid
from ortoo.kernel.forms.models import ReturnDraft
from ortoo.kernel.forms.registry import get

__all__ = ["clerks", "desk"]
TEMPLATE, UPLOAD = page("workbook"), page("workbook/upload")


def refilled(data: bytes, cells: dict[tuple[str, str], str]) -> bytes:
    """A template with texts keyed into (item, column code)."""
    import xlsxwriter

    rows = [list(row) for row in read_sheets(data, "t.xlsx")[0].rows]
    codes = next(row for row in rows if "#" in row)
    for (item, column), text in cells.items():
        line = next(row for row in rows if row[codes.index("#")] == f"i.{item}")
        line[codes.index(column)] = text
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True, "strings_to_formulas": False}) as book:
        sheet = book.add_worksheet("报表")
        for at, row in enumerate(rows):
            for column_at, text in enumerate(row):
                sheet.write_string(at, column_at, text)
    return out.getvalue()


def full() -> dict[tuple[str, str], str]:
    """The usual return as keyed into a template."""
    cells = {}
    for name, text in usual_fields().items():
        kind, item, measure = name.split(".")
        if kind == "c":
            cells[item, "n" if text == "未经营" else f"c.{measure}"] = text
    return cells


def upload(desk: Clerks, data: bytes, login: str = "clerk-own", name: str = "报表.xlsx") -> Any:
    return desk.client(login).post(UPLOAD, {"file": sent(data, name)})


def template(desk: Clerks, login: str = "clerk-own") -> bytes:
    answer = desk.client(login).get(TEMPLATE)
    assert answer.status_code == 200 and "xlsx" in answer["Content-Disposition"]
    return bytes(answer.content)


@pytest.mark.django_db
def test_a_template_filled_in_becomes_the_draft_and_then_the_return(desk: Clerks) -> None:
    answer = upload(desk, refilled(template(desk), full()))
    text = answer.content.decode()
    assert answer.status_code == 200 and "已读入草稿，尚未报送" in text
    row = ReturnDraft.objects.get(party=desk.region.sites["own"].firm)
    import json

    fields = json.loads(row.cells)
    assert read_grid(get(FORM), fields)[0].columns == usual_grid().columns
    client = desk.client()
    filed = client.post(page(), {**fields, "action": "file", "key": "0" * 32})
    assert filed.status_code == 303
    assert desk.matter().state().effective is not None


@pytest.mark.django_db
def test_the_template_shows_last_period_and_belongs_to_its_firm(desk: Clerks) -> None:
    data = template(desk)
    rows = read_sheets(data, "t.xlsx")[0].rows
    assert any("标记" in cell for row in rows for cell in row)
    codes = next(row for row in rows if "#" in row)
    pork = next(row for row in rows if row[0] == "i.0301")
    assert float(pork[codes.index("p.price")]) == 52
    read = read_workbook(data, "t.xlsx", get(FORM))
    assert read.identity == Identity(FORM, 4, PERIOD, desk.region.sites["own"].firm)
    # A neighbour's template is not taken, and nothing of it is told.
    other = template(desk, "clerk-sibling")
    answer = upload(desk, refilled(other, full()))
    assert answer.status_code == 422 and "WORKBOOK-PARTY" in answer.content.decode()
    assert desk.region.sites["sibling"].mark not in answer.content.decode()
    assert not ReturnDraft.objects.filter(party=desk.region.sites["own"].firm).exists()


@pytest.mark.django_db
def test_last_weeks_template_is_refused_with_both_weeks_named(desk: Clerks) -> None:
    rows = template(desk)
    import xlsxwriter

    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True}) as book:
        sheet = book.add_worksheet()
        for at, row in enumerate(read_sheets(rows, "t.xlsx")[0].rows):
            for column, text in enumerate(row):
                sheet.write_string(at, column, BEFORE if text == PERIOD else text)
    text = upload(desk, out.getvalue()).content.decode()
    assert "WORKBOOK-PERIOD" in text and BEFORE in text and "第47周" in text


@pytest.mark.django_db
def test_bad_cells_are_listed_and_the_rest_is_taken(desk: Clerks) -> None:
    keyed = full() | {("0301", "c.price"): "五十二", ("0302", "c.price"): "５２．００元"}
    text = upload(desk, refilled(template(desk), keyed)).content.decode()
    assert "CELL-TEXT" in text and "猪肉（精瘦肉）" in text
    assert "５２．００元" in text and "按 52.00 理解" in text


@pytest.mark.django_db
def test_a_reason_in_the_row_answers_its_soft_findings(desk: Clerks) -> None:
    keyed = full() | {("0301", "c.price"): "99.00", ("0301", "r"): "节日"}
    upload(desk, refilled(template(desk), keyed))
    import json

    fields = json.loads(ReturnDraft.objects.get(party=desk.region.sites["own"].firm).cells)
    assert fields["r.0301.price"] == "节日" and "r.0304.price" not in fields


@pytest.mark.django_db
def test_blank_cells_of_the_file_leave_the_draft_and_changes_are_shown(desk: Clerks) -> None:
    blank = template(desk)
    client = desk.client()
    client.post(page("draft"), {"version": "0-0", "c.0301.price": "51.00", "c.0401.price": "25"})
    text = upload(desk, refilled(blank, {("0301", "c.price"): "52.00"})).content.decode()
    assert "51.00" in text and "52.00" in text
    import json

    fields = json.loads(ReturnDraft.objects.get(party=desk.region.sites["own"].firm).cells)
    assert fields["c.0401.price"] == "25" and fields["c.0301.price"] == "52.00"


@pytest.mark.django_db
def test_another_entry_unit_in_the_file_does_not_change_what_the_draft_meant(desk: Clerks) -> None:
    blank = template(desk)
    client = desk.client()
    client.post(page("draft"), {"version": "0-0", "c.0301.sales_qty": "300", "c.0301.price": "52"})
    keyed = {("0301", "c.price"): "26.00", ("0301", "u"): "斤"}
    upload(desk, refilled(blank, keyed))
    import json

    fields = json.loads(ReturnDraft.objects.get(party=desk.region.sites["own"].firm).cells)
    grid, unread = read_grid(get(FORM), fields)
    assert unread == []
    assert grid.cell(get(FORM), "0301", "price") == 5200
    assert grid.cell(get(FORM), "0301", "sales_qty") == 3000


@pytest.mark.django_db
def test_a_filed_return_is_corrected_by_upload_only_through_its_own_page(desk: Clerks) -> None:
    desk.file()
    data = template(desk)
    read = read_workbook(data, "t.xlsx", get(FORM))
    assert read.grid(get(FORM)).columns == usual_grid().columns
    text = upload(desk, refilled(data, {("0301", "c.price"): "53.00"})).content.decode()
    assert f"/returns/{FORM}/{PERIOD}/correct/" in text
    assert fields_of(get(FORM), usual_grid())["c.0301.price"] == "52.00"
    assert len(desk.matter().state().versions) == 1


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("data", "code"),
    [(b"", "SHEET-EMPTY"), (b"PK\x03\x04" + b"A" * 900, "SHEET-"), (b"a,b\n1,2\n", "NOT-TEMPLATE")],
)
def test_hostile_and_foreign_files_are_refused_calmly(desk: Clerks, data: bytes, code: str) -> None:
    answer = upload(desk, data, name="../../../etc/x<script>.xlsx")
    assert answer.status_code == 422 and code in answer.content.decode()
    assert "<script>." not in answer.content.decode()


@pytest.mark.django_db
def test_a_reviewer_and_a_firm_without_the_duty_get_no_template(desk: Clerks) -> None:
    assert desk.client("banner-reviewer-own").get(TEMPLATE).status_code == 403
    assert desk.client("banner-reviewer-own").post(UPLOAD).status_code == 403
    assert desk.client("clerk-neighbour").get(TEMPLATE).status_code == 409
    assert upload(desk, b"x", "clerk-neighbour").status_code == 409
