"""Our own schematic map 示意图 of a pack, drawn from label points and areas alone.

It shows no boundary and copies none. Four steps, all deterministic:

1. label points go to an equal-area plane (Albers' cone, km);
2. places keep the direction to their neighbours but take a radius of area^`FLATTEN`, so that
   a city district is not a speck beside a desert banner (least squares, then no overlaps);
3. the plane is shared out by power distance (Aurenhammer 1987, power diagrams) on a fine
   raster, with weights moved until each place holds about its wanted area;
4. the raster's borders become arcs shared by both neighbours, simplified once, so that
   neighbours touch exactly and groups can be dissolved without slivers.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ortoo.kernel.places.pack import Pack
from ortoo.kernel.places.place import Place
from ortoo.kernel.places.tracing import polygons_of

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

FLATTEN = 0.6  # exponent of area: 1 keeps true areas, 0 makes all places alike
SMALLEST = 0.5  # share of the median below which no place shrinks, to be seen on a phone
CELLS_ACROSS = 420  # raster cells along the longer side
TIE = 2.0  # how much more a place holds to its own group than to others
NEAR = 1.42  # sites further apart than this many radii's sums are no neighbours
EARTH_KM = 6371.0088


@dataclass(frozen=True, slots=True)
class Cone:
    """Albers' equal-area conic projection on the sphere (Snyder 1987, 14-1…14-11)."""

    lon0: float
    n: float
    c: float
    rho0: float

    @staticmethod
    def through(lon: Floats, lat: Floats) -> Cone:
        low, high = np.radians(lat.min()), np.radians(lat.max())
        first, second = low + (high - low) / 6, high - (high - low) / 6
        n = float((np.sin(first) + np.sin(second)) / 2)
        c = float(np.cos(first) ** 2 + 2 * n * np.sin(first))
        middle = (low + high) / 2
        rho0 = float(EARTH_KM * np.sqrt(c - 2 * n * np.sin(middle)) / n)
        return Cone(float(lon.min() + lon.max()) / 2, n, c, rho0)

    def to_plane(self, lon: Floats, lat: Floats) -> Floats:
        """(k, 2) kilometres east and north of the middle."""
        rho = EARTH_KM * np.sqrt(self.c - 2 * self.n * np.sin(np.radians(lat))) / self.n
        theta = self.n * np.radians(lon - self.lon0)
        return np.column_stack([rho * np.sin(theta), self.rho0 - rho * np.cos(theta)])

    def to_globe(self, points: Floats) -> Floats:
        """(k, 2) degrees of longitude and latitude."""
        x, y = points[:, 0], self.rho0 - points[:, 1]
        rho, theta = np.hypot(x, y), np.arctan2(x, y)
        sine = (self.c - (rho * self.n / EARTH_KM) ** 2) / (2 * self.n)
        return np.column_stack(
            [self.lon0 + np.degrees(theta / self.n), np.degrees(np.arcsin(np.clip(sine, -1, 1)))]
        )


def drawable(pack: Pack) -> tuple[Place, ...]:
    """Places without children that have a label point and an area."""
    return tuple(
        p
        for p in pack.places
        if p.lon is not None and p.lat is not None and p.area_km2 and not pack.children(p.code)
    )


def schematic(pack: Pack, *, flatten: float = FLATTEN) -> dict[str, Any]:
    """A GeoJSON FeatureCollection of the pack's drawable places, outer rings clockwise."""
    places = drawable(pack)
    lon = np.array([p.lon for p in places], dtype=float)
    lat = np.array([p.lat for p in places], dtype=float)
    area = np.array([p.area_km2 for p in places], dtype=float)
    cone = Cone.through(lon, lat)
    true = cone.to_plane(lon, lat)
    wanted = area**flatten
    wanted = np.maximum(wanted, SMALLEST * np.median(wanted))
    wanted *= area.sum() / wanted.sum()
    groups = np.unique([p.parent for p in places], return_inverse=True)[1].astype(np.int64)
    centres = spread(true, np.sqrt(area / np.pi), np.sqrt(wanted / np.pi), groups)
    raster = share_out(centres, wanted)
    shapes = polygons_of(raster.labels, raster.origin, raster.step)
    degrees_per_cell = raster.step / 111.2
    return _collection(places, shapes, cone, math.ceil(-math.log10(degrees_per_cell / 4)))


def write(pack: Pack, path: Path) -> None:
    """Write the pack's schematic as compact GeoJSON."""
    text = json.dumps(schematic(pack), ensure_ascii=False, separators=(",", ":"))
    path.write_text(text.replace('{"type":"Feature"', '\n{"type":"Feature"') + "\n", "utf-8")


