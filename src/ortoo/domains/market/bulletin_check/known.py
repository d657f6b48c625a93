"""The figures a reader may see of one place and period, as the checker asks for them.

Inside the chain the live reviewed figures and what was issued, outside it what was issued; 历史汇总
for weeks without returns. A number of a bulletin is right where it is one of the figures in use:
the plain mean of the quotes, as printed notes compute it, or the mean by quantity.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from math import exp, isnan, log

from django.urls import reverse

from ortoo.domains.market import issued, lunar, monitored, panels, selectors
from ortoo.domains.market.publication import is_published
from ortoo.domains.market.rules.figures import Figure, weighted_mean
from ortoo.domains.market.web.figures_request import in_chain
from ortoo.domains.market.web.figures_sheet import why_hidden
from ortoo.kernel.forms import registry
from ortoo.kernel.forms.definition import Form, FormError, Item
from ortoo.kernel.forms.periods import (
    Period,
    is_period_of,
    period_on,
    previous_on,
    year_before_on,
)
from ortoo.kernel.grants.scope import Scope

SIMPLE, WEIGHTED = "简单平均", "按销售量加权"
LIVE, ISSUED, HISTORY = "已审核数", "已发布数", "历史汇总"
BACK = {"previous": "before", "matched": "before", "four": "four", "year": "year", "lunar": "lunar"}
STEPS_BACK = 4


@dataclass(frozen=True, slots=True)
class Quote:
    """One item's two means in 元 of its unit; `matched` is its 同样本环比."""

    simple: Fraction
    weighted: Fraction
    matched: Fraction | None = None

    def on(self, basis: str) -> Fraction:
        return self.simple if basis == SIMPLE else self.weighted


Quotes = Mapping[str, Quote]


@dataclass(frozen=True, slots=True)
class Known:
    """One way to reckon a figure: its exact value (元, %, a count) and what it is called."""

    value: Fraction
    label: str
    sums: str = ""


