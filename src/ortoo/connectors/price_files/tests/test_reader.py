"""Price files: everything in a file is a row or a reject, and the reject says why."""

from __future__ import annotations

import csv
import io
import os
import zipfile
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ortoo.connectors.price_files import UnreadableFile, market_months, profile_of, read
from ortoo.connectors.price_files.reject import REASONS
from ortoo.connectors.price_files.report import rejects_csv, summary_zh

TODAY = date(2021, 8, 1)
HEADER = "date,admin1,market,commodity,unit,pricetype,currency,price"
WFP = profile_of("wfp")
SHARED = Path(os.environ.get("ORTOO_SHARED") or Path(__file__).parents[6] / "shared")


def line(**changes: str) -> str:
    cells = {
        "date": "2021-07-15",
        "admin1": "Selenge",
        "market": "Selenge",
        "commodity": "Meat (mutton)",
        "unit": "KG",
        "pricetype": "actual",
        "currency": "MNT",
        "price": "12440.0",
    }
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerow({**cells, **changes}.values())
    return out.getvalue()[:-1]


def reading(*lines: str, encoding: str = "utf-8", today: date = TODAY):
    return read("\n".join([HEADER, *lines]).encode(encoding), WFP, today=today)


def test_a_price_is_kept_in_minor_units_of_its_currency_for_one_unit_of_the_item():
    (row,) = reading(line()).rows
    assert (row.item, row.price_minor, row.unit, row.currency) == ("F202", 1244000, "公斤", "MNT")
    assert (row.place, row.period, row.line) == ("MNG-SELENGE", "M2021-07", 2)


@pytest.mark.parametrize(
    ("unit", "price", "minor"),
    [
        ("500 G", "100", 20000),
        ("50 KG", "100", 200),
        ("3 KG", "100", 3333),
        ("0.5 KG", "0.01", 2),
        ("kg", "1,234.565", 123456),
        ("KG", "１２．５", 1250),
    ],
)
def test_the_unit_of_the_file_is_converted_exactly_and_rounded_half_to_even(unit, price, minor):
    (row,) = reading(line(unit=unit, price=price)).rows
    assert row.price_minor == minor


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"date": "2021-13-15"}, "DATE-BAD"),
        ({"date": "2021-02-30"}, "DATE-BAD"),
        ({"date": "七月"}, "DATE-BAD"),
        ({"date": "2021-08-02"}, "DATE-FUTURE"),
        ({"date": "1900-01-15"}, "DATE-EARLY"),
        ({"date": ""}, "EMPTY"),
        ({"price": ""}, "EMPTY"),
        ({"price": "NaN"}, "PRICE-NAN"),
        ({"price": "-inf"}, "PRICE-NAN"),
        ({"price": "#N/A"}, "PRICE-NAN"),
        ({"price": "0"}, "PRICE-NOT-POSITIVE"),
        ({"price": "0.001"}, "PRICE-NOT-POSITIVE"),
        ({"price": "-5"}, "PRICE-NOT-POSITIVE"),
        ({"price": "10000000"}, "PRICE-TOO-LARGE"),
        ({"price": "9" * 18}, "PRICE-TOO-LARGE"),
        ({"price": "9" * 400}, "PRICE-BAD"),
        ({"price": "1e3"}, "PRICE-BAD"),
        ({"price": "1,2,3"}, "PRICE-BAD"),
        ({"price": "十二"}, "PRICE-BAD"),
        ({"price": "=1+1"}, "FORMULA"),
        ({"market": "=HYPERLINK(1)"}, "FORMULA"),
        ({"commodity": "@SUM(A1)"}, "FORMULA"),
        ({"commodity": "Camel"}, "COMMODITY-UNKNOWN"),
        ({"unit": "Bundle"}, "UNIT-UNKNOWN"),
        ({"unit": "0 KG"}, "UNIT-UNKNOWN"),
        ({"unit": "L"}, "UNIT-MISMATCH"),
        ({"currency": "USD"}, "CURRENCY"),
        ({"pricetype": "forecast"}, "NOT-ACCEPTED"),
        ({"market": "x" * 501}, "CELL-TOO-LONG"),
        ({"market": "Sel\x00enge"}, "CONTROL-CHARACTER"),
    ],
)
def test_what_cannot_be_taken_is_refused_by_line_code_and_chinese_reason(changes, code):
    found = reading(line(date="2021-06-15"), line(**changes))
    (reject,) = found.rejects
    assert (reject.line, reject.code, len(found.rows)) == (3, code, 1)
    assert reject.reason.startswith(REASONS[code][0])
    assert any("\u4e00" <= c <= "\u9fff" for c in reject.reason + reject.remedy)
    assert f"第3行 {code}" in str(reject)


def test_the_second_of_two_equal_keys_is_refused_and_names_the_first():
    found = reading(line(), line(), line(price="1"))
    assert [(r.line, r.code) for r in found.rejects] == [(3, "DUPLICATE"), (4, "DUPLICATE")]
    assert "第2行，价格相同" in found.rejects[0].reason
    assert "第2行，价格不同" in found.rejects[1].reason


