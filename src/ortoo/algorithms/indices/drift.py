"""Why short-term comparisons are not multiplied up: a demonstration, never a published figure.

When shoppers stock up in a sale, period-to-period indices of weighted items fall further than they
rise again, and their product drifts (链式漂移, chain drift; ILO/IMF et al. 2020, ch. 10). On 36
months of a real vegetable counter the chained Törnqvist ends at 0.46, the multilateral at 0.92.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from ortoo.algorithms.indices.bilateral import (
    Formula,
    fixed_base,
    log_relatives,
    panel_for,
    row_by_row,
)
from ortoo.algorithms.indices.panel import Floats


def chained_to_show_drift(
    formula: Formula, price: ArrayLike, value: ArrayLike | None = None
) -> Floats:
    """Product of period-to-period indices, first period = 1: [periods]. Do not publish.

    NaN from the first pair of neighbours that share no item: a chain cannot be mended.
    """
    panel = panel_for(formula, price, value)
    last = panel.periods
    links = log_relatives(formula, panel.rows(0, last - 1), panel.rows(1, last), row_by_row)
    chain: Floats = np.exp(np.concatenate([np.zeros(min(last, 1)), np.cumsum(links)]))
    return chain


def chain_drift(formula: Formula, price: ArrayLike, value: ArrayLike | None = None) -> Floats:
    """Chained index over the direct one, [periods]: 1 where chaining did no harm.

    Where a formula is reversible and all prices have come back this is Walsh's multi-period
    identity test.
    """
    return chained_to_show_drift(formula, price, value) / fixed_base(formula, price, value)
