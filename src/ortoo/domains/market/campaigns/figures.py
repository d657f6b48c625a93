"""A campaign day's figures against the day before, the week before and 去年农历同期.

For readers who may see the firms themselves; sums are taken anew from the filings (law 9). Where
the twin day a year before has no daily returns, the weekly mean of the week that holds it stands
in, and says so.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from ortoo.algorithms.rollup import MISSING, Ints, matched_sums
from ortoo.domains.market import lunar, monitored, observations
from ortoo.domains.market.campaigns.plan import Plan
from ortoo.domains.market.known import asked_cells
from ortoo.domains.market.observations import PeriodReturns
from ortoo.kernel.forms.definition import Form, FormError, Item
from ortoo.kernel.forms.periods import Period, day_of, period_on
from ortoo.kernel.grants.scope import Scope

_WEEK = dt.timedelta(days=7)
_DAY = dt.timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Base:
    """What a day is held against: a period, and whether its weekly mean stands in 以周均价代."""

    day: dt.date
    period: Period | None
    stands_in: bool = False

    @property
    def note(self) -> str:
        """«以2026年第8周均价代», "" where the day itself reported."""
        if self.period is None:
            return "无数据"
        year, number = self.period.number
        return f"以{year}年第{number}周均价代" if self.stands_in else ""


@dataclass(frozen=True, slots=True)
class Against:
    """One item against a base: its mean then (None: nothing known) and the matched change."""

    mean: Fraction | None
    change: Fraction | None
    matched: int


@dataclass(frozen=True, slots=True)
class Line:
    """One item of a day, in minor units: weighted mean, quotes, quantity, stock, 断货 firms."""

    item: Item
    mean: Fraction | None
    quotes: int
    quantity: int
    value: int
    stock: int
    out_of_stock: int
    before: Against
    week: Against
    lunar: Against


@dataclass(frozen=True)
class DayFigures:
    """A day as one reader may see it. `counted`: firms whose returns are in the figures."""

    day: dt.date
    form: Form
    lines: tuple[Line, ...]
    counted: int
    asked: int
    before: Base
    week: Base
    lunar: Base


def day_figures(scope: Scope, plan: Plan, day: dt.date) -> DayFigures:
    """Figures over the firms of this scope. SCOPE-… without `read_unit_figures`."""
    scope.require("read_unit_figures", form=plan.form)
    mine = scope.places("read_unit_figures", plan.form)
    now = observations.load(plan.form, day_of(day).code)
    form = now.form
    inside = np.array([place in mine for place in now.places], bool)
    keep = now.counted & inside if len(inside) else inside
    asked = plan.asked(form)
    items = {item for item, _ in asked_cells(form, asked)}
    rows = [n for n, item in enumerate(form.leaves) if item.code in items]
    bases = (
        Base(day - _DAY, day_of(day - _DAY)),
        Base(day - _WEEK, day_of(day - _WEEK)),
        lunar_base(form, day) if plan.lunar else Base(day, None),
    )
    against = [_against(form, now, keep, mine, base) for base in bases]
    quotes = observations.quotes(now, keep)
    lines = tuple(
        Line(
            item=form.leaves[n],
            mean=_mean(quotes.price[:, n], quotes.quantity[:, n]),
            quotes=int((quotes.price[:, n] != MISSING).sum()),
            quantity=_sum(quotes.quantity[:, n]),
            value=_sum(quotes.sales[:, n]),
            stock=_sum(quotes.stock[:, n]),
            out_of_stock=int(quotes.out_of_stock[:, n].sum()),
            before=against[0][n],
            week=against[1][n],
            lunar=against[2][n],
        )
        for n in rows
    )
    return DayFigures(day, form, lines, int(keep.sum()), int(inside.sum()), *bases)


def lunar_base(form: Form, day: dt.date) -> Base:
    """去年农历同期: that day's returns, or the week that held it, or nothing."""
    twin = lunar.last_lunar_year(day)
    if twin is None:
        return Base(day, None)
    daily = day_of(twin)
    if observations.load(form.code, daily.code).counted.any():
        return Base(twin, daily)
    weekly = weekly_twin(form)
    if weekly is not None:
        try:
            period = period_on(weekly, twin)
        except FormError:
            return Base(twin, None)
        if observations.load(weekly.code, period.code).counted.any():
            return Base(twin, period, stands_in=True)
    return Base(twin, None)


def weekly_twin(form: Form) -> Form | None:
    """The weekly form that asks the same list for the prices of most of the same goods, or None."""
    goods = {item.good for item in form.leaves if item.good}
    listed = form.respondents.sample
    best: tuple[int, Form] | None = None
    for other in monitored.forms():
        if other.cadence != "week" or other.supplements is not None:
            continue
        shared = len(goods & {item.good for item in other.leaves if item.good})
        alike = other.respondents.sample == listed and other.roles.price is not None
        if alike and shared and (best is None or shared > best[0]):
            best = shared, other
    return best[1] if best else None


def _against(
    form: Form, now: PeriodReturns, keep: np.ndarray, mine: frozenset[str], base: Base
) -> list[Against]:
    nothing = [Against(None, None, 0)] * len(form.leaves)
    if base.period is None:
        return nothing
    source = weekly_twin(form) if base.stands_in else form
    if source is None:
        return nothing
    then = observations.load(source.code, base.period.code)
    if not base.stands_in:
        then = observations.in_rows_of(then, form)
    if not then.parties:
        return nothing
    columns = _columns(form, then.form)
    there = np.array([place in mine for place in then.places], bool) & then.counted
    quotes = observations.quotes(then, there)
    price, quantity = (_taken(a, columns) for a in (quotes.price, quotes.quantity))
    before = [_taken(a, columns) for a in observations.aligned(then, now.parties)]
    n, top, bottom = matched_sums(
        observations.quotes(now, keep), before[0], before[1],
        np.zeros(len(now.parties), np.intp), 1,
    )  # fmt: skip
    return [
        Against(
            _mean(price[:, row], quantity[:, row]),
            Fraction(int(top[1, row]), int(bottom[1, row])) - 1 if bottom[1, row] else None,
            int(n[1, row]),
        )
        for row in range(len(form.leaves))
    ]


def _columns(form: Form, source: Form) -> list[int]:
    """For each leaf of `form`, the leaf of `source` that is the same good; −1 for none."""
    if source.code == form.code:
        return [source.leaf_index.get(item.code, -1) for item in form.leaves]
    by_good = {i.good: n for n, i in enumerate(source.leaves) if i.good and i.match == "exact"}
    found = []
    for item in form.leaves:
        at = by_good.get(item.good, -1) if item.good and item.match == "exact" else -1
        same = at >= 0 and source.leaves[at].unit == item.unit
        found.append(at if same else -1)
    return found


def _taken(values: Ints, columns: Sequence[int]) -> Ints:
    found = values[:, [max(at, 0) for at in columns]].copy()
    found[:, np.array([at < 0 for at in columns], bool)] = MISSING
    return found


def _mean(price: Ints, quantity: Ints) -> Fraction | None:
    """Quantity-weighted mean over quotes with a quantity; the plain mean where none has one."""
    known = price != MISSING
    if not known.any():
        return None
    weighted = known & (quantity != MISSING) & (quantity > 0)
    if weighted.any():
        total = sum(
            int(p) * int(q) for p, q in zip(price[weighted], quantity[weighted], strict=True)
        )
        return Fraction(total, int(quantity[weighted].sum()))
    return Fraction(int(price[known].sum()), int(known.sum()))


def _sum(values: Ints) -> int:
    return int(values[values != MISSING].sum())
