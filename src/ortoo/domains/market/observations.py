"""One period's returns as arrays: what is in force, from filings, as of any log index."""

from __future__ import annotations

import datetime as dt
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import msgspec
import numpy as np
from django.db import connection
from numpy.typing import NDArray

from ortoo.algorithms.rollup import MISSING, Ints, Quotes, roll_up
from ortoo.kernel.filings import read
from ortoo.kernel.forms import body as codec
from ortoo.kernel.forms import registry
from ortoo.kernel.forms.definition import Form
from ortoo.kernel.forms.periods import Period, parse
from ortoo.kernel.places.active import active_pack
from ortoo.kernel.threads.periodic import ReturnState, fold_return

# A cell that holds no number, as the integer that stands for it while a column is read; int8 in
# `nils` is the difference from _NUMBER. Bodies hold nothing beyond ±2^53 (kernel/forms/body.py).
_NUMBER = MISSING + 5
_STAND_INS = tuple(
    (text, str(_NUMBER + nil).encode())
    for text, nil in ((b'"n"', -1), (b'"o"', -2), (b'"s"', -3), (b"null", -4))
)


class _Columns(msgspec.Struct):
    """The part of a body that holds numbers, each column's text unread."""

    columns: dict[str, msgspec.Raw]


_BODY = msgspec.json.Decoder(_Columns)


@dataclass(frozen=True, slots=True)
class PeriodReturns:
    """Respondents of one (form, period) in code order, and what each has in force.

    `cells[measure]` is int64 [respondents × leaves]: minor units, MISSING where there is no number;
    `nils` int8 the same shape for the form's principal column (the price, where it has one):
    −1 未经营, −2 断货, −3 季节无货, −4 blank, 0 a number.
    """

    form: Form
    period: Period
    parties: tuple[str, ...]
    places: tuple[str, ...]
    states: tuple[ReturnState, ...]
    cells: Mapping[str, Ints]
    nils: NDArray[np.int8]

    def row_of(self, party: str) -> int | None:
        row = bisect_left(self.parties, party)
        return row if row < len(self.parties) and self.parties[row] == party else None

    @property
    def counted(self) -> NDArray[np.bool_]:
        """Returns in force: filed and not sent back."""
        return np.array(
            [s.effective is not None and s.sent_back_seq is None for s in self.states], bool
        )

    @property
    def owed(self) -> NDArray[np.bool_]:
        """Respondents that owe this period: all but those waived 免报 who said nothing."""
        return np.array([s.stage != "waived" for s in self.states], bool)

    @property
    def reviewed(self) -> NDArray[np.bool_]:
        """Returns in force that some office has accepted 已审核."""
        return np.array(
            [
                bool(s.accepted) and any(s.accepted_by(office) for office, _ in s.offices)
                for s in self.states
            ],
            bool,
        )


def load(form_code: str, period_code: str, as_of: int | None = None) -> PeriodReturns:
    """The returns of a period as known at log index `as_of` (now when None).

    Kept by the last log index that touched the period, so that no process answers with what
    another one has since changed. When a few threads have moved since, only they are folded anew.
    """
    stamp = read.last_touch(f"{form_code}|{period_code}|")
    if as_of is not None:
        return _load(form_code, period_code, as_of, stamp, registry.get(form_code).version)
    key = form_code, period_code
    kept = _NEWEST.get(key)
    if kept is not None and kept.stamp == stamp and kept.returns.form is registry.get(form_code):
        return kept.returns
    found = _followed(kept, stamp) if kept is not None else None
    returns = found or _load(
        form_code, period_code, None, stamp, registry.get(form_code).version
    )
    _keep(key, returns, stamp)
    return returns


@dataclass(frozen=True, slots=True)
class _Kept:
    """A period's newest returns; `witness`: the digest of the filing at `stamp`.

    A log whose filing at that index is another one is another log (a restored one, a test's).
    """

    returns: PeriodReturns
    stamp: int
    witness: bytes


_NEWEST: dict[tuple[str, str], _Kept] = {}
_KEPT_PERIODS = 12
_FEW = 4
"""Above a quarter of the respondents it is cheaper to read the whole period."""


def _keep(key: tuple[str, str], returns: PeriodReturns, stamp: int) -> None:
    # What a transaction has not committed may be taken back, and its log indexes come again.
    if connection.in_atomic_block or not returns.parties:
        return
    filing = witness(stamp)
    _NEWEST.pop(key, None)
    while len(_NEWEST) >= _KEPT_PERIODS:
        _NEWEST.pop(next(iter(_NEWEST), key), None)
    _NEWEST[key] = _Kept(returns, stamp, filing)


