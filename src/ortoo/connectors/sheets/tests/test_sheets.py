from __future__ import annotations

import datetime
import io
import re
import time
import zipfile

import pytest
import xlsxwriter
from hypothesis import given, settings
from hypothesis import strategies as st

from ortoo.connectors.sheets import Limits, SheetError, read_sheets
from ortoo.connectors.sheets.sheet import cell_text


def workbook(write) -> bytes:
    target = io.BytesIO()
    book = xlsxwriter.Workbook(target, {"in_memory": True})
    write(book)
    book.close()
    return target.getvalue()


def one(data: bytes, name: str = "till.csv") -> list[list[str]]:
    sheets = read_sheets(data, name)
    assert len(sheets) == 1
    return sheets[0].rows


def code_of(data: bytes, name: str = "x", limits: Limits | None = None) -> str:
    with pytest.raises(SheetError) as caught:
        read_sheets(data, name, limits=limits)
    assert caught.value.message and caught.value.remedy
    return caught.value.code


CSV = "货号,品名,金额\n0012,富强粉,12.50\n"
READ = [["货号", "品名", "金额"], ["0012", "富强粉", "12.50"]]


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16", "utf-16-le", "utf-16-be"]
)
def test_a_csv_is_read_in_every_encoding_a_till_writes(encoding: str) -> None:
    more = "".join(f"{n},abc,1.0\n" for n in range(9))
    assert one((CSV + more).encode(encoding))[:2] == READ


@pytest.mark.parametrize("sign", [",", "\t", ";", "|"])
def test_the_delimiter_is_found_from_the_rows(sign: str) -> None:
    assert one(CSV.replace(",", sign).encode()) == READ


def test_a_comma_inside_names_does_not_beat_the_tab_between_cells() -> None:
    text = "品名\t金额\n米,五常,5kg\t88\n面\t12\n油,大豆,5L\t60\n"
    assert one(text.encode())[1] == ["米,五常,5kg", "88"]


def test_one_damaged_line_does_not_turn_the_others_into_gibberish() -> None:
    lines = [f"{n},富强粉,1".encode() for n in range(200)]
    lines[7] = b"7,\xb8\xbb\xff,1"
    rows = one(b"\n".join(lines))
    assert rows[6][1] == rows[8][1] == "富强粉" and "\ufffd" in rows[7][1]


def test_a_stray_quote_costs_no_line_but_its_own() -> None:
    lines = ["品名,金额", '5" 蛋糕,3', '"牛肉,4'] + [f"货{n},{n}" for n in range(30)]
    rows = one("\n".join(lines).encode())
    assert len(rows) == 33 and rows[32] == ["货29", "29"]


def test_a_quoted_cell_may_run_over_lines_and_later_rows_keep_their_line_number() -> None:
    rows = one(b'a,b\n"x\ny",1\nz,2\n')
    assert rows[1] == ["x\ny", "1"] and rows[3] == ["z", "2"]


def test_a_code_written_as_a_formula_to_keep_its_zeros_is_its_text() -> None:
    assert one(b'code,n\n="00123",1\n')[1] == ["00123", "1"]


def test_a_workbook_gives_exact_numbers_iso_dates_and_text_as_it_stands() -> None:
    def write(book) -> None:
        sheet = book.add_worksheet("周")
        day = book.add_format({"num_format": "yyyy-mm-dd"})
        hour = book.add_format({"num_format": "yyyy-mm-dd hh:mm"})
        sheet.write_row(0, 0, [12.5, 0.0000001, 1e16, 6901234567890, "0012", "１２．５元", True])
        sheet.write_datetime(1, 0, datetime.date(2026, 11, 14), day)
        sheet.write_datetime(1, 1, datetime.datetime(2026, 11, 14, 8, 30), hour)  # noqa: DTZ001
        sheet.write(1, 2, "\u3000 富强粉\u00a0\t")

    rows = one(workbook(write), "a.xlsx")
    assert rows[0] == [
        "12.5", "0.0000001", "10000000000000000", "6901234567890", "0012", "１２．５元", "TRUE",
    ]  # fmt: skip
    assert rows[1][:3] == ["2026-11-14", "2026-11-14T08:30:00", "富强粉"]


def test_a_formula_is_its_stored_value_and_an_error_is_empty() -> None:
    def write(book) -> None:
        sheet = book.add_worksheet()
        sheet.write_formula(0, 0, "=1+1", None, 7)
        sheet.write_formula(0, 1, "=1/0", None, "#DIV/0!")
        sheet.write(0, 2, "end")

    assert one(workbook(write)) == [["7", "", "end"]]


def test_of_merged_cells_the_first_carries_the_value() -> None:
    def write(book) -> None:
        sheet = book.add_worksheet()
        sheet.merge_range(0, 0, 0, 2, "销售周报")
        sheet.write_row(2, 0, ["品名", "数量", "金额"])

    assert one(workbook(write)) == [["销售周报", "", ""], ["", "", ""], ["品名", "数量", "金额"]]


