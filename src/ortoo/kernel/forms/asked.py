"""Which cells a period asks for: all of the form's, or what an order named (专项监测, 急报)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import cast


@dataclass(frozen=True, slots=True)
class Asked:
    """Rows × columns of a form that one period asks for; every other cell stays empty."""

    items: frozenset[str]
    measures: frozenset[str]

    def __contains__(self, cell: tuple[str, str]) -> bool:
        return cell[0] in self.items and cell[1] in self.measures

    @staticmethod
    def read(said: object) -> Asked | None:
        """From the `asked` of an opening; None where the whole form is asked."""
        if not isinstance(said, Mapping):
            return None
        parts = cast("Mapping[str, Sequence[str]]", said)
        return Asked(frozenset(parts["items"]), frozenset(parts["measures"]))

    def write(self) -> dict[str, list[str]]:
        """As it stands in an opening, in a fixed order."""
        return {"items": sorted(self.items), "measures": sorted(self.measures)}
