"""Old tables of bureaus: every layout, week label and basis that was seen, and what is refused."""

from __future__ import annotations

import datetime as dt
import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ortoo.connectors.sheets import Sheet
from ortoo.domains.market.history_names import Names, flat
from ortoo.domains.market.history_reading import Options, Reading, read_history
from ortoo.domains.market.history_weeks import WeekError, read_week
from ortoo.kernel.forms.definition import Nil
from ortoo.kernel.forms.periods import week
from ortoo.kernel.forms.registry import get

FORM = get("HISTORY-W1")
NAMES = Names(FORM)
PLACES = {"锡林郭勒": "152500", "锡林郭勒盟": "152500", "兴安盟": "152200"}


def reading(*sheets: Sheet, **options: Any) -> Reading:
    names = options.pop("names", NAMES)
    return read_history(sheets, names, Options("152500", **options), PLACES)


def sheet(rows: list[list[str]], name: str = "Sheet1") -> Sheet:
    width = max(map(len, rows))
    return Sheet(name, [[*row, *[""] * (width - len(row))] for row in rows])


def values(found: Reading) -> dict[tuple[str, str, str], Any]:
    return {
        (period.code, item, measure): quote.value
        for (_, period), cells in found.weeks.items()
        for (item, measure), quote in cells.items()
    }


@pytest.mark.parametrize(
    ("label", "year", "code"),
    [
        ("2023年3月6日—3月12日", None, "W2023-03-06"),
        ("3月6日-12日", 2023, "W2023-03-06"),
        ("3.6-3.12", 2023, "W2023-03-06"),
        ("2023.3.6—2023.3.12", None, "W2023-03-06"),
        ("2023-03-06 至 2023-03-12", None, "W2023-03-06"),
        ("第10周（3月6日至12日）", 2023, "W2023-03-06"),
        ("２０２３年第１０周", None, "W2023-03-06"),
        ("第十周", 2023, "W2023-03-06"),
        ("第二十一周", 2023, "W2023-05-22"),
        ("10周", 2023, "W2023-03-06"),
        ("2023年3月第2周", None, "W2023-03-06"),
        ("3月第二周", 2023, "W2023-03-06"),
        ("2023-03-08", None, "W2023-03-06"),
        ("2023/3/12", None, "W2023-03-06"),
        ("12月30日—1月5日", 2024, "W2024-12-30"),
        ("2025年第1周（12月30日—1月5日）", None, "W2024-12-30"),
        ("2026年1月10日至16日", None, "W2026-01-10"),
        ("2026年第3周", None, "W2026-01-10"),
    ],
)
def test_week_labels_as_bureaus_write_them(label: str, year: int | None, code: str) -> None:
    found = read_week(label, FORM, year=year, start="form")
    assert found is not None and found.period.code == code


@pytest.mark.parametrize("text", ["", "猪肉", "26.5", "价格", "元/公斤", "1200", "合计", "旗县"])
def test_other_texts_are_no_weeks(text: str) -> None:
    assert read_week(text, FORM, year=2023, start="form") is None


@pytest.mark.parametrize(
    ("label", "year", "code"),
    [
        ("3月6日—20日", 2023, "WEEK-SPAN"),
        ("第10周", None, "WEEK-YEAR"),
        ("2023年13月6日—13月12日", None, "WEEK-DATE"),
        ("第0周", 2023, "WEEK-DATE"),
        ("第60周", 2023, "WEEK-DATE"),
    ],
)
def test_weeks_that_cannot_be_are_refused_with_a_code(
    label: str, year: int | None, code: str
) -> None:
    with pytest.raises(WeekError) as refused:
        read_week(label, FORM, year=year, start="form")
    assert refused.value.code == code


