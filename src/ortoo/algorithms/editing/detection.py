"""Every detector over one period's returns at once, one finding a cell 逐格核查.

What the pure methods of this package say of a cell is put together here: the joint diagnosis of
price, quantity and value gives its kind, what it should be and a probability; patterns of whole
returns (copied, shifted, one firm's figures under another's name) take their cells out of it;
Hidiroglou–Berthelot, the seasonal score, the ratio edit and the peers stand as supporting
detectors. The order is the selective-editing score times that probability.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntFlag, StrEnum

import numpy as np
from numpy.typing import NDArray

from ortoo.algorithms.editing import hidiroglou_berthelot, patterns, peers, seasonal
from ortoo.algorithms.editing.diagnosis import (
    PRICE,
    QUANTITY,
    STOCK,
    SWAPPED,
    UNKNOWN,
    VALUE,
    Diagnosis,
    diagnose,
)
from ortoo.algorithms.editing.expectation import Column, Whole, expect
from ortoo.algorithms.editing.judgement import Flags, Floats, Ints
from ortoo.algorithms.editing.relatives import log_relatives
from ortoo.algorithms.rollup import MISSING

LEAST_STRENGTH = 0.1
HB = hidiroglou_berthelot.Setting(exponent=0.0, multiple=10.0, floor=0.01)
_PEERS_LEAST = 3


class Kind(StrEnum):
    """What is wrong with a cell; beside these, the codes of `slips` (JIN-FOR-KILOGRAM, …)."""

    COPIED = "COPIED-LAST"
    TWIN = "COPIED-FIRM"
    SHIFTED = "ROWS-SHIFTED"
    STALE = "STOCK-STALE"
    SWAPPED = SWAPPED
    UNKNOWN = UNKNOWN
    SIGN = "NOT-POSITIVE"
    PEERS = "FAR-FROM-PEERS"


WHOLE = (Kind.COPIED, Kind.TWIN, Kind.STALE)
"""Kinds that are said of a return, not of a cell."""


class By(IntFlag):
    """Which detectors agree about a cell."""

    NONE = 0
    DIAGNOSIS = 1
    HB = 2
    SEASONAL = 4
    RATIO = 8
    PEERS = 16
    PATTERN = 32


@dataclass(frozen=True, slots=True, eq=False)
class Period:
    """What is looked at. `columns`: by role (price, quantity, value, stock) or by any other name;
    a name outside the four is judged by its own past alone. `place`, `unit` [firms]: numbers from
    0 of the nearest circle and of the publishing unit. `alike`: as in `diagnosis.diagnose`.
    """

    columns: Mapping[str, Column]
    place: Whole
    unit: Whole
    alike: Mapping[str, str] = field(default_factory=dict)

    def priced(self, name: str) -> bool:
        """Whether a column holds prices, which may stay the same for weeks."""
        return PRICE in (name, self.alike.get(name))


@dataclass(frozen=True, slots=True)
class Finding:
    """One cell. `strength` 0 … 1; `meant`: minor units, None unknown; `predicted`: what stands in
    for it in the score; `other`: the firm (row) or the lag it was copied from, or the row's shift.
    """

    firm: int
    item: int
    column: str
    kind: str
    strength: float
    meant: int | None
    predicted: float
    by: By
    other: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """`cells`: at most one finding a cell. `returns`: kinds said of a whole return, `item` −1."""

    cells: tuple[Finding, ...]
    returns: tuple[Finding, ...]
    predicted: Mapping[str, Floats] = field(default_factory=dict)
    support: Mapping[str, NDArray[np.int64]] = field(default_factory=dict)


def detect(period: Period) -> Found:
    """All detectors over all returns. An empty period finds nothing."""
    count = len(period.place)
    if not count or not period.columns:
        return Found((), ())
    looked = diagnose(period.columns, period.unit, period.alike)
    returns = _whole(period, looked)
    rows = {one.firm for one in returns if one.kind in (Kind.COPIED, Kind.TWIN)}
    told = np.ones(count, np.bool_)
    told[sorted(rows)] = False
    shifted = _shifted(period, looked, told)
    taken = {(one.firm, one.item) for one in shifted if one.column != STOCK}
    support = _support(period)
    cells = list(shifted)
    for column, one in looked.items():
        cells += _of_column(column, one, support.get(column), told, taken)
    cells += _signs(period, told)
    best: dict[tuple[int, int, str], Finding] = {}
    for cell in cells:
        key = (cell.firm, cell.item, cell.column)
        if key not in best or best[key].strength < cell.strength:
            best[key] = cell
    predicted = {name: one.predicted for name, one in looked.items()}
    return Found(tuple(best[key] for key in sorted(best)), tuple(returns), predicted, support)


def _of_column(
    column: str,
    one: Diagnosis,
    support: NDArray[np.int64] | None,
    told: Flags,
    taken: set[tuple[int, int]],
) -> list[Finding]:
    strong = (one.wrong >= LEAST_STRENGTH) & told[:, None]
    return [
        Finding(
            firm, item, column, one.codes[one.best[firm, item]],
            float(one.wrong[firm, item]),
            None if one.meant[firm, item] == MISSING else int(one.meant[firm, item]),
            float(one.predicted[firm, item]),
            By.DIAGNOSIS | By(int(support[firm, item]) if support is not None else 0),
        )
        for firm, item in np.argwhere(strong).tolist()
        if (firm, item) not in taken or column == STOCK
    ]  # fmt: skip


def _signs(period: Period, told: Flags) -> list[Finding]:
    """Below zero anywhere; a price of zero."""
    found = []
    for name, column in period.columns.items():
        wrong = (column.now != MISSING) & ((column.now < 0) | ((column.now == 0) & (name == PRICE)))
        found += [
            Finding(firm, item, name, Kind.SIGN, 1.0, None, float("nan"), By.RATIO)
            for firm, item in np.argwhere(wrong & told[:, None]).tolist()
        ]
    return found


# --- whole returns ------------------------------------------------------------------------------


def _whole(period: Period, looked: Mapping[str, Diagnosis]) -> list[Finding]:
    moving = {name: column for name, column in period.columns.items() if not period.priced(name)}
    found = []
    repeated = patterns.repeats(moving)
    for firm in np.flatnonzero(repeated.lag).tolist():
        found.append(_return(firm, Kind.COPIED, float(repeated.share[firm]),
                             int(repeated.lag[firm])))  # fmt: skip
    done = {one.firm for one in found}
    roles = [name for name in (PRICE, QUANTITY, VALUE) if name in period.columns]
    heard = [period.columns[name].now for name in roles]
    pairs = patterns.twins(heard) if len(heard) > 1 else []
    gap = _strangeness(period) if pairs else np.zeros(0)
    for twin in pairs:
        copy, source = (
            (twin.one, twin.other) if gap[twin.one] >= gap[twin.other] else (twin.other, twin.one)
        )
        if copy not in done:
            found.append(_return(copy, Kind.TWIN, twin.share, source))
            done.add(copy)
    if STOCK in period.columns:
        sold = period.columns.get(QUANTITY) or period.columns.get(VALUE)
        for firm in np.flatnonzero(patterns.stale(period.columns[STOCK], sold)).tolist():
            if firm not in done:
                found.append(_return(firm, Kind.STALE, 0.8, 1))
    return found


def _return(firm: int, kind: Kind, share: float, other: int) -> Finding:
    return Finding(firm, -1, "", kind, min(share, 0.99), None, float("nan"), By.PATTERN, other)


def _strangeness(period: Period) -> Floats:
    """[firms] How far a return lies from its own past: of two equal ones, the copy's."""
    size = np.zeros(len(period.place))
    for name in (PRICE, QUANTITY):
        if name in period.columns:
            gap = expect(period.columns[name], period.unit, floor=0.05)
            size += np.nan_to_num(np.abs(gap.gap)).sum(axis=1)
    return size


