"""One alert's evidence: the figures it rests on, its surroundings, and whose returns they are.

Computed from the same windows as the rules, as known at one log index, so that a page for an
earlier day shows what could be known then.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import numpy as np

from ortoo.domains.market import observations
from ortoo.domains.market.alerts import engine, matters, tables
from ortoo.domains.market.alerts.detection import Finding
from ortoo.domains.market.alerts.matters import Alert
from ortoo.domains.market.alerts.statistics import measured
from ortoo.domains.market.alerts.tables import Condition, Goods
from ortoo.domains.market.alerts.window import OUT_OF_STOCK, Window
from ortoo.domains.market.registers import names_of
from ortoo.domains.market.selectors import periods_of
from ortoo.kernel.filings import read
from ortoo.kernel.filings.refusal import Refused
from ortoo.kernel.forms.periods import parse
from ortoo.kernel.grants.scope import Scope

Box = Callable[[Scope, Alert, int | None], Mapping[str, Any] | None]
BOXES: list[tuple[str, Box]] = []
"""Boxes other parts of the market put on the page: (template, what it is given or None)."""


def register_box(template: str, box: Box) -> None:
    """A box on every evidence page: what is expected next, for instance. Harmless when repeated."""
    if (template, box) not in BOXES:
        BOXES.append((template, box))


@dataclass(frozen=True, slots=True)
class PlaceRow:
    """A place's share in the matter: firms that quote, items over the line, median change of the
    goods' prices, firms × items out of stock."""

    place: str
    firms: int
    over: int
    change: float | None
    out: int


@dataclass(frozen=True, slots=True)
class ReturnRow:
    """A return the alert rests on and how far its review is."""

    party: str
    name: str
    place: str
    office: str
    stage: str
    seq: int
    out: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Surrounding:
    """A figure beside the prices: stock days, arrivals, storage; None where nobody reports it."""

    title: str
    form: str
    text: str
    items: str


@dataclass(frozen=True, slots=True)
class Evidence:
    """Everything one page shows. `findings`: as known at `as_of`; `still`: whether the newest
    period with returns still fires, and its code."""

    alert: Alert
    as_of: int | None
    findings: tuple[Finding, ...]
    goods: Goods
    window: Window
    own: tuple[PlaceRow, ...]
    others: tuple[PlaceRow, ...]
    returns: tuple[ReturnRow, ...]
    around: tuple[Surrounding, ...]
    filed: tuple[int, int]
    newest: str
    still: bool


def evidence(scope: Scope, alert: Alert, as_of: int | None = None) -> Evidence:
    """The evidence of an alert this scope may see, as known at a log index (now when None)."""
    if not matters.may_see(scope, alert.place):
        raise Refused("ALERT-UNKNOWN", "没有这件异动。", "请从异动列表打开。", 404)
    form, span = alert.newest.form, parse(alert.newest.period)
    # One index for the whole page: its windows are built once, and its parts agree.
    index = read.tail() if as_of is None else as_of
    window = engine.window_of(form, span, index)
    findings = _of(alert, engine.detect(form, span.code, index))
    goods = goods_of(alert)
    newest = _newest(form, as_of) or span.code
    still = bool(findings)
    if newest != span.code:
        still = bool(_of(alert, engine.detect(form, newest, index)))
    condition = findings[0].rule.condition if findings else _usual(alert)
    columns = _columns(alert, window, goods)
    rows = places(window, columns, condition, "banner")
    inside = set(_banners(window, alert))
    others = places(window, columns, condition, "unit")
    return Evidence(
        alert, as_of, findings, goods, window,
        tuple(row for row in rows if row.place in inside),
        tuple(row for row in others if row.place != alert.place),
        _returns(alert, window, goods, as_of), surroundings(alert, goods, index),
        _filed(alert, as_of), newest, still,
    )  # fmt: skip


def _of(alert: Alert, findings: Sequence[Finding]) -> tuple[Finding, ...]:
    return tuple(one for one in findings if (one.place, one.rule.sort, one.goods.code) == alert.key)


def goods_of(alert: Alert) -> Goods:
    """The set of goods an alert is about, from the table that raised it."""
    rule = tables.rule_by_code(alert.newest.rule)
    found = next((one for one in rule.goods if one.code == alert.goods), None) if rule else None
    return found or Goods(alert.goods, alert.goods, (alert.goods,))


def _usual(alert: Alert) -> Condition:
    rule = tables.rule_by_code(alert.newest.rule)
    if rule is None:
        raise Refused("ALERT-RULE", "提示所依的规则已不在规则表里。", "请核对规则表。", 409)
    return rule.condition


def _newest(form: str, as_of: int | None) -> str:
    for period in periods_of(form, 4):
        if observations.load(form, period.code, as_of).counted.any():
            return period.code
    return ""


def _banners(window: Window, alert: Alert) -> list[str]:
    if alert.place == window.root:
        return []
    pairs = zip(window.banner, window.unit, strict=True)
    return [banner for banner, unit in pairs if unit == alert.place]


