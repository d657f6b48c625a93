"""The warning itself: a probability for each series and period, each made of its past only.

At every period a logistic regression is fitted to all series' periods whose outcome was known by
then; its log odds are averaged with those of the structural forecast's own distribution, or with
these and the seasonal frequency's. The ridge and the mix are chosen, again at every period, among
those listed here, by the Brier score of what each said before and whose outcome has since become
known.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ortoo.algorithms.warning.logistic import fit, logit, sigmoid
from ortoo.algorithms.warning.outcomes import Rule, observed_so_far, outcomes
from ortoo.algorithms.warning.predictors import Groups, Known, known

Floats = NDArray[np.float64]
RIDGES = (10.0, 30.0, 100.0)
# Weights of the regression, the forecast's distribution and the calendar.
MIXES = ((0.5, 0.5, 0.0), (1.0, 0.0, 0.0), (0.25, 0.25, 0.5))
LEAST_TAUGHT = 24
LEAST_ROWS = 60


@dataclass(frozen=True, slots=True)
class Warnings:
    """All [series × periods], NaN where nothing is said: `probability`; `skill` [series]: 1 − Brier
    ÷ that of the series' seasonal frequency on what was known at the end, NaN where unscored."""

    probability: Floats
    known: Known
    happened: Floats
    skill: Floats


def warnings(price: Floats, groups: Groups, rule: Rule, least: int = 48) -> Warnings:
    """Probability of the rule's rise for every period with at least `least` observations behind.

    Until sixty outcomes are known the seasonal frequency is given instead.
    """
    about = known(price, groups, rule)
    happened = outcomes(price, rule)
    count = observed_so_far(price)
    said = about.ready & (count >= least)
    # Choices are judged from somewhat before the first warning, so that there is a record.
    tried = about.ready & (count >= min(least, 2 * LEAST_TAUGHT) * 3 // 4)
    taught = about.ready & np.isfinite(happened) & (count >= min(LEAST_TAUGHT, least))
    choices = _choices(about, happened, taught, tried, rule)
    best = _chosen(choices, happened, rule)
    probability = np.where(said & np.isfinite(best), best, np.nan)
    probability = np.where(said & ~np.isfinite(probability), about.frequency, probability)
    return Warnings(probability, about, happened, _skill(probability, about, happened))


def _choices(
    about: Known,
    happened: Floats,
    taught: NDArray[np.bool_],
    tried: NDArray[np.bool_],
    rule: Rule,
) -> Floats:
    """What each choice of ridge and mix says: [choices × series × periods]."""
    found = np.full((len(RIDGES) * len(MIXES), *happened.shape), np.nan)
    for t in np.flatnonzero(tried.any(axis=0)):
        use = taught.copy()
        use[:, max(t - rule.horizon + 1, 0) :] = False
        if use.sum() < LEAST_ROWS:
            continue
        now = tried[:, t]
        own = logit(about.predictive[now, t])
        calendar = logit(about.frequency[now, t])
        for i, ridge in enumerate(RIDGES):
            model = fit(about.features[use], happened[use], ridge)
            odds = logit(model.probability(about.features[now, t]))
            for j, (regression, distribution, season) in enumerate(MIXES):
                mixed = regression * odds + distribution * own + season * calendar
                found[i * len(MIXES) + j, now, t] = sigmoid(mixed)
    return found


def _chosen(choices: Floats, happened: Floats, rule: Rule) -> Floats:
    """At each period the choice with the least Brier score on outcomes known by then."""
    error = (choices - happened) ** 2
    counted = np.isfinite(error)
    total = np.cumsum(np.where(counted, error, 0.0).sum(axis=1), axis=1)
    found = np.full(happened.shape, np.nan)
    for t in range(happened.shape[1]):
        last = t - rule.horizon
        best = int(np.argmin(total[:, last])) if last >= 0 else 0
        found[:, t] = choices[best, :, t]
    return found


def _skill(probability: Floats, about: Known, happened: Floats) -> Floats:
    scored = np.isfinite(probability) & np.isfinite(happened)
    ours = np.where(scored, (probability - happened) ** 2, 0.0).sum(axis=1)
    calendar = np.where(scored, (about.frequency - happened) ** 2, 0.0).sum(axis=1)
    ratio = np.divide(ours, calendar, out=np.ones_like(ours), where=calendar > 0)
    return np.where(scored.any(axis=1), 1 - ratio, np.nan)
