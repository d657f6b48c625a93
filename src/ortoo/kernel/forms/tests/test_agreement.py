"""The vectorised and the exact evaluation of a rule are pinned together (DESIGN 6.9)."""

from __future__ import annotations

import datetime as dt
from fractions import Fraction

import polars as pl
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from ortoo.kernel.forms import exact
from ortoo.kernel.forms import nodes as ex
from ortoo.kernel.forms.body import GridBody
from ortoo.kernel.forms.check import CheckContext, check
from ortoo.kernel.forms.definition import FormError, Nil
from ortoo.kernel.forms.frame import ReturnRow, check_frame, check_groups, frame_of, violations
from ortoo.kernel.forms.limits import LimitTable
from ortoo.kernel.forms.peers_frame import peer_table
from ortoo.kernel.forms.tests.small import small_form
from ortoo.kernel.forms.vectorised import Layout, LimitColumn, broken, nil_column

FORM = small_form()
NOVEMBER = dt.date(2026, 11, 16)
NAMES = ("price", "sales", "qty")
CELL = st.builds(ex.CellRef, st.sampled_from(NAMES), st.sampled_from(["now", "previous"]))
CONST = st.builds(ex.Const, st.fractions(min_value=-1000, max_value=1000, max_denominator=100))
NUMBERS = st.recursive(
    st.one_of(CELL, CELL, CONST, st.just(ex.LimitRef("usual"))),
    lambda inner: st.one_of(
        st.builds(ex.Arithmetic, st.sampled_from(["+", "-", "*", "/"]), inner, inner),
        st.builds(ex.Absolute, inner),
        st.builds(ex.Extreme, st.sampled_from(["min", "max"]), inner, inner),
    ),
    max_leaves=5,
)
COMPARE = st.builds(
    ex.Compare, st.sampled_from(["<", "<=", ">", ">=", "==", "!="]), NUMBERS, NUMBERS
)
TRUTHS = st.recursive(
    st.one_of(
        COMPARE,
        COMPARE,
        st.builds(ex.Has, CELL),
        st.builds(ex.IsNil, st.builds(ex.CellRef, st.sampled_from(NAMES), st.just("now"))),
    ),
    lambda inner: st.one_of(
        st.builds(ex.Both, inner, inner),
        st.builds(ex.Either, inner, inner),
        st.builds(ex.Negation, inner),
    ),
    max_leaves=4,
)
VALUE = st.one_of(st.none(), st.just(0), st.integers(0, 30), st.integers(0, 9_999_999))
ROW = st.fixed_dictionaries({(name, at): VALUE for name in NAMES for at in ("now", "previous")})
USUAL = st.one_of(st.none(), st.integers(0, 300))


@settings(max_examples=400, deadline=None)
@given(
    TRUTHS, st.one_of(st.none(), TRUTHS), st.lists(st.tuples(ROW, USUAL), min_size=1, max_size=6)
)
def test_a_rule_is_broken_in_the_frame_exactly_where_it_is_broken_by_hand(truth, when, rows):
    layout = Layout(FORM, {"usual": LimitColumn(100, 0, 300)})
    try:
        flag = broken(truth, when, layout)
    except FormError as error:
        assume(error.code not in {"EXPR-ZERO", "EXPR-OVERFLOW"})
        raise
    columns = {ex.CellRef(*key).name: [row[key] for row, _ in rows] for key in rows[0][0]}
    types = {name: pl.Int64 for name in columns}
    frame = pl.DataFrame(columns, schema=types).with_columns(
        pl.Series("limit.usual", [usual for _, usual in rows], dtype=pl.Int32),
        *(pl.Series(nil_column(name), [0] * len(rows), dtype=pl.UInt8) for name in NAMES),
    )
    seen = frame.with_columns(flag.fill_null(value=False).alias("flag"))["flag"].to_list()
    by_hand = exact.Rows(
        scales={m.code: m.scale for m in FORM.measures},
        cells={key: [row[key] for row, _ in rows] for key in rows[0][0]},
        nils={name: [False] * len(rows) for name in NAMES},
        limits={"usual": [None if u is None else Fraction(u, 100) for _, u in rows]},
    )
    holds = exact.bind_truth(truth, by_hand)
    wanted = None if when is None else exact.bind_truth(when, by_hand)
    expected = [
        holds(row) is False and (wanted is None or wanted(row) is True) for row in range(len(rows))
    ]
    assert seen == expected


GRID_CELL = st.one_of(
    st.none(),
    st.sampled_from(list(Nil)),
    st.integers(-2, 2),
    st.integers(400, 900),
    st.just(10**7),
    st.just(2**40),
)
COLUMN = st.tuples(GRID_CELL, GRID_CELL, GRID_CELL)
GRID = st.builds(
    lambda price, sales, qty, stock: GridBody(
        {"price": price, "sales": sales, "qty": qty, "stock": stock}
    ),
    COLUMN, COLUMN, COLUMN, COLUMN,
)  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.tuples(GRID, st.one_of(st.none(), GRID), st.sampled_from("AABC")),
        min_size=1,
        max_size=14,
    )
)
def test_checking_many_returns_flags_the_cells_that_checking_each_flags(returns):
    table = LimitTable(
        "small.limits",
        None,
        None,
        "",
        True,
        {
            ("price_change", "", 0): Fraction(1, 10),
            ("price_change", "0201", 11): Fraction(1, 4),
        },
    )
    rows = [
        ReturnRow(place, grid, previous, None, {"旗县": where, "盟市": "L"}, 11)
        for place, (grid, previous, where) in enumerate(returns)
    ]
    frame = frame_of(FORM, rows)
    checked = check_frame(FORM, frame, table)
    flagged = set(violations(FORM, checked).rows())
    groups = check_groups(FORM, frame)
    flagged |= {(r, g, "R5") for r, g, bad in groups.select("return", "group", "R5").rows() if bad}
    by_hand = set()
    for row in rows:
        peers = peer_table(FORM, frame, {"旗县": row.places["旗县"], "盟市": "L"})
        context = CheckContext(row.previous, None, peers, table, NOVEMBER)
        for issue in check(FORM, row.grid, context):
            name = {
                "GRID-NEGATIVE": f"GRID-RANGE.{issue.measure}",
                "GRID-DIGITS": f"GRID-RANGE.{issue.measure}",
                "GRID-BLANK": f"GRID-BLANK.{issue.measure}",
                "NIL-SALES": f"NIL-SALES.{issue.measure}",
            }.get(issue.code, issue.rule)
            if not name.startswith(("NIL-PLACE", "NIL-STOCK", "GRID-ASKED")):
                by_hand.add((row.id, issue.item, name))
    assert flagged == by_hand
