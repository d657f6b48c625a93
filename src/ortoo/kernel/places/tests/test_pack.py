"""Scope follows 报送关系, on both packs; facts of the built-in pack hold."""

from __future__ import annotations

from datetime import date

import pytest

from ortoo.kernel.places.load import load
from ortoo.kernel.places.pack import PlaceError
from ortoo.kernel.places.tests.packs_for_tests import ON, PACKS

NM = PACKS["neimenggu"].pack
LC = PACKS["lanchuan"].pack


def test_a_planned_city_and_the_unit_it_left_see_nothing_of_each_other(sample) -> None:
    pack = sample.pack
    assert pack[sample.planned].parent == sample.left
    assert pack.reports_to(sample.planned, ON) == pack.root.code
    assert sample.planned not in pack.under(sample.left, ON)
    assert not pack.under(sample.planned, ON) & pack.under(sample.left, ON)


def test_every_place_rolls_up_exactly_once_into_the_root(pack) -> None:
    units = pack.reporting_units(ON)
    below = [code for unit in units for code in pack.under(unit.code, ON)]
    assert sorted([*below, pack.root.code]) == sorted(place.code for place in pack.places)
    assert set(pack.unit_of(ON)) == set(below)


def test_the_path_is_the_chain_and_its_prefix_says_the_same_as_under(pack) -> None:
    paths = {place.code: pack.reporting_path(place.code, ON) for place in pack.places}
    for code, path in paths.items():
        by_prefix = {other for other, below in paths.items() if below.startswith(path)}
        assert by_prefix == pack.under(code, ON)


def test_scope_is_monotone(pack) -> None:
    for place in pack.places:
        above = pack.reports_to(place.code, ON)
        if above is not None:
            assert pack.under(place.code, ON) < pack.under(above, ON)


def test_a_missing_level_is_skipped_in_review(sample) -> None:
    pack = sample.pack
    assert not pack[sample.without_office].office
    assert pack.reviewing_place(sample.without_office, ON).code == sample.reviewer
    assert pack.bureau(sample.without_office) is None
    for place in pack.places:
        assert all(pack[step.code].office for step in pack.offices(place.code, ON))


def test_places_under_a_missing_level_report_above_it() -> None:
    assert {p.code for p in LC.children("LCD")} == {"LCDA", "LCDB", "LCDC"}
    assert LC.under("LCD", ON) == {"LCD"}
    assert LC.reporting_path("LCDA", ON) == "/LC/LCDA/"


def test_the_relation_is_dated() -> None:
    assert LC.reports_to("LCCB", date(2018, 12, 31)) == "LCC"
    assert LC.reports_to("LCCB", date(2019, 1, 1)) == "LC"
    assert "LCCB" in LC.under("LCC", date(2018, 12, 31))


def test_an_ordinary_place_reports_along_the_tree(sample) -> None:
    assert sample.pack.reports_to(sample.ordinary, ON) == sample.pack[sample.ordinary].parent


def test_paths_of_the_built_in_pack() -> None:
    assert NM.reporting_path("152527", ON) == "/150000/152500/152527/"
    assert NM.reporting_path("152501", ON) == "/150000/152501/"
    assert NM.reporting_path("150703", ON) == "/150000/150781/150703/"
    assert not NM.reporting("150781", ON).verified
    assert not NM.reporting("150703", ON).verified


def test_the_region_has_twelve_leagues_two_planned_cities_and_103_banners() -> None:
    assert len(NM.at_level(2)) == 12
    assert len(NM.at_level(3, statistical=False)) == 103
    assert len(NM.at_level(3)) == 108
    assert len(NM.reporting_units(ON)) == 14


def test_population_sums_to_the_census_total() -> None:
    assert sum(place.population for place in NM.at_level(3)) == 24_049_155
    assert NM["150703"].population == 84_424


def test_a_league_has_an_administrative_office_and_never_a_peoples_government() -> None:
    for league in ("152200", "152500", "152900"):
        assert NM.government(league).endswith("盟行政公署")
    assert NM.bureau("152500") == "锡林郭勒盟商务口岸局"
    assert NM.bureau("152527") == "太仆寺旗商务局"
    assert NM.bureau("150100") == "呼和浩特市商务局"


def test_no_remembered_name_counts_as_verified_and_scripts_are_kept_apart() -> None:
    for place in NM.places:
        cyrl, mong = place.names.mn_cyrl, place.names.mn_mong
        if cyrl:
            assert not cyrl.verified
            assert all("\u0400" <= ch <= "\u04ff" or ch == " " for ch in cyrl.text)
        if mong:
            assert all("\u1800" <= ch <= "\u18af" or ch in " \u202f" for ch in mong.text)


def test_a_statistical_zone_has_a_host_and_no_office_of_its_own_need_exist() -> None:
    zones = [place for place in NM.places if place.statistical]
    assert len(zones) == 5
    assert all(NM[zone.host].parent == zone.parent for zone in zones)


def test_a_place_exists_only_on_its_days() -> None:
    before = {place.code for place in NM.children("150600", date(2016, 6, 7))}
    assert "150603" not in before
    assert "150603" in {place.code for place in NM.children("150600", ON)}


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ("呼市", "150100"),
        ("Hohhot", "150100"),
        ("huhehaote", "150100"),
        ("东乌", "152525"),
        ("kangbashi", "150603"),
        ("152527", "152527"),
        ("Өвөр Монголын", "150000"),
        ("zhenglan", "152530"),
    ],
)
def test_search_finds_by_what_people_type(asked: str, code: str) -> None:
    assert NM.search(asked)[0].code == code


def test_search_for_nothing_finds_nothing() -> None:
    assert NM.search(" ") == ()
    assert NM.search("不存在的地方") == ()


def test_an_unknown_code_names_the_pack_and_the_remedy() -> None:
    with pytest.raises(PlaceError, match="PLACE-UNKNOWN") as raised:
        NM["999999"]
    assert raised.value.codes == ("PLACE-UNKNOWN",)


def test_the_same_folder_is_loaded_once() -> None:
    assert load("neimenggu") is NM