def test_blank_sheets_are_left_out_and_a_hidden_one_says_so() -> None:
    def write(book) -> None:
        book.add_worksheet("空")
        book.add_worksheet("数").write(3, 2, "x")
        hidden = book.add_worksheet("藏")
        hidden.write(0, 0, "y")
        hidden.hide()

    sheets = read_sheets(workbook(write), "a.xlsx")
    assert [(s.name, s.hidden) for s in sheets] == [("数", False), ("藏", True)]
    assert sheets[0].rows[3] == ["", "", "x"]


def test_a_web_page_named_xls_is_read_by_its_table() -> None:
    page = (
        '<html><meta charset="gb2312"><script>x("<td>")</script><table>'
        "<tr><th colspan=2>周报<tr><td>富强粉&nbsp;<td>12.5</tr></table>"
    )
    assert one(page.encode("gb18030"), "till.xls") == [["周报", ""], ["富强粉", "12.5"]]


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "SHEET-EMPTY"),
        (b"\r\n , ,\n\t", "SHEET-EMPTY"),
        (b"a\xef\xbb\xbf"[1:] + b"\n", "SHEET-EMPTY"),
        (b"%PDF-1.7 ...", "SHEET-WRONG-KIND"),
        (b"\x89PNG\r\n\x1a\n", "SHEET-WRONG-KIND"),
        (b"PK\x03\x04broken", "SHEET-BROKEN"),
        (b"\xd0\xcf\x11\xe0" + b"\0" * 600, "SHEET-BROKEN"),
        (bytes(range(256)) * 40, "SHEET-ENCODING"),
    ],
)
def test_what_is_no_table_is_refused_by_its_code(data: bytes, code: str) -> None:
    assert code_of(data) == code


def zipped(parts: dict[str, bytes]) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in parts.items():
            packed.writestr(name, content)
    return target.getvalue()


def test_an_archive_that_is_no_workbook_is_refused() -> None:
    assert code_of(zipped({"word/document.xml": b"<w/>"})) == "SHEET-WRONG-KIND"


def test_a_zip_bomb_is_refused_before_it_is_unpacked() -> None:
    bomb = zipped({"xl/workbook.xml": b"<w/>", "xl/worksheets/sheet1.xml": b"0" * (260 << 20)})
    assert len(bomb) < 1 << 20
    assert code_of(bomb) == "SHEET-TOO-LARGE"


def test_a_small_workbook_that_spans_the_whole_sheet_is_refused_and_we_live() -> None:
    def write(book) -> None:
        sheet = book.add_worksheet()
        sheet.write(0, 0, 1)
        sheet.write(1_048_575, 16_383, 1)

    assert code_of(workbook(write)) == "SHEET-TOO-LARGE"


def test_a_file_past_the_limits_names_the_limit() -> None:
    assert code_of(b"a,b\n" * 60, limits=Limits(bytes=100)) == "SHEET-TOO-LARGE"
    assert code_of(b"a,b\n" * 60, limits=Limits(rows=59)) == "SHEET-TOO-LARGE"
    assert code_of(b"a,b,c\n" * 3, limits=Limits(columns=2)) == "SHEET-TOO-LARGE"
    assert code_of(b"a,b,c\n" * 9, limits=Limits(cells=20)) == "SHEET-TOO-LARGE"
    assert code_of(b"a," + b"x" * 40_000 + b"\n") == "SHEET-TOO-LARGE"
    assert len(read_sheets(b"a,b\n" * 60, "x", limits=Limits(rows=60))[0].rows) == 60


def test_a_workbook_with_more_sheets_or_rows_than_the_limits_is_refused() -> None:
    def write(book) -> None:
        for n in range(3):
            book.add_worksheet(str(n)).write(30, 0, "x")

    assert code_of(workbook(write), limits=Limits(sheets=2)) == "SHEET-TOO-LARGE"
    assert code_of(workbook(write), limits=Limits(rows=20)) == "SHEET-TOO-LARGE"


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_number_survives_its_text(value: float) -> None:
    text = cell_text(value)
    assert float(text) == value and re.fullmatch(r"-?\d+(\.\d+)?", text)


@settings(max_examples=300)
@given(st.binary(max_size=300).filter(lambda b: not b.startswith((b"PK", b"\xd0\xcf"))))
def test_any_bytes_give_sheets_of_one_width_or_a_coded_fault(data: bytes) -> None:
    try:
        sheets = read_sheets(data, "x.csv")
    except SheetError as error:
        assert error.code.startswith("SHEET-")
        return
    assert all(len({len(row) for row in sheet.rows}) == 1 for sheet in sheets)


def test_an_export_of_eight_thousand_rows_is_read_whole(capsys: pytest.CaptureFixture) -> None:
    def write(book) -> None:
        sheet = book.add_worksheet()
        for n in range(8_000):
            sheet.write_row(n, 0, [f"69{n:011d}", f"货品{n}", "500g", "袋", n / 4, n / 8, n])

    data = workbook(write)
    began = time.process_time()
    rows = one(data, "a.xlsx")
    with capsys.disabled():
        print(f"\n[sheets] 8,000 rows of xlsx: {time.process_time() - began:.2f} s CPU here")
    assert len(rows) == 8_000 and rows[7_999][1] == "货品7999" and rows[5][4] == "1.25"
