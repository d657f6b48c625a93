"""Multilateral indices that go on without revising what was published: rolling windows, spliced.

A new period is compared with the others of the window that ends in it. Where its level is hung on
the published series is the splice 拼接: see `Splice`. Sources: movement - Ivancic, Diewert and Fox
(2011); window - Krsinich (2016); half - de Haan (2015); mean - Diewert and Fox (2022), used by the
Australian Bureau of Statistics; published - Chessa (2021). Eurostat's guide (2022) compares them.
"""

from __future__ import annotations

from enum import StrEnum

import numpy as np
from numpy.typing import ArrayLike

from ortoo.algorithms.indices.bilateral import Formula, panel_for
from ortoo.algorithms.indices.multilateral import (
    Levels,
    Windows,
    from_first,
    geary_khamis_windows,
    geks_windows,
    members,
    time_product_windows,
)
from ortoo.algorithms.indices.panel import Floats, Ints, Panel

WINDOW = 25


class Splice(StrEnum):
    """Which overlapping periods carry the link, and whether to the old window or the publication.

    MOVEMENT: the last; WINDOW: the first; HALF: the one half a window back; MEAN: all of them, a
    geometric mean. The old window's levels are used as they stand after its own splice; the
    *_PUBLISHED kinds use the published index instead (for MOVEMENT the two are the same).
    """

    MOVEMENT = "movement"
    WINDOW = "window"
    HALF = "half"
    MEAN = "mean"
    WINDOW_PUBLISHED = "window_published"
    HALF_PUBLISHED = "half_published"
    MEAN_PUBLISHED = "mean_published"

    @property
    def published(self) -> bool:
        """Whether the link is to the published index."""
        return self.value.endswith("_published")

    def links(self, shared: Ints, window: int) -> Ints:
        """Of the positions `shared` in the new window (ascending, not empty), those that link.

        Where the usual position has no price its nearest neighbour does (the earlier of two).
        """
        place = self.value.removesuffix("_published")
        if place == "mean":
            return shared
        if place == "half":
            nearest = np.argmin(np.abs(shared - min(window // 2, window - 2)))
            return shared[nearest : nearest + 1]
        return shared[-1:] if place == "movement" else shared[:1]


def rolling_geks(
    price: ArrayLike,
    value: ArrayLike | None,
    *,
    window: int = WINDOW,
    splice: Splice = Splice.MEAN,
    formula: Formula = Formula.TORNQVIST,
) -> Floats:
    """Rolling GEKS, first priced period = 1: [periods].

    `price`, `value` [periods × items]: see `Panel.of`. The first `window` periods come from one
    window; a series shorter than that is plain `geks`. NaN in a period without a weighted price;
    the index goes on after it. A gap of `window` - 1 periods or more, or a complete change of
    items, ends the series: what follows is NaN, as nothing compares it with what went before.
    ValueError: window below 2, formula not reversible in time.
    """
    panel = panel_for(formula, price, value)
    levels = geks_windows(panel, checked_window(window), formula)
    return np.exp(rolling(levels, panel.periods, window, splice)[:, 0])


def rolling_time_product_dummy(
    price: ArrayLike, value: ArrayLike, *, window: int = WINDOW, splice: Splice = Splice.MEAN
) -> Floats:
    """Rolling weighted time-product dummy, a check: [periods]; as `rolling_geks`."""
    panel = Panel.of(price, value)
    return np.exp(rolling(time_product_windows(panel), panel.periods, window, splice)[:, 0])


def rolling_geary_khamis(
    price: ArrayLike, value: ArrayLike, *, window: int = WINDOW, splice: Splice = Splice.MEAN
) -> Floats:
    """Rolling Geary-Khamis, a check: [periods]; as `rolling_geks`."""
    panel = Panel.of(price, value)
    return np.exp(rolling(geary_khamis_windows(panel), panel.periods, window, splice)[:, 0])


def next_index(
    published: ArrayLike,
    price: ArrayLike,
    value: ArrayLike | None,
    *,
    splice: Splice = Splice.MEAN_PUBLISHED,
    formula: Formula = Formula.TORNQVIST,
) -> float:
    """The index of the newest period, given what was issued for the others of its window.

    `published` [periods - 1] (NaN where none was issued); `price`, `value` [periods × items], the
    newest period last. Issued figures stay as they were even where prices have been corrected.
    ValueError: lengths, or a splice that needs the old window as well.
    """
    if not (splice.published or splice is Splice.MOVEMENT):
        raise ValueError(f"{splice} links to the old window; choose a published splice")
    panel = panel_for(formula, price, value)
    issued = np.asarray(published, dtype=np.float64)
    if issued.shape != (checked_window(panel.periods) - 1,):
        raise ValueError(f"one index for each period but the newest: {issued.shape}")
    logs = np.log(np.where(issued > 0, issued, np.nan))
    now = geks_windows(panel, panel.periods, formula)(0, panel.periods)
    return float(np.exp(_hung(now, logs[:, None], splice)[-1, 0]))


def rolling(windows: Windows, periods: int, window: int, splice: Splice) -> Floats:
    """Published log levels [periods × columns], 0 in the first priced period; NaN as said above."""
    first = windows(0, min(checked_window(window), periods))
    scaled = from_first(first)
    published = np.full((periods, scaled.shape[1]), np.nan)
    published[: len(scaled)] = scaled
    for stop in range(window + 1, periods + 1):
        start = stop - window
        if not np.isfinite(published[: stop - 1]).any():
            scaled = from_first(windows(start, stop))
        else:
            old = published[start : stop - 1] if splice.published else scaled[1:]
            scaled = _hung(windows(start, stop), old, splice)
        published[stop - 1] = scaled[-1]
    return published


def _hung(now: Levels, old: Floats, splice: Splice) -> Floats:
    """The window moved onto `old` [periods - 1 × columns]; NaN in parts `old` does not reach."""
    window = len(now.part)
    scaled = np.full(now.log.shape, np.nan)
    known = np.asarray(np.isfinite(old).all(axis=1))
    for member in members(now.part):
        overlap = member[member < window - 1]
        shared = overlap[known[overlap]]
        if len(shared):
            links = splice.links(shared, window)
            shift = (old[links] - now.log[links]).mean(axis=0)
            scaled[member] = now.log[member] + shift
    return scaled


def checked_window(window: int) -> int:
    """The window's length. ValueError below 2: one period compares with nothing."""
    if window < 2:
        raise ValueError(f"a window has at least 2 periods: {window}")
    return window