@given(
    st.dates(dt.date(2015, 1, 5), dt.date(2030, 12, 31)), st.sampled_from(["monday", "saturday"])
)
def test_a_week_is_found_again_by_its_own_label_and_number(day: dt.date, start: Any) -> None:
    weekday = 0 if start == "monday" else 5
    span = week(day - dt.timedelta(days=(day.weekday() - weekday) % 7))
    year, number = span.number
    by_number = read_week(f"{year}年第{number}周", FORM, year=None, start=start)
    by_span = read_week(span.label_zh, FORM, year=None, start=start)
    assert by_number is not None and by_number.period == span
    assert by_span is not None and by_span.period == span


ACROSS = sheet(
    [
        ["锡林郭勒盟生活必需品价格监测表"],
        ["品种", "规格", "2022年", "", "2023年", ""],
        ["", "", "第51周", "第52周", "第1周", "第2周"],
        ["一、肉类"],
        ["1、猪肉(精瘦肉)", "精瘦", "26.00", "26.5元", "27", ""],
        ["羊肉（元/公斤）", "腿肉", "72", "72.00", "73.333333", "断货"],
        ["火龙果", "", "12", "12", "12", "12"],
    ]
)


def test_weeks_across_under_merged_years() -> None:
    found = reading(ACROSS)
    assert values(found) == {
        ("W2022-12-19", "0301", "price"): 2600, ("W2022-12-26", "0301", "price"): 2650,
        ("W2023-01-02", "0301", "price"): 2700, ("W2022-12-19", "0304", "price"): 7200,
        ("W2022-12-26", "0304", "price"): 7200, ("W2023-01-02", "0304", "price"): 7333,
        ("W2023-01-09", "0304", "price"): Nil.OUT_OF_STOCK,
    }  # fmt: skip
    assert found.unknown == {"火龙果": 4} and found.rounded == 1
    assert found.sheets == [("Sheet1", "品种在左、各周在上", 7)]


def test_two_columns_a_week_and_columns_of_change_left_out() -> None:
    rows = [
        ["品种", "3.6-3.12", "", "", "3.13-3.19", "", ""],
        ["", "均价", "销售额", "环比%", "均价", "销售额", "环比%"],
        ["鸡蛋", "9.8", "12.5", "1.2", "9.9", "13", "1.0"],
        ["白条鸡", "24", "3", "0", "24", "3", "0"],
    ]
    found = values(reading(sheet(rows, "2023年")))
    assert found["W2023-03-06", "0501", "sales"] == 1250
    assert found["W2023-03-13", "0501", "price"] == 990
    assert len(found) == 8


def test_weeks_down_with_a_merged_year_column() -> None:
    rows = [
        ["年份", "周次", "粮食", "", "肉类", ""],
        ["", "", "大米", "面粉", "牛肉", "羊肉"],
        ["2023", "第51周", "6.4", "5.1", "70", "72"],
        ["", "第52周", "6.4", "5.1", "70", "72"],
        ["2024", "第1周", "6.5", "5.2", "71", "73"],
        ["合计", "", "19.3", "", "", ""],
    ]
    found = values(reading(sheet(rows)))
    assert len(found) == 12
    assert found["W2023-12-18", "0101", "price"] == 640
    assert found["W2024-01-01", "0304", "price"] == 7300


def test_a_table_without_years_runs_on_across_new_year() -> None:
    rows = [["周", "鸡蛋", "牛肉"]]
    rows += [[f"第{n}周", "9", "70"] for n in (51, 52, 1, 2)]
    found = reading(sheet(rows, "2022年度"))
    assert [p.code for _, p in found.weeks] == [
        "W2022-12-19", "W2022-12-26", "W2023-01-02", "W2023-01-09",
    ]  # fmt: skip


def test_one_line_a_week_and_good_with_areas() -> None:
    rows = [
        ["周期", "地区", "商品名称", "本期价格（元/公斤）", "上期价格", "销售额（万元）"],
        ["2023年第10周", "锡林郭勒盟", "鸡蛋", "9.8", "9.7", "2"],
        ["", "", "牛肉", "70", "70", "3"],
        ["2023年第10周", "兴安盟", "鸡蛋", "9.1", "9", "1"],
        ["2023年第10周", "某市", "鸡蛋", "9.1", "9", "1"],
    ]
    found = reading(sheet(rows))
    assert {place for place, _ in found.weeks} == {"152500", "152200"}
    assert found.figures == 6
    assert [one.code for one in found.refused] == ["HISTORY-PLACE"]


