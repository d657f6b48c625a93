"""Ticks and text widths for charts. Pure: numbers and dates in, positions and words out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import pairwise
from unicodedata import east_asian_width

MONTHS_EN = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
MONTHS_A_YEAR = 12
TWO_YEARS_DAYS = 760
TEN_WEEKS_DAYS = 70
FLAT = 1e-9  # a narrower range is drawn as one level


@dataclass(frozen=True, slots=True)
class Ticks:
    """Positions and their words, in order."""

    values: tuple[float, ...]
    labels: tuple[str, ...]

    @property
    def domain(self) -> tuple[float, float]:
        """First and last position."""
        return self.values[0], self.values[-1]


def value_ticks(low: float, high: float, *, count: int = 5, zero: bool = False) -> Ticks:
    """About ``count`` steps of 1, 2, 2.5 or 5 × 10ⁿ that enclose [low, high].

    Decimal throughout, so that no label reads 0.30000000000000004.
    """
    if zero:
        low, high = min(low, 0.0), max(high, 0.0)
    if high - low <= FLAT * max(1.0, abs(low), abs(high)):
        pad = abs(low) * 0.05 if abs(low) > FLAT else 1.0
        low, high = (low, low + pad) if zero else (low - pad, high + pad)
    step = _step(Decimal(str(high)) - Decimal(str(low)), count)
    first = (Decimal(str(low)) / step).to_integral_value("ROUND_FLOOR")
    last = (Decimal(str(high)) / step).to_integral_value("ROUND_CEILING")
    marks = [step * n for n in range(int(first), int(last) + 1)]
    places = max(0, -int(step.normalize().as_tuple().exponent))
    return Ticks(tuple(float(m) for m in marks), tuple(f"{m:,.{places}f}" for m in marks))


def _step(span: Decimal, count: int) -> Decimal:
    rough = span / count
    power = Decimal(10) ** rough.adjusted()
    for factor in (Decimal(1), Decimal(2), Decimal("2.5"), Decimal(5)):
        if factor * power >= rough:
            return factor * power
    return 10 * power


def date_ticks(first: date, last: date, *, width_px: int, english: bool = False) -> Ticks:
    """Ticks at months, years or days, at least 44 px apart; at least one names its year."""
    days = (last - first).days
    most = max(2, width_px // 52)
    if days > TWO_YEARS_DAYS:
        return _years(first, last, most)
    if days > TEN_WEEKS_DAYS:
        return _months(first, last, most, english=english)
    return _days(first, last, most, english=english)


def _years(first: date, last: date, most: int) -> Ticks:
    years = [y for y in range(first.year, last.year + 1) if date(y, 1, 1) >= first]
    step = next(s for s in (1, 2, 5, 10, 20, 50, 100) if len(years) <= most * s)
    kept = [y for y in years if y % step == 0] or years[:1]
    return Ticks(tuple(float(date(y, 1, 1).toordinal()) for y in kept), tuple(map(str, kept)))


def _months(first: date, last: date, most: int, *, english: bool) -> Ticks:
    starts = [
        date(year, month, 1)
        for year in range(first.year, last.year + 1)
        for month in range(1, MONTHS_A_YEAR + 1)
        if first <= date(year, month, 1) <= last
    ]
    step = next(s for s in (1, 2, 3, 6, 12) if len(starts) <= most * s)
    kept = [d for d in starts if (d.month - 1) % step == 0] or starts[:1]
    has_january = any(d.month == 1 for d in kept)
    labels = []
    for index, day in enumerate(kept):
        with_year = day.month == 1 or (index == 0 and not has_january)
        labels.append(_month_label(day, with_year=with_year, english=english))
    return Ticks(tuple(float(d.toordinal()) for d in kept), tuple(labels))


def _month_label(day: date, *, with_year: bool, english: bool) -> str:
    if english:
        name = MONTHS_EN[day.month - 1]
        return f"{name} {day.year}" if with_year else name
    if with_year:
        return f"{day.year}年" if day.month == 1 else f"{day.year}年{day.month}月"
    return f"{day.month}月"


def _days(first: date, last: date, most: int, *, english: bool) -> Ticks:
    span = (last - first).days
    step = next((s for s in (1, 2, 7, 14) if span // s < most), 28)
    marks = [date.fromordinal(o) for o in range(last.toordinal(), first.toordinal() - 1, -step)]
    labels = [
        f"{d.day} {MONTHS_EN[d.month - 1]}" if english else f"{d.month}月{d.day}日"
        for d in reversed(marks)
    ]
    return Ticks(tuple(float(d.toordinal()) for d in reversed(marks)), tuple(labels))


def text_width(text: str, size_px: float = 12) -> float:
    """A good guess of a text's width in px: 汉字 one em, Latin and digits 0.58 em."""
    ems = sum(1.0 if east_asian_width(ch) in "WF" else 0.58 for ch in text)
    return ems * size_px


def spread(positions: list[float], gap: float, low: float, high: float) -> list[float]:
    """Move labels apart to ``gap`` within [low, high], in their order, moved little.

    Two sweeps: push down, then push back up from the floor.
    """
    order = sorted(range(len(positions)), key=positions.__getitem__)
    placed = [min(max(positions[i], low), high) for i in order]
    for before, after in pairwise(range(len(placed))):
        placed[after] = max(placed[after], placed[before] + gap)
    if placed and placed[-1] > high:
        placed[-1] = high
        for after, before in pairwise(reversed(range(len(placed)))):
            placed[before] = min(placed[before], placed[after] - gap)
    moved = [0.0] * len(positions)
    for place, index in zip(placed, order, strict=True):
        moved[index] = place
    return moved