def _shifted(period: Period, looked: Mapping[str, Diagnosis], told: Flags) -> list[Finding]:
    names = [name for name in (PRICE, QUANTITY, VALUE) if name in period.columns]
    names = names if PRICE in names else list(period.columns)
    usual = [expect(period.columns[name], period.unit, floor=0.05) for name in names]
    found = []
    for run in patterns.shifts([period.columns[name].now for name in names], usual):
        if not told[run.firm]:
            continue
        for name, own in zip(names, (one.own for one in usual), strict=True):
            now = period.columns[name].now[run.firm]
            for item in range(run.first, run.last + 1):
                after = item + run.step
                inside = run.first <= after <= run.last
                meant = int(now[after]) if inside else MISSING
                # A row that is usually empty, or holds by chance what its neighbour does.
                usual_here = bool(own[run.firm, item])
                if (now[item] == MISSING and not usual_here) or meant == now[item]:
                    continue
                found.append(
                    Finding(
                        run.firm, item, name, Kind.SHIFTED,
                        1 - float(np.exp(-run.gain / 4)),
                        None if meant == MISSING else meant,
                        float(looked[name].predicted[run.firm, item]), By.PATTERN, run.step,
                    )
                )  # fmt: skip
    return found


# --- supporting detectors -----------------------------------------------------------------------


