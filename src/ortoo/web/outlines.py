"""GeoJSON → short SVG paths on one grid, borders shared by neighbours still shared. Pure.

Borders are cut where three areas (or the outside) meet, each piece is simplified once
(Douglas & Peucker 1973) in the same direction for both neighbours, and every coordinate is
rounded to the grid: no gap and no overlap can open. Both ring directions are read: paths are
filled even-odd, and nothing depends on the sense of a ring.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Any

from ortoo.web.projection import Point, albers

WIDTH = 1000
TIGHT = 14.0  # a piece whose ends are closer keeps one point between, or small areas would vanish
TOLERANCES = (0.7, 1.0, 1.4, 2.0, 2.8, 4.0, 5.6, 8.0)
BYTES_AN_AREA = 104
BYTES_AT_LEAST = 400

Ring = tuple[Point, ...]


@dataclass(frozen=True, slots=True)
class Outline:
    """One area on the grid: path data, label point, width and size of its largest part."""

    code: str
    name: str
    path: str
    label: Point
    span: float
    size: float


@dataclass(frozen=True, slots=True)
class Outlines:
    """A map 1000 units wide, areas in the order of the file; ``digest`` tells maps apart."""

    height: int
    areas: tuple[Outline, ...]
    digest: str

    def named(self, names: Mapping[str, str]) -> Outlines:
        """The same map with names by code (a pack keeps names apart from geometry)."""
        areas = tuple(replace(a, name=names.get(a.code, a.name)) for a in self.areas)
        return replace(self, areas=areas)


@lru_cache(maxsize=8)
def _read(path: Path, changed_ns: int, name_field: str) -> Outlines:
    return outlines(json.loads(path.read_text(encoding="utf-8")), name_field=name_field)


def read(path: Path, *, name_field: str = "name") -> Outlines:
    """Outlines of a GeoJSON file, kept until the file changes."""
    return _read(path, path.stat().st_mtime_ns, name_field)


def outlines(
    collection: Mapping[str, Any], *, name_field: str = "name", path_bytes: int | None = None
) -> Outlines:
    """Project, simplify until the paths fit ``path_bytes``, round.

    A feature has ``properties.code``, a name, optionally ``lon``/``lat`` (label point).
    Raises ValueError for a file without areas.
    """
    import hashlib

    features = [f for f in collection["features"] if f.get("geometry")]
    polygons = [_polygons(f["geometry"]) for f in features]
    everything = [p for parts in polygons for part in parts for ring in part for p in ring]
    project = albers(everything)
    flat = {p: project(p) for p in set(everything)}
    left, top = min(p[0] for p in flat.values()), min(p[1] for p in flat.values())
    scale = (WIDTH - 8) / (max(p[0] for p in flat.values()) - left)

    def place(point: Point) -> Point:
        x, y = flat.get(point) or project(point)
        return (x - left) * scale + 4, (y - top) * scale + 4

    placed = {p: place(p) for p in flat}
    rings = [[[tuple(placed[q] for q in r) for r in part] for part in parts] for parts in polygons]
    room = path_bytes or BYTES_AT_LEAST + BYTES_AN_AREA * len(features)
    paths = _fit(rings, room)
    areas = tuple(
        _outline(feature, parts, path, place, name_field)
        for feature, parts, path in zip(features, rings, paths, strict=True)
    )
    height = math.ceil(max(p[1] for p in placed.values()) + 4)
    digest = hashlib.sha256("".join(a.code + a.path for a in areas).encode()).hexdigest()
    return Outlines(height, areas, digest[:16])


def _polygons(geometry: Mapping[str, Any]) -> list[list[Ring]]:
    """Polygon or MultiPolygon as rings without the repeated last point."""
    parts = geometry["coordinates"]
    if geometry["type"] == "Polygon":
        parts = [parts]
    return [[tuple((p[0], p[1]) for p in ring[:-1]) for ring in part] for part in parts]


def _outline(
    feature: Mapping[str, Any], parts: list[list[Ring]], path: str, place: Any, name_field: str
) -> Outline:
    properties = feature["properties"]
    code = str(properties.get("code", feature.get("id", "")))
    name = str(properties.get(name_field) or properties.get("name_zh") or code)
    largest = max((part[0] for part in parts), key=_size)
    if "lon" in properties and "lat" in properties:
        label = place((properties["lon"], properties["lat"]))
    else:
        label = _centre(largest)
    across = max(p[0] for p in largest) - min(p[0] for p in largest)
    return Outline(code, name, path, label, across, _size(largest))


def _size(ring: Ring) -> float:
    """Area in square units, whatever the direction (shoelace)."""
    return abs(sum(a[0] * b[1] - b[0] * a[1] for a, b in pairwise((*ring, ring[0])))) / 2


def _centre(ring: Ring) -> Point:
    turns = [(a, b, a[0] * b[1] - b[0] * a[1]) for a, b in pairwise((*ring, ring[0]))]
    whole = sum(turn for *_, turn in turns) * 3 or 1.0
    x = sum((a[0] + b[0]) * turn for a, b, turn in turns) / whole
    y = sum((a[1] + b[1]) * turn for a, b, turn in turns) / whole
    return x, y


# ---- shared borders ----


def _fit(rings: list[list[list[Ring]]], room: int) -> list[str]:
    """Path data of each area, by the finest tolerance that fits the room."""
    everything = [ring for parts in rings for part in parts for ring in part]
    nodes = _junctions(everything)
    cut = {ring: _pieces(ring, nodes) for ring in everything}
    paths: list[str] = []
    for tolerance in TOLERANCES:
        kept: dict[Ring, Ring] = {}
        paths = [
            "".join(_path(_simplified(cut[r], tolerance, kept)) for part in parts for r in part)
            for parts in rings
        ]
        if sum(map(len, paths)) <= room:
            break
    return paths


def _junctions(rings: Iterable[Ring]) -> set[Point]:
    """Points with other than two neighbours over all rings: where borders part."""
    around: dict[Point, set[Point]] = {}
    for ring in rings:
        for before, here, after in zip(
            (ring[-1], *ring[:-1]), ring, (*ring[1:], ring[0]), strict=True
        ):
            around.setdefault(here, set()).update((before, after))
    return {point for point, others in around.items() if len(others) != 2}


def _pieces(ring: Ring, nodes: set[Point]) -> list[Ring]:
    """The ring cut at its junctions; one without any is cut at its least point and the farthest."""
    at = [i for i, point in enumerate(ring) if point in nodes]
    if len(at) < 2:
        start = at[0] if at else ring.index(min(ring))
        far = max(range(len(ring)), key=lambda i: (math.dist(ring[start], ring[i]), ring[i]))
        at = sorted({start, far})
    turned = ring[at[0] :] + ring[: at[0] + 1]
    ends = [i - at[0] for i in at] + [len(ring)]
    return [turned[a : b + 1] for a, b in pairwise(ends)]


def _simplified(pieces: Sequence[Ring], tolerance: float, kept: dict[Ring, Ring]) -> list[Point]:
    points: list[Point] = []
    for piece in pieces:
        backwards = piece[-1] < piece[0]
        key = piece[::-1] if backwards else piece
        if key not in kept:
            kept[key] = _thin(key, tolerance)
        thin = kept[key][::-1] if backwards else kept[key]
        points.extend(thin[:-1])
    return points


def _thin(piece: Ring, tolerance: float) -> Ring:
    """Douglas–Peucker, without recursion."""
    keep = {0, len(piece) - 1}
    stack = [(0, len(piece) - 1)]
    while stack:
        first, last = stack.pop()
        if last - first < 2:
            continue
        index = max(range(first + 1, last), key=lambda i: _off(piece[i], piece[first], piece[last]))
        whole = (first, last) == (0, len(piece) - 1)
        must = whole and math.dist(piece[0], piece[-1]) < TIGHT
        if must or _off(piece[index], piece[first], piece[last]) > tolerance:
            keep.add(index)
            stack += [(first, index), (index, last)]
    return tuple(piece[i] for i in sorted(keep))


def _off(point: Point, start: Point, end: Point) -> float:
    """Distance of a point from a stretch."""
    dx, dy = end[0] - start[0], end[1] - start[1]
    square = dx * dx + dy * dy
    if square == 0:
        return math.dist(point, start)
    along = ((point[0] - start[0]) * dx + (point[1] - start[1]) * dy) / square
    along = min(1.0, max(0.0, along))
    return math.dist(point, (start[0] + along * dx, start[1] + along * dy))


def _path(points: Sequence[Point]) -> str:
    """A closed path of whole numbers, relative: ``M12 34l5-6 7 8z``."""
    grid = [(round(x), round(y)) for x, y in points]
    unique = [grid[0], *(b for a, b in pairwise(grid) if a != b)]
    if len(unique) > 1 and unique[-1] == unique[0]:
        unique.pop()
    moves = [f"{b[0] - a[0]} {b[1] - a[1]}" for a, b in pairwise(unique)]
    text = f"M{unique[0][0]} {unique[0][1]}l{' '.join(moves)}z" if moves else ""
    return text.replace(" -", "-")
