"""Officer-readable tables of weeks → the alerts expected (cases/alerts.toml)."""

from __future__ import annotations

import datetime as dt
import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ortoo.domains.market.alerts import engine, tables
from ortoo.domains.market.alerts.detection import find
from ortoo.domains.market.alerts.window import OUT_OF_STOCK, Window, cleaned
from ortoo.kernel.forms.periods import week

CASES = tomllib.loads(
    (Path(__file__).with_name("cases") / "alerts.toml").read_text(encoding="utf-8")
)["case"]
ENDS = dt.date(2026, 11, 14)


def window(case: dict[str, Any]) -> Window:
    goods, firms = case["goods"], case["firm"]
    length = max(len(firm["price"]) for firm in firms)
    shape = (len(firms), len(goods), length)
    price, sold = np.full(shape, np.nan), np.full(shape, np.nan)
    stock = np.full(shape, np.nan)
    nil = np.zeros(shape, np.int8)
    for row, firm in enumerate(firms):
        price[row] = [np.nan if value == "缺" else value for value in firm["price"]]
        sold[row] = firm.get("sold", 100.0)
        stock[row] = firm.get("stock", np.nan)
        for column, good in enumerate(goods):
            if good in firm.get("only_others", ()):
                price[row, column] = firm["price"][0]
            if good in firm.get("out", ()):
                price[row, column, -1] = np.nan
                nil[row, column, -1] = OUT_OF_STOCK
    price, sold, stock, none = cleaned(price, sold, stock, np.full(shape, np.nan))
    norm = {
        (place, good): tuple(float(v) for v in values)
        for place, values in case.get("norm", {}).items()
        for good in goods
    }
    periods = tuple(week(ENDS - dt.timedelta(weeks=n)) for n in reversed(range(length)))
    return Window(
        "SCJC-W1", periods, tuple(f"F{n}" for n in range(len(firms))),
        tuple(firm["banner"] for firm in firms), tuple(firm["unit"] for firm in firms), "ROOT",
        tuple(goods), tuple(goods), tuple(goods), price, sold, stock, none, none, nil, norm,
    )  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=[case["title"] for case in CASES])
def test_the_weeks_give_the_alerts_the_officer_expects(case: dict[str, Any]) -> None:
    rules = tables.rules_in_force(ENDS, "SCJC-W1")
    found = find(window(case), rules, {})
    assert sorted({f"{one.rule.code} {one.place}" for one in found}) == sorted(case["expect"])


def test_a_festival_week_is_compared_with_the_same_lunar_week() -> None:
    # 正月初一: 2026-02-17 and 2025-01-29.
    assert engine.twin(dt.date(2026, 2, 17), 1) == dt.date(2025, 1, 29)
    assert engine.twin(dt.date(2026, 1, 30), 1) == dt.date(2025, 1, 11)
    # One day outside the festival's window on either side is the civil day again.
    assert engine.twin(dt.date(2026, 1, 26), 1) == dt.date(2025, 1, 26)
    assert engine.twin(dt.date(2026, 3, 17), 1) == dt.date(2025, 3, 17)
    assert engine.twin(dt.date(2024, 2, 29), 1) == dt.date(2023, 2, 10)
    assert engine.twin(dt.date(2028, 2, 29), 3) == dt.date(2025, 2, 28)


def test_every_shipped_table_says_where_its_numbers_are_law_and_that_they_are_unverified() -> None:
    rules = tables.rules()
    assert len({rule.code for rule in rules}) == len(rules) >= 30
    assert all(rule.source and rule.plan.law_in for rule in rules)
    assert {rule.plan.law_in for rule in rules if rule.plan.adopted} == {
        "全国", "本地区的预案原文未见，拟定未核",
    }  # fmt: skip
    assert not any(rule.verified for rule in rules)
    assert {rule.sort for rule in rules if rule.plan.adopted} == {"shortage", "glut"}
    assert not any(rule.code == "CN-PORK-RISE-3" for rule in tables.rules_in_force(ENDS))


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (('statistic = "week_on_week"', 'statistic = "guess"'), "ALERT-TABLE-VALUE"),
        (("level = 4", "level = 5"), "ALERT-TABLE-VALUE"),
        (("level = 4", "level = 4\nphone_hours = 3"), "ALERT-TABLE-VALUE"),
        (('source = "x"\nverified = false\n[goods', "[goods"), "ALERT-TABLE-KEY"),
        (("level = 4", "level = "), "ALERT-TABLE-READ"),
    ],
)
def test_a_table_with_a_fault_is_refused_with_its_code(change: tuple[str, str], code: str) -> None:
    text = """
[plan]
code = "T"
version = 1
title = "t"
law_in = "x"
adopted = true
source = "x"
verified = false
[goods.VE]
title = "v"
prefixes = ["VE"]
[[rule]]
code = "T-1"
title = "t"
sort = "shortage"
goods = "VE"
form = "SCJC-W1"
level = 4
at = "banner"
statistic = "week_on_week"
direction = "rise"
threshold = "0.3"
source = "x"
verified = false
"""
    assert tables.parse(text, "good.toml")[0].code == "T-1"
    with pytest.raises(tables.TableError) as fault:
        tables.parse(text.replace(*change, 1), "bad.toml")
    assert fault.value.code == code
