"""Logistic regression with ridge, and calibration of probabilities on their own record."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
STEPS = 50
HALVINGS = 30


def sigmoid(score: Floats) -> Floats:
    """1/(1 + e^−s), safe at any size."""
    return np.asarray(1 / (1 + np.exp(-np.clip(score, -35, 35))))


def logit(p: Floats) -> Floats:
    """ln(p/(1 − p)), p kept within [0.002, 0.998] so that one certain miss cannot rule."""
    inside = np.clip(p, 0.002, 0.998)
    return np.asarray(np.log(inside / (1 - inside)))


@dataclass(frozen=True, slots=True)
class Logistic:
    """Coefficients of standardised features; `middle` and `size` standardise."""

    middle: Floats
    size: Floats
    weight: Floats
    start: float

    def probability(self, x: Floats) -> Floats:
        """Probability of each row of float [rows × features]."""
        flat = np.clip((x - self.middle) / self.size, -4, 4)
        return sigmoid(flat @ self.weight + self.start)


def fit(x: Floats, y: Floats, ridge: float, weight: Floats | None = None) -> Logistic:
    """Newton's steps on the penalised likelihood; `ridge` in rows. One class only: its rate."""
    w = np.ones(y.size) if weight is None else weight
    middle = x.mean(axis=0)
    spread = x.std(axis=0)
    size = np.where(spread > 1e-9, spread, 1.0)
    rate = float(np.clip((y @ w + 0.5) / (w.sum() + 1), 1e-4, 1 - 1e-4))
    start = float(np.log(rate / (1 - rate)))
    flat = np.clip((x - middle) / size, -4, 4)
    design = np.concatenate([flat, np.ones((y.size, 1))], axis=1)
    penalty = np.append(np.full(x.shape[1], ridge), 1e-6)
    beta = np.append(np.zeros(x.shape[1]), start)
    if y.min() == y.max():
        return Logistic(middle, size, beta[:-1], start)
    loss = _loss(design, y, w, penalty, beta)
    for _ in range(STEPS):
        p = sigmoid(design @ beta)
        slope = design.T @ (w * (y - p)) - penalty * beta
        curve = (design * (w * p * (1 - p) + 1e-9)[:, None]).T @ design + np.diag(penalty)
        step = np.linalg.solve(curve, slope)
        # Newton's step overshoots from a poor start: it is halved until the likelihood gains.
        for _ in range(HALVINGS):
            tried = _loss(design, y, w, penalty, beta + step)
            if tried <= loss:
                break
            step = step / 2
        else:
            break
        beta, loss = beta + step, tried
        if np.abs(step).max() < 1e-6:
            break
    return Logistic(middle, size, beta[:-1], float(beta[-1]))


def _loss(design: Floats, y: Floats, w: Floats, penalty: Floats, beta: Floats) -> float:
    """Penalised negative log likelihood."""
    score = design @ beta
    return float(w @ (np.logaddexp(0, score) - y * score) + 0.5 * penalty @ beta**2)