@dataclass
class Book:
    """One form at one place: quotes by view (live, issued) and by when; what is hidden and why."""

    scope: Scope
    form: Form
    place: str
    period: Period
    now_ms: int
    hidden: dict[str, str] = field(default_factory=dict)
    expected: int = 0
    filed: int = 0

    @cached_property
    def periods(self) -> Mapping[str, Period]:
        found: dict[str, Period] = {"now": self.period}
        one: Period | None = self.period
        for step in range(1, STEPS_BACK + 1):
            one = previous_on(self.form, one) if one is not None else None
            if one is not None and step in (1, STEPS_BACK):
                found["before" if step == 1 else "four"] = one
        if (year := year_before_on(self.form, self.period)) is not None:
            found["year"] = year
        try:
            twin = lunar.last_lunar_year(self.period.end)
            if twin is not None:
                found["lunar"] = period_on(self.form, twin)
        except (lunar.LunarError, FormError):
            pass
        return found

    @cached_property
    def views(self) -> Mapping[str, Mapping[str, Quotes]]:
        """{live or issued: {when: {item: Quote}}}; history stands in where neither speaks."""
        found: dict[str, dict[str, Quotes]] = {}
        for view in (ISSUED, LIVE):
            quotes = {when: self._quotes(view, when, one) for when, one in self.periods.items()}
            found[view] = {when: some for when, some in quotes.items() if some}
        old = self._history
        for known in found.values():
            for when, prices in old.items():
                known[when] = {**prices, **known.get(when, {})}
        return {view: quotes for view, quotes in found.items() if quotes.get("now")}

    @property
    def any(self) -> bool:
        return bool(self.views)

    def _quotes(self, view: str, when: str, period: Period) -> Quotes:
        chain = in_chain(self.scope, self.form.code)
        if not chain and not is_published(self.form, period, self.now_ms):
            return {}
        scale = 10 ** (self.form.measure(self.form.roles.price or "").scale)
        if view == ISSUED:
            table = issued.table_of(self.form.code, period.code)
            cells = {
                item: Figure(cell.sums, bool(cell.hidden), why=cell.hidden)
                for (unit, item), cell in table.items()
                if unit == self.place
            }
        elif self.place in self.scope.places("read_aggregates", self.form.code):
            shown = selectors.figures(self.scope, self.form.code, period.code)
            cells = dict(shown.units.get(self.place, {}))
        else:
            return {}
        if when == "now":
            self._note(cells)
        return {item: quote for item, figure in cells.items()
                if (quote := _quote(figure, scale)) is not None}  # fmt: skip

    def _note(self, cells: Mapping[str, Figure]) -> None:
        for item, figure in cells.items():
            self.expected = max(self.expected, figure.sums.expected)
            self.filed = max(self.filed, figure.sums.filed)
            if figure.suppressed:
                self.hidden[item] = why_hidden(figure, self.form.publish, live=False)
            else:
                self.hidden.pop(item, None)

    @cached_property
    def _history(self) -> Mapping[str, Quotes]:
        """Prices of weeks of which only 历史汇总 speaks."""
        if self.form.code != panels.HISTORY_OF:
            return {}
        found = panels.panel(self.scope, self.form.code)
        if self.place not in found.units:
            return {}
        row, out = found.unit(self.place), {}
        for when, period in self.periods.items():
            if period not in found.periods:
                continue
            at = found.period(period)
            old = found.source[row, :, at] == panels.Source.HISTORY
            out[when] = {
                item: Quote(price, price)
                for column, item in enumerate(found.items)
                if old[column] and (price := _exact(found.price[row, column, at])) is not None
            }
        return out

    # --- answers -------------------------------------------------------------------------------

    def prices(self, items: Sequence[str], when: str = "now") -> list[Known]:
        """Mean price of some items in 元, each way it may be printed."""
        found = []
        for view, quotes in self.views.items():
            known = [quotes.get(when, {}).get(item) for item in items]
            there = [quote for quote in known if quote is not None]
            if not there:
                continue
            for basis in (SIMPLE, WEIGHTED):
                value = sum((quote.on(basis) for quote in there), Fraction(0)) / len(there)
                many = f"{len(there)}种均价的简单平均，各" if len(items) > 1 else ""
                found.append(Known(value, f"{many}{basis}（{view}）"))
        return found

    def changes(self, items: Sequence[str], compared: str) -> list[Known]:
        """Change of some items in %, each way it may be printed; over items priced in both."""
        back = BACK.get(compared)
        found: list[Known] = []
        for view, quotes in self.views.items():
            now, then = quotes.get("now", {}), quotes.get(back or "", {})
            same = [item for item in items if item in now and item in then]
            if compared != "matched":
                found += _plain_changes(same, now, then, view)
            if compared in ("previous", "matched") and len(items) == 1:
                quote = now.get(items[0])
                if quote is not None and quote.matched is not None:
                    found.append(Known(100 * quote.matched, f"同样本环比（{view}）"))
        return found

    def counts(self, items: Sequence[str]) -> list[Mapping[str, int]]:
        """Each way to count what rose, fell and stood: by the change as printed."""
        found: list[Mapping[str, int]] = []
        for quotes in self.views.values():
            now, then = quotes.get("now", {}), quotes.get("before", {})
            same = [item for item in items if item in now and item in then]
            steps = [
                [_step(now[i].on(basis), then[i].on(basis)) for i in same]
                for basis in (SIMPLE, WEIGHTED)
            ]
            steps.append([round(1000 * q.matched) for i in items
                          if (q := now.get(i)) is not None and q.matched is not None])  # fmt: skip
            priced = sum(item in now for item in items)
            for one in steps:
                up, down = sum(s > 0 for s in one), sum(s < 0 for s in one)
                found.append({"basket": len(one), "up": up, "down": down, "priced": priced,
                              "flat": len(one) - up - down})  # fmt: skip
        return found

    def movers(self, items: Sequence[str], *, rising: bool) -> list[str]:
        """The item that moved most, each way it may be reckoned."""
        found = []
        for quotes in self.views.values():
            now, then = quotes.get("now", {}), quotes.get("before", {})
            for basis in (SIMPLE, WEIGHTED):
                steps = {i: now[i].on(basis) / then[i].on(basis) for i in items
                         if i in now and i in then and then[i].on(basis)}  # fmt: skip
                if steps:
                    found.append((max if rising else min)(steps, key=lambda i: steps[i]))
            matched = {i: q.matched for i in items if (q := now.get(i)) and q.matched is not None}
            if matched:
                found.append((max if rising else min)(matched, key=lambda i: matched[i]))
        return found

    def href(self, item: str = "") -> str:
        """The page of a figure."""
        if item:
            address = reverse("item", kwargs={"form": self.form.code, "item": item})
            return f"{address}?unit={self.place}&period={self.period.code}"
        names = {"form": self.form.code, "period": self.period.code, "place": self.place}
        return reverse("figures-unit", kwargs=names)


