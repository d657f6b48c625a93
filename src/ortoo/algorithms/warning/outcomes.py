"""What a warning is about: whether a price will rise by a share within so many periods.

`price` is float [series × periods], NaN where nothing was observed; a row is a series, a column a
period, oldest first.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Rule:
    """A rise of `rise` (0.20 = 20 %) within `horizon` periods, in a year of `year` periods."""

    rise: float = 0.20
    horizon: int = 3
    year: int = 12


def future_rise(price: Floats, horizon: int) -> Floats:
    """Log of the highest price of the next `horizon` periods over today's; NaN where unknown.

    Where periods ahead are missing the rise is known only if every one was observed: a maximum over
    fewer periods would be too low. Prices that are not positive are unknown.
    """
    log = logarithm(price)
    found = np.full(price.shape, np.nan)
    width = price.shape[1] - horizon
    if width <= 0:
        return found
    ahead = np.stack([log[:, k : k + width] for k in range(1, horizon + 1)])
    found[:, :width] = ahead.max(axis=0) - log[:, :width]
    return found


def logarithm(price: Floats) -> Floats:
    """Natural logarithm; NaN where the price is missing, zero, negative or infinite."""
    good = np.isfinite(price) & (price > 0)
    return np.log(price, out=np.full(price.shape, np.nan), where=good)


def outcomes(price: Floats, rule: Rule) -> Floats:
    """1 where the price will rise by at least the rule's share, 0 where not, NaN where unknown."""
    rise = future_rise(price, rule.horizon)
    happened = (rise >= np.log1p(rule.rise) - 1e-12).astype(float)
    return np.where(np.isfinite(rise), happened, np.nan)


def observed_so_far(price: Floats) -> NDArray[np.int64]:
    """How many periods of each series were observed up to and with each period."""
    return np.asarray(np.cumsum(np.isfinite(logarithm(price)), axis=1), dtype=np.int64)
