"""A return against its past, its peers and the dated limits: the context, then the form's rules."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ortoo.domains.market import observations
from ortoo.domains.market.circles import column_statistics
from ortoo.domains.market.editing.limits_in_force import overlaid
from ortoo.kernel.filings import read
from ortoo.kernel.forms import body as codec
from ortoo.kernel.forms import registry
from ortoo.kernel.forms.body import GridBody
from ortoo.kernel.forms.check import CheckContext, blocking, check
from ortoo.kernel.forms.definition import Form
from ortoo.kernel.forms.issues import Issue
from ortoo.kernel.forms.limits import LimitTable, choose, load_all
from ortoo.kernel.forms.peers import PeerStatistics, PeerTable
from ortoo.kernel.forms.periods import Period, parse, previous_on, year_before_on
from ortoo.kernel.places.active import active_pack
from ortoo.kernel.threads.periodic import fold_return, return_thread

if TYPE_CHECKING:
    from ortoo.domains.market.filing_returns import Matter

__all__ = ["blocking", "context_of", "grid_of", "issues_of", "past_grids"]

_REGULATIONS = Path(__file__).resolve().parent / "regulations"
_LEVELS = ("旗县", "盟市", "自治区")


def issues_of(form: Form, grid: GridBody, matter: Matter) -> list[Issue]:
    """Every issue of a return about to be filed, hard first named in the order of its rows."""
    return check(form, grid, context_of(form, matter))


def context_of(form: Form, matter: Matter) -> CheckContext:
    """Last period, last year, peers of this period and the limits in force for one respondent."""
    period = parse(matter.period)
    previous, year = past_grids(form, matter)
    return CheckContext(
        previous=previous,
        year_before=year,
        peers=_peers(form, matter),
        limits=limits_of(form, period, _unit_of(matter)),
        on=period.end,
        asked=matter.state().asked,
    )


def past_grids(form: Form, matter: Matter) -> tuple[GridBody | None, GridBody | None]:
    """(last period's, last year's) return of the same respondent, laid out for this form."""
    period = parse(matter.period)
    found = []
    for earlier in (previous_on(form, period), year_before_on(form, period)):
        found.append(_grid_in_force(form, earlier, matter.party) if earlier else None)
    return found[0], found[1]


def _grid_in_force(form: Form, period: Period, party: str) -> GridBody | None:
    thread = return_thread(form.code, period.code, party)
    effective = fold_return(read.thread_lines([thread])[thread]).effective
    filing = read.get(effective) if effective else None
    return grid_of(form, filing) if filing else None


def grid_of(form: Form, filing: read.FilingRow) -> GridBody:
    """A filed grid, laid out for `form` where it was filed under another version."""
    source = registry.get(filing.form, filing.form_version)
    grid = codec.decode(source, filing.body)
    return grid if source.version == form.version else codec.project(grid, source, form)


def limits_of(form: Form, period: Period, unit: str = "") -> LimitTable | None:
    """The limits a return of this period is judged by: the dated table, and over it those learnt
    from the history of the reporting unit, in force when the period began."""
    table = dated_limits(form, period.end)
    return limits_by_unit(form, period, [unit])[unit] if table is not None and unit else table


def limits_by_unit(
    form: Form, period: Period, units: Iterable[str]
) -> Mapping[str, LimitTable | None]:
    """`limits_of` for many units in one read."""
    table = dated_limits(form, period.end)
    if table is None:
        return dict.fromkeys(units)
    return dict(overlaid(table, form.code, period, units))


def dated_limits(form: Form, on: dt.date) -> LimitTable | None:
    return choose(_tables(), form.limits, on) if form.limits else None


def _unit_of(matter: Matter) -> str:
    """The reporting unit of a firm in its period; "" where it stands outside the places."""
    returns = observations.load(matter.form, matter.period)
    row, pack = returns.row_of(matter.party), active_pack()
    if row is None or returns.places[row] not in pack:
        return ""
    return pack.unit_of(returns.period.end).get(returns.places[row], "")


@lru_cache(maxsize=1)
def _tables() -> tuple[LimitTable, ...]:
    return tuple(load_all([_REGULATIONS]))


def _peers(form: Form, matter: Matter) -> PeerTable:
    """Other respondents' prices of this period by level, nearest first; the own one left out."""
    returns = observations.load(form.code, matter.period)
    pack = active_pack()
    own = returns.row_of(matter.party)
    if own is None or returns.places[own] not in pack:
        return PeerTable({})
    on = returns.period.end
    chain = list(reversed(pack.reporting_chain(returns.places[own], on)))
    unit = pack.unit_of(on).get(returns.places[own], chain[0])
    circles = zip(_LEVELS, (chain[0], unit, pack.root.code), strict=True)
    measure = form.principal.code
    counted, price = returns.counted.copy(), returns.cells[measure]
    counted[own] = False
    found = [
        _blurred(column_statistics(price[_members(returns, place) & counted], level=level,
                                   place=place))
        for level, place in circles
    ]  # fmt: skip
    return PeerTable(
        {
            (measure, item.code): at_levels
            for item, at_levels in zip(form.leaves, zip(*found, strict=True), strict=True)
        }
    )


def _blurred(found: Iterable[PeerStatistics]) -> list[PeerStatistics]:
    """Statistics whose median is rounded to 0.1 元: the exact one of an odd number of firms is one
    firm's price, and the message that quotes it is read by its competitor."""
    return [replace(one, median2=(one.median2 + 10) // 20 * 20) for one in found]


def _members(returns: observations.PeriodReturns, place: str) -> NDArray[np.bool_]:
    """Which respondents stand at a place or under it, on the period's last day."""
    under = active_pack().under(place, returns.period.end)
    return np.array([at in under for at in returns.places], bool)
