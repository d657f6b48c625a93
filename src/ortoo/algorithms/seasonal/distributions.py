"""Upper tails of the F and χ² distributions, by continued fractions (Press et al., ch. 6)."""

from __future__ import annotations

import math

_TINY, _EPS, _STEPS = 1e-300, 1e-13, 500


def f_tail(value: float, above: int, below: int) -> float:
    """P(F > value) with (above, below) degrees of freedom; 1 for a value that is not positive."""
    if not value > 0 or above < 1 or below < 1:
        return 1.0
    if math.isinf(value):
        return 0.0
    return _beta(below / 2, above / 2, below / (below + above * value))


def chi2_tail(value: float, freedom: int) -> float:
    """P(χ² > value) with `freedom` degrees of freedom."""
    if not value > 0 or freedom < 1:
        return 1.0
    a, x = freedom / 2, value / 2
    front = math.exp(-x + a * math.log(x) - math.lgamma(a))
    return 1.0 - front * _gamma_series(a, x) if x < a + 1 else front * _gamma_fraction(a, x)


def _gamma_series(a: float, x: float) -> float:
    term = total = 1 / a
    for n in range(1, _STEPS):
        term *= x / (a + n)
        total += term
        if term < total * _EPS:
            break
    return total


def _gamma_fraction(a: float, x: float) -> float:
    b = x + 1 - a
    c, d = 1 / _TINY, 1 / b
    found = d
    for n in range(1, _STEPS):
        step = -n * (n - a)
        b += 2
        d = 1 / _kept(step * d + b)
        c = _kept(b + step / c)
        found *= d * c
        if abs(d * c - 1) < _EPS:
            break
    return found


def _kept(value: float) -> float:
    return value if abs(value) > _TINY else _TINY


def _beta(a: float, b: float, x: float) -> float:
    """The regularised incomplete beta function I_x(a, b)."""
    if x <= 0 or x >= 1:
        return float(x >= 1)
    log_front = math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b)
    front = math.exp(log_front + a * math.log(x) + b * math.log1p(-x))
    if x < (a + 1) / (a + b + 2):
        return front * _beta_fraction(a, b, x) / a
    return 1 - front * _beta_fraction(b, a, 1 - x) / b


def _beta_fraction(a: float, b: float, x: float) -> float:
    c, d = 1.0, 1 / _kept(1 - (a + b) * x / (a + 1))
    found = d
    for m in range(1, _STEPS):
        even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        for step in (even, odd):
            d = 1 / _kept(1 + step * d)
            c = _kept(1 + step / c)
            found *= d * c
        if abs(d * c - 1) < _EPS:
            break
    return found
