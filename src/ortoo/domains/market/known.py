"""What is already known of a firm: the newest filed value of the same good and concept 已知数.

Asked once (law 18): a cell that any form of the firm has already answered is prefilled with its
source and age and confirmed, never retyped. `pick` is pure; `newest_known` reads the filings.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

from django.db import connection

from ortoo.domains.market import monitored
from ortoo.kernel.filings import read
from ortoo.kernel.forms import body as codec
from ortoo.kernel.forms import registry
from ortoo.kernel.forms.asked import Asked
from ortoo.kernel.forms.body import GridBody
from ortoo.kernel.forms.definition import Cell, Form, FormError, Item, Measure, Nil
from ortoo.kernel.forms.periods import Period, parse

Key = tuple[str, str]
"""(item, measure) of the form that asks."""
KNOWN_DAYS = 400
"""Older than this, a figure is no longer offered: a year and a month."""
_DAY_MS = 86_400_000
_NEWEST = 6
"""Periods of one form that are looked through for one firm, newest first."""


@dataclass(frozen=True, slots=True)
class Source:
    """One return in force, newest said of its period."""

    form: Form
    period: Period
    grid: GridBody
    seq: int
    at_ms: int


@dataclass(frozen=True, slots=True)
class Known:
    """A value and where it stands: filing `seq` of `form` for `period`, arrived at `at_ms`."""

    value: int | Nil
    seq: int
    form: str
    period: Period
    item: str
    measure: str
    at_ms: int

    def age_days(self, now_ms: int) -> int:
        """Whole days since it was filed."""
        return max(0, (now_ms - self.at_ms) // _DAY_MS)


def pick(
    form: Form, cells: Iterable[Key], sources: Sequence[Source], kind: str
) -> dict[Key, Known]:
    """The newest known value of each cell; cells nobody has answered are left out. Pure.

    `sources` newest first. A level (price, stock) is taken from any form and kind of period; what
    flows in a period (sales) only from one of the same kind: a week's sales are not a day's. Same
    good exactly, same concept, units that convert without a remainder.
    """
    found: dict[Key, Known] = {}
    wanted = [key for key in dict.fromkeys(cells)]
    for source in sources:
        if len(found) == len(wanted):
            break
        moment = source.period.kind == "moment"
        source_kind = source.form.cadence if moment else source.period.kind
        for key in wanted:
            if key in found:
                continue
            at = _twin(form, key, source.form)
            if at is None:
                continue
            if is_flow(form, key[1]) and source_kind != kind:
                continue
            cell = source.grid.columns[at[1]][source.form.leaf_index[at[0]]]
            value = _converted(form, key, source.form, at, cell)
            if value is not None:
                found[key] = Known(
                    value, source.seq, source.form.code, source.period, at[0], at[1], source.at_ms
                )
    return found


def is_flow(form: Form, measure: str) -> bool:
    """Whether a column counts what passes in the period (销量、销售额), not a price or a stock."""
    roles = form.roles
    if measure in (roles.price, roles.stock):
        return False
    return form.measure(measure).aggregate == "sum"


def asked_cells(form: Form, asked: Asked | None) -> list[Key]:
    """The cells an order asks for, row by row; all of the form's where there is no order."""
    return [
        (item.code, measure.code)
        for item in form.leaves
        for measure in form.measures
        if asked is None or (item.code, measure.code) in asked
    ]


@lru_cache(maxsize=65_536)
def _twin(form: Form, key: Key, source: Form) -> Key | None:
    """The same fact's cell in another form, or None."""
    if source.code == form.code:
        here = key[0] in source.leaf_index and key[1] in source.measure_by_code
        return key if here else None
    item, measure = form.item(key[0]), form.measure(key[1])
    if item.good is None or item.match != "exact":
        return None
    concept = _concept(measure)
    column = next((m.code for m in source.measures if _concept(m) == concept), None)
    if column is None:
        return None
    row = next((i.code for i in source.leaves if i.good == item.good and i.match == "exact"), None)
    return None if row is None else (row, column)


def _concept(measure: Measure) -> str:
    """A measure's concept; that of the cell it shares, where it says so."""
    if measure.shares is not None:
        form, _, code = measure.shares.rpartition(".")
        try:
            return registry.get(form).measure(code).concept
        except (FormError, KeyError):
            pass
    return measure.concept


