"""Hidiroglou–Berthelot historical edit: units whose change differs from the class's change.

r = now/before, R its median; s = 1 − R/r below R, r/R − 1 from R up (symmetric); effect
E = s·max(before, now)^U; flagged outside [E_M − C·d_Q1, E_M + C·d_Q3] with
d_Q1 = max(E_M − E_Q1, |A·E_M|), d_Q3 = max(E_Q3 − E_M, |A·E_M|).

Source: Hidiroglou and Berthelot, Survey Methodology 12 (1986) 73–83. Beyond it: unchanged units
are neither flagged nor counted in the statistics, and d has a floor, because a class in which most
prices are flat has quartiles of zero and would flag every change.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from ortoo.algorithms.editing.judgement import Flags, Floats, Judgement, States, states

# Quartiles by averaging at the steps of the distribution function: with them the flags equal those
# of Statistics Canada's Banff 3.1.3; interpolated quartiles differ in one unit of 200.
QUARTILES = (0.25, 0.5, 0.75)


@dataclass(frozen=True, slots=True)
class Setting:
    """Exponent U, acceptance A, multiple C; `floor` is the smallest d as a share of the change.

    `least` valid pairs are needed. `unchanged_apart=False` with `floor=0` is the edit as published.
    """

    exponent: float = 0.5
    acceptance: float = 0.05
    multiple: float = 20.0
    floor: float = 0.005
    least: int = 3
    unchanged_apart: bool = True

    def __post_init__(self) -> None:
        if not 0 <= self.exponent <= 1:
            raise ValueError("exponent lies in 0 … 1")
        if min(self.acceptance, self.floor) < 0 or self.multiple <= 0 or self.least < 1:
            raise ValueError("acceptance and floor ≥ 0, multiple > 0, least ≥ 1")


@dataclass(frozen=True, slots=True)
class Edit:
    """`effect` [n] (NaN where not judged), `flag`, `state`, and the bounds of the effect."""

    effect: Floats
    flag: Flags
    state: States
    low: float
    high: float
    median_ratio: float


def edit(before: ArrayLike, now: ArrayLike, setting: Setting | None = None) -> Edit:
    """Edit one class of units (an item in a place): values [n], NaN where nothing was said.

    Both values must be above zero to be judged. Fewer than `least` pairs: all are `TOO_FEW`.
    """
    setting = setting or Setting()
    old, new = np.asarray(before, dtype=np.float64), np.asarray(now, dtype=np.float64)
    state = states(len(old))
    state[~((old > 0) & (new > 0))] = Judgement.NOT_POSITIVE
    state[np.isnan(old) | np.isnan(new)] = Judgement.MISSING
    valid = state == Judgement.JUDGED
    effect = np.full(len(old), np.nan)
    if np.count_nonzero(valid) < setting.least:
        state[valid] = Judgement.TOO_FEW
        return Edit(effect, np.zeros(len(old), np.bool_), state, np.nan, np.nan, np.nan)
    apart = (old == new) if setting.unchanged_apart else np.zeros(len(old), np.bool_)
    heard = valid & ~apart
    usable = np.count_nonzero(heard) >= setting.least
    ratio = new[valid] / old[valid]
    middle = float(np.median(new[heard] / old[heard])) if usable else 1.0
    size = np.maximum(old[valid], new[valid]) ** setting.exponent
    effect[valid] = np.where(ratio < middle, 1 - middle / ratio, ratio / middle - 1) * size
    floor = setting.floor * float(np.median(size))
    low, high = _bounds(effect[heard] if usable else np.zeros(1), floor, setting)
    flag = np.zeros(len(old), np.bool_)
    flag[heard] = (effect[heard] < low) | (effect[heard] > high)
    return Edit(effect, flag, state, low, high, middle)


def _bounds(effect: Floats, floor: float, setting: Setting) -> tuple[float, float]:
    first, middle, third = np.quantile(effect, QUARTILES, method="averaged_inverted_cdf")
    least = max(abs(setting.acceptance * middle), floor)
    below, above = max(middle - first, least), max(third - middle, least)
    return float(middle - setting.multiple * below), float(middle + setting.multiple * above)
