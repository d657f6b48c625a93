from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ortoo.kernel.forms import cells
from ortoo.kernel.forms.block import align
from ortoo.kernel.forms.definition import Nil
from ortoo.kernel.forms.tests.small import small_form

FORM = small_form()
EGGS = FORM.item("0201")
PRICE, SALES, QTY = FORM.measure("price"), FORM.measure("sales"), FORM.measure("qty")


@pytest.mark.parametrize(
    ("text", "measure", "unit", "value"),
    [
        ("12.5", PRICE, None, 1250),
        ("１２．５", PRICE, None, 1250),
        ("12.5元", PRICE, None, 1250),
        ("¥12.50", PRICE, None, 1250),
        ("12.5元/公斤", PRICE, None, 1250),
        ("2.98", PRICE, "斤", 596),
        ("2.98元/斤", PRICE, None, 596),
        ("168", PRICE, "箱", 747),
        ("1,234.5", QTY, None, 12345),
        ("1 234.5", QTY, None, 12345),
        ("3斤", QTY, None, 15),
        ("2", QTY, "箱", 450),
        ("0.5", SALES, "斤", 50),
        ("0.5万元", SALES, None, 50),
        (" 7.2\u00a0", PRICE, None, 720),
        ("7。2", PRICE, None, 720),
        ("7.20000", PRICE, None, 720),
        ("", PRICE, None, None),
        ("—", PRICE, None, None),
        ("断货", PRICE, None, Nil.OUT_OF_STOCK),
        ("缺货", PRICE, None, Nil.OUT_OF_STOCK),
        ("未经营", PRICE, None, Nil.NOT_CARRIED),
        ("季节无货", PRICE, None, Nil.OUT_OF_SEASON),
        ("0", QTY, None, 0),
        ("无", PRICE, None, Nil.NOT_CARRIED),
        ("无", QTY, None, 0),
        ("无货", PRICE, None, Nil.OUT_OF_STOCK),
    ],
)
def test_what_people_paste_is_understood(text, measure, unit, value):
    assert cells.parse(text, EGGS, measure, unit) == value


