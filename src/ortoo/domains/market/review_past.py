"""A period beside those before it: one respondent's cells, and the peers of every level."""

from __future__ import annotations

from collections.abc import Mapping, Set

import numpy as np
from numpy.typing import NDArray

from ortoo.domains.market import checking, observations
from ortoo.domains.market.circles import column_statistics
from ortoo.domains.market.observations import MISSING, PeriodReturns
from ortoo.domains.market.review_selectors import LOOK_BACK
from ortoo.kernel.forms.definition import Cell, Form, Nil
from ortoo.kernel.forms.limits import LimitTable
from ortoo.kernel.forms.peers import PeerStatistics
from ortoo.kernel.forms.periods import Period, previous_on, year_before_on
from ortoo.kernel.places.active import active_pack

_NILS = {-1: Nil.NOT_CARRIED, -2: Nil.OUT_OF_STOCK, -3: Nil.OUT_OF_SEASON}


class Past:
    """This period, those before it and the year before, each loaded once."""

    def __init__(self, form: Form, period: Period) -> None:
        self.form, self.period = form, period
        self.now = observations.load(form.code, period.code)
        spans: list[Period] = []
        earlier = previous_on(form, period)
        while earlier is not None and len(spans) < LOOK_BACK - 1:
            spans.append(earlier)
            earlier = previous_on(form, earlier)
        self._spans = spans
        year = year_before_on(form, period)
        self.previous = observations.load(form.code, spans[0].code) if spans else None
        self.year = observations.load(form.code, year.code) if year else None
        self._earlier: list[PeriodReturns] | None = None
        self._limits: Mapping[str, LimitTable | None] | None = None
        self.counted = self.now.counted
        self.circles = _circles(self.now)

    def earlier(self) -> list[PeriodReturns]:
        """The seven periods before this one, newest first."""
        if self._earlier is None:
            self._earlier = [observations.load(self.form.code, span.code) for span in self._spans]
        return self._earlier

    def limits_of(self, row: int | None) -> LimitTable | None:
        """The soft limits a respondent is judged by: its unit's; read once for all units."""
        if self._limits is None:
            units = set(self.circles[1].tolist())
            self._limits = checking.limits_by_unit(self.form, self.period, units)
        unit = "" if row is None else str(self.circles[1][row])
        return self._limits.get(unit, checking.dated_limits(self.form, self.period.end))

    def series(self, party: str, measure: str, index: int) -> tuple[int | None, ...]:
        """One firm's cell over eight periods, oldest first."""
        return tuple(
            number_at(returns, party, measure, index)
            for returns in (*reversed(self.earlier()), self.now)
        )


def number_at(returns: PeriodReturns | None, party: str, measure: str, index: int) -> int | None:
    """A firm's number in a period, or None."""
    cell = cell_at(returns, party, measure, index)
    return cell if type(cell) is int else None


def cell_at(returns: PeriodReturns | None, party: str, measure: str, index: int) -> Cell:
    """A firm's cell in a period: a number, the reason of an empty price, or None."""
    row = returns.row_of(party) if returns is not None else None
    if returns is None or row is None or returns.states[row].effective is None:
        return None
    value = int(returns.cells[measure][row, index])
    if value != MISSING:
        return value
    principal = measure == returns.form.principal.code
    return _NILS.get(int(returns.nils[row, index])) if principal else None


def _circles(returns: PeriodReturns) -> tuple[NDArray[np.str_], ...]:
    """For each level of the form, every respondent's circle: own place, reporting unit, root."""
    pack = active_pack()
    unit = pack.unit_of(returns.period.end)
    return (
        np.array(returns.places, str),
        np.array([unit.get(place, place) for place in returns.places], str),
        np.full(len(returns.places), pack.root.code),
    )


def peers_of(past: Past, party: str, item: str) -> tuple[PeerStatistics, ...]:
    """Other counted respondents' prices of one item by level, nearest first; not its own."""
    measure = past.form.principal.code
    return peer_rows(past, party, {item}).get((measure, item), ())


def peer_rows(
    past: Past, party: str, items: Set[str]
) -> dict[tuple[str, str], tuple[PeerStatistics, ...]]:
    """Statistics of many items of one firm's principal column, a circle at a time."""
    measure = past.form.principal.code
    row = past.now.row_of(party)
    if row is None:
        return {}
    codes = [item.code for item in past.form.leaves if item.code in items]
    columns = past.now.cells[measure][:, [past.form.leaf_index[code] for code in codes]]
    others = past.counted.copy()
    others[row] = False
    found = [
        column_statistics(columns[others & (places == places[row])], level=level, place=at)
        for level, places in zip(past.form.levels, past.circles, strict=True)
        for at in [str(places[row])]
    ]
    levels = zip(*found, strict=True)
    return {(measure, code): at for code, at in zip(codes, levels, strict=True)}
