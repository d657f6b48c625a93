"""What the page of an item in space shows, for one reader.

Prices are those of the index (same shops where firms quote; issued means outside the chain). Stock,
sales and outages are live and of the reader's own scope only: none of them is ever issued.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from threading import Lock

import numpy as np

from ortoo.algorithms.indices.linked import Grouping, linked
from ortoo.algorithms.spatial.gaps import beyond_cost, great_circle_km, neighbours, stock_days
from ortoo.algorithms.spatial.leads import LAGS, YEAR, Leads, leads
from ortoo.domains.market.indices import parameters as index_parameters
from ortoo.domains.market.indices.board import same_shop_prices
from ortoo.domains.market.indices.columns import Columns
from ortoo.domains.market.indices.quotes import quotes
from ortoo.domains.market.panels import Panel, Source
from ortoo.domains.market.spatial.parameters import Carriage, carriage, short_days
from ortoo.kernel.forms.definition import Form, Item
from ortoo.kernel.forms.periods import Period
from ortoo.kernel.grants.scope import Scope
from ortoo.kernel.places.active import active_pack

SEED = 20_261_124
"""Of the permutations: the same figures give the same page."""
NEAREST = 3
TENDAYS_A_YEAR = 36.0
RECENT = 4


@dataclass(frozen=True, slots=True)
class Gap:
    """Two neighbours' prices in 元, the way between them in km, and its cost in the same unit."""

    dear: str
    cheap: str
    dear_price: float
    cheap_price: float
    km: float
    gap: float
    cost: float

    @property
    def beyond(self) -> bool:
        return self.gap > self.cost


@dataclass(frozen=True, slots=True)
class Stand:
    """One unit's newest period: stock and sales in the form's shown units, None where not told.

    `days`: days the stock lasts; `negative`: the stock adds up below zero; `out` of `answered`
    firms out of stock, `outages`: the same in the periods before, oldest first.
    """

    unit: str
    stock: float | None
    sold: float | None
    days: float | None
    negative: bool
    out: int
    answered: int
    outages: tuple[int, ...]
    short: bool


@dataclass(frozen=True, slots=True, eq=False)
class Space:
    """`places`: codes behind the numbers in `leads`; `issued`: some prices are issued ones only."""

    panel: Panel
    places: tuple[str, ...]
    leads: Leads
    gaps: tuple[Gap, ...]
    carriage: Carriage | None
    stands: tuple[Stand, ...]
    stock_asked: bool
    limit: int
    issued: bool
    sources: tuple[str, ...]


_kept: dict[tuple[object, ...], Leads] = {}
_lock = Lock()


def space(
    scope: Scope, form: Form, item: Item, *, basis: str = "reviewed", until: Period | None = None
) -> Space:  # fmt: skip
    """All of one item in space. Raises Refused INDEX-EMPTY, SCOPE-…"""
    found = same_shop_prices(scope, form, basis=basis, until=until)
    panel = found.panel
    column = panel.item(item.code)
    rows = _rows(panel)
    price = found.price.reshape(len(found.price), len(panel.units), -1)[:, rows, column]
    places = tuple(panel.units[row] for row in rows)
    period = panel.periods[-1]
    cost = carriage(form, item, period.end)
    kinds = panel.source[rows, column]
    return Space(
        panel, places, _leads(price, form),
        () if cost is None else _gaps(panel, rows, column, cost),
        cost, _stands(scope, panel, rows, item), item.stock_asked and form.roles.stock is not None,
        short_days(period.end), bool((kinds == Source.ISSUED).any()),
        tuple(words for kind, words in ((Source.RETURNS, "企业报价"), (Source.HISTORY, "历史汇总"),
              (Source.ISSUED, "已发布均价")) if (kinds == kind).any()),
    )  # fmt: skip


