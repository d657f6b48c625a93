"""Prices and turnovers of many items over many periods, with the gaps worked out once."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Panel:
    """Arrays [periods × items], filled at gaps so that sums need no mask.

    `priced` is 1 or 0; at a gap `price` is 1 and `value`, `log`, `quantity` are 0. `log` is ln p
    less the item's own mean, so that the unit an item is counted in leaves no trace in rounding.
    """

    priced: Floats
    price: Floats
    value: Floats
    quantity: Floats
    log: Floats

    @classmethod
    def of(cls, price: ArrayLike, value: ArrayLike | None = None) -> Panel:
        """From prices in any unit and turnovers 销售额 in one unit, both [periods × items].

        A cell is priced if its price is finite and above 0 and, where turnovers are given, its
        turnover is finite and not below 0: a price whose weight is unknown or impossible is left
        out, while a turnover of 0 is a known weight of 0. ValueError: shapes.
        """
        prices = np.asarray(price, dtype=np.float64)
        values = np.ones_like(prices) if value is None else np.asarray(value, dtype=np.float64)
        if prices.ndim != 2 or prices.shape != values.shape:
            raise ValueError(
                f"price and value must be [periods × items] alike: {prices.shape}, {values.shape}"
            )
        priced = np.isfinite(prices) & (prices > 0) & np.isfinite(values) & (values >= 0)
        filled = np.where(priced, prices, 1.0)
        turnover = np.where(priced, values, 0.0)
        logs = np.log(filled)
        mean = logs.sum(axis=0) / np.maximum(priced.sum(axis=0), 1)
        return cls(
            priced=priced.astype(np.float64),
            price=filled,
            value=turnover,
            quantity=turnover / filled,
            log=np.where(priced, logs - mean, 0.0),
        )

    @property
    def periods(self) -> int:
        """Number of periods."""
        return int(self.price.shape[0])

    def rows(self, start: int, stop: int) -> Panel:
        """The same items over periods start … stop - 1."""
        return Panel(*(getattr(self, field.name)[start:stop] for field in fields(self)))