def test_two_dates_of_one_month_do_not_make_two_prices_of_one_item():
    found = reading(line(), line(date="2021-07-22"))
    assert [(r.line, r.code) for r in found.rejects] == [(3, "ITEM-TAKEN")]


def test_wrong_column_counts_blank_lines_and_tags_are_each_counted():
    found = reading(
        "#date,#adm1+name,#loc+market,#item+name,#item+unit,#item+type,#currency,#value",
        "",
        "2021-07-15,Selenge",
        line() + ",extra",
        line(),
    )
    assert [r.code for r in found.rejects] == [
        "TAG-ROW",
        "BLANK-LINE",
        "COLUMN-COUNT",
        "COLUMN-COUNT",
    ]
    assert found.total == 5 and len(found.rows) == 1


def test_a_stray_quote_costs_its_own_line_and_not_those_after_it():
    months = [line(date=f"2020-{m:02}-15") for m in range(1, 13)]
    found = reading(*months[:3], '2020-01-15,"Selenge,Selenge,Rice,KG,actual,MNT,1', *months[3:])
    assert [(r.line, r.code) for r in found.rejects] == [(5, "QUOTE")]
    assert len(found.rows) == 12


def test_a_quoted_line_break_within_a_record_is_one_record():
    found = reading(line(admin1="Sel\nenge"), line(date="2021-06-15"))
    assert found.total == 2
    assert [r.code for r in found.rejects] == ["CONTROL-CHARACTER"]


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"], ids=lambda text: text
)
def test_the_encodings_in_use_are_recognised(encoding):
    found = reading(line(admin1="色楞格省"), encoding=encoding)
    assert found.rows[0].region == "色楞格省"


def test_one_damaged_line_is_refused_and_does_not_turn_the_others_into_gibberish():
    good = [line(admin1="色楞格省", date=f"2020-{m:02}-15").encode() for m in (1, 2, 3)]
    data = b"\n".join([HEADER.encode(), *good, line(admin1="X").encode().replace(b"X", b"\xff")])
    found = read(data, WFP, today=TODAY)
    assert [(r.line, r.code) for r in found.rejects] == [(5, "ENCODING")]
    assert {row.region for row in found.rows} == {"色楞格省"}


def test_semicolons_tabs_and_trailing_separators_are_understood():
    for mark in (";", "\t"):
        text = "\n".join(text.replace(",", mark) + mark for text in (HEADER, line()))
        assert len(read(text.encode(), WFP, today=TODAY).rows) == 1


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "FILE-EMPTY"),
        (b"\n\n \n", "FILE-EMPTY"),
        (b"\xff\xd8\xff\xe0 picture", "HEADER-MISSING"),
        (b"date,market\n", "HEADER-MISSING"),
        (HEADER.replace("admin1", "date").encode(), "HEADER-DUPLICATE"),
        (b"PK\x03\x04 not a workbook", "WORKBOOK-BROKEN"),
        (b"\xd0\xcf\x11\xe0 an old workbook", "WORKBOOK-OLD"),
        (b"x" * (64 * 1024 * 1024 + 1), "FILE-TOO-LARGE"),
    ],
)
def test_a_file_without_a_usable_header_says_so_as_a_whole(data, code):
    with pytest.raises(UnreadableFile) as caught:
        read(data, WFP, today=TODAY)
    assert caught.value.code == code
    assert caught.value.remedy


def workbook(*rows: list[object]) -> bytes:
    import xlsxwriter

    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True, "strings_to_formulas": False}) as book:
        sheet = book.add_worksheet("prices")
        form = book.add_format({"num_format": "yyyy-mm-dd"})
        for r, row in enumerate(rows):
            for c, cell in enumerate(row):
                if isinstance(cell, date):
                    sheet.write_datetime(r, c, cell, form)
                else:
                    sheet.write(r, c, cell)
        book.add_worksheet("notes").write(0, 0, "kept apart")
    return out.getvalue()


def test_a_workbook_reads_like_the_csv_it_came_from():
    cells = ["Selenge", "Selenge", "Meat (mutton)", "KG", "actual", "MNT"]
    found = read(
        workbook(
            [*HEADER.split(",")],
            [date(2021, 7, 15), *cells, 12440],
            [date(2021, 6, 15), *cells, 0.1],
            ["", "", "", "", "", "", "", ""],
            [date(2021, 5, 15), *cells, 1, "", "beyond the header"],
            [date(2021, 4, 15), *cells[:-1], "=1+1", 5],
        ),
        WFP,
        today=TODAY,
    )
    assert [row.price_minor for row in found.rows] == [1244000, 10]
    assert [(r.line, r.code) for r in found.rejects] == [
        (4, "BLANK-LINE"),
        (5, "COLUMN-COUNT"),
        (6, "FORMULA"),
    ]
    assert found.encoding == "xlsx" and "notes" in found.notes[0]


