"""Why a mean price moved 均价变动分解: prices, the mix of sellers, or who is in the sample.

The mean of a period is Σ w p / Σ w over the quotes it has. Over the quotes present in both periods
(同样本) its change is split after Bennet (1920), halves of both periods' weights and prices, which
treats the two periods alike and leaves no residual:

    price effect 价格因素  Σ ½ (s0 + s1) (p1 - p0)
    mix effect   结构因素  Σ (½ (p0 + p1) - ½ (m0 + m1)) (s1 - s0)

with s the shares and m the means of the matched quotes. What newcomers add to the later mean and
leavers took from the earlier one is the sample effect 样本因素. The four add up to the change.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from ortoo.algorithms.indices.panel import Floats


@dataclass(frozen=True, slots=True)
class MeanChange:
    """In the unit of the prices, all [periods] but the parts, which are [periods × quotes].

    after - before = price + mix + entry + exit. `price_parts`, `mix_parts`: by quote, NaN where it
    is not matched. Where no weight is matched, all but `before` and `after` are NaN: price and
    sample cannot be told apart.
    """

    before: Floats
    after: Floats
    price: Floats
    mix: Floats
    entry: Floats
    exit: Floats
    price_parts: Floats
    mix_parts: Floats


def mean_change(
    before: ArrayLike, before_weight: ArrayLike, after: ArrayLike, after_weight: ArrayLike
) -> MeanChange:
    """Decompose the change of the weighted mean between aligned rows of quotes.

    `before`, `after` [periods × quotes] prices, NaN, zero or negative where there is none; weights
    (quantities, or ones for a plain mean) likewise shaped; a price without a weight above 0 is not
    in the sample. For a series p: mean_change(p[:-1], w[:-1], p[1:], w[1:]). ValueError: shapes.
    """
    p0, w0 = _sample(before, before_weight)
    p1, w1 = _sample(after, after_weight)
    if p0.shape != p1.shape:
        raise ValueError(f"rows of quotes must be aligned: {p0.shape}, {p1.shape}")
    both = (w0 > 0) & (w1 > 0)
    s0, s1 = _shares(np.where(both, w0, 0.0)), _shares(np.where(both, w1, 0.0))
    mean0, mean1 = (_shares(w0) * p0).sum(axis=1), (_shares(w1) * p1).sum(axis=1)
    matched0, matched1 = (s0 * p0).sum(axis=1), (s1 * p1).sum(axis=1)
    price_parts = 0.5 * (s0 + s1) * (p1 - p0)
    usual = 0.5 * (matched0 + matched1)[:, None]
    mix_parts = (0.5 * (p0 + p1) - usual) * (s1 - s0)
    return MeanChange(
        before=mean0,
        after=mean1,
        price=price_parts.sum(axis=1),
        mix=mix_parts.sum(axis=1),
        entry=mean1 - matched1,
        exit=matched0 - mean0,
        price_parts=np.where(both, price_parts, np.nan),
        mix_parts=np.where(both, mix_parts, np.nan),
    )


def _sample(price: ArrayLike, weight: ArrayLike) -> tuple[Floats, Floats]:
    """Prices and weights, both 0 where the quote is not in the sample."""
    prices = np.asarray(price, dtype=np.float64)
    weights = np.asarray(weight, dtype=np.float64)
    if prices.ndim != 2 or prices.shape != weights.shape:
        raise ValueError(
            f"prices and weights must be [periods × quotes] alike: {prices.shape}, {weights.shape}"
        )
    there = np.isfinite(prices) & (prices > 0) & np.isfinite(weights) & (weights > 0)
    return np.where(there, prices, 0.0), np.where(there, weights, 0.0)


def _shares(weight: Floats) -> Floats:
    """Shares of each row; NaN in a row without weight."""
    total = weight.sum(axis=1, keepdims=True)
    share: Floats = np.full_like(weight, np.nan)
    np.divide(weight, total, out=share, where=total > 0)
    return share
