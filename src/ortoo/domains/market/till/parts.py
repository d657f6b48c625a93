"""Which columns of a form an export can fill 可填的列: those of its roles, and a market's own.

A wholesale form asks also the lowest and highest price, the arrivals at the gate and the main
origin; they are found by their concepts, whatever the form calls them. Pure.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

from ortoo.kernel.forms.definition import Form, Item

WEIGHTS = {"吨": Fraction(1, 1000), "公斤": Fraction(1)}
"""Units of a quantity column: so much of them is one 公斤."""


@dataclass(frozen=True, slots=True)
class Parts:
    """Measures by what they say; None where the form does not ask it."""

    price: str | None = None
    quantity: str | None = None
    value: str | None = None
    stock: str | None = None
    low: str | None = None
    high: str | None = None
    arrivals: str | None = None
    origin: str | None = None

    @property
    def is_market(self) -> bool:
        """Whether the form asks what only a wholesale market's settlement says."""
        return self.arrivals is not None and self.price is not None


_ENDINGS = {
    "low": "_price_low", "high": "_price_high", "arrivals": "_arrivals", "origin": "_origin",
}  # fmt: skip


@lru_cache(maxsize=32)
def parts_of(form: Form) -> Parts:
    """The parts of a form."""
    found = {
        part: next((m.code for m in form.measures if m.concept.endswith(ending)), None)
        for part, ending in _ENDINGS.items()
    }
    if form.measure_by_code.get(found["origin"] or "") is not None:
        found["origin"] = found["origin"] if form.measure(found["origin"] or "").choices else None
    roles = form.roles
    return Parts(roles.price, roles.quantity, roles.value, roles.stock, **found)


def filled_codes(form: Form) -> tuple[str, ...]:
    """Columns an export can fill, as the till's pages list them: price, quantity, value, stock,
    then a market's own in the form's order."""
    own = parts_of(form)
    more = {own.low, own.high, own.arrivals, own.origin} - {None}
    return (*form.roles.codes, *(m.code for m in form.measures if m.code in more))


def in_unit(unit: str, item: Item) -> Fraction | None:
    """How much of a quantity column's unit one row unit is; None where it is not understood."""
    if unit == "{unit}":
        return Fraction(1)
    return WEIGHTS.get(unit) if item.unit == "公斤" else None
