"""The block that is pasted, the export that is read, and the two compared."""

from __future__ import annotations

import io
import random
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ortoo.connectors.sheets import read_sheets
from ortoo.connectors.unified_platform import (
    MappingError,
    Statement,
    block_of,
    compare,
    mappings,
    paste_text,
    read_export,
    write_block,
)
from ortoo.connectors.unified_platform.block import converted
from ortoo.connectors.unified_platform.exported import of_firm, value_of
from ortoo.connectors.unified_platform.mapping import PlatformColumn, load, uncovered
from ortoo.kernel.forms.body import GridBody
from ortoo.kernel.forms.definition import FormError, Nil
from ortoo.kernel.forms.registry import get

FORM = get("SCJC-W1")
OWN = mappings()["SCJC-W1"]
PRICE = 'form = "SCJC-W1"\n[[rows]]\nname="a"\n[[columns]]\nmeasure="price"\ntitle="p"\n'


def grid(seed: int = 1) -> GridBody:
    rng = random.Random(seed)
    columns = {m.code: tuple(rng.randint(100, 90_000) for _ in FORM.leaves) for m in FORM.measures}
    columns["price"] = (Nil.OUT_OF_STOCK, None, *columns["price"][2:])
    return GridBody(columns)


def test_every_shipped_mapping_fits_its_form_covers_it_and_says_that_its_order_is_unverified() -> (
    None
):
    for code, mapping in mappings().items():
        try:
            form = get(code)
        except FormError:
            pytest.fail(f"{mapping.source} speaks of {code}, which is not shipped")
        assert block_of(form, GridBody({m.code: (None,) * len(form.leaves)
                                        for m in form.measures}), mapping)  # fmt: skip
        assert uncovered(mapping, form) == []
        assert mapping.verified is False and "未与统一平台页面核对" in mapping.note


def test_the_block_follows_the_mapping_and_blanks_what_has_no_figure() -> None:
    one = grid()
    block = block_of(FORM, one, OWN)
    assert len(block) == len(OWN.rows) and {len(row) for row in block} == {len(OWN.columns)}
    assert block[0][0] == "" and block[1][0] == ""
    third = one.cell(FORM, OWN.rows[2].item, "price")
    assert isinstance(third, int) and block[2][0] == FORM.measure("price").text(third)
    assert paste_text(block).count("\n") == len(block) - 1


def test_a_bureaus_own_file_takes_the_place_of_the_shipped_one(tmp_path: Path) -> None:
    (tmp_path / "own.toml").write_text(
        'form = "SCJC-W1"\nverified = true\nnil = "0"\n'
        '[[columns]]\nmeasure = "sales_qty"\ntitle = "销量"\nunit = "吨"\n'
        'factor = "1000"\ndecimals = 3\n'
        '[[rows]]\nitem = "0304"\nname = "鲜羊腿"\nnumber = "A12"\n[[rows]]\nname = "其他"\n',
        encoding="utf-8",
    )
    own = mappings([tmp_path])["SCJC-W1"]
    assert own.verified and len(own.rows) == 2
    one = grid()
    tons = Fraction(int(one.cell(FORM, "0304", "sales_qty") or 0), 10 * 1000)
    assert abs(Fraction(block_of(FORM, one, own)[0][0]) - tons) <= Fraction(1, 2000)
    assert block_of(FORM, one, own)[1] == [""]
    assert len(uncovered(own, FORM)) == len(FORM.leaves) - 1


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("not toml [", "MAPPING-TOML"),
        ('title = "x"', "MAPPING-FORM"),
        ('form = "../../etc"', "MAPPING-FORM"),
        ('form = "SCJC-W1"', "MAPPING-EMPTY"),
        (f'{PRICE}factor="0"',
         "MAPPING-FACTOR"),
        (f"{PRICE}decimals=99",
         "MAPPING-DECIMALS"),
        ('form = "SCJC-W1"\n[[rows]]\nitem="0301"\nname="a"\n[[rows]]\nitem="0301"\nname="b"\n'
         '[[columns]]\nmeasure="price"\ntitle="p"', "MAPPING-TWICE"),
    ],
)  # fmt: skip
def test_a_bad_mapping_file_is_refused_by_name(tmp_path: Path, text: str, code: str) -> None:
    (tmp_path / "bad.toml").write_text(text, encoding="utf-8")
    with pytest.raises(MappingError) as refused:
        load(tmp_path / "bad.toml")
    assert refused.value.code == code and "bad.toml" in str(refused.value)


def test_a_mapping_of_rows_the_form_does_not_have_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.toml").write_text(
        'form="SCJC-W1"\n[[rows]]\nitem="9999"\nname="a"\n[[columns]]\nmeasure="price"\ntitle="p"',
        encoding="utf-8",
    )
    with pytest.raises(MappingError, match="MAPPING-UNKNOWN"):
        block_of(FORM, grid(), load(tmp_path / "x.toml"))


