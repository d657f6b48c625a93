"""Soft limits learnt from history: how far a good usually moves in its place and season.

The limit is the quantile of |ln relative| of the place's own price in the weeks of the season,
shrunk to the region's and that to the dated table while history is short: a cell of n moves counts
n ÷ (n + `HALF`). A firm's price moves further than the mean of many: the place's limit is widened
by the item's ratio of firms' to places' quantiles, where firms' moves are at hand.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ortoo.algorithms.editing.expectation import Whole
from ortoo.algorithms.editing.judgement import Floats, Ints

SHARE = 0.98
HALF = 26
LEAST, MOST = 0.02, 0.6
_RATIO = (1.0, 3.0)
_FEWEST_FIRM_MOVES = 100


@dataclass(frozen=True, slots=True, eq=False)
class Learnt:
    """[places × items × seasons]. `limit`: of a firm's |change|, as a share; `usual`: the place's
    own quantile, NaN where it has no moves; `moves`: how many it rests on."""

    limit: Floats
    usual: Floats
    moves: Ints


def moves_of(price: Floats) -> Floats:
    """|ln relative| to the period before, [… × periods]; NaN over a gap, for a price of zero or
    below, and in the first period."""
    with np.errstate(invalid="ignore", divide="ignore"):
        log = np.where(price > 0, np.log(price), np.nan)
    found = np.full(price.shape, np.nan)
    found[..., 1:] = np.abs(np.diff(log, axis=-1))
    return found


def learn(price: Floats, season: Whole, table: Floats, firm: Floats | None = None) -> Learnt:
    """Limits from prices [places × items × periods] (the first place is the region).

    `season` [periods]: number of each period's season; `table` [items × seasons]: the dated
    limits, shares, NaN where the table has none; `firm` [moves × items]: |ln relatives| of single
    firms, NaN where there is none. Where nothing is known at all the limit is NaN.
    """
    moved = moves_of(price)
    seasons = table.shape[1]
    usual = np.stack([_quantile(moved[..., season == at]) for at in range(seasons)], axis=-1)
    count = np.stack(
        [(~np.isnan(moved[..., season == at])).sum(axis=-1) for at in range(seasons)], axis=-1
    )
    wide = np.nan_to_num(usual) * _ratio(moved, firm)[None, :, None]
    fallback = np.where(np.isnan(table), np.expm1(wide[0]), table)
    region = _shrunk(np.expm1(wide[0]), count[0], fallback)
    limit = _shrunk(np.expm1(wide), count, np.broadcast_to(region, wide.shape))
    limit[0] = region
    nothing = np.isnan(table)[None] & (count == 0) & (count[0] == 0)[None]
    limit = np.where(nothing, np.nan, np.clip(limit, LEAST, MOST))
    return Learnt(limit, np.expm1(usual), count.astype(np.int64))


def _quantile(moved: Floats) -> Floats:
    """[… ] the `SHARE` quantile over the last axis, NaN left out: a value that occurred."""
    if not moved.shape[-1]:
        return np.full(moved.shape[:-1], np.nan)
    ordered = np.sort(moved, axis=-1)
    count = (~np.isnan(moved)).sum(axis=-1)
    at = np.maximum(np.ceil(SHARE * count).astype(np.int64) - 1, 0)
    found = np.take_along_axis(ordered, at[..., None], axis=-1)[..., 0]
    return np.where(count > 0, found, np.nan)


def _ratio(moved: Floats, firm: Floats | None) -> Floats:
    """[items] how much further a firm's price moves than a place's."""
    items = moved.shape[1]
    if firm is None or not len(firm):
        return np.ones(items)
    places = _quantile(np.moveaxis(moved, 1, 0).reshape(items, -1))
    firms = _quantile(firm.T)
    enough = (~np.isnan(firm)).sum(axis=0) >= _FEWEST_FIRM_MOVES
    with np.errstate(invalid="ignore", divide="ignore"):
        ratio = np.clip(firms / places, *_RATIO)
    return np.where(enough & np.isfinite(ratio), ratio, 1.0)


def _shrunk(own: Floats, count: Ints, other: Floats) -> Floats:
    weight = count / (count + HALF)
    found: Floats = weight * own + (1 - weight) * other
    return found
