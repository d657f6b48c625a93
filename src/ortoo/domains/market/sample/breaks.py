"""Breaks 样本变动: periods whose sample differs from the one before, and what that did to a series.

The change of the sample shows as the difference between the plain change 直接环比, of whoever
reported, and the matched change 同样本环比, of those that reported in both periods.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from fractions import Fraction

from ortoo.domains.market import observations, selectors
from ortoo.domains.market.rules.figures import Figure, percent_text, round_half_even
from ortoo.domains.market.sample.frame import tenures
from ortoo.domains.market.sample.rules import Tenure
from ortoo.kernel.forms import registry
from ortoo.kernel.forms.definition import Form
from ortoo.kernel.forms.periods import Period, period_on, previous_on
from ortoo.kernel.grants.scope import Scope
from ortoo.kernel.parties.models import Party
from ortoo.kernel.places.active import active_pack

# Below half of what is printed nothing is worth a sentence.
SMALL = Fraction(1, 20_000)


@dataclass(frozen=True, slots=True)
class Break:
    """A period whose sample differs from the one before.

    `added`, `removed`: how many firms; `parties` their codes, only for readers of unit figures.
    `share_of_quotes`: share of the period's returns that come from added firms; `share_of_sales`
    the same of the item's sales, for readers of unit figures. Changes as shares (0.01 is 1 %).
    `influence`, for the same readers: the plain change less the plain change without the firms that
    came or went. The rest of its distance from the matched change comes from firms that did not
    answer in one of the periods, and is not the sample's doing.
    """

    period: Period
    added: int
    removed: int
    parties: tuple[str, ...] = ()
    share_of_quotes: Fraction | None = None
    share_of_sales: Fraction | None = None
    matched_change: Fraction | None = None
    plain_change: Fraction | None = None
    influence: Fraction | None = None

    @property
    def words(self) -> str:
        """«样本变动：+1 −1»."""
        parts = [(self.added, "+"), (self.removed, "−")]
        return "样本变动：" + " ".join(f"{sign}{count}" for count, sign in parts if count)

    @property
    def note(self) -> str:
        """The sentence beside a chart."""
        if self.matched_change is None or self.plain_change is None:
            return f"{self.words}，影响不能计算或不公布"
        changes = (
            f"（同样本环比 {percent_text(self.matched_change)}%，"
            f"直接环比 {percent_text(self.plain_change)}%）"
        )
        if self.influence is None:
            return f"{self.words}{changes}"
        rest = self.plain_change - self.matched_change - self.influence
        told = f"{self.words}，影响 {_points(self.influence)} 个百分点{changes}"
        if abs(rest) < SMALL:
            return told
        return f"{told}，两者之差的另外 {_points(rest)} 个百分点来自未报或新报的企业"


def _points(share: Fraction) -> str:
    return round_half_even(share * 100, 2)


def breaks(
    scope: Scope, form: str, unit: str, since: Period, until: Period, *, item: str = "",
    basis: str = "reviewed",
) -> list[Break]:  # fmt: skip
    """Breaks of a unit's sample after `since` up to `until`, oldest first.

    With `item` each says what it did to that item's mean; what disclosure control hides of the
    series stays hidden here.
    """
    definition = registry.get(form)
    changes = _changes(definition, unit, since, until)
    if not changes:
        return []
    figures: dict[str, Figure] = {}
    if item:
        found = selectors.series(scope, form, unit, item, basis=basis, limit=600)
        figures = {period.code: figure for period, figure in found}
    named = unit in scope.places("read_unit_figures", form)
    return [
        _with_figures(
            definition, Break(period, len(joined), len(left)), (joined, left), figures,
            (unit, item, basis), named=named,
        )
        for period, joined, left in changes
    ]  # fmt: skip


def _changes(
    form: Form, unit: str, since: Period, until: Period
) -> list[tuple[Period, frozenset[str], frozenset[str]]]:
    """(period, firms that joined, firms that left) where the sample changed.

    Only days on which somebody came or went are looked at, not every period.
    """
    stays = _within(tenures(form.respondents.sample), unit, until)
    days = {stay.first for stay in stays} | {stay.last for stay in stays if stay.last}
    periods = set()
    for day in days:
        if since.start.isoformat() <= day <= until.end.isoformat():
            own = period_on(form, since.start.fromisoformat(day))
            periods |= {own, own.next()}
    found = []
    for period in sorted(periods):
        before = previous_on(form, period)
        if before is None or not since < period <= until:
            continue
        now = frozenset(stay.party for stay in stays if stay.within(period))
        then = frozenset(stay.party for stay in stays if stay.within(before))
        # The first period of a list is its beginning and no break.
        if then and now != then:
            found.append((period, now - then, then - now))
    return found


def _within(stays: Collection[Tenure], unit: str, until: Period) -> list[Tenure]:
    pack = active_pack()
    if unit == pack.root.code:
        return list(stays)
    parties = sorted({stay.party for stay in stays})
    places: dict[str, str] = {}
    for start in range(0, len(parties), 900):
        chunk = parties[start : start + 900]
        places.update(Party.objects.filter(code__in=chunk).values_list("code", "place"))
    inside = pack.under(unit, until.end) if unit in pack else frozenset()
    return [stay for stay in stays if places.get(stay.party) in inside]


def _with_figures(
    form: Form,
    found: Break,
    moved: tuple[frozenset[str], frozenset[str]],
    figures: Mapping[str, Figure],
    at: tuple[str, str, str],
    *,
    named: bool,
) -> Break:
    now, before = figures.get(found.period.code), None
    earlier = previous_on(form, found.period)
    if earlier is not None:
        before = figures.get(earlier.code)
    matched = _matched(form, now, named=named)
    plain = None
    if now is not None and before is not None and now.mean is not None and before.mean:
        plain = now.mean / before.mean - 1
    quotes, sales = _shares(form, found.period, moved[0], at[:2])
    influence = None
    if named and plain is not None and earlier is not None:
        away = moved[0] | moved[1]
        means = [_mean_without(form, period, away, at) for period in (found.period, earlier)]
        if means[0] is not None and means[1]:
            influence = plain - (means[0] / means[1] - 1)
    return Break(
        found.period, found.added, found.removed,
        tuple(sorted(moved[0] | moved[1])) if named else (),
        quotes, sales if named else None, matched, plain, influence,
    )  # fmt: skip


def _mean_without(
    form: Form, period: Period, away: frozenset[str], at: tuple[str, str, str]
) -> Fraction | None:
    """The weighted mean of an item at a unit without the named firms, as the rollup weighs it."""
    unit, item, basis = at
    returns = observations.load(form.code, period.code)
    if not returns.parties or item not in returns.form.leaf_index:
        return None
    keep = returns.counted & returns.reviewed if basis == "reviewed" else returns.counted
    pack = active_pack()
    inside = pack.under(unit, period.end)
    root = unit == pack.root.code
    column = returns.form.leaf_index[item]
    roles = returns.form.roles
    price, quantity = returns.cells.get(roles.price or ""), returns.cells.get(roles.quantity or "")
    if price is None or quantity is None:
        return None
    upper = lower = 0
    for row, party in enumerate(returns.parties):
        if keep[row] and party not in away and (root or returns.places[row] in inside):
            p, q = int(price[row, column]), int(quantity[row, column])
            if p > 0 and q > 0:
                upper, lower = upper + p * q, lower + q
    return Fraction(upper, lower) if lower else None


def _matched(form: Form, figure: Figure | None, *, named: bool) -> Fraction | None:
    """同样本环比, where it rests on enough firms for this reader."""
    if figure is None or (not named and figure.sums.matched < form.publish.min_respondents):
        return None
    return figure.matched_change


def _shares(
    form: Form, period: Period, joined: frozenset[str], at: tuple[str, str]
) -> tuple[Fraction | None, Fraction | None]:
    """Shares of the added firms in the period's returns and in the item's sales."""
    returns = observations.load(form.code, period.code)
    if not returns.parties or not joined:
        return None, None
    unit, item = at
    pack = active_pack()
    inside = pack.under(unit, period.end) if unit in pack else frozenset()
    root = unit == pack.root.code
    rows = [
        row
        for row, counted in enumerate(returns.counted)
        if counted and (root or returns.places[row] in inside)
    ]
    new = [row for row in rows if returns.parties[row] in joined]
    quotes = Fraction(len(new), len(rows)) if rows else None
    value = returns.cells.get(form.roles.value or "")
    if value is None or item not in form.leaf_index:
        return quotes, None
    column = value[:, form.leaf_index[item]]
    total = sum(int(column[row]) for row in rows if column[row] >= 0)
    part = sum(int(column[row]) for row in new if column[row] >= 0)
    return quotes, Fraction(part, total) if total else None
