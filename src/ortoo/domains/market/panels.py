"""Panels 序列: every item of a form at every reporting unit over consecutive periods, as arrays.

What indices, seasonal adjustment, forecasts and warnings are computed from. Where a unit has no
return in a week, its bureau's 历史汇总 stands in, marked as such. A reader outside a unit's
reviewing chain gets what was issued of it and nothing else (Law 10).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import IntEnum
from threading import Lock

import msgspec
import numpy as np
from django.db import connection
from numpy.typing import NDArray

from ortoo.domains.market import history, issued, issued_panels, monitored, observations
from ortoo.domains.market.issued_panels import HEADS
from ortoo.domains.market.projections import SUMS
from ortoo.domains.market.selectors import periods_of
from ortoo.kernel.filings import projection, read
from ortoo.kernel.forms import registry
from ortoo.kernel.forms.definition import Form, FormError
from ortoo.kernel.forms.periods import Period, parse, period_on, previous_on
from ortoo.kernel.grants.scope import Scope
from ortoo.kernel.places.active import active_pack

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
LONGEST = 313
"""Periods kept: six years of weeks, as far as any method here looks back."""
HISTORY_OF = "SCJC-W1"
"""The form whose weeks a bureau's 历史汇总 stands in for."""


class Source(IntEnum):
    """Where a price of a panel comes from."""

    NONE = 0
    RETURNS = 1
    HISTORY = 2
    ISSUED = 3


@dataclass(frozen=True, slots=True, eq=False)
class Panel:
    """One form over consecutive periods, oldest first; arrays are [units × items × periods].

    `price`: weighted mean in the measure's shown unit (元), `value`: sales in its shown unit
    (万元), both NaN where unknown. `sums`: the rollup's columns in minor units and `expected`,
    `filed`, `unreviewed`; 0 where nothing is known or open. `units[0]` is the root where the form
    has it. `log_index`: the newest filing the arrays contain. Treat the arrays as read-only.
    """

    form: Form
    units: tuple[str, ...]
    items: tuple[str, ...]
    periods: tuple[Period, ...]
    sums: Mapping[str, Ints]
    price: Floats
    value: Floats
    source: NDArray[np.int8]
    log_index: int

    def unit(self, code: str) -> int:
        """Row of a unit; KeyError for one that is not there."""
        return _index(self.units, code)

    def item(self, code: str) -> int:
        """Row of an item; KeyError for one that is not there."""
        return _index(self.items, code)

    def period(self, period: Period) -> int:
        """Column of a period; KeyError for one that is not there."""
        return self.periods.index(period) if period in self.periods else _missing(period.code)

    def upto(self, period: Period) -> Panel:
        """The same without anything after a period."""
        keep = sum(one <= period for one in self.periods)
        return self._cut(slice(0, keep))

    def last(self, count: int) -> Panel:
        """The newest `count` periods."""
        return self._cut(slice(max(len(self.periods) - count, 0), None))

    def _cut(self, part: slice) -> Panel:
        return replace(
            self,
            periods=self.periods[part],
            sums={name: column[:, :, part] for name, column in self.sums.items()},
            price=self.price[:, :, part],
            value=self.value[:, :, part],
            source=self.source[:, :, part],
        )


def _index(codes: Sequence[str], code: str) -> int:
    return codes.index(code) if code in codes else _missing(code)


def _missing(code: str) -> int:
    raise KeyError(code)


def panel(
    scope: Scope,
    form: str,
    *,
    basis: str = "reviewed",
    periods: int = LONGEST,
    until: Period | None = None,
) -> Panel:
    """What this scope may see of a form. Raises Refused SCOPE-… for unreviewed figures."""
    if basis == "all" and not scope.may("read_unreviewed") and not scope.may("read_aggregates"):
        scope.require("read_unreviewed", form=form)
    found = _opened(scope, whole(form, basis=basis))
    if until is not None:
        found = found.upto(until)
    return found.last(periods)


