"""All places an instance knows 地名录: one region's pack and the foreign markets beside it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from ortoo.kernel.places.pack import Pack
from ortoo.kernel.places.place import Place, PlaceError, PlaceIssue


class Gazetteer:
    """Looks a code up in whichever pack holds it; trees of different packs never join.

    Raises PlaceError PLACE-CLASH when two packs use the same code, PLACE-UNKNOWN on lookup.
    """

    def __init__(self, region: Pack, *others: Pack) -> None:
        self.region = region
        self.packs = (region, *others)
        self._pack_of: dict[str, Pack] = {}
        for pack in self.packs:
            for place in pack.places:
                if place.code in self._pack_of:
                    raise PlaceError(
                        PlaceIssue("PLACE-CLASH", place.code, "两个包用了同一代码", "改其中一个")
                    )
                self._pack_of[place.code] = pack

    def __iter__(self) -> Iterator[Place]:
        for pack in self.packs:
            yield from pack.places

    def __contains__(self, code: object) -> bool:
        return code in self._pack_of

    def __getitem__(self, code: str) -> Place:
        return self.pack_of(code)[code]

    def get(self, code: str) -> Place | None:
        return self._pack_of[code].get(code) if code in self._pack_of else None

    def pack_of(self, code: str) -> Pack:
        found = self._pack_of.get(code)
        if found is None:
            raise PlaceError(
                PlaceIssue("PLACE-UNKNOWN", code, "地名录没有这个代码", "核对代码，或用名称查找")
            )
        return found

    def reports_to(self, code: str, on: date) -> str | None:
        return self.pack_of(code).reports_to(code, on)

    def reporting_path(self, code: str, on: date) -> str:
        return self.pack_of(code).reporting_path(code, on)

    def under(self, code: str, on: date) -> frozenset[str]:
        return self.pack_of(code).under(code, on)

    def search(self, text: str, *, limit: int = 20) -> tuple[Place, ...]:
        """The region's places first, then foreign ones."""
        hits = [place for pack in self.packs for place in pack.search(text, limit=limit)]
        return tuple(hits[:limit])
