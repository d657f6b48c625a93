"""The lake's sums say what the read model's sums say, and go up the tree without loss."""

from __future__ import annotations

import math

import numpy as np
import polars as pl
import pytest

from ortoo.algorithms import rollup_lake
from ortoo.algorithms.rollup import MISSING, Quotes, roll_up

ITEMS, PLACES = ("0101", "0102", "0601"), ("b1", "b2", "b3", "u2")
PARENT = {"b1": "u1", "b2": "u1", "b3": "u2", "u1": "u1", "u2": "u2"}
TREE = rollup_lake.Tree("root", PARENT)


def some_quotes(seed: int, firms: int = 40) -> pl.DataFrame:
    """One period, ordered (item, respondent), with gaps of every kind."""
    rng = np.random.default_rng(seed)
    place = rng.choice(PLACES, firms)
    counted = rng.random(firms) < 0.9
    reviewed = rng.random(firms) < 0.6
    size = firms * len(ITEMS)
    nil = rng.choice([0, 0, 0, 1, 2, 4], size)

    def numbers(top: int, blank: float) -> list[int | None]:
        gone = rng.random(size) < blank
        found = rng.integers(0, top, size).tolist()
        return [None if at else number for at, number in zip(gone, found, strict=True)]

    price = [None if n else 1 + p for n, p in zip(nil, rng.integers(0, 9999, size), strict=True)]
    return pl.DataFrame(
        {
            "period": ["W"] * size,
            "item": np.repeat(ITEMS, firms),
            "place": np.tile(place, len(ITEMS)),
            "counted": np.tile(counted, len(ITEMS)),
            "reviewed": np.tile(reviewed, len(ITEMS)),
            "doubtful": rng.random(size) < 0.1,
            "price": pl.Series(price, dtype=pl.Int64),
            "price_nil": pl.Series(nil, dtype=pl.UInt8),
            "sales": pl.Series(numbers(10**7, 0.2), dtype=pl.Int64),
            "sales_qty": pl.Series(numbers(10**6, 0.2), dtype=pl.Int64),
            "stock": pl.Series(numbers(10**6, 0.5), dtype=pl.Int64),
        }
    )


def matrix(frame: pl.DataFrame, column: str) -> np.ndarray:
    return frame[column].fill_null(MISSING).to_numpy().reshape(len(ITEMS), -1).T


@pytest.mark.parametrize("basis", ["all", "reviewed"])
def test_the_tree_has_the_sums_the_read_model_has(basis: str) -> None:
    frame = some_quotes(1)
    firms = frame.height // len(ITEMS)
    kept = frame["counted"] & frame["reviewed"] if basis == "reviewed" else frame["counted"]
    keep = kept.to_numpy()[:firms, None]

    def shown(column: str) -> np.ndarray:
        return np.where(keep, matrix(frame, column), MISSING)

    def flags(series: pl.Series) -> np.ndarray:
        return series.to_numpy().reshape(len(ITEMS), -1).T & keep

    quotes = Quotes(
        shown("price"), shown("sales_qty"), shown("sales"), shown("stock"),
        flags(frame["price_nil"] == 2), flags(frame["doubtful"]),
    )  # fmt: skip
    units = ["u1", "u2"]
    unit = np.array([units.index(PARENT[place]) for place in frame["place"][:firms]])
    model = roll_up(quotes, unit, len(units))
    tree = rollup_lake.tree_sums([frame.lazy()], TREE, basis)
    compared = [name for name in rollup_lake.SUMS if name in model]
    assert len(compared) == 9
    for at, place in enumerate([*units, "root"]):
        for column, item in enumerate(ITEMS):
            row = tree.row(
                by_predicate=(pl.col("item") == item) & (pl.col("place") == place), named=True
            )
            assert {name: row[name] for name in compared} == {
                name: int(model[name][at, column]) for name in compared
            }


