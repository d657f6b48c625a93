"""Rolling GEKS-Törnqvist of many sets of columns at once: an index for each class and each place.

Where every two periods less than a window apart share an item, which is the rule for food, a
window's levels are plain means of a band of bilateral indices, and all windows of a series are
differences of one running sum. Anything else goes the general way of `splicing`. Both agree to
rounding (a test pins them together).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from ortoo.algorithms.indices.bilateral import Formula
from ortoo.algorithms.indices.multilateral import fitted, pair_band
from ortoo.algorithms.indices.panel import Floats, Panel
from ortoo.algorithms.indices.splicing import WINDOW, Splice, checked_window, rolling


def rolling_by_set(
    price: ArrayLike, value: ArrayLike, sets: ArrayLike, count: int, *, window: int = WINDOW
) -> Floats:
    """Rolling GEKS-Törnqvist with mean splice of each set of columns: [periods × count].

    `price`, `value` [periods × columns]: see `Panel.of`; `sets` [columns], 0 … count - 1, or
    negative for a column in none. Each result is `splicing.rolling_geks` of that set's columns from
    its first priced period on: the first window counts from there.
    ValueError: shapes, window below 2.
    """
    prices, values = np.asarray(price, dtype=np.float64), np.asarray(value, dtype=np.float64)
    codes = np.asarray(sets, dtype=np.int64)
    if codes.shape != prices.shape[1:]:
        raise ValueError(f"one set for each column: {codes.shape}, {prices.shape}")
    checked_window(window)
    found = np.full((len(prices), count), np.nan)
    for number in range(count):
        columns = codes == number
        if columns.any():
            found[:, number] = rolled(Panel.of(prices[:, columns], values[:, columns]), window)
    return found


def rolled(panel: Panel, window: int = WINDOW) -> Floats:
    """`splicing.rolling_geks` from the first priced period on: [periods], 1 there, NaN before."""
    found = np.full(panel.periods, np.nan)
    # A period in which everything priced weighs nothing compares with none.
    priced = np.flatnonzero((panel.value * panel.priced).sum(axis=1) > 0)
    if not len(priced):
        return found
    first, last = int(priced[0]), int(priced[-1]) + 1
    part = panel.rows(first, last)
    band = pair_band(part, window, Formula.TORNQVIST)
    count = part.periods
    away = np.abs(np.arange(count)[:, None] - np.arange(count)[None, :])
    near = away < window
    if np.isfinite(band[near]).all():
        found[first:last] = np.exp(_spliced(np.where(near, band, 0.0), window))
        return found
    logs = rolling(lambda a, b: _levels(band[a:b, a:b]), count, window, Splice.MEAN)
    found[first:last] = np.exp(logs[:, 0])
    return found


def _levels(pairs: Floats):  # type: ignore[no-untyped-def]
    linked = np.isfinite(pairs)
    return fitted(linked, np.where(linked, pairs, 0.0).sum(axis=0)[:, None])


def _spliced(band: Floats, window: int) -> Floats:
    """Log levels of the mean splice from a full band: [periods], 0 in the first."""
    count = len(band)
    reach = min(window, count)
    start = band[:reach, :reach].mean(axis=0)
    levels = np.empty(count)
    levels[:reach] = start - start[0]
    if count <= window:
        return levels
    running = np.concatenate([np.zeros((1, count)), band.cumsum(axis=0)])
    stops = np.arange(window, count + 1)
    inside = (stops - window)[:, None] + np.arange(window)[None, :]
    within = (running[stops[:, None], inside] - running[(stops - window)[:, None], inside]) / window
    # Hung on what it shares with the window before; that one's levels as they stand there.
    newest, shared = within[:, -1], within[:, :-1].mean(axis=1)
    carried = within[:, 1:].mean(axis=1)
    shift = -start[0] + np.concatenate([[0.0], np.cumsum(carried[:-1] - shared[1:])])
    levels[window:] = newest[1:] + shift[1:]
    return levels
