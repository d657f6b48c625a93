"""Albers' equal-area conic, fitted to the data. Pure.

Source: J. P. Snyder, Map Projections: A Working Manual (USGS Professional Paper 1395), pp. 98-103,
the spherical form. Standard parallels lie a sixth of the latitude range inside the edges, which
is Kavrayskiy's usual choice.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable

Point = tuple[float, float]
Projection = Callable[[Point], Point]

FLAT = 1e-6  # below this cone constant the cone is a cylinder


def albers(points: Iterable[Point]) -> Projection:
    """Projection (lon, lat in degrees) → (x right, y down), unit sphere, from the points' extent.

    Raises ValueError when there is no point.
    """
    known = list(points)
    if not known:
        raise ValueError("MAP-EMPTY: no coordinates")
    lons, lats = [p[0] for p in known], [p[1] for p in known]
    south, north = min(lats), max(lats)
    inset = (north - south) / 6
    first, second = math.radians(south + inset), math.radians(north - inset)
    return _cone(first, second, math.radians((min(lons) + max(lons)) / 2))


def _cone(first: float, second: float, meridian: float) -> Projection:
    n = (math.sin(first) + math.sin(second)) / 2
    if abs(n) < FLAT:
        return lambda p: (math.radians(p[0]) - meridian, -math.sin(math.radians(p[1])))
    c = math.cos(first) ** 2 + 2 * n * math.sin(first)

    def project(point: Point) -> Point:
        theta = n * (math.radians(point[0]) - meridian)
        rho = math.sqrt(max(0.0, c - 2 * n * math.sin(math.radians(point[1])))) / n
        return rho * math.sin(theta), rho * math.cos(theta)

    return project
