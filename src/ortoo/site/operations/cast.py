"""Who takes part in a demonstration: offices, firms, lists, log-ins and grants, all filed.

No firm or person is real: organisation codes lie in the reserved block, telephones at 199-0000.
"""

from __future__ import annotations

import datetime as dt
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from django.conf import settings

from ortoo.domains.market.services import SAMPLE, SYSTEM
from ortoo.domains.market.world import SimulatedRegion
from ortoo.kernel.filings.draft import Draft
from ortoo.kernel.filings.projection import catch_up
from ortoo.kernel.filings.write import file_many
from ortoo.kernel.grants import scope as scopes
from ortoo.kernel.grants import services as grants
from ortoo.kernel.grants.services import NewAccount, NewGrant
from ortoo.kernel.parties.codes import fictional_uscc
from ortoo.kernel.places.pack import Pack
from ortoo.kernel.places.place import Place
from ortoo.kernel.seal.contacts import Person, seal_contacts
from ortoo.world import Firm, sample_changes

SCRIPT = Path(__file__).with_name("demo.toml")
# Serial numbers of the world's firms begin at 0; offices stand far above them.
OFFICE_SERIAL = 900_000
BATCH = 100
LISTS = {
    "sample": SAMPLE,
    "guarantor": "supply_guarantors",
    "backbone": "backbone_firms",
    "wholesale": "wholesale_markets",
    "material": "material_dealers",
    "trading": "trading_markets",
}
FURTHER = ("wholesale", "material", "trading")
BASIS = "演示授权"


@dataclass(frozen=True, slots=True)
class Part:
    """A role of the demonstration: log-in, role, place and the sentence on what to try."""

    login: str
    role: str
    place: str
    title: str
    invitation: str
    story: str = ""
    deputy: bool = False


def script() -> Mapping[str, Any]:
    """The demonstration's own data: roles and the places of the small world."""
    return tomllib.loads(SCRIPT.read_text("utf-8"))


def parts(pack: Pack) -> list[Part]:
    """Roles whose place this pack has, in the order of the script."""
    found = [
        Part(
            row["login"], row["role"], row.get("place", pack.root.code), row["title"],
            row["try"].format(home=settings.HOME), row.get("story", ""), row.get("deputy", False),
        )
        for row in script()["role"]
    ]  # fmt: skip
    return [part for part in found if part.place in pack]


@dataclass(frozen=True)
class Cast:
    """The demonstration's region and its offices; `logins` maps a party to who acts for it."""

    region: SimulatedRegion
    agencies: Mapping[str, str]
    logins: Mapping[str, str]
    parts: Sequence[Part]
    stories: Mapping[str, str]
    campaign: Sequence[str] = ()
    """Places that the demonstration's 专项监测 covers."""

    @property
    def pack(self) -> Pack:
        return self.region.pack

    def actor(self, party: str) -> str:
        """How filings of a party name who pressed the button."""
        return f"account:{self.logins[party]}"

    @property
    def root(self) -> str:
        """The region's own agency."""
        return self.agencies[self.pack.root.code]

    def filed_by_clerks(self) -> list[Firm]:
        """Firms that have a log-in of their own: those that owe a form, and the frame's."""
        world = self.region.world
        shops = {firm.code for firm in world.shops}
        return [f for f in world.respondents if f.lists or f.code in shops]


def offices(pack: Pack, region: SimulatedRegion) -> list[Place]:
    """Places with a bureau that this world needs: where firms are, and those above them.

    Those of the first three lists come first: their codes are numbered in this order, and a
    demonstration made before there were further lists keeps its own.
    """
    on = dt.date.max.replace(year=2100)
    needed = {pack.root.code} | {part.place for part in parts(pack)}
    for firm in region.world.firms:
        needed |= set(pack.reporting_chain(firm.place, on))
    further: set[str] = set()
    for firm in region.world.roll.newcomers:
        further |= set(pack.reporting_chain(firm.place, on)) - needed
    found = [place for place in pack.places if place.office and place.code in needed]
    return found + [place for place in pack.places if place.office and place.code in further]


