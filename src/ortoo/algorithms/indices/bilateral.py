"""Two periods compared over the items priced in both (matched items 同品).

Sources: ILO/IMF et al., Consumer Price Index Manual: Concepts and Methods (2020), ch. 8;
Walsh (1901); Fisher (1922); Törnqvist (1936). Shares are those of the matched items, so an item
that only one of the two periods knows has no say between them.

Every formula is written once over a product `dot`: a matrix product compares all pairs of periods
at once, a row-wise one compares aligned periods.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum

import numpy as np
from numpy.typing import ArrayLike

from ortoo.algorithms.indices.panel import Floats, Panel

Dot = Callable[[Floats, Floats], Floats]


class Formula(StrEnum):
    """Index number formulas. JEVONS takes no notice of turnovers."""

    JEVONS = "jevons"
    LASPEYRES = "laspeyres"
    PAASCHE = "paasche"
    FISHER = "fisher"
    TORNQVIST = "tornqvist"
    WALSH = "walsh"


REVERSIBLE = frozenset({Formula.JEVONS, Formula.FISHER, Formula.TORNQVIST, Formula.WALSH})
"""Formulas with P(b, a) = 1 / P(a, b); only of these a GEKS may be made."""


def all_pairs(left: Floats, right: Floats) -> Floats:
    """Products of every row of `left` with every row of `right`."""
    products: Floats = left @ right.T
    return products


def row_by_row(left: Floats, right: Floats) -> Floats:
    """Products of aligned rows."""
    products: Floats = np.einsum("ti,ti->t", left, right)
    return products


def _jevons(base: Panel, now: Panel, dot: Dot) -> Floats:
    return (dot(base.priced, now.log) - dot(base.log, now.priced)) / dot(base.priced, now.priced)


def _laspeyres(base: Panel, now: Panel, dot: Dot) -> Floats:
    return np.log(dot(base.quantity, now.price * now.priced) / dot(base.value, now.priced))


def _paasche(base: Panel, now: Panel, dot: Dot) -> Floats:
    return np.log(dot(base.priced, now.value) / dot(base.price * base.priced, now.quantity))


def _fisher(base: Panel, now: Panel, dot: Dot) -> Floats:
    return 0.5 * (_laspeyres(base, now, dot) + _paasche(base, now, dot))


def _tornqvist(base: Panel, now: Panel, dot: Dot) -> Floats:
    by_base = dot(base.value, now.log) - dot(base.value * base.log, now.priced)
    by_now = dot(base.priced, now.value * now.log) - dot(base.log, now.value)
    return 0.5 * (by_base / dot(base.value, now.priced) + by_now / dot(base.priced, now.value))


def _walsh(base: Panel, now: Panel, dot: Dot) -> Floats:
    before, after = np.sqrt(base.quantity), np.sqrt(now.quantity)
    return np.log(dot(before, after * now.price) / dot(before * base.price, after))


_FORMULAS: dict[Formula, Callable[[Panel, Panel, Dot], Floats]] = {
    Formula.JEVONS: _jevons,
    Formula.LASPEYRES: _laspeyres,
    Formula.PAASCHE: _paasche,
    Formula.FISHER: _fisher,
    Formula.TORNQVIST: _tornqvist,
    Formula.WALSH: _walsh,
}


def log_relatives(formula: Formula, base: Panel, now: Panel, dot: Dot) -> Floats:
    """ln P(base, now); NaN where no item is matched or the matched weights are all 0."""
    with np.errstate(divide="ignore", invalid="ignore"):
        found = _FORMULAS[formula](base, now, dot)
    # A sum of weights can underflow to 0 under a numerator that does not: no comparison either.
    return np.where(np.isfinite(found), found, np.nan)


def pairs(formula: Formula, price: ArrayLike, value: ArrayLike | None = None) -> Floats:
    """Index of every period (column) against every period (row): [periods × periods].

    `price`, `value` [periods × items]: see `Panel.of`; `value` may be left out for JEVONS only.
    """
    panel = panel_for(formula, price, value)
    return np.exp(log_relatives(formula, panel, panel, all_pairs))


def fixed_base(
    formula: Formula, price: ArrayLike, value: ArrayLike | None = None, *, base: int = 0
) -> Floats:
    """Index of every period against period `base` directly: [periods]; arguments as `pairs`."""
    panel = panel_for(formula, price, value)
    row = range(panel.periods)[base]
    logs = log_relatives(formula, panel.rows(row, row + 1), panel, all_pairs)
    return np.asarray(np.exp(logs[0]), dtype=np.float64)


def panel_for(formula: Formula, price: ArrayLike, value: ArrayLike | None) -> Panel:
    """The panel a formula asks for. ValueError if it weighs items and no turnovers are given."""
    if formula is Formula.JEVONS:
        return Panel.of(price)
    if value is None:
        raise ValueError(f"{formula} weighs items by turnover: value is missing")
    return Panel.of(price, value)
