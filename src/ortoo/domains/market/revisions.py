"""Vintages 数据版次 and revisions 修订: what was issued, and what each issue changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from ortoo.domains.market import issued, publication
from ortoo.domains.market.issued import MEAN_SCALE, Vintage, is_shown
from ortoo.kernel.grants.scope import Scope

_MEAN, _QUOTES = issued.FIELDS.index("mean"), issued.FIELDS.index("quotes")


@dataclass(frozen=True, slots=True)
class Revised:
    """One cell that a later vintage gave out anew; means in minor units, None where hidden."""

    unit: str
    item: str
    before: Fraction | None
    after: Fraction | None
    quotes_before: int
    quotes_after: int

    @property
    def change(self) -> Fraction | None:
        """The revision as a share of what was given out before."""
        return self.after / self.before - 1 if self.before and self.after is not None else None


@dataclass(frozen=True, slots=True)
class Step:
    """One vintage and what it revised; nothing of the first."""

    number: int
    vintage: Vintage
    items: int
    revised: tuple[Revised, ...]


def steps(form: str, period: str) -> list[Step]:
    """Every vintage of a period, oldest first, with its revisions. Public: all of it was issued."""
    found = issued.vintages(form, period)
    out = []
    for number, vintage in enumerate(found, 1):
        before = issued.newest(found[: number - 1])
        items = {item for cells in vintage.cells.values() for item in cells}
        revised = tuple(
            _revised(unit, item, before[unit, item], after)
            for unit, cells in vintage.cells.items()
            for item, after in cells.items()
            if (unit, item) in before and list(before[unit, item]) != list(after)
        )
        out.append(Step(number, vintage, len(items), revised))
    return out


def _revised(unit: str, item: str, before: Sequence[int], after: Sequence[int]) -> Revised:
    return Revised(unit, item, _mean(before), _mean(after), _quotes(before), _quotes(after))


def _mean(values: Sequence[int]) -> Fraction | None:
    known = is_shown(values) and values[_QUOTES]
    return Fraction(values[_MEAN], MEAN_SCALE) if known else None


def _quotes(values: Sequence[int]) -> int:
    return values[_QUOTES] if is_shown(values) else 0


def withheld(scope: Scope, form: str, period: str) -> list[str]:
    """Items with changes that may not be given out yet; only the reviewing chain learns of them."""
    if not scope.may("read_aggregates", form=form):
        return []
    return publication.withheld(form, period)
