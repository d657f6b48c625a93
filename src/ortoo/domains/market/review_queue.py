"""Cells that need a reviewer's eye, ordered by what they do to the office's published figure.

What the detectors find (`editing.findings`) comes first, by probability × effect; the form's own
soft rules are run over all returns at once and join it: a cell that only a rule names ranks last.
Only the cells that are shown get their full sentences. Nothing here costs a query a respondent.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ortoo.domains.market import checking
from ortoo.domains.market.editing.effects import Circle, effect_of
from ortoo.domains.market.editing.findings import Said
from ortoo.domains.market.editing.limits_in_force import basis_of, rules_of_limit
from ortoo.domains.market.editing.order import Tier
from ortoo.domains.market.editing.ranking import Ranked, ranked_cells
from ortoo.domains.market.observations import MISSING, Ints, PeriodReturns
from ortoo.domains.market.review_past import Past, cell_at, number_at, peer_rows, peers_of
from ortoo.domains.market.review_peers import Peers, shown_peers
from ortoo.domains.market.review_selectors import Review
from ortoo.domains.market.rules.effect import Effect
from ortoo.kernel.filings import read
from ortoo.kernel.forms.body import GridBody
from ortoo.kernel.forms.check import CheckContext, check
from ortoo.kernel.forms.definition import Cell, Form
from ortoo.kernel.forms.issues import Issue
from ortoo.kernel.forms.limits import LimitTable
from ortoo.kernel.forms.peers import PeerTable

if TYPE_CHECKING:
    import polars as pl

__all__ = [
    "WAITING", "Circle", "Flagged", "Past", "Peers", "Queue", "cell_at", "effect_of", "number_at",
    "peers_of", "queue", "shown_peers",
]  # fmt: skip
WAITING = ("queried", "pending", "below")


@dataclass(frozen=True, slots=True)
class Flagged:
    """One cell of the queue. Values in the measure's minor units; `issues` are its soft findings.

    `series`: the same firm's cell over the last periods, oldest first, this one last. `found`:
    what the detectors say of it, or of the whole return it stands for; `reason`: the firm's words
    for the row. `strength`: probability that it is wrong, in view of that reason. `basis`: on what
    history the limit of a price's change rests.
    """

    party: str
    item: str
    measure: str
    value: Cell
    previous: Cell
    year: Cell
    effect: Effect
    issues: tuple[Issue, ...]
    series: tuple[int | None, ...]
    peers: Peers | None
    found: Said | None = None
    reason: str = ""
    strength: float = 0.0
    basis: str = ""

    @property
    def key(self) -> str:
        return f"{self.item}.{self.measure}"

    @property
    def change(self) -> Fraction | None:
        """Against last period, as a share of it."""
        if type(self.value) is int and type(self.previous) is int and self.previous:
            return Fraction(self.value, self.previous) - 1
        return None


@dataclass(frozen=True, slots=True)
class Queue:
    """The most weighty cells, how many there are in all, and in how many returns.

    `rules_alone`: how many of them, the last ones, only a soft rule names.
    """

    cells: tuple[Flagged, ...]
    total: int
    parties: int
    rules_alone: int = 0


def queue(view: Review, *, party: str = "", limit: int = 50) -> Queue:
    """Flagged cells of the returns still to be passed here, the most weighty first.

    With `party`, of that one return whatever its position. The caller holds a scope's `Review`.
    """
    past = Past(view.form, view.period)
    wanted = {row.party for row in view.at(*WAITING)} if not party else {party}
    ranked = ranked_cells(past, view.office, wanted, _flags_of(past, wanted))
    shown = ranked[:limit]
    ruled = [one for one in shown if one.rules]
    issues = _issues(past, {one.key[0] for one in ruled}, [one.key for one in ruled])
    return Queue(
        cells=tuple(_flagged(view, past, one, issues.get(one.key, [])) for one in shown),
        total=len(ranked),
        parties=len({one.key[0] for one in ranked}),
        rules_alone=sum(1 for one in ranked if one.tier is Tier.RULE_ALONE),
    )


# --- flags of a whole period -------------------------------------------------------------------

_Flags = tuple[tuple[str, str, str], ...]
_kept: dict[str, tuple[tuple[object, ...], _Flags]] = {}
_KEPT_PERIODS = 8
_FEW = 20
"""Returns; one costs 4 ms by itself, six hundred at once about 100."""


def _flags_of(past: Past, wanted: Set[str]) -> list[tuple[str, str, str]]:
    """(party, item, soft rule) of the wanted returns in force.

    Of a few returns each is checked by itself: while returns pour in, the whole period's flags are
    never kept for long, and a banner's queue must not pay for the region's.
    """
    found = _kept_flags(past)
    if found is None and len(wanted) <= _FEW:
        return _flags_one_by_one(past, wanted)
    return [one for one in found or _flags(past) if one[0] in wanted]


def _flags_one_by_one(past: Past, wanted: Set[str]) -> list[tuple[str, str, str]]:
    """As the vectorised checks flag them: leaf rows, soft rules, counted returns."""
    rows = {party: past.now.row_of(party) for party in sorted(wanted)}
    counted = [party for party, row in rows.items() if row is not None and past.counted[row]]
    every = [(party, item.code, "") for party in counted for item in past.form.leaves]
    return [
        (party, item, issue.rule)
        for (party, item, _), issues in _issues(past, set(counted), every).items()
        if item in past.form.leaf_index
        for issue in issues
        if issue.code == "RULE-SOFT"
    ]


def _basis(past: Past) -> tuple[object, ...]:
    return past.now, past.previous, past.year


def _kept_flags(past: Past) -> _Flags | None:
    """The period's flags where they were computed from these very arrays."""
    kept = _kept.get(f"{past.form.key}|{past.period.code}")
    same = kept and all(one is two for one, two in zip(kept[0], _basis(past), strict=True))
    return kept[1] if kept and same else None