def _collection(
    places: Sequence[Place], shapes: Mapping[int, list[list[Floats]]], cone: Cone, digits: int
) -> dict[str, Any]:
    features = []
    for index, place in enumerate(places):
        parts = [
            [np.round(cone.to_globe(ring), digits).tolist() for ring in rings]
            for rings in shapes[index]
        ]
        features.append(
            {
                "type": "Feature",
                "id": place.code,
                "properties": {"code": place.code},
                "geometry": {"type": "Polygon", "coordinates": parts[0]}
                if len(parts) == 1
                else {"type": "MultiPolygon", "coordinates": parts},
            }
        )
    return {"type": "FeatureCollection", "features": features}


# --- step 2: positions --------------------------------------------------------------------


def neighbours(points: Floats, radii: Floats) -> Ints:
    """(e, 2) pairs i < j whose power cells touch near the line between them.

    The test is Gabriel's in power distance: no third site claims the point of equal power.
    """
    gap = points[None, :, :] - points[:, None, :]
    square = (gap**2).sum(axis=2)
    np.fill_diagonal(square, np.inf)
    share = 0.5 + (radii[:, None] ** 2 - radii[None, :] ** 2) / (2 * square)
    middle = points[:, None, :] + np.clip(share, 0.1, 0.9)[:, :, None] * gap
    power = ((middle[:, :, None, :] - points) ** 2).sum(axis=3) - radii**2
    own = np.take_along_axis(power, np.arange(len(points))[:, None, None], axis=2)[:, :, 0]
    pairs = np.argwhere(np.triu((own <= power.min(axis=2) + 1e-6) & np.isfinite(square), 1))
    return pairs.astype(np.int64)


def spread(true: Floats, true_radii: Floats, radii: Floats, groups: Ints) -> Floats:
    """Centres (k, 2) for discs of the wanted `radii` that keep the neighbours' directions."""
    pairs = neighbours(true, true_radii)
    a, b = pairs[:, 0], pairs[:, 1]
    towards = true[b] - true[a]
    far = np.hypot(towards[:, 0], towards[:, 1])
    keep = kept(pairs, far / (true_radii[a] + true_radii[b]), len(true))
    a, b, towards, far = a[keep], b[keep], towards[keep], far[keep]
    reach = 0.93 * (radii[a] + radii[b])
    wanted = towards / far[:, None] * reach[:, None]
    tie = np.where(groups[a] == groups[b], TIE, 1.0) / reach
    centres = _least_squares(a, b, wanted, tie, true)
    return _apart(centres, radii)


def kept(pairs: Ints, ratio: Floats, count: int) -> npt.NDArray[np.bool_]:
    """(e,) pairs that are near, and the nearest others that hold all places together."""
    keep = ratio < NEAR
    piece = np.arange(count)
    for edge in np.argsort(np.where(keep, 0.0, ratio), kind="stable"):
        one, other = piece[pairs[edge]]
        if one != other:
            keep[edge] = True
            piece[piece == other] = one
    return keep


def _least_squares(a: Ints, b: Ints, wanted: Floats, tie: Floats, anchor: Floats) -> Floats:
    """Positions whose differences along edges are `wanted`, held faintly to `anchor`."""
    count = len(anchor)
    hold = 2e-5
    laplacian = np.zeros((count, count))
    right = np.zeros((count, 2))
    np.add.at(laplacian, (a, a), tie)
    np.add.at(laplacian, (b, b), tie)
    np.add.at(laplacian, (a, b), -tie)
    np.add.at(laplacian, (b, a), -tie)
    np.add.at(right, b, tie[:, None] * wanted)
    np.add.at(right, a, -tie[:, None] * wanted)
    held = laplacian + hold * np.eye(count)
    solved = np.linalg.solve(held, right + hold * anchor)
    return solved.astype(np.float64)


def _apart(centres: Floats, radii: Floats, *, rounds: int = 120, squeeze: float = 0.86) -> Floats:
    """Push overlapping discs apart until none overlaps by more than 1 − `squeeze`."""
    at: Floats = centres.copy()
    least = squeeze * (radii[:, None] + radii[None, :])
    share = radii[None, :] / (radii[:, None] + radii[None, :])
    for _ in range(rounds):
        gap = at[:, None, :] - at[None, :, :]
        far = np.hypot(gap[:, :, 0], gap[:, :, 1])
        np.fill_diagonal(far, np.inf)
        short = np.maximum(least - far, 0.0)
        push = (share * short / far)[:, :, None] * gap
        at += 0.5 * push.sum(axis=1)
    return at


