"""Multi-domain allocation 样本量分配: least cost under CV limits for every variable and domain.

min Σ c_h·n_h subject to Σ_h a_ch/n_h ≤ b_c and n between its bounds (Bethel 1989; Chromy 1987).
For multipliers λ the best sizes are n_h = √(Σ_c λ_c·a_ch / c_h), cut to the bounds; Chromy's
iteration raises λ where a limit is broken and lowers it where there is room; Newton steps on the
dual finish what it converges to slowly. The dual value bounds the least cost from below, so the
plan says how far from the best it can be at most.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ortoo.algorithms.sampling.design import Floats, Ints, Strata, Targets, cv_of, loads

# Enough for Chromy to find which limits bind.
CHROMY_ROUNDS = 40


class Unreachable(ValueError):
    """Even the largest sizes allowed do not meet a limit; `limits` are the broken ones."""

    def __init__(self, limits: Ints) -> None:
        super().__init__(f"limits {limits.tolist()} cannot be met with the largest sizes allowed")
        self.limits = limits


@dataclass(frozen=True, slots=True)
class Plan:
    """`sizes` whole [H]; `exact` before rounding; `cv` reached by each limit; `price` λ_c of it.

    `cost` of the whole sizes. The continuous optimum lies within the share `gap` below the cost
    of `exact`.
    """

    sizes: Ints
    exact: Floats
    cv: Floats
    price: Floats
    cost: float
    gap: float


def allocate(
    strata: Strata,
    targets: Targets,
    *,
    economical: bool = False,
    accuracy: float = 1e-8,
    most_rounds: int = 200,
) -> Plan:
    """The cheapest sizes that meet every limit, rounded up.

    `economical` takes back what rounding up gave away, unit by unit, while every limit still
    holds. Raises Unreachable where a limit cannot be met.
    """
    load, room = loads(strata, targets)
    low, high = (bound.astype(np.float64) for bound in strata.bounds)
    with np.errstate(divide="ignore", invalid="ignore"):
        least = np.where(load > 0, load / high, 0.0).sum(axis=1)
    broken = np.flatnonzero(least > room * (1 + 1e-12))
    if broken.size:
        raise Unreachable(broken)
    exact, price, gap = _chromy(
        load / room[:, None], strata.costs, (low, high), (accuracy, most_rounds)
    )
    sizes = np.clip(np.ceil(exact - 1e-6), low, high).astype(np.int64)
    sizes = _repaired(load, room, sizes, high.astype(np.int64))
    if economical:
        sizes = _trimmed(load, room, sizes, low.astype(np.int64), strata.costs)
    cost = float(strata.costs @ sizes)
    return Plan(sizes, exact, cv_of(strata, targets, sizes), price / room, cost, gap)


def _sizes(weight: Floats, cost: Floats, bounds: tuple[Floats, Floats]) -> Floats:
    return np.clip(np.sqrt(weight / cost), *bounds)


def _used(load: Floats, sizes: Floats) -> Floats:
    """Σ_h a_ch/n_h; a stratum without units has no load."""
    used: Floats = (load / np.maximum(sizes, 1e-300)).sum(axis=1)
    return used


def _chromy(
    load: Floats, cost: Floats, bounds: tuple[Floats, Floats], stop: tuple[float, int]
) -> tuple[Floats, Floats, float]:
    """(sizes, λ, gap) for limits Σ a/n ≤ 1: Chromy's rounds first, then Newton steps."""
    accuracy, rounds = stop
    best, floor = bounds[1], float(cost @ bounds[0])
    price = np.full(len(load), float(cost @ bounds[1]) / max(len(load), 1))
    kept = price
    for number in range(rounds):
        sizes = _sizes(price @ load, cost, bounds)
        used = _used(load, sizes)
        value = _dual(price, load, cost, bounds)
        if value > floor:
            floor, kept = value, price
        tried = _reached(load, sizes, bounds)
        if float(cost @ tried) < float(cost @ best):
            best = tried
        if float(cost @ best) * (1 - accuracy) <= floor:
            break
        price = price * used**2 if number < CHROMY_ROUNDS else _newton(kept, load, cost, bounds)
    most = float(cost @ best)
    return best, kept, max(1 - floor / most, 0.0) if most > 0 else 0.0


def _dual(price: Floats, load: Floats, cost: Floats, bounds: tuple[Floats, Floats]) -> float:
    """A cost that no plan can go below."""
    sizes = _sizes(price @ load, cost, bounds)
    return float(cost @ sizes + price @ (_used(load, sizes) - 1))


