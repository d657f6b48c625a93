"""Shapes for maps: a replaceable file, repaired, dissolved, and always labelled 示意图.

The ring trap: RFC 7946 wants outer rings counter-clockwise, d3 and Vega read rings on the
sphere and want them clockwise; the other way round they paint the whole globe except the
place. Every ring that enters is turned the way the charts need.

Which file: an explicit path, else the environment's ORTOO_GEOMETRY, else the pack's own
schematic. A file that cannot serve falls back to the next and says why in `issues`.
"""

from __future__ import annotations

import itertools
import json
import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ortoo.kernel.places.pack import Pack
from ortoo.kernel.places.place import PlaceError, PlaceIssue
from ortoo.kernel.places.tracing import inside, nested, signed_area

Floats = npt.NDArray[np.float64]
Polygon = tuple[Floats, ...]  # outer ring clockwise, then holes counter-clockwise
LABEL = "示意图"
CODE_PROPERTIES = ("code", "adcode", "gb", "id")


@dataclass(frozen=True)
class Geometry:
    """Polygons by place code, degrees of longitude and latitude, wound for d3.

    `schematic` is True for our own drawing, whose places are enlarged and moved: put marks
    at `centre(code)` there, never at a surveyed longitude and latitude.
    """

    shapes: Mapping[str, tuple[Polygon, ...]]
    attribution: str
    schematic: bool
    origin: str
    issues: tuple[PlaceIssue, ...] = field(default=())

    @property
    def caption(self) -> str:
        """What every map prints under itself."""
        text = self.attribution.strip()
        return text if LABEL in text else f"{LABEL}　{text}".rstrip()

    def collection(
        self, properties: Mapping[str, Mapping[str, object]] | None = None
    ) -> dict[str, Any]:
        """GeoJSON for the charts; `properties` by code are merged into each feature."""
        more = properties or {}
        return {
            "type": "FeatureCollection",
            "features": [
                {
                    "type": "Feature",
                    "id": code,
                    "properties": {"code": code, **more.get(code, {})},
                    "geometry": _as_json(shape),
                }
                for code, shape in self.shapes.items()
            ],
        }

    def dissolved(self, group_of: Mapping[str, str]) -> Geometry:
        """One shape a group; a code without a group is left out."""
        members: dict[str, list[Polygon]] = {}
        for code, shape in self.shapes.items():
            if code in group_of:
                members.setdefault(group_of[code], []).extend(shape)
        shapes = {group: dissolve(parts) for group, parts in members.items()}
        return Geometry(shapes, self.attribution, self.schematic, self.origin, self.issues)

    def by_parent(self, pack: Pack, level: int = 2) -> Geometry:
        """Geographic outlines: each place merged into its ancestor of `level`."""
        return self.dissolved({code: _ancestor(pack, code, level) for code in self.shapes})

    def by_unit(self, pack: Pack, on: date) -> Geometry:
        """Outlines of the reporting units of that day; planned cities stand by themselves."""
        return self.dissolved(pack.unit_of(on))

    def bounds(self) -> tuple[float, float, float, float]:
        """West, south, east, north in degrees."""
        rings = np.concatenate([polygon[0] for shape in self.shapes.values() for polygon in shape])
        west, south = rings.min(axis=0)
        east, north = rings.max(axis=0)
        return float(west), float(south), float(east), float(north)

    def projection(self) -> dict[str, Any]:
        """A conic equal-area projection for Vega that fits these shapes."""
        west, south, east, north = self.bounds()
        sixth = (north - south) / 6
        return {
            "type": "conicEqualArea",
            "parallels": [round(south + sixth, 2), round(north - sixth, 2)],
            "rotate": [round(-(west + east) / 2, 2), 0, 0],
        }

    def centre(self, code: str) -> tuple[float, float]:
        """A point inside the largest polygon of the place, for its label or mark."""
        outer = min((polygon[0] for polygon in self.shapes[code]), key=signed_area)
        x, y = outer[:-1].T
        cross = x * np.roll(y, -1) - np.roll(x, -1) * y
        total = cross.sum() * 3
        middle = np.array(
            [
                ((x + np.roll(x, -1)) * cross).sum() / total,
                ((y + np.roll(y, -1)) * cross).sum() / total,
            ]
        )
        if not inside(middle, outer):
            middle[0] = _widest_middle(outer, float(middle[1]))
        return float(middle[0]), float(middle[1])


