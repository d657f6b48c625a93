"""A table of figures once, for the screen, for CSV and for Excel: the same cells in each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Literal

from ortoo.domains.market import issued
from ortoo.domains.market.rules.figures import Figure, disclosive, round_half_even
from ortoo.kernel.forms.definition import Publish

Kind = Literal["text", "price", "change", "count", "hidden", "none"]
HIDDEN = "保密"


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell. `text` as printed; `number` exact at the printed places where it is one."""

    kind: Kind
    text: str = ""
    number: Decimal | None = None
    href: str = ""
    note: str = ""


NONE = Cell("none")


@dataclass(frozen=True, slots=True)
class Column:
    title: str
    unit: str = ""
    numeric: bool = True


@dataclass(frozen=True, slots=True)
class Row:
    """A row of cells; `role` group rows are categories, total rows stand in the foot."""

    cells: tuple[Cell, ...]
    role: Literal["item", "group", "total"] = "item"


@dataclass(frozen=True, slots=True)
class Sheet:
    """A table with its title; `name` is what an export asks for."""

    name: str
    title: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    unit: str = ""
    note: str = ""
    empty: str = "本期没有数字"

    @property
    def body(self) -> tuple[Row, ...]:
        return tuple(row for row in self.rows if row.role != "total")

    @property
    def foot(self) -> tuple[Row, ...]:
        return tuple(row for row in self.rows if row.role == "total")

    @property
    def hidden(self) -> int:
        """How many rows are suppressed."""
        return sum(any(cell.kind == "hidden" for cell in row.cells) for row in self.rows)


def text(words: str, href: str = "", note: str = "") -> Cell:
    return Cell("text", words, None, href, note)


def count(number: int, note: str = "") -> Cell:
    return Cell("count", f"{number:,}", Decimal(number), "", note) if number else NONE


def price(value: Fraction | None, href: str = "", scale: int = 2) -> Cell:
    """A figure from its minor units (元 from fen), rounded half to even as printed."""
    if value is None:
        return NONE
    digits = round_half_even(value / 10**scale, scale)
    return Cell("price", f"{Decimal(digits):,.{scale}f}", Decimal(digits), href)


def change(value: Fraction | None) -> Cell:
    """Percent with one place."""
    number = percent(value)
    return Cell("change", "", None) if number is None else Cell("change", f"{number}", number)


def percent(value: Fraction | None) -> Decimal | None:
    """A share as percent, rounded half to even to one place as it is printed."""
    return None if value is None else Decimal(round_half_even(value * 100, 1))


def rate(part: int, whole: int) -> Cell:
    """A share of a count as percent without a sign."""
    if not whole:
        return NONE
    number = percent(Fraction(part, whole))
    return Cell("count", f"{number}%", number, "", f"{part}/{whole}")


def hidden(why: str) -> Cell:
    return Cell("hidden", HIDDEN, None, "", why)


def why_hidden(figure: Figure, publish: Publish, *, live: bool) -> str:
    """Why a figure is not shown, without saying what it would give away."""
    if live:
        return "本级范围外只公布现行已审核数字"
    few = f"不足{publish.min_respondents}家"
    if figure.why:
        return {issued.FEW: few, issued.DOMINATED: "一家占比过高"}.get(figure.why, "防止由合计反推")
    if figure.sums.quotes and disclosive(figure.sums, publish):
        return few if figure.sums.quotes < publish.min_respondents else "一家占比过高"
    return "尚未发布"


def change_of(figure: Figure) -> Mapping[str, Cell]:
    """同样本环比, 环比, 同比 of a figure."""
    return {
        "matched": change(figure.matched_change),
        "plain": change(figure.plain_change),
        "year": change(figure.year_change),
    }
