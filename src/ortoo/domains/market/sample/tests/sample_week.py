"""The reviewer's weeks with a spare firm in the banner, for tests of sample changes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ortoo.domains.market import services as market
from ortoo.domains.market.sample import matters, services
from ortoo.domains.market.sample.matters import Matter, Nomination
from ortoo.domains.market.sample.rules import Move
from ortoo.domains.market.tests.review_week import FORM, ReviewWeek, at, review_week
from ortoo.kernel.filings.draft import Draft
from ortoo.kernel.filings.projection import catch_up
from ortoo.kernel.filings.write import file
from ortoo.kernel.grants.scope import Scope
from ortoo.kernel.parties.codes import fictional_uscc

NOW = at("2026-11-23 10:42")
NEXT = "W2026-11-21"
LATER = "W2026-11-28"


@dataclass
class SampleWeek:
    """`spare`: registered firms that are in no list, by key (own, sib, neighbour)."""

    week: ReviewWeek
    spare: dict[str, str]

    @property
    def league(self) -> Scope:
        return self.week.region.scope("league-reviewer-parent")

    @property
    def neighbour(self) -> Scope:
        return self.week.region.scope("league-reviewer-neighbour-parent")

    @property
    def region(self) -> Scope:
        return self.week.region.scope("region-reviewer-root")

    def firm(self, key: str) -> str:
        return self.week.firms.get(key) or self.spare[key]

    def asks(self, leave: str = "own0", join: str = "own", **changes: Any) -> Nomination:
        moves = [Move(self.firm(leave), "leave", 1)] if leave else []
        moves += [Move(self.spare.get(join, join), "join", 1)] if join else []
        given: dict[str, Any] = {
            "list": market.SAMPLE, "form": FORM, "period": NEXT, "midway": False,
            "kind": "replace", "reason": "该店停业", "moves": tuple(moves),
        }  # fmt: skip
        return Nomination(**given | changes)

    def nominate(self, asks: Nomination | None = None, key: str = "page-1") -> Matter:
        asks = asks or self.asks()
        services.nominate(scope=self.league, new=asks, key=key, now_ms=NOW)
        return self.matter(key)

    def matter(self, key: str = "page-1") -> Matter:
        case = services.case_of(key, NOW)
        return matters.matter(self.region, self.league.party, case)

    def again(self, matter: Matter) -> Matter:
        return matters.matter(self.region, matter.nominator, matter.case)

    def agree(self, matter: Matter) -> Matter:
        services.decide(
            scope=self.region, matter=matter, verdict=services.Verdict("agree", "pass"), now_ms=NOW
        )
        return self.again(matter)

    def approve(self, matter: Matter, now_ms: int = NOW) -> Matter:
        verdict = services.Verdict("approve", "pass", approval="国统制〔2026〕1号")
        services.decide(scope=self.region, matter=matter, verdict=verdict, now_ms=now_ms)
        return self.again(matter)


def sample_week() -> SampleWeek:
    """Three opened weeks and three spare firms."""
    week = review_week()
    spare = {
        key: fictional_uscc("150000", 5000 + number)
        for number, key in enumerate(("own", "sib", "neighbour"))
    }
    sites = {"own": "own", "sib": "sibling", "neighbour": "neighbour"}
    parties = [
        {
            "code": code, "kind": "enterprise", "name": f"候选<b>{key}超市",
            "place": week.region.sites[sites[key]].place,
        }
        for key, code in spare.items()
    ]  # fmt: skip
    file(Draft("K-PARTY", "SYSTEM", "SYSTEM", "spare", {"parties": parties}, 1), now_ms=1)
    catch_up()
    return SampleWeek(week, spare)