def below(
    scope: Scope, form: Form, item: Item, unit: str, *, basis: str = "reviewed",
    until: Period | None = None,
) -> tuple[tuple[str, ...], Leads] | None:  # fmt: skip
    """(places, leads) of the 旗县 below a unit that are open to this reader; None below two."""
    found: Columns = same_shop_prices(scope, form, basis=basis, until=until)
    panel = found.panel
    live = (panel.source == Source.RETURNS).any(axis=(0, 1))
    if not live.any():
        return None
    spans = panel.periods[int(np.flatnonzero(live)[0]) :]
    said = quotes(form, spans, basis)
    own = scope.places("read_unit_figures", form.code)
    pack = active_pack()
    inside = pack.under(unit, spans[-1].end) if unit in pack else frozenset()
    places = sorted({place for place in said.places if place in inside & own})
    if len(places) < 2:
        return None
    at = {place: number for number, place in enumerate(places)}
    rows = [row for row, place in enumerate(said.places) if place in at]
    group = np.array([at[said.places[row]] for row in rows])
    by = Grouping.of(group, np.zeros(len(places), np.int64))
    patience = index_parameters.patience(form, spans[-1].end)
    made = linked(said.price[:, rows, panel.item(item.code)], by, patience=patience)
    return tuple(places), _leads(made.index, form)


def _rows(panel: Panel) -> list[int]:
    root = active_pack().root.code
    return [row for row, unit in enumerate(panel.units) if unit != root and not unit.endswith("*")]


def _leads(price: np.ndarray, form: Form) -> Leads:
    """Kept by the prices themselves: the same series give the same answer."""
    key = price.shape, np.ascontiguousarray(price).tobytes(), form.cadence
    with _lock:
        known = _kept.get(key)
    if known is None:
        year = TENDAYS_A_YEAR if form.cadence == "tenday" else YEAR
        known = leads(price, seed=SEED, lags=LAGS, period=year)
        with _lock:
            while len(_kept) >= 64:
                _kept.pop(next(iter(_kept)))
            _kept[key] = known
    return known


def _gaps(panel: Panel, rows: Sequence[int], column: int, cost: Carriage) -> tuple[Gap, ...]:
    pack = active_pack()
    spots = [pack.get(panel.units[row]) for row in rows]
    nothing = float("nan")
    lon = [nothing if spot is None or spot.lon is None else spot.lon for spot in spots]
    lat = [nothing if spot is None or spot.lat is None else spot.lat for spot in spots]
    km = great_circle_km(lon, lat)
    price = panel.price[rows, column, -1]
    found = beyond_cost(price, km * cost.per_km + cost.fixed, neighbours(km, NEAREST))
    return tuple(
        Gap(
            panel.units[rows[dear]], panel.units[rows[cheap]], float(price[dear]),
            float(price[cheap]), float(km[dear, cheap]), gap, way,
        )
        for dear, cheap, gap, way in found
    )  # fmt: skip


def _stands(scope: Scope, panel: Panel, rows: Sequence[int], item: Item) -> tuple[Stand, ...]:
    """Units whose sums are open to the reader; a sum of one firm is that firm's figure."""
    form, column = panel.form, panel.item(item.code)
    firms = scope.places("read_unit_figures", form.code)
    own = firms | scope.places("read_aggregates", form.code)
    days, limit = panel.periods[-1].days, short_days(panel.periods[-1].end)
    asked = item.stock_asked and form.roles.stock is not None
    found = []
    for row in rows:
        unit = panel.units[row]
        cell = {name: int(values[row, column, -1]) for name, values in panel.sums.items()}
        if unit not in own or not cell["filed"]:
            continue
        if cell["quotes"] + cell["out_of_stock"] < 2 and unit not in firms:
            continue
        told = bool(cell["quotes"])
        stock = cell["stock"] / _scale(form, form.roles.stock) if told and asked else None
        sold = cell["quantity"] / _scale(form, form.roles.quantity) if (
            told and form.roles.quantity) else None  # fmt: skip
        lasts = None
        if stock is not None and sold is not None:
            value = float(stock_days([stock], [sold], [days])[0])
            lasts = value if np.isfinite(value) else None
        before = panel.sums["out_of_stock"][row, column, -1 - RECENT : -1].tolist()
        found.append(Stand(
            unit, stock, sold, lasts, stock is not None and stock < 0, cell["out_of_stock"],
            cell["quotes"] + cell["out_of_stock"], tuple(int(one) for one in before),
            (lasts is not None and lasts < limit) or cell["out_of_stock"] > 0,
        ))  # fmt: skip
    return tuple(found)


def _scale(form: Form, code: str | None) -> int:
    return 10 ** form.measure(code).scale if code else 1
