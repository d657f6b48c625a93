"""Where the boxes and edges of a procedure's diagram lie: layers from the top, deterministic.

Layers by longest path (Sugiyama's scheme, small): an edge over several layers takes a narrow lane
of its own in each layer it passes, so no edge runs through a box; lanes and boxes of a layer are
ordered by the mean place of what stands before them, ties by the order of the definition.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from ortoo.kernel.threads.definition import ProcedureDefinition

BOX_WIDTH = 216
LANE_WIDTH = 14
GAP_X = 24
GAP_Y = 44
MARGIN = 20
START = "\x00start"
Node = str


@dataclass(frozen=True, slots=True)
class Edge:
    """From one node to another, through points (x, y) from bottom of box to top of box."""

    tail: Node
    head: Node
    points: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Box:
    """A node's rectangle."""

    node: Node
    layer: int
    x: int
    y: int
    width: int
    height: int

    def meets(self, other: Box) -> bool:
        """Whether the two rectangles share a point."""
        return (
            self.x < other.x + other.width
            and other.x < self.x + self.width
            and self.y < other.y + other.height
            and other.y < self.y + self.height
        )


@dataclass(frozen=True, slots=True)
class Layout:
    """All boxes and edges within a width and height in pixels."""

    boxes: tuple[Box, ...]
    edges: tuple[Edge, ...]
    width: int
    height: int


def end_node(code: str) -> Node:
    """An end's node: ends may be called like steps."""
    return f"\x00end {code}"


def edges_of(definition: ProcedureDefinition) -> tuple[Edge, ...]:
    """Every need, every member of a join, every cause of an end: one edge each, each pair once."""
    found = [Edge(need, step.code) for step in definition.steps for need in step.needs]
    found += [Edge(START, step.code) for step in definition.steps if not step.needs]
    found += [Edge(member, join.code) for join in definition.joins for member in join.of]
    found += [Edge(c.of, end_node(end.code)) for end in definition.ends for c in end.on]
    return tuple(dict.fromkeys(found))


def layers_of(definition: ProcedureDefinition) -> dict[Node, int]:
    """Node → layer: one more than the deepest of what it waits for. Circles stop at the count."""
    nodes = [START, *(step.code for step in definition.steps)]
    nodes += [join.code for join in definition.joins]
    nodes += [end_node(end.code) for end in definition.ends]
    depth = dict.fromkeys(nodes, 0)
    edges = [edge for edge in edges_of(definition) if edge.tail in depth and edge.head in depth]
    for _ in nodes:
        moved = False
        for edge in edges:
            if depth[edge.head] <= depth[edge.tail] < len(nodes):
                depth[edge.head], moved = depth[edge.tail] + 1, True
        if not moved:
            break
    bottom = max(depth.values(), default=0)
    for end in definition.ends:
        if not end.on:
            depth[end_node(end.code)] = bottom
    return depth


def lay_out(definition: ProcedureDefinition, heights: Mapping[Node, int]) -> Layout:
    """Boxes of the given heights; edges in the order of `edges_of`."""
    depth = layers_of(definition)
    edges = [edge for edge in edges_of(definition) if edge.tail in depth and edge.head in depth]
    lanes = {edge: _lanes(edge, depth) for edge in edges}
    rows = _rows(depth, lanes)
    places = _order(rows, [(edge.tail, *lanes[edge], edge.head) for edge in edges])
    widths = [sum(_width(node) + GAP_X for node in row) - GAP_X for row in places]
    total = max(widths, default=0)
    lefts: dict[Node, int] = {}
    for row, width in zip(places, widths, strict=True):
        x = MARGIN + (total - width) // 2
        for node in row:
            lefts[node] = x
            x += _width(node) + GAP_X
    tops, y = [], MARGIN
    for row in places:
        tops.append(y)
        y += max((heights.get(node, 0) for node in row), default=0) + GAP_Y
    boxes = {
        node: Box(node, layer, lefts[node], tops[layer], BOX_WIDTH, heights[node])
        for node, layer in depth.items()
    }
    drawn = _ports(edges, lanes, boxes, lefts, [*tops, y])
    return Layout(tuple(boxes.values()), drawn, total + 2 * MARGIN, y - GAP_Y + MARGIN)