def witness(seq: int) -> bytes:
    """Digest of the filing at a log index; a restored log, or a test's, has another one there."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT digest FROM kernel_filing WHERE seq=%s", [seq])
        found = cursor.fetchone()
    return bytes(found[0]) if found else b""


def _followed(kept: _Kept, stamp: int) -> PeriodReturns | None:
    """What was kept with the threads that moved up to `stamp` folded anew; None to read it all."""
    before = kept.returns
    form = registry.get(before.form.code)
    if stamp <= kept.stamp or form is not before.form or witness(kept.stamp) != kept.witness:
        return None
    prefix = f"{form.code}|{before.period.code}|"
    moved = [
        thread
        for thread in _moved(kept.stamp, stamp)
        if thread.startswith(prefix) and "|@" not in thread
    ]
    rows = {thread: before.row_of(thread.removeprefix(prefix)) for thread in moved}
    if None in rows.values() or len(moved) * _FEW > len(before.parties):
        return None
    lines = read.thread_lines(moved)
    return _with(before, {int(rows[at] or 0): fold_return(lines[at]) for at in moved})


def _moved(after: int, until: int) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT DISTINCT thread FROM kernel_thread_entry WHERE seq > %s AND seq <= %s",
            [after, until],
        )
        return [row[0] for row in cursor.fetchall()]


def _with(before: PeriodReturns, fresh: Mapping[int, ReturnState]) -> PeriodReturns:
    """The same respondents with these rows' states and cells replaced."""
    states = list(before.states)
    filings = read.bodies(s.effective for s in fresh.values() if s.effective is not None)
    rows = list(fresh)
    states_at = [fresh[row] for row in rows]
    found = [filings.get(state.effective or 0) for state in states_at]
    places = list(before.places)
    for row, state, filing in zip(rows, states_at, found, strict=True):
        states[row] = state
        places[row] = state.place or (filing.place if filing else "")
    cells = {code: column.copy() for code, column in before.cells.items()}
    nils = before.nils.copy()
    if rows:
        new, new_nils = _cells(before.form, found)
        nils[rows] = new_nils
        for code, column in cells.items():
            column[rows] = new[code]
    return replace(before, places=tuple(places), states=tuple(states), cells=cells, nils=nils)


@lru_cache(maxsize=16)
def _load(
    form_code: str, period_code: str, as_of: int | None, _stamp: int, version: int
) -> PeriodReturns:
    form = registry.get(form_code, version)
    threads = read.thread_lines_like(f"{form_code}|{period_code}|")
    states = {
        thread.split("|", 2)[2]: fold_return(lines, as_of)
        for thread, lines in threads.items()
        if "|@" not in thread
    }
    states = {
        party: state
        for party, state in sorted(states.items())
        if state.opened_seq is not None or state.versions
    }
    filings = read.bodies(s.effective for s in states.values() if s.effective is not None)
    found = [filings.get(state.effective or 0) for state in states.values()]
    places = tuple(
        state.place or (filing.place if filing else "")
        for state, filing in zip(states.values(), found, strict=True)
    )
    cells, nils = _cells(form, found)
    return PeriodReturns(
        form, parse(period_code), tuple(states), places, tuple(states.values()), cells, nils
    )


def as_filed(form_code: str, period_code: str, as_of: int | None = None) -> PeriodReturns:
    """`load` in the rows of the version that the period's opening pinned, whatever is in use since:
    what is stored of a period must not change because another version is loaded or activated."""
    found = load(form_code, period_code, as_of)
    pinned = max((s.version for s in found.states if s.version is not None), default=None)
    return found if pinned is None else in_rows_of(found, registry.get(form_code, pinned))


def in_rows_of(returns: PeriodReturns, form: Form) -> PeriodReturns:
    """The same returns in the rows of another version, read from the filings anew."""
    if form is returns.form:
        return returns
    filings = read.bodies(s.effective for s in returns.states if s.effective is not None)
    cells, nils = _cells(form, [filings.get(s.effective or 0) for s in returns.states])
    return replace(returns, form=form, cells=cells, nils=nils)


def forget() -> None:
    """Drop kept periods: for a test whose log indexes come again with other contents."""
    _load.cache_clear()
    _NEWEST.clear()


def _cells(
    form: Form, filings: Sequence[read.BodyRow | None]
) -> tuple[Mapping[str, Ints], NDArray[np.int8]]:
    """(cells, nils) of `PeriodReturns`; a row without a filing is MISSING throughout."""
    shape = (len(filings), len(form.leaves))
    raw = {measure.code: np.full(shape, _NUMBER - 4, np.int64) for measure in form.measures}
    texts: dict[str, list[bytes]] = {code: [] for code in raw}
    rows = []
    for row, filing in enumerate(filings):
        if filing is not None:
            rows.append(row)
            columns = _BODY.decode(_body_in(form, filing)).columns
            for code, column in texts.items():
                column.append(bytes(columns[code])[1:-1])
    for code, column in texts.items():
        if rows:
            raw[code][rows] = _numbers(b",".join(column)).reshape(len(rows), shape[1])
    said = raw[form.principal.code]
    nils = np.where(said < _NUMBER, said - _NUMBER, 0).astype(np.int8)
    cells = {code: np.where(values < _NUMBER, MISSING, values) for code, values in raw.items()}
    return cells, nils


