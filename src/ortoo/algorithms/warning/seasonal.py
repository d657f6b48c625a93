"""What the calendar alone says: the rise usual from this month on, and how often it was enough.

Nothing from a period whose outcome was not yet known at t is used at t.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ortoo.algorithms.warning.outcomes import Rule

Floats = NDArray[np.float64]


def _same_month(values: Floats, t: int, rule: Rule, reach: int = 0) -> Floats:
    """Values of earlier years' same month (± `reach` months) already known at t, else NaN."""
    known_until = t - rule.horizon
    columns = [
        c
        for years in range(1, t // rule.year + 1)
        for c in range(t - years * rule.year - reach, t - years * rule.year + reach + 1)
        if 0 <= c <= known_until
    ]
    return values[:, columns]


def _mean(values: Floats, prior: Floats, strength: float) -> Floats:
    known = np.isfinite(values)
    total = np.where(known, values, 0.0).sum(axis=1)
    return np.asarray((total + strength * prior) / np.maximum(known.sum(axis=1) + strength, 1e-12))


def expectation(rise: Floats, rule: Rule) -> Floats:
    """Mean log rise (`outcomes.future_rise`) from this month on in the series' earlier years."""
    found = np.full(rise.shape, np.nan)
    for t in range(rule.year, rise.shape[1]):
        same = _same_month(rise, t, rule)
        known = np.isfinite(same)
        count = known.sum(axis=1)
        total = np.where(known, same, 0.0).sum(axis=1)
        found[:, t] = np.where(count > 0, total / np.maximum(count, 1), np.nan)
    return found


def frequency(happened: Floats, group: NDArray[np.intp], rule: Rule) -> Floats:
    """Share of earlier years in which the outcome followed this month, [series × periods].

    A series' own years are mixed with one year's worth of its group's (the same good elsewhere),
    the group's with one of all series'; with no year known the share of everything known.
    """
    found = np.full(happened.shape, np.nan)
    for t in range(rule.year, happened.shape[1]):
        before = happened[:, : max(t - rule.horizon + 1, 0)]
        seen = np.isfinite(before)
        if not seen.any():
            continue
        overall = float(before[seen].mean())
        near = _same_month(happened, t, rule, reach=1)
        everywhere = np.full(happened.shape[0], overall)
        for one in np.unique(group):
            rows = group == one
            pooled = near[rows].reshape(1, -1)
            everywhere[rows] = _mean(pooled, np.array([overall]), 3.0)[0]
        found[:, t] = _mean(_same_month(happened, t, rule), everywhere, 1.0)
    return found