def assemble(region: SimulatedRegion, *, current: dt.date) -> Cast:
    """Choose offices' codes, log-ins and the firms of the stories; nothing is written."""
    pack = region.pack
    agencies = {
        place.code: fictional_uscc(place.code, OFFICE_SERIAL + number, kind="11")
        for number, place in enumerate(offices(pack, region))
    }
    logins = {firm.code: f"c.{firm.code.lower()}" for firm in region.world.respondents}
    logins |= {code: f"r.{place}" for place, code in agencies.items()}
    pools = _Pools(region, current)
    stories: dict[str, str] = {}
    found: list[Part] = []
    for part in parts(pack):
        if part.role == "clerk":
            firm = pools.firm_of(part, set(stories.values()))
            if firm is None:
                continue
            stories[part.story] = firm.code
            logins[firm.code] = part.login
            found.append(replace(part, title=f"{part.title} · {firm.name}"))
        elif part.place in agencies:
            if part.role.endswith("reviewer") and not part.deputy:
                logins[agencies[part.place]] = part.login
            found.append(replace(part, title=f"{part.title} · {pack[part.place].zh}"))
    return Cast(region, agencies, logins, found, stories, pools.campaign)


class _Pools:
    """Which firms may play which clerk."""

    def __init__(self, region: SimulatedRegion, current: dt.date) -> None:
        world = region.world
        self.sample = world.sample(current)
        # Who leaves or joins by a decision has a story already.
        self.busy = {code for one in sample_changes(world) if not one.enacted
                     for code in (one.leaving, one.joining) if code}  # fmt: skip
        wanted = script()["campaign"]["places"]
        held = {firm.place for firm in self.sample}
        self.campaign = tuple(code for code in wanted if code in held)
        thrice = {"sample", "guarantor", "backbone"}
        self.pools: Mapping[str, Sequence[Firm]] = {
            "wholesale": world.listed("wholesale", current),
            "emergency": [firm for firm in self.sample if thrice <= set(firm.lists)],
            "daily": [firm for firm in self.sample if firm.place in self.campaign],
            "till": [firm for firm in self.sample if firm.kind == "supermarket"],
        }

    def firm_of(self, part: Part, taken: set[str]) -> Firm | None:
        """The firm with the fullest shelf at the part's place, else anywhere: the better story."""
        taken = taken | self.busy
        pool = [f for f in self.pools.get(part.story, self.sample) if f.code not in taken]
        here = [firm for firm in pool if firm.place == part.place] or pool
        return max(
            here, key=lambda f: (f.kind == "supermarket", f.turnover_yuan_per_week), default=None
        )


def register(cast: Cast, *, now_ms: int) -> int:
    """File parties, lists and grants, and make the accounts; returns the number of parties."""
    batches = [_office_rows(cast), *_firm_batches(cast)]
    drafts = []
    for number, people in enumerate(batches):
        key = f"demo:parties:{number}"
        contacts = {
            row["code"]: Person(row.pop("clerk"), row.pop("phone"))
            for row in people
            if "clerk" in row
        }
        sealed = seal_contacts(filing_key=key, people=contacts, now_ms=now_ms)
        rows = [{**row, **sealed.fields.get(row["code"], {})} for row in people]
        drafts.append(
            Draft("K-PARTY", SYSTEM, SYSTEM, key, {"parties": rows}, now_ms, sealed=sealed.values)
        )
    drafts += _lists(cast, now_ms)
    drafts += _successors(cast, now_ms)
    file_many(drafts, now_ms=now_ms)
    catch_up()
    _accounts(cast, now_ms)
    return sum(len(rows) for rows in batches)


def _office_rows(cast: Cast) -> list[dict[str, str]]:
    pack = cast.pack
    rows = [{"code": SYSTEM, "kind": "system", "name": "系统", "place": pack.root.code}]
    rows += [
        {"code": code, "kind": "agency", "name": pack.bureau(place) or pack[place].zh,
         "place": place}
        for place, code in cast.agencies.items()
    ]  # fmt: skip
    return rows


