"""Maps: rings wound for d3, neighbours that touch, outlines that dissolve, a caption always."""

from __future__ import annotations

import json
import os
from collections import defaultdict
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ortoo.kernel.places.geometry import (
    Geometry,
    dissolve,
    geometry_of,
    globe_painters,
    read,
    wound,
)
from ortoo.kernel.places.load import PACKS as FOLDER
from ortoo.kernel.places.pack import PlaceError
from ortoo.kernel.places.schematic import Cone, drawable, schematic, write
from ortoo.kernel.places.tests.packs_for_tests import ON, PACKS
from ortoo.kernel.places.tracing import inside, polygons_of, signed_area

NM = PACKS["neimenggu"].pack
LC = PACKS["lanchuan"].pack
SQUARE = [[0.0, 0.0], [0.0, 1.0], [1.0, 1.0], [1.0, 0.0], [0.0, 0.0]]  # clockwise


def own(pack) -> Geometry:
    return geometry_of(pack, environment={})


def area(geometry: Geometry) -> float:
    rings = (ring for shape in geometry.shapes.values() for polygon in shape for ring in polygon)
    return -sum(signed_area(ring) for ring in rings)


def touching(geometry: Geometry) -> dict[str, set[str]]:
    owners: dict[tuple[float, float], set[str]] = defaultdict(set)
    for code, shape in geometry.shapes.items():
        for polygon in shape:
            for ring in polygon:
                for x, y in ring.tolist():
                    owners[x, y].add(code)
    near: dict[str, set[str]] = defaultdict(set)
    for codes in owners.values():
        for code in codes:
            near[code] |= codes - {code}
    return near


def collection(rings, code: str = "LCAA", **more) -> dict:
    geometry = {"type": "Polygon", "coordinates": rings}
    feature = {"type": "Feature", "properties": {"code": code}, "geometry": geometry}
    return {"type": "FeatureCollection", "features": [feature], **more}


def test_no_ring_of_our_own_paints_the_globe(pack) -> None:
    geometry = own(pack)
    assert globe_painters(geometry.collection()) == ()
    assert globe_painters(geometry.by_unit(pack, ON).collection()) == ()


def test_a_ring_wound_the_rfc_7946_way_is_found_and_repaired(tmp_path) -> None:
    rfc = collection([SQUARE[::-1]])
    assert globe_painters(rfc) == ("LCAA",)
    path = tmp_path / "rfc.geojson"
    path.write_text(json.dumps(rfc), "utf-8")
    assert globe_painters(read(path, LC).collection()) == ()


@given(st.booleans(), st.booleans(), st.booleans())
def test_rings_come_out_the_same_however_they_were_wound(turn, turn_hole, opened) -> None:
    hole = [[0.2, 0.2], [0.4, 0.2], [0.4, 0.4], [0.2, 0.4], [0.2, 0.2]]
    outer = SQUARE[::-1] if turn else SQUARE
    polygon = wound([outer[:-1] if opened else outer, hole[::-1] if turn_hole else hole])
    assert signed_area(polygon[0]) < 0 < signed_area(polygon[1])
    assert all((ring[0] == ring[-1]).all() for ring in polygon)


def test_every_drawable_place_has_one_piece_and_a_label_inside_it(pack) -> None:
    geometry = own(pack)
    assert set(geometry.shapes) == {place.code for place in drawable(pack)}
    for code, shape in geometry.shapes.items():
        assert len(shape) == 1
        assert inside(np.array(geometry.centre(code)), shape[0][0])


def test_all_places_together_are_one_piece_without_lakes(pack) -> None:
    (whole,) = own(pack).by_parent(pack, 1).shapes.values()
    assert len(whole) == 1
    assert len(whole[0]) == 1


def test_each_unit_is_one_piece_and_none_loses_area(pack) -> None:
    geometry = own(pack)
    units = geometry.by_unit(pack, ON)
    drawn = {code for code in units.shapes if len(units.shapes[code]) == 1}
    assert drawn == set(units.shapes)
    assert area(units) == pytest.approx(area(geometry), rel=1e-9)


def test_planned_cities_are_drawn_as_their_own() -> None:
    units = own(NM).by_unit(NM, ON)
    assert len(units.shapes) == 14
    assert {"150781", "152501"} <= set(units.shapes)
    assert len(own(NM).by_parent(NM).shapes) == 12


def test_true_neighbours_touch_on_the_schematic() -> None:
    near = touching(own(NM))
    assert "150703" in near["150781"]
    assert "152922" in near["152921"] and "152922" in near["152923"]
    assert "152524" in near["152501"]
    assert all(len(codes) >= 2 for code, codes in near.items() if code != "152923")


def test_a_city_district_is_large_enough_to_see() -> None:
    geometry = own(NM)
    sizes = {
        code: -sum(signed_area(p[0]) for p in shape) for code, shape in geometry.shapes.items()
    }
    assert min(sizes.values()) > 0.05 * max(sizes.values())


def test_the_committed_schematic_is_small_and_is_what_the_generator_draws() -> None:
    path = FOLDER / "neimenggu" / "schematic.geojson"
    assert path.stat().st_size < 60_000
    drawn = schematic(NM)
    kept = json.loads(path.read_text("utf-8"))
    assert [f["id"] for f in kept["features"]] == [f["id"] for f in drawn["features"]]
    for old, new in zip(kept["features"], drawn["features"], strict=True):
        a, b = (np.array(f["geometry"]["coordinates"][0]) for f in (old, new))
        assert np.abs(a.mean(axis=0) - b.mean(axis=0)).max() < 0.2


