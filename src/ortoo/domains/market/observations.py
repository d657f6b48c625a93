"""One period's returns as arrays: what is in force, from filings, as of any log index."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from ortoo.algorithms.rollup import MISSING, Ints, Quotes
from ortoo.kernel.filings import read
from ortoo.kernel.forms import body as codec
from ortoo.kernel.forms import registry
from ortoo.kernel.forms.definition import Form
from ortoo.kernel.forms.periods import Period, parse
from ortoo.kernel.places.active import active_pack
from ortoo.kernel.threads.periodic import ReturnState, fold_return

NIL_CODES: Mapping[object, int] = {"n": -1, "o": -2, "s": -3, None: -4}
_BODY = msgspec.json.Decoder(type=dict[str, Any])


@dataclass(frozen=True, slots=True)
class PeriodReturns:
    """Respondents of one (form, period) in code order, and what each has in force.

    `cells[measure]` is int64 [respondents × leaves]: minor units, MISSING where there is no number;
    `nils` int8 the same shape for the price: −1 未经营, −2 断货, −3 季节无货, −4 blank, 0 a number.
    """

    form: Form
    period: Period
    parties: tuple[str, ...]
    places: tuple[str, ...]
    states: tuple[ReturnState, ...]
    cells: Mapping[str, Ints]
    nils: NDArray[np.int8]

    def row_of(self, party: str) -> int | None:
        return self.parties.index(party) if party in self.parties else None

    @property
    def counted(self) -> NDArray[np.bool_]:
        """Returns in force: filed and not sent back."""
        return np.array([s.effective is not None and s.sent_back_seq is None for s in self.states], bool)

    @property
    def reviewed(self) -> NDArray[np.bool_]:
        """Returns in force that some office has accepted 已审核."""
        return np.array(
            [any(s.accepted_by(office) for office, _ in s.offices) for s in self.states], bool
        )


@lru_cache(maxsize=6)
def load(form_code: str, period_code: str, as_of: int | None = None) -> PeriodReturns:
    """The returns of a period as known at log index `as_of` (now when None).

    Cached for the span of one projection pass or request; `forget()` clears it.
    """
    form = registry.get(form_code)
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
    filings = read.by_seqs(s.effective for s in states.values() if s.effective is not None)
    parties = tuple(states)
    cells = {
        measure.code: np.full((len(parties), len(form.leaves)), MISSING, np.int64)
        for measure in form.measures
    }
    nils = np.full((len(parties), len(form.leaves)), -4, np.int8)
    places = []
    for row, (_, state) in enumerate(states.items()):
        filing = filings.get(state.effective or 0)
        places.append(state.place or (filing.place if filing else ""))
        if filing is not None:
            _fill(form, filing, row, cells, nils)
    return PeriodReturns(
        form, parse(period_code), parties, tuple(places), tuple(states.values()), cells, nils
    )


def forget() -> None:
    """Drop cached periods; called when the log may have grown."""
    load.cache_clear()


def _fill(
    form: Form,
    filing: read.FilingRow,
    row: int,
    cells: Mapping[str, Ints],
    nils: NDArray[np.int8],
) -> None:
    if filing.form_version == form.version:
        columns = _BODY.decode(filing.body)["columns"]
    else:
        source = registry.get(filing.form, filing.form_version)
        grid = codec.project(codec.decode(source, filing.body), source, form)
        columns = {
            code: [getattr(cell, "value", cell) for cell in column]
            for code, column in grid.columns.items()
        }
    for code, column in columns.items():
        cells[code][row] = [cell if type(cell) is int else MISSING for cell in column]
    nils[row] = [0 if type(cell) is int else NIL_CODES[cell] for cell in columns["price"]]


def _measure(returns: PeriodReturns, code: str) -> Ints:
    found = returns.cells.get(code)
    return np.full(returns.nils.shape, MISSING, np.int64) if found is None else found


def quotes(returns: PeriodReturns, keep: NDArray[np.bool_]) -> Quotes:
    """The cells of the kept respondents, the rest MISSING, ready for the rollup."""
    mask = keep[:, None]

    def kept(code: str) -> Ints:
        return np.where(mask, _measure(returns, code), MISSING)

    return Quotes(
        price=kept("price"),
        quantity=kept("sales_qty"),
        sales=kept("sales"),
        stock=kept("stock"),
        out_of_stock=(returns.nils == -2) & mask,
        doubtful=doubtful(returns) & mask,
    )


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
    counted = before.counted
    shape = (len(parties), len(before.form.leaves))
    price = np.full(shape, MISSING, np.int64)
    quantity = np.full(shape, MISSING, np.int64)
    for row, party in enumerate(parties):
        at = index.get(party)
        if at is not None and counted[at]:
            price[row] = _measure(before, "price")[at]
            quantity[row] = _measure(before, "sales_qty")[at]
    return price, quantity


def units_of(returns: PeriodReturns) -> tuple[tuple[str, ...], NDArray[np.intp], str]:
    """(unit codes, unit index of each respondent, root code).

    Domestic respondents roll up by `reports_to` on the period's last day; a place outside the
    administrative tree (境外市场) is its own unit under its country.
    """
    pack = active_pack()
    if returns.places and returns.places[0] not in pack:
        codes = tuple(sorted(set(returns.places)))
        root = codes[0].split("-", 1)[0]
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
