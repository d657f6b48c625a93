"""The forms that ship: they load, keep their digests, hold a filled grid, take a whole block."""

from __future__ import annotations

import csv
import datetime as dt
import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ortoo.domains.market import monitored
from ortoo.kernel.forms import block, body, cells, frame, limits, loader, periods
from ortoo.kernel.forms.body import GridBody
from ortoo.kernel.forms.check import CheckContext, check
from ortoo.kernel.forms.compiled import compiled
from ortoo.kernel.forms.definition import Form, Nil
from ortoo.kernel.forms.lint import lint_all
from ortoo.kernel.forms.once import once_all
from ortoo.kernel.forms.registry import definition_files
from ortoo.kernel.goods.catalogue import CatalogueError, food

MARKET = Path(__file__).parents[1]
SHARED = Path(os.environ.get("ORTOO_SHARED", Path(__file__).parents[6] / "shared"))
FORMS = {form.code: form for form in map(loader.load, definition_files([MARKET / "forms"]))}
TABLES = {table.code: table for table in limits.load_all([MARKET / "regulations"])}
ZONE = "Asia/Shanghai"
# Versions that filings have been made under: their digests may never change (law 13).
FILED = {
    "FOREIGN-M1@1": "f0725a0b57880a8916e140d6c3455c913200b33e570b22ad24691b54a261c1c7",
    "SCJC-W1@4": "427b70ac25677757a6c784a89c6bdc62adcc4ac605d0caba5ed05d690b6d8801",
}
EXPECTED = {
    "EMG-STOCK": (40, "month"), "FOREIGN-M1": (6, "month"), "HISTORY-W1": (46, "week"),
    "JYSC-M1": (19, "month"), "LTQY-D1": (9, "day"), "LTQY-M1": (21, "month"),
    "SCJC-D1": (46, "day"), "SCJC-D2": (60, "day"), "SCJC-W1": (46, "week"),
    "SCJC-W1-S04": (5, "week"), "SCJC-W1-S07": (5, "week"), "SCJC-W1-S08": (5, "week"),
    "SCJC-W1-S09": (6, "week"), "SCJC-W1-S25": (7, "week"), "SCJC-W2": (60, "week"),
    "SCSC-X1": (50, "tenday"),
}  # fmt: skip
EACH = pytest.mark.parametrize("form", FORMS.values(), ids=lambda form: form.code)


def full(form: Form, number: int) -> GridBody:
    """A grid with a value in every cell, a nil where the row may have one."""
    columns = {
        measure.code: tuple(
            (number + row) % (measure.maximum + 1) for row in range(len(form.leaves))
        )
        for measure in form.measures
    }
    key, nil = form.principal.code, form.nil_reasons[0]
    columns[key] = (nil, *columns[key][1:])
    said = {a.code: a.choices[0] if a.choices else "库房.xlsx" for a in form.attributes}
    return GridBody(columns, attributes=said)


def test_every_form_of_the_market_is_there_and_none_has_a_fault():
    assert {c: (len(f.leaves), f.cadence) for c, f in FORMS.items()} == EXPECTED
    assert lint_all([MARKET / "forms"]) == []


def test_versions_that_were_filed_under_keep_their_digests():
    assert {f.key: f.digest.hex() for f in FORMS.values() if f.key in FILED} == FILED


@EACH
@settings(max_examples=10, deadline=None)
@given(number=st.integers(0, 10**6))
def test_a_filled_grid_is_encoded_and_decoded_and_its_parts_cover_it(form, number):
    said = full(form, number)
    data = body.encode(form, said)
    assert body.decode(form, data) == said
    assert len(body.parts(form, data)) == len(form.measures) + bool(form.attributes)


@EACH
def test_the_whole_grid_is_pasted_as_a_block_as_it_is_printed(form):
    said = full(form, 123)
    head = ["代码", "商品", "规格", "计量单位", *(m.title["zh"] for m in form.measures)]
    rows = [head]
    for item in form.items:
        line = [item.code, item.name["zh"], item.spec, item.unit]
        if item.is_leaf:
            found = {m: said.cell(form, item.code, m.code) for m in form.measures}
            line += [c.zh if isinstance(c, Nil) else m.text(c) for m, c in found.items()]
        rows.append(line)
    text = "\n".join("\t".join(line) for line in rows)
    placed, notes = block.align(
        form, block.parse_block(text), form.leaves[0].code, form.measures[0].code
    )
    assert notes == []
    read = {
        (p.item, p.measure): cells.parse(p.text, form.item(p.item), form.measure(p.measure))
        for p in placed
    }
    assert read == {
        (item.code, m.code): said.cell(form, item.code, m.code)
        for item in form.leaves
        for m in form.measures
    }


