"""The reviewer's weeks with a shock in the last: vegetables up by half in two banners."""

from __future__ import annotations

from dataclasses import dataclass

from ortoo.domains.market import observations
from ortoo.domains.market.alerts import matters, services
from ortoo.domains.market.alerts.matters import Alert
from ortoo.domains.market.tests.review_week import WEEK, ReviewWeek, at, review_week
from ortoo.kernel.filings.draft import Receipt
from ortoo.kernel.grants.scope import Scope

FILED, NOW = at("2026-11-23 10:40"), at("2026-11-23 11:00")
VEGETABLES = [f"i06{n:02d}" for n in range(1, 31)]


@dataclass
class AlertWeek:
    """`league` owns the two banners' unit; `neighbour` is another league's office."""

    week: ReviewWeek

    @property
    def league(self) -> Scope:
        return self.week.region.scope("league-reviewer-parent")

    @property
    def neighbour(self) -> Scope:
        return self.week.region.scope("league-reviewer-neighbour-parent")

    @property
    def region(self) -> Scope:
        return self.week.region.scope("region-reviewer-root")

    def file(self, key: str, percent: int, *, now_ms: int = FILED, reason: str = "") -> int:
        """File the last week's return with vegetables at a per cent of the week before."""
        returns = observations.load("SCJC-W1", "W2026-11-07")
        row = returns.row_of(self.week.firms[key])
        assert row is not None
        before = returns.cells["price"][row]
        index = returns.form.leaf_index
        prices = {code: int(before[index[code[1:]]]) * percent // 100 for code in VEGETABLES}
        return self.week.file(key, 0, now_ms=now_ms, reason=reason, **prices)

    def shock(self, percent: int = 140) -> None:
        for key in ("own0", "own1", "sib0", "sib1"):
            self.file(key, percent)

    def raised(self, now_ms: int = NOW) -> list[Receipt]:
        return services.raise_due(now_ms)

    def alert(self, scope: Scope | None = None) -> Alert:
        found = [one for one in matters.every() if one.sort == "shortage"]
        assert len(found) == 1, [one.case for one in found]
        return matters.alert(scope or self.league, found[0].place, found[0].case)


def alert_week() -> AlertWeek:
    """Two weeks of history and an open third; nothing of the third is filed yet."""
    services.forget()
    observations.forget()
    return AlertWeek(review_week(own=3, sibling=2))


__all__ = ["FILED", "NOW", "WEEK", "AlertWeek", "alert_week"]
