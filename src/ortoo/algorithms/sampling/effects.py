"""What a unit more or less is worth: the effect on every CV of adding to or dropping from strata.

For a plan somebody wants to change: a firm that stops answering, a banner that wants one fewer.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ortoo.algorithms.sampling.design import Floats, Ints, Strata, Targets, Whole, cv_of


@dataclass(frozen=True, slots=True)
class Effects:
    """`now` [C]: the CVs as they are; `dropped`, `added` [H × C]: with `units` fewer or more there.

    NaN where it cannot be done: fewer units in the sample than dropped, none left to add.
    `broken` [H]: how many limits dropping would break that now hold.
    """

    now: Floats
    dropped: Floats
    added: Floats
    broken: Ints


def effects(strata: Strata, targets: Targets, sizes: Whole, *, units: int = 1) -> Effects:
    """The CVs after `units` more or fewer in each stratum alone. `sizes` [H] at most N_h."""
    if units < 1:
        raise ValueError("units must be at least 1")
    if np.any(sizes > strata.units) or np.any(sizes < 0):
        raise ValueError("a sample lies outside 0 … N")
    now = cv_of(strata, targets, sizes)
    shape = (len(sizes), len(now))
    dropped, added = np.full(shape, np.nan), np.full(shape, np.nan)
    for stratum, size in enumerate(sizes):
        changed = np.array(sizes, dtype=np.int64)
        if size >= units:
            changed[stratum] = size - units
            dropped[stratum] = cv_of(strata, targets, changed)
        if size + units <= strata.units[stratum]:
            changed[stratum] = size + units
            added[stratum] = cv_of(strata, targets, changed)
    held = now <= targets.cv * (1 + 1e-9)
    broken = (held & (dropped > targets.cv * (1 + 1e-9))).sum(axis=1)
    return Effects(now, dropped, added, broken.astype(np.int64))


def worth(found: Effects, targets: Targets) -> Floats:
    """How much of its limit dropping costs where it hurts most, [H]: max of ΔCV / CV limit.

    ∞ where nothing would be left of a stratum that varies, NaN where nothing can be dropped. The
    smallest is the first to let go.
    """
    with np.errstate(invalid="ignore"):
        share = (found.dropped - found.now) / targets.cv
    some = ~np.isnan(share).all(axis=1)
    result = np.full(len(share), np.nan)
    result[some] = np.nanmax(share[some], axis=1) if some.any() else result[some]
    return result
