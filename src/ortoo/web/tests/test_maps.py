"""Maps: winding, shared borders, classes, gaps, names that bite."""

from __future__ import annotations

import copy
import json
import os
import re
import xml.etree.ElementTree as ElementTree
from itertools import pairwise
from pathlib import Path

import pytest

from ortoo.web import maps, projection, samples
from ortoo.web.tests.test_design import refused

WORDING = maps.Wording("羊肉零售价", "零售价", "元/公斤")
REPOSITORY = Path(__file__).parents[4]
SHARED = Path(os.environ.get("ORTOO_SHARED", REPOSITORY.parent / "shared"))


def values(shapes) -> dict[str, maps.Cell]:
    cells = {a.code: maps.Cell(60 + i, href=f"/p/{a.code}") for i, a in enumerate(shapes.areas)}
    cells[shapes.areas[0].code] = maps.Cell(state="missing")
    cells[shapes.areas[1].code] = maps.Cell(state="suppressed")
    return cells


def rings(path: str) -> list[list[tuple[int, int]]]:
    """Absolute points of path data of the kind we write."""
    found = []
    for piece in path.split("z")[:-1]:
        numbers = [int(n) for n in re.findall(r"-?\d+", piece)]
        points = [(numbers[0], numbers[1])]
        for dx, dy in zip(numbers[2::2], numbers[3::2], strict=True):
            points.append((points[-1][0] + dx, points[-1][1] + dy))
        found.append(points)
    return found


def twice_area(points) -> int:
    return sum(a[0] * b[1] - b[0] * a[1] for a, b in pairwise([*points, points[0]]))


def turned(collection):
    other = copy.deepcopy(collection)
    for feature in other["features"]:
        feature["geometry"]["coordinates"] = [r[::-1] for r in feature["geometry"]["coordinates"]]
    return other


def test_both_ring_directions_give_the_same_areas() -> None:
    clockwise = samples.sample_geometry()
    one, other = maps.outlines(clockwise), maps.outlines(turned(clockwise))
    for a, b in zip(one.areas, other.areas, strict=True):
        assert abs(twice_area(rings(a.path)[0])) == abs(twice_area(rings(b.path)[0])) > 0
        assert a.label == pytest.approx(b.label)
        assert set(rings(a.path)[0]) == set(rings(b.path)[0])


def test_a_simplified_border_is_the_same_for_both_neighbours() -> None:
    shapes = maps.outlines(samples.sample_geometry(), path_bytes=300)
    whole = sum(abs(twice_area(rings(a.path)[0])) for a in shapes.areas)
    edges: dict[frozenset, int] = {}
    for area in shapes.areas:
        ring = rings(area.path)[0]
        for edge in pairwise([*ring, ring[0]]):
            edges[frozenset(edge)] = edges.get(frozenset(edge), 0) + 1
    outside = [edge for edge, times in edges.items() if times == 1]
    assert max(edges.values()) == 2
    # The outer edges alone must enclose exactly what the areas cover: no gap, no overlap.
    assert whole == pytest.approx(_enclosed(outside), abs=1)


def _enclosed(edges) -> float:
    links: dict[tuple, list] = {}
    for edge in edges:
        a, b = tuple(edge)
        links.setdefault(a, []).append(b)
        links.setdefault(b, []).append(a)
    start = min(links)
    ring, before, here = [start], None, start
    while True:
        after = next(p for p in links[here] if p != before)
        if after == start:
            return abs(twice_area(ring))
        ring.append(after)
        before, here = here, after


def test_a_hole_stays_a_hole() -> None:
    outer = [[110, 40], [114, 40], [114, 44], [110, 44], [110, 40]]
    hole = [[111, 41], [113, 41], [113, 43], [111, 43], [111, 41]]
    town = {"type": "Polygon", "coordinates": [hole]}
    land = {"type": "MultiPolygon", "coordinates": [[outer, hole]]}
    features = [
        {"properties": {"code": "A", "name": "旗"}, "geometry": land},
        {"properties": {"code": "B", "name": "市"}, "geometry": town},
    ]
    shapes = maps.outlines({"features": features})
    assert [len(rings(a.path)) for a in shapes.areas] == [2, 1]
    html = maps.choropleth(shapes, {}, wording=WORDING)
    assert 'fill-rule="evenodd"' in html


