"""Strata, the precision asked of them, and the coefficients of variation a sample gives.

For a total Y_j over the strata of a domain, sampled without replacement within strata,
Var_j = Σ_h N_h²·S²_hj/n_h − Σ_h N_h·S²_hj and CV_j = √Var_j / Y_j.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]
Whole = NDArray[np.integer[Any]]


@dataclass(frozen=True, slots=True)
class Strata:
    """H strata. `units` N_h; `variance` S²_hj [H × J], as of the population (divisor N−1 or N);
    `cost` of asking one unit (1); `least` and `most` sample sizes (2, N_h); `take_all` census.

    Sizes are clipped to 1 … N_h; a stratum without units takes none. ValueError on nonsense.
    """

    units: Ints
    variance: Floats
    cost: Floats = field(default_factory=lambda: np.zeros(0))
    least: Ints = field(default_factory=lambda: np.zeros(0, np.int64))
    most: Ints = field(default_factory=lambda: np.zeros(0, np.int64))
    take_all: Flags = field(default_factory=lambda: np.zeros(0, np.bool_))

    def __post_init__(self) -> None:
        count = len(self.units)
        if self.variance.ndim != 2 or len(self.variance) != count:
            raise ValueError("variance must be [strata × variables]")
        for name in ("cost", "least", "most", "take_all"):
            if len(getattr(self, name)) not in (0, count):
                raise ValueError(f"{name} must have one entry a stratum")
        if np.any(self.units < 0) or np.any(~(self.variance >= 0)) or np.any(~(self.costs > 0)):
            raise ValueError("units and variances must be ≥ 0, costs > 0")
        if np.any(self.bounds[0] > self.bounds[1]):
            raise ValueError("a stratum's least size exceeds its largest")

    @property
    def costs(self) -> Floats:
        return self.cost if len(self.cost) else np.ones(len(self.units))

    @property
    def bounds(self) -> tuple[Ints, Ints]:
        """Smallest and largest size of each stratum."""
        least = self.least if len(self.least) else np.full(len(self.units), 2)
        most = self.most if len(self.most) else self.units
        low = np.minimum(np.maximum(least, 1), self.units)
        high = np.minimum(most, self.units)
        if len(self.take_all):
            low = np.where(self.take_all, self.units, low)
            high = np.where(self.take_all, self.units, high)
        return low.astype(np.int64), high.astype(np.int64)


@dataclass(frozen=True, slots=True)
class Targets:
    """C limits. Limit c: `variable` of the strata in `member` [C × H], total Y_c, largest CV.

    One limit a variable and domain (the region, each league).
    """

    variable: Whole
    member: Flags
    total: Floats
    cv: Floats

    def __post_init__(self) -> None:
        if self.member.ndim != 2 or not (
            len(self.variable) == len(self.member) == len(self.total) == len(self.cv)
        ):
            raise ValueError("variable, member, total and cv must have one entry a limit")
        if np.any(~(self.cv > 0)) or np.any(~(np.abs(self.total) > 0)):
            raise ValueError("a limit needs a CV above zero and a total that is not zero")


def limits_of(total: Floats, cv: Floats, domain: Whole) -> Targets:
    """Targets of every variable in every domain: `total`, `cv` [domains × J], `domain` [H].

    One domain: `domain` is zeros, and `total`, `cv` may be [J]. A CV of NaN asks for nothing.
    ValueError where a stratum lies in a domain without a row.
    """
    total, cv = np.atleast_2d(total), np.atleast_2d(cv)
    if int(domain.max(initial=0)) >= len(total):
        raise ValueError("a stratum lies in a domain without a target")
    rows, variables = np.nonzero(~np.isnan(cv))
    return Targets(variables, rows[:, None] == domain, total[rows, variables], cv[rows, variables])


def joined(*targets: Targets) -> Targets:
    """Limits of several partitions (region and leagues) together."""
    return Targets(
        np.concatenate([one.variable for one in targets]),
        np.concatenate([one.member for one in targets]),
        np.concatenate([one.total for one in targets]),
        np.concatenate([one.cv for one in targets]),
    )


def loads(strata: Strata, targets: Targets) -> tuple[Floats, Floats]:
    """(a, b) of the limits Σ_h a_ch/n_h ≤ b_c: a = N²S² [C × H], b = (CV·Y)² + Σ N·S² [C]."""
    spread = strata.variance.T[targets.variable] * targets.member
    units = strata.units.astype(np.float64)
    return spread * units**2, (targets.cv * targets.total) ** 2 + spread @ units


def cv_of(strata: Strata, targets: Targets, sizes: Whole) -> Floats:
    """The CV of each limit at the given sizes [H]: ∞ where a stratum that varies has no unit."""
    load, _ = loads(strata, targets)
    spread = strata.variance.T[targets.variable] * targets.member
    count = np.minimum(sizes, strata.units).astype(np.float64)
    each = np.where(load > 0, np.inf, 0.0)
    np.divide(load, count, out=each, where=np.broadcast_to(count > 0, load.shape))
    variance = np.maximum(each.sum(axis=1) - spread @ strata.units.astype(np.float64), 0.0)
    result: Floats = np.sqrt(variance) / np.abs(targets.total)
    return result
