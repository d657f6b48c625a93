"""An attacker outside the reviewing chain reads everything the site gives, day after day, and adds
and subtracts: complements, marginals, differences of vintages. No figure of one or two firms comes
out. The attacker here is given more than the pages print: exact sums instead of rounded means.

Every read goes through HTTP as the public, a clerk and the office of another league.
"""

from __future__ import annotations

import json
import random
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import combinations
from typing import Any

import pytest
from django.test import Client

from ortoo.domains.market import issued, observations, publication, services
from ortoo.domains.market.opening import reviewing_chain
from ortoo.domains.market.tests.figures_world import FORM, HOUR_MS
from ortoo.domains.market.tests.review_week import _grid, at
from ortoo.kernel.filings import clock
from ortoo.kernel.filings.draft import Draft
from ortoo.kernel.filings.projection import catch_up
from ortoo.kernel.filings.write import file_many
from ortoo.kernel.forms import registry
from ortoo.kernel.forms.body import GridBody
from ortoo.kernel.grants.tests.small_region import SmallRegion, seed
from ortoo.kernel.parties.codes import fictional_uscc
from ortoo.kernel.places.tests.packs_for_tests import PACKS
from ortoo.site.sessions import BACKEND, ENTERED, SEEN, STRONG

pytestmark = pytest.mark.django_db
PERIOD = "W2026-11-07"
OPENED = at("2026-11-13 08:00")
DAY_MS = 24 * HOUR_MS
LEAST = 3
ITEMS = ("0101", "0303")
SIZES = {"own": 3, "sibling": 2, "neighbour": 4, "planned": 1, "root": 1}
"""Firms at each place: leagues of five, four and one, and one that reports to the region itself."""
OUTSIDERS = ("clerk-planned", "league-reviewer-neighbour-parent")


@dataclass
class Attack:
    """The region, and every sum that was seen: (item, unit) → sets of (firm, value said)."""

    region: SmallRegion
    firms: dict[str, str]
    said: dict[str, dict[str, int]] = field(default_factory=dict)
    seen: dict[str, list[frozenset[tuple[str, int]]]] = field(default_factory=dict)
    returns: dict[str, int] = field(default_factory=dict)
    states: list[dict[str, dict[str, int]]] = field(default_factory=list)

    def file(self, firm: str, fen: Mapping[str, int], when: int) -> None:
        grid = GridBody({**_grid(0, dict(fen)).columns})
        before = self.returns.get(firm)
        draft = Draft(
            FORM, firm, "account:test", f"{firm}:{when}", grid, when, period=PERIOD, subject=firm,
            place=self.firms[firm], supersedes=before, reason="录错" if before else "",
        )  # fmt: skip
        seq = file_many([draft], now_ms=when)[0].seq
        self.returns[firm] = seq
        self.said[firm] = dict(fen)
        place, ends = self.firms[firm], publication.parse(PERIOD).end
        office = reviewing_chain(self.region.pack, place, ends)[-1]
        body = {
            "form": FORM, "period": PERIOD, "office": office, "targets": [[firm, seq]],
            "conclude": False, "note": "",
        }  # fmt: skip
        party = next(s.office for s in self.region.sites.values() if s.place == office)
        file_many(
            [Draft("K-ACCEPT", party, "account:test", f"a{seq}", body, when, period=PERIOD)],
            now_ms=when,
        )
        catch_up()

    def units(self) -> dict[str, str]:
        found = observations.load(FORM, PERIOD)
        codes, rows, _ = observations.units_of(found)
        return {firm: codes[row] for firm, row in zip(found.parties, rows, strict=True)}

    def look(self, now: int) -> None:
        """Read as every outsider; a figure that is told is a set of what firms said then."""
        units, root = self.units(), self.region.pack.root.code
        self.states.append({firm: dict(said) for firm, said in self.said.items()})
        with _clock(now):
            assert _table(self.region, "") == _table(self.region, "clerk-planned")
            for login in OUTSIDERS:
                told = _api(self.region, login)
                own = self._inside(login)
                for unit, items in told.items():
                    for item in ITEMS:
                        if unit in own or items.get(item, {}).get("mean") is None:
                            continue
                        inside = {f for f in self.firms if unit in (root, units[f])}
                        self._saw(item, items[item], inside)

    def _saw(self, item: str, figure: Mapping[str, Any], inside: set[str]) -> None:
        """Which returns a figure is of: those that stood when it was issued, perhaps days ago."""
        mean = float(figure["mean"]) * 100
        for state in reversed(self.states):
            group = frozenset((f, said[item]) for f, said in state.items() if f in inside)
            if len(group) == figure["n"] and abs(_mean(group) - mean) <= 1:
                known = self.seen.setdefault(item, [])
                if group not in known:
                    known.append(group)
                return
        raise AssertionError(f"{item}: a figure that no state of the returns explains")

    def _inside(self, login: str) -> set[str]:
        if not login.startswith("league"):
            return set()
        place = self.region.sites["neighbour_parent"].place
        return set(self.region.pack.under(place, publication.parse(PERIOD).end))


