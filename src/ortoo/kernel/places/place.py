"""A place 地区 and the dated relation that says to whom it reports 报送关系."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum


class Mark(StrEnum):
    """How far a name or a row can be trusted."""

    REMEMBERED = "remembered"
    SEEN = "seen"
    PROOFREAD = "proofread"

    @property
    def verified(self) -> bool:
        """True where the name was read in a source or by a native reader."""
        return self is not Mark.REMEMBERED


@dataclass(frozen=True, slots=True)
class MarkedName:
    """A name with the mark that says whether it was verified."""

    text: str
    mark: Mark

    @property
    def verified(self) -> bool:
        return self.mark.verified


@dataclass(frozen=True, slots=True)
class Span:
    """A validity. Both ends are days in force (自…起至…止); None is open."""

    first: date | None = None
    last: date | None = None

    def holds(self, on: date) -> bool:
        return (self.first is None or self.first <= on) and (self.last is None or on <= self.last)

    def overlaps(self, other: Span) -> bool:
        return _not_after(self.first, other.last) and _not_after(other.first, self.last)

    def covers(self, other: Span) -> bool:
        """True where every day of `other` is a day of this span."""
        starts = self.first is None or (other.first is not None and self.first <= other.first)
        ends = self.last is None or (other.last is not None and other.last <= self.last)
        return starts and ends


def _not_after(first: date | None, last: date | None) -> bool:
    return first is None or last is None or first <= last


@dataclass(frozen=True, slots=True)
class Names:
    """Every name of a place. `abbr` is the everyday short name, `aka` only helps search."""

    zh: str
    en: str = ""
    pinyin: str = ""
    abbr: str = ""
    mn_cyrl: MarkedName | None = None
    mn_mong: MarkedName | None = None
    aka: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Place:
    """A place of one pack; geography only.

    `parent` is the code tree's parent ("" for a root). `office` is False where no bureau
    exists at this level 缺级. `host` names the place whose ground a statistical zone lies on.
    `lon`, `lat`: label point in degrees; `area_km2`, `population`: integers, None if unknown.
    """

    code: str
    kind: str
    level: int
    parent: str
    names: Names
    office: bool = True
    statistical: bool = False
    host: str = ""
    lon: float | None = None
    lat: float | None = None
    area_km2: int | None = None
    population: int | None = None
    span: Span = field(default_factory=Span)
    source: str = ""

    @property
    def zh(self) -> str:
        return self.names.zh

    @property
    def en(self) -> str:
        return self.names.en

    @property
    def short(self) -> str:
        """The everyday short name, or the full one where none is usual."""
        return self.names.abbr or self.names.zh


@dataclass(frozen=True, slots=True)
class Reporting:
    """One dated row of 报送关系: `child` reports to `parent` on every day of `span`."""

    child: str
    parent: str
    span: Span
    source: str
    verified: bool


@dataclass(frozen=True, slots=True)
class PlaceIssue:
    """A fault of a pack: ASCII code, the place it concerns, a message and what to do."""

    code: str
    place: str
    message: str
    remedy: str

    def __str__(self) -> str:
        where = f"{self.place}：" if self.place else ""
        return f"{self.code} {where}{self.message}；{self.remedy}"


class PlaceError(ValueError):
    """A pack that cannot be used, or a question it cannot answer. Carries all issues."""

    def __init__(self, *issues: PlaceIssue) -> None:
        self.issues = issues
        super().__init__("\n".join(str(issue) for issue in issues))

    @property
    def codes(self) -> tuple[str, ...]:
        return tuple(issue.code for issue in self.issues)
