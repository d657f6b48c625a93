"""Figures of a bulletin read from what is issued, or live inside the chain; 历史汇总 for old years.

What may leave the chain is what was issued (docs/decisions/009). A draft may be made before: it is
computed from the reviewed returns of the own places and says 未发布口径.
"""

from __future__ import annotations

import contextlib
import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from ortoo.domains.market import history, issued, lunar, selectors
from ortoo.domains.market.bulletins import wording
from ortoo.domains.market.bulletins.figures import BEFORE, NOW, Figures, FormFigures, Line, Quote
from ortoo.domains.market.bulletins.numbers import FOUR, LUNAR, YEAR
from ortoo.domains.market.bulletins.sections import MATERIALS, RETAIL, SECTIONS
from ortoo.domains.market.rules.figures import Figure, Sums, weighted_mean
from ortoo.kernel.filings.refusal import Refused
from ortoo.kernel.forms import body as codec
from ortoo.kernel.forms import registry
from ortoo.kernel.forms.definition import Form, FormError
from ortoo.kernel.forms.periods import (
    Period,
    is_period_of,
    parse,
    period_on,
    previous_on,
    year_before_on,
)
from ortoo.kernel.grants.scope import Scope
from ortoo.kernel.places.active import active_pack

ISSUED, LIVE = "issued", "live"
STEPS_BACK = 4


def weeks(limit: int = 12) -> list[Period]:
    """Weeks of which a bulletin can be made, newest first."""
    return selectors.periods_of(RETAIL, limit)


def period_of(code: str) -> Period:
    """Refused BULLETIN-PERIOD for what is no week of the retail return."""
    try:
        found = parse(code)
        if is_period_of(registry.get(RETAIL), found):
            return found
    except FormError:
        pass
    raise Refused("BULLETIN-PERIOD", f"没有周次「{code[:20]}」。", "请从列表中选择周次。", 404)


def is_unit(place: str, on: dt.date) -> bool:
    """Bulletins are made of reporting units and of the whole."""
    pack = active_pack()
    return place == pack.root.code or place in {one.code for one in pack.reporting_units(on)}


def is_issued(period: str) -> bool:
    """Whether the week's retail figures were given out."""
    return period in issued.periods(RETAIL)


def gather(scope: Scope, place: str, period: str, basis: str) -> Figures:
    """The figures of a place and week. Refused BULLETIN-PERIOD, BULLETIN-PLACE, SCOPE-….

    `basis` live needs the right to the place's own figures; what history adds too.
    """
    week = period_of(period)
    if not is_unit(place, week.end):
        raise Refused("BULLETIN-PLACE", "这个地区不编公报。", "请选择盟市或自治区。", 404)
    if basis == LIVE:
        scope.require("read_aggregates", form=RETAIL, place=place)
    old = _History(place) if history.may_read(scope, place) else None
    lunar_day = festival_twin(week)
    found = {}
    codes = dict.fromkeys(section.form for section in SECTIONS)
    for code in codes:
        # 生产资料 stand in the region's bulletin only.
        if code == MATERIALS and place != active_pack().root.code:
            continue
        made = _form(scope, place, (week, lunar_day), basis, code, old)
        if made is not None and made.lines:
            found[code] = made
    return Figures(place, week.code, basis, found, lunar_day is not None)


def festival_twin(week: Period) -> dt.date | None:
    """Last lunar year's day of the week's last day, near 春节; else None."""
    before, after = wording.festival_days(week.end)
    for year in (week.end.year, week.end.year + 1):
        try:
            first = lunar.civil(lunar.LunarDay(year, 1, False, 1))
        except lunar.LunarError:
            continue
        if -before <= (week.end - first).days <= after:
            return lunar.last_lunar_year(week.end)
    return None


def _form(
    scope: Scope,
    place: str,
    when: tuple[Period, dt.date | None],
    basis: str,
    code: str,
    old: _History | None,
) -> FormFigures | None:
    week, twin = when
    form = registry.get(code)
    now = _period_in(form, week, basis)
    if now is None:
        return None
    periods = {NOW: now, **_others(form, now, twin)}
    tables = {at: _Table.of(scope, form, place, period, basis) for at, period in periods.items()}
    if old is not None and code == RETAIL:
        for at, period in periods.items():
            if at != NOW:
                tables[at].fill(old.prices(period))
    main = tables[NOW]
    lines = tuple(
        Line(leaf.code, leaf.good or "", _name(leaf.name["zh"]), leaf.unit or "", quotes)
        for leaf in form.leaves
        if NOW in (quotes := _quotes(tables, leaf.code))
    )
    codes = {at: period.code for at, period in periods.items()}
    return FormFigures(code, codes, lines, main.hidden, main.filed, main.expected)


