"""Early warning 预警: the probability that a price will rise past a threshold, and its record."""

from ortoo.algorithms.warning.detection import alps, ipa, year_on_year
from ortoo.algorithms.warning.outcomes import Rule, future_rise, outcomes
from ortoo.algorithms.warning.predictors import Groups
from ortoo.algorithms.warning.walk import Warnings, warnings

__all__ = [
    "Groups",
    "Rule",
    "Warnings",
    "alps",
    "future_rise",
    "ipa",
    "outcomes",
    "warnings",
    "year_on_year",
]