def _lanes(edge: Edge, depth: Mapping[Node, int]) -> tuple[Node, ...]:
    between = range(depth[edge.tail] + 1, depth[edge.head])
    return tuple(f"\x00lane {edge.tail}>{edge.head}@{layer}" for layer in between)


def _rows(depth: Mapping[Node, int], lanes: Mapping[Edge, tuple[Node, ...]]) -> list[list[Node]]:
    rows: list[list[Node]] = [[] for _ in range(max(depth.values(), default=0) + 1)]
    for node, layer in depth.items():
        rows[layer].append(node)
    for edge, passed in lanes.items():
        for step, lane in enumerate(passed, depth[edge.tail] + 1):
            rows[step].append(lane)
    return [row for row in rows if row]


def _order(rows: list[list[Node]], chains: Sequence[tuple[Node, ...]]) -> list[list[Node]]:
    above: dict[Node, list[Node]] = {}
    for chain in chains:
        for before, after in pairwise(chain):
            above.setdefault(after, []).append(before)
    for number in range(1, len(rows)):
        middle = _middles(rows[number - 1])
        first = {node: place for place, node in enumerate(rows[number])}

        def mean(
            node: Node, middle: Mapping[Node, float] = middle, first: Mapping[Node, int] = first
        ) -> tuple[float, int]:
            known = [middle[found] for found in above.get(node, ()) if found in middle]
            return (sum(known) / len(known) if known else float("inf"), first[node])

        rows[number].sort(key=mean)
    return rows


def _middles(row: Sequence[Node]) -> dict[Node, float]:
    """Each node's middle, measured from the middle of its row."""
    total = sum(_width(node) + GAP_X for node in row) - GAP_X
    middles, x = {}, -total / 2
    for node in row:
        middles[node] = x + _width(node) / 2
        x += _width(node) + GAP_X
    return middles


def _width(node: Node) -> int:
    return LANE_WIDTH if node.startswith("\x00lane") else BOX_WIDTH


def _ports(
    edges: Sequence[Edge],
    lanes: Mapping[Edge, tuple[Node, ...]],
    boxes: Mapping[Node, Box],
    lefts: Mapping[Node, int],
    tops: Sequence[int],
) -> tuple[Edge, ...]:
    """Edges leave and reach a box at places of their own, in the order of where they lead."""

    def x_of(node: Node) -> int:
        return lefts[node] + _width(node) // 2

    leaving: dict[Node, list[Edge]] = {}
    coming: dict[Node, list[Edge]] = {}
    for edge in edges:
        leaving.setdefault(edge.tail, []).append(edge)
        coming.setdefault(edge.head, []).append(edge)
    drawn = []
    for edge in edges:
        tail, head = boxes[edge.tail], boxes[edge.head]
        passed = lanes[edge]
        out = sorted(leaving[edge.tail], key=lambda e: x_of((*lanes[e], e.head)[0]))
        into = sorted(coming[edge.head], key=lambda e: x_of((e.tail, *lanes[e])[-1]))
        points = [(_port(tail, out.index(edge), len(out)), tail.y + tail.height)]
        points.append((points[0][0], tops[tail.layer + 1] - GAP_Y))
        for layer, lane in enumerate(passed, tail.layer + 1):
            points += [(x_of(lane), tops[layer]), (x_of(lane), tops[layer + 1] - GAP_Y)]
        points.append((_port(head, into.index(edge), len(into)), head.y))
        drawn.append(Edge(edge.tail, edge.head, tuple(points)))
    return tuple(drawn)


def _port(box: Box, place: int, count: int) -> int:
    return box.x + box.width * (place + 1) // (count + 1)