def _flags(past: Past) -> _Flags:
    """(party, item, soft rule) of every return in force, kept while nobody has said more.

    Kept by the very arrays it was computed from: a period that has changed is loaded anew.
    """
    found = _find_flags(past)
    while len(_kept) >= _KEPT_PERIODS:
        _kept.pop(next(iter(_kept)), None)
    _kept[f"{past.form.key}|{past.period.code}"] = (_basis(past), found)
    return found


def _find_flags(past: Past) -> _Flags:
    from ortoo.kernel.forms.frame import check_frame, violations

    rows = np.flatnonzero(past.now.counted)
    if not len(rows):
        return ()
    soft = {rule.id for rule in past.form.rules if rule.severity == "soft"}
    dated = checking.dated_limits(past.form, past.period.end)
    by_place = rules_of_limit(past.form)
    own = [group for group in _by_limits(past, rows) if group[0] is not dated]
    # Peers reach across units, so all rules see the whole period; those that ask the limit of a
    # price's change are asked again with each unit's own.
    apart = {int(row) for _, mine in own for row in mine}
    found: list[tuple[str, str, str]] = []
    for limits, mine in ((dated, rows), *own):
        broken = violations(past.form, check_frame(past.form, _frame(past, mine), limits))
        for row, item, rule in broken.select("return", "item", "rule").iter_rows():
            again = rule in by_place and row in apart
            if rule in soft and again == (limits is not dated):
                found.append((past.now.parties[row], item, rule))
    return tuple(found)


def _by_limits(
    past: Past, rows: NDArray[np.intp]
) -> list[tuple[LimitTable | None, NDArray[np.intp]]]:
    """The rows by the limits they are judged by: each unit's own, or the dated table's."""
    groups: dict[int, tuple[LimitTable | None, list[int]]] = {}
    for row in rows.tolist():
        limits = past.limits_of(row)
        groups.setdefault(id(limits), (limits, []))[1].append(row)
    return [(limits, np.array(mine, np.intp)) for limits, mine in groups.values()]


