"""信息采集劳务费: the list of firms and amounts, computed from 及时率 alone. A draft that a person
issues; nothing here is signed, paid or decided."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from ortoo.domains.market import rates
from ortoo.domains.market.parameters import cited, civil_day, whole
from ortoo.domains.market.rates import Range, Tally
from ortoo.domains.market.registers import names_of
from ortoo.kernel.filings.refusal import Refused
from ortoo.kernel.forms import registry
from ortoo.kernel.grants.scope import Scope
from ortoo.kernel.parties.models import ListMember
from ortoo.kernel.places.active import active_pack

RULES = ("MARKET-INCENTIVE-RATE", "MARKET-INCENTIVE-NEW", "MARKET-INCENTIVE-STANDING")


@dataclass(frozen=True, slots=True)
class Entitled:
    """One sample firm of the year. `yuan` 0 where it is below the rate."""

    party: str
    name: str
    place: str
    place_name: str
    tally: Tally
    new: bool
    yuan: int

    @property
    def meets(self) -> bool:
        return self.yuan > 0


@dataclass(frozen=True, slots=True)
class Incentives:
    """The draft list of a year; `unfinished`: whether filings may still change it."""

    year: int
    form: str
    rows: tuple[Entitled, ...]
    rules: tuple[Mapping[str, object], ...]
    unfinished: bool

    @property
    def total_yuan(self) -> int:
        return sum(row.yuan for row in self.rows)


def year_range(year: int, form: str = "") -> Range:
    """The periods that end in a year."""
    return Range(dt.date(year, 1, 1), dt.date(year, 12, 31), form)


def incentives(scope: Scope, place: str, form: str, year: int, now_ms: int) -> Incentives:
    """Every sample firm under `place`, those that meet the rate first. Raises Refused SCOPE-…."""
    scope.require("review", form, place=place)
    pack, span = active_pack(), year_range(_checked(year), form)
    owed = rates.of_places(scope, pack.under(place, span.last), span, now_ms)
    tallies: dict[str, Tally] = {}
    places: dict[str, str] = {}
    for row in owed:
        tallies[row.party] = tallies.get(row.party, Tally()) + row.tally
        places[row.party] = row.place
    names, since = names_of(tallies), _since(form)
    rows = []
    for party, tally in tallies.items():
        new = since.get(party, "").startswith(str(year))
        at = places[party]
        rows.append(
            Entitled(
                party, names.get(party, party), at, pack[at].zh if at in pack else at, tally, new,
                amount(tally, new=new, on=span.last),
            )
        )  # fmt: skip
    rows.sort(key=lambda r: (not r.meets, r.place, -(r.tally.timely or Fraction(0)), r.party))
    return Incentives(
        year,
        form,
        tuple(rows),
        tuple(cited(code, span.last) for code in RULES),
        rates_unfinished(span, now_ms),
    )


def amount(tally: Tally, *, new: bool, on: dt.date) -> int:
    """Whole yuan of one firm: nothing below the rate, which itself is enough."""
    timely = tally.timely
    if timely is None or timely < Fraction(whole("MARKET-INCENTIVE-RATE", on), 100):
        return 0
    return whole("MARKET-INCENTIVE-NEW" if new else "MARKET-INCENTIVE-STANDING", on)


def standing(scope: Scope, party: str, form: str, year: int, now_ms: int) -> Mapping[str, object]:
    """A firm's own year beside the rule, for its yearly record: counts, rate, what it would get."""
    span = year_range(_checked(year), form)
    tally = rates.total(rates.of_party(scope, party, span, now_ms))
    new = _since(form).get(party, "").startswith(str(year))
    return {
        "tally": tally,
        "yuan": amount(tally, new=new, on=span.last),
        "rules": tuple(cited(code, span.last) for code in RULES),
    }


def rates_unfinished(span: Range, now_ms: int) -> bool:
    """Whether periods of the range may still be filed."""
    return civil_day(now_ms) <= span.last + dt.timedelta(days=31)


def _since(form: str) -> dict[str, str]:
    """First day of each firm's membership of the form's sample."""
    sample = registry.get(form).respondents.sample
    found: dict[str, str] = {}
    for party, first in ListMember.objects.filter(list_code=sample).values_list(
        "party", "valid_from"
    ):
        found[party] = min(found.get(party, first), first)
    return found


def _checked(year: int) -> int:
    if not 2000 <= year <= 2100:
        raise Refused("INCENTIVE-YEAR", "年份有误。", "请选择年份。", 400)
    return year
