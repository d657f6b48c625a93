"""Seasonal adjustment 季节调整 with moving festivals: own method, and X-13's input and output."""

from ortoo.algorithms.seasonal.adjustment import Adjustment, Effect, Unadjusted, adjust
from ortoo.algorithms.seasonal.design import Design
from ortoo.algorithms.seasonal.outliers import Outlier
from ortoo.algorithms.seasonal.quality import Quality, Seasonality, quality
from ortoo.algorithms.seasonal.series import Series
from ortoo.algorithms.seasonal.windows import Window

__all__ = [
    "Adjustment", "Design", "Effect", "Outlier", "Quality", "Seasonality", "Series", "Unadjusted",
    "Window", "adjust", "quality",
]  # fmt: skip
