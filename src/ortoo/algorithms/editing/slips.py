"""Unit slips 计量单位误录: 斤 for 公斤, a shifted point, kilograms for tonnes, yuan for 万元.

A value and what was expected of it (the last quote, the peers' median, value ÷ quantity) give a
posterior over "typed as meant" and each slip. Deviations follow Student's t with three degrees of
freedom: honest prices do halve now and then. Witnesses multiply, so a market that truly halved is
defended by the peers, who halved too. A correction is only ever suggested.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ortoo.algorithms.editing.judgement import Flags, Floats, Ints, Judgement, States, states
from ortoo.algorithms.rollup import MISSING

FREEDOM = 3.0
LEAST_SPREAD = 0.02


@dataclass(frozen=True, slots=True)
class Slip:
    """One way to go wrong: recorded = factor × meant, with its share of all values."""

    code: str
    factor: Fraction
    prior: float

    def __post_init__(self) -> None:
        if self.factor <= 0 or self.factor == 1 or not 0 < self.prior < 1:
            raise ValueError(f"{self.code}: factor above 0 and not 1, prior in 0 … 1")


def _slips(rows: Sequence[tuple[str, str, float]]) -> tuple[Slip, ...]:
    return tuple(Slip(code, Fraction(factor), prior) for code, factor, prior in rows)


# Priors are proposals, about 1 % in all; a bureau's own confirmed corrections should replace them.
PRICE_SLIPS = _slips(
    [
        ("JIN-FOR-KILOGRAM", "1/2", 0.004),  # 按斤标价直接录入
        ("KILOGRAM-DOUBLED", "2", 0.001),
        ("POINT-RIGHT-1", "10", 0.001),
        ("POINT-LEFT-1", "1/10", 0.001),
        ("POINT-RIGHT-2", "100", 0.001),  # 按分录入
        ("POINT-LEFT-2", "1/100", 0.0005),
        ("KILOGRAM-FOR-TON", "1/1000", 0.0005),
        ("TON-FOR-KILOGRAM", "1000", 0.0005),
    ]
)
QUANTITY_SLIPS = _slips(
    [
        ("JIN-FOR-KILOGRAM", "2", 0.003),
        ("KILOGRAM-HALVED", "1/2", 0.001),
        ("POINT-RIGHT-1", "10", 0.001),
        ("POINT-LEFT-1", "1/10", 0.001),
        ("POINT-RIGHT-2", "100", 0.0005),
        ("POINT-LEFT-2", "1/100", 0.0005),
        ("KILOGRAM-FOR-TON", "1000", 0.002),
        ("TON-FOR-KILOGRAM", "1/1000", 0.002),
    ]
)
VALUE_SLIPS = _slips(
    [
        ("YUAN-FOR-WAN", "10000", 0.005),  # 万元栏按元录入
        ("WAN-FOR-YUAN", "1/10000", 0.0005),
        ("POINT-RIGHT-1", "10", 0.001),
        ("POINT-LEFT-1", "1/10", 0.001),
        ("POINT-RIGHT-2", "100", 0.0005),
        ("POINT-LEFT-2", "1/100", 0.0005),
        ("POINT-RIGHT-3", "1000", 0.001),
        ("POINT-LEFT-3", "1/1000", 0.0005),
    ]
)


@dataclass(frozen=True, slots=True)
class Suspicion:
    """One entry a value. `best`: row of the most plausible slip, −1 where "as meant" leads.

    `odds`: posterior of the most plausible slip over "as meant" (NaN where not judged);
    `probability`: of that slip among all. `corrected`: value ÷ factor to the nearest minor unit,
    `MISSING` where nothing is suggested. `posterior` [n × (1 + slips)], column 0 "as meant".
    """

    best: NDArray[np.int64]
    odds: Floats
    probability: Floats
    corrected: Ints
    suggested: Flags
    posterior: Floats
    state: States


def detect(
    value: Ints,
    expected: ArrayLike,
    spread: ArrayLike,
    slips: Sequence[Slip] = PRICE_SLIPS,
    *,
    least_odds: float = 10.0,
) -> Suspicion:
    """Weigh each slip for each value.

    `value` int64 [n], `MISSING` where blank. `expected` [n] or [n × witnesses], in the same unit,
    NaN or not positive where a witness is silent; `spread` alike or scalar: usual size of a log
    deviation from that witness (at least 0.02). Witnesses are taken as independent. A value of
    zero or below, or one without a witness, is not judged.
    """
    if not slips:
        raise ValueError("at least one slip is needed")
    witness = np.asarray(expected, dtype=np.float64)
    witness = witness[:, None] if witness.ndim == 1 else witness
    scale = np.asarray(spread, dtype=np.float64)
    scale = scale[:, None] if scale.ndim == 1 else scale
    scale = np.broadcast_to(np.maximum(scale, LEAST_SPREAD), witness.shape)
    heard = np.isfinite(witness) & (witness > 0)
    state = _state(value, heard)
    judged = state == Judgement.JUDGED
    log_value = np.log(np.where(judged, value, 1).astype(np.float64))
    deviation = log_value[:, None] - np.log(np.where(heard, witness, 1.0))
    posterior = _posterior(deviation, scale, heard, slips)
    posterior[~judged] = np.nan
    rated = np.where(judged[:, None], posterior, 0.0)
    leader = np.argmax(rated[:, 1:], axis=1)
    probability = np.take_along_axis(rated, leader[:, None] + 1, axis=1)[:, 0]
    odds = np.full(len(value), np.nan)
    odds[judged] = probability[judged] / np.maximum(rated[judged, 0], np.finfo(float).tiny)
    suggested = judged & (odds >= least_odds)
    factors = np.array([float(slip.factor) for slip in slips])
    corrected = np.full(len(value), MISSING, dtype=np.int64)
    corrected[suggested] = np.rint(value[suggested] / factors[leader[suggested]])
    best = np.where(judged & (odds > 1), leader, -1)
    shown = np.where(judged, probability, np.nan)
    return Suspicion(best, odds, shown, corrected, suggested, posterior, state)


def _state(value: Ints, heard: Flags) -> States:
    state = states(len(value))
    state[~heard.any(axis=1)] = Judgement.TOO_FEW
    state[value <= 0] = Judgement.NOT_POSITIVE
    state[value == MISSING] = Judgement.MISSING
    return state


def _posterior(deviation: Floats, scale: Floats, heard: Flags, slips: Sequence[Slip]) -> Floats:
    """[n × (1 + slips)]: prior times the witnesses' densities, normalised by row."""
    shifts = np.array([0.0, *(float(np.log(float(slip.factor))) for slip in slips)])
    priors = np.array([slip.prior for slip in slips])
    if priors.sum() >= 1:
        raise ValueError("the priors of all slips must stay below 1 together")
    prior = np.log(np.array([1 - priors.sum(), *priors]))
    weight = np.empty((len(deviation), len(shifts)))
    for column, shift in enumerate(shifts):
        distance = (deviation - shift) / scale
        density = -(FREEDOM + 1) / 2 * np.log1p(distance**2 / FREEDOM)
        weight[:, column] = prior[column] + np.where(heard, density, 0.0).sum(axis=1)
    weight = np.exp(weight - weight.max(axis=1, keepdims=True))
    shares: Floats = weight / weight.sum(axis=1, keepdims=True)
    return shares
