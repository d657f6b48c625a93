"""From a raster of labels to polygons whose common borders are the same points.

Borders run along cell edges. Corners where three or more labels meet are nodes; a border
between nodes is an arc, simplified once (Douglas & Peucker 1973) and used by both sides.
"""

from __future__ import annotations

from collections import defaultdict

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Corner = tuple[int, int]

EAST, NORTH, WEST, SOUTH = (1, 0), (0, 1), (-1, 0), (0, -1)


def polygons_of(
    labels: Ints, origin: tuple[float, float], step: float, *, tolerance: float = 1.3
) -> dict[int, list[list[Floats]]]:
    """For every label ≥ 0 its polygons: lists of rings (k, 2), outer first and clockwise.

    `labels` has row 0 in the south. `tolerance` is in cells. Rings are closed.
    """
    padded = np.pad(labels, 1, constant_values=-1)
    nodes = _nodes(padded)
    arcs: dict[tuple[Corner, ...], Floats] = {}
    shapes: dict[int, list[list[Floats]]] = {}
    for label in range(int(labels.max()) + 1):
        rings = [
            _place_ring(corners, nodes, arcs, tolerance, padded)
            for corners in _rings(padded == label)
        ]
        rings = [(ring - 1.0) * step + np.array(origin) for ring in rings if len(ring) >= 4]
        shapes[label] = nested(rings)
    return shapes


def _nodes(padded: Ints) -> npt.NDArray[np.bool_]:
    """Corners (row, column) around which three or more labels meet."""
    around = np.stack([padded[:-1, :-1], padded[:-1, 1:], padded[1:, :-1], padded[1:, 1:]])
    ordered = np.sort(around, axis=0)
    kinds = 1 + (np.diff(ordered, axis=0) != 0).sum(axis=0)
    crossing = (around[0] == around[3]) & (around[1] == around[2]) & (around[0] != around[1])
    nodes = np.zeros(np.array(padded.shape) + 1, dtype=bool)
    nodes[1:-1, 1:-1] = (kinds >= 3) | crossing
    return nodes


def _rings(own: npt.NDArray[np.bool_]) -> list[list[Corner]]:
    """Closed walks (x, y) along cell edges with the label on the right: outer clockwise."""
    rows, columns = np.nonzero(own)
    starts: dict[Corner, list[Corner]] = defaultdict(list)
    for x, y in zip(columns.tolist(), rows.tolist(), strict=True):
        if not own[y + 1, x]:
            starts[x, y + 1].append(EAST)
        if not own[y - 1, x]:
            starts[x + 1, y].append(WEST)
        if not own[y, x - 1]:
            starts[x, y].append(NORTH)
        if not own[y, x + 1]:
            starts[x + 1, y + 1].append(SOUTH)
    rings = []
    while starts:
        first = min(starts)
        rings.append(_walk(starts, first))
    return rings


def _walk(starts: dict[Corner, list[Corner]], first: Corner) -> list[Corner]:
    at, heading = first, starts[first][0]
    walk = [first]
    while True:
        choices = starts[at]
        turn_right = (heading[1], -heading[0])
        heading = turn_right if turn_right in choices and len(choices) > 1 else choices[0]
        choices.remove(heading)
        if not choices:
            del starts[at]
        at = (at[0] + heading[0], at[1] + heading[1])
        if at == first:
            return walk
        walk.append(at)


def _place_ring(
    corners: list[Corner],
    nodes: npt.NDArray[np.bool_],
    arcs: dict[tuple[Corner, ...], Floats],
    tolerance: float,
    padded: Ints,
) -> Floats:
    """The ring with each arc between nodes replaced by its one simplified form."""
    cuts = [i for i, (x, y) in enumerate(corners) if nodes[y, x]]
    if not cuts:
        cuts = [corners.index(min(corners)), corners.index(max(corners))]
    pieces = []
    for here, there in zip(cuts, [*cuts[1:], cuts[0] + len(corners)], strict=True):
        run = [corners[i % len(corners)] for i in range(here, there + 1)]
        coast = padded[_left_cell(run[0], run[1])] < 0
        pieces.append(_arc(run, arcs, tolerance, coast=bool(coast))[:-1])
    ring = np.concatenate(pieces)
    return np.concatenate([ring, ring[:1]])


