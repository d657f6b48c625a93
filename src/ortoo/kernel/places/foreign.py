"""Foreign markets 境外市场: listed by country, never inside a region's reporting tree."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from ortoo.kernel.places.pack import Pack
from ortoo.kernel.places.place import Names, Place, PlaceError, PlaceIssue, Reporting, Span


@dataclass(frozen=True, slots=True)
class MarketProfile:
    """Which columns of an imported table name a market place, and of which country."""

    country: str
    name: str
    source: str
    lon: str = ""
    lat: str = ""
    kind: str = "foreign_market"
    zh: Mapping[str, str] = field(default_factory=dict)


def market_code(country: str, name: str) -> str:
    """`MNG-BAYAN-ULGII`: the country's code and the name in ASCII capitals."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    slug = re.sub(r"[^A-Z0-9]+", "-", plain.replace("'", "").upper()).strip("-")
    if not slug:
        raise PlaceError(
            PlaceIssue("PLACE-NAME", country, f"市场名“{name}”没有拉丁字母", "给出英文或转写名")
        )
    return f"{country}-{slug}"


def market_places(rows: Iterable[Mapping[str, str]], profile: MarketProfile) -> tuple[Place, ...]:
    """One Place for each market named in `rows`, in order of first appearance."""
    found: dict[str, Place] = {}
    for row in rows:
        name = row[profile.name].strip()
        code = market_code(profile.country, name) if name else ""
        if not code or code in found:
            continue
        found[code] = Place(
            code=code,
            kind=profile.kind,
            level=2,
            parent=profile.country,
            names=Names(zh=profile.zh.get(name, name), en=name),
            office=False,
            lon=_degrees(row, profile.lon),
            lat=_degrees(row, profile.lat),
            source=profile.source,
        )
    return tuple(found.values())


def with_markets(pack: Pack, rows: Iterable[Mapping[str, str]], profile: MarketProfile) -> Pack:
    """The foreign pack with the markets of an import; known places keep their names."""
    if not pack.head.foreign:
        raise PlaceError(
            PlaceIssue(
                "PLACE-FOREIGN",
                profile.country,
                "境外市场不得放进本地区的地区包",
                "放进 foreign = true 的包",
            )
        )
    new = [place for place in market_places(rows, profile) if place.code not in pack]
    reports = [Reporting(p.code, p.parent, Span(), p.source, True) for p in new]
    return pack.with_places(new, reports)


def _degrees(row: Mapping[str, str], column: str) -> float | None:
    text = row.get(column, "").strip() if column else ""
    return float(text) if text else None
