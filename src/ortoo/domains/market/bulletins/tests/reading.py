"""Figures by hand for the pure tests."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from fractions import Fraction

from ortoo.domains.market.bulletins.figures import Figures, FormFigures, Line, Quote
from ortoo.domains.market.bulletins.sections import RETAIL
from ortoo.domains.market.bulletins.text import Words
from ortoo.domains.market.bulletins.wording import scale_on

WEEK, BEFORE, FOUR, YEAR = "W2026-11-07", "W2026-10-31", "W2026-10-10", "W2025-11-08"
PERIODS = {"now": WEEK, "before": BEFORE, "four": FOUR, "year": YEAR}
DAY = dt.date(2026, 11, 13)


def quote(fen: int, weighted: int = 0, source: str = "issued") -> Quote:
    """A price in fen on both bases."""
    return Quote(Fraction(fen), Fraction(weighted or fen), source, 7)


def line(item: str, good: str, name: str, prices: Mapping[str, int], unit: str = "公斤") -> Line:
    """An item by prices in fen at now, before, four, year."""
    return Line(item, good, name, unit, {at: quote(fen) for at, fen in prices.items()})


def figures(lines: Sequence[Line], *, form: str = RETAIL, basis: str = "issued") -> Figures:
    """One form at one place."""
    return Figures("152200", WEEK, basis, {form: FormFigures(form, PERIODS, tuple(lines))})


def words(place: str = "兴安盟") -> Words:
    """The names and the scale."""
    return Words(place, "11月7日—13日", scale_on(DAY))
