"""Fifteen published indices of a real vegetable counter, 246 items over 36 months.

The shared files were made from a supermarket's records; GEKS, TPD and GK among them were checked
against the package PriceIndexCalc2. They are rounded to ten decimals.
"""

from __future__ import annotations

import csv
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from ortoo.algorithms.indices.bilateral import Formula, fixed_base
from ortoo.algorithms.indices.contributions import rolling_geks_contributions
from ortoo.algorithms.indices.drift import chained_to_show_drift
from ortoo.algorithms.indices.elementary import elementary
from ortoo.algorithms.indices.multilateral import geary_khamis, geks, time_product_dummy
from ortoo.algorithms.indices.splicing import Splice, rolling_geks
from ortoo.algorithms.tests import indices_by_definition as definition

SHARED = Path(os.environ.get("ORTOO_SHARED", Path(__file__).parents[5] / "shared"))
FOLDER = SHARED / "data" / "market"
CLOSE = 1e-9

Panel = tuple[np.ndarray, np.ndarray]
INDICES: dict[str, Callable[[np.ndarray, np.ndarray], np.ndarray]] = {
    **{f"fixed_{f}": lambda p, v, f=f: fixed_base(f, p, v) for f in Formula if f != "walsh"},
    **{f"chained_{f}": lambda p, v, f=f: chained_to_show_drift(f, p, v) for f in Formula},
    "geks_tornqvist": geks,
    "geks_fisher": lambda p, v: geks(p, v, formula=Formula.FISHER),
    "geks_jevons": lambda p, v: geks(p, v, formula=Formula.JEVONS),
    "tpd_weighted": time_product_dummy,
    "geary_khamis": geary_khamis,
}
del INDICES["chained_walsh"]


def read(name: str) -> list[dict[str, str]]:
    if not (FOLDER / name).exists():
        pytest.skip("no shared price indices here: set ORTOO_SHARED to the folder with data/market")
    with (FOLDER / name).open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


@pytest.fixture(scope="module")
def panel() -> Panel:
    rows = read("oracle_price_indices_input_monthly.csv")
    months = {m: t for t, m in enumerate(sorted({row["month"] for row in rows}))}
    items = {c: i for i, c in enumerate(sorted({row["item_code"] for row in rows}))}
    price = np.full((len(months), len(items)), np.nan)
    value = price.copy()
    for row in rows:
        cell = months[row["month"]], items[row["item_code"]]
        price[cell], value[cell] = float(row["price"]), float(row["expenditure"])
    return price, value


@pytest.fixture(scope="module")
def published() -> dict[str, np.ndarray]:
    rows = read("oracle_price_indices_cn_supermarket_monthly.csv")
    names = [name for name in rows[0] if name != "month"]
    return {name: np.array([float(row[name]) for row in rows]) for name in names}


@pytest.mark.parametrize("name", INDICES)
def test_a_published_index_is_met(
    name: str, panel: Panel, published: dict[str, np.ndarray]
) -> None:
    assert np.abs(INDICES[name](*panel) - published[name]).max() < CLOSE


def test_every_published_index_is_computed(panel: Panel, published: dict[str, np.ndarray]) -> None:
    assert set(published) - {"n_items"} == set(INDICES)
    assert (np.isfinite(panel[0]).sum(axis=1) == published["n_items"]).all()


def test_quotes_matched_with_their_neighbours_are_the_chained_jevons(
    panel: Panel, published: dict[str, np.ndarray]
) -> None:
    found = elementary(panel[0], patience=0).index[:, 0]
    assert np.abs(found - published["chained_jevons"]).max() < CLOSE


@pytest.mark.parametrize("splice", [Splice.MEAN, Splice.MEAN_PUBLISHED])
def test_the_rolling_index_of_the_counter_is_that_of_the_definition(
    splice: Splice, panel: Panel
) -> None:
    found = rolling_geks(*panel, splice=splice)
    periods = definition.periods_of(*panel)
    expected = definition.rolling(definition.geks("tornqvist"), periods, 25, splice)
    assert np.abs(found - expected).max() < CLOSE
    parts = rolling_geks_contributions(*panel, splice=splice)
    assert np.abs(np.exp(parts.sum(axis=1)) - found).max() < CLOSE


def test_the_chain_of_the_counter_ends_at_half_of_the_multilateral_index(panel: Panel) -> None:
    assert chained_to_show_drift(Formula.TORNQVIST, *panel)[-1] < 0.55 * geks(*panel)[-1]
