"""Design-weighted estimates 设计加权估计: totals and ratios over strata with linearised variances.

Sampling without replacement within strata; those that answered stand for their stratum, each for
N_h/n_h firms. Var(Ŷ) = Σ_h N_h²·(1 − n_h/N_h)·s²_h/n_h (Cochran 1977, 5.3); of a ratio R̂ = Ŷ/X̂ the
same with z = (y − R̂x)/X̂ (Woodruff 1971). Units outside a domain count as zeros, not as absent.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ortoo.algorithms.sampling.design import Flags, Floats, Ints, Whole


@dataclass(frozen=True, slots=True)
class Sample:
    """Those that answered: `stratum` [n] of each, `population` N_h [H].

    ValueError where more answered than there are, or a stratum is unknown.
    """

    stratum: Whole
    population: Ints

    def __post_init__(self) -> None:
        if len(self.stratum) and not 0 <= int(self.stratum.min()) <= int(self.stratum.max()) < len(
            self.population
        ):
            raise ValueError("a unit lies in no stratum")
        if np.any(self.sizes > self.population):
            raise ValueError("more units answered than a stratum has")

    @property
    def sizes(self) -> Ints:
        """n_h [H]."""
        found: Ints = np.bincount(self.stratum, minlength=len(self.population)).astype(np.int64)
        return found

    @property
    def weights(self) -> Floats:
        """N_h/n_h of each unit [n]."""
        sizes = self.sizes
        each = self.population / np.maximum(sizes, 1)
        found: Floats = each[self.stratum]
        return found


@dataclass(frozen=True, slots=True)
class Estimate:
    """`value`; its `variance` (NaN where it cannot be told); `units` that carried something.

    `missing`: population of strata of the domain in which nobody answered.
    """

    value: float
    variance: float
    units: int
    missing: int

    @property
    def cv(self) -> float:
        """√variance / |value|; NaN where it cannot be told."""
        if not np.isfinite(self.variance) or self.value == 0:
            return float("nan")
        return float(np.sqrt(self.variance) / abs(self.value))


def collapsed(sample: Sample, group: Whole) -> tuple[Sample, Ints]:
    """Strata with fewer than two answers joined to the next of their `group` [H], and into which
    each went [H].

    A stratum in which all answered stays: it has no sampling error. What is left alone of a group
    is joined to the one before. A group with one answer in all keeps one stratum, whose variance
    cannot be told.
    """
    sizes = sample.sizes
    into = np.zeros(len(sizes), np.int64)
    population: list[int] = []
    for code in dict.fromkeys(group.tolist()):
        held = [int(h) for h in np.flatnonzero(group == code)]
        whole = [h for h in held if sizes[h] == sample.population[h]]
        runs = _runs([h for h in held if h not in whole], sizes)
        for run in [*([h] for h in whole), *runs]:
            into[run] = len(population)
            population.append(int(sample.population[run].sum()))
    return Sample(into[sample.stratum], np.array(population, np.int64)), into


def _runs(strata: list[int], sizes: Ints) -> list[list[int]]:
    """Neighbouring strata in runs of two answers or more, the last taking what is left."""
    runs: list[list[int]] = []
    run: list[int] = []
    for h in strata:
        run.append(h)
        if int(sizes[run].sum()) > 1:
            runs.append(run)
            run = []
    if run and runs:
        runs[-1] += run
    elif run:
        runs.append(run)
    return runs


def total(sample: Sample, y: Floats, *, domain: Flags | None = None) -> Estimate:
    """Ŷ = Σ w·y of a domain of units [n] (all when None)."""
    value = _inside(y, domain)
    found = float(sample.weights @ value)
    return Estimate(found, _variance(sample, value), _carried(value), _missing(sample))


def ratio(sample: Sample, y: Floats, x: Floats, *, domain: Flags | None = None) -> Estimate:
    """R̂ = Σ w·y / Σ w·x of a domain; value and variance NaN where Σ w·x is zero."""
    upper, lower = _inside(y, domain), _inside(x, domain)
    whole = float(sample.weights @ lower)
    if whole == 0:
        return Estimate(float("nan"), float("nan"), 0, _missing(sample))
    found = float(sample.weights @ upper) / whole
    variance = _variance(sample, (upper - found * lower) / whole)
    return Estimate(found, variance, _carried(lower), _missing(sample))


def _inside(values: Floats, domain: Flags | None) -> Floats:
    return values if domain is None else np.where(domain, values, 0.0)


def _carried(values: Floats) -> int:
    return int(np.count_nonzero(values))


def _missing(sample: Sample) -> int:
    return int(sample.population[sample.sizes == 0].sum())


def _variance(sample: Sample, z: Floats) -> float:
    """Σ_h N_h²(1 − n_h/N_h)s²_h/n_h; NaN where one unit stands for several, or nobody does."""
    sizes, units = sample.sizes.astype(np.float64), sample.population.astype(np.float64)
    if np.any((sizes < 2) & (sizes < units)):
        return float("nan")
    some = sizes > 0
    mean = np.bincount(sample.stratum, z, len(units)) / np.maximum(sizes, 1)
    spread = np.bincount(sample.stratum, (z - mean[sample.stratum]) ** 2, len(units))
    with np.errstate(divide="ignore", invalid="ignore"):
        each = units**2 * (1 - sizes / units) * spread / np.maximum(sizes - 1, 1) / sizes
    return float(each[some].sum())
