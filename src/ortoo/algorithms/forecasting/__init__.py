"""Forecasting 预测: panels of series in, forecasts with intervals and their record out."""

from ortoo.algorithms.forecasting.forecast import (
    MONTHLY,
    NO_SEASON,
    QUARTERLY,
    WEEKLY,
    Forecast,
    Plan,
    forecast,
)
from ortoo.algorithms.forecasting.reconcile import bottom_up, mint_shrink, ols, wls
from ortoo.algorithms.forecasting.structural import Season

__all__ = [
    "MONTHLY",
    "NO_SEASON",
    "QUARTERLY",
    "WEEKLY",
    "Forecast",
    "Plan",
    "Season",
    "bottom_up",
    "forecast",
    "mint_shrink",
    "ols",
    "wls",
]
