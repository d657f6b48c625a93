"""Indices that compare all periods of a window with one another, so that they cannot drift.

GEKS: Gini (1931), Eltetö-Köves, Szulc (1964); over Törnqvist indices also CCDI: Caves, Christensen
and Diewert (1982); for scanner data: Ivancic, Diewert and Fox (2011). Time-product dummy: de Haan
and Krsinich (2014), weights = turnover shares. Geary (1958)-Khamis (1972). Collected in ILO/IMF et
al., CPI Manual 2020, ch. 10, and Eurostat, Guide on Multilateral Methods in the HICP (2022).

Where some pairs of periods share no item, GEKS is the least-squares fit to the pairs that do, which
for a full set of pairs is the usual geometric mean over all of them; transitivity holds either way.
Periods that no chain of shared items joins are told apart, never compared.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from ortoo.algorithms.indices.bilateral import (
    REVERSIBLE,
    Formula,
    all_pairs,
    log_relatives,
    panel_for,
)
from ortoo.algorithms.indices.panel import Flags, Floats, Ints, Panel

UNPRICED = -1
FAINTEST_LINK = 1e-9
"""Share of turnover below which a regression would compare two periods by rounding errors."""


@dataclass(frozen=True, slots=True)
class Levels:
    """ln of price levels within one window.

    `log` [periods × columns] sums over its columns to the log level, up to one constant for each
    part; `part` [periods] numbers the sets of periods that can be compared, UNPRICED where none.
    """

    log: Floats
    part: Ints


Windows = Callable[[int, int], Levels]
"""Levels of periods start … stop - 1, from prices known in those periods alone."""


def geks(
    price: ArrayLike, value: ArrayLike | None, *, formula: Formula = Formula.TORNQVIST
) -> Floats:
    """GEKS over all periods, first priced period = 1: [periods].

    `price`, `value` [periods × items]: see `Panel.of`. NaN where a period cannot be compared with
    the first. ValueError if the formula is not reversible in time.
    """
    panel = panel_for(formula, price, value)
    return against_first(geks_windows(panel, panel.periods, formula)(0, panel.periods))


def time_product_dummy(price: ArrayLike, value: ArrayLike) -> Floats:
    """Weighted time-product dummy over all periods: [periods]; arguments and NaN as `geks`."""
    panel = Panel.of(price, value)
    return against_first(time_product_windows(panel)(0, panel.periods))


def geary_khamis(price: ArrayLike, value: ArrayLike) -> Floats:
    """Geary-Khamis over all periods: [periods]; arguments and NaN as `geks`."""
    panel = Panel.of(price, value)
    return against_first(geary_khamis_windows(panel)(0, panel.periods))


def geks_windows(panel: Panel, reach: int, formula: Formula = Formula.TORNQVIST) -> Windows:
    """GEKS of windows of at most `reach` periods."""
    logs = pair_band(panel, reach, formula)

    def levels(start: int, stop: int) -> Levels:
        pairs = logs[start:stop, start:stop]
        linked = np.isfinite(pairs)
        return fitted(linked, np.where(linked, pairs, 0.0).sum(axis=0)[:, None])

    return levels


def pair_band(panel: Panel, reach: int, formula: Formula) -> Floats:
    """ln P(row, column) for periods less than `reach` apart, [periods × periods]; else NaN.

    2 · periods · reach · items products instead of periods² · items; 8 · periods² bytes.
    """
    if formula not in REVERSIBLE:
        raise ValueError(f"{formula} is not reversible in time: no GEKS can be made of it")
    periods = panel.periods
    found = np.full((periods, periods), np.nan)
    for start in range(0, periods, max(reach, 1)):
        stop, end = min(start + reach, periods), min(start + 2 * reach, periods)
        block = log_relatives(formula, panel.rows(start, stop), panel.rows(start, end), all_pairs)
        found[start:stop, start:end] = block
        found[stop:end, start:stop] = -block[:, stop - start :].T
    return found


def time_product_windows(panel: Panel) -> Windows:
    """Weighted time-product dummies: ln p = level of the period + level of the item.

    The items' levels are eliminated; what is left is one linear system of the window's size.
    """

    def levels(start: int, stop: int) -> Levels:
        rows = panel.rows(start, stop)
        share = _over(rows.value, rows.value.sum(axis=1, keepdims=True))
        pull = _over(share, share.sum(axis=0, keepdims=True))
        cross = pull @ share.T
        target = (share * rows.log).sum(axis=1) - pull @ (share * rows.log).sum(axis=0)
        part = parts(cross > FAINTEST_LINK)
        log = np.full(len(part), np.nan)
        for member in members(part):
            log[member] = _potential(cross[np.ix_(member, member)], target[member])
        return Levels(log[:, None], part)

    return levels


def geary_khamis_windows(panel: Panel) -> Windows:
    """Geary-Khamis levels: an item's reference price is its mean deflated price by quantity.

    With y the turnover at reference prices the two defining equations are y = K y for a matrix K
    whose columns sum to 1; it is solved at once instead of iterated. Periods are joined as by
    `time_product_windows`.
    """

    def levels(start: int, stop: int) -> Levels:
        rows = panel.rows(start, stop)
        held = _over(rows.quantity, rows.quantity.sum(axis=0, keepdims=True))
        share = _over(rows.value, rows.value.sum(axis=1, keepdims=True))
        joint = _over(share, share.sum(axis=0, keepdims=True)) @ share.T
        part = parts(joint > FAINTEST_LINK)
        log = np.full(len(part), np.nan)
        for member in members(part):
            volume = _stationary(held[member] @ share[member].T)
            log[member] = np.log(rows.value[member].sum(axis=1) / volume)
        return Levels(log[:, None], part)

    return levels


def fitted(linked: Flags, pull: Floats) -> Levels:
    """Least-squares levels from `pull` [periods × columns] = Σ over linked l of ln P(l, period)."""
    count = len(linked)
    if linked.all():
        return Levels(pull / max(count, 1), np.zeros(count, dtype=np.int64))
    part = parts(linked)
    log = np.full(pull.shape, np.nan)
    for member in members(part):
        edges = linked[np.ix_(member, member)].astype(np.float64)
        log[member] = _potential(edges, pull[member])
    return Levels(log, part)


def _potential(edges: Floats, pull: Floats) -> Floats:
    """x with Σ_u edges[t, u] · (x[t] - x[u]) = pull[t] over a joined graph, up to a constant."""
    laplacian = np.diag(edges.sum(axis=1)) - edges
    found: Floats = np.linalg.solve(laplacian + 1.0 / len(edges), pull).astype(np.float64)
    return found


def _stationary(flow: Floats) -> Floats:
    """y > 0 with flow @ y = y, columns of `flow` summing to 1, up to a factor.

    Grassmann, Taksar and Heyman (1985): elimination without a subtraction, so that a period of
    small turnover among large ones keeps all its digits.
    """
    rest = flow.copy()
    last = len(rest)
    for k in range(last - 1, 0, -1):
        rest[k, :k] /= rest[:k, k].sum()
        rest[:k, :k] += np.outer(rest[:k, k], rest[k, :k])
    found = np.ones(last)
    for k in range(1, last):
        found[k] = rest[k, :k] @ found[:k]
    return found


def parts(linked: Flags) -> Ints:
    """Number each set of joined periods by its first period; UNPRICED where nothing is linked."""
    count = len(linked)
    label = np.arange(count)
    while True:
        lowest = np.where(linked, label, count).min(axis=1, initial=count)
        lowest = np.minimum(lowest, label)
        lowest = lowest[lowest]
        if np.array_equal(lowest, label):
            return np.where(linked.any(axis=1), label, UNPRICED)
        label = lowest


def members(part: Ints) -> list[Ints]:
    """Positions of the periods of each part."""
    return [np.flatnonzero(part == name) for name in np.unique(part[part != UNPRICED])]


def against_first(levels: Levels) -> Floats:
    """Index with the first priced period = 1; NaN outside that period's part."""
    index: Floats = np.exp(from_first(levels).sum(axis=1))
    return index


def from_first(levels: Levels) -> Floats:
    """Log levels [periods × columns] from the first priced period; NaN outside its part."""
    priced = np.flatnonzero(levels.part != UNPRICED)
    if not len(priced):
        return np.full(levels.log.shape, np.nan)
    same = levels.part == levels.part[priced[0]]
    return np.where(same[:, None], levels.log - levels.log[priced[0]], np.nan)


def _over(above: Floats, below: Floats) -> Floats:
    """above / below, 0 where nothing is below."""
    share: Floats = np.zeros_like(above)
    np.divide(above, below, out=share, where=below > 0)
    return share