def geometry_of(
    pack: Pack, path: str | Path | None = None, *, environment: Mapping[str, str] = os.environ
) -> Geometry:
    """The shapes to draw for `pack`; never fails while the pack has label points and areas."""
    issues: list[PlaceIssue] = []
    for wanted in (path, environment.get("ORTOO_GEOMETRY")):
        if wanted:
            try:
                return read(Path(wanted), pack)
            except PlaceError as fault:
                issues.extend(fault.issues)
    own = _own(pack)
    return Geometry(own.shapes, own.attribution, True, own.origin, tuple(issues))


def _own(pack: Pack) -> Geometry:
    drawn = pack.head.geometry
    if drawn is not None and drawn.is_file():
        found = read(drawn, pack)
        return Geometry(found.shapes, pack.head.attribution, True, drawn.name)
    shapes = _shapes(_computed(pack), pack, "schematic")
    return Geometry(shapes, pack.head.attribution, True, "schematic")


@cache
def _computed(pack: Pack) -> dict[str, Any]:
    from ortoo.kernel.places.schematic import schematic

    return schematic(pack)


def read(path: Path, pack: Pack) -> Geometry:
    """Shapes from a GeoJSON FeatureCollection at any path.

    A feature's code is its `code`, `adcode` or `gb` (156 + code) property, or its id.
    Attribution: members `attribution` or `审图号` of the collection, else the file's name.
    Raises PlaceError: GEOM-READ (no such file, not GeoJSON), GEOM-CODE (no place of the
    pack). Places without a shape are told in `issues` as GEOM-MISSING.
    """
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        shapes = _shapes(data, pack, path.name)
    except PlaceError:
        raise
    except (OSError, ValueError, KeyError, TypeError, AttributeError, IndexError) as fault:
        raise _fault(
            "GEOM-READ", f"{path.name} 读不出：{fault}", "换成 GeoJSON 要素集合"
        ) from fault
    missing = [p.code for p in pack.at_level(_finest(pack), statistical=False)]
    missing = [code for code in missing if code not in shapes]
    issues = (
        PlaceIssue(
            "GEOM-MISSING", "、".join(missing), f"{path.name} 缺 {len(missing)} 个地区", "补图"
        ),
    )
    words = [str(data[key]) for key in ("attribution", "审图号") if data.get(key)]
    caption = "　".join(words) or f"底图文件 {path.name}，未写明审图号"
    return Geometry(shapes, caption, False, path.name, issues if missing else ())


def _fault(code: str, message: str, remedy: str) -> PlaceError:
    return PlaceError(PlaceIssue(code, "", message, remedy))


def _finest(pack: Pack) -> int:
    return max(place.level for place in pack.places)


def _shapes(data: Mapping[str, Any], pack: Pack, name: str) -> dict[str, tuple[Polygon, ...]]:
    shapes: dict[str, tuple[Polygon, ...]] = {}
    for feature in data["features"]:
        code = _code_of(feature, pack)
        if code is not None:
            shapes[code] = tuple(wound(rings) for rings in _polygons(feature["geometry"]))
    if not shapes:
        raise _fault("GEOM-CODE", f"{name} 没有本地区包的地区", "核对要素的代码属性或地区包")
    return shapes


def _code_of(feature: Mapping[str, Any], pack: Pack) -> str | None:
    given = feature.get("properties") or {}
    for text in (*(given.get(key) for key in CODE_PROPERTIES), feature.get("id")):
        code = re.sub(r"^156(?=\d{6}$)", "", str(text)) if text is not None else ""
        if code in pack:
            return code
    return None


