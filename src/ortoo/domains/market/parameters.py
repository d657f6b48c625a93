"""The dated parameters 法定参数 of reminders, assessment and fees, read once from their file."""

from __future__ import annotations

import datetime as dt
from functools import lru_cache
from pathlib import Path
from zoneinfo import ZoneInfo

from ortoo.kernel.places.active import active_pack
from ortoo.kernel.regulations.regulation import Dated, Regulations, load

FOLDER = Path(__file__).resolve().parent / "regulations" / "duties"


@lru_cache(maxsize=1)
def parameters() -> Regulations:
    return load([FOLDER])


def whole(code: str, on: dt.date) -> int:
    """A parameter that is a whole number, as in force on a day."""
    return parameters().integer(code, on)


def cited(code: str, on: dt.date) -> dict[str, object]:
    """A parameter as a page cites it: title, value, unit, source, whether it was verified."""
    found: Dated = parameters().dated(code, on)
    value = found.value
    text = "、".join(str(one) for one in value) if isinstance(value, tuple) else str(value)
    regulation = parameters()[code]
    return {
        "code": code,
        "title": regulation.title,
        "value": f"{text} {regulation.unit}",
        "source": found.source,
        "verified": found.verified,
    }


def civil_day(at_ms: int) -> dt.date:
    """The day of a moment in the region's civil time."""
    zone = ZoneInfo(active_pack().head.time_zone)
    return dt.datetime.fromtimestamp(at_ms / 1000, zone).date()
