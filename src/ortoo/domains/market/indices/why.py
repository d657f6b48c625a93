"""Why a published mean moved 均价变动分解: prices of the same shops, their mix, or the sample.

The weighted mean of a unit is decomposed between two periods over the firms behind it; price, mix
and sample add up to its change exactly (algorithms/indices/mean_change). Whoever may not see single
firms is told no part behind which exactly one firm stands; outside the chain there are the issued
means and the issued 同样本环比 only.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np

from ortoo.algorithms.indices.mean_change import mean_change
from ortoo.domains.market import observations, selectors
from ortoo.domains.market.observations import MISSING, PeriodReturns
from ortoo.domains.market.registers import names_of
from ortoo.domains.market.rules.figures import Figure, percent_text, weighted_mean
from ortoo.kernel.filings.refusal import Refused
from ortoo.kernel.forms.definition import Form, Item
from ortoo.kernel.forms.periods import Period, previous_on
from ortoo.kernel.grants.scope import Scope

SOURCE_NONE, NO_MATCH, CLOSED, ISSUED = "none", "no-match", "closed", "issued"


@dataclass(frozen=True, slots=True)
class Firm:
    """One firm behind the two means. Prices in minor units, None without one; parts as shares of
    the earlier mean. `seq`: its filing now, or then where it left."""

    party: str
    name: str
    place: str
    before: int | None
    after: int | None
    share_before: float
    share_after: float
    price: float
    mix: float
    sample: float
    seq: int

    @property
    def total(self) -> float:
        return self.price + self.mix + self.sample

    @property
    def status(self) -> str:
        if self.before is None:
            return "新增"
        return "退出" if self.after is None else "两期都有"


@dataclass(frozen=True, slots=True)
class Why:
    """A mean's change from `earlier` to `period` at a unit.

    `before`, `after`: means in minor units; `price`, `mix`, `sample` shares of `before` that add up
    to `change`, None where `gap` says why they cannot be told. `firms`: those the reader may see;
    `elsewhere`: how many more. `matched`: issued or computed 同样本环比.
    """

    unit: str
    period: Period
    earlier: Period | None
    before: Fraction | None
    after: Fraction | None
    price: float | None = None
    mix: float | None = None
    sample: float | None = None
    entered: int = 0
    left: int = 0
    stayed: int = 0
    matched: Fraction | None = None
    firms: tuple[Firm, ...] = ()
    elsewhere: int = 0
    gap: str = ""

    @property
    def change(self) -> Fraction | None:
        return self.after / self.before - 1 if self.before and self.after is not None else None


def of_place(
    scope: Scope, form: Form, item: Item, place: str, period: Period, *, basis: str = "reviewed"
) -> Why:  # fmt: skip
    """The decomposition of a place below a unit, for who may see its firms.

    Raises Refused UNIT-UNKNOWN (404): a place elsewhere is not even told to be there.
    """
    if place not in scope.places("read_unit_figures", form.code):
        raise Refused(
            "UNIT-UNKNOWN", f"没有地区 {place[:20]} 的数字，或不在您的范围内。",
            "请从列表中选择。", 404,
        )  # fmt: skip
    earlier = previous_on(form, period)
    pair = _pair(form, period, earlier)
    told = Why(place, period, earlier, None, None)
    if pair is None:
        return replace(told, gap=SOURCE_NONE)
    return _decomposed(scope, told, pair, (item, basis), lists=True)


def decompositions(
    scope: Scope, form: Form, item: Item, period: Period, *, basis: str = "reviewed",
    named: str = "",
) -> list[Why]:  # fmt: skip
    """The root's and every unit's decomposition; firms are listed for the unit `named` only, or for
    the root where none is named."""
    earlier = previous_on(form, period)
    table = selectors.figures(scope, form.code, period.code, basis=basis)
    pair = _pair(form, period, earlier)
    found = []
    for unit in [table.root, *(code for code in table.units if code != table.root)]:
        figure = table.figure(unit, item.code)
        told = Why(
            unit, period, earlier, _before_mean(figure), figure.mean,
            matched=figure.matched_change,
        )  # fmt: skip
        if figure.suppressed or unit not in table.own:
            found.append(replace(told, gap=ISSUED))
        elif pair is None or earlier is None:
            found.append(replace(told, gap=SOURCE_NONE))
        else:
            seen = unit in scope.places("read_unit_figures", form.code)
            made = _decomposed(
                scope, told, pair, (item, basis), lists=unit == (named or table.root)
            )
            found.append(made if seen else _closed(made))
    return found


def _before_mean(figure: Figure) -> Fraction | None:
    return weighted_mean(figure.previous) if figure.previous is not None else None


def _closed(made: Why) -> Why:
    """Without parts behind which one firm stands alone."""
    if 1 in (made.entered, made.left, made.stayed):
        return replace(made, price=None, mix=None, sample=None, firms=(), gap=CLOSED)
    return made


def _pair(
    form: Form, period: Period, earlier: Period | None
) -> tuple[PeriodReturns, PeriodReturns] | None:
    if earlier is None:
        return None
    now, before = (observations.load(form.code, one.code) for one in (period, earlier))
    if not now.parties or not before.parties:
        return None
    return observations.in_rows_of(before, now.form), now


@dataclass(frozen=True, slots=True)
class _Side:
    """Prices and weights of a unit's firms in one period; 0 where there is none."""

    rows: dict[str, int]
    price: dict[str, int]
    weight: dict[str, int]


