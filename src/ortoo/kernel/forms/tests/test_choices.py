"""Columns whose cells are one of a few words, named figures, and what digests leave out."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ortoo.kernel.forms import body, cells, frame, loader
from ortoo.kernel.forms.asked import Asked
from ortoo.kernel.forms.body import GridBody
from ortoo.kernel.forms.cells import CellError
from ortoo.kernel.forms.check import CheckContext, check
from ortoo.kernel.forms.definition import FormError, Nil, Roles
from ortoo.kernel.forms.digest import canonical
from ortoo.kernel.forms.lint import lint
from ortoo.kernel.forms.tests.small import SMALL, small_form

WORDS = "[{zh: 涨, en: up}, {zh: 平, en: flat}, {zh: 跌, en: down}]"
OUTLOOK = f"  outlook: {{title: {{zh: 下期预期, en: Outlook}}, choices: {WORDS}}}\n"
TEXT = SMALL.replace("rules:\n", OUTLOOK + "rules:\n", 1)
FORM = loader.parse(loader.read_yaml(TEXT))
RICE, COLUMN = FORM.leaves[0], FORM.measure("outlook")
BLANK = (None, None, None)


def grid(outlook, price=(598, 420, 720), **columns) -> GridBody:
    rest = {code: columns.get(code, BLANK) for code in ("sales", "qty")}
    return GridBody({"price": price, **rest, "stock": (1, 1, 1), "outlook": outlook})


@pytest.mark.parametrize(
    ("text", "value"),
    [("涨", 0), ("跌", 2), (" 平 ", 1), ("up", 0), ("DOWN", 2), ("1", 0), ("３", 2), ("", None),
     ("—", None), ("无", None), ("未经营", Nil.NOT_CARRIED), ("断货", Nil.OUT_OF_STOCK)],
)  # fmt: skip
def test_a_choice_is_read_from_its_label_its_english_or_its_number(text, value):
    assert cells.parse(text, RICE, COLUMN) == value


@pytest.mark.parametrize("text", ["0", "4", "上涨", "1.0", "-1", "=A1", "涨跌"])
def test_what_is_no_choice_is_refused_with_the_list(text):
    with pytest.raises(CellError, match="1涨、2平、3跌") as refused:
        cells.parse(text, RICE, COLUMN)
    assert refused.value.code == "CELL-CHOICE"


def test_what_was_understood_is_said_unless_it_is_the_label_itself():
    assert cells.read("2", RICE, COLUMN).note == "按“平”理解"
    assert cells.read("平", RICE, COLUMN).note == ""


@given(st.lists(st.sampled_from([0, 1, 2, None, *Nil]), min_size=3, max_size=3).map(tuple))
def test_choices_survive_the_body(outlook):
    said = grid(outlook)
    assert body.decode(FORM, body.encode(FORM, said)) == said
    texts = [COLUMN.text(cell) for cell in outlook if type(cell) is int]
    assert [cells.parse(text, RICE, COLUMN) for text in texts] == [
        cell for cell in outlook if type(cell) is int
    ]


@pytest.mark.parametrize("cell", [3, -1, 2**40])
def test_a_place_beyond_the_list_is_refused_and_found(cell):
    with pytest.raises(FormError, match="GRID-CHOICE"):
        body.encode(FORM, grid((cell, 0, 0)))
    raw = body.encode(FORM, grid((0, 0, 0))).replace(b'"outlook":[0', b'"outlook":[%d' % cell)
    with pytest.raises(FormError, match="GRID-CHOICE"):
        body.decode(FORM, raw)
    assert [i.code for i in check(FORM, grid((cell, 0, 0)))] == ["GRID-CHOICE"]


def test_a_choice_beside_a_nil_contradicts_nothing_in_one_return_and_in_many():
    said = grid((2, 0, 1), price=(Nil.OUT_OF_STOCK, 420, 720))
    assert [i for i in check(FORM, said) if i.severity == "hard"] == []
    checked = frame.check_frame(FORM, frame.frame_of(FORM, [frame.ReturnRow(1, said)]))
    assert frame.violations(FORM, checked).is_empty()


def test_a_sale_of_the_day_before_does_not_contradict_an_empty_shelf():
    text = TEXT.replace(
        "converts: none, aggregate: sum}", "converts: none, aggregate: sum, lag_days: 1}"
    )
    lagged = loader.parse(loader.read_yaml(text))
    assert lagged.measure("sales").lag_days == 1
    said = grid(BLANK, price=(Nil.OUT_OF_STOCK, 420, 720), sales=(5, None, None))
    assert "NIL-SALES" in {i.code for i in check(FORM, said)}
    assert "NIL-SALES" not in {i.code for i in check(lagged, said)}
    rows = frame.frame_of(lagged, [frame.ReturnRow(1, said)])
    assert "NIL-SALES.sales" not in frame.check_frame(lagged, rows).columns


def test_a_rule_may_ask_whether_a_choice_is_there_but_not_reckon_with_it():
    there = TEXT.replace("hard: price > 0", "hard: has(outlook)")
    assert lint(loader.read_yaml(there)) == []
    reckoned = TEXT.replace("hard: price > 0", "hard: outlook > 0")
    assert "FORM-CHOICE-RULE" in {issue.code for issue in lint(loader.read_yaml(reckoned))}
    weighed = TEXT.replace("wmean:qty", "wmean:outlook")
    assert "FORM-AGGREGATE" in {issue.code for issue in lint(loader.read_yaml(weighed))}


@pytest.mark.parametrize(
    "words",
    [
        "[{zh: 涨, en: up}]",
        "[{zh: 涨, en: up}, {zh: 涨, en: flat}]",
        "[{zh: 涨, en: up}, {zh: 平, en: up}]",
    ],
)
def test_choices_are_at_least_two_and_all_different(words):
    with pytest.raises(FormError, match="FORM-CHOICES"):
        loader.parse(loader.read_yaml(TEXT.replace(WORDS, words)))


def test_figures_name_the_parts_and_default_to_the_usual_names():
    assert FORM.roles == Roles(price="price", value="sales", stock="stock")
    named = SMALL.replace("rules:\n", "figures: {price: price, quantity: qty}\nrules:\n", 1)
    assert loader.parse(loader.read_yaml(named)).roles == Roles(price="price", quantity="qty")
    assert FORM.principal.code == "price"
    for wrong in ("weight", "outlook"):
        text = TEXT.replace("rules:\n", f"figures: {{price: {wrong}}}\nrules:\n", 1)
        with pytest.raises(FormError, match="FORM-FIGURES"):
            loader.parse(loader.read_yaml(text))


def test_an_attribute_without_choices_takes_any_words():
    text = SMALL.replace(
        "rules:\n", "attributes:\n  - {code: place, title: {zh: 存放地点, en: Place}}\nrules:\n", 1
    )
    form = loader.parse(loader.read_yaml(text))
    said = GridBody({m.code: (1, 1, 1) if m.code != "sales" else BLANK for m in form.measures})
    missing = [i for i in check(form, said) if i.code == "GRID-ATTRIBUTE"]
    assert [i.remedy for i in missing] == ["请填写存放地点。"]
    part = CheckContext(asked=Asked(frozenset({"0101"}), frozenset({"price"})))
    assert not [i for i in check(form, said, part) if i.code == "GRID-ATTRIBUTE"]
    placed = GridBody(said.columns, attributes={"place": "东库"})
    assert not [i for i in check(form, placed) if i.code == "GRID-ATTRIBUTE"]


def test_the_digest_of_a_form_without_the_newer_keys_is_what_it_was_before_them():
    assert small_form().digest.hex() == (
        "7ec4a6084543ba6680d5b369930762975c20b6d12722167742c5c3662cd537f1"
    )
    assert b"review_hours" not in canonical(small_form())


@pytest.mark.parametrize(
    "added",
    ["review_hours: 4\n", "supplements: SCJC-W1\n", "figures: {price: price}\n"],
)
def test_a_newer_key_that_is_used_is_in_the_digest(added):
    form = loader.parse(loader.read_yaml(SMALL.replace("rules:\n", added + "rules:\n", 1)))
    assert form.digest != small_form().digest
    assert added.partition(":")[0].encode() in canonical(form)
