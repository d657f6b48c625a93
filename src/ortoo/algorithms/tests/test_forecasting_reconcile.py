"""Reconciliation against answers worked by hand, and what every method must keep."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from ortoo.algorithms.forecasting import bottom_up, mint_shrink, ols, wls
from ortoo.algorithms.forecasting.reconcile import shrunk_covariance

# One total over two leaves.
PAIR = np.array([[1, 1], [1, 0], [0, 1]], float)


def test_a_total_of_twelve_over_four_and_five_is_split_as_worked_by_hand() -> None:
    base = np.array([[12.0], [4.0], [5.0]])
    assert np.allclose(bottom_up(base, PAIR)[:, 0], [9, 4, 5])
    # OLS: the gap of 3 is shared in thirds: total − 1, each leaf + 1.
    assert np.allclose(ols(base, PAIR)[:, 0], [11, 5, 6])
    # Variances 2, 1, 1: the total gives 2/4 of the gap, each leaf 1/4.
    assert np.allclose(wls(base, PAIR, np.array([2.0, 1.0, 1.0]))[:, 0], [10.5, 4.75, 5.75])


def test_mint_splits_by_the_shrunk_covariance_as_the_projection_formula_says() -> None:
    rng = np.random.default_rng(3)
    residual = rng.normal(0, 1, (3, 50)) * np.array([[2.0], [1.0], [0.5]])
    base = np.array([[12.0], [4.0], [5.0]])
    weight = shrunk_covariance(residual)
    # The same answer by the constraint form: b − W C (C' W C)⁻¹ C' b with C' = (1, −1, −1).
    constraint = np.array([[1.0], [-1.0], [-1.0]])
    gain = weight @ constraint @ np.linalg.inv(constraint.T @ weight @ constraint)
    expected = base - gain @ constraint.T @ base
    assert np.allclose(mint_shrink(base, PAIR, residual), expected, atol=1e-5)


def test_a_bias_of_the_residuals_changes_no_weight() -> None:
    residual = np.random.default_rng(4).normal(0, 1, (3, 40))
    assert np.allclose(shrunk_covariance(residual), shrunk_covariance(residual + 7.0))


def test_structural_scaling_of_a_flat_hierarchy_is_wls_by_leaf_counts() -> None:
    base = np.array([[12.0], [4.0], [5.0]])
    found = wls(base, PAIR, PAIR.sum(axis=1))
    assert np.allclose(found[:, 0], [10.5, 4.75, 5.75])


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.floats(-1e6, 1e6), min_size=6, max_size=6),
    st.lists(st.floats(1e-3, 1e3), min_size=6, max_size=6),
    st.integers(0, 1000),
)
def test_after_reconciling_every_node_is_the_sum_of_its_leaves(
    values: list[float], variance: list[float], seed: int
) -> None:
    summing = np.vstack([np.ones((1, 4)), [[1, 1, 0, 0]], np.eye(4)])
    base = np.array(values)[:, None]
    residual = np.random.default_rng(seed).normal(0, 1, (6, 30))
    for found in (
        bottom_up(base, summing),
        ols(base, summing),
        wls(base, summing, np.array(variance)),
        mint_shrink(base, summing, residual),
    ):
        assert np.allclose(found, summing @ found[-4:], rtol=1e-9, atol=1e-6)