def _side(returns: PeriodReturns, unit: str, item: Item, basis: str) -> _Side:
    codes, at, root = observations.units_of(returns)
    keep = returns.counted & returns.reviewed if basis == "reviewed" else returns.counted
    column = returns.form.leaf_index[item.code]
    roles = returns.form.roles
    price = returns.cells[roles.price or returns.form.principal.code][:, column]
    sold = returns.cells[roles.quantity][:, column] if roles.quantity else None
    keep = keep & (price != MISSING) & (price > 0)
    rows = [
        row
        for row in np.flatnonzero(keep).tolist()
        if unit == root or codes[at[row]] == unit or returns.places[row] == unit
    ]
    # As the rollup weighs: a price without a quantity weighs one minor unit.
    weight = {
        returns.parties[row]: 1 if sold is None or sold[row] == MISSING else max(int(sold[row]), 1)
        for row in rows
    }
    return _Side(
        {returns.parties[row]: row for row in rows},
        {returns.parties[row]: int(price[row]) for row in rows},
        weight,
    )


def _decomposed(
    scope: Scope, told: Why, pair: tuple[PeriodReturns, PeriodReturns], of: tuple[Item, str],
    *, lists: bool,
) -> Why:  # fmt: skip
    before, now = (_side(returns, told.unit, *of) for returns in pair)
    parties = sorted({*before.price, *now.price})
    rows = [[side.get(party, 0) for party in parties]
            for side in (before.price, before.weight, now.price, now.weight)]  # fmt: skip
    stayed = len(before.price.keys() & now.price.keys())
    told = replace(
        told, entered=len(now.price) - stayed, left=len(before.price) - stayed, stayed=stayed
    )
    if not before.price or not now.price:
        return replace(told, gap=SOURCE_NONE)
    if not stayed:
        return replace(told, gap=NO_MATCH)
    found = mean_change(*([row] for row in rows))
    base = float(found.before[0])
    firms = (
        _firms(scope, pair, (before, now), parties, np.array(rows, float), base) if lists else ()
    )
    return replace(
        told,
        before=Fraction(_dot(rows[0], rows[1]), sum(rows[1])),
        after=Fraction(_dot(rows[2], rows[3]), sum(rows[3])),
        price=float(found.price[0]) / base,
        mix=float(found.mix[0]) / base,
        sample=float(found.entry[0] + found.exit[0]) / base,
        firms=tuple(firms),
        elsewhere=len(parties) - len(firms) if lists else 0,
    )  # fmt: skip


def _dot(left: Sequence[int], right: Sequence[int]) -> int:
    return sum(a * b for a, b in zip(left, right, strict=True))


