"""What a cell does to an office's published figure, or what it would had it been another."""

from __future__ import annotations

import numpy as np

from ortoo.domains.market.observations import MISSING, PeriodReturns
from ortoo.domains.market.review_past import Past, number_at
from ortoo.domains.market.rules.effect import (
    NONE,
    Effect,
    Mean,
    Quote,
    price_effect,
    quantity_effect,
    total_effect,
)


class Circle:
    """An office's respondents whose returns count, and the sums its figures are made of."""

    def __init__(self, returns: PeriodReturns, office: str) -> None:
        under = [office in {place for place, _ in state.offices} for state in returns.states]
        keep = (returns.counted & np.array(under, bool))[:, None]
        roles = returns.form.roles
        price = np.where(keep, returns.cells[roles.price or returns.form.principal.code], MISSING)
        known = price != MISSING
        quantity = returns.cells.get(roles.quantity or "", np.full_like(price, MISSING))
        weight = np.where(known, np.maximum(np.where(quantity == MISSING, 0, quantity), 1), 0)
        self._amount = (np.where(known, price, 0) * weight).sum(axis=0)
        self._weights = weight.sum(axis=0)
        self._totals = {
            code: np.where(keep & (column != MISSING), column, 0).sum(axis=0)
            for code, column in returns.cells.items()
        }

    def mean(self, index: int) -> Mean:
        return Mean(int(self._amount[index]), int(self._weights[index]))

    def total(self, measure: str, index: int) -> int:
        return int(self._totals[measure][index])


def effect_of(
    past: Past, circle: Circle, party: str, measure: str, index: int, *, before: int | None = None
) -> Effect:
    """What a firm's cell does to the office's figure; NONE for an empty or uncounted one.

    Against `before`, what was expected of it; without it against last period's.
    """
    row = past.now.row_of(party)
    value = number_at(past.now, party, measure, index)
    if value is None or row is None or past.now.states[row].sent_back_seq is not None:
        return NONE
    if before is None:
        before = number_at(past.previous, party, measure, index)
    roles = past.form.roles
    if roles.price is None or measure not in (roles.price, roles.quantity):
        return total_effect(circle.total(measure, index), value, before)
    price = number_at(past.now, party, roles.price, index)
    if price is None:
        return NONE
    sold = number_at(past.now, party, roles.quantity, index) if roles.quantity else None
    quote = Quote(price, sold)
    if measure == roles.price:
        return price_effect(circle.mean(index), quote, before)
    return quantity_effect(circle.mean(index), quote, before)
