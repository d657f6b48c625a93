"""Which rules the figures of a period meet: windows and rules in, findings out. Pure.

A rule fires at a matter's place (a reporting unit, or the region as a whole) when enough of its
places have enough goods whose statistic crosses the threshold, in as many periods in a row as the
rule asks, resting on enough different firms. What a rule asks besides (`with_all`, `with_any`) is
measured for the same goods and place, also in other forms; what is not known never confirms.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ortoo.domains.market.alerts.statistics import Measured, measured
from ortoo.domains.market.alerts.tables import Condition, Goods, Rule
from ortoo.domains.market.alerts.window import OUT_OF_STOCK, Window


@dataclass(frozen=True, slots=True)
class Cell:
    """One place and item that crosses the threshold. `firms`: how many it rests on."""

    place: str
    item: str
    good: str
    name: str
    value: float
    firms: int


@dataclass(frozen=True, slots=True)
class Sign:
    """What a rule asks besides: its value for the matter's goods and place, None where unknown."""

    condition: Condition
    value: float | None
    form: str

    @property
    def met(self) -> bool:
        return self.value is not None and self.condition.met(self.value)


@dataclass(frozen=True, slots=True)
class Finding:
    """A rule that fires. `place`: the unit or the root; `firms`: those whose figures it rests on;
    `goods` the set the matter is about."""

    rule: Rule
    goods: Goods
    place: str
    form: str
    period: str
    cells: tuple[Cell, ...]
    signs: tuple[Sign, ...]
    firms: tuple[str, ...]

    @property
    def places(self) -> tuple[str, ...]:
        return tuple(sorted({cell.place for cell in self.cells}))

    @property
    def items(self) -> tuple[str, ...]:
        return tuple(sorted({cell.item for cell in self.cells}))

    @property
    def extreme(self) -> Cell:
        """The cell that goes furthest in the rule's direction."""
        sign = 1 if self.rule.condition.rise else -1
        return max(self.cells, key=lambda cell: sign * cell.value)


def find(window: Window, rules: Sequence[Rule], beside: Mapping[str, Window]) -> list[Finding]:
    """Every finding of the rules at the window's last period, in the order of the rules.

    `beside`: windows of other forms at the same time, for what rules ask besides.
    """
    found: list[Finding] = []
    for rule in rules:
        held = _held(window, rule)
        for goods in rule.goods:
            found += _of_goods(window, rule, goods, held, beside)
    return found


def _held(window: Window, rule: Rule) -> tuple[Measured, np.ndarray]:
    """(the newest measurement, cells that cross in every one of the rule's periods)."""
    at = rule.at
    newest = measured(window, rule.condition, at)
    crossed = _crossed(newest, rule)
    for ago in range(1, rule.condition.consecutive):
        earlier = window.ended(ago)
        if not earlier.periods:
            return newest, np.zeros_like(crossed)
        crossed &= _crossed(measured(earlier, rule.condition, at), rule)
    return newest, crossed


def _crossed(one: Measured, rule: Rule) -> np.ndarray:
    """Cells beyond the threshold in which more than half of the firms went the same way."""
    limit = float(rule.condition.threshold)
    with np.errstate(invalid="ignore"):
        beyond = one.value >= limit - 1e-9 if rule.condition.rise else one.value <= limit + 1e-9
    return np.asarray(np.isfinite(one.value) & beyond & (2 * one.moved > one.firms))


