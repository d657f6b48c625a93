"""Price files: tables of outside prices (WFP and others) into rows a form can take. Pure.

profile = profile_of("wfp")
reading = read(data, profile, today=date(2026, 11, 20))
reading.rows, reading.rejects        # together: every record of the file
market_months(reading)               # one statement a market and month
"""

from __future__ import annotations

from ortoo.connectors.price_files.months import MarketMonth, market_months
from ortoo.connectors.price_files.profile import Profile, ProfileError, parse_profile, profile_of
from ortoo.connectors.price_files.reader import PriceRow, Reading, read
from ortoo.connectors.price_files.reject import Reject
from ortoo.connectors.price_files.workbook import UnreadableFile

__all__ = [
    "MarketMonth",
    "PriceRow",
    "Profile",
    "ProfileError",
    "Reading",
    "Reject",
    "UnreadableFile",
    "market_months",
    "parse_profile",
    "profile_of",
    "read",
]
