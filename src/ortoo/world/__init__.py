"""The simulated region: from one seed, every form of a monitoring year, with planted truths.

    places = [WorldPlace("150100", "呼和浩特市", "prefecture_city", "150000", 3446100), …]
    world = World(2026, places)                       # 46 items, 313 weeks from 2021-01-02
    returns = weekly_returns(world, dt.date(2026, 11, 14))
    markets = wholesale_returns(world, dt.date(2026, 11, 14))

Nothing here is an observation. Calibration, sources and marks: ``*.toml``; how it works and what
each call gives: ``README.md``.
"""

from __future__ import annotations

from ortoo.world.book import PriceBook, price_book
from ortoo.world.calibration import (
    emergency_items,
    league_supplements,
    standard_items,
    supplement_items,
    wholesale_items,
)
from ortoo.world.daily import DAILY_MEASURES, daily_returns, daily_truth, lunar_base
from ortoo.world.devices import office_device, own_device, shared_groups
from ortoo.world.emergency import EMERGENCY_MEASURES, emergency_stock, emergency_truth
from ortoo.world.frame import SampleChange, frame_truth, sample_changes
from ortoo.world.futures import Future, futures, settlements, trading_days
from ortoo.world.materials import (
    MATERIAL_MEASURES,
    TenDays,
    material_items,
    material_returns,
    material_truth,
    ten_days,
)
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
    Correction,
    Firm,
    FirmEvent,
    WorldError,
    WorldItem,
    WorldPlace,
)
from ortoo.world.retailers import (
    GOLDEN_MEASURES,
    RETAILER_MEASURES,
    compared_day,
    golden_items,
    retailer_day,
    retailer_day_truth,
    retailer_items,
    retailer_month,
    retailer_truth,
)
from ortoo.world.returns import REASONS, Reason, WeekReturns, weekly_returns
from ortoo.world.sheets import FormReturns, FormTruth, Measure
from ortoo.world.shocks import Shock
from ortoo.world.supplements import SUPPLEMENT_MEASURES, supplement_returns, supplement_truth
from ortoo.world.tills import TillExport, maker_of, till_export
from ortoo.world.trading import MARKET_MEASURES, market_items, market_month, market_truth
from ortoo.world.wholesale import (
    ORIGINS,
    WHOLESALE_MEASURES,
    wholesale_returns,
    wholesale_truth,
)
from ortoo.world.world import FIRST_WEEK, VERSION, WEEKS, World

__all__ = [
    "BLANK", "DAILY_MEASURES", "EMERGENCY_MEASURES", "FIRST_WEEK", "GOLDEN_MEASURES",
    "MARKET_MEASURES", "MATERIAL_MEASURES", "MEASURES", "NIL_LETTERS", "NOT_CARRIED", "ORIGINS",
    "OUT_OF_SEASON", "OUT_OF_STOCK", "PRICE", "QTY", "REASONS", "RETAILER_MEASURES", "SALES",
    "STOCK", "SUPPLEMENT_MEASURES", "VALUE", "VERSION", "WEEKS", "WHOLESALE_MEASURES",
    "Correction", "Firm", "FirmEvent", "FormReturns", "FormTruth", "Future", "Measure", "Planted",
    "PriceBook", "Reason", "SampleChange", "Shock", "TenDays", "TillExport", "Truth",
    "WeekReturns", "World", "WorldError", "WorldItem", "WorldPlace", "compared_day",
    "daily_returns", "daily_truth", "emergency_items", "emergency_stock", "emergency_truth",
    "frame_truth", "futures", "golden_items", "league_supplements", "lunar_base", "maker_of",
    "market_items", "market_month", "market_truth", "material_items", "material_returns",
    "material_truth", "office_device", "own_device", "price_book", "retailer_day",
    "retailer_day_truth", "retailer_items", "retailer_month", "retailer_truth", "sample_changes",
    "settlements", "shared_groups", "standard_items", "supplement_items", "supplement_returns",
    "supplement_truth", "ten_days", "till_export", "trading_days", "weekly_returns",
    "wholesale_items", "wholesale_returns", "wholesale_truth",
]
