"""From integer sums to figures: means, matched change, disclosure. Pure; exact until printed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from ortoo.kernel.forms.definition import Publish


@dataclass(frozen=True, slots=True)
class Sums:
    """One cell of the rollup (one unit, one item, one period): integers in minor units."""

    expected: int = 0
    filed: int = 0
    unreviewed: int = 0
    quotes: int = 0
    sum_price: int = 0
    quantity: int = 0
    sum_price_qty: int = 0
    sales: int = 0
    largest_sales: int = 0
    second_sales: int = 0
    stock: int = 0
    matched: int = 0
    matched_now: int = 0
    matched_before: int = 0
    out_of_stock: int = 0
    doubtful: int = 0


@dataclass(frozen=True, slots=True)
class Figure:
    """What a reader sees of one cell. Prices are exact fractions of the minor unit (fen)."""

    sums: Sums
    suppressed: bool = False
    previous: Sums | None = None
    year: Sums | None = None
    why: int = 0
    """Why an issued figure is hidden, as its issue says; 0 where the sums themselves tell."""

    @property
    def mean(self) -> Fraction | None:
        """Quantity-weighted mean price, or None without a quote or when suppressed."""
        return None if self.suppressed else weighted_mean(self.sums)

    @property
    def simple_mean(self) -> Fraction | None:
        """Arithmetic mean of the quotes, as the printed notes compute it."""
        if self.suppressed or not self.sums.quotes:
            return None
        return Fraction(self.sums.sum_price, self.sums.quotes)

    @property
    def matched_change(self) -> Fraction | None:
        """同样本环比: change over the respondents present in both periods."""
        if self.suppressed or not self.sums.matched or not self.sums.matched_before:
            return None
        return Fraction(self.sums.matched_now, self.sums.matched_before) - 1

    @property
    def plain_change(self) -> Fraction | None:
        """环比 of the two means, whoever reported."""
        return self._against(self.previous)

    @property
    def year_change(self) -> Fraction | None:
        """同比 of the two means."""
        return self._against(self.year)

    def _against(self, other: Sums | None) -> Fraction | None:
        base = weighted_mean(other) if other is not None else None
        now = self.mean
        return None if not base or now is None else now / base - 1

    @property
    def response_rate(self) -> Fraction | None:
        """报送率: returns counted over returns owed."""
        return Fraction(self.sums.filed, self.sums.expected) if self.sums.expected else None


def weighted_mean(sums: Sums) -> Fraction | None:
    """Σ price × quantity ÷ Σ quantity, exact; None without quotes."""
    return Fraction(sums.sum_price_qty, sums.quantity) if sums.quantity else None


def disclosive(sums: Sums, publish: Publish) -> bool:
    """Whether showing this cell outside the reviewing chain could tell one firm's figure.

    统计法: no single respondent's data leaves. Fewest-respondents rule, then the p% rule: what is
    left of the total without the two largest must be at least p of the largest.
    """
    if sums.quotes == 0:
        return False
    if sums.quotes < publish.min_respondents:
        return True
    rest = sums.sales - sums.largest_sales - sums.second_sales
    return sums.sales > 0 and rest < publish.dominance * sums.largest_sales


def secondary(cells: Mapping[str, Sums], hidden: set[str], publish: Publish) -> set[str]:
    """Codes to hide besides `hidden`, so that the total gives nobody away.

    What is hidden together equals the published total less the shown cells: it must itself pass
    the disclosure rule, and so must what is left of it for an office that knows one of the hidden
    cells. The smallest shown cells are hidden with it until both do.
    """
    if not hidden:
        return set()
    shown = sorted(
        (sums.quotes, code) for code, sums in cells.items() if code not in hidden and sums.quotes
    )
    more: set[str] = set()
    while shown and gives_away(cells, hidden | more, publish):
        more.add(shown.pop(0)[1])
    return more


def gives_away(cells: Mapping[str, Sums], hidden: set[str], publish: Publish) -> bool:
    """Whether the total less what is shown tells too much, to anybody or to one of the hidden."""
    known = {code for code in hidden if code in cells and cells[code].quotes}
    return disclosive(together(cells, known), publish) or any(
        disclosive(together(cells, known - {code}), publish) for code in known
    )


def together(cells: Mapping[str, Sums], codes: set[str]) -> Sums:
    """Sums of several cells as one, with the two largest contributors among all."""
    parts = [cells[code] for code in codes if code in cells]
    ordered = sorted(n for part in parts for n in (part.largest_sales, part.second_sales))
    return Sums(
        quotes=sum(part.quotes for part in parts),
        sales=sum(part.sales for part in parts),
        largest_sales=ordered[-1] if ordered else 0,
        second_sales=ordered[-2] if len(ordered) > 1 else 0,
    )


def round_half_even(value: Fraction, scale: int = 0) -> str:
    """Exact decimal text with `scale` places, half to even (as GB/T 8170 rounds)."""
    scaled = round(value * 10**scale)
    sign = "-" if scaled < 0 else ""
    digits = str(abs(scaled)).rjust(scale + 1, "0")
    return sign + (f"{digits[:-scale]}.{digits[-scale:]}" if scale else digits)


def price_text(value: Fraction | None) -> str:
    """元 with two places from fen; an em dash without a value."""
    return "—" if value is None else round_half_even(value / 100, 2)


def percent_text(value: Fraction | None) -> str:
    """Percent with one place and its sign; an em dash without a value."""
    if value is None:
        return "—"
    text = round_half_even(value * 100, 1)
    return text if text.startswith("-") else f"+{text}" if text not in ("0.0", "-0.0") else "0.0"