def _support(period: Period) -> dict[str, NDArray[np.int64]]:
    """By column, [firms × items] bits of `By`: what the classical edits say of the same cells."""
    found = {}
    for name, column in period.columns.items():
        bits = np.zeros(column.now.shape, np.int64)
        if len(column.earlier):
            bits |= np.where(across_firms(column), int(By.HB), 0)
        found[name] = bits
    if PRICE in period.columns:
        price = period.columns[PRICE]
        found[PRICE] |= np.where(seasonal_flags(price, period.unit), int(By.SEASONAL), 0)
        found[PRICE] |= np.where(peer_flags(price.now, period), int(By.PEERS), 0)
    return found


def across_firms(column: Column) -> Flags:
    """Hidiroglou–Berthelot over all firms, item by item, against the period before."""
    now, before = (_floats(values) for values in (column.now, column.earlier[0]))
    flags = [
        hidiroglou_berthelot.edit(before[:, item], now[:, item], HB).flag
        for item in range(now.shape[1])
    ]
    return np.stack(flags, axis=1)


def _floats(values: Ints) -> Floats:
    found: Floats = np.where(values == MISSING, np.nan, values).astype(np.float64)
    return found


def seasonal_flags(price: Column, unit: Whole) -> Flags:
    """Seasonal modified z of this period's price moves; the periods at hand are of one season.
    Levels: item × unit, then item."""
    stacked = np.concatenate([price.earlier[::-1], price.now[None]]) if len(price.earlier) else None
    if stacked is None:
        return np.zeros(price.now.shape, np.bool_)
    at = np.argwhere(stacked != MISSING)
    if not len(at):
        return np.zeros(price.now.shape, np.bool_)
    period, firm, item = at.T
    items = price.now.shape[1]
    values = stacked[period, firm, item]
    found = log_relatives(values, firm * items + item, period, reach=4)
    levels = (unit[firm].astype(np.int64) * items + item, item)
    judged = seasonal.sweep(found, levels)
    newest = period == len(stacked) - 1
    flags = np.zeros(price.now.shape, np.bool_)
    flags[firm[newest], item[newest]] = judged.flag[newest]
    return flags


def peer_flags(price: Ints, period: Period) -> Flags:
    """Prices far from the others of the place; of the unit where it has fewer than three."""
    rows, items = price.shape
    item = np.broadcast_to(np.arange(items), price.shape).ravel()
    levels = [
        np.repeat(np.asarray(circle, np.int64), items) * items + item
        for circle in (period.place, period.unit)
    ]
    flat = np.where(price == MISSING, MISSING, price).ravel()
    found = peers.compare(flat, levels, min_peers=_PEERS_LEAST)
    return found.flag.reshape(rows, items)
