"""A pack of places 地区包: immutable lookups over geography and 报送关系.

Geography is the code tree (`parent`). Scope, review, duties and rates follow `reports_to`,
which is dated and may cross the tree. Nothing here knows any region: all of it is data.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from types import MappingProxyType

from ortoo.kernel.places.place import (
    Mark,
    MarkedName,
    Names,
    Place,
    PlaceError,
    PlaceIssue,
    Reporting,
    Span,
)

__all__ = [
    "Head",
    "Kind",
    "Mark",
    "MarkedName",
    "Names",
    "Pack",
    "Place",
    "PlaceError",
    "PlaceIssue",
    "Reporting",
    "Source",
    "Span",
]


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of place: its level, its word and the patterns of its organisations' titles."""

    code: str
    level: int
    zh: str
    en: str
    government: str = ""
    bureau: str = ""
    statistical: bool = False


@dataclass(frozen=True, slots=True)
class Source:
    """Where a fact of the pack was read; `seen` is False for facts from memory."""

    code: str
    title: str
    seen: bool


@dataclass(frozen=True)
class Head:
    """Everything a pack says about itself, apart from its rows."""

    code: str
    title: Mapping[str, str]
    edition: str = ""
    root: str = ""
    time_zone: str = "Asia/Shanghai"
    calendar: str = ""
    currency: str = ""
    languages: tuple[str, ...] = ()
    visitor_languages: tuple[str, ...] = ()
    scheme: str = ""
    shapes: Mapping[int, str] = field(default_factory=dict)
    stem: Mapping[int, int] = field(default_factory=dict)
    levels: Mapping[int, Mapping[str, str]] = field(default_factory=dict)
    kinds: Mapping[str, Kind] = field(default_factory=dict)
    governments: Mapping[str, str] = field(default_factory=dict)
    bureaus: Mapping[str, str] = field(default_factory=dict)
    sources: Mapping[str, Source] = field(default_factory=dict)
    population_on: date | None = None
    population_total: int | None = None
    geometry: Path | None = None
    attribution: str = ""
    foreign: bool = False
    notes: tuple[str, ...] = ()