def _left_cell(here: Corner, there: Corner) -> tuple[int, int]:
    """(row, column) of the cell on the left of a step."""
    (x, y), (dx, dy) = here, (there[0] - here[0], there[1] - here[1])
    return (y - (dx < 0 or dy < 0), x - (dy > 0 or dx < 0))


def _arc(
    run: list[Corner],
    arcs: dict[tuple[Corner, ...], Floats],
    tolerance: float,
    *,
    coast: bool,
) -> Floats:
    """One border: straight between places, rounded towards the outside."""
    backward = tuple(reversed(run)) < tuple(run)
    key = tuple(reversed(run)) if backward else tuple(run)
    if key not in arcs:
        line = simplified(np.array(key, dtype=float), tolerance)
        arcs[key] = rounded(line) if coast else line
    return arcs[key][::-1] if backward else arcs[key]


def simplified(line: Floats, tolerance: float) -> Floats:
    """Douglas–Peucker on the middles of the steps, so that staircases become straight."""
    if len(line) <= 2:
        return line
    middles = (line[1:] + line[:-1]) / 2
    line = np.concatenate([line[:1], middles, line[-1:]])
    keep = np.zeros(len(line), dtype=bool)
    keep[[0, -1]] = True
    todo = [(0, len(line) - 1)]
    while todo:
        first, last = todo.pop()
        if last - first < 2:
            continue
        inner = line[first + 1 : last] - line[first]
        chord = line[last] - line[first]
        length = float(np.hypot(*chord))
        if length:
            off = np.abs(inner[:, 0] * chord[1] - inner[:, 1] * chord[0]) / length
        else:
            off = np.hypot(inner[:, 0], inner[:, 1])
        worst = int(off.argmax())
        if off[worst] > tolerance:
            middle = first + 1 + worst
            keep[middle] = True
            todo += [(first, middle), (middle, last)]
    return line[keep]


def rounded(line: Floats, times: int = 2) -> Floats:
    """Corner cutting (Chaikin 1974) that keeps both ends."""
    for _ in range(times):
        if len(line) <= 2:
            return line
        cut = np.empty((2 * (len(line) - 1), 2))
        cut[0::2] = 0.75 * line[:-1] + 0.25 * line[1:]
        cut[1::2] = 0.25 * line[:-1] + 0.75 * line[1:]
        line = np.concatenate([line[:1], cut[1:-1], line[-1:]])
    return line


def signed_area(ring: Floats) -> float:
    """Shoelace area; negative where the ring runs clockwise with y up."""
    x, y = ring[:, 0], ring[:, 1]
    return float((x[:-1] * y[1:] - x[1:] * y[:-1]).sum() / 2)


def nested(rings: list[Floats]) -> list[list[Floats]]:
    """Outer rings (clockwise), each followed by the holes that lie in it."""
    outer = [ring for ring in rings if signed_area(ring) < 0]
    polygons = [[ring] for ring in outer]
    for hole in (ring for ring in rings if signed_area(ring) > 0):
        for polygon in polygons:
            if inside(hole[0], polygon[0]):
                polygon.append(hole)
                break
    return polygons


def inside(point: Floats, ring: Floats) -> bool:
    """Even–odd rule."""
    x, y = point
    (x0, y0), (x1, y1) = ring[:-1].T, ring[1:].T
    crosses = (y0 > y) != (y1 > y)
    rise = np.where(crosses, y1 - y0, 1.0)
    return bool((crosses & (x < (x1 - x0) * (y - y0) / rise + x0)).sum() % 2)
