"""The wording scale 持平、微、小幅、明显 and the lengths, from dated regulations 法定参数."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from pathlib import Path

from ortoo.domains.market.bulletins.numbers import Number, Span
from ortoo.kernel.regulations.regulation import Regulations, load

FOLDER = Path(__file__).resolve().parent / "regulations"
CODES = (
    "BULLETIN-SLIGHT", "BULLETIN-SMALL", "BULLETIN-BRIEF", "BULLETIN-WECHAT",
    "BULLETIN-FESTIVAL-DAYS", "BULLETIN-POINTS",
)  # fmt: skip


@lru_cache(maxsize=1)
def parameters() -> Regulations:
    """The parameters of bulletins, read once."""
    return load([FOLDER])


@dataclass(frozen=True, slots=True)
class Scale:
    """Cut-offs in percent: up to `slight` 微, up to `small` 小幅, beyond 明显; 0.0 is 持平."""

    slight: Fraction
    small: Fraction

    def word(self, change: Number) -> str:
        """«小幅上涨», without the figure."""
        if not change.direction:
            return "持平"
        size = abs(change.printed)
        up = change.direction > 0
        if size <= self.slight:
            return "微涨" if up else "微降"
        degree = "小幅" if size <= self.small else "明显"
        return degree + ("上涨" if up else "下降")

    def said(self, change: Number) -> list[Span]:
        """«小幅上涨1.2%», «持平»."""
        return [self.word(change)] if not change.direction else [self.word(change), change, "%"]


def _fraction(code: str, on: dt.date) -> Fraction:
    value = parameters().value(code, on)
    return Fraction(Decimal(str(value)))


def scale_on(day: dt.date) -> Scale:
    """The wording scale in force on a day."""
    return Scale(_fraction("BULLETIN-SLIGHT", day), _fraction("BULLETIN-SMALL", day))


def length_on(code: str, day: dt.date) -> int:
    """Most characters of a version."""
    return parameters().integer(code, day)


def festival_days(day: dt.date) -> tuple[int, int]:
    """Days before and after 正月初一 in which 农历同期 is said."""
    value = parameters().value("BULLETIN-FESTIVAL-DAYS", day)
    assert isinstance(value, tuple)
    return int(value[0]), int(value[1])


LEVELS = ("banner", "league", "region", "national")


def points_of(level: str, day: dt.date) -> int:
    """What an adoption at a level counts."""
    value = parameters().value("BULLETIN-POINTS", day)
    assert isinstance(value, tuple)
    return int(value[LEVELS.index(level)])


def cited(on: dt.date) -> list[dict[str, object]]:
    """The parameters as a page cites them."""
    rows = []
    for code in CODES:
        found = parameters().dated(code, on)
        value = found.value
        text = "、".join(map(str, value)) if isinstance(value, tuple) else str(value)
        regulation = parameters()[code]
        rows.append(
            {
                "title": regulation.title,
                "value": f"{text} {regulation.unit}",
                "source": found.source,
                "verified": found.verified,
            }
        )
    return rows
