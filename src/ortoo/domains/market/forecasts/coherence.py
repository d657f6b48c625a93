"""Coherence 一致: volumes add up over the tree, and prices are value ÷ quantity at every node.

Units' and the root's volumes are reconciled (MinT with a shrunk covariance of one-step changes;
OLS where few are known). A unit's value is its price times its quantity, the root's price the sum
of values over the sum of quantities: coherent by construction, in integers. The changes stand in
for one-step errors: they are the errors of «no change», which needs no model.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ortoo.algorithms.forecasting import mint_shrink, ols

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
LEAST_STEPS, NEWEST_STEPS = 24, 104


def reconciled(base: Floats, history: Floats) -> Floats:
    """Volumes of one item [units × horizon], row 0 the root; NaN for a unit that has none.

    `history` [units × periods]. Leaves are never negative; the root is their sum.
    """
    leaves = np.flatnonzero(np.isfinite(base[1:]).all(axis=1)) + 1
    found = np.full_like(base, np.nan)
    if leaves.size == 0:
        found[0] = base[0]
        return found
    own = base[leaves]
    if np.isfinite(base[0]).all():
        nodes = np.concatenate([[0], leaves])
        summing = np.vstack([np.ones(leaves.size), np.eye(leaves.size)])
        steps = _steps(history[nodes])
        whole = base[nodes]
        if steps.shape[1] >= LEAST_STEPS:
            own = mint_shrink(whole, summing, steps)[1:]
        else:
            own = ols(whole, summing)[1:]
    found[leaves] = np.maximum(own, 0.0)
    found[0] = found[leaves].sum(axis=0)
    return found


def _steps(history: Floats) -> Floats:
    """Changes of all nodes at once [nodes × steps], where every node has both values."""
    steps = np.diff(history[:, -NEWEST_STEPS - 1 :], axis=1)
    steps = steps[:, np.isfinite(steps).all(axis=0)]
    return np.asarray(steps - steps.mean(axis=1, keepdims=True)) if steps.size else steps


def root_price(price: Floats, quantity: Floats) -> Floats:
    """Σ price × quantity ÷ Σ quantity over units [… × horizon], rows 1…; a price without a
    quantity weighs next to nothing, as everywhere here."""
    known = np.isfinite(price[1:])
    weight = np.where(known, np.maximum(np.nan_to_num(quantity[1:]), 1e-9), 0.0)
    total = weight.sum(axis=0)
    amount = (weight * np.where(known, price[1:], 0.0)).sum(axis=0)
    return np.divide(amount, total, out=np.full_like(total, np.nan), where=total > 0)


@dataclass(frozen=True, slots=True, eq=False)
class Whole:
    """Integers [units × items × horizon]: price in its minor units, quantity in its own; -1 where
    nothing is forecast. A value is price × quantity, in the product of the two units."""

    price: Ints
    quantity: Ints


def in_integers(price: Floats, quantity: Floats, *, rooted: bool) -> Whole:
    """Round units, then make the root from the rounded units; values are in minor units already.

    `rooted`: row 0 is the sum of the others. A root without any unit keeps its own.
    """
    minor_price = _rounded(price)
    minor_quantity = _rounded(quantity)
    known = minor_price > 0
    # The least weight there is: a price that nobody said a quantity to.
    minor_quantity = np.where(known & (minor_quantity < 1), 1, minor_quantity)
    if rooted and price.shape[0] > 1:
        weight = np.where(known[1:], minor_quantity[1:], 0)
        total = weight.sum(axis=0)
        amount = (weight.astype(object) * minor_price[1:].astype(object)).sum(axis=0)
        some = total > 0
        minor_quantity[0] = np.where(some, total, minor_quantity[0])
        minor_price[0] = np.where(some, divided(amount, np.maximum(total, 1)), minor_price[0])
    return Whole(minor_price, minor_quantity)


def divided(top: NDArray[np.object_], bottom: Ints) -> Ints:
    """top ÷ bottom to the nearest whole number, halves up, in exact integers."""
    below = bottom.astype(object)
    return np.asarray((2 * top + below) // (2 * below), dtype=np.int64)


def _rounded(values: Floats) -> Ints:
    fit = np.isfinite(values) & (np.abs(values) < 9e17)
    return np.where(fit, np.rint(np.where(fit, values, 0.0)), -1).astype(np.int64)
