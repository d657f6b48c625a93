"""The rules run on what is filed: windows loaded as known at a log index, findings, matters.

`detect(form, period, as_of)` is the same at the same index for ever (under today's tables): it
reads returns through `observations.load`, and earlier years from returns or, where there are
none, from 历史汇总 up to that index. Everything filed counts, reviewed or not; pages say which.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import msgspec
import numpy as np

from ortoo.domains.market import history, lunar, observations
from ortoo.domains.market.alerts.detection import Finding, find
from ortoo.domains.market.alerts.tables import Rule, rules_in_force
from ortoo.domains.market.alerts.window import Floats, Window, cleaned
from ortoo.domains.market.observations import MISSING, PeriodReturns
from ortoo.kernel.filings import read
from ortoo.kernel.forms import registry
from ortoo.kernel.forms.definition import Form, FormError
from ortoo.kernel.forms.periods import Period, parse, period_on, previous_on
from ortoo.kernel.places.active import active_pack

LOOKED_BACK = 11
"""Earlier periods a window holds: the longest cumulative rule, and the line on the page."""
YEARS = 5
FESTIVAL_BEFORE, FESTIVAL_AFTER = 21, 27
"""Days about Spring Festival in which a year before is reckoned by the lunar calendar."""
HISTORY_OF = "SCJC-W1"


@dataclass(frozen=True, slots=True)
class Matter:
    """Findings about one place, sort and set of goods: one alert, of the highest level found."""

    place: str
    sort: str
    goods: str
    level: int
    findings: tuple[Finding, ...]

    @property
    def key(self) -> tuple[str, str, str]:
        """What it is about: place, sort, goods."""
        return self.place, self.sort, self.goods

    @property
    def chief(self) -> Finding:
        """The finding that sets the level."""
        return min(self.findings, key=lambda one: (one.rule.level, -len(one.cells), one.rule.code))


def detect(form: str, period: str, as_of: int | None = None) -> list[Finding]:
    """Findings of the rules in force at a period, as known at log index `as_of`."""
    span = parse(period)
    rules = rules_in_force(span.end, form)
    if not rules:
        return []
    window = window_of(form, span, as_of)
    return find(window, rules, beside(rules, span, as_of)) if window.firms else []


def matters_of(findings: Sequence[Finding]) -> list[Matter]:
    """Findings grouped into alerts, by place, sort and goods."""
    grouped: dict[tuple[str, str, str], list[Finding]] = {}
    for one in findings:
        grouped.setdefault((one.place, one.rule.sort, one.goods.code), []).append(one)
    return [
        Matter(*key, min(one.rule.level for one in found), tuple(found))
        for key, found in sorted(grouped.items())
    ]


def beside(rules: Sequence[Rule], span: Period, as_of: int | None) -> dict[str, Window]:
    """Windows of the other forms that the rules' further conditions read."""
    forms = {one.form for rule in rules for one in (*rule.with_all, *rule.with_any) if one.form}
    windows = {form: other_window(form, span, as_of) for form in sorted(forms)}
    return {form: window for form, window in windows.items() if window is not None}


def other_window(form: str, span: Period, as_of: int | None) -> Window | None:
    """Another form's window of about the same time, None where nobody has filed it."""
    other = _current(form, span, as_of)
    return None if other is None else window_of(form, other, as_of)


def _current(form: str, span: Period, as_of: int | None) -> Period | None:
    """The other form's newest period with returns that began no later than this one ended."""
    definition = registry.get(form)
    try:
        other: Period | None = period_on(definition, span.end)
    except FormError:
        return None
    for _ in range(3):
        if other is None:
            return None
        if observations.load(form, other.code, as_of).counted.any():
            return other
        other = previous_on(definition, other)
    return None


def window_of(form: str, span: Period, as_of: int | None) -> Window:
    """A form's window ending with a period. Kept by what last touched each of its periods."""
    spans = _spans(registry.get(form), span)
    if as_of is not None:
        return _window(form, span.code, as_of, observations.witness(as_of))
    returns = tuple(observations.load(form, one.code) for one in spans)
    return _built(returns, None)


@lru_cache(maxsize=24)
def _window(form: str, period: str, as_of: int, _witness: bytes) -> Window:
    """`_witness`: of the filing at that index, which is another one in another log."""
    spans = _spans(registry.get(form), parse(period))
    return _built(tuple(observations.load(form, one.code, as_of) for one in spans), as_of)


def forget() -> None:
    """Drop kept windows: for a test whose log indexes come again with other contents."""
    _window.cache_clear()


def _spans(form: Form, span: Period) -> list[Period]:
    found = [span]
    while len(found) <= LOOKED_BACK:
        earlier = previous_on(form, found[-1])
        if earlier is None:
            break
        found.append(earlier)
    return found[::-1]


