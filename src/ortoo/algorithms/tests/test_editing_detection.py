"""All detectors at once: planted slips are found and named, honest rows left alone."""

from __future__ import annotations

import numpy as np
import pytest

from ortoo.algorithms.editing.detection import Found, Kind, Period, detect
from ortoo.algorithms.editing.expectation import Column
from ortoo.algorithms.rollup import MISSING

FIRMS, ITEMS, LAGS = 24, 12, 7


def sheets(seed: int = 5, firms: int = FIRMS) -> dict[str, np.ndarray]:
    """[periods + now × firms × items] prices that mostly stay, quantities that never do."""
    rng = np.random.default_rng(seed)
    level = rng.uniform(300, 4000, ITEMS)
    price = np.empty((LAGS + 1, firms, ITEMS))
    price[0] = np.rint(level * np.exp(0.1 * rng.standard_normal((firms, ITEMS))) / 2) * 2
    for week in range(1, LAGS + 1):
        moved = rng.random((firms, ITEMS)) < 0.25
        step = np.exp(0.05 * rng.standard_normal((firms, ITEMS)))
        price[week] = np.where(moved, np.rint(price[week - 1] * step / 2) * 2, price[week - 1])
    usual = rng.uniform(5_000, 60_000, (firms, ITEMS))
    quantity = np.rint(usual * np.exp(0.1 * rng.standard_normal(price.shape)))
    value = np.maximum(np.rint(price * quantity / 100_000), 1)
    stock = np.rint(usual * 2 * np.exp(0.15 * rng.standard_normal(price.shape)))
    return {
        name: array.astype(np.int64)
        for name, array in (
            ("price", price), ("quantity", quantity), ("value", value), ("stock", stock)
        )
    }  # fmt: skip


def looked(columns: dict[str, np.ndarray]) -> Found:
    firms = columns["price"].shape[1]
    return detect(
        Period(
            {name: Column(array[-1], array[:-1][::-1]) for name, array in columns.items()},
            np.arange(firms) // 3,
            np.arange(firms) // 12,
        )
    )


def of(found: Found, firm: int, item: int, column: str):
    return next(
        (c for c in found.cells if (c.firm, c.item, c.column) == (firm, item, column)), None
    )


def test_an_honest_week_accuses_nobody() -> None:
    found = looked(sheets())
    assert [cell for cell in found.cells if cell.strength >= 0.5] == []
    assert found.returns == ()


@pytest.mark.parametrize(
    ("column", "factor", "kind"),
    [
        ("price", (1, 2), "JIN-FOR-KILOGRAM"),
        ("price", (10, 1), "POINT-RIGHT-1"),
        ("price", (100, 1), "POINT-RIGHT-2"),
        ("quantity", (2, 1), "JIN-FOR-KILOGRAM"),
        ("quantity", (1000, 1), "KILOGRAM-FOR-TON"),
        ("value", (10_000, 1), "YUAN-FOR-WAN"),
        ("stock", (100, 1), "POINT-RIGHT-2"),
    ],
)
def test_a_slip_is_named_and_the_figure_meant_is_suggested(column, factor, kind) -> None:
    columns = sheets()
    meant = int(columns[column][-1, 4, 3])
    columns[column][-1, 4, 3] = meant * factor[0] // factor[1]
    found = looked(columns)
    cell = of(found, 4, 3, column)
    assert cell is not None
    assert (cell.kind, cell.strength > 0.5) == (kind, True)
    assert abs(cell.meant - meant) <= 1
    assert len([one for one in found.cells if one.strength >= 0.5]) == 1


def test_a_price_that_truly_halved_is_acquitted_by_its_sales() -> None:
    columns = sheets()
    columns["price"][-1, 4, 3] //= 2
    value = columns["price"][-1, 4, 3] * columns["quantity"][-1, 4, 3] / 100_000
    columns["value"][-1, 4, 3] = round(value)
    cell = of(looked(columns), 4, 3, "price")
    assert cell is None or cell.strength < 0.5


