"""What one cell does to the figure it is published in. Pure; exact until printed.

Selective editing: a reviewer's time goes to the cells that move the published figure most, so the
queue is ordered by how far the figure would lie from where it is if the cell had not changed.
Source: Granquist and Kovar (1997), Editing of survey data: how much is enough?; the local score
with last period's value as the anticipated one.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction


class Against(StrEnum):
    """What a cell was replaced by to see its effect."""

    PREVIOUS = "previous"
    ABSENCE = "absence"
    NOTHING = "nothing"


AGAINST_ZH = {
    Against.PREVIOUS: "按上期数",
    Against.ABSENCE: "不含本数",
    Against.NOTHING: "本级唯一报数",
}


@dataclass(frozen=True, slots=True)
class Effect:
    """`share` of the figure by which it would differ, and against what; 1 is the whole figure."""

    share: Fraction
    against: Against = Against.PREVIOUS
    of_mean: bool = False
    """Whether that figure is a mean price; a mean is looked at before a total."""

    @property
    def permille(self) -> str:
        """In ‰ with one place, half to even: `12.3`."""
        tenths = round(self.share * 10_000)
        return f"{tenths // 10}.{tenths % 10}"


NONE = Effect(Fraction(0))


@dataclass(frozen=True, slots=True)
class Quote:
    """One respondent's price (fen) and what it sold (minor units); a price without a quantity
    weighs one minor unit, as in the roll-up."""

    price: int
    quantity: int | None

    @property
    def weight(self) -> int:
        return max(self.quantity or 0, 1)


@dataclass(frozen=True, slots=True)
class Mean:
    """An office's published mean price: Σ price × weight over Σ weight of its respondents."""

    amount: int = 0
    weight: int = 0

    @property
    def value(self) -> Fraction | None:
        return Fraction(self.amount, self.weight) if self.weight else None

    def replaced(self, out: Quote, back: Quote | None) -> Mean:
        """The mean with `out` taken away and `back`, if any, put in its place."""
        amount, weight = self.amount - out.price * out.weight, self.weight - out.weight
        if back is not None:
            amount, weight = amount + back.price * back.weight, weight + back.weight
        return Mean(amount, weight)


def price_effect(mean: Mean, now: Quote, before: int | None) -> Effect:
    """Of a price: the mean had it stayed at last period's price `before`, or without the quote.

    `mean` holds `now`. Without an earlier price and without another quote the whole figure is
    this cell, and the effect is 1.
    """
    if before is not None:
        return _between(mean, mean.replaced(now, Quote(before, now.quantity)), Against.PREVIOUS)
    return _between(mean, mean.replaced(now, None), Against.ABSENCE)


def quantity_effect(mean: Mean, now: Quote, before: int | None) -> Effect:
    """Of a quantity sold: the mean had the price weighed what it weighed last period."""
    if before is None:
        return _between(mean, mean.replaced(now, Quote(now.price, None)), Against.ABSENCE)
    return _between(mean, mean.replaced(now, Quote(now.price, before)), Against.PREVIOUS)


def total_effect(total: int, now: int, before: int | None) -> Effect:
    """Of a cell that is summed (sales, stock): the total with last period's value, or without.

    A cell that was zero and stays zero has none; `total` holds `now`.
    """
    against = Against.ABSENCE if before is None else Against.PREVIOUS
    gap = abs(now - (before or 0))
    if not gap:
        return Effect(Fraction(0), against)
    return Effect(Fraction(gap, total) if total else Fraction(1), against)


def _between(mean: Mean, other: Mean, against: Against) -> Effect:
    value, would = mean.value, other.value
    if not value:
        return NONE
    if would is None:
        return Effect(Fraction(1), Against.NOTHING, of_mean=True)
    return Effect(abs(value - would) / value, against, of_mean=True)