def _mean(group: frozenset[tuple[str, int]]) -> float:
    # Every firm sells the same amount, so the weighted mean is the plain one.
    return sum(value for _, value in group) / len(group)


class _clock:
    def __init__(self, ms: int) -> None:
        self.ms = ms

    def __enter__(self) -> None:
        clock.use(lambda: self.ms)

    def __exit__(self, *error: object) -> None:
        clock.use(None)


def _client(region: SmallRegion, login: str) -> Client:
    from ortoo.kernel.grants.models import Account

    client = Client()
    if login:
        client.force_login(Account.objects.get(login=login), backend=BACKEND)
        session = client.session
        now = time.time_ns() // 1_000_000
        session.update({ENTERED: now, SEEN: now, STRONG: True})
        session.save()
    return client


def _api(region: SmallRegion, login: str) -> Mapping[str, Mapping[str, Any]]:
    """The figures as the API tells them; the pages print the same selectors' answers."""
    response = _client(region, login).get(f"/api/v1/market/figures/{FORM}/{PERIOD}")
    if response.status_code == 403:
        return {}
    assert response.status_code == 200, response.content[:300]
    return dict(json.loads(response.content)["units"])


def _table(region: SmallRegion, login: str) -> list[str]:
    """The region's table as the public page exports it; who asked stands in its head only."""
    path = f"/figures/{FORM}/{PERIOD}/export.csv"
    response = _client(region, login).get(path)
    if response.status_code == 403:
        return []
    assert response.status_code == 200, response.content[:300]
    names = {item.name["zh"] for item in registry.get(FORM).leaves}
    lines = response.content.decode("utf-8-sig").splitlines()
    return [line for line in lines if line.split(",")[0].strip('"') in names]


@pytest.fixture
def attack(db: None, settings: Any) -> Iterator[Attack]:
    settings.DEMO = False
    settings.PLACE_PACK = "neimenggu"
    region = seed(PACKS["neimenggu"])
    firms, serial = {}, 5000
    for key, count in SIZES.items():
        for _ in range(count):
            serial += 1
            firms[fictional_uscc("150000", serial)] = region.sites[key].place
    parties = [
        {"code": code, "kind": "enterprise", "name": f"企业{n}", "place": place}
        for n, (code, place) in enumerate(firms.items())
    ]
    members = [[code, "2026-01-01", ""] for code in firms]
    file_many(
        [
            Draft("K-PARTY", "SYSTEM", "SYSTEM", "p", {"parties": parties}, 1),
            Draft(
                "K-LIST", "SYSTEM", "SYSTEM", "l",
                {"list": services.SAMPLE, "members": members}, 1,
            ),
        ],
        now_ms=1,
    )  # fmt: skip
    catch_up()
    services.open_period(form=FORM, period=PERIOD, now_ms=OPENED)
    yield Attack(region, firms)
    clock.use(None)