def test_digits_that_changed_places_are_put_back() -> None:
    columns = sheets()
    columns["price"][:, 2, 5] = 396
    columns["value"][:, 2, 5] = np.rint(396 * columns["quantity"][:, 2, 5] / 100_000)
    columns["price"][-1, 2, 5] = 369
    cell = of(looked(columns), 2, 5, "price")
    assert cell is not None
    assert (cell.kind, cell.meant) == (Kind.SWAPPED, 396)


def test_unchanged_prices_alone_are_no_copy_but_the_same_sales_and_stock_are() -> None:
    columns = sheets()
    columns["price"][-1, 6] = columns["price"][-2, 6]
    assert looked(columns).returns == ()
    for name in columns:
        columns[name][-1, 7] = columns[name][-2, 7]
    found = looked(columns)
    assert [(one.firm, one.kind, one.other) for one in found.returns] == [(7, Kind.COPIED, 1)]
    assert not any(cell.firm == 7 for cell in found.cells)


def test_of_two_equal_returns_the_one_that_left_its_own_past_is_the_copy() -> None:
    columns = sheets()
    for name in ("price", "quantity", "value"):
        columns[name][-1, 9] = columns[name][-1, 20]
    found = looked(columns)
    assert [(one.firm, one.kind, one.other) for one in found.returns] == [(9, Kind.TWIN, 20)]


def test_rows_filled_one_line_too_low_are_found_as_a_run() -> None:
    columns = sheets()
    for name in ("price", "quantity", "value"):
        row = columns[name][-1, 3]
        row[4:9] = row[3:8].copy()
    shifted = {
        (cell.firm, cell.item)
        for cell in looked(columns).cells
        if cell.kind == Kind.SHIFTED and cell.column == "price"
    }
    assert shifted == {(3, item) for item in range(4, 9)}


def test_a_price_of_zero_and_a_stock_below_zero_are_said_and_never_divided_by() -> None:
    columns = sheets()
    columns["price"][-1, 1, 1] = 0
    columns["stock"][-1, 2, 2] = -50
    found = looked(columns)
    assert of(found, 1, 1, "price").kind == Kind.SIGN
    assert of(found, 2, 2, "stock").kind == Kind.SIGN


def test_one_firm_alone_is_judged_by_its_own_past() -> None:
    columns = sheets(firms=1)
    columns["value"][-1, 0, 2] *= 10_000
    cell = of(looked(columns), 0, 2, "value")
    assert cell is not None
    assert cell.kind == "YUAN-FOR-WAN"


def test_constants_three_periods_and_gaps_accuse_nobody() -> None:
    columns = sheets()
    columns["price"][:] = 500
    columns["value"] = np.maximum(np.rint(500 * columns["quantity"] / 100_000), 1).astype(np.int64)
    for array in columns.values():
        array[1:4, 5] = MISSING
        array[:5, 6] = MISSING
        array[:-1, 8] = MISSING
    found = looked({name: array[-4:] for name, array in columns.items()})
    assert [cell for cell in found.cells if cell.strength >= 0.5] == []
    jumped = columns["price"].copy()
    jumped[-1, 2, 2] = 5000
    cell = of(looked(columns | {"price": jumped}), 2, 2, "price")
    assert cell is not None
    assert cell.kind == "POINT-RIGHT-1"


def test_an_empty_period_and_a_form_without_prices_are_looked_at() -> None:
    none = Column(np.zeros((0, 3), np.int64), np.zeros((2, 0, 3), np.int64))
    assert detect(Period({"price": none}, np.zeros(0, int), np.zeros(0, int))).cells == ()
    value = sheets()["value"]
    value[-1, 5, 5] *= 10_000
    period = Period(
        {"value": Column(value[-1], value[:-1][::-1])}, np.arange(FIRMS), np.zeros(FIRMS, int)
    )
    strong = [cell for cell in detect(period).cells if cell.strength >= 0.5]
    assert [(cell.firm, cell.item, cell.kind) for cell in strong] == [(5, 5, "YUAN-FOR-WAN")]