def _quote(figure: Figure, scale: int) -> Quote | None:
    if figure.suppressed or not figure.sums.quotes:
        return None
    weighted = weighted_mean(figure.sums)
    simple = Fraction(figure.sums.sum_price, figure.sums.quotes)
    # A price of nought is a slip of whoever filed it; nothing is compared with it.
    if simple <= 0 or weighted is None or weighted <= 0:
        return None
    return Quote(simple / scale, weighted / scale, figure.matched_change)


def _exact(price: float) -> Fraction | None:
    return None if isnan(price) or price <= 0 else Fraction(str(round(float(price), 4)))


def _step(now: Fraction, then: Fraction) -> int:
    """A change in tenths of a percent, as it is printed."""
    return round(1000 * (now / then - 1))


def _plain_changes(same: Sequence[str], now: Quotes, then: Quotes, view: str) -> list[Known]:
    found: list[Known] = []
    if not same:
        return found
    for basis in (SIMPLE, WEIGHTED):
        p = sum((now[item].on(basis) for item in same), Fraction(0)) / len(same)
        q = sum((then[item].on(basis) for item in same), Fraction(0)) / len(same)
        sums = f"{float(p):.2f}÷{float(q):.2f}－1"
        found.append(Known(100 * (p / q - 1), f"{basis}（{view}）", sums))
    if len(same) > 1:
        mean = sum(log(now[item].simple / then[item].simple) for item in same) / len(same)
        change = Fraction(round((exp(mean) - 1) * 1_000_000), 10_000)
        found.append(Known(change, f"各品种涨跌的几何平均（{view}）"))
    return found


@dataclass
class Shelf:
    """The books of all forms with prices at the places a text speaks of."""

    scope: Scope
    period: Period
    now_ms: int
    _books: dict[tuple[str, str], Book | None] = field(default_factory=dict)

    def book(self, form: str, place: str) -> Book | None:
        """The form at the place; None where it has no such period or no figures for this reader."""
        key = (form, place)
        if key not in self._books:
            self._books[key] = self._made(form, place)
        return self._books[key]

    def _made(self, code: str, place: str) -> Book | None:
        form = registry.get(code)
        if form.roles.price is None or not monitored.is_monitored(code):
            return None
        for period in _periods(form, self.period):
            book = Book(self.scope, form, place, period, self.now_ms)
            if book.any or book.hidden:
                return book
        return None


def _periods(form: Form, week: Period) -> Iterable[Period]:
    """The same period; of a form of another cadence the newest that had ended by then."""
    if is_period_of(form, week):
        yield week
        return
    try:
        found: Period | None = period_on(form, week.end)
    except FormError:
        return
    for _ in range(STEPS_BACK):
        if found is None:
            return
        if found.end <= week.end:
            yield found
        found = previous_on(form, found)


def day_words(period: Period) -> str:
    """The period as a finding says it."""
    return period.label_zh


def items_of(form: Form, goods: Sequence[str], groups: Sequence[str]) -> list[Item]:
    """Leaves of a form by beginnings of goods' codes, or by groups' codes."""
    return [
        leaf for leaf in form.leaves
        if any((leaf.good or "").startswith(one) for one in goods) or (leaf.group or "") in groups
    ]  # fmt: skip


def newest(scope: Scope, form: Form, now_ms: int) -> Period | None:
    """The newest period this reader may see figures of."""
    chain = in_chain(scope, form.code)
    for period in selectors.periods_of(form.code, 60):
        if chain or is_published(form, period, now_ms):
            return period
    return None


def holding(form: Form, day: dt.date) -> Period | None:
    """The form's period that holds a day."""
    try:
        return period_on(form, day)
    except FormError:
        return None
