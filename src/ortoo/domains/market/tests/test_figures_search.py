from __future__ import annotations

import re

import pytest

from ortoo.domains.market.tests.figures_world import FiguresWorld, figures_world

pytestmark = pytest.mark.django_db


@pytest.fixture
def world(db: None, settings, monkeypatch) -> FiguresWorld:
    return figures_world(settings, monkeypatch)


def found(world: FiguresWorld, text: str, login: str = "") -> str:
    response = world.client(login).get("/search/", {"q": text})
    assert response.status_code == 200
    return response.content.decode()


def titles(html: str) -> list[str]:
    return re.findall(r"<dt><a [^>]*>([^<]+)</a>", html)


@pytest.mark.parametrize("text", ["牛肉", "niurou", "nr", "beef", "NIUROU", " 牛 肉 "])
def test_an_item_is_found_by_name_pinyin_initials_and_english(world, text):
    assert "牛肉（腿肉）" in titles(found(world, text))


def test_the_nearest_name_comes_first(world):
    assert titles(found(world, "白菜"))[0] == "大白菜"
    assert titles(found(world, "土豆"))[0] == "土豆"


@pytest.mark.parametrize("text", ["锡林郭勒", "xilinguole", "Xilin"])
def test_a_place_is_found_by_chinese_pinyin_and_english(world, text):
    assert any("锡林郭勒" in title for title in titles(found(world, text)))


def test_firms_are_found_only_inside_the_scope(world):
    for site in world.region.sites.values():
        assert site.mark not in found(world, "标记")
    league = found(world, "标记", "league-reviewer-parent")
    inside = {"parent", "own", "sibling"}
    for key, site in world.region.sites.items():
        assert (site.mark in league) == (key in inside), key
    assert titles(found(world, "标记", "clerk-own")) == [world.region.sites["own"].mark]


def test_a_receipt_number_opens_its_filing_for_whoever_may(world):
    number = world.returns["now", "own"].number
    seq = world.returns["now", "own"].seq
    for login, may in (("clerk-own", True), ("league-reviewer-parent", True),
                       ("league-reviewer-neighbour-parent", False), ("", False)):  # fmt: skip
        assert (f"/filings/{seq}/" in found(world, number, login)) == may, login
    wrong = f"{number[:-1]}{'0' if number[-1] != '0' else '1'}"
    assert "没有找到" in found(world, wrong, "clerk-own")


@pytest.mark.parametrize("text", ["", "％", "zzzz", "'; DROP TABLE", "<script>alert(1)</script>"])
def test_nothing_found_says_what_to_try(world, text):
    html = found(world, text)
    assert 'class="empty"' in html and "<script>alert" not in html