@pytest.mark.parametrize(
    ("text", "measure", "code"),
    [
        ("12%", PRICE, "CELL-PERCENT"),
        ("１２％", PRICE, "CELL-PERCENT"),
        ("=1+1", PRICE, "CELL-FORMULA"),
        ("＝1+1", PRICE, "CELL-FORMULA"),
        ("+7.2", PRICE, "CELL-FORMULA"),
        ("@SUM(1)", PRICE, "CELL-FORMULA"),
        ("#REF!", PRICE, "CELL-FORMULA"),
        ("NaN", PRICE, "CELL-NAN"),
        ("-Infinity", PRICE, "CELL-NAN"),
        ("5e3", PRICE, "CELL-EXPONENT"),
        ("1.234", PRICE, "CELL-DECIMALS"),
        ("-3", PRICE, "CELL-NEGATIVE"),
        ("−3", PRICE, "CELL-NEGATIVE"),
        ("4.5-7.5", PRICE, "CELL-RANGE"),
        ("4.5~7.5", PRICE, "CELL-RANGE"),
        ("5000元", SALES, "CELL-UNIT"),
        ("7元", QTY, "CELL-UNIT"),
        ("7元/桶", PRICE, "CELL-UNIT"),
        ("7公斤", PRICE, "CELL-UNIT"),
        ("1,23", PRICE, "CELL-TEXT"),
        ("1.2.3", PRICE, "CELL-TEXT"),
        ("约7", PRICE, "CELL-TEXT"),
        ("正常", PRICE, "CELL-TEXT"),
        ("٣", PRICE, "CELL-TEXT"),
        ("12 5", PRICE, "CELL-SPACE"),
        ("100000", PRICE, "CELL-DIGITS"),
        ("9" * 61, PRICE, "CELL-LONG"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_a_sentence(text, measure, code):
    with pytest.raises(cells.CellError) as caught:
        cells.parse(text, EGGS, measure)
    assert caught.value.code == code
    assert "；" in caught.value.message


def test_what_was_read_into_a_bare_none_is_said():
    assert cells.read("无", EGGS, PRICE).note == "“无”按“未经营”理解；卖完未到货请改选“断货”"


def test_a_conversion_is_shown_so_that_the_clerk_sees_it():
    assert cells.read("2.98", EGGS, PRICE, "斤").note == "折合 5.96元/公斤"
    assert cells.read("168", EGGS, PRICE, "箱").note == "折合 7.47元/公斤（四舍五入）"
    assert cells.read("12.50", EGGS, PRICE).note == ""


@given(st.integers(0, 9_999_999), st.sampled_from(["公斤", "斤", "箱"]))
def test_a_conversion_is_exact_to_the_half_unit(minor, unit):
    factor = EGGS.entry_unit(unit).factor
    exact = Fraction(minor) / factor
    if exact > PRICE.maximum:
        return
    value = cells.parse(PRICE.text(minor), EGGS, PRICE, unit)
    assert abs(Fraction(value) - exact) <= Fraction(1, 2)


@given(st.integers(0, 9_999_999))
def test_every_value_reads_back_as_it_is_shown(minor):
    assert cells.parse(PRICE.text(minor), EGGS, PRICE) == minor


@given(st.text(max_size=20))
def test_no_text_whatever_breaks_a_cell(text):
    try:
        value = cells.parse(text, EGGS, PRICE)
    except cells.CellError as error:
        assert error.code.startswith("CELL-")
    else:
        assert value is None or isinstance(value, Nil | int)


def test_a_spreadsheet_block_with_quotes_and_merged_groups_is_taken_apart():
    text = '粮食\t大米\t"5.80"\r\n\t面粉\t"5.1"\r\n蛋类\t"鸡\n蛋"\t7.2\r\n\r\n'
    assert cells.parse_block(text) == [
        ["粮食", "大米", "5.80"],
        ["", "面粉", "5.1"],
        ["蛋类", "鸡 蛋", "7.2"],
    ]


def test_commas_separate_unless_every_line_is_one_number():
    assert cells.parse_block("1,234\n12,345.5\n") == [["1,234"], ["12,345.5"]]
    assert cells.parse_block('大米,"1,234"\n面粉,5') == [["大米", "1,234"], ["面粉", "5"]]
    assert cells.parse_block("") == []


@given(st.text(max_size=60))
def test_every_block_is_a_rectangle(text):
    rows = cells.parse_block(text)
    assert len({len(row) for row in rows}) <= 1


def test_rows_with_names_go_to_their_items_whatever_their_order():
    rows = cells.parse_block(
        "商品\t单位\t本期平均零售价格\t销售额\n"
        "蛋类\t鸡蛋\t7.2\t0.5\n粮食\t\t\t\n\t白面\t5.1\t\n\t糯米\t9\t\n"
    )
    rows = [row for row in rows]
    placed, notes = align(FORM, rows, "0101", "price")
    found = {(p.item, p.measure): p.text for p in placed if p.text}
    assert found["0201", "price"] == "7.2"
    assert found["0102", "price"] == "5.1"
    assert notes == ["没有找到品种“糯米”，该行未粘贴"]


def test_a_block_without_names_is_laid_from_the_cell_it_is_pasted_in():
    placed, notes = align(FORM, [["5.1", "0.2"], ["7.2", "0.5"], ["9", "9"]], "0102", "price")
    assert [(p.item, p.measure, p.text) for p in placed] == [
        ("0102", "price", "5.1"),
        ("0102", "sales", "0.2"),
        ("0201", "price", "7.2"),
        ("0201", "sales", "0.5"),
    ]
    assert notes == ["粘贴内容多出 1 行，未粘贴"]