def _opened(scope: Scope, full: Panel) -> Panel:
    """With everything that is not this reader's replaced by what was issued of it."""
    form = full.form.code
    if form == monitored.FOREIGN:
        return full
    firms = scope.places("read_unit_figures", form)
    own = firms | scope.places("read_aggregates", form)
    places = {unit: unit.rstrip("*") for unit in full.units}
    if all(place in firms and history.may_read(scope, place) for place in places.values()):
        return full
    sums = {name: column.copy() for name, column in full.sums.items()}
    price, value, source = full.price.copy(), full.value.copy(), full.source.copy()
    for row, unit in enumerate(full.units):
        closed = np.zeros(source[row].shape, bool)
        if places[unit] not in own:
            closed[:] = source[row] == Source.RETURNS
        elif places[unit] not in firms:
            # A mean of one firm is that firm's figure, which the right to aggregates does not
            # cover.
            closed = (source[row] == Source.RETURNS) & (sums["quotes"][row] == 1)
        if not history.may_read(scope, places[unit]):
            closed |= source[row] == Source.HISTORY
        _close(row, closed, sums, (price, value, source))
    found = replace(full, sums=sums, price=price, value=value, source=source)
    return _with_issued(found, [unit for unit, place in places.items() if place not in own])


def _close(
    row: int,
    closed: NDArray[np.bool_],
    sums: Mapping[str, Ints],
    values: tuple[Floats, Floats, NDArray[np.int8]],
) -> None:
    price, value, source = values
    for column in sums.values():
        column[row][closed] = 0
    price[row][closed] = value[row][closed] = np.nan
    source[row][closed] = Source.NONE


def _with_issued(found: Panel, units: Sequence[str]) -> Panel:
    """Issued figures into the rows of the units that are not open."""
    if not units:
        return found
    given = issued_panels.given(found.form.code, (found.units, found.items, found.periods))
    for unit in units:
        row = found.unit(unit)
        shown = given["mean"][row] >= 0
        for name in (*HEADS, *SUMS):
            found.sums[name][row] = given[name][row] if name in given else 0
        price = given["mean"][row] / issued.MEAN_SCALE / 10 ** _scale(found.form)
        found.price[row][shown] = price[shown]
        found.source[row][shown] = Source.ISSUED
    return found


# --- the whole ---------------------------------------------------------------------------------

_Stands = tuple[int | bytes, ...]
_kept: dict[tuple[str, str], tuple[_Stands, _Stands, Panel]] = {}
_KEPT = 12
_lock = Lock()


def whole(form: str, *, basis: str = "reviewed") -> Panel:
    """The panel without a reader: for what the system party computes, never for a page.

    Kept while nothing was filed in the form's threads, nor any 历史汇总.
    """
    position = projection.position("market-rollup")
    # The digest beside the index: a restored log, or a test's, has another filing there.
    reached = position, observations.witness(position)
    with _lock:
        kept = _kept.get((form, basis))
    if kept is not None and kept[0] == reached:
        return kept[2]
    touched = _touched(form)
    stands = touched, observations.witness(touched)
    found = kept[2] if kept is not None and kept[1] == stands else _loaded(form, basis, touched)
    if touched <= position:
        with _lock:
            while len(_kept) >= _KEPT:
                _kept.pop(next(iter(_kept)))
            _kept[form, basis] = reached, stands, found
    return found


def _touched(form: str) -> int:
    """The newest log index that changed anything of the form or of its history."""
    touched = read.last_touch(f"{form}|")
    if form != HISTORY_OF:
        return touched
    newest = read.rows("form=%s", [history.FORM], "seq DESC LIMIT 1")
    return max(touched, newest[0].seq if newest else 0)


def _loaded(form: str, basis: str, log_index: int) -> Panel:
    definition = registry.get(form)
    old = _history(definition) if form == HISTORY_OF else {}
    periods = _periods(definition, old)
    rows = _rollup(form, basis, periods[0].code if periods else "")
    root = active_pack().root.code
    units = sorted({str(row[1]) for row in rows} | {unit for unit, _ in old})
    units.sort(key=lambda unit: (unit != root, unit))
    items = tuple(leaf.code for leaf in definition.leaves)
    shape = (len(units), len(items), len(periods))
    sums = {name: np.zeros(shape, np.int64) for name in (*HEADS, *SUMS)}
    found = Panel(
        definition, tuple(units), items, tuple(periods), sums,
        np.full(shape, np.nan), np.full(shape, np.nan), np.zeros(shape, np.int8), log_index,
    )  # fmt: skip
    _fill(found, rows)
    _fill_history(found, old)
    return found


