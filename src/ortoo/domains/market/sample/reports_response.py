"""应答: who reports, on time and how much of the form, over the last periods; who keeps silent."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ortoo.domains.market import rates
from ortoo.domains.market.rates import Owed, Tally
from ortoo.domains.market.sample.reports import Basis
from ortoo.kernel.forms.periods import Period
from ortoo.kernel.grants.scope import Scope

OFTEN = 3
"""So many of the last periods late, or not answered, are a pattern."""


@dataclass(frozen=True, slots=True)
class Firm:
    """How one firm answered: `missed` periods owed and not answered, `row` of them one after the
    other up to the newest, `late`, the last period it answered ("" for none)."""

    party: str
    tally: Tally
    missed: int
    row: int
    late: int
    last: str

    @property
    def pattern(self) -> str:
        """«连续未报», «时断时续», «经常迟报» or nothing."""
        if self.row >= OFTEN:
            return "全部未报" if self.row == self.tally.owed else "连续未报"
        if self.missed >= OFTEN:
            return "时断时续"
        return "经常迟报" if self.late >= OFTEN else ""


@dataclass(frozen=True, slots=True)
class Response:
    """`periods` newest last; `units`, `strata` (code, counts); `firms` with something to say, the
    most silent first; `firms_owing` how many owed anything."""

    whole: Tally
    periods: tuple[tuple[Period, Tally], ...]
    units: tuple[tuple[str, Tally], ...]
    strata: tuple[tuple[str, Tally], ...]
    firms: tuple[Firm, ...]
    firms_owing: int


def response(scope: Scope, found: Basis, now_ms: int) -> Response:
    """Answers of the sample's firms over the basis' periods, by duties whose hour is over or that
    are met; 免报 is not owed."""
    rows = _rows(scope, found, now_ms)
    periods = tuple(
        (period, rates.total(row for row in rows if row.period == period.code))
        for period in found.periods
    )
    by_firm: dict[str, list[Owed]] = {}
    for row in rows:
        by_firm.setdefault(row.party, []).append(row)
    firms = [firm for firm in map(_firm, by_firm, by_firm.values()) if firm.missed or firm.late]
    strata = _grouped(rows, lambda row: found.stratum_of(row.party)) if found.strata else ()
    return Response(
        rates.total(rows),
        periods,
        _grouped(rows, lambda row: found.group_of_place(row.place)),
        tuple(pair for pair in strata if pair[0]),
        tuple(sorted(firms, key=lambda one: (-one.row, -one.missed, -one.late, one.party))),
        len(by_firm),
    )


def _rows(scope: Scope, found: Basis, now_ms: int) -> list[Owed]:
    if found.form is None or not found.periods:
        return []
    span = rates.Range(found.periods[0].end, found.periods[-1].end, found.form.code)
    held = {period.code for period in found.periods}
    seen = rates.seen_in_places(scope, found.places, span, now_ms)
    return [row for row in seen if row.period in held and row.party in found.parties]


def _grouped(rows: list[Owed], group_of: Callable[[Owed], str]) -> tuple[tuple[str, Tally], ...]:
    found: dict[str, Tally] = {}
    for row in rows:
        code = group_of(row)
        found[code] = found.get(code, Tally()) + row.tally
    return tuple(sorted(found.items()))


def _firm(party: str, rows: list[Owed]) -> Firm:
    """`rows` of one firm, in order of period."""
    owed = [row for row in rows if row.tally.owed]
    run = 0
    for row in reversed(owed):
        if row.tally.filed:
            break
        run += 1
    answered = [row.period for row in owed if row.tally.filed]
    return Firm(
        party, rates.total(rows), len(owed) - len(answered), run,
        sum(row.late for row in owed), answered[-1] if answered else "",
    )  # fmt: skip