def _of_goods(
    window: Window, rule: Rule, goods: Goods, held: tuple[Measured, np.ndarray],
    beside: Mapping[str, Window],
) -> list[Finding]:  # fmt: skip
    newest, crossed = held
    rows = window.item_rows(goods.prefixes)
    if not rows:
        return []
    found = []
    unit_of = _units(window, rule.at)
    for matter in sorted(set(unit_of.values())):
        mine = [row for row, place in enumerate(newest.places) if unit_of[place] == matter]
        firing = [row for row in mine if _enough_goods(newest, crossed, rule, row, rows)]
        quoting = [row for row in mine if np.isfinite(newest.value[row, rows]).any()]
        if len(firing) < _least_places(rule, len(quoting)):
            continue
        cells = tuple(
            Cell(
                newest.places[row], window.items[column], window.goods[column],
                window.names[column], round(float(newest.value[row, column]), 4),
                int(newest.firms[row, column]),
            )
            for row in firing
            for column in rows
            if crossed[row, column]
        )  # fmt: skip
        kept = _confirmed(window, rule, matter, cells, beside)
        firms = _firms(window, rule, kept)
        if not kept or len(firms) < rule.firms_at_least:
            continue
        signs = _signs(window, rule, matter, kept, beside)
        if signs is not None:
            found.append(
                Finding(rule, goods, matter, window.form, window.period.code, kept, signs, firms)
            )
    return found


def _units(window: Window, at: str) -> dict[str, str]:
    """Each place of the rule's level → the place of the matter it belongs to."""
    if at == "root":
        return {window.root: window.root}
    if at == "unit":
        return {unit: unit for unit in window.unit}
    return dict(zip(window.banner, window.unit, strict=True))


def _enough_goods(
    newest: Measured, crossed: np.ndarray, rule: Rule, row: int, rows: Sequence[int]
) -> bool:
    known = int(np.isfinite(newest.value[row, rows]).sum())
    over = int(crossed[row, rows].sum())
    return over >= max(rule.goods_at_least, 1) and over >= float(rule.goods_share) * known


def _least_places(rule: Rule, quoting: int) -> float:
    return max(rule.places_at_least, float(rule.places_share) * quoting, 1)


def _firms(window: Window, rule: Rule, cells: Sequence[Cell]) -> tuple[str, ...]:
    """Firms that speak of a firing cell themselves: a figure there, or 断货 for a stock-out."""
    at = {"banner": window.banner, "unit": window.unit}.get(rule.at)
    column = {item: row for row, item in enumerate(window.items)}
    wanted = {(cell.place, column[cell.item]) for cell in cells}
    if rule.condition.statistic == "out_of_stock":
        said = window.nil[:, :, -1] == OUT_OF_STOCK
    else:
        said = np.isfinite(window.price[:, :, -1]) | np.isfinite(window.stock[:, :, -1])
    return tuple(
        firm
        for row, firm in enumerate(window.firms)
        if any(said[row, item] and (at is None or at[row] == place) for place, item in wanted)
    )


def _confirmed(
    window: Window, rule: Rule, matter: str, cells: Sequence[Cell], beside: Mapping[str, Window]
) -> tuple[Cell, ...]:
    """The cells whose own good meets everything the rule asks in any case."""
    values = [_by_good(window, one, matter, beside) for one in rule.with_all]
    return tuple(
        cell
        for cell in cells
        if all(
            cell.good in known and one.met(known[cell.good])
            for one, known in zip(rule.with_all, values, strict=True)
        )
    )


def _signs(
    window: Window, rule: Rule, matter: str, cells: Sequence[Cell], beside: Mapping[str, Window]
) -> tuple[Sign, ...] | None:
    """What the rule asks besides, as the median over the firing goods; None where none of
    `with_any` holds."""
    goods = {cell.good for cell in cells}
    found = []
    for condition in (*rule.with_all, *rule.with_any):
        values = [v for g, v in _by_good(window, condition, matter, beside).items() if g in goods]
        middle = round(float(np.median(values)), 4) if values else None
        found.append(Sign(condition, middle, condition.form or window.form))
    some = found[len(rule.with_all) :]
    return None if some and not any(sign.met for sign in some) else tuple(found)


def _by_good(
    window: Window, condition: Condition, matter: str, beside: Mapping[str, Window]
) -> dict[str, float]:
    """The condition's known values at the matter's place, by good."""
    other = beside.get(condition.form) if condition.form else window
    if other is None or not other.firms:
        return {}
    one = measured(other, condition, "root" if matter == other.root else "unit")
    if matter not in one.places:
        return {}
    values = one.value[one.places.index(matter)]
    return {
        good: float(value)
        for good, value in zip(other.goods, values.tolist(), strict=True)
        if good and np.isfinite(value)
    }
