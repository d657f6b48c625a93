"""What is forecast: a panel's prices and quantities as arrays, cleaned by stated rules. Pure."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Observed:
    """One form's history; arrays are [units × items × periods], NaN where nothing is known.

    `price` None for a form that publishes totals: `quantity` is then what is forecast. `rooted`:
    unit 0 is the sum of the others. `quotes` [units × items]: how many firms stand behind the
    newest figure, 0 where it is not of returns; `source` likewise.
    """

    units: tuple[str, ...]
    items: tuple[str, ...]
    price: Floats | None
    quantity: Floats
    rooted: bool
    quotes: Ints
    source: Ints

    @property
    def main(self) -> Floats:
        """What is forecast, shown and checked: prices, or totals."""
        return self.quantity if self.price is None else self.price

    @property
    def length(self) -> int:
        return int(self.quantity.shape[2])


def positive(values: Floats) -> Floats:
    """A price or a quantity of zero or below says nothing: it is a gap."""
    return np.where(np.isfinite(values) & (values > 0), values, np.nan)


def newest(values: Floats, periods: int) -> NDArray[np.intp]:
    """Column of the newest known value of each row [… × periods]; -1 where there is none."""
    known = np.isfinite(values)
    last = periods - 1 - known[..., ::-1].argmax(axis=-1)
    return np.where(known.any(axis=-1), last, -1)
