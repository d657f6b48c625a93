from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ortoo.kernel.forms.expression import ExpressionError, Scope, parse_number, parse_truth
from ortoo.kernel.forms.nodes import Both, CellRef, Compare

LEAF = Scope(frozenset({"price", "sales"}), frozenset({"旗县", "盟市"}))
GROUP = Scope(LEAF.measures, LEAF.levels, group=True, own="sales")


def test_a_lag_binds_tighter_than_division():
    node = parse_number("price / price@-1 - 1", LEAF)
    assert node.left.right == CellRef("price", "previous")
    assert parse_number("price@year", LEAF) == CellRef("price", "year")


def test_decimals_are_exact():
    node = parse_truth("price <= 0.30", LEAF)
    assert node.right.value == Fraction(3, 10)


def test_a_tolerance_widens_equality_and_inexact_comparison():
    scope = Scope(LEAF.measures, tolerance=Fraction(1))
    node = parse_truth("price == sales", scope)
    assert isinstance(node, Both)
    assert node.left.operator == "<=" and node.right.operator == ">="
    assert isinstance(parse_truth("price < sales", scope), Compare)


def test_a_group_rule_reads_sums_of_its_children():
    parse_truth("sum(sales, children) <= 10 * sum(sales@-1, children)", GROUP)
    assert parse_number("sum(children)", GROUP).cell.measure == "sales"


@pytest.mark.parametrize(
    ("source", "code"),
    [
        ("price.real > 0", "EXPR-ATTRIBUTE"),
        ("price.__class__ > 0", "EXPR-NAME"),
        ("__import__('os') > 0", "EXPR-NAME"),
        ("price[0] > 0", "EXPR-SUBSCRIPT"),
        ("(lambda: price)() > 0", "EXPR-LAMBDA"),
        ("sum([x for x in price]) > 0", "EXPR-GROUP"),
        ("[x for x in price] > 0", "EXPR-COMPREHENSION"),
        ("open(price) > 0", "EXPR-CALL"),
        ("price ** 9 > 0", "EXPR-POWER"),
        ("price // 2 > 0", "EXPR-OPERATOR"),
        ("price @ sales > 0", "EXPR-OPERATOR"),
        ("price@-2 > 0", "EXPR-OPERATOR"),
        ("price > 'abc'", "EXPR-STRING"),
        ("price > 1e9", "EXPR-CONSTANT"),
        ("price > 0x10", "EXPR-CONSTANT"),
        ("price > 99999999999999", "EXPR-CONSTANT"),
        ("price > 1j", "EXPR-CONSTANT"),
        ("price > True", "EXPR-CONSTANT"),
        ("price > ...", "EXPR-CONSTANT"),
        ("price", "EXPR-TYPE"),
        ("price and sales", "EXPR-TYPE"),
        ("(price > 0) + 1 > 0", "EXPR-TYPE"),
        ("price in sales", "EXPR-OPERATOR"),
        ("price > 0 if sales > 0 else sales > 1", "EXPR-NODE"),
        ("(x := price) > 0", "EXPR-NODE"),
        ("f'{price}' > 0", "EXPR-NODE"),
        ("inflow > 0", "EXPR-UNDECLARED"),
        ("has(inflow)", "EXPR-UNDECLARED"),
        ("robust_z(price, peers(国家, item)) < 5", "EXPR-UNDECLARED"),
        ("limit('../../x') > 0", "EXPR-STRING"),
        ("limit(price) > 0", "EXPR-STRING"),
        ("min(price) > 0", "EXPR-CALL"),
        ("abs(x=price) > 0", "EXPR-CALL"),
        ("abs(*price) > 0", "EXPR-CALL"),
        ("price >", "EXPR-SYNTAX"),
        ("price > 0; price", "EXPR-SYNTAX"),
        ("price > " + "(" * 20 + "1" + ")" * 20 + "+" + "-" * 18 + "1", "EXPR-DEEP"),
        ("price > " + "+".join("1" * 1 for _ in range(260)), "EXPR-LONG"),
        ("sum(sales, children) > 0", "EXPR-GROUP"),
        ("price > 0 # comment\nprice", "EXPR-NAME"),
    ],
)
def test_what_the_language_does_not_know_is_refused_with_a_code(source, code):
    with pytest.raises(ExpressionError) as caught:
        parse_truth(source, LEAF)
    assert caught.value.code == code


def test_a_group_has_no_filled_value_of_its_own():
    with pytest.raises(ExpressionError, match="EXPR-GROUP"):
        parse_truth("sales > 0", GROUP)
    with pytest.raises(ExpressionError, match="EXPR-GROUP"):
        parse_truth("sales@-1 > 0", GROUP)


@given(st.text(max_size=80))
def test_no_text_whatever_breaks_the_parser(source):
    try:
        parse_truth(source, LEAF)
    except ExpressionError as error:
        assert error.code.startswith("EXPR-")


@given(
    st.lists(
        st.sampled_from(
            [
                "price",
                "sales",
                "@-1",
                "(",
                ")",
                "+",
                "/",
                "<",
                "and",
                "not",
                "abs",
                "1.5",
                ",",
                "min",
                "has",
            ]
        ),
        max_size=25,
    )
)
def test_no_arrangement_of_its_own_words_breaks_the_parser(words):
    try:
        parse_truth(" ".join(words), LEAF)
    except ExpressionError as error:
        assert error.code.startswith("EXPR-")