def _columns(alert: Alert, window: Window, goods: Goods) -> list[int]:
    """Rows of the items the alert speaks of, or of all its goods."""
    said = {str(line["item"]) for line in alert.newest.lines}
    found = [row for row, item in enumerate(window.items) if item in said]
    return found or window.item_rows(goods.prefixes)


def places(
    window: Window, columns: list[int], condition: Condition, at: str
) -> tuple[PlaceRow, ...]:
    """Every place of a level, by how much its goods moved."""
    shown = condition
    if condition.statistic == "out_of_stock":
        shown = Condition("week_on_week", True, condition.threshold)
    one = measured(window, shown, at)
    codes, where = window.places(at)
    out = (window.nil[:, columns, -1] == OUT_OF_STOCK).sum(axis=1)
    quoting = np.isfinite(window.price[:, columns, -1]).any(axis=1)
    found = []
    for row, place in enumerate(codes):
        values = one.value[row, columns]
        known = values[np.isfinite(values)]
        mine = where == row
        found.append(
            PlaceRow(
                place, int((quoting & mine).sum()), sum(map(shown.met, known.tolist())),
                float(np.median(known)) if known.size else None, int(out[mine].sum()),
            )
        )  # fmt: skip
    sign = -1 if condition.rise else 1
    return tuple(sorted(found, key=lambda r: (-r.over, sign * (r.change or 0.0), r.place)))


def _returns(
    alert: Alert, window: Window, goods: Goods, as_of: int | None
) -> tuple[ReturnRow, ...]:
    """Returns of the newest period in the matter's places that speak of its goods."""
    found = observations.load(alert.newest.form, alert.newest.period, as_of)
    inside = set(_banners(window, alert)) or set(found.places)
    places_firing = {str(line["place"]) for line in alert.newest.lines} & inside
    rows = [
        row
        for row, place in enumerate(found.places)
        if place in (places_firing or inside) and found.counted[row]
    ]
    columns = window.item_rows(goods.prefixes)
    names = names_of([found.parties[row] for row in rows])
    made = []
    for row in rows:
        state, party = found.states[row], found.parties[row]
        out = tuple(window.names[c] for c in columns if found.nils[row, c] == OUT_OF_STOCK)
        office = state.offices[0][0] if state.offices else ""
        made.append(
            ReturnRow(
                party, names.get(party, party), found.places[row], office, state.stage,
                state.effective or 0, out,
            )
        )  # fmt: skip
    return tuple(sorted(made, key=lambda r: (-len(r.out), r.place, r.name)))


def _filed(alert: Alert, as_of: int | None) -> tuple[int, int]:
    """(returns in force, respondents) of the matter's period and place."""
    found = observations.load(alert.newest.form, alert.newest.period, as_of)
    if not found.parties:
        return 0, 0
    codes, rows, root = observations.units_of(found)
    mine = np.array([alert.place in (root, codes[row]) for row in rows], bool)
    return int((found.counted & mine).sum()), int((found.owed & mine).sum())


_AROUND = (
    ("库存可销天数（零售）", "SCJC-W1", "stock_days"),
    ("库存可销天数（批发）", "SCJC-W2", "stock_days"),
    ("到货量与前四期平均比（批发）", "SCJC-W2", "arrivals_change"),
    ("销售量环比（零售，同样本）", "SCJC-W1", "sold_change"),
    ("应急库存÷日常供应能力", "EMG-STOCK", "storage_days"),
    ("应急库存与上月比", "EMG-STOCK", "storage_change"),
)


def surroundings(alert: Alert, goods: Goods, as_of: int | None) -> tuple[Surrounding, ...]:
    """Stock, arrivals and sales of the matter's goods at its place, from every form that asks."""
    span = parse(alert.newest.period)
    wanted = {str(line["item"]) for line in alert.newest.lines}
    base = engine.window_of(alert.newest.form, span, as_of)
    pairs = zip(base.items, base.goods, strict=True)
    firing = {good for item, good in pairs if item in wanted} or set(base.goods)
    found = []
    for title, form, statistic in _AROUND:
        window = base if form == base.form else engine.other_window(form, span, as_of)
        found.append(_around(title, form, statistic, window, alert.place, firing))
    return tuple(found)


def _around(
    title: str, form: str, statistic: str, window: Window | None, place: str, goods: set[str]
) -> Surrounding:
    nothing = Surrounding(title, form, "", "")
    if window is None or not window.firms:
        return nothing
    condition = Condition(statistic, True, Decimal(0))
    one = measured(window, condition, "root" if place == window.root else "unit")
    if place not in one.places:
        return nothing
    values = one.value[one.places.index(place)]
    firms = one.firms[one.places.index(place)]
    kept = [
        c for c, g in enumerate(window.goods)
        if g in goods and np.isfinite(values[c]) and firms[c] >= 2
    ]  # fmt: skip
    if not kept:
        return nothing
    middle = float(np.median(values[kept]))
    text = tables.figure(statistic, middle)
    return Surrounding(title, form, text, "、".join(window.names[c] for c in kept[:6]))
