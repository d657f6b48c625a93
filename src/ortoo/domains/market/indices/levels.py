"""Levels of an index: its base period, what other methods say, and where its prices come from."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ortoo.algorithms.indices.bilateral import Formula
from ortoo.algorithms.indices.drift import chained_to_show_drift
from ortoo.algorithms.indices.splicing import rolling_geary_khamis, rolling_time_product_dummy
from ortoo.domains.market.indices import parameters
from ortoo.domains.market.indices.columns import Columns
from ortoo.domains.market.indices.quotes import Floats
from ortoo.domains.market.panels import Panel, Source
from ortoo.kernel.forms.periods import Period


def finite(value: float) -> float | None:
    """The number, or None for NaN."""
    return float(value) if np.isfinite(value) else None


WORDS = {Source.RETURNS: "企业报价（同店几何平均）", Source.HISTORY: "历史汇总均价，无企业明细",
         Source.ISSUED: "已发布均价"}  # fmt: skip


def base_of(panel: Panel, levels: Floats) -> int:
    """The base period; where the series does not know it, its first known one."""
    day = parameters.base(panel.periods[-1].end)
    wanted = [at for at, period in enumerate(panel.periods) if period.contains(day)]
    if wanted and np.isfinite(levels[wanted[-1]]):
        return wanted[-1]
    known = np.flatnonzero(np.isfinite(levels))
    return int(known[0]) if len(known) else 0


def based(levels: Floats, base: int) -> Floats:
    """100 at the base period, or at the first known period where the base is not known."""
    at = base
    if not np.isfinite(levels[base]):
        known = np.flatnonzero(np.isfinite(levels))
        if not len(known):
            return levels
        at = int(known[0])
    found: Floats = levels / levels[at] * 100
    return found


def other_methods(found: Columns, mine: np.ndarray, base: int) -> Mapping[str, float | None]:
    """Other methods' newest level, base period = 100."""
    price, value = found.price[:, mine], found.value[:, mine]
    made = {
        "tpd": rolling_time_product_dummy(price, value),
        "gk": rolling_geary_khamis(price, value),
        "chained": chained_to_show_drift(Formula.TORNQVIST, price, value),
    }
    return {
        name: finite(levels[-1] / levels[base] * 100) if np.isfinite(levels[base]) else None
        for name, levels in made.items()
    }


def source_changes(
    panel: Panel, found: Columns, mine: np.ndarray
) -> tuple[tuple[Period, str], ...]:
    """Periods from which on the prices come mostly from another source, with the words for it."""
    changes: list[tuple[Period, str]] = []
    before = 0
    known = np.isfinite(found.price[:, mine])
    for at, period in enumerate(panel.periods):
        kinds = found.source[at, mine][known[at]]
        if not len(kinds):
            continue
        most = int(np.bincount(kinds).argmax())
        if most and most != before:
            changes.append((period, WORDS[Source(most)]))
            before = most
    return tuple(changes)