def _converted(form: Form, key: Key, source: Form, at: Key, cell: Cell) -> int | Nil | None:
    if cell is None or isinstance(cell, Nil):
        return cell if cell is None or cell in form.nil_reasons else None
    item, measure = form.item(key[0]), form.measure(key[1])
    there, column = source.item(at[0]), source.measure(at[1])
    factor = _factor(item, measure, there, column)
    if factor is None:
        return None
    value = Fraction(cell) * factor * Fraction(10) ** (measure.scale - column.scale)
    return int(value) if value.denominator == 1 and 0 <= value <= measure.maximum else None


def _factor(item: Item, measure: Measure, there: Item, column: Measure) -> Fraction | None:
    """What a value there is multiplied by to stand here; None where the units do not meet."""
    if measure.unit != column.unit:
        return None
    if "{unit}" not in measure.unit or item.unit == there.unit:
        return Fraction(1)
    try:
        unit = item.entry_unit(there.unit).factor
    except KeyError:
        return None
    return {"amount": unit, "per_unit": 1 / unit}.get(measure.conversion)


# --- reading ----------------------------------------------------------------------------------


def newest_known(
    party: str, form: Form, cells: Iterable[Key], *, now_ms: int, before: int | None = None
) -> dict[Key, Known]:
    """`newest_known_of` for one firm."""
    return newest_known_of([party], form, cells, now_ms=now_ms, before=before)[party]


def newest_known_of(
    parties: Iterable[str],
    form: Form,
    cells: Iterable[Key],
    *,
    now_ms: int,
    before: int | None = None,
    kind: str = "",
) -> dict[str, dict[Key, Known]]:
    """Party → cell → newest known value, from any form of that firm.

    `before`: as known to a filing of that log index, which is itself left out. `kind`: the kind of
    period whose flows may be taken, the form's own cadence by default.
    """
    wanted, cells = sorted(set(parties)), list(cells)
    sources = _sources(wanted, now_ms, before)
    return {
        party: pick(form, cells, sources.get(party, ()), kind or form.cadence) for party in wanted
    }


def _sources(parties: Sequence[str], now_ms: int, before: int | None) -> dict[str, list[Source]]:
    """Each firm's newest returns, newest period first; of one period the newest version."""
    codes = monitored.codes()
    newest: dict[tuple[str, str, str], tuple[int, int]] = {}
    for start in range(0, len(parties), 400):
        chunk = parties[start : start + 400]
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT filer, form, period, seq, received_at, said_at, mode FROM kernel_filing"
                f" WHERE filer IN ({','.join(['%s'] * len(chunk))})"
                f" AND form IN ({','.join(['%s'] * len(codes))}) AND said_at >= %s AND seq < %s"
                " ORDER BY seq",
                [*chunk, *codes, now_ms - KNOWN_DAYS * _DAY_MS, before or 2**62],
            )
            for filer, form, period, seq, received, said, mode in cursor.fetchall():
                newest[filer, form, period] = (seq, said if mode == "import" else received)
    kept = _kept(newest)
    bodies = read.bodies(seq for found in kept.values() for _, _, seq, _ in found)
    return {
        party: [
            Source(registry.get(form, bodies[seq].form_version), period,
                   _grid(bodies[seq]), seq, at)
            for form, period, seq, at in found
        ]
        for party, found in kept.items()
    }  # fmt: skip


def _kept(
    newest: Mapping[tuple[str, str, str], tuple[int, int]],
) -> dict[str, list[tuple[str, Period, int, int]]]:
    found: dict[str, list[tuple[str, Period, int, int]]] = {}
    for (party, form, period), (seq, at) in newest.items():
        found.setdefault(party, []).append((form, _parsed(period), seq, at))
    kept = {}
    for party, rows in found.items():
        # What speaks of the later day is newer; of the same day, what was said later.
        rows.sort(key=lambda row: (row[1].end, row[2]), reverse=True)
        seen: dict[str, int] = {}
        chosen = []
        for row in rows:
            seen[row[0]] = seen.get(row[0], 0) + 1
            if seen[row[0]] <= _NEWEST:
                chosen.append(row)
        kept[party] = chosen
    return kept


@lru_cache(maxsize=4_096)
def _parsed(code: str) -> Period:
    return parse(code)


def _grid(row: read.BodyRow) -> GridBody:
    return codec.decode(registry.get(row.form, row.form_version), row.body)
