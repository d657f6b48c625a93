"""Faults between forms: supplements, sources, facts asked twice of one respondent; the ratio."""

from __future__ import annotations

import pytest

from ortoo.kernel.forms import loader
from ortoo.kernel.forms.definition import Respondents
from ortoo.kernel.forms.lint import lint_together
from ortoo.kernel.forms.lint_across import may_overlap
from ortoo.kernel.forms.once import once, once_all
from ortoo.kernel.forms.tests.small import SMALL, small_form

BASE = small_form()
EXTRA = (
    SMALL.replace("form: SMALL-W1", "form: SMALL-W1-S1\nsupplements: SMALL-W1")
    .replace("sample: small}", 'sample: small, within: "150900"}')
    .replace("GR01", "SU01")
    .replace("GR02", "SU02")
    .replace("EG01", "SU03")
)


def parsed(*changes: tuple[str, str], text: str = EXTRA):
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    return loader.parse(loader.read_yaml(text))


def test_a_supplement_with_the_periods_of_its_base_is_sound():
    assert lint_together([BASE, parsed()]) == []


@pytest.mark.parametrize(
    "change",
    [
        ("supplements: SMALL-W1", "supplements: NOWHERE"),
        ("starts: saturday", "starts: sunday"),
        ("levels: [旗县, 盟市]", "levels: [旗县, 盟市, 自治区]"),
        ("sample: small", "sample: other"),
        (', within: "150900"', ""),
    ],
)
def test_a_supplement_names_a_known_form_with_the_same_periods_and_list(change):
    codes = [issue.code for issue in lint_together([BASE, parsed(change)])]
    assert codes == ["FORM-SUPPLEMENTS"]


def test_a_supplement_that_asks_the_goods_of_its_base_asks_twice():
    found = lint_together([BASE, parsed(("SU01", "GR01"))])
    assert {issue.code for issue in found} == {"FORM-ASKED-TWICE"}


@pytest.mark.parametrize(
    ("one", "other", "overlap"),
    [
        (("enterprise", None), ("enterprise", "150900"), True),
        (("enterprise", "150900"), ("enterprise", "152500"), False),
        (("enterprise", "150000"), ("enterprise", "150900"), True),
        (("enterprise", "150900"), ("enterprise", "150921"), True),
        (("enterprise", None), ("office", None), False),
    ],
)
def test_two_registers_or_two_places_of_one_level_share_no_respondent(one, other, overlap):
    first, second = Respondents(one[0], "a", one[1]), Respondents(other[0], "b", other[1])
    assert may_overlap(first, second) is may_overlap(second, first) is overlap


def test_the_same_goods_asked_in_two_leagues_are_not_asked_twice():
    there = parsed(("SMALL-W1-S1", "SMALL-W1-S2"), ("150900", "152500"))
    assert lint_together([BASE, parsed(), there]) == []
    same = parsed(("SMALL-W1-S1", "SMALL-W1-S2"))
    assert "FORM-ASKED-TWICE" in {i.code for i in lint_together([BASE, parsed(), same])}


def test_prefill_that_names_the_twin_says_where_the_fact_comes_from():
    names = {"price": "price", "sales": "sales", "qty": "qty"}
    text = SMALL.replace("form: SMALL-W1", "form: SMALL-D1")
    for code in names:
        text = text.replace(f"  {code}: {{title", f"  {code}: {{prefill: SMALL-W1.{code}, title")
    assert lint_together([BASE, parsed(text=text)]) == []


DECIMALS = "scale: 2, digits: 9, must: false, asked"
SHARED_STOCK = EXTRA.replace("shares: OTHER.stock", "shares: SMALL-W1.stock")


@pytest.mark.parametrize(
    "change",
    [("SMALL-W1.stock", "SMALL-W1.nothing"), ("scale: 1, digits: 9, must: false, asked", DECIMALS)],
)
def test_a_source_is_a_column_with_the_same_decimals(change):
    assert lint_together([BASE, parsed(text=SHARED_STOCK)]) == []
    found = lint_together([BASE, parsed(change, text=SHARED_STOCK)])
    assert [issue.code for issue in found] == ["FORM-SHARES"]


def test_a_good_taken_over_by_its_code_has_one_unit():
    asked_here = SHARED_STOCK.replace("SU03", "EG01")
    assert "FORM-SHARES" not in {i.code for i in lint_together([BASE, parsed(text=asked_here)])}
    other = parsed(("    unit: 公斤\n    units: [jin, box]\n", "    unit: 枚\n"), text=asked_here)
    (issue,) = [i for i in lint_together([BASE, other]) if i.code == "FORM-SHARES"]
    assert "鸡蛋" in issue.message and "枚" in issue.message


def test_the_ratio_counts_only_goods_the_source_asks_and_leaves_identification_out():
    other = parsed(("form: SMALL-W1", "form: OTHER"), (", shares: OTHER.stock", ""), text=SMALL)
    known = {form.code: form for form in (BASE, other)}
    found = once(BASE, known)
    # Three columns of three rows, and stock of the two rows that are marked.
    assert (found.cells, found.identification) == (11, 12)
    assert (found.shared, found.prefilled, found.percent) == (2, 0, 18)
    assert once(BASE, {"SMALL-W1": BASE}).shared == 0
    till = parsed(
        ("must: false, converts: none", "must: false, prefill: pos.sales, converts: none"),
        text=SMALL,
    )
    waiting = once(till, {"SMALL-W1": till})
    assert (waiting.waiting, waiting.percent, waiting.percent_connected) == (3, 0, 27)
    assert [one.form for one in once_all([other, BASE])] == ["OTHER", "SMALL-W1"]
