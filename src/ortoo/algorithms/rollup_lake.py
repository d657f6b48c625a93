"""Sums of many periods of frozen returns by place and item, in integers.

A frame of quotes has one row per (period, item, respondent): `period`, `item`, `place` (strings),
`counted`, `reviewed`, `doubtful` (flags of the return and of the cell), `price`, `sales_qty`,
`sales`, `stock` (integers in the form's minor units, null where nothing was said) and `price_nil`
(why there is no price). What is summed is what `algorithms.rollup` sums for one period, as far as
it can be added up the tree, and Σ ln p besides, so that geometric means have no float in them
either.

`sums` is a lazy query by any keys, for a few cells over years. `tree_sums` is everything at once:
it uses the order in which the lake keeps a period, so that no row is hashed, and goes up the tree
from the lower level's sums: the quotes are read once.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import polars as pl

LN_SCALE = 1_000_000
"""ln p is kept as round(10⁶ · ln(price in minor units))."""
OUT_OF_STOCK = 2
"""`price_nil` of 断货; 0 stands for a price."""
LARGEST = "largest_sales"
SUMS = (
    "expected", "filed", "unreviewed", "quotes", "sum_price", "sum_ln_price", "quantity",
    "sum_price_qty", "sales", LARGEST, "stock", "out_of_stock", "doubtful",
)  # fmt: skip

_OF_CELLS = ("item", "doubtful", "price_nil", "price", "sales", "sales_qty", "stock")
_OF_RETURNS = ("period", "place", "counted", "reviewed")
"""The same for every item of a return: read from the first item's rows alone, an eighth of the
whole."""


def sums(quotes: pl.LazyFrame, keys: Sequence[str], basis: str = "reviewed") -> pl.LazyFrame:
    """`SUMS` by `keys`, all int64. `basis`: all, or reviewed returns only.

    `expected`, `filed` and `unreviewed` count rows: returns, where an item is among the keys. A
    price without a quantity weighs one minor unit, as in `algorithms.rollup.roll_up`.
    """
    import polars as pl

    counted = pl.col("counted")
    kept = counted & pl.col("reviewed") if basis == "reviewed" else counted
    price = pl.when(kept).then(pl.col("price"))
    weight = pl.when(price.is_not_null()).then(
        pl.max_horizontal(pl.col("sales_qty").fill_null(0), pl.lit(1, pl.Int64))
    )
    sold = pl.when(kept).then(pl.col("sales"))
    ready = quotes.select(
        *keys, "counted", "reviewed", "doubtful", "price_nil",
        kept=kept, price=price, weight=weight, sold=sold,
        stock=pl.when(kept).then(pl.col("stock")), ln=_ln(price),
    )  # fmt: skip
    return ready.group_by(keys).agg(
        expected=pl.len().cast(pl.Int64),
        filed=_count(pl.col("kept")),
        unreviewed=_count(counted & ~pl.col("reviewed")),
        quotes=pl.col("price").count().cast(pl.Int64),
        sum_price=pl.col("price").sum(),
        sum_ln_price=pl.col("ln").sum(),
        quantity=pl.col("weight").sum(),
        sum_price_qty=(pl.col("price") * pl.col("weight")).sum(),
        sales=pl.col("sold").sum(),
        largest_sales=pl.col("sold").max().fill_null(0),
        stock=pl.col("stock").sum(),
        out_of_stock=_count(pl.col("kept") & (pl.col("price_nil") == OUT_OF_STOCK)),
        doubtful=_count(pl.col("doubtful") & pl.col("price").is_not_null()),
    )


_TABLE = 1 << 16


@lru_cache(maxsize=1)
def _table() -> NDArray[np.int64]:
    """ln of the prices that hardly any is above; read from memory sooner than computed."""
    return _computed(np.arange(_TABLE))


def _computed(price: NDArray[np.int64]) -> NDArray[np.int64]:
    found: NDArray[np.int64] = np.rint(LN_SCALE * np.log(np.maximum(price, 1))).astype(np.int64)
    return found


def _logarithms(price: NDArray[np.int64]) -> NDArray[np.int64]:
    """round(10⁶ · ln p) of each price; a price of zero counts as one minor unit."""
    found: NDArray[np.int64] = np.take(_table(), price, mode="clip")
    above = price >= _TABLE
    if above.any():
        found[above] = _computed(price[above])
    return found


def _ln(price: pl.Expr) -> pl.Expr:
    """`_logarithms` as an expression."""
    import polars as pl

    wide = price.clip(lower_bound=1).cast(pl.Float64)
    return (wide.log() * LN_SCALE).round().cast(pl.Int64)


def _count(flag: pl.Expr) -> pl.Expr:
    import polars as pl

    return flag.sum().cast(pl.Int64)


@dataclass(frozen=True, slots=True)
class Tree:
    """Where returns stand and what they roll up into.

    `unit`: place → the unit it is counted in; a place that is not in it is a unit of its own. Who
    stands at the root itself must be given a unit beside the others.
    """

    root: str
    unit: Mapping[str, str]


def tree_sums(periods: Iterable[pl.LazyFrame], tree: Tree, basis: str = "reviewed") -> pl.DataFrame:
    """`SUMS` of every place, unit and the root, ordered (period, item, place), all int64.

    Each is one period with a row for every item × respondent in that order; ValueError
    otherwise; one is in memory at a time. A place that is itself a unit has one row: whatever is
    counted in the unit.
    """
    import polars as pl

    found = [_period_sums(_Block.of(rows), tree, basis) for rows in periods]
    shapes = [(len(part.items), len(part.places)) for part in found]
    size = [items * places for items, places in shapes]
    items = [
        _Labels(part.items, places, 1) for part, (_, places) in zip(found, shapes, strict=True)
    ]
    places = [
        _Labels(part.places, 1, count) for part, (count, _) in zip(found, shapes, strict=True)
    ]
    periods_said = [_Labels([part.period], n, 1) for part, n in zip(found, size, strict=True)]
    return pl.DataFrame(
        {
            "period": _texts(periods_said),
            "item": _texts(items),
            "place": _texts(places),
            **{name: np.concatenate([part.sums[name].ravel() for part in found]) for name in SUMS},
        }
    )


@dataclass(frozen=True, slots=True)
class _Labels:
    """Texts of a column: each `each` times in a row, all of them `times` over."""

    texts: Sequence[str]
    each: int
    times: int


def _texts(parts: Sequence[_Labels]) -> pl.Series:
    """The parts one after the other; numbers are repeated, not texts."""
    import polars as pl

    known = {text: code for code, text in enumerate({t: 0 for part in parts for t in part.texts})}
    codes = [
        np.tile(np.repeat([known[text] for text in part.texts], part.each), part.times)
        for part in parts
    ]
    return pl.Series(list(known), dtype=pl.String).gather(np.concatenate(codes))


@dataclass(frozen=True, slots=True)
class _PeriodSums:
    """`SUMS` as matrices [items × places], both in order of code."""

    period: str
    items: Sequence[str]
    places: Sequence[str]
    sums: Mapping[str, NDArray[np.int64]]


@dataclass(frozen=True, slots=True)
class _Block:
    """One period's columns as matrices [items × respondents]; null as zero, of a price as −1."""

    frame: pl.DataFrame
    returns: pl.DataFrame
    items: Sequence[str]
    places: Sequence[str]

    @classmethod
    def of(cls, rows: pl.LazyFrame) -> _Block:
        import polars as pl

        item = pl.col("item")
        # Read first, then fill: in one query the same takes half as long again.
        frame = rows.select(_OF_CELLS).collect()
        frame = frame.with_columns(
            item.ne_missing(item.shift()).alias("begins"),
            pl.col("price").fill_null(-1),
            pl.col("sales", "sales_qty", "stock").fill_null(0),
        )
        begins = np.flatnonzero(frame["begins"].to_numpy())
        respondents = frame.height // max(len(begins), 1)
        if not len(begins) or (np.diff(begins, append=frame.height) != respondents).any():
            raise ValueError("not a row for every item × respondent, in that order")
        items = [frame.item(int(row), "item") for row in begins]
        returns = rows.head(respondents).select(_OF_RETURNS).collect()
        return cls(frame, returns, items, returns["place"].to_list())

    def of_returns(self, name: str) -> NDArray[np.bool_]:
        return self.returns[name].to_numpy()

    def cells(self, name: str, order: NDArray[np.intp]) -> NDArray[Any]:
        """The cells of the chosen respondents, in that order."""
        return np.take(self.values(name).reshape(len(self.items), -1), order, axis=1)

    def values(self, name: str) -> NDArray[Any]:
        return self.frame[name].to_numpy()


