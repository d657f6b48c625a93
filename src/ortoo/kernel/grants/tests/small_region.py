"""A small region for tests of scope: a few offices, firms and log-ins on the places of any pack.

Everything that is a record is filed; only log-ins are made directly. Firms' names carry marks that
occur nowhere else, so that a leak is found by looking for them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from ortoo.kernel.filings.draft import Draft
from ortoo.kernel.filings.projection import catch_up
from ortoo.kernel.filings.write import file_many
from ortoo.kernel.grants import services
from ortoo.kernel.grants.models import Account
from ortoo.kernel.grants.registration import register_grant_forms
from ortoo.kernel.grants.scope import SYSTEM, Scope
from ortoo.kernel.grants.selectors import load_scope
from ortoo.kernel.grants.services import NewAccount, NewGrant
from ortoo.kernel.parties.codes import fictional_uscc
from ortoo.kernel.places.pack import Pack
from ortoo.kernel.places.tests.packs_for_tests import Sample

NOW = 1_795_000_000_000  # 2026-11-18
ON = date(2026, 11, 18)
SEAT = "150000"  # a place code of valid shape inside USCCs; where a party stands is its `place`


@dataclass(frozen=True)
class Site:
    """One kind of place the walk visits: its code, its office and one firm with its mark."""

    key: str
    place: str
    office: str
    firm: str
    mark: str


@dataclass(frozen=True)
class SmallRegion:
    """Sites by key: own, sibling, parent, neighbour_parent, neighbour, planned, root.

    `own` and `sibling` report to `parent`; `neighbour` to `neighbour_parent`; `planned` has the
    code of a child of `parent` and reports to `root`, as both parents do.
    """

    pack: Pack
    sites: dict[str, Site]
    logins: dict[str, str]  # login -> role

    def scope(self, login: str, *, on: date = ON, strong: bool = True) -> Scope:
        return load_scope(Account.objects.get(login=login), pack=self.pack, on=on, strong=strong)


def places_of(sample: Sample, on: date = ON) -> dict[str, str]:
    """Place codes for every key, found by the pack's own 报送关系."""
    pack, parent = sample.pack, sample.left
    own, sibling = [p.code for p in pack.reporting_children(parent, on) if p.office][:2]
    found = {"root": pack.root.code, "parent": parent, "own": own, "sibling": sibling}
    found["planned"] = sample.planned
    for unit in pack.reporting_children(pack.root.code, on):
        below = [p.code for p in pack.reporting_children(unit.code, on) if p.office]
        if unit.office and below and unit.code not in found.values():
            return {**found, "neighbour_parent": unit.code, "neighbour": below[0]}
    raise LookupError("the pack has no second reporting unit")


ROLES_AT = {
    "own": "banner_reviewer",
    "sibling": "banner_reviewer",
    "parent": "league_reviewer",
    "neighbour": "banner_reviewer",
    "neighbour_parent": "league_reviewer",
    "planned": "league_reviewer",
    "root": "region_reviewer",
}
ROOT_ONLY = ("region_reader", "operator", "auditor")


def seed(sample: Sample, *, demo: bool = False) -> SmallRegion:
    """File the region. Log-ins are `{role}-{key}` with `_` as `-`; none has a password."""
    register_grant_forms()
    sites = {
        key: Site(
            key=key,
            place=place,
            office=fictional_uscc(SEAT, 100 + number, kind="11"),
            firm=fictional_uscc(SEAT, 200 + number),
            mark=f"标记{number}{key}企业",
        )
        for number, (key, place) in enumerate(sorted(places_of(sample).items()))
    }
    _file_parties(sites)
    rows = [row for key in sites for row in _rows(key)] + [("source-foreign", "source", "root")]
    services.create_accounts(
        accounts=[
            NewAccount(login, _party(sites[key], role), f"账号·{login}", demo=demo)
            for login, role, key in rows
        ]
    )
    grants = [
        NewGrant(
            login=login,
            party=_party(sites[key], role),
            role=role,
            place="" if role == "source" else sites[key].place,
            valid_from=date(2026, 1, 1),
            basis="测试",
        )
        for login, role, key in rows
    ]
    services.grant_many(by=SYSTEM, grants=grants, now_ms=NOW)
    return SmallRegion(sample.pack, sites, {login: role for login, role, _ in rows})


def _rows(key: str) -> list[tuple[str, str, str]]:
    roles = ["clerk", ROLES_AT[key], *(ROOT_ONLY if key == "root" else ())]
    return [(login_of(role, key), role, key) for role in roles]


def login_of(role: str, key: str) -> str:
    """`league-reviewer-parent`."""
    return f"{role}-{key}".replace("_", "-")


def _party(site: Site, role: str) -> str:
    if role == "source":
        return "ORG-FOREIGN"
    return site.firm if role == "clerk" else site.office


def _file_parties(sites: dict[str, Site]) -> None:
    parties = [
        {"code": "ORG-FOREIGN", "kind": "source", "name": "境外来源", "place": "MNG"},
        {"code": "SYSTEM", "kind": "system", "name": "系统", "place": ""},
    ]
    for site in sites.values():
        parties += [
            {
                "code": site.office,
                "kind": "agency",
                "name": f"{site.key}商务局",
                "place": site.place,
            },
            {"code": site.firm, "kind": "enterprise", "name": site.mark, "place": site.place},
        ]
    draft = Draft("K-PARTY", "SYSTEM", "SYSTEM", "test-parties", {"parties": parties}, NOW)
    file_many([draft], now_ms=NOW)
    catch_up()