def _rollup(form: str, basis: str, first: str) -> list[tuple[object, ...]]:
    columns = ",".join(("period", "unit", "item", *HEADS, *SUMS))
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {columns} FROM market_rollup WHERE form=%s AND basis=%s AND period>=%s",
            [form, basis, first],
        )
        return list(cursor.fetchall())


def _periods(form: Form, old: Mapping[tuple[str, str], object]) -> list[Period]:
    """Consecutive periods from the first to the newest that anybody spoke of, oldest first."""
    known = periods_of(form.code, 4 * LONGEST)
    every = {*known, *(parse(code) for _, code in old)}
    if not every:
        return []
    first, found = min(every), [max(every)]
    while found[-1] > first and len(found) < LONGEST:
        earlier = _previous(form, found[-1])
        if earlier is None or earlier >= found[-1]:
            break
        found.append(earlier)
    return found[::-1]


def _previous(form: Form, period: Period) -> Period | None:
    try:
        return previous_on(form, period)
    except FormError:
        return None


def _fill(found: Panel, rows: Sequence[tuple[object, ...]]) -> None:
    """The rollup's rows into the arrays, a column at a time."""
    column = {period.code: at for at, period in enumerate(found.periods)}
    unit = {code: at for at, code in enumerate(found.units)}
    item = {code: at for at, code in enumerate(found.items)}
    kept = [row for row in rows if row[0] in column and row[2] in item]
    if not kept:
        return
    where = (
        np.array([unit[str(row[1])] for row in kept]),
        np.array([item[str(row[2])] for row in kept]),
        np.array([column[str(row[0])] for row in kept]),
    )
    values = np.array([row[3:] for row in kept], np.int64)
    for at, name in enumerate((*HEADS, *SUMS)):
        found.sums[name][where] = values[:, at]
    quantity = found.sums["quantity"]
    quoted = (found.sums["quotes"] > 0) & (quantity > 0)
    amount = found.sums["sum_price_qty"] / np.maximum(quantity, 1) / 10 ** _scale(found.form)
    found.price[quoted] = amount[quoted]
    found.source[quoted] = Source.RETURNS
    value = _measure_scale(found.form, found.form.roles.value)
    if value is not None:
        found.value[quoted] = found.sums["sales"][quoted] / 10**value


def _scale(form: Form) -> int:
    return _measure_scale(form, form.roles.price or form.principal.code) or 0


def _measure_scale(form: Form, code: str | None) -> int | None:
    return next((measure.scale for measure in form.measures if measure.code == code), None)


class _Columns(msgspec.Struct):
    columns: dict[str, list[int | str | None]]


_BODY = msgspec.json.Decoder(_Columns)
_History = dict[tuple[str, str], tuple[Form, Mapping[str, list[int | str | None]]]]


def _history(form: Form) -> _History:
    """(unit, period of `form`) → the totals in force, of the unit's own bureau before another's."""
    found: _History = {}
    for place in history.places_with():
        for standing in history.standing_rows(place):
            span = standing.period
            try:
                period = period_on(form, span.start + (span.end - span.start) // 2)
            except FormError:
                continue
            said = _BODY.decode(standing.row.body).columns
            found[place, period.code] = registry.get(history.FORM, standing.row.form_version), said
    return found


def _fill_history(found: Panel, old: _History) -> None:
    """历史汇总 into the cells of which there is no return."""
    column = {period.code: at for at, period in enumerate(found.periods)}
    unit = {code: at for at, code in enumerate(found.units)}
    for (place, code), (form, said) in old.items():
        if code not in column:
            continue
        row, at = unit[place], column[code]
        items = np.array([form.leaf_index.get(item, -1) for item in found.items])
        for role, into in ((form.roles.price, found.price), (form.roles.value, found.value)):
            cells = [cell if type(cell) is int else -1 for cell in said.get(role or "", ())]
            if not cells:
                continue
            values = np.where(items >= 0, np.array(cells)[items], -1)
            free = (values >= 0) & (found.source[row, :, at] != Source.RETURNS)
            into[row, free, at] = values[free] / 10 ** (_measure_scale(form, role) or 0)
            if into is found.price:
                found.source[row, free, at] = Source.HISTORY
