"""The stories of the demonstration's morning: what happened of late beside the usual returns.

Every one is told through the same services that the pages call, by the accounts that would do it.
A story that this world or this date does not hold is left out, and said so.
"""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from zoneinfo import ZoneInfo

from django.db import transaction

from ortoo.domains.market.world import SimulatedWeek
from ortoo.kernel.filings.refusal import Refused
from ortoo.kernel.forms.definition import Form
from ortoo.kernel.forms.periods import Period
from ortoo.kernel.grants.models import Account
from ortoo.kernel.grants.scope import Scope
from ortoo.kernel.grants.selectors import load_scope, today
from ortoo.site.operations.cast import Cast
from ortoo.site.operations.season import Season
from ortoo.site.operations.timeline import HOUR_MS, MINUTE_MS
from ortoo.world import SampleChange, sample_changes

DAILY = "SCJC-D1"
log = logging.getLogger("ortoo.demo")


def day_of(at_ms: int, zone: str) -> dt.date:
    """The civil day of a moment."""
    return dt.datetime.fromtimestamp(at_ms / 1000, ZoneInfo(zone)).date()


@dataclass
class Plot:
    """Who plays what on the morning, and the telling of it."""

    season: Season
    weeks: tuple[Period, ...]
    now_ms: int
    changes: dict[str, Callable[[SimulatedWeek], SimulatedWeek]] = field(default_factory=dict)
    told: dict[str, int] = field(default_factory=dict)
    """Story → when it was told; what is missing here was left out."""
    cases: dict[str, tuple[str, str]] = field(default_factory=dict)
    """Nomination → (bureau, case number)."""

    def __post_init__(self) -> None:
        world = self.cast.region.world
        found = self._within_units([one for one in sample_changes(world) if not one.enacted])
        self.turns: Mapping[str, list[SampleChange]] = {
            kind: [one for one in found if one.kind == kind and one.leaving and one.joining]
            for kind in ("merge", "replace", "rotate")
        }
        if len(self.weeks) > 2:
            from ortoo.site.operations.story_figures import Restatement

            self.restatement = Restatement(self, self.weeks[-3])
            self.changes[self.weeks[-3].code] = self.restatement.misreport

    def _within_units(self, changes: list[SampleChange]) -> list[SampleChange]:
        """A bureau recommends only for its own unit: where the world's pair straddles two, another
        shop of the joining one's unit leaves."""
        world, last = self.cast.region.world, self.weeks[-1]
        units = self.cast.pack.unit_of(last.end)
        place = {firm.code: firm.place for firm in world.respondents}

        def unit(code: str | None) -> str:
            return units.get(place[code], place[code]) if code in place else ""

        taken = {one.leaving for one in changes} | set(self.cast.stories.values())
        found = []
        for one in changes:
            if unit(one.leaving) != unit(one.joining):
                near = [
                    firm.code for firm in world.sample(last.start)
                    if unit(firm.code) == unit(one.joining) and firm.code not in taken
                    and firm.lists == ("sample",)
                ]  # fmt: skip
                if not near:
                    continue
                taken.add(near[0])
                found.append(replace(one, leaving=near[0]))
            else:
                found.append(one)
        return found

    @property
    def cast(self) -> Cast:
        return self.season.cast

    @property
    def zone(self) -> str:
        return self.cast.pack.head.time_zone

    # --- what the current week must leave alone -------------------------------------------------

    @property
    def held(self) -> frozenset[str]:
        """Firms whose current weekly return is for the reader, or that have closed."""
        told = self.cast.stories
        closed = [one.leaving for one in self.turns["replace"][:1] if one.leaving]
        return frozenset(told[s] for s in ("unfiled", "till") if s in told) | frozenset(closed)

    @property
    def early(self) -> dict[str, int]:
        """Firms that have certainly filed by the morning."""
        told = self.cast.stories
        names = ("queried", "emergency", "daily")
        return {told[s]: self.now_ms - 2 * HOUR_MS for s in names if s in told}

    @property
    def asked(self) -> dict[str, int]:
        told = self.cast.stories
        return {told["queried"]: self.now_ms - 35 * MINUTE_MS} if "queried" in told else {}

    def held_in(self, form: Form, period: Period) -> frozenset[str]:
        """Firms that leave a period of another form to the reader."""
        told = self.cast.stories
        if form.code == "SCJC-W2" and period.contains(self.weeks[-1].end):
            return frozenset(told[s] for s in ("wholesale",) if s in told)
        if form.code == "EMG-STOCK" and period.contains(self._month_end):
            return frozenset(told[s] for s in ("emergency",) if s in told)
        if form.supplements and period.contains(self.weeks[-1].end):
            return self.held
        return frozenset()

    @property
    def _month_end(self) -> dt.date:
        return day_of(self.now_ms, self.zone).replace(day=1) - dt.timedelta(days=1)

    # --- the telling ----------------------------------------------------------------------------

    def tell(self, first_ms: int) -> None:
        """Put every story on the timeline; `first_ms`: when lists and log-ins stand."""
        from ortoo.site.operations import (
            story_figures,
            story_history,
            story_intelligence,
            story_orders,
            story_sample,
            story_till,
        )

        for number, (name, at_ms, does) in enumerate(
            (
                *story_sample.events(self, first_ms),
                *story_orders.events(self),
                *story_history.events(self, first_ms),
                *story_figures.events(self),
                *story_till.events(self),
                *story_intelligence.events(self, first_ms),
            )
        ):
            self.season.timeline.call(at_ms + number, partial(self._try, name, does))

    def _try(self, name: str, does: Callable[[int], object], at_ms: int) -> None:
        try:
            with transaction.atomic():
                does(at_ms)
        except (Refused, LookupError) as fault:
            log.warning("story %s was left out: %s", name, fault)
        else:
            self.told[name] = at_ms

    def scope(self, party: str, at_ms: int) -> Scope:
        """What the log-in that acts for a party may do at a moment."""
        account = Account.objects.get(login=self.cast.logins[party])
        return load_scope(account, pack=self.cast.pack, on=today(at_ms))

    def office_scope(self, place: str, at_ms: int) -> Scope:
        return self.scope(self.cast.agencies[place], at_ms)

    def at(self, days: int, clock: str) -> int:
        """«14:20» so many days before the morning's day."""
        hour, minute = map(int, clock.split(":"))
        day = day_of(self.now_ms, self.zone) - dt.timedelta(days=days)
        moment = dt.datetime.combine(day, dt.time(hour, minute), tzinfo=ZoneInfo(self.zone))
        return int(moment.timestamp()) * 1000


Event = tuple[str, int, Callable[[int], object]]
Events = Iterator[Event]