def test_every_area_says_its_value_and_the_gaps_say_why() -> None:
    shapes = maps.outlines(samples.sample_geometry())
    html = maps.choropleth(shapes, values(shapes), wording=WORDING)
    assert "旗县: 锡林浩特市; 元/公斤: 未报" in html
    assert "旗县: 二连浩特市; 元/公斤: 不公开（样本过少）" in html
    assert 'href="/p/S05" aria-label="旗县: 东乌旗; 元/公斤: 65.00"' in html
    assert "url(#h" in html and "示意图" in html and 'class="legend"' in html
    assert refused(html) == [] and "NaN" not in html
    ElementTree.fromstring(html[: html.index("</svg>") + 6])


def test_hostile_names_are_escaped() -> None:
    shapes = maps.outlines(samples.sample_geometry())
    bad = shapes.named({a.code: "<script>\"'" for a in shapes.areas})
    cells = {"S03": maps.Cell(61, href='"><script>')}
    words = maps.Wording(
        "<script>", "<script>", "<script>", attribution="<script>", description="<b>"
    )
    assert "<script" not in maps.choropleth(bad, cells, wording=words)


@pytest.mark.parametrize("thresholds", [(1, 2, 3, 4, 5), (2, 1), (1, 1)])
def test_wrong_classes_are_refused(thresholds) -> None:
    shapes = maps.outlines(samples.sample_geometry())
    with pytest.raises(ValueError, match="MAP-CLASSES"):
        maps.choropleth(shapes, {}, wording=WORDING, thresholds=thresholds)


def test_a_value_on_a_threshold_belongs_to_the_upper_class() -> None:
    shapes = maps.outlines(samples.sample_geometry())
    cells = {"S00": maps.Cell(10), "S01": maps.Cell(9.99)}
    html = maps.choropleth(shapes, cells, wording=WORDING, thresholds=(10,))
    assert re.search(r'<g class="c5"><path role="img" aria-label="旗县: 锡林浩特市', html)
    assert re.search(r'<g class="c1"><path role="img" aria-label="旗县: 二连浩特市', html)


def test_equal_values_make_one_class() -> None:
    assert maps.quantiles([5, 5, 5, 5, 5, 5]) == ()
    assert maps.quantiles([]) == ()
    assert len(maps.quantiles(list(range(100)))) == 4


def test_the_projection_keeps_areas_in_proportion() -> None:
    project = projection.albers([(97, 37.5), (126, 53.3)])

    def patch(lon: float, lat: float) -> float:
        corners = [(lon, lat), (lon + 0.01, lat), (lon + 0.01, lat + 0.01), (lon, lat + 0.01)]
        ring = [project(c) for c in corners]
        return abs(sum(a[0] * b[1] - b[0] * a[1] for a, b in pairwise([*ring, ring[0]]))) / 2

    import math

    true = math.cos(math.radians(52.005)) / math.cos(math.radians(38.005))
    assert patch(120, 52) / patch(100, 38) == pytest.approx(true, rel=1e-4)


def test_a_map_across_the_equator_is_drawn() -> None:
    square = [[10, -5], [10, 5], [20, 5], [20, -5], [10, -5]]
    features = [
        {"properties": {"code": "E"}, "geometry": {"type": "Polygon", "coordinates": [square]}}
    ]
    assert maps.outlines({"features": features}).areas[0].path.startswith("M")


def test_a_pack_s_map_is_small() -> None:
    packs = sorted((REPOSITORY / "src/ortoo/kernel/places/packs").glob("*/schematic.geojson"))
    if not packs:
        pytest.skip("no pack has a geometry yet")
    for pack in packs:
        shapes = maps.read(pack)
        html = maps.choropleth(shapes, values(shapes), wording=WORDING)
        assert len(html.encode()) <= 1500 + 245 * len(shapes.areas)
        assert all(area.path for area in shapes.areas)


def test_real_borders_stay_within_25_kilobytes() -> None:
    path = SHARED / "data/registry/nm_banners_simplified.geojson"
    if not path.exists():
        pytest.skip("the shared geometry is not beside the checkout")
    shapes = maps.outlines(json.loads(path.read_text()), name_field="name_zh")
    html = maps.choropleth(shapes, values(shapes), wording=WORDING)
    assert len(html.encode()) <= 25 * 1024
    assert all(area.path for area in shapes.areas)