def _frame(past: Past, rows: NDArray[np.intp]) -> pl.DataFrame:
    """The period as the vectorised checks read it: one row a return and item."""
    import polars as pl

    form, now = past.form, past.now
    codes = [item.code for item in form.leaves]
    count = len(codes)
    data: dict[str, pl.Series] = {
        "return": pl.Series(np.repeat(rows, count).astype(np.uint32)),
        "item": pl.Series(codes * len(rows), dtype=pl.Enum(codes)),
        "price#nil": pl.Series(np.where(now.nils < -3, 0, -now.nils)[rows].ravel()),
        "month": pl.Series(np.full(len(rows) * count, past.period.end.month, np.uint8)),
    }
    parties = [now.parties[row] for row in rows]
    for measure in form.measures:
        data[measure.code] = _column(now.cells[measure.code][rows])
        for lag, returns in (("@-1", past.previous), ("@year", past.year)):
            data[measure.code + lag] = _column(_aligned(returns, measure.code, parties, count))
    for level, places in zip(form.levels, past.circles, strict=True):
        data[level] = pl.Series(np.repeat(places[rows], count).tolist(), dtype=pl.Categorical)
    return pl.DataFrame(data)


def _column(values: Ints) -> pl.Series:
    import polars as pl

    flat = values.ravel()
    return pl.Series(flat).set(pl.Series(flat == MISSING), None)


def _aligned(
    returns: PeriodReturns | None, measure: str, parties: Sequence[str], count: int
) -> Ints:
    found = np.full((len(parties), count), MISSING, np.int64)
    if returns is not None:
        index = {party: row for row, party in enumerate(returns.parties)}
        for row, party in enumerate(parties):
            if party in index:
                found[row] = returns.cells[measure][index[party]]
    return found


# --- what is shown of a flagged cell ------------------------------------------------------------


def _issues(
    past: Past, parties: set[str], keys: Iterable[tuple[str, str, str]]
) -> Mapping[tuple[str, str, str], list[Issue]]:
    """Soft findings of the shown returns in full sentences, by (party, item, measure)."""
    items: dict[str, set[str]] = {}
    for firm, item, _ in keys:
        items.setdefault(firm, set()).add(item)
    states = {firm: past.now.states[past.now.parties.index(firm)] for firm in parties}
    filings = read.by_seqs(state.effective for state in states.values() if state.effective)
    found: dict[tuple[str, str, str], list[Issue]] = {}
    for firm in sorted(parties):
        peers = peer_rows(past, firm, items[firm])
        context = CheckContext(
            previous=_grid(past.form, past.previous, firm),
            year_before=_grid(past.form, past.year, firm),
            peers=PeerTable(peers),
            limits=past.limits_of(past.now.row_of(firm)),
            on=past.period.end,
        )
        grid = checking.grid_of(past.form, filings[states[firm].effective or 0])
        for issue in check(past.form, grid, context):
            if issue.severity == "soft":
                found.setdefault((firm, issue.item, issue.measure), []).append(issue)
    return found


def _grid(form: Form, returns: PeriodReturns | None, party: str) -> GridBody | None:
    row = returns.row_of(party) if returns is not None else None
    if returns is None or row is None or returns.states[row].effective is None:
        return None
    return GridBody(
        {
            measure.code: tuple(
                cell_at(returns, party, measure.code, index) for index in range(len(form.leaves))
            )
            for measure in form.measures
        }
    )


def _flagged(view: Review, past: Past, one: Ranked, issues: Sequence[Issue]) -> Flagged:
    party, item, measure = one.key
    index = past.form.leaf_index[item]
    return Flagged(
        party=party,
        item=item,
        measure=measure,
        value=cell_at(past.now, party, measure, index),
        previous=cell_at(past.previous, party, measure, index),
        year=cell_at(past.year, party, measure, index),
        effect=one.effect,
        issues=tuple(found for found in issues if found.rule in one.rules),
        series=past.series(party, measure, index),
        peers=(
            shown_peers(view, peers_of(past, party, item))
            if measure == past.form.principal.code
            else None
        ),
        found=one.found,
        reason=one.reason,
        strength=one.strength,
        basis=(
            basis_of(past.limits_of(past.now.row_of(party)), item, past.period.end.month)
            if issues and measure == past.form.roles.price
            else ""
        ),
    )