@EACH
def test_one_return_and_many_are_found_wrong_in_the_same_cells(form):
    table = TABLES.get(form.limits or "")
    one, before = full(form, 2_000_007), full(form, 200_011)
    context = CheckContext(previous=before, limits=table, on=dt.date(2026, 10, 16))
    alone = {
        (issue.item, issue.rule)
        for issue in check(form, one, context)
        if issue.rule in {rule.id for rule in form.rules if rule.over == "leaf"}
    }
    rows = frame.frame_of(form, [frame.ReturnRow(1, one, previous=before, month=10)])
    checked = frame.violations(form, frame.check_frame(form, rows, table))
    leaf = [rule.id for rule in form.rules if rule.over == "leaf"]
    assert {(i, r) for _, i, r in checked.rows() if r in leaf} == alone
    assert alone


@EACH
def test_every_limit_that_a_rule_reads_is_given_for_every_row_and_month(form):
    names = compiled(form).limit_names
    if not names:
        return
    table = TABLES[form.limits or ""]
    assert not table.verified and table.source
    for name in names:
        for item in form.leaves:
            assert all(table.value(name, item.code, month) for month in range(1, 13))
    if table.code != "market.retail_soft_limits":
        assert {row for _, row, _ in table.values} - {""} <= set(form.leaf_index)


@EACH
def test_a_return_opens_before_it_is_due_and_approval_is_left_to_the_operator(form):
    period = periods.period_on(form, dt.date(2026, 10, 16))
    assert periods.opens_at_ms(form, period, ZONE) < periods.due_at_ms(form, period, ZONE)
    assert periods.is_period_of(form, period) and periods.is_period_of(
        form, periods.parse("F2026-10-16-1620")
    )
    assert form.head.approval == ""
    assert form.publish.min_respondents >= 3 or form.code in monitored.UNOWED
    told = {step.level for types in form.period_types for step in types.escalations}
    assert told <= set(form.levels) or form.code == "FOREIGN-M1"


def test_only_days_and_history_wait_for_an_order():
    ordered = {code for code, form in FORMS.items() if form.period_types[-1].ordered}
    assert ordered == {"SCJC-D1", "SCJC-D2", "LTQY-D1", "HISTORY-W1"}


def test_a_good_that_is_in_the_catalogue_has_the_catalogues_unit_in_every_form():
    known = 0
    for form in FORMS.values():
        for item in form.leaves:
            try:
                unit = food().get(item.good or "").unit
            except CatalogueError:
                continue
            known += 1
            assert unit == item.unit, (form.code, item.code)
    assert known > 280


def test_stock_is_one_fact_of_the_weekly_and_the_emergency_form_by_its_good():
    weekly, emergency = FORMS["SCJC-W1"], FORMS["EMG-STOCK"]
    assert weekly.measure("stock").shares == "EMG-STOCK.on_hand"
    assert emergency.measure("on_hand").shares == "SCJC-W1.stock"
    units = {item.good: item.unit for item in emergency.leaves}
    marked = {item.good: item.unit for item in weekly.leaves if item.stock_asked}
    assert len(marked) == 16 and marked.items() <= units.items()


def test_a_supplement_asks_no_good_of_the_regional_form_and_one_league_files_it():
    regional = {item.good for item in FORMS["SCJC-W1"].leaves}
    supplements = [form for form in FORMS.values() if form.supplements]
    assert {form.respondents.within for form in supplements} == {
        "150400", "150700", "150800", "150900", "152500"
    }  # fmt: skip
    for form in supplements:
        assert regional.isdisjoint(item.good for item in form.leaves)
        assert form.respondents.sample == FORMS["SCJC-W1"].respondents.sample


def test_materials_keep_their_provenance_in_the_row():
    remembered = [item for item in FORMS["SCSC-X1"].leaves if "源：记忆，待核" in item.spec]
    assert len(remembered) == 20
    path = SHARED / "data" / "market" / "monitor_items_production_materials.csv"
    if not path.exists():
        pytest.skip("the list of production materials is not beside this checkout")
    with path.open(encoding="utf-8") as file:
        said = {f"PM{row['item_code'][1:]}": row["provenance"] for row in csv.DictReader(file)}
    assert {item.good for item in remembered} == {g for g, p in said.items() if p != "SEEN"}
    assert {item.good for item in FORMS["SCSC-X1"].leaves} == set(said)


def test_last_year_and_cumulative_figures_are_never_asked():
    titles = [m.title["zh"] for form in FORMS.values() for m in form.measures]
    assert not [t for t in titles if "上年" in t or "累计" in t or "同期" in t]


def test_the_once_only_ratio_is_counted_for_every_form():
    found = {one.form: one for one in once_all(FORMS.values())}
    assert set(found) == set(FORMS)
    assert (found["SCJC-W1"].cells, found["SCJC-W1"].shared) == (154, 16)
    assert found["EMG-STOCK"].shared == 16
    assert all(one.percent <= one.percent_connected <= 100 for one in found.values())
