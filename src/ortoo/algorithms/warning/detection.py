"""Detectors of an abnormal present: IPA, ALPS, year-on-year. They do not look ahead.

All take `price` float [series × periods] with `year` periods a year and use, at each period, only
that period and earlier ones; NaN where the history is too short.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ortoo.algorithms.warning.outcomes import logarithm

Floats = NDArray[np.float64]
ANNUAL_SHARE = 0.6


def year_on_year(price: Floats, year: int) -> Floats:
    """Price over that of a year before, minus 1."""
    log = logarithm(price)
    found = np.full(price.shape, np.nan)
    found[:, year:] = np.expm1(log[:, year:] - log[:, :-year])
    return found


def _volatile_growth(log: Floats, span: int) -> Floats:
    """Compound growth rate over `span` periods times 1 − standard deviation of its steps."""
    found = np.full(log.shape, np.nan)
    steps = np.diff(log, axis=1)
    for t in range(span, log.shape[1]):
        inside = steps[:, t - span : t]
        rate = np.expm1((log[:, t] - log[:, t - span]) / span)
        found[:, t] = rate * (1 - inside.std(axis=1, ddof=1))
    return found


def _against_same_month(values: Floats, year: int) -> Floats:
    """z score against the same month of all years so far, later years weighing more."""
    found = np.full(values.shape, np.nan)
    for t in range(2 * year, values.shape[1]):
        same = values[:, t % year : t + 1 : year]
        known = np.isfinite(same)
        weight = known * np.arange(1.0, same.shape[1] + 1)
        total = np.maximum(weight.sum(axis=1), 1e-12)
        filled = np.where(known, same, 0.0)
        mean = (weight * filled).sum(axis=1) / total
        count = known.sum(axis=1)
        share = np.maximum(count - 1, 1) / np.maximum(count, 1)
        square = (weight * (filled - mean[:, None]) ** 2).sum(axis=1) / (total * share)
        ready = (count >= 3) & known[:, -1] & (square > 0)
        score = (values[:, t] - mean) / np.sqrt(np.where(square > 0, square, 1.0))
        found[:, t] = np.where(ready, score, np.nan)
    return found


def ipa(price: Floats, year: int) -> Floats:
    """FAO's indicator of price anomalies (SDG 2.c.1): .4 of the quarter's, .6 of the year's score.

    Source: Baquedano, Developing an indicator of price anomalies, FAO 2015.
    """
    log = logarithm(price)
    quarter = _against_same_month(_volatile_growth(log, max(year // 4, 2)), year)
    annual = _against_same_month(_volatile_growth(log, year), year)
    return (1 - ANNUAL_SHARE) * quarter + ANNUAL_SHARE * annual


def alps(price: Floats, year: int) -> Floats:
    """WFP's alert for price spikes: residual from trend and month dummies over its deviation.

    The line is refitted at each period on the history so far (at least two years).
    """
    found = np.full(price.shape, np.nan)
    times = np.arange(price.shape[1])
    month = np.eye(year)[times % year]
    design = np.concatenate([times[:, None] / year, month], axis=1)
    good = np.isfinite(price)
    for row, t in zip(*np.nonzero(good), strict=True):
        use = np.flatnonzero(good[row, : t + 1])
        if use.size < 2 * year + 2:
            continue
        x, y = design[use], price[row, use]
        fit, *_ = np.linalg.lstsq(x, y, rcond=None)
        rest = y - x @ fit
        spread = rest.std(ddof=1)
        found[row, t] = rest[-1] / spread if spread > 1e-12 else 0.0
    return found