def test_a_small_workbook_with_one_far_cell_is_refused_before_it_is_opened():
    whole = io.BytesIO(workbook([*HEADER.split(",")]))
    far = io.BytesIO()
    with zipfile.ZipFile(whole) as source, zipfile.ZipFile(far, "w") as target:
        for part in source.namelist():
            content = source.read(part)
            if part == "xl/worksheets/sheet1.xml":
                content = content.replace(b'r="H1"', b'r="XFD1048576"')
            target.writestr(part, content)
    with pytest.raises(UnreadableFile) as caught:
        read(far.getvalue(), WFP, today=TODAY)
    assert caught.value.code == "WORKBOOK-TOO-LARGE"


def test_months_hold_every_row_once():
    found = reading(line(), line(commodity="Rice"), line(market="Dornod"), line(date="2021-06-15"))
    months = market_months(found)
    assert [(m.place, m.period, len(m.prices)) for m in months] == [
        ("MNG-DORNOD", "M2021-07", 1),
        ("MNG-SELENGE", "M2021-06", 1),
        ("MNG-SELENGE", "M2021-07", 2),
    ]
    assert sorted(n for m in months for n in m.lines) == [row.line for row in found.rows]


def test_a_market_that_is_not_listed_gets_a_code_or_is_refused_as_the_profile_says():
    assert reading(line(market="Ömnögovi")).rows[0].place == "MNG-OMNOGOVI"
    strict = replace(WFP, derive_places=False)
    data = f"{HEADER}\n{line(market='Khovd')}".encode()
    assert [r.code for r in read(data, strict, today=TODAY).rejects] == ["PLACE-UNKNOWN"]


def test_market_names_never_fall_together_unseen():
    names = ["A-1", "A 1", "Дархан", "A-market-with-a-very-long-name"]
    found = reading(*(line(market=name) for name in names))
    assert [row.place for row in found.rows] == ["MNG-A-1"]
    assert [(r.line, r.code) for r in found.rejects] == [
        (3, "PLACE-AMBIGUOUS"),
        (4, "PLACE-UNKNOWN"),
        (5, "PLACE-UNKNOWN"),
    ]
    named = replace(WFP, places={"дархан": "MNG-DARKHAN"})
    data = f"{HEADER}\n{line(market='Дархан')}".encode()
    assert [row.place for row in read(data, named, today=TODAY).rows] == ["MNG-DARKHAN"]


def test_the_markets_of_the_published_file_are_places_of_the_foreign_pack():
    from ortoo.kernel.places.load import load

    pack = load("foreign")
    for market in ("Ulaanbaatar", "Uvurkhangai", "Bayan-Ulgii", "Selenge", "Dornod"):
        assert reading(line(market=market)).rows[0].place in pack


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=400))
def test_whatever_bytes_follow_the_header_every_record_is_a_row_or_a_reject(tail):
    data = f"{HEADER}\n{line()}\n".encode() + tail
    try:
        found = read(data, WFP, today=TODAY)
    except UnreadableFile:
        return
    assert found.total == len(found.rows) + len(found.rejects)
    assert sum(found.counts.values()) == len(found.rejects)
    summary_zh(found), rejects_csv(found).encode()


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from(['"', "a", ",", "\n", '""', line()]), max_size=60))
def test_quotes_anywhere_never_make_a_physical_line_disappear(pieces):
    body = "".join(pieces)
    found = read(f"{HEADER}\n{body}\n#end\n".encode(), WFP, today=TODAY)
    assert max(r.line for r in (*found.rows, *found.rejects)) <= body.count("\n") + 3
    taken = [r.line for r in (*found.rows, *found.rejects)]
    assert len(taken) == len(set(taken))


def test_the_list_of_rejects_cannot_carry_a_formula_into_a_spreadsheet():
    found = reading(line(market='=cmd|"/c calc"!A1'))
    (row,) = list(csv.reader(io.StringIO(rejects_csv(found))))[1:]
    assert row[3].startswith("'=")


def test_the_summary_adds_up_and_names_what_was_not_used():
    text = summary_zh(reading(line(), "", line(commodity="Camel")))
    assert "共 3 条记录，接收 1 条，未接收 2 条" in text
    assert "退回 1 条 COMMODITY-UNKNOWN" in text and "略过 1 条 BLANK-LINE" in text


def test_the_published_file_reads_without_a_reject():
    path = SHARED / "data" / "market" / "wfp_food_prices_mongolia_2007_2021.csv"
    if not path.exists():
        pytest.skip(f"{path} is not here (set ORTOO_SHARED)")
    found = read(path.read_bytes(), WFP, today=date(2026, 11, 20))
    assert (found.total, len(found.rows), found.rejects) == (3005, 3005, ())
    assert len(market_months(found)) == len({(r.place, r.period) for r in found.rows})
    first = found.rows[0]
    assert (first.line, first.item, first.price_minor) == (2, "F101", 69033)