def test_a_pack_without_a_drawing_is_drawn_when_asked(tmp_path) -> None:
    assert LC.head.geometry is None
    assert own(LC).schematic
    write(LC, tmp_path / "lc.geojson")
    again = read(tmp_path / "lc.geojson", LC)
    assert set(again.shapes) == set(own(LC).shapes)


def test_every_map_is_captioned_as_a_schematic(tmp_path) -> None:
    assert "示意图" in own(NM).caption
    path = tmp_path / "approved.geojson"
    path.write_text(json.dumps(collection([SQUARE], attribution="审图号 GS(0000)0号")), "utf-8")
    assert read(path, LC).caption == "示意图　审图号 GS(0000)0号"


def test_the_environment_names_a_geometry_and_an_explicit_path_wins(tmp_path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).write_text(json.dumps(collection([SQUARE])), "utf-8")
    chosen = {"ORTOO_GEOMETRY": str(tmp_path / "one")}
    assert geometry_of(LC, environment=chosen).origin == "one"
    assert geometry_of(LC, tmp_path / "two", environment=chosen).origin == "two"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("not json", "GEOM-READ"),
        ('{"type":"FeatureCollection"}', "GEOM-READ"),
        (json.dumps(collection([SQUARE], code="ZZZZ")), "GEOM-CODE"),
    ],
)
def test_a_file_that_cannot_serve_falls_back_and_says_why(tmp_path, text, code) -> None:
    path = tmp_path / "bad.geojson"
    path.write_text(text, "utf-8")
    geometry = geometry_of(LC, path, environment={})
    assert geometry.schematic
    assert [issue.code for issue in geometry.issues] == [code]
    with pytest.raises(PlaceError, match=code):
        read(path, LC)


def test_missing_places_are_told() -> None:
    path = FOLDER / "neimenggu" / "schematic.geojson"
    with pytest.raises(PlaceError, match="GEOM-CODE"):
        read(path, LC)


def test_a_partial_file_names_what_it_lacks(tmp_path) -> None:
    path = tmp_path / "one.geojson"
    path.write_text(json.dumps(collection([SQUARE])), "utf-8")
    (issue,) = read(path, LC).issues
    assert issue.code == "GEOM-MISSING"
    assert "LCAB" in issue.place and "LCAA" not in issue.place


def test_codes_with_the_country_prefix_are_understood(tmp_path) -> None:
    made = collection([SQUARE])
    made["features"][0]["properties"] = {"gb": "156150102"}
    path = tmp_path / "gb.geojson"
    path.write_text(json.dumps(made), "utf-8")
    assert set(read(path, NM).shapes) == {"150102"}


def test_a_ring_around_a_hole_keeps_its_hole_when_dissolved() -> None:
    cells = [(x, y) for x in range(3) for y in range(3) if (x, y) != (1, 1)]
    squares = [wound([np.array(SQUARE) + cell]) for cell in cells]
    (shape,) = dissolve(squares)
    assert len(shape) == 2
    assert -sum(signed_area(ring) for ring in shape) == pytest.approx(8)


@given(st.lists(st.integers(-1, 3), min_size=30, max_size=30))
def test_traced_polygons_cover_every_cell_exactly_once(cells) -> None:
    labels = np.array(cells, dtype=np.int64).reshape(5, 6)
    shapes = polygons_of(labels, (0.0, 0.0), 1.0, tolerance=0.0)
    for label in range(int(labels.max()) + 1):
        for y, x in np.ndindex(labels.shape):
            point = np.array([x + 0.5, y + 0.47])
            held = any(
                inside(point, rings[0]) and not any(inside(point, hole) for hole in rings[1:])
                for rings in shapes[label]
            )
            assert held == (labels[y, x] == label)


@given(
    st.lists(st.tuples(st.floats(97, 126), st.floats(37, 53)), min_size=2, max_size=9, unique=True)
)
def test_the_cone_goes_there_and_back(points) -> None:
    lon, lat = np.array(points).T
    if np.ptp(lat) < 0.5:
        lat[0], lat[1] = 40.0, 45.0
    cone = Cone.through(lon, lat)
    assert np.abs(cone.to_globe(cone.to_plane(lon, lat)) - np.column_stack([lon, lat])).max() < 1e-8


def shared() -> Path:
    beside = Path(__file__).parents[6] / "shared"
    return Path(os.environ.get("ORTOO_SHARED", beside)) / "data/registry"


def test_a_surveyed_geometry_is_drawn_by_the_same_code() -> None:
    path = shared() / "nm_banners_simplified.geojson"
    if not path.is_file():
        pytest.skip("没有共享数据：设 ORTOO_SHARED 指向含 data/registry 的文件夹")
    geometry = geometry_of(NM, path, environment={})
    assert not geometry.schematic and geometry.issues == ()
    assert len(geometry.shapes) == 103
    assert globe_painters(geometry.collection()) == ()
    leagues = geometry.by_parent(NM)
    assert all(len(shape) == 1 for shape in leagues.shapes.values())
    assert area(leagues) == pytest.approx(area(geometry), rel=1e-9)
    assert len(geometry.by_unit(NM, ON).shapes) == 14


def test_the_pack_agrees_with_the_shared_register() -> None:
    path = shared() / "nm_regions.csv"
    if not path.is_file():
        pytest.skip("没有共享数据：设 ORTOO_SHARED 指向含 data/registry 的文件夹")
    import csv

    with path.open(encoding="utf-8") as file:
        rows = {row["code"]: row for row in csv.DictReader(file)}
    assert set(rows) == {place.code for place in NM.places}
    for place in NM.places:
        row = rows[place.code]
        assert (place.zh, place.parent) == (row["name_zh"], row["parent"])
        assert str(place.population) == row["pop_2020"]