def _period_sums(block: _Block, tree: Tree, basis: str) -> _PeriodSums:
    unit_of = {place: tree.unit.get(place, place) for place in set(block.places)}
    at = sorted(unit_of, key=lambda place: (unit_of[place], place))
    column = {place: number for number, place in enumerate(at)}
    place = np.array([column[found] for found in block.places], np.intp)
    lowest = _place_sums(block, place, len(at), basis)
    units, starts = np.unique([unit_of[found] for found in at], return_index=True)
    labels = [*at, *units.tolist(), tree.root]
    # Of a place that is itself a unit, the unit's row is the one that counts.
    shown = {label: number for number, label in enumerate(labels)}
    order = np.array([shown[label] for label in sorted(shown)], np.intp)
    added = [name for name in SUMS if name != LARGEST]
    columns = {
        **_up(np.add, {name: lowest[name] for name in added}, starts, order),
        **_up(np.maximum, {LARGEST: lowest[LARGEST]}, starts, order),
    }
    return _PeriodSums(block.returns.item(0, "period"), block.items, sorted(shown), columns)


def _up(
    add: np.ufunc,
    lowest: Mapping[str, NDArray[np.int64]],
    starts: NDArray[np.intp],
    order: NDArray[np.intp],
) -> dict[str, NDArray[np.int64]]:
    """Places, then units, then the root beside one another, put in order; all sums at once."""
    places = np.stack(list(lowest.values()))
    units = add.reduceat(places, starts, axis=2)
    whole = add.reduce(units, axis=2, keepdims=True)
    found = np.take(np.concatenate([places, units, whole], axis=2), order, axis=2)
    return dict(zip(lowest, found, strict=True))