def _firm_batches(cast: Cast) -> Iterator[list[dict[str, str]]]:
    world = cast.region.world
    rows = [
        {"code": firm.code, "kind": "enterprise", "name": world.name_on(firm, dt.date.max),
         "place": firm.place, "clerk": firm.clerk, "phone": firm.phone}
        for firm in world.respondents
    ]  # fmt: skip
    for start in range(0, len(rows), BATCH):
        yield rows[start : start + BATCH]


def _lists(cast: Cast, now_ms: int) -> list[Draft]:
    world = cast.region.world
    drafts = []
    for name, code in LISTS.items():
        members = [
            [firm.code, *_days(firm, cast.region.world.ground.start, name)]
            for firm in (world.roll.listed(name) if name in FURTHER else world.firms)
            if name in FURTHER or name in firm.lists
        ]
        body = {"list": code, "members": members}
        drafts.append(Draft("K-LIST", SYSTEM, SYSTEM, f"demo:list:{code}", body, now_ms))
    return drafts


def _days(firm: Firm, start: dt.date, name: str) -> tuple[str, str]:
    """First and last day on the list: a sample seat changes hands with a reporting week."""
    if name != "sample":
        return start.isoformat(), ""
    first = _week_from(firm.sample_from or start, start)
    if firm.sample_to is None:
        return first.isoformat(), ""
    last = _week_from(firm.sample_to, start) - dt.timedelta(days=1)
    return first.isoformat(), last.isoformat()


def _week_from(day: dt.date, start: dt.date) -> dt.date:
    return day + dt.timedelta(days=-(day - start).days % 7)


def _successors(cast: Cast, now_ms: int) -> list[Draft]:
    return [
        Draft(
            "K-SUCCESSOR", SYSTEM, SYSTEM, f"demo:successor:{event.firm}",
            {"party": event.firm, "successor": event.successor}, now_ms,
        )
        for event in cast.region.world.events
        if event.kind == "merged" and event.successor
    ]  # fmt: skip


def _accounts(cast: Cast, now_ms: int) -> None:
    first = cast.region.world.ground.start
    rows = list(_log_ins(cast))
    grants.create_accounts(accounts=[account for account, _, _ in rows])
    grants.grant_many(
        by=scopes.SYSTEM,
        grants=[
            NewGrant(account.login, account.party, role, place, first, BASIS)
            for account, role, place in rows
        ],
        now_ms=now_ms,
    )


def _log_ins(cast: Cast) -> Iterator[tuple[NewAccount, str, str]]:
    """(account, role, place): the demonstration's own first, then one for every other office and
    sample firm, into which nobody can log until an operator issues a code."""
    pack = cast.pack
    firms = {firm.code: firm for firm in cast.filed_by_clerks()}
    mine = {part.login for part in cast.parts}
    seconded = {part.place for part in cast.parts if part.deputy}
    for part in cast.parts:
        party = (
            cast.stories[part.story] if part.role == "clerk" else cast.agencies[part.place]
        )
        yield NewAccount(part.login, party, part.title[:80], demo=True), part.role, part.place
    for place, code in cast.agencies.items():
        login = cast.logins[code]
        if login not in mine:
            name = f"{pack.bureau(place) or pack[place].zh}审核员"
            yield NewAccount(login, code, name), _reviewing_role(pack, place), place
        if _reviewing_role(pack, place) == "league_reviewer" and place not in seconded:
            name = f"{pack.bureau(place) or pack[place].zh}审核员（副）"
            yield NewAccount(f"{login}.2", code, name), "league_reviewer", place
    for code, firm in firms.items():
        if cast.logins[code] not in mine:
            yield NewAccount(cast.logins[code], code, firm.clerk), "clerk", firm.place


def _reviewing_role(pack: Pack, place: str) -> str:
    if place == pack.root.code:
        return "region_reviewer"
    above = pack.reports_to(place, dt.date.max)
    return "league_reviewer" if above == pack.root.code else "banner_reviewer"
