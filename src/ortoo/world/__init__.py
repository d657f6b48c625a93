"""The simulated region: from one seed, firms, prices, sales and returns with planted truths.

    places = [WorldPlace("150100", "呼和浩特市", "prefecture_city", "150000", 3446100), …]
    world = World(2026, places)                       # 46 items, 313 weeks from 2021-01-02
    returns = weekly_returns(world, dt.date(2026, 11, 14))

Nothing here is an observation. Calibration, sources and marks: ``calibration.toml``,
``shocks.toml``, ``calendar.toml``, ``names.toml``; how it works: ``README.md``.
"""

from __future__ import annotations

from ortoo.world.calibration import standard_items, supplement_items
from ortoo.world.planted import Planted
from ortoo.world.quantities import Truth
from ortoo.world.records import (
    BLANK,
    MEASURES,
    NIL_LETTERS,
    NOT_CARRIED,
    OUT_OF_SEASON,
    OUT_OF_STOCK,
    PRICE,
    QTY,
    SALES,
    STOCK,
    VALUE,
    Firm,
    FirmEvent,
    WorldError,
    WorldItem,
    WorldPlace,
)
from ortoo.world.returns import REASONS, Correction, Reason, WeekReturns, weekly_returns
from ortoo.world.shocks import Shock
from ortoo.world.world import FIRST_WEEK, WEEKS, World

__all__ = [
    "BLANK", "FIRST_WEEK", "MEASURES", "NIL_LETTERS", "NOT_CARRIED", "OUT_OF_SEASON",
    "OUT_OF_STOCK", "PRICE", "QTY", "REASONS", "SALES", "STOCK", "VALUE", "WEEKS", "Correction",
    "Firm", "FirmEvent", "Planted", "Reason", "Shock", "Truth", "WeekReturns", "World",
    "WorldError", "WorldItem", "WorldPlace", "standard_items", "supplement_items",
    "weekly_returns",
]
