"""Scoped reads of market monitoring: each takes a `Scope` and shows no more than it may."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from django.db import connection

from ortoo.domains.market import observations
from ortoo.domains.market.lineage import Contribution, contributions, filing
from ortoo.domains.market.projections import COLUMNS, SUMS, sums
from ortoo.domains.market.registers import names_of
from ortoo.domains.market.rules.figures import Figure, Sums, disclosive, secondary
from ortoo.kernel.duties.models import Duty
from ortoo.kernel.filings import read
from ortoo.kernel.filings.refusal import Refused
from ortoo.kernel.forms import registry
from ortoo.kernel.forms.definition import Publish
from ortoo.kernel.forms.periods import Period, parse, previous_on, year_before_on
from ortoo.kernel.grants.scope import Scope
from ortoo.kernel.parties.models import Party
from ortoo.kernel.places.active import active_pack
from ortoo.kernel.threads.periodic import ReturnState

__all__ = [
    "Contribution", "MatrixRow", "Table", "contributions", "figures", "filing", "matrix",
    "my_offices", "names_of", "open_duties", "periods_of", "rollup_columns", "series",
]  # fmt: skip
_HEADS = ("expected", "filed", "unreviewed")


def open_duties(scope: Scope) -> list[Duty]:
    """My duties: open ones owed by parties or offices this scope acts for, most urgent first."""
    owners = set(scope.parties("file_return"))
    places = scope.places("review")
    if places:
        owners |= set(
            Party.objects.filter(kind="agency", place__in=_own_offices(scope)).values_list(
                "code", flat=True
            )
        )
    # Duties of other matters have no period; an agency may owe a hundred thousand of them.
    found = Duty.objects.filter(
        owner__in=sorted(owners), closed_seq__isnull=True, void_seq__isnull=True
    ).exclude(period="")
    return sorted(found, key=lambda duty: (duty.due_at is None, duty.due_at or 0, duty.key))


def _own_offices(scope: Scope) -> list[str]:
    """Places whose own office this scope holds: the root of each reviewing grant."""
    return sorted(
        {hold.place for hold in scope.holds if hold.place and "review" in _verbs(hold.role)}
    )


def _verbs(role: str) -> frozenset[str]:
    from ortoo.kernel.grants.roles import ROLES

    return ROLES[role].verbs


def my_offices(scope: Scope) -> list[str]:
    """Place codes of the offices for which this scope reviews."""
    return _own_offices(scope)


def periods_of(form: str, limit: int = 60) -> list[Period]:
    """Opened or filed periods of a form, newest first."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT DISTINCT period FROM kernel_filing"
            " WHERE form=%s OR (form='K-OPEN' AND key LIKE %s)",
            [form, f"open:{form}:%"],
        )
        codes = {row[0] for row in cursor.fetchall()}
    return sorted((parse(code) for code in codes if code), reverse=True)[:limit]


@dataclass(frozen=True, slots=True)
class MatrixRow:
    """One respondent in an office's 本期审核."""

    party: str
    name: str
    place: str
    place_name: str
    state: ReturnState
    filed_at: int | None
    late: bool
    reason: str = ""


def matrix(scope: Scope, form: str, period: str, office: str) -> list[MatrixRow]:
    """应报 · 已报 · 待审 · 已退回 · 未报 of one office's respondents, by what needs doing first."""
    scope.require("review", form=form, place=office)
    returns = observations.load(form, period)
    pack = active_pack()
    names = names_of(returns.parties)
    filings = read.by_seqs(s.effective for s in returns.states if s.effective)
    firsts = read.by_seqs(s.versions[0] for s in returns.states if s.versions)
    rows = []
    for party, place, state in zip(returns.parties, returns.places, returns.states, strict=True):
        if office not in {code for code, _ in state.offices}:
            continue
        filing = filings.get(state.effective or 0)
        first = firsts.get(state.versions[0]) if state.versions else None
        rows.append(
            MatrixRow(
                party=party,
                name=names.get(party, party),
                place=place,
                place_name=pack[place].zh if place in pack else place,
                state=state,
                filed_at=filing.received_at if filing else None,
                late=bool(first and state.due_at and first.arrived_at > state.due_at),
                reason=filing.reason if filing else "",
            )
        )
    order = {"missing": 0, "queried": 1, "filed": 2, "sent_back": 3, "checked": 4, "accepted": 5}
    return sorted(rows, key=lambda row: (order[row.state.stage], row.place, row.name))


