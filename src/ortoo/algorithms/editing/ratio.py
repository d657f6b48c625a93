"""Ratio edits: value ÷ quantity against the price, and bounds on any quotient 比率审核.

Recorded numbers are rounded, so a quotient is an interval: 3 hundred yuan over 0.2 kg may be
anything from 250 to 350 over 0.15 to 0.25. Only what no rounding explains is flagged.
Cells are int64 in the form's minor units with `MISSING` where nothing was said.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ortoo.algorithms.editing.judgement import Flags, Floats, Ints, Judgement, States, states
from ortoo.algorithms.rollup import MISSING


@dataclass(frozen=True, slots=True)
class RatioEdit:
    """`low`, `high` [n]: what the quotient may be given the rounding, NaN where it has no sense.

    A value below zero (a negative stock, a negative sale) is `NOT_POSITIVE` and flagged whatever
    the bounds. So is something over nothing; nothing over nothing is `NOT_POSITIVE`, not flagged.
    """

    low: Floats
    high: Floats
    flag: Flags
    state: States


def quotient(numerator: Ints, denominator: Ints, *, rounded: float = 0.5) -> RatioEdit:
    """The interval of numerator/denominator; flags only signs and division by nothing.

    `rounded`: the true value lies this far at most from the recorded one, in minor units.
    """
    state = states(len(numerator))
    over, under = numerator.astype(np.float64), denominator.astype(np.float64)
    negative = (numerator < 0) | (denominator < 0)
    state[negative | (denominator == 0)] = Judgement.NOT_POSITIVE
    silent = (numerator == MISSING) | (denominator == MISSING)
    state[silent] = Judgement.MISSING
    flag = ~silent & (negative | ((denominator == 0) & (numerator > rounded)))
    fine = state == Judgement.JUDGED
    low, high = np.full(len(over), np.nan), np.full(len(over), np.nan)
    low[fine] = np.maximum(over[fine] - rounded, 0) / (under[fine] + rounded)
    least = np.maximum(under[fine] - rounded, 0)
    with np.errstate(divide="ignore"):
        high[fine] = (over[fine] + rounded) / least
    return RatioEdit(low, high, flag, state)


def bounded(
    numerator: Ints, denominator: Ints, lowest: float, highest: float, *, rounded: float = 0.5
) -> RatioEdit:
    """Flag where numerator/denominator lies outside [lowest, highest] however it was rounded."""
    if not lowest <= highest:
        raise ValueError("lowest must not exceed highest")
    found = quotient(numerator, denominator, rounded=rounded)
    outside = (found.low > highest) | (found.high < lowest)
    return RatioEdit(found.low, found.high, found.flag | outside, found.state)


def price_agrees(
    value: Ints,
    quantity: Ints,
    price_fen: Ints,
    *,
    fen_per_unit: float,
    tolerance: float = 0.1,
    rounded: float = 0.5,
) -> RatioEdit:
    """Flag where value ÷ quantity, in fen, disagrees with the price by more than `tolerance`.

    `fen_per_unit`: fen in one unit of value over one unit of quantity; for sales in hundreds of
    yuan and quantities in 0.1 kg it is 100,000. low and high are in fen. A price of zero or below
    is `NOT_POSITIVE`; it is flagged where something was sold for it.
    """
    found = quotient(value, quantity, rounded=rounded)
    low, high = found.low * fen_per_unit, found.high * fen_per_unit
    state, judged = found.state.copy(), found.state == Judgement.JUDGED
    free = judged & (price_fen <= 0)
    state[free] = Judgement.NOT_POSITIVE
    state[price_fen == MISSING] = Judgement.MISSING
    price = price_fen.astype(np.float64)
    apart = (low > price * (1 + tolerance)) | (high < price / (1 + tolerance))
    flag = found.flag | ((state == Judgement.JUDGED) & apart) | (free & (low > 0))
    return RatioEdit(low, high, flag & (state != Judgement.MISSING), state)