def _newton(price: Floats, load: Floats, cost: Floats, bounds: tuple[Floats, Floats]) -> Floats:
    """One projected Newton step up the dual, halved until it climbs (Bertsekas 1982).

    Where none does, one round of the multipliers one by one.
    """
    sizes = _sizes(price @ load, cost, bounds)
    slope = _used(load, sizes) - 1
    held = (price > 1e-12 * price.max()) | (slope > 0)
    inner = (sizes > bounds[0]) & (sizes < bounds[1])
    part = load[np.ix_(held, inner)]
    curve = (part / (2 * cost[inner] * sizes[inner] ** 3)) @ part.T
    # Limits that bind through the same stratum make the curve singular: along such a direction
    # the dual is straight, and the step goes on until a multiplier is zero.
    ridge = 1e-10 * max(float(np.trace(curve)), 1 / max(float(price.max()), 1e-300))
    step = np.zeros_like(price)
    step[held] = np.linalg.solve(curve + ridge * np.eye(len(curve)), slope[held])
    falling = step < 0
    furthest = float(np.min(-price[falling] / step[falling], initial=np.inf))
    start = _dual(price, load, cost, bounds)
    for fraction in 0.5 ** np.arange(40):
        lengths = (fraction, fraction * min(furthest, 1.0))
        tries = [np.maximum(price + length * step, 0.0) for length in lengths]
        rises = [_dual(tried, load, cost, bounds) for tried in tries]
        if max(rises) > start:
            return np.asarray(tries[int(np.argmax(rises))], dtype=np.float64)
    return _one_by_one(price, load, cost, bounds)


def _one_by_one(price: Floats, load: Floats, cost: Floats, bounds: tuple[Floats, Floats]) -> Floats:
    """Each λ set to its best with the others held: slow, but it climbs where Newton stalls.

    At a bound of a size the dual bends sharply, and a step in all directions may find no rise.
    """
    price = price.copy()
    for limit in range(len(price)):
        rest = np.delete(price, limit) @ np.delete(load, limit, axis=0)
        own = load[limit]

        def holds(value: float, rest: Floats = rest, own: Floats = own) -> bool:
            sizes = _sizes(rest + value * own, cost, bounds)
            return float(_used(own[None, :], sizes)[0]) <= 1

        price[limit] = _smallest(holds, max(float(price[limit]), 1e-12))
    return price


def _smallest(holds: Callable[[float], bool], start: float) -> float:
    """The smallest value from 0 up for which a rising condition holds, by bisection."""
    if holds(0.0):
        return 0.0
    below, above = 0.0, start
    while not holds(above) and above < 1e300:
        below, above = above, above * 4
    for _ in range(60):
        middle = (below + above) / 2
        below, above = (below, middle) if holds(middle) else (middle, above)
    return above


def _reached(load: Floats, sizes: Floats, bounds: tuple[Floats, Floats]) -> Floats:
    """The sizes scaled up until every limit holds: bisection on one factor."""
    if np.all(_used(load, sizes) <= 1):
        return sizes
    below, above = 1.0, 2.0
    while np.any(_used(load, np.clip(sizes * above, *bounds)) > 1) and above < 1e12:
        below, above = above, above * 2
    for _ in range(60):
        middle = (below + above) / 2
        if np.all(_used(load, np.clip(sizes * middle, *bounds)) <= 1):
            above = middle
        else:
            below = middle
    return np.clip(sizes * above, *bounds)


def _repaired(load: Floats, room: Floats, sizes: Ints, high: Ints) -> Ints:
    """Units added where rounding left a limit broken by a hair."""
    sizes = sizes.copy()
    while np.any(broken := _used(load, sizes.astype(np.float64)) > room * (1 + 1e-9)):
        free = np.flatnonzero(sizes < high)
        if not free.size:
            break
        gain = load[broken].sum(axis=0)[free] * (1 / sizes[free] - 1 / (sizes[free] + 1))
        sizes[free[np.argmax(gain)]] += 1
    return sizes


def _trimmed(load: Floats, room: Floats, sizes: Ints, low: Ints, cost: Floats) -> Ints:
    """The dearest unit that no limit needs is dropped, until none is left."""
    sizes = sizes.copy()
    while True:
        used = _used(load, sizes.astype(np.float64))
        free = np.flatnonzero(sizes > np.maximum(low, 1))
        after = used[:, None] + load[:, free] * (1 / (sizes[free] - 1) - 1 / sizes[free])
        spare = free[(after <= room[:, None]).all(axis=0)]
        if not spare.size:
            return sizes
        sizes[spare[np.argmax(cost[spare])]] -= 1
