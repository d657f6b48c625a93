"""What a chart is given: lines, bands, remarks, bars, peers. Frozen, no drawing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal

Number = int | float | Decimal
Size = Literal["desk", "phone"]


@dataclass(frozen=True, slots=True)
class Series:
    """A line of (day, value or None) in order; ``dashed`` marks what is not observed."""

    name: str
    points: Sequence[tuple[date, Number | None]]
    dashed: bool = False
    tone: int = 0  # 1–4; 0: by position


@dataclass(frozen=True, slots=True)
class Band:
    """A range around a line: ``points`` are (day, low, high). Give the widest first."""

    name: str
    points: Sequence[tuple[date, Number, Number]]


@dataclass(frozen=True, slots=True)
class Annotation:
    """A remark at a day: an ``event``, or a ``break`` (definition or sample changed)."""

    at: date
    text: str
    kind: Literal["event", "break"] = "event"


@dataclass(frozen=True, slots=True)
class Bar:
    """A named value; None shows as 未报. ``strong`` is drawn in the accent."""

    name: str
    value: Number | None
    strong: bool = False


@dataclass(frozen=True, slots=True)
class Peers:
    """One row of a strip plot: the peers' values, one's own, the median."""

    name: str
    values: Sequence[Number]
    own: Number | None = None
    median: Number | None = None


@dataclass(frozen=True, slots=True)
class Captions:
    """What a chart says besides its numbers."""

    title: str
    description: str = ""
    unit: str = ""
    english: bool = False


def figure_text(value: Number | None, places: int, captions: Captions) -> str:
    """A value as printed in a chart or beneath it; None is 未报."""
    if value is None:
        return "no report" if captions.english else "未报"
    return f"{value:,.{places}f}"
