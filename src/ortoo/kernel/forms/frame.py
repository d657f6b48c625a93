"""Checks many returns at once: one row a return and item, one flag column a rule.

Columns read: `return`, `item` (the form's leaf codes), every measure as an integer in minor
units, and when there: `MEASURE#nil` (0 none, 1 n, 2 o, 3 s), `MEASURE@-1`, `MEASURE@year`,
`month` (1–12, for seasonal limits), `period`, and a column of place codes for each level of the
form. A column that is not there makes the rules that read it rest. Out-of-range cells are
flagged by structure and unknown to the rules, exactly as in `check`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import lcm
from typing import TYPE_CHECKING

from ortoo.kernel.forms import peers_frame
from ortoo.kernel.forms.body import GridBody
from ortoo.kernel.forms.compiled import CompiledForm, CompiledRule, compiled
from ortoo.kernel.forms.definition import Cell, Form, Measure, Nil
from ortoo.kernel.forms.limits import LimitTable
from ortoo.kernel.forms.nodes import CellRef, Total
from ortoo.kernel.forms.structure import says_trade
from ortoo.kernel.forms.vectorised import (
    Layout,
    LimitColumn,
    broken,
    limit_column,
    nil_column,
    peer_column,
    total_column,
)

if TYPE_CHECKING:
    import polars as pl

LAGS = {"previous": "@-1", "year": "@year"}
NIL_NUMBER: Mapping[Nil, int] = {
    Nil.NOT_CARRIED: 1,
    Nil.OUT_OF_STOCK: 2,
    Nil.OUT_OF_SEASON: 3,
}
# Rows that stay in a core's cache together: a quarter of this or twice as much is slower.
SLICE_ROWS = 65_536


@dataclass(frozen=True, slots=True)
class ReturnRow:
    """One return to be laid out as rows of a frame. `places`: level → place code."""

    id: int
    grid: GridBody
    previous: GridBody | None = None
    year_before: GridBody | None = None
    places: Mapping[str, str] | None = None
    month: int | None = None
    period: str | None = None


def integer_type(measure: Measure) -> type[pl.DataType]:
    """The narrowest column that holds a measure."""
    import polars as pl

    return pl.Int32 if measure.maximum < 2**31 else pl.Int64


def frame_of(form: Form, returns: Sequence[ReturnRow]) -> pl.DataFrame:
    """Returns laid out as a frame; cells that a narrow column cannot hold stay in wide ones."""
    import polars as pl

    codes = [item.code for item in form.leaves]
    data: dict[str, pl.Series] = {
        "return": pl.Series([r.id for r in returns for _ in codes], dtype=pl.UInt32),
        "item": pl.Series(codes * len(returns), dtype=pl.Enum(codes)),
    }
    for measure in form.measures:
        now = [cell for r in returns for cell in r.grid.columns[measure.code]]
        data[measure.code] = _integers(now)
        nils = [NIL_NUMBER[cell] if isinstance(cell, Nil) else 0 for cell in now]
        data[nil_column(measure.code)] = pl.Series(nils, dtype=pl.UInt8)
        for lag, bodies in (
            ("@-1", [r.previous for r in returns]),
            ("@year", [r.year_before for r in returns]),
        ):
            blank: tuple[Cell, ...] = (None,) * len(codes)
            cells = [c for b in bodies for c in (b.columns[measure.code] if b else blank)]
            data[measure.code + lag] = _integers(cells)
    if returns and returns[0].month is not None:
        months = [r.month for r in returns for _ in codes]
        data["month"] = pl.Series(months, dtype=pl.UInt8)
    if returns and returns[0].period is not None:
        data["period"] = pl.Series([r.period for r in returns for _ in codes])
    for level in form.levels:
        if returns and level in (returns[0].places or {}):
            places = [(r.places or {}).get(level) for r in returns for _ in codes]
            data[level] = pl.Series(places, dtype=pl.Categorical)
    return pl.DataFrame(data)


def _integers(cells: Iterable[Cell]) -> pl.Series:
    import polars as pl

    return pl.Series([c if isinstance(c, int) else None for c in cells], dtype=pl.Int64)


def check_frame(form: Form, frame: pl.DataFrame, limits: LimitTable | None = None) -> pl.DataFrame:
    """The frame with a Boolean column for each structural code and leaf rule; never null."""
    prepared, layout = prepare(form, frame, limits)
    return frame.hstack(flags(form, prepared, layout))


def check_groups(form: Form, frame: pl.DataFrame) -> pl.DataFrame:
    """`return`, `group` and a flag column for each rule over groups."""
    import polars as pl

    form_rules = compiled(form)
    narrow = _narrow(form, frame)
    totals = {
        node.cell
        for rule in form_rules.group_rules
        for node in rule.nodes()
        if isinstance(node, Total)
    }
    blocks = [_group_totals(form, narrow, group.code, totals) for group in form.groups]
    if not blocks or not form_rules.group_rules:
        return pl.DataFrame({"return": [], "group": []})
    stacked = pl.concat(blocks)
    rules = runnable(form_rules.group_rules, stacked.columns)
    layout = Layout(form, {})
    return stacked.with_columns(
        broken(rule.truth, rule.when, layout).fill_null(value=False).alias(rule.rule.id)
        for rule in rules
    )


def _group_totals(
    form: Form, frame: pl.DataFrame, group: str, totals: Iterable[CellRef]
) -> pl.DataFrame:
    import polars as pl

    codes = [form.leaves[row].code for row in form.descendants[group]]
    sums = [
        pl.when(pl.col(cell.name).is_not_null().any())
        .then(pl.col(cell.name).cast(pl.Int64).sum())
        .alias(total_column(cell))
        for cell in sorted(totals, key=lambda cell: cell.name)
        if cell.name in frame.columns
    ]
    rows = frame.filter(pl.col("item").cast(pl.String).is_in(codes))
    found = rows.group_by("return", maintain_order=True).agg(sums)
    return found.with_columns(pl.lit(group).alias("group"))


def violations(form: Form, checked: pl.DataFrame) -> pl.DataFrame:
    """The flags as rows: `return`, `item`, `rule`; masks applied as in `check`."""
    import polars as pl

    names = [name for name in flag_names(form) if name in checked.columns]
    masks = {rule.id: rule.masks for rule in form.rules}
    quiet: dict[str, list[str]] = {}
    for rule, masked in masks.items():
        for name in masked:
            quiet.setdefault(name, []).append(rule)
    shown = [
        (pl.col(name) & ~pl.any_horizontal(by)).alias(name) if by else pl.col(name)
        for name in names
        for by in [[other for other in quiet.get(name, []) if other in names]]
    ]
    long = checked.select("return", "item", *shown).unpivot(
        index=["return", "item"], on=names, variable_name="rule", value_name="broken"
    )
    return long.filter("broken").drop("broken")


def flag_names(form: Form) -> list[str]:
    """Names of the flag columns of `check_frame`, structure first."""
    structural = [name for measure in form.measures for name in _structural(form, measure)]
    return [*structural, *(rule.rule.id for rule in compiled(form).leaf_rules)]


def _structural(form: Form, measure: Measure) -> list[str]:
    names = [f"GRID-RANGE.{measure.code}"]
    if measure.must:
        names.append(f"GRID-BLANK.{measure.code}")
    elif measure.asked == "every" and says_trade(measure) and any(m.must for m in form.measures):
        names.append(f"NIL-SALES.{measure.code}")
    return names


def prepare(
    form: Form, frame: pl.DataFrame, limits: LimitTable | None = None
) -> tuple[pl.DataFrame, Layout]:
    """Narrow, range-checked columns with limits and peers beside them."""
    form_rules = compiled(form)
    prepared = _narrow(form, frame)
    found: dict[str, LimitColumn] = {}
    if limits is not None and "month" in prepared.columns:
        prepared = _with_limits(form_rules, prepared, limits, found)
    prepared = peers_frame.with_peers(form, form_rules.peer_scores, prepared)
    return prepared, Layout(form, found)


def flags(form: Form, prepared: pl.DataFrame, layout: Layout) -> pl.DataFrame:
    """All flag columns of a prepared frame, computed a cache-sized slice at a time."""
    import polars as pl

    rules = runnable(compiled(form).leaf_rules, prepared.columns)
    expressions = [*_structure(form, prepared.columns)]
    expressions += [
        broken(rule.truth, rule.when, layout).fill_null(value=False).alias(rule.rule.id)
        for rule in rules
    ]
    if not expressions:
        return pl.DataFrame()
    slices = [
        prepared.slice(start, SLICE_ROWS).select(expressions)
        for start in range(0, max(prepared.height, 1), SLICE_ROWS)
    ]
    return pl.concat(slices)


def runnable(rules: Sequence[CompiledRule], columns: Sequence[str]) -> list[CompiledRule]:
    """The rules whose columns are all in the frame."""
    have = set(columns)
    return [rule for rule in rules if _reads(rule) <= have]


def _reads(rule: CompiledRule) -> set[str]:
    from ortoo.kernel.forms.nodes import IsNil, LimitRef, PeerScore, walk

    names: set[str] = set()
    for top in (rule.truth, *((rule.when,) if rule.when else ())):
        for node in walk(top):
            if isinstance(node, Total):
                names.add(total_column(node.cell))
            elif isinstance(node, LimitRef):
                names.add(limit_column(node.name))
            elif isinstance(node, PeerScore):
                names |= {peer_column(node, "median2"), peer_column(node, "spread100")}
            elif isinstance(node, IsNil):
                names.add(nil_column(node.cell.measure))
            elif isinstance(node, CellRef) and rule.rule.over == "leaf":
                names.add(node.name)
    return names


def _structure(form: Form, columns: Sequence[str]) -> list[pl.Expr]:
    import polars as pl

    found = []
    for measure in form.measures:
        bad = f"{measure.code}#bad"
        if bad in columns:
            found.append(pl.col(bad).alias(f"GRID-RANGE.{measure.code}"))
        nil = nil_column(measure.code)
        if measure.must and nil in columns:
            blank = pl.col(measure.code).is_null() & (pl.col(nil) == 0)
            blank = blank & ~pl.col(bad) if bad in columns else blank
            found.append(blank.alias(f"GRID-BLANK.{measure.code}"))
    for key in (m for m in form.measures if m.must and nil_column(m.code) in columns):
        for measure in form.measures:
            if not measure.must and measure.asked == "every" and says_trade(measure):
                sold = (pl.col(nil_column(key.code)) > 0) & (pl.col(measure.code) > 0)
                found.append(sold.fill_null(value=False).alias(f"NIL-SALES.{measure.code}"))
        break
    return found


def _narrow(form: Form, frame: pl.DataFrame) -> pl.DataFrame:
    """Measures in their narrowest integers, out-of-range cells null and marked `#bad`."""
    import polars as pl

    changed: list[pl.Expr | pl.Series] = []
    for measure in form.measures:
        for lag in ("", "@-1", "@year"):
            name = measure.code + lag
            if name not in frame.columns:
                continue
            column = frame.get_column(name)
            target = integer_type(measure)
            if _within(column, measure):
                if column.dtype != target:
                    changed.append(pl.col(name).cast(target))
                continue
            good = pl.col(name).is_between(0, measure.maximum)
            changed.append(pl.when(good).then(pl.col(name)).cast(target).alias(name))
            if not lag:
                changed.append((~good).fill_null(value=False).alias(f"{name}#bad"))
    codes = [item.code for item in form.leaves]
    if frame.schema["item"] != pl.Enum(codes):
        changed.append(pl.col("item").cast(pl.String).cast(pl.Enum(codes)))
    return frame.with_columns(changed) if changed else frame


def _within(column: pl.Series, measure: Measure) -> bool:
    low, high = column.min(), column.max()
    return low is None or (
        isinstance(low, int) and isinstance(high, int) and low >= 0 and high <= measure.maximum
    )


def _with_limits(
    form_rules: CompiledForm,
    frame: pl.DataFrame,
    table: LimitTable,
    found: dict[str, LimitColumn],
) -> pl.DataFrame:
    """A column a limit: its numerator over the table's common denominator, by item and month."""
    import numpy as np
    import polars as pl

    leaves = form_rules.form.leaves
    slot = frame.get_column("item").to_physical().cast(pl.UInt32) * 12
    slot = slot + frame.get_column("month").cast(pl.UInt32) - 1
    columns = []
    for name in form_rules.limit_names:
        grid = [table.value(name, item.code, month) for item in leaves for month in range(1, 13)]
        known = [value for value in grid if value is not None]
        denominator = lcm(*(value.denominator for value in known)) if known else 1
        numerators = [None if v is None else int(v * denominator) for v in grid]
        high = max((n for n in numerators if n is not None), default=0)
        low = min((n for n in numerators if n is not None), default=0)
        found[name] = LimitColumn(denominator, min(low, 0), max(high, 0))
        dtype = pl.Int32 if max(high, -low) < 2**31 else pl.Int64
        if None in numerators:
            column = pl.Series(numerators, dtype=dtype).gather(slot)
        else:
            kind = np.int32 if dtype == pl.Int32 else np.int64
            column = pl.Series(np.array(numerators, dtype=kind)[slot.to_numpy()])
        columns.append(column.alias(limit_column(name)))
    return frame.with_columns(columns) if columns else frame