def _name(name: str) -> str:
    """«羊肉（腿肉）» as running text has it: 羊肉腿肉 would read badly, so brackets stay."""
    return name.removeprefix("小包装").removeprefix("桶装").removeprefix("盒装")


def _period_in(form: Form, week: Period, basis: str) -> Period | None:
    """The form's period that the week's bulletin speaks of: the same, or the newest that ended."""
    if is_period_of(form, week):
        return week
    try:
        found: Period | None = period_on(form, week.end)
    except FormError:
        return None
    given = issued.periods(form.code) if basis == ISSUED else frozenset()
    for _ in range(STEPS_BACK):
        if found is None:
            return None
        if found.end <= week.end and (basis == LIVE or found.code in given):
            return found
        found = previous_on(form, found)
    return None


def _others(form: Form, now: Period, twin: dt.date | None) -> dict[str, Period]:
    found: dict[str, Period] = {}
    one: Period | None = now
    for step in range(1, STEPS_BACK + 1):
        one = previous_on(form, one) if one is not None else None
        if one is not None and step in (1, STEPS_BACK):
            found[BEFORE if step == 1 else FOUR] = one
    year = year_before_on(form, now)
    if year is not None:
        found[YEAR] = year
    if twin is not None:
        with contextlib.suppress(FormError):
            found[LUNAR] = period_on(form, twin)
    return found


def _quotes(tables: Mapping[str, _Table], item: str) -> dict[str, Quote]:
    return {at: quote for at, table in tables.items() if (quote := table.quotes.get(item))}


@dataclass(slots=True)
class _Table:
    """Prices of one period at one unit, by item."""

    quotes: dict[str, Quote]
    hidden: int = 0
    filed: int = 0
    expected: int = 0

    @classmethod
    def of(cls, scope: Scope, form: Form, place: str, period: Period, basis: str) -> _Table:
        if basis == LIVE:
            table = selectors.figures(scope, form.code, period.code)
            return cls._of({i: f for i, f in table.units.get(place, {}).items()}, LIVE, 0)
        index = max((v.seq for v in issued.vintages(form.code, period.code)), default=0)
        cells = {
            item: Figure(cell.sums, bool(cell.hidden))
            for (unit, item), cell in issued.table_of(form.code, period.code).items()
            if unit == place
        }
        return cls._of(cells, ISSUED, index)

    @classmethod
    def _of(cls, cells: Mapping[str, Figure], source: str, index: int) -> _Table:
        found = cls({})
        for item, figure in cells.items():
            found.filed = max(found.filed, figure.sums.filed)
            found.expected = max(found.expected, figure.sums.expected)
            if figure.suppressed:
                found.hidden += 1
            elif (quote := _quote(figure.sums, source, index)) is not None:
                found.quotes[item] = quote
        return found

    def fill(self, old: Mapping[str, Quote]) -> None:
        """What history knows where nothing was issued."""
        for item, quote in old.items():
            self.quotes.setdefault(item, quote)


def _quote(sums: Sums, source: str, index: int) -> Quote | None:
    weighted = weighted_mean(sums)
    if not sums.quotes or weighted is None:
        return None
    return Quote(Fraction(sums.sum_price, sums.quotes), weighted, source, index)


class _History:
    """历史汇总 of one place by the day in the middle of its weeks."""

    def __init__(self, place: str) -> None:
        self._standing = history.standing_rows(place)

    def prices(self, period: Period) -> dict[str, Quote]:
        """Prices of the old week that holds the period's middle day, in fen."""
        middle = period.start + (period.end - period.start) // 2
        standing = next((one for one in self._standing if one.period.contains(middle)), None)
        if standing is None:
            return {}
        form = registry.get(history.FORM, standing.row.form_version)
        column = codec.decode(form, standing.row.body).columns[form.roles.price or "price"]
        return {
            leaf.code: Quote(Fraction(cell), Fraction(cell), "history", standing.row.seq)
            for leaf, cell in zip(form.leaves, column, strict=True)
            if isinstance(cell, int) and cell > 0
        }
