"""Foreign markets stay outside every region's tree."""

from __future__ import annotations

import pytest

from ortoo.kernel.places.foreign import MarketProfile, market_code, market_places, with_markets
from ortoo.kernel.places.gazetteer import Gazetteer
from ortoo.kernel.places.load import load
from ortoo.kernel.places.pack import PlaceError
from ortoo.kernel.places.tests.packs_for_tests import ON, PACKS

PROFILE = MarketProfile("MNG", "market", "wfp", "longitude", "latitude", zh={"Khovd": "科布多"})
ROWS = [
    {"market": "Khovd", "longitude": "91.64", "latitude": "48.01"},
    {"market": "Ulaanbaatar", "longitude": "106.92", "latitude": "47.92"},
    {"market": "Khovd", "longitude": "91.64", "latitude": "48.01"},
    {"market": " ", "longitude": "", "latitude": ""},
]


def test_no_foreign_place_is_under_a_region(pack) -> None:
    book = Gazetteer(pack, load("foreign"))
    assert not any(code in book.under(pack.root.code, ON) for code in ("MNG", "MNG-ULAANBAATAR"))
    assert book.under("MNG", ON) >= {"MNG", "MNG-ULAANBAATAR"}
    assert book.reporting_path("MNG-DORNOD", ON) == "/MNG/MNG-DORNOD/"
    assert book.reports_to("MNG", ON) is None


def test_the_country_is_shown_as_a_foreign_market() -> None:
    assert load("foreign")["MNG"].zh == "境外市场（蒙古国）"
    with pytest.raises(PlaceError, match="PLACE-NO-ROOT"):
        _ = load("foreign").root


def test_an_import_adds_new_markets_once_and_keeps_known_names() -> None:
    pack = with_markets(load("foreign"), ROWS, PROFILE)
    assert len(pack) == len(load("foreign")) + 1
    assert pack["MNG-KHOVD"].zh == "科布多"
    assert pack["MNG-KHOVD"].lon == 91.64
    assert pack["MNG-ULAANBAATAR"].zh == "乌兰巴托"
    assert pack.reporting_path("MNG-KHOVD", ON) == "/MNG/MNG-KHOVD/"


def test_a_foreign_market_is_refused_in_a_region(pack) -> None:
    with pytest.raises(PlaceError, match="PLACE-FOREIGN"):
        with_markets(pack, ROWS, PROFILE)


def test_market_codes_are_plain_ascii() -> None:
    assert market_code("MNG", "Bayan-Ulgii") == "MNG-BAYAN-ULGII"
    assert market_code("MNG", "O'lgii") == "MNG-OLGII"
    assert market_code("MNG", "Ölgii") == "MNG-OLGII"
    with pytest.raises(PlaceError, match="PLACE-NAME"):
        market_code("MNG", "乌兰巴托")


def test_one_place_for_each_market_of_a_table() -> None:
    assert [place.en for place in market_places(ROWS, PROFILE)] == ["Khovd", "Ulaanbaatar"]


def test_the_gazetteer_refuses_two_packs_with_one_code(pack) -> None:
    with pytest.raises(PlaceError, match="PLACE-CLASH"):
        Gazetteer(pack, pack)


def test_the_gazetteer_looks_in_every_pack() -> None:
    book = Gazetteer(PACKS["neimenggu"].pack, load("foreign"))
    assert book["152501"].en == "Erenhot City"
    assert book.get("nothing") is None
    assert "MNG" in book and "nothing" not in book
    assert book.search("Dornod")[0].code == "MNG-DORNOD"
    assert sum(1 for _ in book) == 121 + 6
    with pytest.raises(PlaceError, match="PLACE-UNKNOWN"):
        book["nothing"]