def _firms(
    scope: Scope, pair: tuple[PeriodReturns, PeriodReturns], sides: tuple[_Side, _Side],
    parties: Sequence[str], rows: np.ndarray, base: float,
) -> list[Firm]:  # fmt: skip
    """Firms this scope may open, largest part first; the parts of all of them sum to the change."""
    price0, weight0, price1, weight1 = rows
    both = (weight0 > 0) & (weight1 > 0)
    s0, s1 = weight0 / weight0.sum(), weight1 / weight1.sum()
    found = mean_change([price0], [weight0], [price1], [weight1])
    matched0 = _matched_mean(price0, weight0, both)
    matched1 = _matched_mean(price1, weight1, both)
    # A newcomer pulls the mean by its share of the distance from those that were there before.
    entry = np.where(both, 0.0, s1 * (price1 - matched1))
    exit_ = np.where(both, 0.0, -s0 * (price0 - matched0))
    names = names_of(parties)
    firms = []
    for at, party in enumerate(parties):
        side = 1 if party in sides[1].rows else 0
        row = sides[side].rows[party]
        returns = pair[side]
        if not scope.may_read(party=party, place=returns.places[row], form=returns.form.code):
            continue
        firms.append(Firm(
            party, names.get(party, party), returns.places[row],
            int(price0[at]) or None, int(price1[at]) or None, float(s0[at]), float(s1[at]),
            float(np.nan_to_num(found.price_parts[0, at])) / base,
            float(np.nan_to_num(found.mix_parts[0, at])) / base,
            float(entry[at] + exit_[at]) / base, returns.states[row].effective or 0,
        ))  # fmt: skip
    return sorted(firms, key=lambda firm: (-abs(firm.total), firm.party))


def _matched_mean(price: np.ndarray, weight: np.ndarray, both: np.ndarray) -> float:
    kept = np.where(both, weight, 0.0)
    return float((price * kept).sum() / kept.sum())


def sentence(told: Why, item: Item) -> str:
    """«羊腿肉均价上涨 5.0%：其中同店价格 +1.2%，销售结构 +0.6%，样本变动 +3.2%（新增 2 家）»."""
    name, change = item.name["zh"], told.change
    if told.after is None:
        return f"{name}本期没有可以公开的均价。"
    if change is None:
        return f"{name}上期没有均价，不能比较。"
    text = percent_text(change).lstrip("+-")
    moved = "持平" if text == "0.0" else f"{'上涨' if change > 0 else '下降'} {text}%"
    head = f"{name}均价{moved}"
    if told.gap:
        return f"{head}。{gap_words(told)}"
    parts = "，".join(
        f"{word} {percent_text(Fraction(part or 0.0))}%"
        for word, part in (
            ("同店价格", told.price), ("销售结构", told.mix), ("样本变动", told.sample)
        )
    )  # fmt: skip
    return f"{head}：其中{parts}{_counts(told)}。"


def _counts(told: Why) -> str:
    said = [
        f"{word} {count} 家"
        for word, count in (("新增", told.entered), ("退出", told.left)) if count
    ]  # fmt: skip
    return f"（{'、'.join(said)}）" if said else "（两期都是这些企业）"


def gap_words(told: Why) -> str:
    """Why the parts are not told."""
    if told.gap == ISSUED:
        if told.matched is None or told.change is None:
            return "审核链以外只有已发布的数字，同样本环比未发布，不能分解。"
        rest = told.change - told.matched
        return (
            f"已发布的同样本环比 {percent_text(told.matched)}%，其余 {percent_text(rest)} 个百分点"
            "为销售结构和样本变动，审核链以外不再细分。"
        )
    if told.gap == CLOSED:
        return "其中一项只涉及一家企业，按保密规定不分解。"
    if told.gap == NO_MATCH:
        return (
            f"两期没有同一家企业（新增 {told.entered} 家、退出 {told.left} 家），价格与样本分不开。"
        )
    return "两期中有一期没有企业明细，不能分解。"