@dataclass(frozen=True, slots=True)
class Table:
    """Published figures of one period: {unit: {item: Figure}}; `root` is the whole.

    `as_of` is the log index they are as known at, None for now. `own` holds the units shown
    without suppression because the reader reviews there.
    """

    form: str
    period: Period
    basis: str
    root: str
    as_of: int | None
    units: Mapping[str, Mapping[str, Figure]]
    own: frozenset[str]

    def figure(self, unit: str, item: str) -> Figure:
        return self.units.get(unit, {}).get(item, Figure(Sums()))


def figures(
    scope: Scope, form: str, period: str, *, basis: str = "reviewed", as_of: int | None = None
) -> Table:
    """The period's figures by reporting unit, with disclosure control for this reader.

    Raises Refused AS-OF-OUTSIDE for `as_of` outside the reviewing chain (Law 10), and
    SCOPE-… for unreviewed figures without the right to them.
    """
    span = parse(period)
    definition = registry.get(form)
    own = _unsuppressed(scope, form)
    foreign = form == "FOREIGN-M1"
    if not foreign:
        if as_of is not None and not scope.may("read_aggregates"):
            raise Refused(
                "AS-OF-OUTSIDE",
                "审核链以外只能查看已发布的版次。",
                "请查看已发布的公报。",
                403,
            )
        if basis == "all" and not scope.may("read_unreviewed") and not scope.may("read_aggregates"):
            scope.require("read_unreviewed", form=form)
    earlier = previous_on(definition, span)
    last_year = year_before_on(definition, span)
    now: _Cells = _sums(form, span, basis, as_of)
    before: _Cells = _sums(form, earlier, basis, as_of) if earlier else {}
    year: _Cells = _sums(form, last_year, basis, as_of) if last_year else {}
    root = _root(now)
    if foreign:
        return Table(form, span, basis, root, as_of, _units(now, before, year), own)
    rule = definition.publish
    # A mean of one firm is that firm's figure, which the right to aggregates does not cover.
    open_firms = scope.places("read_unit_figures", form)
    now = _without_lone_changes(now, open_firms)
    before = _without(before, _lone(before, open_firms))
    year = _without(year, _lone(year, open_firms))
    if basis == "all" or as_of is not None:
        # Law 10: outside the reviewing chain two vintages, or two bases, differ by one firm.
        hidden = {cell for cell in now if cell[0] not in own} | _lone(now, open_firms)
        units = _units(now, before, year, hidden)
    else:
        hidden = _hidden(now, root, own, rule) | _lone(now, open_firms)
        # A change whose base is hidden would give the base away, and one over few firms, theirs.
        before = _without(before, _hidden(before, root, own, rule))
        year = _without(year, _hidden(year, root, own, rule))
        units = _units(_thin(now, own, rule), before, year, hidden)
    return Table(form, span, basis, root, as_of, units, own)


_Cells = Mapping[tuple[str, str], Sums]


def _units(
    now: _Cells,
    before: _Cells,
    year: _Cells,
    hidden: Iterable[tuple[str, str]] = (),
) -> dict[str, dict[str, Figure]]:
    concealed = frozenset(hidden)
    units: dict[str, dict[str, Figure]] = {}
    for cell, found in now.items():
        units.setdefault(cell[0], {})[cell[1]] = Figure(
            found, cell in concealed, before.get(cell), year.get(cell)
        )
    return units


def _without(cells: _Cells, hidden: set[tuple[str, str]]) -> _Cells:
    return {cell: found for cell, found in cells.items() if cell not in hidden}


def _thin(cells: _Cells, own: frozenset[str], publish: Publish) -> _Cells:
    """Cells outside `own` without a 同样本环比 that rests on too few firms."""
    return {
        cell: replace(found, matched=0)
        if cell[0] not in own and found.matched < publish.min_respondents
        else found
        for cell, found in cells.items()
    }


def _lone(cells: _Cells, open_firms: frozenset[str]) -> set[tuple[str, str]]:
    """Cells of one quote where the reader may not see single firms."""
    return {
        cell for cell, found in cells.items() if found.quotes == 1 and cell[0] not in open_firms
    }


def _without_lone_changes(cells: _Cells, open_firms: frozenset[str]) -> _Cells:
    return {
        cell: replace(found, matched=0)
        if found.matched == 1 and cell[0] not in open_firms
        else found
        for cell, found in cells.items()
    }


def _unsuppressed(scope: Scope, form: str) -> frozenset[str]:
    return scope.places("read_unit_figures", form) | scope.places("read_aggregates", form)


