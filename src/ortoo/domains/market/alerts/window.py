"""A form's last periods as arrays by firm, and the same weeks of earlier years: what rules read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ortoo.kernel.forms.periods import Period

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
OUT_OF_STOCK, BLANK = -2, -4


@dataclass(frozen=True, slots=True, eq=False)
class Window:
    """Consecutive periods of one form, oldest first; arrays are [firms × items × periods].

    Figures stand in the form's shown units; NaN where unknown. A price of zero or below and a
    negative quantity, stock or arrival are no observation: the forms refuse them, and what was
    imported otherwise must not become a change of a hundred per cent. `nil` as in
    `observations.PeriodReturns`; `norm`: (unit, good) → prices of the same weeks of earlier years,
    the nearest year first, NaN where that year is not known.
    """

    form: str
    periods: tuple[Period, ...]
    firms: tuple[str, ...]
    banner: tuple[str, ...]
    unit: tuple[str, ...]
    root: str
    items: tuple[str, ...]
    goods: tuple[str, ...]
    names: tuple[str, ...]
    price: Floats
    quantity: Floats
    stock: Floats
    arrivals: Floats
    capacity: Floats
    nil: NDArray[np.int8]
    norm: Mapping[tuple[str, str], tuple[float, ...]]

    @property
    def period(self) -> Period:
        """The newest period, which the rules speak of."""
        return self.periods[-1]

    def ended(self, ago: int) -> Window:
        """The same without its last `ago` periods; the norm is that of the newest one."""
        if not ago:
            return self
        kept = slice(0, max(len(self.periods) - ago, 0))
        arrays = {
            name: getattr(self, name)[:, :, kept]
            for name in ("price", "quantity", "stock", "arrivals", "capacity", "nil")
        }
        return replace(self, periods=self.periods[kept], norm={}, **arrays)

    def places(self, at: str) -> tuple[tuple[str, ...], NDArray[np.intp]]:
        """(place codes, index of each firm's place) at a level: banner, unit or root."""
        named = {"banner": self.banner, "unit": self.unit}.get(at, (self.root,) * len(self.firms))
        codes = tuple(sorted(set(named)))
        index = {code: row for row, code in enumerate(codes)}
        return codes, np.array([index[code] for code in named], np.intp)

    def item_rows(self, prefixes: tuple[str, ...]) -> list[int]:
        """Rows of the items whose good begins with one of the prefixes."""
        return [row for row, good in enumerate(self.goods) if good.startswith(prefixes)]


def cleaned(price: Floats, *amounts: Floats) -> tuple[Floats, ...]:
    """Prices ≤ 0 and amounts < 0 as unknown."""
    with np.errstate(invalid="ignore"):
        return (
            np.where(price > 0, price, np.nan),
            *(np.where(amount >= 0, amount, np.nan) for amount in amounts),
        )
