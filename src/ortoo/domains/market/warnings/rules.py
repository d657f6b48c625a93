"""What is warned of, as dated parameters: a share and the weeks within which it is reached."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from pathlib import Path

from ortoo.kernel.regulations.regulation import Regulations, load

FOLDER = Path(__file__).resolve().parent / "regulations"
CODES = ("WARN-RISE", "WARN-FALL")
SHOWN = "WARN-SHOWN"


@dataclass(frozen=True, slots=True)
class WarnedOf:
    """One threshold: `share` 0.30 is a rise of 30 %, −0.20 a fall of 20 %, within `weeks`."""

    code: str
    title: str
    share: Decimal
    weeks: int
    source: str
    verified: bool

    @property
    def words(self) -> str:
        return f"{self.title} {abs(self.share) * 100:.0f}% 以上"


@lru_cache(maxsize=1)
def regulations() -> Regulations:
    return load([FOLDER])


def warned_of(on: dt.date) -> tuple[WarnedOf, ...]:
    """The thresholds in force on a day."""
    found = []
    for code in CODES:
        dated = regulations().dated(code, on)
        share, weeks = regulations().items_of(code, on)
        title = regulations()[code].title
        found.append(
            WarnedOf(
                code, title, Decimal(str(share)), int(str(weeks)), dated.source, dated.verified
            )
        )
    return tuple(found)


def shown_from(on: dt.date) -> Decimal:
    """The probability from which a warning stands on the list."""
    return regulations().decimal(SHOWN, on)