def test_a_sheet_a_week_with_the_week_in_its_title() -> None:
    def one(title: str, price: str) -> Sheet:
        rows = [[title], ["品种", "单位", "价格", "环比"], ["鸡蛋", "元/公斤", price, "1"],
                ["牛肉", "元/公斤", "70", "0"]]  # fmt: skip
        return sheet(rows, title[:4])

    found = values(reading(one("2023年第10周监测表", "9.8"), one("2023年第11周监测表", "9.9")))
    assert found["W2023-03-06", "0501", "price"] == 980
    assert found["W2023-03-13", "0501", "price"] == 990 and len(found) == 4


def test_prices_of_500_grams_are_doubled_for_kilograms_and_not_for_litres() -> None:
    rows = [["品种（元/500克）", "第10周", "第11周"], ["牛肉", "35.005", "35"],
            ["桶装豆油", "14", "14"]]  # fmt: skip
    found = reading(sheet(rows, "2023"), half_kilo=True)
    assert found.hint_half_kilo
    assert values(found)["W2023-03-06", "0303", "price"] == 7001
    assert values(found)["W2023-03-06", "0202", "price"] == 1400


def test_two_figures_for_one_cell_are_shown_and_neither_is_taken() -> None:
    rows = [["品种", "第10周", "第11周"], ["鸡蛋", "9.8", "9.9"], ["鸡蛋", "9.7", "9.9"],
            ["牛肉", "70", "70"]]  # fmt: skip
    found = reading(sheet(rows, "2023年"))
    assert [one.code for one in found.conflicts] == ["HISTORY-TWICE"]
    assert ("W2023-03-06", "0501", "price") not in values(found)
    assert values(found)["W2023-03-13", "0501", "price"] == 990


def test_a_name_mapped_by_hand_is_taken_and_one_left_out_is_not_asked_again() -> None:
    names = Names(FORM, {flat("火龙果"): "", flat("猪后腿"): "0301"})
    rows = [["品种", "第10周", "第11周"], ["猪后腿", "26", "27"], ["火龙果", "12", "12"],
            ["牛肉", "70", "70"]]  # fmt: skip
    found = reading(sheet(rows, "2023年"), names=names)
    assert values(found)["W2023-03-06", "0301", "price"] == 2600
    assert not found.unknown


@pytest.mark.parametrize("text", ["-3", "NaN", "1e5", "=A1", "9999999999", "约9", "0", "12%"])
def test_a_figure_that_cannot_be_costs_only_itself(text: str) -> None:
    rows = [["品种", "第10周", "第11周"], ["鸡蛋", text, "9.9"], ["牛肉", "70", "70"]]
    found = reading(sheet(rows, "2023年"))
    assert len(values(found)) == 3 and [one.code for one in found.refused] == ["HISTORY-CELL"]


@given(st.integers(0, 10_000))
def test_any_jumble_of_cells_is_read_without_failing(seed: int) -> None:
    rng = random.Random(seed)
    texts = ["", "鸡蛋", "牛肉", "第10周", "3.6-3.12", "2023年", "9.8", "价格", "环比",
             "—", "99-99",
             "第周", "0", "周", "2023-02-30", "销售额（元）", "锡林郭勒盟", "\u3000"]  # fmt: skip
    rows = [[rng.choice(texts) for _ in range(rng.randint(1, 7))] for _ in range(rng.randint(1, 9))]
    found = reading(sheet(rows, rng.choice(["2023年", "表", "第5周"])))
    assert all(p.days == 7 for _, p in found.weeks)


def test_a_name_that_fits_two_goods_fits_none() -> None:
    assert NAMES.code_of("猪肉") is None and NAMES.code_of("牛肉") == "0303"
