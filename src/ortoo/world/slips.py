"""Slips of the further forms: the same hands, other columns."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ortoo.world.calibration import facts
from ortoo.world.draw import pick
from ortoo.world.records import VALUE

Ints = NDArray[np.int64]
Nils = NDArray[np.uint8]
_SHIFT_ROWS = (3, 9)


@dataclass(frozen=True, slots=True)
class Columns:
    """Which measures play which part in a form, by number; () where it has none.

    ``tons``: columns in tonnes (or other large units) that are typed in kilograms; ``money``: those
    in 万元 that are typed in 元; ``frozen``: columns no slip touches (choices, computed sums);
    ``bounds``: (low, high) price.
    """

    price: tuple[int, ...] = ()
    quantity: tuple[int, ...] = ()
    money: tuple[int, ...] = ()
    tons: tuple[int, ...] = ()
    stock: tuple[int, ...] = ()
    bounds: tuple[int, int] | None = None
    frozen: tuple[int, ...] = ()


@dataclass(slots=True)
class FormSheet:
    """One firm's return being filled in: ``values`` and ``nil`` [item × measure] are changed in
    place; ``before`` is last period's truth; ``per_jin`` marks rows one may think of per 斤."""

    values: Ints
    nil: Nils
    before: tuple[Ints, Nils] | None
    per_jin: NDArray[np.bool_]
    columns: Columns
    rng: np.random.Generator

    def filled(self, measure: int) -> Ints:
        """Rows that hold a number other than 0 under a measure."""
        return np.flatnonzero((self.nil[:, measure] == VALUE) & (self.values[:, measure] != 0))

    def some(self, rows: Ints) -> Ints:
        """One of the rows, or all of them when the slip runs through the column."""
        if not len(rows) or self.rng.random() < facts()["slips_rules"]["whole_column"]:
            return rows
        return rows[[int(self.rng.random() * len(rows))]]

    def one(self, measure: int) -> Ints:
        """One filled row, or none."""
        rows = self.filled(measure)
        return rows[[int(self.rng.random() * len(rows))]] if len(rows) else rows

    def numeric(self) -> tuple[int, ...]:
        """Columns a finger may slip in."""
        return tuple(at for at in range(self.values.shape[1]) if at not in self.columns.frozen)


def _jin_price(sheet: FormSheet) -> None:
    filled = sheet.filled(sheet.columns.price[0])
    rows = sheet.some(filled[sheet.per_jin[filled]])
    for measure in sheet.columns.price:
        sheet.values[rows, measure] = (sheet.values[rows, measure] + 1) // 2


def _jin_quantity(sheet: FormSheet) -> None:
    measure = sheet.columns.quantity[0]
    filled = sheet.filled(measure)
    sheet.values[sheet.some(filled[sheet.per_jin[filled]]), measure] *= 2


def _times(factor: int) -> Callable[[FormSheet], None]:
    def slip(sheet: FormSheet) -> None:
        measure = pick(sheet.rng, sheet.numeric())
        sheet.values[sheet.one(measure), measure] *= factor
    return slip


def _column_times(part: str, factor: int) -> Callable[[FormSheet], None]:
    def slip(sheet: FormSheet) -> None:
        measure = pick(sheet.rng, getattr(sheet.columns, part))
        sheet.values[sheet.some(sheet.filled(measure)), measure] *= factor
    return slip


def _transposed(sheet: FormSheet) -> None:
    measure = pick(sheet.rng, sheet.columns.price or sheet.numeric())
    for row in sheet.one(measure):
        digits = list(str(int(sheet.values[row, measure])))
        swaps = [at for at in range(len(digits) - 1)
                 if digits[at] != digits[at + 1] and not (at == 0 and digits[1] == "0")]
        if swaps:
            at = pick(sheet.rng, swaps)
            digits[at], digits[at + 1] = digits[at + 1], digits[at]
            sheet.values[row, measure] = int("".join(digits))


def _copied_last(sheet: FormSheet) -> None:
    if sheet.before is not None:
        sheet.values[:], sheet.nil[:] = sheet.before


def _row_shift(sheet: FormSheet) -> None:
    low, high = _SHIFT_ROWS
    length = min(low + int(sheet.rng.random() * (high - low)), len(sheet.values) - 1)
    first = int(sheet.rng.random() * (len(sheet.values) - length))
    for grid in (sheet.values, sheet.nil):
        grid[first + 1:first + length + 1] = grid[first:first + length].copy()


def _low_high_swap(sheet: FormSheet) -> None:
    assert sheet.columns.bounds is not None
    low, high = sheet.columns.bounds
    rows = sheet.some(sheet.filled(low))
    swapped = sheet.values[rows, high].copy()
    sheet.values[rows, high] = sheet.values[rows, low]
    sheet.values[rows, low] = swapped


def _stale_stock(sheet: FormSheet) -> None:
    if sheet.before is None:
        return
    values, nil = sheet.before
    for measure in sheet.columns.stock:
        both = (nil[:, measure] == VALUE) & (sheet.nil[:, measure] == VALUE)
        sheet.values[both, measure] = values[both, measure]


SLIP_KINDS: Mapping[str, Callable[[FormSheet], None]] = {
    "jin_price": _jin_price, "jin_quantity": _jin_quantity, "times_ten": _times(10),
    "times_hundred": _times(100), "times_thousand": _times(1000),
    "yuan_for_wan": _column_times("money", 10_000), "ton_for_kg": _column_times("tons", 1000),
    "transposed": _transposed, "copied_last": _copied_last, "row_shift": _row_shift,
    "low_high_swap": _low_high_swap, "stale_stock": _stale_stock,
}
