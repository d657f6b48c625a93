"""Edit rules of the forms beside the weekly one: each fires on a bad row, rests on a good one."""

from __future__ import annotations

import datetime as dt
import tomllib
from pathlib import Path

import pytest

from ortoo.kernel.forms import body, cells, limits, loader
from ortoo.kernel.forms.body import GridBody
from ortoo.kernel.forms.check import CheckContext, check
from ortoo.kernel.forms.definition import Cell, Form
from ortoo.kernel.forms.peers import PeerTable, statistics
from ortoo.kernel.forms.registry import definition_files

MARKET = Path(__file__).parents[1]
SAID = tomllib.loads((Path(__file__).parent / "cases" / "form_rules.toml").read_text("utf-8"))
FORMS = {form.code: form for form in map(loader.load, definition_files([MARKET / "forms"]))}
LIMITS = {table.code: table for table in limits.load_all([MARKET / "regulations"])}
OLDER = {"SCJC-W1", "FOREIGN-M1"}
SUPPLEMENTS = {code for code, form in FORMS.items() if form.supplements}
CASES = SAID["例"]
GROUP = "@"
DAY = dt.date(2026, 10, 16)


def row(form: Form, item: str, said: dict[str, str]) -> GridBody:
    """A grid in which one row says the normal figures, some changed, and every other is blank."""
    texts = SAID["正常"][form.code] | said
    measures = {measure.title["zh"]: measure for measure in form.measures}
    leaf = next(leaf for leaf in form.leaves if leaf.name["zh"] == item)
    columns: dict[str, list[Cell]] = {m.code: [None] * len(form.leaves) for m in form.measures}
    for title, text in texts.items():
        measure = measures[title]
        if measure.asked == "marked" and not leaf.stock_asked:
            continue
        columns[measure.code][form.leaf_index[leaf.code]] = cells.parse(text, leaf, measure)
    return GridBody({code: tuple(column) for code, column in columns.items()})


def peers_of(form: Form, item: str, texts: list[str]) -> PeerTable:
    leaf = next(leaf for leaf in form.leaves if leaf.name["zh"] == item)
    price = form.measure(form.roles.price or "")
    prices = [cells.parse(text, leaf, price) for text in texts]
    found = tuple(statistics(prices, level=level, place="") for level in form.levels)
    return PeerTable({(price.code, leaf.code): found})


def found_in(case: dict) -> list[str]:
    form, item = FORMS[case["表"]], case["品种"]
    context = CheckContext(
        previous=row(form, item, case.get("上期", {})),
        year_before=row(form, item, case.get("上年", {})),
        peers=peers_of(form, item, case["同业"]) if "同业" in case else None,
        limits=LIMITS.get(form.limits or ""),
        on=DAY,
    )
    grid = row(form, item, case.get("本期", {}))
    issues = [i for i in check(form, grid, context) if not i.code.startswith("GRID-")]
    for issue in issues:
        assert issue.message and issue.remedy
        assert "{" not in issue.message + issue.remedy + issue.expected
        assert issue.reasons or issue.severity == "hard"
    assert body.decode(form, body.encode(form, grid)) == grid
    return sorted(
        f"{i.rule} {form.item(i.item).name['zh'] if form.item(i.item).is_leaf else GROUP}"
        for i in issues
    )


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case['表']} {case['名称']}")
def test_each_case_reports_what_it_should_and_nothing_else(case):
    assert sorted(set(found_in(case))) == sorted(case["应报"])


def test_every_rule_fires_in_some_case_and_every_form_rests_in_another():
    fired = {(case["表"], found.split()[0]) for case in CASES for found in case["应报"]}
    rested = {case["表"] for case in CASES if not case["应报"]}
    listed = set(FORMS) - OLDER - SUPPLEMENTS | {"SCJC-W1-S09"}
    assert {(code, rule.id) for code in listed for rule in FORMS[code].rules} - fired == set()
    assert listed - rested == set()


def test_the_rules_of_every_supplement_are_those_whose_cases_are_listed():
    said = [(r.id, r.expression, r.when, r.masks) for r in FORMS["SCJC-W1-S09"].rules]
    assert len(SUPPLEMENTS) == 5
    for code in SUPPLEMENTS:
        assert [(r.id, r.expression, r.when, r.masks) for r in FORMS[code].rules] == said


def test_no_message_says_a_unit_twice():
    for form in FORMS.values():
        units = {item.unit for item in form.leaves}
        for rule in form.rules:
            for measure in form.measures:
                for unit in {measure.unit, *units} - {""}:
                    assert f"{{{measure.code}}}{unit}" not in rule.say["zh"], rule.id