class Pack:
    """The places of one region (or of the foreign markets), checked and indexed.

    Raises PlaceError with every issue found when the rows contradict each other.
    """

    def __init__(
        self,
        head: Head,
        places: Iterable[Place],
        reports: Iterable[Reporting],
        *,
        checked: bool = True,
    ) -> None:
        self.head = head
        self.places: tuple[Place, ...] = tuple(places)
        self.reports: tuple[Reporting, ...] = tuple(reports)
        self._by_code: Mapping[str, Place] = MappingProxyType({p.code: p for p in self.places})
        self._children: dict[str, list[Place]] = defaultdict(list)
        for place in self.places:
            self._children[place.parent].append(place)
        self._up: dict[str, list[Reporting]] = defaultdict(list)
        self._down: dict[str, list[Reporting]] = defaultdict(list)
        for row in self.reports:
            self._up[row.child].append(row)
            self._down[row.parent].append(row)
        if checked:
            from ortoo.kernel.places.check import issues_of

            if issues := issues_of(self):
                raise PlaceError(*issues)

    # --- places and geography -------------------------------------------------------------

    def __contains__(self, code: object) -> bool:
        return code in self._by_code

    def __len__(self) -> int:
        return len(self.places)

    @property
    def root(self) -> Place:
        """The region itself. A foreign pack has no single root and raises PLACE-NO-ROOT."""
        if not self.head.root:
            raise PlaceError(
                PlaceIssue("PLACE-NO-ROOT", "", "境外市场不归入任何地区", "按国别代码查找")
            )
        return self[self.head.root]

    @property
    def roots(self) -> tuple[Place, ...]:
        return tuple(self._children[""])

    def __getitem__(self, code: str) -> Place:
        found = self._by_code.get(code)
        if found is None:
            raise PlaceError(
                PlaceIssue(
                    "PLACE-UNKNOWN",
                    code,
                    f"地区包“{self.head.title.get('zh', self.head.code)}”没有这个代码",
                    "核对代码，或用名称、拼音查找",
                )
            )
        return found

    def get(self, code: str) -> Place | None:
        return self._by_code.get(code)

    def children(self, code: str, on: date | None = None) -> tuple[Place, ...]:
        """Geographic children in the order of the pack; on a day, only those that exist."""
        rows = self._children.get(code, [])
        return tuple(p for p in rows if on is None or p.span.holds(on))

    def at_level(self, level: int, *, statistical: bool = True) -> tuple[Place, ...]:
        return tuple(
            p for p in self.places if p.level == level and (statistical or not p.statistical)
        )

    def search(self, text: str, *, limit: int = 20) -> tuple[Place, ...]:
        """Places found by code, Chinese, abbreviation, pinyin, English or Mongolian name."""
        from ortoo.kernel.places.search import ranked

        return ranked(self.places, text, limit=limit)

    # --- who reports to whom --------------------------------------------------------------

    def reporting(self, code: str, on: date) -> Reporting | None:
        """The row of 报送关系 in force for `code`, with its source; None for a root."""
        self[code]
        return next((row for row in self._up.get(code, []) if row.span.holds(on)), None)

    def reports_to(self, code: str, on: date) -> str | None:
        """The code to which `code` reports on that day; None for a root."""
        row = self.reporting(code, on)
        return row.parent if row else None

    def reporting_children(self, code: str, on: date) -> tuple[Place, ...]:
        """Places that report to `code` directly on that day."""
        self[code]
        rows = self._down.get(code, [])
        return tuple(self[row.child] for row in rows if row.span.holds(on))

    def reporting_chain(self, code: str, on: date) -> tuple[str, ...]:
        """Codes from the root down to `code` itself."""
        chain = [code]
        while (above := self.reports_to(chain[-1], on)) is not None:
            chain.append(above)
        return tuple(reversed(chain))

    def reporting_path(self, code: str, on: date) -> str:
        """`/150000/152500/152527/`: the prefix that scopes compare.

        Always ends in `code` itself, so that the scope of a place never widens to its
        neighbours; a level without an office never stands in the middle (checked).
        """
        return "/" + "/".join(self.reporting_chain(code, on)) + "/"

    def under(self, code: str, on: date) -> frozenset[str]:
        """`code` and all that report to it, directly or through others, on that day."""
        found: set[str] = set()
        todo = [code]
        while todo:
            at = todo.pop()
            if at not in found:
                found.add(at)
                todo.extend(place.code for place in self.reporting_children(at, on))
        return frozenset(found)

    def offices(self, code: str, on: date) -> tuple[Place, ...]:
        """Reviewing levels from the nearest up; a missing level 缺级 is skipped."""
        chain = (self[step] for step in reversed(self.reporting_chain(code, on)))
        return tuple(place for place in chain if place.office)

    def reviewing_place(self, code: str, on: date) -> Place:
        """The place whose bureau reviews the firms of `code` first."""
        return self.offices(code, on)[0]

    def reporting_units(self, on: date) -> tuple[Place, ...]:
        """What the root counts: every place that reports to it directly on that day."""
        return self.reporting_children(self.root.code, on)

    def unit_of(self, on: date) -> Mapping[str, str]:
        """For every place below the root, the reporting unit into which it rolls up once."""
        return {
            code: unit.code
            for unit in self.reporting_units(on)
            for code in self.under(unit.code, on)
        }

    # --- organisations' titles ------------------------------------------------------------

    def government(self, code: str) -> str:
        """Title of the people's government, or of the 行政公署 where the kind has one."""
        place = self[code]
        pattern = self.head.kinds[place.kind].government
        return self.head.governments.get(code, pattern.format(zh=place.zh))

    def bureau(self, code: str) -> str | None:
        """Title of the bureau in charge of commerce; None where the level is missing."""
        place = self[code]
        if not place.office:
            return None
        pattern = self.head.kinds[place.kind].bureau
        return self.head.bureaus.get(code, pattern.format(zh=place.zh)) or None

    # --- growth ---------------------------------------------------------------------------

    def with_places(self, places: Sequence[Place], reports: Sequence[Reporting] = ()) -> Pack:
        """A new pack with these rows too; a place already known is replaced."""
        new = {place.code: place for place in places}
        kept = [new.pop(place.code, place) for place in self.places]
        rows = (*self.reports, *(row for row in reports if row not in self.reports))
        return Pack(self.head, (*kept, *new.values()), rows)

    def retitled(self, **changes: object) -> Pack:
        """A pack with a changed head, for instance another geometry file."""
        return Pack(replace(self.head, **changes), self.places, self.reports)  # type: ignore[arg-type]
