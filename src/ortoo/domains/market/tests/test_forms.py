from __future__ import annotations

import csv
import datetime as dt
import os
import tomllib
from pathlib import Path

import pytest

from ortoo.kernel.forms import body, cells, limits, loader, periods
from ortoo.kernel.forms.body import GridBody
from ortoo.kernel.forms.check import CheckContext, check
from ortoo.kernel.forms.compiled import compiled
from ortoo.kernel.forms.definition import Cell, Nil
from ortoo.kernel.forms.lint import lint_all
from ortoo.kernel.forms.peers import PeerTable, statistics
from ortoo.kernel.goods.catalogue import food

MARKET = Path(__file__).parents[1]
SHARED = Path(os.environ.get("ORTOO_SHARED", Path(__file__).parents[6] / "shared"))
FORM = loader.load(MARKET / "forms" / "retail_weekly.yaml")
FOREIGN = loader.load(MARKET / "forms" / "foreign_monthly.yaml")
LIMITS = limits.load(MARKET / "regulations" / "retail_soft_limits.toml")
COLUMNS = {"价格": "price", "销售额": "sales", "销售量": "sales_qty", "库存": "stock"}
DEFAULTS = {"库存": "0"}
CASES = tomllib.loads((Path(__file__).parent / "cases" / "retail_weekly.toml").read_text("utf-8"))


def test_the_forms_that_ship_have_no_faults():
    assert lint_all([MARKET / "forms"]) == []


def test_the_weekly_return_asks_184_cells_in_ten_groups():
    assert len(FORM.leaves) * len(FORM.measures) == 184
    assert len(FORM.groups) == 10


def test_three_of_four_columns_have_a_source_and_need_not_be_retyped():
    assert FORM.known_cells == (138, 184)


def test_approval_numbers_are_left_for_the_operator():
    assert FORM.head.approval == "" and FOREIGN.head.approval == ""


def test_every_row_names_a_good_of_the_catalogue_in_the_goods_own_unit():
    for form in (FORM, FOREIGN):
        for item in form.leaves:
            assert food().get(item.good).unit == item.unit


def test_stock_is_asked_only_where_it_means_days_of_cover():
    asked = {item.code for item in FORM.leaves if item.stock_asked}
    assert len(asked) == 16
    assert not any(code.startswith("06") for code in asked)


def test_every_limit_a_rule_reads_is_given_for_every_row_and_month():
    for name in compiled(FORM).limit_names:
        for item in FORM.leaves:
            assert all(LIMITS.value(name, item.code, month) for month in range(1, 13))
    assert LIMITS.code == FORM.limits and not LIMITS.verified and LIMITS.source


def test_no_limit_speaks_of_a_row_that_is_not_there():
    assert {item for _, item, _ in LIMITS.values} - {""} <= set(FORM.leaf_index)


def test_a_return_is_due_after_its_week_and_opens_before_its_end():
    period = periods.period_on(FORM, dt.date(2026, 11, 16))
    assert period.code == "W2026-11-14"
    due = periods.due_at_ms(FORM, period, "Asia/Shanghai")
    assert due > dt.datetime(2026, 11, 20, 16, tzinfo=dt.UTC).timestamp() * 1000
    assert periods.opens_at_ms(FORM, period, "Asia/Shanghai") < due


def test_a_full_return_is_about_a_kilobyte():
    full = {m.code: (12345,) * 46 for m in FORM.measures}
    assert len(body.encode(FORM, GridBody(full))) < 1300


def laid_out(said: dict[str, dict[str, str]]) -> GridBody:
    """A grid from the words of a case: rows not named are not carried."""
    columns: dict[str, list[Cell]] = {m.code: [None] * 46 for m in FORM.measures}
    columns["price"] = [Nil.NOT_CARRIED] * 46
    by_name = {item.name["zh"]: item for item in FORM.leaves}
    for name, row in said.items():
        item = by_name[name]
        filled = DEFAULTS | row if item.stock_asked else row
        for column, code in COLUMNS.items():
            text = filled.get(column, "")
            value = cells.parse(text, item, FORM.measure(code), row.get("单位"))
            columns[code][FORM.leaf_index[item.code]] = value
    return GridBody({code: tuple(column) for code, column in columns.items()})


def peers_of(said: dict[str, dict[str, list[str]]]) -> PeerTable:
    by_name = {item.name["zh"]: item for item in FORM.leaves}
    price = FORM.measure("price")
    return PeerTable(
        {
            ("price", by_name[name].code): tuple(
                statistics(
                    [cells.parse(text, by_name[name], price) for text in prices],
                    level=level,
                    place="",
                )
                for level, prices in levels.items()
            )
            for name, levels in said.items()
        }
    )


@pytest.mark.parametrize("case", CASES["例"], ids=lambda case: case["名称"])
def test_each_case_of_the_officers_reports_what_it_should(case):
    context = CheckContext(
        previous=laid_out(case["上期"]) if "上期" in case else None,
        peers=peers_of(case.get("同业", {})),
        limits=LIMITS,
        on=case.get("日期", dt.date(2026, 11, 16)),
    )
    issues = check(FORM, laid_out(case["本期"]), context)
    found = sorted(f"{i.rule} {FORM.item(i.item).name['zh']} {i.measure}" for i in issues)
    assert found == sorted(case["应报"])
    for issue in issues:
        assert issue.message and issue.remedy
        assert "{" not in issue.message + issue.remedy + issue.expected


def test_the_foreign_form_has_a_row_for_each_published_commodity():
    path = SHARED / "data" / "market" / "wfp_food_prices_mongolia_2007_2021.csv"
    if not path.exists():
        pytest.skip("the published Mongolian prices are not beside this checkout")
    with path.open(encoding="utf-8") as file:
        published = {(row["commodity"], row["unit"]) for row in csv.DictReader(file)}
    units = {"公斤": "KG", "升": "L"}
    assert published == {(item.name["en"], units[item.unit]) for item in FOREIGN.leaves}


def test_a_foreign_return_says_its_currency():
    grid = GridBody({"price": (180000, 120000, 60000, 1200000, 900000, 150000)})
    (issue,) = check(FOREIGN, grid)
    assert (issue.code, issue.measure, issue.severity) == ("GRID-ATTRIBUTE", "currency", "hard")
    said = GridBody(grid.columns, attributes={"currency": "MNT"})
    assert check(FOREIGN, said) == []
    assert body.decode(FOREIGN, body.encode(FOREIGN, said)) == said


def test_no_foreign_row_is_taken_for_a_domestic_one_of_another_grade():
    domestic = {item.good for item in FORM.leaves}
    shared = [item for item in FOREIGN.leaves if item.good in domestic]
    assert [(item.good, item.match) for item in shared] == [("VE17", "close")]