@settings(deadline=None)
@given(minor=st.integers(0, 10**8), factor=st.sampled_from(["1", "1000", "1/2", "0.5"]))
def test_a_figure_sent_out_with_enough_decimals_comes_back_the_same(minor: int, factor: str) -> (
    None
):  # fmt: skip
    measure = FORM.measure("sales_qty")
    column = PlatformColumn("sales_qty", "销量", factor=Fraction(factor), decimals=6)
    assert value_of(converted(minor, measure, column), measure, column) == minor


def test_the_written_file_reads_back_as_one_firms_export() -> None:
    one = grid(4)
    data = write_block(FORM, one, OWN, ["顺序待核"])
    exported = read_export(data, "导出.xlsx", FORM, OWN)
    assert exported.refused == () and exported.unknown == ()
    found = {(row.item, row.measure): row.value for row in of_firm(exported, "X", "Y")}
    expected = {
        (item.code, m.code): cell
        for m in FORM.measures
        for item, cell in zip(FORM.leaves, one.columns[m.code], strict=True)
        if isinstance(cell, int)
    }
    assert found == expected


def xlsx(rows: list[list[str]], name: str = "导出") -> bytes:
    import xlsxwriter

    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True, "strings_to_formulas": False}) as book:
        page = book.add_worksheet(name)
        for line, row in enumerate(rows):
            for column, text in enumerate(row):
                page.write_string(line, column, text)
    return out.getvalue()


LONG = [
    ["生活必需品周报查询结果"],
    ["序号", "统一社会信用代码", "企业名称", "商品名称", "零售价格（元/公斤）", "销售额(万元)"],
    ["1", "CODE1", "甲店", "白条鸡", "27.00", "1.2"],
    ["2", "CODE1", "甲店", "鸡蛋", "7.２0", "约3"],
    ["3", "CODE2", "乙店", "鸡蛋", "7.4", ""],
    ["4", "CODE2", "乙店", "火龙果", "12.0", ""],
]


def test_a_bureaus_export_of_many_firms_is_read_by_its_heads() -> None:
    exported = read_export(xlsx(LONG), "x.xlsx", FORM, OWN)
    assert exported.firms == ("CODE1", "CODE2")
    assert [(r.code, r.item, r.measure, r.value) for r in exported.rows] == [
        ("CODE1", "0401", "price", 2700),
        ("CODE1", "0401", "sales", 120),
        ("CODE1", "0501", "price", 720),
        ("CODE2", "0501", "price", 740),
    ]
    assert exported.unknown == ("火龙果",)
    assert [(line, code) for _, line, code, _ in exported.refused] == [(4, "PLATFORM-CELL")]


def test_blocks_of_goods_under_a_line_that_names_the_firm_are_read_too() -> None:
    rows = [
        ["企业名称：甲店（91150000YY0002010X）", "", "报告期：2026-11-14"],
        ["商品名称", "本期价格"], ["鸡蛋", "7.2"],
        ["企业名称：乙店"], ["商品名称", "本期价格"], ["鸡蛋", "7.4"],
    ]  # fmt: skip
    exported = read_export(xlsx(rows), "x.xlsx", FORM, OWN)
    assert [(r.firm, r.code, r.value) for r in exported.rows] == [
        ("甲店", "91150000YY0002010X", 720), ("乙店", "", 740),
    ]  # fmt: skip
    assert [r.value for r in of_firm(exported, "ANY", "乙店")] == [740]


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "SHEET-EMPTY"),
        (b"PK\x03\x04", "SHEET-"),
        ("一段话\n没有表头\n".encode(), "PLATFORM-HEAD"),
        (b"\xff\xd8\xff", "SHEET-WRONG-KIND"),
    ],
)
def test_what_is_no_export_is_refused_with_a_code(data: bytes, code: str) -> None:
    with pytest.raises(MappingError) as refused:
        read_export(data, "x", FORM, OWN)
    assert refused.value.code.startswith(code)


@pytest.mark.parametrize(
    "text", ["-1", "NaN", "1e9", "=1+1", "99999999999999", "１２３４５６７８９０１"]
)
def test_a_figure_that_cannot_be_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"数值|最大值"):
        value_of(text, FORM.measure("price"), OWN.columns[0])


def test_equal_different_and_missing_cells_are_told_apart_and_counted() -> None:
    here = {("0301", "price"): 2600, ("0302", "price"): 2400, ("0303", "price"): 7000}
    there = {("0301", "price"): 2600, ("0302", "price"): 2500, ("0304", "price"): 7200}
    order = [(item.code, "price") for item in FORM.leaves]
    found = compare("X", here, there, order)
    assert [one.verdict for one in found.statements] == [
        "equal", "different", "only_here", "only_there",
    ]  # fmt: skip
    assert found.count("different") == 1 and len(found.differing) == 3
    assert found.statements[1] == Statement("0302", "price", 2400, 2500)


def test_names_beside_the_block_are_written_as_text() -> None:
    rows = read_sheets(write_block(FORM, grid(), OWN, ["=1+1"]), "x.xlsx")[0].rows
    assert rows[0][0] == "=1+1"
