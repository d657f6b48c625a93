"""What an index aggregates: a price and a weight for every (unit, item) and period, for one reader.

Where firms quote, the price is the matched-quote index of the unit's item, hung on its mean price
in the first period with quotes; where a bureau's 历史汇总 stands in, it is that mean; where the
reader is outside the chain, it is the issued mean and nothing else (Law 10).
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from ortoo.algorithms.indices.linked import Grouping, Linked, linked
from ortoo.domains.market.indices import parameters
from ortoo.domains.market.indices.quotes import Floats, Ints, Quotes, quotes
from ortoo.domains.market.panels import Panel, Source
from ortoo.kernel.forms.definition import Form

CONTRADICTION = 3
"""Sales and price × quantity of one cell further apart than this cannot both be right."""


@dataclass(frozen=True, slots=True, eq=False)
class Columns:
    """[periods × columns]; `unit`, `item` [columns] are rows of the panel.

    `price`: NaN unknown; `value`: the weight, sales in one unit of money, 1 everywhere where none
    is known; `source`: Source of each price. `imputed`, `present`: quotes behind the newest period.
    `filled`: prices whose weight is the column's usual one because no sales are known of them;
    `weighted` [units]: whether any sales are.
    """

    panel: Panel
    unit: Ints
    item: Ints
    price: Floats
    value: Floats
    source: Ints
    imputed: Ints
    present: Ints
    bridged: Ints
    filled: int
    weighted: Ints

    def of_unit(self, row: int) -> np.ndarray:
        """Which columns are a unit's."""
        return np.asarray(self.unit == row)

    def share_imputed(self, which: np.ndarray) -> Fraction | None:
        """插补占比 of the newest period among quotes; None where no firm quoted."""
        imputed, present = int(self.imputed[which].sum()), int(self.present[which].sum())
        return Fraction(imputed, imputed + present) if present else None


def columns(panel: Panel, firms: frozenset[str], basis: str) -> Columns:
    """Columns of every unit and item of the panel, the root's own row included.

    `firms`: units whose single firms are open to the reader; in others a cell that rests on one
    firm is left out.
    """
    units, items, periods = panel.price.shape
    price = panel.price.copy()
    # What is not above 0 is no price.
    price[~(price > 0)] = np.nan
    shape = (units, items)
    imputed, present, bridged = (np.zeros(shape, np.int64) for _ in range(3))
    live = (panel.source[1:] == Source.RETURNS).any(axis=(0, 1))
    if live.any():
        first = int(np.flatnonzero(live)[0])
        spans = panel.periods[first:]
        said = quotes(panel.form, spans, basis)
        found = _elementary(panel, said)
        alone = _alone(panel, found, first, firms)
        _hang(price, panel, found, first, alone)
        last = np.moveaxis(alone[:, :, -1:], 2, 0)[0]
        for into, told in ((imputed, found.imputed), (present, found.present),
                           (bridged, found.bridged)):  # fmt: skip
            into[:] = np.where(last, 0, told[-1].reshape(shape))
    value, filled, weighted = _weights(panel, price)
    return Columns(
        panel,
        np.repeat(np.arange(units), items),
        np.tile(np.arange(items), units),
        price.reshape(units * items, periods).T,
        value.reshape(units * items, periods).T,
        panel.source.reshape(units * items, periods).T.astype(np.int64),
        imputed.ravel(), present.ravel(), bridged.ravel(), filled, weighted,
    )  # fmt: skip


def class_of(form: Form) -> tuple[tuple[str, ...], Ints]:
    """(class codes, class of each leaf); a leaf of no class is in the last one, «»."""
    codes = [group.code for group in form.groups]
    found = np.full(len(form.leaves), len(codes), np.int64)
    for at, code in reversed(list(enumerate(codes))):
        found[list(form.descendants[code])] = at
    kept = sorted(set(found.tolist()))
    names = tuple([*codes, ""][at] for at in kept)
    return names, np.searchsorted(kept, found)


def _elementary(panel: Panel, said: Quotes) -> Linked:
    """Indices of unit × item from the firms' quotes; a firm of no unit of the panel has no say."""
    units, items = panel.price.shape[:2]
    at = {code: row for row, code in enumerate(panel.units)}
    rows = np.array([at.get(unit, -1) for unit in said.units], np.int64)
    price = said.price[:, rows >= 0].reshape(len(said.periods), -1)
    group = (rows[rows >= 0][:, None] * items + np.arange(items)[None, :]).ravel()
    names, classes = class_of(panel.form)
    family = (np.arange(units)[:, None] * len(names) + classes[None, :]).ravel()
    on = said.periods[-1].end
    law = parameters.regulated(panel.form, on)
    carried = np.tile([code in law for code in panel.items], int((rows >= 0).sum()))
    quoted = np.isfinite(price).any(axis=0)
    by = Grouping.of(group[quoted], family, carried[quoted])
    return linked(price[:, quoted], by, patience=parameters.patience(panel.form, on))