def _polygons(geometry: Mapping[str, Any]) -> list[Any]:
    if geometry["type"] == "Polygon":
        return [geometry["coordinates"]]
    if geometry["type"] == "MultiPolygon":
        return list(geometry["coordinates"])
    raise ValueError(f"不支持 {geometry['type']}，只用 Polygon 和 MultiPolygon")


def wound(rings: Iterable[Any]) -> Polygon:
    """Rings closed and turned for d3: the first clockwise, holes counter-clockwise."""
    turned = []
    for index, points in enumerate(rings):
        ring = np.asarray(points, dtype=float)[:, :2]
        if (ring[0] != ring[-1]).any():
            ring = np.concatenate([ring, ring[:1]])
        clockwise = signed_area(ring) < 0
        turned.append(ring if clockwise == (index == 0) else ring[::-1])
    return tuple(turned)


def globe_painters(collection: Mapping[str, Any]) -> tuple[str, ...]:
    """Codes or ids of features with an outer ring that would make Vega paint the globe."""
    return tuple(
        str(feature.get("id") or (feature.get("properties") or {}).get("code", ""))
        for feature in collection["features"]
        if any(
            signed_area(np.asarray(rings[0], dtype=float)[:, :2]) > 0
            for rings in _polygons(feature["geometry"])
        )
    )


Point = tuple[float, float]


def dissolve(polygons: Iterable[Polygon]) -> tuple[Polygon, ...]:
    """The union of polygons whose common borders share their points: inner edges cancel."""
    edges: dict[Point, list[Point]] = {}
    for polygon in polygons:
        for ring in polygon:
            points: list[Point] = [(float(x), float(y)) for x, y in ring]
            for a, b in itertools.pairwise(points):
                if a in edges.get(b, ()):
                    edges[b].remove(a)
                elif a != b:
                    edges.setdefault(a, []).append(b)
    open_ends = {a: ends for a, ends in edges.items() if ends}
    rings = []
    while open_ends:
        rings.append(_chain(open_ends))
    return tuple(wound(rings) for rings in nested([r for r in rings if len(r) >= 4]))


def _chain(open_ends: dict[Point, list[Point]]) -> Floats:
    """Follow edges from any start back to it, keeping right where there is a choice."""
    first = next(iter(open_ends))
    walk = [first]
    came, at = first, first
    while True:
        ends = open_ends[at]
        to = min(ends, key=partial(_left_turn, came, at))
        ends.remove(to)
        if not ends:
            del open_ends[at]
        came, at = at, to
        walk.append(at)
        if at == first or at not in open_ends:
            return np.array(walk)


def _left_turn(came: Point, at: Point, to: Point) -> float:
    """Angle of the turn in (−π, π], negative to the right."""
    ax, ay, bx, by = at[0] - came[0], at[1] - came[1], to[0] - at[0], to[1] - at[1]
    return float(np.arctan2(ax * by - ay * bx, ax * bx + ay * by))


def _ancestor(pack: Pack, code: str, level: int) -> str:
    place = pack[code]
    while place.level > level and place.parent:
        place = pack[place.parent]
    return place.code


def _as_json(shape: tuple[Polygon, ...]) -> dict[str, Any]:
    parts = [[ring.tolist() for ring in polygon] for polygon in shape]
    if len(parts) == 1:
        return {"type": "Polygon", "coordinates": parts[0]}
    return {"type": "MultiPolygon", "coordinates": parts}


def _widest_middle(outer: Floats, y: float) -> float:
    """The middle of the widest stretch of the ring's inside at height `y`."""
    (x0, y0), (x1, y1) = outer[:-1].T, outer[1:].T
    crosses = (y0 > y) != (y1 > y)
    at = np.sort(x0[crosses] + (y - y0[crosses]) * (x1 - x0)[crosses] / (y1 - y0)[crosses])
    widths = at[1::2] - at[::2]
    widest = int(widths.argmax())
    return float(at[::2][widest] + widths[widest] / 2)
