"""Small panels with known shapes, and a run filed without waiting for a real one."""

from __future__ import annotations

import numpy as np

from ortoo.domains.market.forecasts.computing import Computed, compute
from ortoo.domains.market.forecasts.model import Cadence
from ortoo.domains.market.forecasts.series import Floats, Observed, positive

QUICK = Cadence(6, (1, 2, 4), 2, 52.18, 6, 52, 160, 26, 6, 3, 3)
UNITS = ("150000", "150100", "150200", "150300")


def seasonal(count: int, periods: int = 150, seed: int = 7) -> Floats:
    """Prices about 10 with a season of a year and little noise, [count × periods]."""
    rng = np.random.default_rng(seed)
    t = np.arange(periods)
    phase = rng.uniform(0, 6, (count, 1))
    noise = np.cumsum(rng.normal(0, 0.004, (count, periods)), axis=1)
    return np.asarray(10 * np.exp(0.25 * np.sin(2 * np.pi * t / 52.18 + phase) + noise))


def panel_of(price: Floats, *, seed: int = 3) -> Observed:
    """Unit prices [units × items × periods] without the root, as a whole with its root."""
    rng = np.random.default_rng(seed)
    quantity = rng.uniform(80, 120, price.shape) * np.arange(1, price.shape[0] + 1)[:, None, None]
    price = positive(price)
    quantity = np.where(np.isfinite(price), quantity, np.nan)
    total = np.nansum(quantity, axis=0)
    known = np.isfinite(price).any(axis=0)
    root = np.where(known, np.nansum(price * quantity, axis=0) / np.maximum(total, 1e-9), np.nan)
    units = UNITS[: price.shape[0] + 1]
    items = tuple(f"01{i:02d}" for i in range(price.shape[1]))
    shape = (len(units), len(items))
    return Observed(
        units,
        items,
        np.concatenate([root[None], price]),
        np.concatenate([np.where(known, total, np.nan)[None], quantity]),
        rooted=True,
        quotes=np.full(shape, 5, np.int64),
        source=np.ones(shape, np.int64),
    )


def usual(units: int = 2, items: int = 3, periods: int = 150) -> Observed:
    return panel_of(seasonal(units * items, periods).reshape(units, items, periods))


def computed(seen: Observed) -> Computed:
    return compute(seen, QUICK)