def _place_sums(
    block: _Block, place: NDArray[np.intp], places: int, basis: str
) -> dict[str, NDArray[np.int64]]:
    """`SUMS` [items × places]."""
    counted, reviewed = block.of_returns("counted"), block.of_returns("reviewed")
    kept = counted & reviewed if basis == "reviewed" else counted
    # Only what is kept is moved: respondents by place, so that a place's cells lie together.
    order = np.flatnonzero(kept)
    order = order[np.argsort(place[order], kind="stable")]
    there, starts = np.unique(place[order], return_index=True)

    def put(values: NDArray[Any], add: np.ufunc = np.add) -> NDArray[np.int64]:
        found = np.zeros((len(block.items), places), np.int64)
        if len(order):
            found[:, there] = add.reduceat(values, starts, axis=1, dtype=np.int64)
        return found

    def each(flags: NDArray[np.bool_]) -> NDArray[np.int64]:
        one = np.bincount(place[flags], minlength=places)
        return np.broadcast_to(one, (len(block.items), places))

    def few(found: NDArray[np.intp]) -> NDArray[np.int64]:
        """How many of these cells are kept: looked up one by one, since there are hardly any."""
        item, at = np.divmod(found, len(place))
        cells = (item * places + place[at])[kept[at]]
        return np.bincount(cells, minlength=len(block.items) * places).reshape(-1, places)

    price = block.cells("price", order)
    quoted = price >= 0
    np.maximum(price, 0, out=price)
    doubtful = np.flatnonzero(block.values("doubtful"))
    weight = block.cells("sales_qty", order)
    np.maximum(weight, 1, out=weight)
    weight *= quoted
    sales = block.cells("sales", order)
    return {
        "expected": each(np.ones(len(place), bool)),
        "filed": each(kept),
        "unreviewed": each(counted & ~reviewed),
        "quotes": put(quoted),
        "sum_price": put(price),
        "sum_ln_price": put(_logarithms(price)),
        "quantity": put(weight),
        "sum_price_qty": put(price * weight),
        "sales": put(sales),
        LARGEST: put(sales, np.maximum),
        "stock": put(block.cells("stock", order)),
        "out_of_stock": few(np.flatnonzero(block.values("price_nil") == OUT_OF_STOCK)),
        "doubtful": few(doubtful[block.values("price")[doubtful] >= 0]),
    }
