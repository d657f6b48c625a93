"""What each item and place gave to the change of an index; the parts add up exactly.

Basket formulas (Laspeyres, Paasche, Walsh, Fisher) are P - 1 = Σ w (p1 - p0) / Σ w p0 with their
basket w; Fisher's is van IJzeren's (1987): w = q0 · V1 / (V0 · F) + q1. Log formulas (Jevons,
Törnqvist, and GEKS over them) are ln P = Σ c; c becomes a share of P - 1 by the factor
(P - 1) / ln P, the logarithmic mean of P and 1 (Reinsdorf, Diewert and Ehemann 2002; Balk 2008).
The decomposition of a spliced GEKS-Törnqvist follows Webster and Tarnow-Mordi (2019): an average
over comparisons of log changes is an average of their items' parts, and a splice is one more.

Since parts are additive, those of a place, a class or an owner are plain sums: `by_group`.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from ortoo.algorithms.indices.bilateral import (
    Formula,
    all_pairs,
    log_relatives,
    panel_for,
)
from ortoo.algorithms.indices.multilateral import Levels, Windows, fitted
from ortoo.algorithms.indices.panel import Flags, Floats, Panel
from ortoo.algorithms.indices.splicing import WINDOW, Splice, checked_window, rolling

BASKETS = frozenset({Formula.LASPEYRES, Formula.PAASCHE, Formula.FISHER, Formula.WALSH})


def contributions(formula: Formula, price: ArrayLike, value: ArrayLike | None = None) -> Floats:
    """Parts of P(first, second) - 1 by item: [items], NaN for items not priced in both periods.

    `price`, `value` [2 × items]: see `Panel.of`. ValueError if there are not two periods.
    """
    panel = panel_for(formula, price, value)
    if panel.periods != 2:
        raise ValueError(f"two periods are compared: {panel.periods}")
    before, now = panel.rows(0, 1), panel.rows(1, 2)
    index = float(np.exp(log_relatives(formula, before, now, all_pairs)[0, 0]))
    both: Flags = np.logical_and(panel.priced[0] > 0, panel.priced[1] > 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        if formula in BASKETS:
            basket = np.where(both, _basket(formula, panel, both, index), 0.0)
            parts = basket * (panel.price[1] - panel.price[0]) / (basket @ panel.price[0])
        else:
            parts = _log_parts(formula, panel, both) * _share_of_change(np.log(index))
    return np.where(both & np.isfinite(index), parts, np.nan)


def _basket(formula: Formula, panel: Panel, both: Flags, index: float) -> Floats:
    first: Floats = panel.quantity[0]
    second: Floats = panel.quantity[1]
    turnover: Floats = panel.value[:, both].sum(axis=1)
    baskets: dict[Formula, Floats] = {
        Formula.LASPEYRES: first,
        Formula.PAASCHE: second,
        Formula.WALSH: np.sqrt(first * second),
        Formula.FISHER: first * (turnover[1] / (turnover[0] * index)) + second,
    }
    return baskets[formula]


def _log_parts(formula: Formula, panel: Panel, both: Flags) -> Floats:
    weight = both.astype(np.float64)
    if formula is Formula.TORNQVIST:
        matched = panel.value * weight
        weight = 0.5 * (matched / matched.sum(axis=1, keepdims=True)).sum(axis=0)
    else:
        weight = weight / weight.sum()
    parts: Floats = weight * (panel.log[1] - panel.log[0])
    return parts


def _share_of_change(log: float | Floats) -> Floats:
    """(e^x - 1) / x, 1 at 0."""
    change = np.asarray(log, dtype=np.float64)
    zero = change == 0
    return np.where(zero, 1.0, np.expm1(change) / np.where(zero, 1.0, change))


def rolling_geks_contributions(
    price: ArrayLike, value: ArrayLike, *, window: int = WINDOW, splice: Splice = Splice.MEAN
) -> Floats:
    """Parts of ln index by item: [periods × items]; each row sums to ln of `rolling_geks`.

    Arguments and errors as `rolling_geks`, formula Törnqvist. Rows are NaN where the index is. An
    item absent from a period still has a part there: the comparisons with the window's other
    periods know it.
    """
    panel = Panel.of(price, value)
    windows = tornqvist_windows(panel)
    return rolling(windows, panel.periods, checked_window(window), splice)


def tornqvist_windows(panel: Panel) -> Windows:
    """GEKS-Törnqvist levels with one column for each item."""

    def levels(start: int, stop: int) -> Levels:
        rows = panel.rows(start, stop)
        weight = rows.value @ rows.priced.T
        linked = (weight > 0) & (weight.T > 0)
        # by_other[u, l] = 1 / turnover of period l in the items it shares with u; by_own of u.
        by_other = np.divide(1.0, weight.T, out=np.zeros_like(weight), where=linked)
        by_own = np.divide(1.0, weight, out=np.zeros_like(weight), where=linked)
        valued = rows.value * rows.log
        other = rows.log * (by_other @ rows.value) - by_other @ valued
        own = rows.log * (by_own @ rows.priced) - by_own @ rows.log
        return fitted(linked, 0.5 * (rows.priced * other + rows.value * own))

    return levels


def change_contributions(parts: ArrayLike, earlier: int, later: int) -> Floats:
    """Parts of index[later] / index[earlier] - 1 by column: [columns], adding up to it exactly.

    `parts` [periods × columns]: parts of the log index, as `rolling_geks_contributions` gives.
    """
    logs = np.asarray(parts, dtype=np.float64)
    change: Floats = logs[later] - logs[earlier]
    return change * _share_of_change(change.sum())


def by_group(parts: ArrayLike, group: ArrayLike, groups: int) -> Floats:
    """Sums of parts over places, classes or other groups of items: [… × groups].

    `parts` [… × items], NaN counts as no part; `group` [items], 0 … groups - 1. ValueError: shapes.
    """
    given = np.asarray(parts, dtype=np.float64)
    codes = np.asarray(group, dtype=np.int64)
    if codes.shape != given.shape[-1:]:
        raise ValueError(f"one group for each item: {codes.shape}, {given.shape}")
    if len(codes) and not 0 <= codes.min() <= codes.max() < groups:
        raise ValueError(f"groups are numbered 0 … {groups - 1}")
    member = np.zeros((len(codes), groups))
    member[np.arange(len(codes)), codes] = 1.0
    return np.asarray(np.where(np.isnan(given), 0.0, given) @ member, dtype=np.float64)
