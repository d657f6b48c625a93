"""How good an adjustment is: season left in it, how factors move with new data, adjusting twice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ortoo.algorithms.seasonal.adjustment import Adjustment, adjust
from ortoo.algorithms.seasonal.distributions import chi2_tail, f_tail
from ortoo.algorithms.seasonal.series import PER_YEAR, Kind, Series
from ortoo.algorithms.seasonal.windows import Window

Floats = NDArray[np.float64]
SLOTS: dict[Kind, int] = {"day": 26, "week": 26, "tenday": 36, "month": 12}
"""Parts of the year whose changes are compared; a fortnight for weeks, so that each has ten."""


@dataclass(frozen=True, slots=True)
class Seasonality:
    """Tests that the changes from period to period do not depend on the part of the year."""

    f: float
    f_p: float
    kruskal_wallis: float
    kruskal_wallis_p: float


@dataclass(frozen=True, slots=True)
class Quality:
    """`before`, `after`: tests on the original and the adjusted series, outliers taken out.

    `revision`, `revision_most`: by how much the factors of the last year but one, estimated a year
    ago with the same design, have since changed: mean and largest, in logs; NaN where the series
    was too short a year ago. `again`: size of the factors that adjusting the adjusted series would
    still find, against the first (0: adjusting twice changes nothing).
    """

    before: Seasonality
    after: Seasonality
    revision: float
    revision_most: float
    again: float


def quality(found: Adjustment, windows: Sequence[Window] = ()) -> Quality:
    """The measures of one adjustment; costs about two re-fits."""
    shift = found.outlier + _shifts(found)
    season = found.seasonal + found.festival
    revision, most = _revision(found, windows)
    return Quality(
        seasonality(found.series, found.log - shift),
        seasonality(found.series, found.log - shift - season),
        revision,
        most,
        _again(found, windows),
    )


def _shifts(found: Adjustment) -> Floats:
    total = np.zeros(found.log.size)
    for one in found.design.outliers:
        if one.kind == "LS":
            total[one.at :] += one.effect
    return total


def seasonality(series: Series, log: Floats) -> Seasonality:
    """F of one-way variance and Kruskal–Wallis on first differences by part of the year."""
    change = np.diff(log)
    known = np.isfinite(change)
    count = SLOTS[series.kind]
    slot = np.minimum((series.phase()[1:] * count + 1e-9).astype(int), count - 1)[known]
    change = change[known]
    sizes = np.bincount(slot, minlength=count)
    groups, total = int((sizes > 0).sum()), change.size
    if groups < 2 or total - groups < 2 or np.ptp(change) < 1e-15:
        return Seasonality(0.0, 1.0, 0.0, 1.0)
    means = np.bincount(slot, change, count) / np.maximum(sizes, 1)
    between = float((sizes * (means - change.mean()) ** 2).sum())
    within = float(((change - means[slot]) ** 2).sum())
    f = between / (groups - 1) / max(within / (total - groups), 1e-300)
    ranks, ties = _ranks(change)
    sums = np.bincount(slot, ranks, count)
    h = 12 / (total * (total + 1)) * float(
        (sums**2 / np.maximum(sizes, 1)).sum()
    ) - 3 * (total + 1)
    h /= max(1 - ties / (total**3 - total), 1e-12)
    return Seasonality(
        f, f_tail(f, groups - 1, total - groups), h, chi2_tail(h, groups - 1)
    )


def _ranks(values: Floats) -> tuple[Floats, float]:
    """Mean ranks, and Σ (t³ − t) of the ties."""
    _, inverse, counts = np.unique(np.round(values, 12), return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    return (last - (counts - 1) / 2)[inverse], float((counts.astype(float) ** 3 - counts).sum())


def _revision(found: Adjustment, windows: Sequence[Window]) -> tuple[float, float]:
    year = round(PER_YEAR[found.series.kind])
    cut = found.log.size - year
    then = adjust(found.series, windows, upto=cut - 1, design=found.design) if cut > 1 else None
    if not isinstance(then, Adjustment):
        return float("nan"), float("nan")
    season = found.seasonal + found.festival
    moved = np.abs((then.seasonal + then.festival - season[:cut])[-year:])
    return float(moved.mean()), float(moved.max())


def _again(found: Adjustment, windows: Sequence[Window]) -> float:
    first = found.seasonal + found.festival
    size = float(np.sqrt(np.mean(first**2)))
    if size < 1e-12:
        return 0.0
    design = replace(found.design, outliers=found.design.outliers)
    twice = adjust(replace(found.series, values=found.adjusted), windows, design=design)
    if not isinstance(twice, Adjustment):
        return 0.0
    return float(np.sqrt(np.mean((twice.seasonal + twice.festival) ** 2))) / size
