"""Reconciled forecasts of a hierarchy: bottom-up, OLS, WLS and MinT with a shrunk covariance.

`base` is float [nodes × horizon]; `summing` S is [nodes × leaves], 1 where a leaf is part of a
node, the leaves being the last rows in order. Reconciled = S (S' W⁻¹ S)⁻¹ S' W⁻¹ base.
Volumes and sales add up and are reconciled; prices are weighted means and are not. Sources:
Hyndman, Ahmed, Athanasopoulos and Shang 2011;
Wickramasuriya, Athanasopoulos and Hyndman, JASA 114, 2019; Schäfer and Strimmer 2005.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def bottom_up(base: Floats, summing: Floats) -> Floats:
    """The leaves' forecasts, added up."""
    return np.asarray(summing @ base[-summing.shape[1] :])


def ols(base: Floats, summing: Floats) -> Floats:
    """W = identity: the nearest coherent forecasts."""
    fitted, *_ = np.linalg.lstsq(summing, base, rcond=None)
    return np.asarray(summing @ fitted)


def wls(base: Floats, summing: Floats, variance: Floats) -> Floats:
    """W = diag(`variance`) [nodes], all above 0: a node counts by the inverse of its variance.

    The number of leaves below each node (`summing.sum(axis=1)`) gives structural scaling.
    """
    weight = 1 / np.sqrt(np.maximum(variance, 1e-12))[:, None]
    fitted, *_ = np.linalg.lstsq(summing * weight, base * weight, rcond=None)
    return np.asarray(summing @ fitted)


def shrunk_covariance(residual: Floats) -> Floats:
    """Schäfer–Strimmer: correlations shrunk towards none by their own uncertainty.

    `residual` is in-sample one-step errors [nodes × time], no NaN; their mean is taken out.
    """
    n = residual.shape[1]
    apart = residual - residual.mean(axis=1, keepdims=True)
    variance = np.maximum((apart**2).mean(axis=1), 1e-12)
    unit = apart / np.sqrt(variance)[:, None]
    correlation = unit @ unit.T / n
    square = (unit**2) @ (unit**2).T
    doubt = (square - n * correlation**2) / (n * max(n - 1, 1))
    off = ~np.eye(unit.shape[0], dtype=bool)
    share = float(np.clip(doubt[off].sum() / max((correlation[off] ** 2).sum(), 1e-12), 0.0, 1.0))
    shrunk = (1 - share) * correlation
    np.fill_diagonal(shrunk, 1.0)
    return np.asarray(shrunk * np.sqrt(np.outer(variance, variance)) * n / max(n - 1, 1))


def mint_shrink(base: Floats, summing: Floats, residual: Floats) -> Floats:
    """W = shrunk covariance of in-sample errors: minimum trace of the error covariance."""
    weight = shrunk_covariance(residual)
    # The ridge keeps W usable where a node repeats another.
    weight[np.diag_indices_from(weight)] *= 1 + 1e-8
    scaled = np.linalg.solve(weight, summing)
    fitted = np.linalg.solve(summing.T @ scaled, scaled.T @ base)
    return np.asarray(summing @ fitted)