# --- step 3: the raster -------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Raster:
    """Labels (rows north to south reversed: row 0 is the southernmost), −1 outside."""

    labels: Ints
    origin: tuple[float, float]
    step: float


def share_out(centres: Floats, wanted: Floats, *, cells: int = CELLS_ACROSS) -> Raster:
    """Give every raster cell near a centre to one place, in about the wanted areas."""
    radii = np.sqrt(wanted / np.pi)
    low = (centres - radii[:, None]).min(axis=0) - radii.mean()
    high = (centres + radii[:, None]).max(axis=0) + radii.mean()
    step = float((high - low).max() / cells)
    across, up = (np.ceil((high - low) / step)).astype(int)
    x = low[0] + (np.arange(across) + 0.5) * step
    y = low[1] + (np.arange(up) + 0.5) * step
    square = (x[None, :, None] - centres[:, 0]) ** 2 + (y[:, None, None] - centres[:, 1]) ** 2
    land = _land(square, radii, step)
    weights = radii**2
    for turn in range(60):
        labels = np.where(land, (square - weights).argmin(axis=2), -1)
        held = np.bincount(labels[land], minlength=len(centres)) * step**2
        if turn < 59:
            error = np.sqrt(wanted) - np.sqrt(held)
            weights = weights + 0.35 * np.sqrt(wanted) * np.clip(error, -radii, radii)
    return Raster(_mended(labels.astype(np.int64)), (float(low[0]), float(low[1])), step)


def _land(square: Floats, radii: Floats, step: float) -> npt.NDArray[np.bool_]:
    """Discs grown a little, closed and opened so that the coast is calm; no lakes."""
    discs = (square - (1.10 * radii) ** 2).min(axis=2) <= 0
    calm = 1.3 * float(np.median(radii)) / step
    closed = ~_grown(~_grown(discs, calm), calm)
    opened = _grown(~_grown(~closed, calm / 2), calm / 2)
    return _filled(opened | discs)


def _grown(mask: npt.NDArray[np.bool_], radius: float) -> npt.NDArray[np.bool_]:
    """Dilation by a disc of `radius` cells; beyond the raster counts as False."""
    reach = int(radius)
    padded = np.pad(mask, reach)
    grown = np.zeros_like(mask)
    rows, columns = mask.shape
    for dy in range(-reach, reach + 1):
        # one row of the disc at a time, as a difference of running sums
        half = int(np.sqrt(radius**2 - dy**2))
        band = padded[reach + dy : reach + dy + rows].astype(np.int64)
        sums = np.concatenate([np.zeros((rows, 1), np.int64), band.cumsum(axis=1)], axis=1)
        left = np.arange(columns) + reach - half
        grown |= (sums[:, left + 2 * half + 1] - sums[:, left]) > 0
    return grown


def components(mask: npt.NDArray[np.bool_]) -> Ints:
    """Connected parts (four neighbours) numbered from 1, 0 outside; by spreading minima."""
    rows, columns = mask.shape
    parts = np.where(mask, np.arange(1, rows * columns + 1).reshape(rows, columns), 0)
    big = rows * columns + 2
    while True:
        wide = np.pad(np.where(mask, parts, big), 1, constant_values=big)
        near = np.minimum.reduce(
            [wide[1:-1, 1:-1], wide[:-2, 1:-1], wide[2:, 1:-1], wide[1:-1, :-2], wide[1:-1, 2:]]
        )
        near = np.where(mask, near, 0)
        near = np.where(mask, parts.ravel()[np.maximum(near - 1, 0)], 0)
        near = np.where(mask, np.minimum(near, parts), 0)
        if (near == parts).all():
            return parts.astype(np.int64)
        parts = near


def _filled(mask: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    outside = components(np.pad(~mask, 1, constant_values=True))
    return np.asarray((outside != outside[0, 0])[1:-1, 1:-1])


def _mended(labels: Ints) -> Ints:
    """Keep each place's largest part; small detached parts go to the neighbour beside them."""
    mended = labels.copy()
    for index in range(int(labels.max()) + 1):
        own = mended == index
        parts = components(own)
        names, sizes = np.unique(parts[own], return_counts=True)
        if len(names) > 1:
            mended[own & (parts != names[sizes.argmax()])] = -2
    while (mended == -2).any():
        wide = np.pad(mended, 1, constant_values=-1)
        for dy, dx in ((0, 1), (1, 0), (1, 2), (2, 1)):
            beside = wide[dy : dy + mended.shape[0], dx : dx + mended.shape[1]]
            take = (mended == -2) & (beside >= 0)
            mended[take] = beside[take]
    return mended
