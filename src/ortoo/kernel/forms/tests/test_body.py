from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ortoo.kernel.forms import body
from ortoo.kernel.forms.definition import FormError, Nil
from ortoo.kernel.forms.tests.small import SMALL, grid, small_form

FORM = small_form()
CELLS = st.one_of(
    st.none(), st.sampled_from(list(Nil)), st.integers(-body.MAX_INTEGER, body.MAX_INTEGER)
)
COLUMNS = st.tuples(CELLS, CELLS, CELLS)
TEXTS = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=40).filter(
    str.strip
)


@given(COLUMNS, COLUMNS, st.dictionaries(st.sampled_from(["0101.price", "0201.stock"]), TEXTS))
def test_every_grid_reads_back_as_it_was_written(price, stock, notes):
    said = body.GridBody(grid(price, stock=stock).columns, notes=notes)
    data = body.encode(FORM, said)
    assert body.decode(FORM, data) == said
    assert body.encode(FORM, body.decode(FORM, data)) == data


def test_the_encoding_is_compact_sorted_integers_by_column():
    data = body.encode(FORM, grid((598, Nil.OUT_OF_STOCK, None)))
    assert data == (
        b'{"columns":{"price":[598,"o",null],"qty":[null,null,null],'
        b'"sales":[null,null,null],"stock":[null,null,null]}}'
    )


def test_a_part_is_one_column_so_that_a_price_is_proved_without_the_sales():
    said = body.GridBody(grid((598, None, None)).columns, marks={"R2:0101": "促销"})
    parts = dict(body.parts(FORM, body.encode(FORM, said)))
    assert parts["columns.price"] == b"[598,null,null]"
    assert parts["marks"] == '{"R2:0101":"促销"}'.encode()


GOOD = {"columns": {c: [1, None, 3] for c in ("price", "sales", "qty", "stock")}}


def refused(change) -> str:
    data = json.loads(json.dumps(GOOD))
    change(data)
    with pytest.raises(FormError) as caught:
        body.decode(FORM, json.dumps(data).encode())
    return caught.value.code


def test_strict_decoding_refuses_what_is_not_a_grid():
    assert refused(lambda d: d.update(extra=1)) == "GRID-FIELD"
    assert refused(lambda d: d["columns"].update(inflow=[1, 2, 3])) == "GRID-FIELD"
    assert refused(lambda d: d["columns"].pop("price")) == "GRID-TYPE"
    assert refused(lambda d: d["columns"]["price"].append(1)) == "GRID-LENGTH"
    assert refused(lambda d: d["columns"].update(price=[1.5, 2, 3])) == "GRID-FLOAT"
    assert refused(lambda d: d["columns"].update(price=[float("nan"), 2, 3])) == "GRID-NAN"
    assert refused(lambda d: d["columns"].update(price=[True, 2, 3])) == "GRID-TYPE"
    assert refused(lambda d: d["columns"].update(price=["x", 2, 3])) == "GRID-TYPE"
    assert refused(lambda d: d["columns"].update(price=[[], 2, 3])) == "GRID-TYPE"
    assert refused(lambda d: d["columns"].update(price=[2**53, 2, 3])) == "GRID-RANGE"
    assert refused(lambda d: d["columns"].update(price=[10**300, 2, 3])) == "GRID-RANGE"
    assert refused(lambda d: d.update(notes={"9999.price": "x"})) == "GRID-FIELD"
    assert refused(lambda d: d.update(marks={"R9:0101": "x"})) == "GRID-FIELD"
    assert refused(lambda d: d.update(notes={})) == "GRID-EMPTY"
    assert refused(lambda d: d.update(notes={"0101.price": "x" * 501})) == "GRID-TEXT"
    assert refused(lambda d: d.update(notes={"0101.price": "\ud800"})) == "GRID-TEXT"


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b'{"columns":{},"columns":{}}', "GRID-DUPLICATE-KEY"),
        (b"\xff", "GRID-JSON"),
        (b"[1]", "GRID-TYPE"),
        (b"[" * 100_000, "GRID-JSON"),
        (b'{"columns":{"price":[-0,1,2]}}', "GRID-RANGE"),
        (b" " * 1_000_001, "GRID-SIZE"),
    ],
)
def test_bytes_that_are_no_body_are_refused(data, code):
    with pytest.raises(FormError) as caught:
        body.decode(FORM, data)
    assert caught.value.code == code


def test_an_older_grid_is_laid_out_for_a_newer_form_by_code():
    from ortoo.kernel.forms import loader

    text = SMALL.replace("version: 1", "version: 2").replace('"0102", zh: 面粉', '"0103", zh: 小米')
    newer = loader.parse(loader.read_yaml(text))
    moved = body.project(grid((1, 2, 3)), FORM, newer)
    assert moved.columns["price"] == (1, None, 3)
