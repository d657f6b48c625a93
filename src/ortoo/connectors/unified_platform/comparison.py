"""What the platform holds against what was filed here, firm by firm, cell by cell. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from ortoo.kernel.forms.definition import Cell

Verdict = Literal["equal", "different", "only_here", "only_there"]
Cells = Mapping[tuple[str, str], Cell]


@dataclass(frozen=True, slots=True)
class Statement:
    """One cell on both sides, in minor units; None where that side says nothing."""

    item: str
    measure: str
    here: Cell
    there: Cell

    @property
    def verdict(self) -> Verdict:
        if self.here is None:
            return "only_there"
        if self.there is None:
            return "only_here"
        return "equal" if self.here == self.there else "different"


@dataclass(frozen=True, slots=True)
class FirmComparison:
    """One firm's cells that at least one side states, in the order given."""

    firm: str
    statements: tuple[Statement, ...]

    def count(self, verdict: Verdict) -> int:
        return sum(one.verdict == verdict for one in self.statements)

    @property
    def differing(self) -> tuple[Statement, ...]:
        """Cells on which the two sides disagree or one is silent."""
        return tuple(one for one in self.statements if one.verdict != "equal")


def compare(firm: str, here: Cells, there: Cells, order: Sequence[tuple[str, str]]) -> (
    FirmComparison
):  # fmt: skip
    """Cells in `order`; those of neither side are left out. Nothing is changed on either side."""
    found = (Statement(*cell, here.get(cell), there.get(cell)) for cell in order)
    return FirmComparison(
        firm, tuple(one for one in found if one.here is not None or one.there is not None)
    )