def _root(now: Mapping[tuple[str, str], Sums]) -> str:
    units = {unit for unit, _ in now}
    pack = active_pack()
    if pack.root.code in units or not units:
        return pack.root.code
    return next(iter(sorted(units))).split("-", 1)[0]


def _hidden(
    now: _Cells, root: str, own: frozenset[str], publish: Publish
) -> set[tuple[str, str]]:
    """Cells a reader may not see: disclosive ones outside her scope, and what gives them away."""
    hidden: set[tuple[str, str]] = set()
    by_item: dict[str, dict[str, Sums]] = {}
    for (unit, item), found in now.items():
        by_item.setdefault(item, {})[unit] = found
    for item, everywhere in by_item.items():
        cells = {unit: found for unit, found in everywhere.items() if unit != root}
        bad = {
            unit
            for unit, found in cells.items()
            if unit not in own and disclosive(found, publish)
        }
        if bad:
            bad |= {unit for unit in secondary(cells, bad, publish) if unit not in own}
        whole = everywhere.get(root)
        if whole is not None and root not in own and disclosive(whole, publish):
            bad.add(root)
        hidden |= {(unit, item) for unit in bad}
    return hidden


def _sums(form: str, period: Period, basis: str, as_of: int | None) -> dict[tuple[str, str], Sums]:
    if as_of is None:
        columns = ",".join(("unit", "item", *_HEADS, *SUMS))
        with connection.cursor() as cursor:
            cursor.execute(
                f"SELECT {columns} FROM market_rollup WHERE slice=%s AND basis=%s",
                [f"{form}|{period.code}", basis],
            )
            rows: Sequence[Sequence[object]] = cursor.fetchall()
    else:
        returns = observations.load(form, period.code, as_of)
        rows = sums(returns, basis, as_of) if returns.parties else []
    return {(str(row[0]), str(row[1])): _sums_row(row[2:]) for row in rows}


def _sums_row(values: Sequence[object]) -> Sums:
    # In the order of its fields, which `test_sums_stand_in_the_order_of_the_columns` pins: by name
    # costs a third of a page of figures.
    return Sums(*values)  # type: ignore[arg-type]


def series(
    scope: Scope, form: str, unit: str, item: str, *, basis: str = "reviewed", limit: int = 270
) -> list[tuple[Period, Figure]]:
    """One item at one unit over time, oldest first, with the same disclosure control as a table."""
    own = _unsuppressed(scope, form)
    rows = _history(form, basis, [unit], item, limit)
    hidden: set[str] = set()
    if form != "FOREIGN-M1" and unit not in own and rows:
        hidden = _hidden_periods(form, basis, (unit, item), own, len(rows))
    if form != "FOREIGN-M1" and unit not in scope.places("read_unit_figures", form):
        hidden |= {period for period, _, found in rows if found.quotes == 1}
    return [
        (parse(period), Figure(found, period in hidden)) for period, _, found in reversed(rows)
    ]


def _hidden_periods(
    form: str, basis: str, cell: tuple[str, str], own: frozenset[str], limit: int
) -> set[str]:
    """Periods in which a cell is hidden, its neighbours' figures considered."""
    unit, item = cell
    if basis == "all":
        return {row[0] for row in _history(form, basis, [unit], item, limit)}
    with connection.cursor() as cursor:
        cursor.execute("SELECT DISTINCT unit FROM market_rollup WHERE form=%s", [form])
        units = [row[0] for row in cursor.fetchall()]
    by_period: dict[str, dict[tuple[str, str], Sums]] = {}
    for period, at, found in _history(form, basis, units, item, limit * len(units)):
        by_period.setdefault(period, {})[at, item] = found
    publish = registry.get(form).publish
    return {
        period
        for period, cells in by_period.items()
        if cell in _hidden(cells, _root(cells), own, publish)
    }


def _history(
    form: str, basis: str, units: Sequence[str], item: str, limit: int
) -> list[tuple[str, str, Sums]]:
    """(period, unit, sums), newest first."""
    columns = ",".join((*_HEADS, *SUMS))
    marks = ",".join(["%s"] * len(units))
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT period,unit,{columns} FROM market_rollup WHERE form=%s AND basis=%s"
            f" AND unit IN ({marks}) AND item=%s ORDER BY period DESC LIMIT %s",
            [form, basis, *units, item, limit],
        )
        return [(row[0], row[1], _sums_row(row[2:])) for row in cursor.fetchall()]


def rollup_columns() -> tuple[str, ...]:
    """Names of the read model's columns, for exports."""
    return COLUMNS
