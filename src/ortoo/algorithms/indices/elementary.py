"""Elementary indices 基本分类指数: the quotes of one item at one place, without weights.

Every quote is compared with its own last price, moved on by the index of the quotes that were there
meanwhile. So a quote that is away for some periods and returns takes its price change with it
(self-correcting class-mean imputation: ILO/IMF et al., CPI Manual 2020, ch. 6), and nothing is
carried forward. A quote that stays away longer than `patience` has left; if it comes back it enters
as new. An entering quote starts at the index as it stands: its level moves nothing.

Jevons is what we publish. Dutot depends on the units of unlike quotes, Carli drifts upwards when
linked; both are here to be compared with.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import ArrayLike

from ortoo.algorithms.indices.panel import Flags, Floats, Ints


class Elementary(StrEnum):
    """Unweighted means of quotes."""

    JEVONS = "jevons"
    DUTOT = "dutot"
    CARLI = "carli"


@dataclass(frozen=True, slots=True)
class ElementaryIndices:
    """All [periods × groups]. `index`: 1 in a group's first period with a quote, NaN where unknown.

    `matched`: quotes compared; `entered`: quotes taken in; `left`: quotes whose absence has just
    outlasted the patience.
    """

    index: Floats
    matched: Ints
    entered: Ints
    left: Ints


@dataclass(slots=True)
class _Quotes:
    """What is known of each quote: its price at index 1, and when it was last seen."""

    formula: Elementary
    group: Ints
    groups: int
    reference: Floats
    seen_at: Ints

    def count(self, flags: Flags) -> Ints:
        return np.bincount(self.group[flags], minlength=self.groups)

    def level(self, price: Floats, matched: Flags) -> Floats:
        """Index of each group from its matched quotes; NaN where it has none."""
        now, reference, group = price[matched], self.reference[matched], self.group[matched]
        sides = {
            Elementary.JEVONS: (np.log(now / reference), np.ones_like(now)),
            Elementary.CARLI: (now / reference, np.ones_like(now)),
            Elementary.DUTOT: (now, reference),
        }
        above, below = (np.bincount(group, side, self.groups) for side in sides[self.formula])
        mean: Floats = np.full(self.groups, np.nan)
        np.divide(above, below, out=mean, where=below > 0)
        if self.formula is Elementary.JEVONS:
            np.exp(mean, out=mean)
        return mean


def elementary(
    price: ArrayLike,
    group: ArrayLike | None = None,
    *,
    patience: int,
    formula: Elementary = Elementary.JEVONS,
) -> ElementaryIndices:
    """Indices of every group of quotes.

    `price` [periods × quotes], NaN, zero or negative where not quoted; `group` [quotes], 0 … (one
    group if left out); `patience`: periods a quote may be away and still be compared with its last
    price; 0 compares neighbours only. A period without a matched quote has NaN; the index goes on
    when a quote from before returns in time, and stays NaN after a complete change of quotes, since
    nothing says how the new ones compare with the old. ValueError: shapes, negative arguments.
    """
    prices, groups = _checked(price, group, patience)
    periods, quotes = prices.shape
    width = int(groups.max(initial=-1)) + 1 if group is not None else 1
    state = _Quotes(
        formula, groups, width, np.full(quotes, np.nan), np.zeros(quotes, dtype=np.int64)
    )
    result = ElementaryIndices(
        np.full((periods, width), np.nan),
        *(np.zeros((periods, width), dtype=np.int64) for _ in range(3)),
    )
    started = np.zeros(width, dtype=bool)
    for period in range(periods):
        now = prices[period]
        seen = np.isfinite(now) & (now > 0)
        away = period - state.seen_at
        known = np.isfinite(state.reference)
        matched = seen & known & (away <= patience + 1)
        level = state.level(now, matched)
        level[~started & (state.count(seen) > 0)] = 1.0
        started |= np.isfinite(level)
        taken = seen & np.isfinite(level)[groups]
        result.index[period] = level
        result.matched[period] = state.count(matched)
        result.entered[period] = state.count(taken & ~matched)
        result.left[period] = state.count(known & ~seen & (away == patience + 1))
        state.reference[taken] = now[taken] / level[groups[taken]]
        state.seen_at[taken] = period
    return result


def _checked(price: ArrayLike, group: ArrayLike | None, patience: int) -> tuple[Floats, Ints]:
    prices = np.asarray(price, dtype=np.float64)
    if prices.ndim != 2 or patience < 0:
        raise ValueError(f"price must be [periods × quotes], patience ≥ 0: {prices.shape}")
    width = prices.shape[1]
    groups = np.zeros(width, np.int64) if group is None else np.asarray(group, dtype=np.int64)
    if groups.shape != (width,) or (width and groups.min() < 0):
        raise ValueError(f"group must be [{width}] numbers from 0: {groups.shape}")
    return prices, groups
