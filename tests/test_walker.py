"""Every address of the finished site, walked by everybody to everything, on both packs.

The table is in tests/fixtures/expectations.py; a new address fails here until it is declared there.
"""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import NoReverseMatch, include, path, reverse
from ninja import NinjaAPI
from tests.fixtures.expectations import EXPECT, EXPECT_API
from tests.fixtures.visiting import (
    ALL,
    Expect,
    Visitor,
    everyone,
    nobody,
    unit_readers,
    unit_reviewers,
    visible,
)
from tests.fixtures.walk import Walk, addresses, operations, visitors
from tests.fixtures.walked_region import WalkedRegion, walked_region

from ortoo.kernel.grants.models import Grant
from ortoo.kernel.parties.models import Party
from ortoo.kernel.places.tests.packs_for_tests import FICTIONAL, PACKS

SHOWN_FAULTS = 40


@pytest.fixture(params=list(PACKS), ids=list(PACKS))
def world(request: pytest.FixtureRequest, db: None, settings, monkeypatch) -> WalkedRegion:
    """The walked region, served by this pack, in production mode."""
    sample = PACKS[request.param]
    settings.DEMO = False
    settings.PLACE_PACK = (
        str(sample.pack.head.code) if request.param == "neimenggu" else str(FICTIONAL)
    )
    return walked_region(sample)


def told(faults: list[str]) -> str:
    more = f"\n… 共 {len(faults)} 处" if len(faults) > SHOWN_FAULTS else ""
    return "\n".join(faults[:SHOWN_FAULTS]) + more


@pytest.mark.law(15)
def test_every_address_answers_as_declared_and_leaks_nothing(world: WalkedRegion) -> None:
    # Who may post does not hang on the pack: the second one is only read here.
    walk = Walk(world, EXPECT, EXPECT_API, posts=world.region.pack.head.code == "neimenggu")
    faults = walk.go()
    assert not faults, told(faults)
    assert walk.visits > 0


@pytest.mark.slow
@pytest.mark.law(15)
def test_every_address_answers_to_posts_on_every_pack(world: WalkedRegion) -> None:
    walk = Walk(world, EXPECT, EXPECT_API)
    faults = walk.go()
    assert not faults, told(faults)


def test_every_address_is_declared_and_nothing_else_is() -> None:
    walk = Walk(None, EXPECT)
    assert walk.undeclared() == [], "声明于 tests/fixtures/expectations.py"
    assert walk.stale() == []


def test_every_operation_of_the_api_is_declared(db: None) -> None:
    documents = [found.key for found in addresses() if found.key.endswith(":openapi-json")]
    known: set[str] = set()
    for key in documents:
        try:
            known.update(operations(Client().get(reverse(key)).json()))
        except NoReverseMatch:
            continue
    assert known == set(EXPECT_API)


def test_the_walk_itself_has_every_kind_of_visitor_and_site(world: WalkedRegion) -> None:
    region = world.region
    assert set(region.sites) == ALL
    assert {visitor.role for visitor in visitors(region)} == {
        "public",
        "clerk",
        "banner_reviewer",
        "league_reviewer",
        "region_reviewer",
        "region_reader",
        "operator",
        "auditor",
        "source",
    }
    places = {key: site.place for key, site in region.sites.items()}
    pack = region.pack
    assert pack[places["planned"]].parent == places["parent"], "the code tree says one thing"
    assert pack.reports_to(places["planned"], region_day()) == places["root"], (
        "the relation another"
    )


def region_day():
    from ortoo.kernel.grants.tests.small_region import ON

    return ON


def test_the_relations_typed_by_hand_are_those_of_the_scopes(world: WalkedRegion) -> None:
    """One oracle for two packs: what the table believes is what the kernel computes."""
    for visitor in visitors(world.region):
        if not visitor.login:
            continue
        scope = world.region.scope(visitor.login)
        for key, site in world.region.sites.items():
            found = scope.may_read(party=site.firm, place=site.place, form=world.form)
            assert found == unit_readers(visitor, key), (visitor, key)
            assert scope.may("accept", world.form, site.place) == unit_reviewers(visitor, key)


def test_the_planned_city_and_its_old_league_are_blind_to_each_other() -> None:
    league = Visitor("", "league_reviewer", "parent")
    city = Visitor("", "league_reviewer", "planned")
    assert "planned" not in visible(league)
    assert visible(city) == {"planned"}
    assert visible(Visitor("", "region_reviewer", "root")) == ALL


# --- The walker is itself tested: on a site with one leaking page and one undeclared. ---


def names_everybody(request):
    from django.http import HttpResponse

    return HttpResponse("、".join(Party.objects.values_list("name", flat=True)))


def opens_everything(request, login: str):
    from django.http import HttpResponse

    return HttpResponse(str(Grant.objects.filter(login=login).count()))


def falls_over(request):
    raise ZeroDivisionError


api = NinjaAPI(urls_namespace="walked")


@api.get("/returns/{seq}")
def any_return(request, seq: int):
    return {"seq": seq}


@api.post("/returns/{seq}/accept")
def accept_return(request, seq: int):
    request.scope.require("accept", place="nowhere")


urlpatterns = [
    path("leak/", names_everybody, name="leak"),
    path("open/<str:login>/", opens_everything, name="open"),
    path("fault/", falls_over, name="fault"),
    path("api/", api.urls),
    path("inner/", include(([path("x/", names_everybody, name="x")], "inner"))),
    path("", include("ortoo.site.accounts.urls")),
]
handler404 = "ortoo.site.errors.not_found"
BAD = {
    "leak": Expect(get=everyone, post=everyone),
    "open": Expect(get=unit_readers, post=nobody, kwargs=lambda w, key: {"login": f"clerk-{key}"}),
    "fault": Expect(get=everyone),
}
BAD_API = {
    "GET /api/returns/{seq}": Expect(
        get=unit_readers, kwargs=lambda w, key: {"seq": w.returns[key]}
    ),
    "POST /api/returns/{seq}/accept": Expect(
        post=nobody, kwargs=lambda w, key: {"seq": w.returns[key]}
    ),
}


@pytest.fixture
def bad_site(settings):
    settings.ROOT_URLCONF = "tests.test_walker"


def test_the_walker_finds_leaks_open_doors_faults_and_undeclared_addresses(world, bad_site) -> None:
    walk = Walk(world, BAD, BAD_API)
    assert "inner:x（inner/x/）" in walk.undeclared()
    document = Client().get(reverse("walked:openapi-json")).json()
    assert operations(document) == list(BAD_API)
    faults = walk.go()
    assert "public GET /leak/: names own" in faults
    assert "clerk-own GET /leak/: names sibling" in faults
    assert "clerk-own GET /leak/: names own" not in faults
    assert "league-reviewer-parent GET /leak/: names planned" in faults
    assert "league-reviewer-parent GET /leak/: names own" not in faults
    assert "clerk-own GET /open/clerk-planned/: was let in (200)" in faults
    assert not [fault for fault in faults if fault.startswith("clerk-own GET /open/clerk-own/")]
    assert "clerk-own GET /fault/: answered 500" in faults
    other = world.returns["planned"]
    assert f"clerk-own GET /api/returns/{other}: was let in (200)" in faults
    assert not [fault for fault in faults if "/accept" in fault]