def _built(returns: Sequence[PeriodReturns], as_of: int | None) -> Window:
    """The returns of consecutive periods as one window, firms in order of their codes."""
    newest = returns[-1]
    form = newest.form
    firms = sorted({party for one in returns for party in one.parties})
    row_of = {party: row for row, party in enumerate(firms)}
    shape = (len(firms), len(form.leaves), len(returns))
    codes = _measures(form)
    arrays = {name: np.full(shape, np.nan) for name in codes}
    nil = np.full(shape, -4, np.int8)
    places, units = [""] * len(firms), [""] * len(firms)
    root = active_pack().root.code
    for at, filed in enumerate(returns):
        if not filed.parties:
            continue
        one = observations.in_rows_of(filed, form)
        unit_codes, unit_rows, root = observations.units_of(one)
        keep = one.counted
        for row, party in enumerate(one.parties):
            places[row_of[party]] = one.places[row]
            units[row_of[party]] = unit_codes[unit_rows[row]]
        into = [row_of[party] for party in one.parties]
        for name, code in codes.items():
            arrays[name][into, :, at] = _shown(form, one, code, keep)
        nil[into, :, at] = np.where(keep[:, None], one.nils, -4)
    price, quantity, stock, arrivals, capacity = cleaned(
        arrays["price"], arrays["quantity"], arrays["stock"], arrays["arrivals"],
        arrays["capacity"],
    )  # fmt: skip
    return Window(
        form.code, tuple(one.period for one in returns), tuple(firms), tuple(places),
        tuple(units), root, tuple(leaf.code for leaf in form.leaves),
        tuple(leaf.good or "" for leaf in form.leaves),
        tuple(leaf.name["zh"] for leaf in form.leaves),
        price, quantity, stock, arrivals, capacity, nil,
        _norm(form, newest.period, as_of),
    )  # fmt: skip


def _measures(form: Form) -> dict[str, str]:
    """Array → the form's measure; arrivals and supply have no part 角色 of their own."""
    roles = form.roles
    return {
        "price": roles.price or "", "quantity": roles.quantity or "", "stock": roles.stock or "",
        "arrivals": "arrivals", "capacity": "daily_capacity",
    }  # fmt: skip


def _shown(form: Form, one: PeriodReturns, code: str, keep: np.ndarray) -> Floats:
    measure = form.measure_by_code.get(code)
    if measure is None:
        return np.full(one.nils.shape, np.nan)
    cells = one.cells[code]
    known = (cells != MISSING) & keep[:, None]
    return np.where(known, cells / 10 ** (measure.scale or 0), np.nan)


# --- earlier years ------------------------------------------------------------------------------


def twin(day: dt.date, years: int) -> dt.date:
    """The day `years` before that is compared: the same lunar day about Spring Festival, else the
    same day of the civil year (29 February: the 28th)."""
    year = day.year - years
    for festival_year in (day.year, day.year + 1):
        festival = _festival(festival_year)
        if festival is None:
            continue
        apart = (day - festival).days
        before = _festival(festival_year - years)
        if -FESTIVAL_BEFORE <= apart <= FESTIVAL_AFTER and before is not None:
            return before + dt.timedelta(days=apart)
    return day.replace(year=year, day=28 if (day.month, day.day) == (2, 29) else day.day)


def _festival(year: int) -> dt.date | None:
    """正月初一 of a year; None outside the table."""
    try:
        return lunar.civil(lunar.LunarDay(year, 1, False, 1))
    except lunar.LunarError:
        return None


def _norm(form: Form, span: Period, as_of: int | None) -> dict[tuple[str, str], tuple[float, ...]]:
    """(unit or root, good) → price of the same weeks of earlier years, the nearest first."""
    found: dict[tuple[str, str], list[float]] = {}
    middle = span.start + (span.end - span.start) // 2
    for years in range(1, YEARS + 1):
        day = twin(middle, years)
        for cell, price in _year(form, day, as_of).items():
            found.setdefault(cell, [np.nan] * YEARS)[years - 1] = price
    return {cell: tuple(prices) for cell, prices in found.items()}


def _year(form: Form, day: dt.date, as_of: int | None) -> dict[tuple[str, str], float]:
    prices = _from_history(form, day, as_of) if form.code == HISTORY_OF else {}
    try:
        before = period_on(form, day)
    except FormError:
        return prices
    returns = observations.load(form.code, before.code, as_of)
    if returns.parties and returns.counted.any():
        prices |= _from_returns(returns)
    return prices


def _from_returns(returns: PeriodReturns) -> dict[tuple[str, str], float]:
    form, keep = returns.form, returns.counted
    codes, rows, root = observations.units_of(returns)
    prices = _shown(form, returns, form.roles.price or "", keep)
    sold = _shown(form, returns, form.roles.quantity or "", keep)
    weight = np.where(np.isfinite(prices), np.nan_to_num(np.maximum(sold, 1e-6), nan=1e-6), 0.0)
    found = {}
    for number, unit in [*enumerate(codes), (-1, root)]:
        mine = rows == number if number >= 0 else np.ones(len(rows), bool)
        mass = weight[mine].sum(axis=0)
        total = np.nansum(np.where(weight[mine] > 0, prices[mine] * weight[mine], 0.0), axis=0)
        for column in np.flatnonzero(mass > 0).tolist():
            found[unit, form.leaves[column].good or ""] = float(total[column] / mass[column])
    return found


class _Body(msgspec.Struct):
    columns: dict[str, list[int | str | None]]


_DECODER = msgspec.json.Decoder(_Body)


def _from_history(form: Form, day: dt.date, as_of: int | None) -> dict[tuple[str, str], float]:
    """历史汇总 of the week that holds a day, in force up to the log index."""
    try:
        code = period_on(registry.get(history.FORM), day).code
    except FormError:
        return {}
    last = as_of if as_of is not None else read.tail()
    rows = read.rows("form=%s AND period=%s AND seq<=%s", [history.FORM, code, last])
    standing = {row.place: row for row in rows}
    found: dict[tuple[str, str], float] = {}
    for place, row in standing.items():
        definition = registry.get(history.FORM, row.form_version)
        role = definition.roles.price or "price"
        scale = definition.measure_by_code[role].scale or 0
        cells = _DECODER.decode(row.body).columns.get(role, [])
        for leaf, cell in zip(definition.leaves, cells, strict=False):
            if type(cell) is int and cell > 0:
                found[place, leaf.good or ""] = cell / 10**scale
    return found
