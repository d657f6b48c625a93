"""The packs on which every test of scope runs: two regions of wholly different shape.

Other packages' tests import `PACKS` and parametrise over it, or take the `pack` fixture.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path

from ortoo.kernel.places.load import load
from ortoo.kernel.places.pack import Head, Kind, Pack, Place, Reporting, Source
from ortoo.kernel.places.place import Names, Span

FICTIONAL = Path(__file__).parent / "packs" / "lanchuan"
ON = date(2026, 11, 14)


@dataclass(frozen=True)
class Sample:
    """A pack with the codes that a test of scope wants by their role."""

    pack: Pack
    planned: str  # reports past its geographic parent, straight to the root
    left: str  # the geographic parent it left
    without_office: str  # a missing level
    reviewer: str  # who reviews it instead
    ordinary: str  # a place that reports along the tree


PACKS = {
    "neimenggu": Sample(load("neimenggu"), "152501", "152500", "150302", "150300", "152527"),
    "lanchuan": Sample(load(FICTIONAL), "LCCB", "LCC", "LCD", "LC", "LCBC"),
}


def small_pack(
    places: dict[str, str], reports: list[Reporting], *, checked: bool = True, **head: object
) -> Pack:
    """A pack from {code: parent}; the level is the length of the code."""
    kinds = {f"k{n}": Kind(f"k{n}", n, f"{n}级", f"level {n}") for n in range(1, 9)}
    rows = [
        Place(code, f"k{len(code)}", len(code), parent, Names(zh=f"名{code}"))
        for code, parent in places.items()
    ]
    root = next((code for code, parent in places.items() if not parent), "")
    given = {"code": "small", "title": {"zh": "小"}, "root": root, "kinds": kinds, **head}
    given.setdefault("sources", {"s": Source("s", "s", True)})
    return Pack(Head(**given), rows, reports, checked=checked)  # type: ignore[arg-type]


def reports(child: str, parent: str, first: str = "", last: str = "") -> Reporting:
    span = Span(
        date.fromisoformat(first) if first else None, date.fromisoformat(last) if last else None
    )
    return Reporting(child, parent, span, "s", True)