def test_places_below_a_unit_add_up_to_it_and_units_to_the_root() -> None:
    tree = rollup_lake.tree_sums([some_quotes(2).lazy()], TREE)
    assert tree["place"].unique().sort().to_list() == ["b1", "b2", "b3", "root", "u1", "u2"]
    of = {
        place: tree.filter(pl.col("place") == place) for place in ("b1", "b2", "u1", "u2", "root")
    }
    for name in set(rollup_lake.SUMS) - {rollup_lake.LARGEST}:
        assert (of["b1"][name] + of["b2"][name]).equals(of["u1"][name]), name
        assert (of["u1"][name] + of["u2"][name]).equals(of["root"][name]), name
    greater = pl.max_horizontal(of["u1"][rollup_lake.LARGEST], of["u2"][rollup_lake.LARGEST])
    assert pl.select(greater).to_series().to_list() == of["root"][rollup_lake.LARGEST].to_list()


@pytest.mark.parametrize("basis", ["all", "reviewed"])
def test_the_lazy_query_and_the_whole_tree_say_the_same(basis: str) -> None:
    periods = [some_quotes(seed).with_columns(period=pl.lit(f"W{seed}")) for seed in range(5)]
    tree = rollup_lake.tree_sums([found.lazy() for found in periods], TREE, basis).filter(
        pl.col("place").is_in(["b1", "b3"])
    )
    lazy = rollup_lake.sums(pl.concat(periods).lazy(), ["period", "item", "place"], basis)
    found = lazy.filter(pl.col("place").is_in(["b1", "b3"])).sort("period", "item", "place")
    assert tree.equals(found.collect().select(tree.columns))
    assert tree.height == 5 * len(ITEMS) * 2


def test_a_period_without_a_row_for_every_item_and_respondent_is_refused() -> None:
    frame = some_quotes(5)
    for wrong in (frame.tail(-1), frame.sort("place", maintain_order=True), frame.clear()):
        with pytest.raises(ValueError):
            rollup_lake.tree_sums([wrong.lazy()], TREE)


def test_a_logarithm_is_the_same_however_it_is_computed() -> None:
    prices = np.arange(1, 200_000)
    frame = some_quotes(6, firms=1).head(1)
    size = len(prices)
    frame = pl.concat([frame] * size).with_columns(
        item=pl.Series([f"{price:06d}" for price in prices]), price=pl.Series(prices),
        counted=pl.lit(True), reviewed=pl.lit(True),
    )  # fmt: skip
    found = rollup_lake.tree_sums([frame.lazy()], rollup_lake.Tree("root", {}))
    root = found.filter(pl.col("place") == "root")
    expected = [round(1e6 * math.log(price)) for price in prices.tolist()]
    assert root["sum_ln_price"].to_list() == expected
    assert frame.select(rollup_lake._ln(pl.col("price"))).to_series().to_list() == expected


def test_the_logarithms_are_those_of_the_single_prices() -> None:
    frame = some_quotes(3)
    kept = frame.filter(pl.col("counted") & pl.col("price").is_not_null())
    expected = sum(round(1e6 * math.log(price)) for price in kept["price"])
    found = rollup_lake.sums(frame.lazy(), ["period"], "all").collect()
    assert found["sum_ln_price"].to_list() == [expected]


def test_a_period_where_nobody_filed_still_counts_who_owed() -> None:
    frame = some_quotes(4).with_columns(
        counted=pl.lit(False), price=pl.lit(None, pl.Int64), price_nil=pl.lit(4, pl.UInt8)
    )
    found = rollup_lake.sums(frame.lazy(), ["item"]).collect()
    assert found["expected"].to_list() == [40, 40, 40]
    tree = rollup_lake.tree_sums([frame.lazy()], TREE).filter(pl.col("place") == "root")
    assert tree["expected"].to_list() == [40, 40, 40]
    for name in set(rollup_lake.SUMS) - {"expected"}:
        assert found[name].to_list() == tree[name].to_list() == [0, 0, 0], name