def learned(sums: list[frozenset[tuple[str, int]]], known: frozenset[str]) -> list[tuple[str, ...]]:
    """Groups of one or two firms of which some combination of the sums tells a figure.

    By elimination over the rationals modulo a large prime; firms the reader knows are taken away.
    """
    everyone = sorted({one for group in sums for one in group if one[0] not in known})
    names = sorted({firm for firm, _ in everyone})
    matrix = [[int(one in group) for one in everyone] for group in sums]
    whole = _rank(matrix)
    out = []
    for size in (1, 2):
        for group in combinations(names, size):
            kept = [n for n, (firm, _) in enumerate(everyone) if firm not in group]
            if _rank([[row[n] for n in kept] for row in matrix]) < whole:
                out.append(group)
    return out


PRIME = 2_147_483_647


def _rank(matrix: list[list[int]]) -> int:
    rows, found = [list(row) for row in matrix], 0
    for column in range(len(rows[0]) if rows else 0):
        pivot = next((r for r in range(found, len(rows)) if rows[r][column] % PRIME), None)
        if pivot is None:
            continue
        rows[found], rows[pivot] = rows[pivot], rows[found]
        inverse = pow(rows[found][column], -1, PRIME)
        for other in range(found + 1, len(rows)):
            factor = rows[other][column] * inverse % PRIME
            rows[other] = [
                (a - factor * b) % PRIME for a, b in zip(rows[other], rows[found], strict=True)
            ]
        found += 1
    return found


def _season(attack: Attack, seed_: int) -> None:
    """Returns, the issue, then weeks of corrections with an issue and a look after each."""
    rng = random.Random(seed_)
    firms = list(attack.firms)
    when = OPENED + HOUR_MS
    for number, firm in enumerate(firms):
        if number % 7 != 6:
            attack.file(firm, {item: 1000 + rng.randrange(400) for item in ITEMS}, when)
    due = publication.published_at(registry.get(FORM), publication.parse(PERIOD))
    for day in range(8):
        now = due + HOUR_MS + day * DAY_MS
        publication.issue_due(now)
        catch_up()
        attack.look(now + HOUR_MS)
        for firm in rng.sample(firms, rng.choice((1, 1, 2, 3, 5))):
            attack.file(
                firm, {item: 1000 + rng.randrange(400) for item in ITEMS}, now + 2 * HOUR_MS
            )
        attack.look(now + 3 * HOUR_MS)


@pytest.mark.parametrize("seed_", [1, 2, 3])
def test_differences_complements_and_marginals_tell_no_firm(attack: Attack, seed_: int) -> None:
    _season(attack, seed_)
    assert all(attack.seen.get(item) for item in ITEMS), "something was published at all"
    units = attack.units()
    for item in ITEMS:
        assert learned(attack.seen[item], frozenset()) == []
        for unit in set(units.values()):
            own = frozenset(firm for firm, at_ in units.items() if at_ == unit)
            assert learned(attack.seen[item], own) == [], f"{unit}'s own office"


def test_a_revision_with_enough_firms_behind_it_is_given_out(attack: Attack) -> None:
    """The rule holds back what tells one firm; it does not freeze everything for ever."""
    for firm in attack.firms:
        attack.file(firm, dict.fromkeys(ITEMS, 1200), OPENED + HOUR_MS)
    due = publication.published_at(registry.get(FORM), publication.parse(PERIOD))
    publication.issue_due(due + HOUR_MS)
    one = next(iter(attack.firms))
    attack.file(one, {"0101": 1300, "0303": 1200}, due + 2 * HOUR_MS)
    publication.issue_due(due + 3 * HOUR_MS)
    assert len(issued.vintages(FORM, PERIOD)) == 1
    assert publication.withheld(FORM, PERIOD) == ["0101"]
    for firm in attack.firms:
        attack.file(firm, {"0101": 1310, "0303": 1200}, due + 4 * HOUR_MS)
    publication.issue_due(due + 5 * HOUR_MS)
    assert len(issued.vintages(FORM, PERIOD)) == 2
    assert publication.withheld(FORM, PERIOD) == []


def test_without_the_rule_the_same_attack_finds_firms(
    attack: Attack, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The attack can succeed: with revisions given out at once it names the firm that corrected."""
    monkeypatch.setattr(publication, "_reveals", lambda *arguments: False)
    _season(attack, 1)
    assert any(learned(attack.seen[item], frozenset()) for item in ITEMS)