def _alone(panel: Panel, found: Linked, first: int, firms: frozenset[str]) -> np.ndarray:
    """Cells [units × items × periods] that rest on one firm where the reader may not see firms."""
    shape = panel.price.shape
    alone = np.zeros(shape, bool)
    told = found.matched.T.reshape(shape[0], shape[1], -1)
    said = found.present.T.reshape(shape[0], shape[1], -1)
    for row, unit in enumerate(panel.units):
        if unit.rstrip("*") not in firms:
            alone[row, :, first:] = (told[row] == 1) | (said[row] == 1)
    return alone


def _hang(price: Floats, panel: Panel, found: Linked, first: int, alone: np.ndarray) -> None:
    """Replace means by matched-quote indices from each cell's first period with quotes on."""
    units, items, periods = panel.price.shape
    logs = np.full((units, items, periods), np.nan)
    logs[:, :, first:] = found.log.T.reshape(units, items, -1)
    known = (panel.source == Source.RETURNS) & np.isfinite(logs) & np.isfinite(price)
    known[0] &= panel.units[0] not in _root(panel)
    starts = known.argmax(axis=2)
    some = known.any(axis=2)
    at = np.take_along_axis(price, starts[:, :, None], 2)
    level = np.take_along_axis(logs, starts[:, :, None], 2)
    after = np.arange(periods)[None, None, :] >= starts[:, :, None]
    chained = np.where(known & ~alone, at * np.exp(np.where(known, logs - level, 0.0)), np.nan)
    price[:] = np.where(some[:, :, None] & after, chained, price)


def _root(panel: Panel) -> frozenset[str]:
    from ortoo.kernel.places.active import active_pack

    return frozenset({active_pack().root.code})


def _weights(panel: Panel, price: Floats) -> tuple[Floats, int, Ints]:
    """(weights, prices given a usual weight, for each unit whether its sales are known).

    A price without known sales gets its column's usual sales, else those of its item elsewhere; a
    unit none of whose sales are known to the reader weighs all its items alike.
    """
    roles, known = panel.form.roles, np.isfinite(price)
    value = np.full(price.shape, np.nan)
    if roles.quantity:
        sold = panel.sums["sum_price_qty"].astype(np.float64)
        value = np.where(panel.source == Source.RETURNS, sold, np.nan)
    if roles.value:
        value = _believed(np.where(panel.value >= 0, panel.value, np.nan), value)
    told = known & np.isfinite(value)
    usual = _mean(value, told, 2)
    elsewhere = _mean(usual, usual > 0, 0)
    weighted = (np.nan_to_num(usual) > 0).any(axis=(1, 2))
    usual = np.where(usual > 0, usual, elsewhere)
    issued = (panel.source == Source.ISSUED).any(axis=(1, 2))
    alike = ~weighted & (issued | ~weighted.any())
    missing = known & ~np.isfinite(value) & ~alike[:, None, None]
    found = np.where(missing, np.nan_to_num(usual), value)
    return np.where(alike[:, None, None], 1.0, found), int(missing.sum()), weighted & ~alike


def _believed(said: Floats, made: Floats) -> Floats:
    """Sales as said, but where price × quantity contradicts them the one nearer to what the column
    usually sells: a slip of 元 for 万元 in one return would else turn its item into the basket."""
    both = (said > 0) & (made > 0)
    if not both.any():
        return said
    a, b = np.full(said.shape, np.nan), np.full(said.shape, np.nan)
    np.log(said, out=a, where=both)
    np.log(made, out=b, where=both)
    # In one unit of money, whatever the two are counted in.
    b += np.median(a[both] - b[both])
    doubt = both & (np.abs(a - b) > np.log(CONTRADICTION))
    if not doubt.any():
        return said
    cells = doubt.any(axis=2)
    rest = np.where(doubt, np.nan, a)[cells]
    # A column that contradicts itself throughout is judged by what all columns usually sell.
    rest[np.isnan(rest).all(axis=1)] = np.nanmedian(a)
    usual = np.nanmedian(rest, axis=1, keepdims=True)
    nearer = doubt.copy()
    nearer[cells] &= np.abs(b[cells] - usual) < np.abs(a[cells] - usual)
    found: Floats = np.where(nearer, np.exp(b), said)
    return found


def _mean(values: Floats, which: np.ndarray, axis: int) -> Floats:
    """Mean over one axis of what is flagged, the axis kept; NaN where nothing is."""
    count = which.sum(axis=axis, keepdims=True)
    total = np.where(which, values, 0.0).sum(axis=axis, keepdims=True)
    found: Floats = np.full(total.shape, np.nan)
    np.divide(total, count, out=found, where=count > 0)
    return found
