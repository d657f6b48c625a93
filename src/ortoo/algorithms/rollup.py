"""Sums of one period's returns by reporting unit and item, in integers.

Arrays: `price`, `quantity`, `sales`, `stock` are int64 [respondents × items] in the form's minor
units with `MISSING` where nothing was said; `unit` is int [respondents], the index of the reporting
unit each respondent rolls up into. Results are int64 [units + 1 × items]; the last row is the root,
which counts every respondent once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]
MISSING = np.iinfo(np.int64).min


@dataclass(frozen=True, slots=True)
class Quotes:
    """One period's cells. `out_of_stock` and `doubtful` mark cells; all [respondents × items]."""

    price: Ints
    quantity: Ints
    sales: Ints
    stock: Ints
    out_of_stock: Flags
    doubtful: Flags


def _by_unit(values: Ints, unit: NDArray[np.intp], units: int) -> Ints:
    """Sum rows by unit; the last row is the sum of all."""
    found = np.zeros((units + 1, values.shape[1]), dtype=np.int64)
    np.add.at(found, unit, values)
    found[units] = values.sum(axis=0)
    return found


def _known(values: Ints) -> Ints:
    return np.where(values == MISSING, 0, values)


def _top_two(values: Ints, unit: NDArray[np.intp], units: int) -> tuple[Ints, Ints]:
    """Largest and second largest contribution by unit and item, for the dominance rule."""
    first = np.zeros((units + 1, values.shape[1]), dtype=np.int64)
    second = np.zeros_like(first)
    for index in range(units + 1):
        rows = values if index == units else values[unit == index]
        if len(rows) >= 1:
            ordered = np.sort(rows, axis=0)
            first[index] = ordered[-1]
            if len(rows) >= 2:
                second[index] = ordered[-2]
    return first, second


def matched_sums(
    now: Quotes, before_price: Ints, before_quantity: Ints, unit: NDArray[np.intp], units: int
) -> tuple[Ints, Ints, Ints]:
    """(n, Σ w·p now, Σ w·p before) over respondents with a price in both periods 同样本.

    w is the quantity sold in the previous period (1 minor unit where it is unknown or zero), so a
    change of mix between periods does not look like a change of price (Laspeyres form).
    """
    both = (now.price != MISSING) & (before_price != MISSING)
    weight = np.maximum(_known(before_quantity), 1)
    return (
        _by_unit(both.astype(np.int64), unit, units),
        _by_unit(np.where(both, now.price * weight, 0), unit, units),
        _by_unit(np.where(both, before_price * weight, 0), unit, units),
    )


def roll_up(
    now: Quotes,
    unit: NDArray[np.intp],
    units: int,
    before: tuple[Ints, Ints] | None = None,
) -> Mapping[str, Ints]:
    """Every sum the published figures are computed from; see the module for shapes.

    `before` is (price, quantity) of the previous period aligned to the same respondents. A price
    without a quantity counts with one minor unit of weight, so that it is heard but weighs little.
    """
    quoted = now.price != MISSING
    weight = np.where(quoted, np.maximum(_known(now.quantity), 1), 0)
    price = np.where(quoted, now.price, 0)
    largest, second = _top_two(_known(now.sales), unit, units)
    result = {
        "quotes": _by_unit(quoted.astype(np.int64), unit, units),
        "sum_price": _by_unit(price, unit, units),
        "quantity": _by_unit(weight, unit, units),
        "sum_price_qty": _by_unit(price * weight, unit, units),
        "sales": _by_unit(_known(now.sales), unit, units),
        "largest_sales": largest,
        "second_sales": second,
        "stock": _by_unit(_known(now.stock), unit, units),
        "out_of_stock": _by_unit(now.out_of_stock.astype(np.int64), unit, units),
        "doubtful": _by_unit((now.doubtful & quoted).astype(np.int64), unit, units),
    }
    zeros = np.zeros_like(result["quotes"])
    if before is None:
        matched = (zeros, zeros, zeros)
    else:
        matched = matched_sums(now, before[0], before[1], unit, units)
    result["matched"], result["matched_now"], result["matched_before"] = matched
    return result
