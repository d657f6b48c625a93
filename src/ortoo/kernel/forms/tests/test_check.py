from __future__ import annotations

import datetime as dt
from fractions import Fraction

import pytest

from ortoo.kernel.forms.body import GridBody
from ortoo.kernel.forms.check import CheckContext, blocking, check
from ortoo.kernel.forms.definition import Nil
from ortoo.kernel.forms.limits import LimitTable
from ortoo.kernel.forms.peers import PeerTable, statistics
from ortoo.kernel.forms.tests.small import grid, small_form

FORM = small_form()
LIMITS = LimitTable(
    code="small.limits",
    since=dt.date(2015, 1, 1),
    until=None,
    source="",
    verified=False,
    values={
        ("price_change", "", 0): Fraction("0.05"),
        ("price_change", "0102", 0): Fraction("0.30"),
        ("price_change", "0201", 1): Fraction("0.40"),
    },
)
NOVEMBER, JANUARY = dt.date(2026, 11, 16), dt.date(2026, 1, 16)
FULL = {"qty": (10, 10, 10), "sales": (1, 1, 1), "stock": (5, None, 5)}


def found(price, previous=None, *, on=NOVEMBER, peers=None, marks=None, **columns):
    said = GridBody(grid(price, **{**FULL, **columns}).columns, marks=marks or {})
    before = None if previous is None else grid(previous, **FULL)
    return check(FORM, said, CheckContext(before, None, peers, LIMITS, on))


def rules(issues):
    return [(issue.rule, issue.item) for issue in issues]


def test_a_return_that_is_in_order_has_no_issues():
    assert found((600, 500, 720), (600, 500, 720)) == []


def test_a_blank_price_is_an_error_that_names_the_nil_reasons():
    (issue,) = found((600, None, 720))
    assert (issue.code, issue.severity, issue.item) == ("GRID-BLANK", "hard", "0102")
    assert issue.remedy == "填写本期平均零售价格；没有的请选 未经营、断货、季节无货。"


def test_a_nil_price_has_no_sales():
    issues = found((600, Nil.OUT_OF_STOCK, 720))
    assert [i.code for i in issues] == ["NIL-SALES", "NIL-SALES"]
    clean = found((600, Nil.OUT_OF_STOCK, 720), sales=(1, None, 1), qty=(10, None, 10))
    assert clean == []


def test_goods_held_back_while_sold_out_are_asked_about_not_refused():
    issues = found((Nil.OUT_OF_STOCK, 5, 5), sales=(None, 1, 1), qty=(None, 10, 10))
    assert [(i.code, i.severity) for i in issues] == [("NIL-STOCK", "soft")]
    held = {"sales": (None, 1, 1), "qty": (None, 10, 10)}
    marks = {"NIL-STOCK:0101": "其他：留作团购"}
    answered = found((Nil.OUT_OF_STOCK, 5, 5), marks=marks, **held)
    assert blocking(answered) == []


def test_a_nil_said_in_another_column_must_agree_with_the_price():
    issues = found((600, 500, 720), qty=(Nil.OUT_OF_STOCK, 10, 10))
    assert [i.code for i in issues] == ["NIL-PLACE"]


def test_stock_is_asked_only_where_it_means_days_of_cover():
    issues = found((600, 500, 720), stock=(None, None, 5))
    assert [(i.code, i.item, i.severity) for i in issues] == [("GRID-ASKED", "0101", "soft")]


def test_a_value_out_of_its_range_gives_one_message_and_no_others():
    assert [i.code for i in found((-1, 500, 720), (600, 500, 720))] == ["GRID-NEGATIVE"]
    assert [i.code for i in found((10**7, 500, 720), (600, 500, 720))] == ["GRID-DIGITS"]


def test_the_limit_is_the_items_own_and_the_seasons():
    assert rules(found((660, 600, 720), (600, 500, 720))) == [("R2", "0101")]
    assert rules(found((600, 500, 950), (600, 500, 720))) == [("R2", "0201")]
    assert found((600, 500, 950), (600, 500, 720), on=JANUARY) == []


def test_an_issue_says_rule_cell_values_expectation_and_remedy():
    (issue,) = found((660, 500, 720), (600, 500, 720))
    assert issue.message == "大米：价格由6.00元/公斤变为6.60元/公斤，变动10%。"
    assert issue.remedy == "请核实。"
    assert dict(issue.values) == {
        "price": "6.60元/公斤",
        "price@-1": "6.00元/公斤",
        "change": "10%",
    }
    assert "≤ 0.05" in issue.expected
    assert issue.reasons == ("促销", "到货少", "其他")


def test_the_comparison_is_exact_at_the_limit():
    assert found((630, 500, 720), (600, 500, 720)) == []
    assert rules(found((631, 500, 720), (600, 500, 720))) == [("R2", "0101")]


def test_the_rule_that_knows_the_cause_silences_the_general_one():
    assert rules(found((1200, 500, 720), (600, 500, 720))) == [("R3", "0101")]


def test_a_reason_answers_a_soft_issue_and_normal_is_no_reason():
    issues = found((660, 500, 720), (600, 500, 720), marks={"R2:0101": "促销"})
    assert issues[0].reason == "促销" and blocking(issues) == []
    boilerplate = found((660, 500, 720), (600, 500, 720), marks={"R2:0101": "正常"})
    assert "GRID-REASON" in [issue.code for issue in blocking(boilerplate)]
    assert blocking(found((660, 500, 720), (600, 500, 720), marks={"R2:0101": "其他"}))
    said = {"R2:0101": "其他：停业装修两天"}
    assert blocking(found((660, 500, 720), (600, 500, 720), marks=said)) == []


@pytest.mark.parametrize("previous", [None, (0, 0, 0), (None, Nil.OUT_OF_STOCK, None)])
def test_a_rule_rests_where_what_it_compares_with_is_unknown(previous):
    assert found((600, 500, 720), previous) == []


def test_few_peers_fall_back_to_the_league_and_say_so():
    near = statistics([100, 101], level="旗县", place="150101")
    far = statistics(range(590, 611), level="盟市", place="150100")
    (issue,) = found((900, 500, 720), peers=PeerTable({("price", "0101"): (near, far)}))
    assert issue.message == (
        "大米：与本盟市21家同业中位数6元/公斤差异过大。（旗县同业不足5家，改与盟市比较）"
    )


def test_no_peers_anywhere_means_no_judgement():
    near = statistics([100, 101], level="旗县", place="150101")
    assert found((900, 500, 720), peers=PeerTable({("price", "0101"): (near,)})) == []


def test_a_group_rule_points_at_its_group():
    issues = found((600, 500, 720), (600, 500, 720), sales=(50, 1, 1))
    assert rules(issues) == [("R5", "01"), ("R5", "09")]


def test_the_same_issues_can_be_said_in_english():
    said = GridBody(grid((660, 500, 720), **FULL).columns)
    before = grid((600, 500, 720), **FULL)
    context = CheckContext(before, None, None, LIMITS, NOVEMBER)
    (issue,) = check(FORM, said, context, language="en")
    assert issue.message == "Rice：Moved by 10%."
