"""Reads that only the figures' pages need: 旗县 figures inside the scope, and 及时率."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction

import numpy as np
from django.db import connection

from ortoo.domains.market import history, observations, panels, selectors
from ortoo.domains.market.observations import PeriodReturns
from ortoo.domains.market.projections import SUMS
from ortoo.domains.market.rules.figures import Figure, Sums
from ortoo.domains.market.seasonal import aligned
from ortoo.domains.market.selectors import Table
from ortoo.domains.market.web.figures_request import FOREIGN, Asked
from ortoo.domains.market.web.figures_words import Denomination
from ortoo.kernel.filings.refusal import Refused
from ortoo.kernel.forms.periods import Period, previous_on, year_before_on
from ortoo.kernel.places.active import active_pack


def table_of(asked: Asked) -> Table:
    """The period's figures by reporting unit, for this reader."""
    return selectors.figures(
        asked.scope, asked.form.code, asked.period.code, basis=asked.basis, as_of=asked.as_of
    )


def own_places(asked: Asked) -> frozenset[str]:
    """Places whose firms' figures, and so whose 旗县 figures, are open to this reader."""
    return asked.scope.places("read_unit_figures", asked.form.code)


def figure_of(asked: Asked, unit: str, item: str) -> Figure:
    """One figure: of the root, a reporting unit, or a place inside the scope below one.

    Raises Refused UNIT-UNKNOWN (404).
    """
    table = table_of(asked)
    if unit in table.units or unit == table.root:
        return table.figure(unit, item)
    if unit in own_places(asked):
        return banners(asked, unit).figure(unit, item)
    raise Refused("UNIT-UNKNOWN", f"没有报送单位 {unit} 的数字，或不在您的范围内。", "", 404)


def banners(asked: Asked, unit: str) -> Table:
    """Figures of each place under `unit` that has respondents; `unit` itself is the root row.

    Only places in the reader's own scope, so nothing is suppressed.
    """
    form, period = asked.form, asked.period
    allowed = own_places(asked)
    earlier, last_year = previous_on(form, period), year_before_on(form, period)
    now = _banner_sums(asked, period, unit, allowed)
    before = _banner_sums(asked, earlier, unit, allowed) if earlier else {}
    year = _banner_sums(asked, last_year, unit, allowed) if last_year else {}
    units: dict[str, dict[str, Figure]] = {}
    for (place, item), sums in now.items():
        figure = Figure(sums, False, before.get((place, item)), year.get((place, item)))
        units.setdefault(place, {})[item] = figure
    return Table(form.code, period, asked.basis, unit, asked.as_of, units, allowed)


def _banner_sums(
    asked: Asked, period: Period, unit: str, allowed: frozenset[str]
) -> dict[tuple[str, str], Sums]:
    returns = observations.load(asked.form.code, period.code, asked.as_of)
    if not returns.parties:
        return {}
    under = _under(unit, period) & allowed
    inside = np.array([place in under for place in returns.places], bool)
    codes = sorted({place for place in returns.places if place in under})
    if not codes:
        return {}
    # One bin more takes everybody else, so that the arrays keep their shape.
    index = {code: position for position, code in enumerate(codes)}
    rows = np.array([index.get(place, len(codes)) for place in returns.places], np.intp)
    keep = returns.counted & inside
    if asked.basis == "reviewed":
        keep = keep & returns.reviewed
    found = observations.rolled_up(
        returns, keep, rows, len(codes) + 1, before_of(asked, returns)
    )
    filed = np.bincount(rows[keep], minlength=len(codes) + 1)
    expected = np.bincount(rows[inside & returns.owed], minlength=len(codes) + 1)
    waiting = np.bincount(
        rows[returns.counted & ~returns.reviewed & inside], minlength=len(codes) + 1
    )
    cells: dict[tuple[str, str], Sums] = {}
    # The rollup's last row counts all that is kept, which is the unit itself; a unit whose own
    # place has respondents keeps its name for the whole.
    for place, at in (*((code, index[code]) for code in codes if code != unit), (unit, -1)):
        heads = [int(n.sum() if at < 0 else n[at]) for n in (expected, filed, waiting)]
        for column, item in enumerate(asked.form.leaves):
            values = {name: int(found[name][at, column]) for name in SUMS}
            cells[place, item.code] = Sums(*heads, **values)
    return cells


