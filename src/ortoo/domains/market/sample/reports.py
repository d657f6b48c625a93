"""Reports of a sample 样本报告: what coverage, response and rotation have in common.

Everything is limited to the places whose firms the reader may see by name, and says which periods
and which log index it rests on.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

from ortoo.domains.market import observations, selectors
from ortoo.domains.market.sample import frame
from ortoo.domains.market.sample.design import Design, Stratum, design_on
from ortoo.domains.market.sample.rules import Tenure, members_in
from ortoo.kernel.filings import read
from ortoo.kernel.forms.definition import Form
from ortoo.kernel.forms.periods import Period
from ortoo.kernel.grants.scope import Scope
from ortoo.kernel.parties.models import Party
from ortoo.kernel.places.active import active_pack

PERIODS = frame.RECORD_PERIODS


@dataclass(frozen=True)
class Basis:
    """What a report rests on. `periods`: the last ones opened up to the day, oldest first; `stays`:
    of firms inside `places` only; `parties`: the register's rows of those firms."""

    list_code: str
    on: dt.date
    places: frozenset[str]
    form: Form | None
    periods: tuple[Period, ...]
    stays: tuple[Tenure, ...]
    parties: Mapping[str, Party]
    design: Design | None
    log_index: int

    @property
    def period(self) -> Period | None:
        """The newest opened period."""
        return self.periods[-1] if self.periods else None

    @cached_property
    def members(self) -> frozenset[str]:
        """Firms in the list on the day."""
        return frozenset(stay.party for stay in self.stays if stay.on(self.on))

    @cached_property
    def sampled(self) -> frozenset[str]:
        """The sample of the newest period; without one, that of the day."""
        return members_in(self.stays, self.period) if self.period else self.members

    @cached_property
    def _unit_of(self) -> Mapping[str, str]:
        return active_pack().unit_of(self.on)

    @cached_property
    def by_unit(self) -> bool:
        """Whether the reader's places hold more than one reporting unit 盟市."""
        units = {self._unit_of[place] for place in self.places if place in self._unit_of}
        return len(units) > 1

    def group_of_place(self, place: str) -> str:
        """The unit of a place, or inside one unit the place itself."""
        return self._unit_of.get(place, place) if self.by_unit else place

    def group_of(self, party: str) -> str:
        return self.group_of_place(self.parties[party].place)

    @property
    def groups(self) -> list[str]:
        """Units or places with firms in the sample, or with strata in the frame, by code."""
        held = {self.group_of(party) for party in self.sampled}
        if self.by_unit:
            held |= {one.league for one in self.strata}
        return sorted(held)

    @cached_property
    def strata(self) -> tuple[Stratum, ...]:
        """Strata of leagues that lie wholly in the reader's places."""
        held = self.design.strata.values() if self.design else ()
        return tuple(one for one in held if one.league in self.places)

    def stratum_of(self, party: str) -> str:
        return self.design.members.get(party, "") if self.design else ""

    def returns(self) -> observations.PeriodReturns | None:
        """The newest period's returns."""
        if self.form is None or self.period is None:
            return None
        return observations.load(self.form.code, self.period.code)

    def rows(self, returns: observations.PeriodReturns) -> list[int]:
        """Rows of the sample's firms that have a return in force, inside the reader's places."""
        counted = returns.counted
        return [
            row
            for row, party in enumerate(returns.parties)
            if counted[row] and party in self.sampled and returns.places[row] in self.places
        ]


def basis(scope: Scope, list_code: str, on: dt.date) -> Basis:
    """The basis of a list's reports. Refused SCOPE-…, SAMPLE-LIST."""
    places = frame.readable(scope)
    frame.title_of(list_code)
    forms = frame.forms_of(list_code)
    form = forms[0] if forms else None
    opened = selectors.periods_of(form.code, 400) if form else []
    periods = [one for one in opened if one.start <= on][:PERIODS]
    stays = frame.tenures(list_code)
    parties = _inside((stay.party for stay in stays), places)
    return Basis(
        list_code, on, places, form, tuple(reversed(periods)),
        tuple(stay for stay in stays if stay.party in parties),
        parties, design_on(list_code, on), read.tail(),
    )  # fmt: skip


def _inside(codes: Iterable[str], places: frozenset[str]) -> dict[str, Party]:
    wanted = sorted(set(codes))
    found: dict[str, Party] = {}
    for start in range(0, len(wanted), 900):
        rows = Party.objects.filter(code__in=wanted[start : start + 900])
        found.update((row.code, row) for row in rows if row.place in places)
    return found
