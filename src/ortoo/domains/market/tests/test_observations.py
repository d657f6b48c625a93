"""The fast reading of a period's bodies says what the codec says, cell by cell."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from ortoo.algorithms.rollup import MISSING
from ortoo.domains.market import observations
from ortoo.kernel.filings.read import BodyRow
from ortoo.kernel.forms import body as codec
from ortoo.kernel.forms import registry
from ortoo.kernel.forms.definition import Nil

FORM = "SCJC-W1"
NILS = {Nil.NOT_CARRIED: -1, Nil.OUT_OF_STOCK: -2, Nil.OUT_OF_SEASON: -3, None: -4}
CELLS = st.one_of(
    st.sampled_from([*Nil, None, 0, codec.MAX_INTEGER, -codec.MAX_INTEGER]),
    st.integers(-codec.MAX_INTEGER, codec.MAX_INTEGER),
)


@st.composite
def grids(draw: st.DrawFn) -> codec.GridBody:
    form = registry.get(FORM)
    few = draw(st.lists(CELLS, min_size=1, max_size=6))
    columns = {
        measure.code: tuple(few[(row + turn) % len(few)] for row in range(len(form.leaves)))
        for turn, measure in enumerate(form.measures)
    }
    notes = draw(st.sampled_from([{}, {"0101.price": 'null,"n",[1,2]'}, {"0101.price": "columns"}]))
    return codec.GridBody(columns, notes=notes)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.none() | grids(), max_size=4))
def test_cells_read_in_one_pass_are_the_cells_the_codec_reads(
    found: list[codec.GridBody | None],
) -> None:
    form = registry.get(FORM)
    filings = [
        grid and BodyRow(row + 1, FORM, form.version, "150102", codec.encode(form, grid))
        for row, grid in enumerate(found)
    ]
    cells, nils = observations._cells(form, filings)
    assert set(cells) == {measure.code for measure in form.measures}
    for row, grid in enumerate(found):
        for code, values in cells.items():
            column = grid.columns[code] if grid else (None,) * len(form.leaves)
            assert values[row].tolist() == [
                cell if type(cell) is int else MISSING for cell in column
            ]
        price = grid.columns["price"] if grid else (None,) * len(form.leaves)
        assert nils[row].tolist() == [0 if type(c) is int else NILS[c] for c in price]
    assert nils.dtype == np.int8