def before_of(
    asked: Asked, returns: PeriodReturns
) -> tuple[observations.Ints, observations.Ints] | None:
    earlier = previous_on(asked.form, returns.period)
    if earlier is None:
        return None
    found = observations.load(asked.form.code, earlier.code, asked.as_of)
    return observations.aligned(found, returns.parties) if found.parties else None


def _under(unit: str, period: Period) -> frozenset[str]:
    pack = active_pack()
    return pack.under(unit, period.end) if unit in pack else frozenset()


@dataclass(frozen=True)
class LunarBase:
    """What a period's figures stand against by the lunar calendar, as far as this reader sees.

    Each compared period is read as a table of its own, with the same rules of who may see what;
    历史汇总 stands in for a unit without returns a year ago where it is open to the reader.
    """

    asked: Asked
    twin: aligned.Twin
    tables: dict[tuple[str, str], Table] = field(default_factory=dict)

    def change(self, table: Table, unit: str, item: str) -> Fraction | None:
        """农历同期比 of one figure; None where a compared day or its figure is unknown."""
        figure = table.figure(unit, item)
        base = self.mean(table, unit, item)
        return None if figure.mean is None or not base else figure.mean / base - 1

    def mean(self, table: Table, unit: str, item: str) -> Fraction | None:
        """The mean of the compared days, in minor units. `table` holds the unit today."""
        return self.twin.mean(lambda period: self._value(table.root, period, unit, item))

    def _value(self, root: str, period: Period, unit: str, item: str) -> Fraction | None:
        key = root, period.code
        if key not in self.tables:
            then = replace(self.asked, period=period)
            whole = root == active_pack().root.code
            self.tables[key] = table_of(then) if whole else banners(then, root)
        found = self.tables[key].figure(unit, item)
        if found.mean is not None or found.suppressed:
            return found.mean
        return self._total(period, unit, item)

    def _total(self, period: Period, unit: str, item: str) -> Fraction | None:
        """历史汇总 of a unit, for whom it is open; the panel holds it beside the returns."""
        form, scope = self.asked.form, self.asked.scope
        if form.code != panels.HISTORY_OF or self.asked.as_of is not None:
            return None
        if not history.may_read(scope, unit):
            return None
        panel = panels.whole(form.code)
        if unit not in panel.units or period not in panel.periods:
            return None
        at = panel.unit(unit), panel.item(item), panel.period(period)
        if panel.source[at] != panels.Source.HISTORY:
            return None
        return Fraction(float(panel.price[at])) * 10 ** Denomination(form).scale


def lunar_of(asked: Asked) -> LunarBase | None:
    """农历同期 of the period; None for a foreign source and outside the festivals' windows, where
    it is the ordinary 同比."""
    if asked.foreign or not aligned.is_festive(asked.period):
        return None
    twin = aligned.year_before(asked.form, asked.period)
    return LunarBase(asked, twin) if twin is not None and twin.by_lunar else None


def on_time(asked: Asked) -> Mapping[str, tuple[int, int]]:
    """及时: {unit: (on time, expected)}, the root included; by the first version filed.

    Empty for a form without a due time (境外市场).
    """
    if asked.form.code == FOREIGN:
        return {}
    returns = observations.load(asked.form.code, asked.period.code, asked.as_of)
    if not returns.parties:
        return {}
    codes, rows, root = observations.units_of(returns)
    received = _received(asked.form.code, asked.period.code)
    good: Counter[str] = Counter()
    owed: Counter[str] = Counter()
    for row, state in zip(rows, returns.states, strict=True):
        first = received.get(state.versions[0]) if state.versions else None
        timely = first is not None and state.due_at is not None and first <= state.due_at
        for place in (codes[row], root):
            owed[place] += state.stage != "waived"
            good[place] += timely
    return {place: (good[place], owed[place]) for place in owed}


def _received(form: str, period: str) -> dict[int, int]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT seq, CASE WHEN mode='import' THEN said_at ELSE received_at END"
            " FROM kernel_filing WHERE form=%s AND period=%s", [form, period]
        )
        return dict(cursor.fetchall())
