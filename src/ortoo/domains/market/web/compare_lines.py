"""Lines to compare 对比线: one item of one form at one place by one measure, and its points.

A line's address is text (`SCJC-W1.0303@150000:price`), so that every comparison is a link.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from ortoo.domains.market import history, monitored, selectors
from ortoo.domains.market.publication import published_periods
from ortoo.domains.market.rules.figures import Figure, round_half_even
from ortoo.domains.market.web.figures_request import form_of, in_chain, place_name, place_of
from ortoo.domains.market.web.figures_words import Denomination
from ortoo.kernel.filings.refusal import Refused
from ortoo.kernel.forms.definition import Form, Item, Measure
from ortoo.kernel.forms.periods import Period
from ortoo.kernel.grants.scope import Scope

PRICE, VALUE, QUANTITY, STOCK = "price", "value", "quantity", "stock"
MEASURES = {PRICE: "价格", VALUE: "销售额", QUANTITY: "销售量", STOCK: "库存"}
CHANNELS = {"retail": "零售", "wholesale": "批发", "material": "生产资料", "foreign": "境外"}
HISTORY_OF = "SCJC-W1"
"""The form whose weeks a bureau's 历史汇总 stands in for."""
FIRST_DAY = dt.date(2000, 1, 1)


@dataclass(frozen=True, slots=True)
class Point:
    """One period's value in minor units of the line's measure; None where there is none.

    `hidden`: not shown to this reader; `total`: from 历史汇总, without any firm behind it.
    """

    period: Period
    value: Fraction | None
    hidden: bool = False
    total: bool = False
    seq: int = 0


@dataclass(frozen=True, slots=True)
class Span:
    """Periods that end from `first` to `last`."""

    first: dt.date
    last: dt.date

    def holds(self, period: Period) -> bool:
        return self.first <= period.end <= self.last


@dataclass(frozen=True)
class Line:
    """What is followed: an item of a form at a place, by a role's measure."""

    form: Form
    item: Item
    unit: str
    measure: str = PRICE

    @property
    def code(self) -> str:
        tail = "" if self.measure == PRICE else f":{self.measure}"
        return f"{self.form.code}.{self.item.code}@{self.unit}{tail}"

    @property
    def channel(self) -> str:
        return channel_of(self.form)

    @property
    def is_price(self) -> bool:
        return self.measure == PRICE and self.form.roles.price is not None

    @property
    def name(self) -> str:
        words = [self.item.name["zh"], place_name(self.unit, short=True), self.channel]
        if self.measure != PRICE or self.form.roles.price is None:
            words.append(self.measure_words)
        return " · ".join(words)

    @property
    def measure_words(self) -> str:
        if self.measure == PRICE:
            return Denomination(self.form).word if self.is_price else Denomination(self.form).noun
        return self._measure().title["zh"]

    def _measure(self) -> Measure:
        code = getattr(self.form.roles, self.measure) if self.measure != PRICE else None
        return self.form.measure(code) if code else Denomination(self.form).measure

    @property
    def scale(self) -> int:
        return self._measure().scale

    @property
    def unit_words(self) -> str:
        if self.measure == PRICE:
            money = "本币" if self.form.code == monitored.FOREIGN else "元"
            return Denomination(self.form, money).unit_of(self.item)
        return self._measure().unit_of(self.item)

    def text(self, value: Fraction | None) -> str:
        return "—" if value is None else round_half_even(value / 10**self.scale, self.scale)

    def drawn(self, value: Fraction | None) -> float | None:
        return None if value is None else float(self.text(value))


def channel_of(form: Form) -> str:
    """零售, 批发, 生产资料, 境外; else the printed form's number."""
    price = form.roles.price
    concept = form.measure(price).concept if price else ""
    return CHANNELS.get(concept.split("_", 1)[0], form.head.code)


def parse_line(code: str) -> Line:
    """The line an address names. Raises Refused COMPARE-LINE, FORM-UNKNOWN."""
    head, _, tail = code.partition("@")
    form_code, _, item = head.rpartition(".")
    unit, _, measure = tail.partition(":")
    form = form_of(form_code) if form_code else None
    known = (
        form is not None
        and monitored.is_rolled_up(form.code)
        and item in form.leaf_index
        and measure in ("", *measures_of(form))
        and (place_of(unit.rstrip("*")) is not None or form.code == monitored.FOREIGN)
    )
    if form is None or not known:
        raise Refused(
            "COMPARE-LINE", f"没有可比较的“{code[:40]}”。", "请从查找结果里添加品种和地区。", 404
        )
    return Line(form, form.item(item), unit, measure or PRICE)


def measures_of(form: Form) -> list[str]:
    """The roles by which a form's items can be followed; what is published comes first."""
    roles = form.roles
    shown = roles.price or form.principal.code
    # In the rollup of a form without prices a cell's weight is one: it keeps no quantity.
    sold = roles.quantity if roles.price else None
    named = {VALUE: roles.value, QUANTITY: sold, STOCK: roles.stock}
    return [PRICE, *(role for role, code in named.items() if code and code != shown)]


def open_units(scope: Scope, form: str) -> frozenset[str]:
    """Places whose sums, not only their means, are open to this reader."""
    return scope.places("read_unit_figures", form) | scope.places("read_aggregates", form)


def points(scope: Scope, line: Line, span: Span, now: int) -> list[Point]:
    """The line's points in the span, oldest first; 历史汇总 where the system has no return."""
    form = line.form
    found = selectors.series(scope, form.code, line.unit, line.item.code, limit=400)
    is_out = published_periods(form, now) if not in_chain(scope, form.code) else None
    summed = line.unit in open_units(scope, form.code)
    out = [
        _point(line, period, figure, summed)
        for period, figure in found
        if monitored.regular(form, period)
        and span.holds(period)
        and (is_out is None or is_out(period))
    ]
    return with_history(scope, line, out, span)


def _point(line: Line, period: Period, figure: Figure, summed: bool) -> Point:
    if line.measure == PRICE:
        return Point(period, figure.mean, figure.suppressed)
    # What is issued of a period are means and counts, never what was sold.
    if not summed or figure.suppressed:
        return Point(period, None, True)
    sums = figure.sums
    total = {VALUE: sums.sales, QUANTITY: sums.quantity, STOCK: sums.stock}[line.measure]
    return Point(period, Fraction(total) if sums.quotes else None)


def with_history(
    scope: Scope, line: Line, known: Sequence[Point], span: Span
) -> list[Point]:
    """The points with 历史汇总 in the weeks of which the system has no figure."""
    if line.form.code != HISTORY_OF or line.measure != PRICE:
        return list(known)
    said = [point for point in known if point.value is not None or point.hidden]
    covered = {point.period.end for point in said}
    old = [
        Point(period, Fraction(price), False, True, seq)
        for period, price, seq in history.series(scope, line.unit, line.item.code)
        if span.holds(period)
        and not any(period.contains(end - dt.timedelta(days=3)) for end in covered)
    ]
    if not old:
        return list(known)
    ends = [point.period for point in old]
    rest = [
        point
        for point in known
        if point.value is not None
        or point.hidden
        or not any(period.contains(point.period.end - dt.timedelta(days=3)) for period in ends)
    ]
    return sorted([*rest, *old], key=lambda point: point.period.end)


def at_day(found: Sequence[Point], day: dt.date) -> Point | None:
    """The point whose period holds a day."""
    return next((point for point in reversed(found) if point.period.contains(day)), None)


def middle(period: Period) -> dt.date:
    return period.start + (period.end - period.start) // 2
