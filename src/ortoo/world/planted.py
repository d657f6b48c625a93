"""Errors planted into returns, each with the truth beside it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ortoo.world.calibration import facts
from ortoo.world.draw import pick, pick_weighted
from ortoo.world.records import MEASURES, NIL_LETTERS, PRICE, QTY, SALES, STOCK, VALUE

Ints = NDArray[np.int64]
Nils = NDArray[np.uint8]
_TEN_THOUSAND = 10_000
_PER_JIN_PACK = 500
_SHIFT_ROWS = (3, 9)


@dataclass(frozen=True, slots=True)
class Planted:
    """One cell that was reported wrongly.

    Cells of one mistake share ``event`` (its number within the week). ``true`` and ``reported``
    are minor units, None where the cell holds no number; ``true_nil``/``reported_nil`` then hold
    the reason letter (empty: blank).
    """

    event: int
    firm: str
    week: dt.date
    item: str
    measure: str
    kind: str
    true: int | None
    reported: int | None
    true_nil: str
    reported_nil: str


@dataclass(slots=True)
class Sheet:
    """One firm's return being filled in: ``values`` int64 and ``nil`` uint8 [item × measure] are
    changed in place; ``before`` is last week's (values, nil); ``per_jin`` marks rows whose tag is
    per 斤."""

    values: Ints
    nil: Nils
    before: tuple[Ints, Nils] | None
    per_jin: NDArray[np.bool_]
    rng: np.random.Generator

    def filled(self, measure: int) -> Ints:
        """Rows that hold a number under a measure."""
        return np.flatnonzero(self.nil[:, measure] == VALUE)

    def rows(self, candidates: Ints) -> Ints:
        """One of the rows, or, for a slip that runs through the column, all of them."""
        if not len(candidates):
            return candidates
        if self.rng.random() < facts()["slips_rules"]["whole_column"]:
            return candidates
        return candidates[[int(self.rng.random() * len(candidates))]]

    def one(self, measure: int) -> Ints:
        """One filled row (none when the column is empty)."""
        filled = self.filled(measure)
        return filled[[int(self.rng.random() * len(filled))]] if len(filled) else filled


def _jin_price(sheet: Sheet) -> None:
    filled = sheet.filled(PRICE)
    rows = sheet.rows(filled[sheet.per_jin[filled]])
    sheet.values[rows, PRICE] = (sheet.values[rows, PRICE] + 1) // 2


def _jin_quantity(sheet: Sheet) -> None:
    filled = sheet.filled(QTY)
    rows = sheet.rows(filled[sheet.per_jin[filled]])
    sheet.values[rows, QTY] *= 2


def _times_ten(sheet: Sheet) -> None:
    measure = pick(sheet.rng, (PRICE, PRICE, SALES, QTY, STOCK))
    sheet.values[sheet.one(measure), measure] *= 10


def _times_hundred(sheet: Sheet) -> None:
    measure = pick(sheet.rng, (PRICE, QTY))
    sheet.values[sheet.one(measure), measure] *= 100


def _yuan_for_wan(sheet: Sheet) -> None:
    rows = sheet.rows(sheet.filled(SALES))
    sheet.values[rows, SALES] *= _TEN_THOUSAND


def _transposed(sheet: Sheet) -> None:
    for row in sheet.one(PRICE):
        digits = list(str(int(sheet.values[row, PRICE])))
        swaps = [at for at in range(len(digits) - 1)
                 if digits[at] != digits[at + 1] and not (at == 0 and digits[1] == "0")]
        if swaps:
            at = pick(sheet.rng, swaps)
            digits[at], digits[at + 1] = digits[at + 1], digits[at]
            sheet.values[row, PRICE] = int("".join(digits))


def _copied_last_week(sheet: Sheet) -> None:
    if sheet.before is not None:
        sheet.values[:], sheet.nil[:] = sheet.before


def _row_shift(sheet: Sheet) -> None:
    low, high = _SHIFT_ROWS
    length = min(low + int(sheet.rng.random() * (high - low)), len(sheet.values) - 1)
    first = int(sheet.rng.random() * (len(sheet.values) - length))
    # Stock is left alone: it is asked for few rows and clerks fill it separately.
    for grid in (sheet.values, sheet.nil):
        grid[first + 1:first + length + 1, :STOCK] = grid[first:first + length, :STOCK].copy()


def _sales_mismatch(sheet: Sheet) -> None:
    rows = sheet.one(SALES)
    factor = pick(sheet.rng, (3, 4, 24, 31))   # tenths
    sheet.values[rows, SALES] = np.maximum(sheet.values[rows, SALES] * factor // 10, 1)


SLIPS: dict[str, Callable[[Sheet], None]] = {
    "jin_price": _jin_price, "jin_quantity": _jin_quantity, "times_ten": _times_ten,
    "times_hundred": _times_hundred, "yuan_for_wan": _yuan_for_wan, "transposed": _transposed,
    "copied_last_week": _copied_last_week, "row_shift": _row_shift,
    "sales_mismatch": _sales_mismatch,
}


def per_jin_rows(packs: tuple[tuple[int, ...], ...]) -> NDArray[np.bool_]:
    """Rows tagged per 斤 in some shop, where 斤 and 公斤 can be confused; [item]."""
    return np.array([_PER_JIN_PACK in pack for pack in packs])


def number(value: np.int64, nil: np.uint8) -> int | None:
    """A cell's number; None where it holds none."""
    return int(value) if nil == VALUE else None


def plant(
    sheet: Sheet, *, event: int, firm: str, week: dt.date, items: tuple[str, ...]
) -> list[Planted]:
    """Makes one mistake on a sheet, in place; returns every cell it changed (maybe none)."""
    values, nil = sheet.values.copy(), sheet.nil.copy()
    kind = pick_weighted(sheet.rng, facts()["slips"])
    SLIPS[kind](sheet)
    changed = np.argwhere((values != sheet.values) | (nil != sheet.nil))
    return [
        Planted(
            event, firm, week, items[item], MEASURES[measure], kind,
            number(values[item, measure], nil[item, measure]),
            number(sheet.values[item, measure], sheet.nil[item, measure]),
            NIL_LETTERS[nil[item, measure]], NIL_LETTERS[sheet.nil[item, measure]],
        )
        for item, measure in changed
    ]