def _body_in(form: Form, filing: read.BodyRow) -> bytes:
    """The body laid out for this version of the form."""
    if filing.form_version == form.version:
        return filing.body
    source = registry.get(filing.form, filing.form_version)
    return codec.encode(form, codec.project(codec.decode(source, filing.body), source, form))


def _numbers(text: bytes) -> Ints:
    """Cells of canonical columns without their brackets, in one pass over a whole period."""
    for written, stand_in in _STAND_INS:
        text = text.replace(written, stand_in)
    return np.fromstring(text.decode("ascii"), np.int64, sep=",")


def _measure(returns: PeriodReturns, code: str | None) -> Ints:
    found = returns.cells.get(code) if code is not None else None
    return np.full(returns.nils.shape, MISSING, np.int64) if found is None else found


def quotes(returns: PeriodReturns, keep: NDArray[np.bool_]) -> Quotes:
    """The cells of the kept respondents, the rest MISSING, ready for the rollup."""
    mask = keep[:, None]

    def kept(code: str | None) -> Ints:
        return np.where(mask, _measure(returns, code), MISSING)

    roles = returns.form.roles
    return Quotes(
        # A form without prices is counted by what it asks first: its sums are totals, not means.
        price=kept(roles.price or returns.form.principal.code),
        quantity=kept(roles.quantity if roles.price else None),
        sales=kept(roles.value),
        stock=kept(roles.stock),
        out_of_stock=(returns.nils == -2) & mask,
        doubtful=doubtful(returns) & mask,
    )


def rolled_up(
    returns: PeriodReturns,
    keep: NDArray[np.bool_],
    unit: NDArray[np.intp],
    units: int,
    before: tuple[Ints, Ints] | None,
) -> dict[str, Ints]:
    """`algorithms.rollup.roll_up` of the kept respondents. Where a form asks no price, what is
    published is the total: it then has the weight one, so that the mean of a cell is its total."""
    found = dict(roll_up(quotes(returns, keep), unit, units, before))
    if returns.form.roles.price is None:
        found["quantity"] = np.minimum(found["quotes"], 1)
        found["sum_price_qty"] = found["sum_price"]
    return found


def doubtful(returns: PeriodReturns) -> NDArray[np.bool_]:
    """Cells under a question that is not answered: counted, and marked 存疑 once it is overdue."""
    found = np.zeros(returns.nils.shape, bool)
    for row, state in enumerate(returns.states):
        for query in state.open_queries:
            for cell in query.cells:
                item = cell.split(".", 1)[0]
                if item in returns.form.leaf_index:
                    found[row, returns.form.leaf_index[item]] = True
    return found


def aligned(before: PeriodReturns, parties: Sequence[str]) -> tuple[Ints, Ints]:
    """(price, quantity) of an earlier period in the order of `parties`; absent rows MISSING."""
    index = {party: row for row, party in enumerate(before.parties)}
    at = np.array([index.get(party, -1) for party in parties], np.intp)
    known = at >= 0
    known[known] = before.counted[at[known]]
    found = []
    roles = before.form.roles
    for code in (roles.price or before.form.principal.code, roles.quantity):
        values = np.full((len(parties), len(before.form.leaves)), MISSING, np.int64)
        values[known] = _measure(before, code)[at[known]]
        found.append(values)
    return found[0], found[1]


def units_of(returns: PeriodReturns) -> tuple[tuple[str, ...], NDArray[np.intp], str]:
    """(unit codes, unit index of each respondent, root code).

    Domestic respondents roll up by `reports_to` on the period's last day; a place outside the
    administrative tree (境外市场) is its own unit under its country.
    """
    pack = active_pack()
    if returns.places and returns.places[0] not in pack:
        codes = tuple(sorted(set(returns.places)))
        country, dash, _ = codes[0].partition("-")
        root = country if dash else "*"
        unit = {place: place for place in codes}
    else:
        on: dt.date = returns.period.end
        codes = tuple(place.code for place in pack.reporting_units(on))
        root = pack.root.code
        unit = dict(pack.unit_of(on))
        if root in returns.places:
            # A respondent that stands at the root itself is in no unit; it is counted beside them.
            codes, unit = (*codes, f"{root}*"), {**unit, root: f"{root}*"}
    index = {code: position for position, code in enumerate(codes)}
    rows = np.array([index[unit[place]] for place in returns.places], np.intp)
    return codes, rows, root
