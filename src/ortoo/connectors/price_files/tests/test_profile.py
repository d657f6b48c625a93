"""Profiles: an officer's file is checked whole, and every fault is named at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from ortoo.connectors.price_files import ProfileError, parse_profile, profile_of
from ortoo.connectors.price_files.profile import FOLDER

TEXT = (FOLDER / "wfp.toml").read_text("utf-8")
FORMS = Path(__file__).parents[3] / "domains" / "market" / "forms"


def faults(text: str) -> list[str]:
    with pytest.raises(ProfileError) as caught:
        parse_profile(text.encode())
    return [code for code, _ in caught.value.faults]


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.toml")), ids=lambda p: p.stem)
def test_every_profile_we_ship_is_without_fault(path):
    assert profile_of(path.stem) == profile_of(str(path))


def test_every_item_of_the_wfp_profile_is_an_item_of_its_form_in_the_same_unit():
    yaml = pytest.importorskip("yaml")
    path = FORMS / "foreign_monthly.yaml"
    if not path.exists():
        pytest.skip("the form is not written yet")
    form = yaml.safe_load(path.read_text("utf-8"))
    units = {
        item["code"]: item.get("unit", group["unit"])
        for group in form["groups"]
        for item in group["items"]
    }
    profile = profile_of("wfp")
    assert profile.form == form["form"]
    assert {item: unit for item, unit in profile.commodities.values()}.items() <= units.items()
    assert profile.scale == form["measures"]["price"]["scale"]
    (attribute,) = (a for a in form["attributes"] if a["code"] == "currency")
    assert set(profile.currencies) <= set(attribute["choices"])


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("[profile]", "[profil]", "PROFILE-SECTION"),
        ('title = "', 'titel = "', "PROFILE-TEXT"),
        ('market = ["market"]', 'bazaar = ["market"]', "PROFILE-COLUMN"),
        ('date = ["date"]', 'date = "date"', "PROFILE-LIST"),
        ('"%Y-%m-%d"', '"%d"', "PROFILE-DATE"),
        ("1990-01-01", '"long ago"', "PROFILE-DATE"),
        ('country = "MNG"', 'country = "蒙古"', "PROFILE-COUNTRY"),
        ("derive = true", 'codes = { "Selenge" = "色楞格" }', "PROFILE-PLACE"),
        ('"1/1000"]', '"1/0"]', "PROFILE-UNIT"),
        ('["公斤", "1000"]', '["公斤", "-1"]', "PROFILE-UNIT"),
        ("scale = 2", "scale = 9", "PROFILE-SCALE"),
        ('"9999999.99"', '"NaN"', "PROFILE-LARGEST"),
        ('["F101", "公斤"]', '["F101", "石"]', "PROFILE-COMMODITY"),
        ('["F101", "公斤"]', '"F101"', "PROFILE-COMMODITY"),
        ('period = "month"', 'period = "day"', "PROFILE-PERIOD"),
        ("[price]\n", "[price\n", "PROFILE-TOML"),
    ],
)
def test_a_fault_in_a_profile_is_named(old, new, code):
    assert old in TEXT
    assert code in faults(TEXT.replace(old, new, 1))


def test_all_faults_of_a_profile_are_reported_together():
    text = TEXT.replace("scale = 2", "scale = 9").replace('country = "MNG"', 'country = "m"')
    assert {"PROFILE-SCALE", "PROFILE-COUNTRY"} <= set(faults(text))
