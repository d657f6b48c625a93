"""Scoped reads of market monitoring: each takes a `Scope` and shows no more than it may."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from django.db import connection

from ortoo.domains.market import issued, monitored, observations
from ortoo.domains.market.lineage import Contribution, contributions, filing
from ortoo.domains.market.projections import COLUMNS, SUMS, sums
from ortoo.domains.market.registers import names_of
from ortoo.domains.market.rules.figures import Figure, Sums
from ortoo.kernel.duties.models import Duty
from ortoo.kernel.filings import read
from ortoo.kernel.filings.refusal import Refused
from ortoo.kernel.forms import registry
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
    """Opened or filed periods of the form's own cadence, newest first; no 急报 among them."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT DISTINCT period FROM kernel_filing"
            " WHERE form=%s OR (form='K-OPEN' AND key LIKE %s)",
            [form, f"open:{form}:%"],
        )
        codes = {row[0] for row in cursor.fetchall()}
    found = (parse(code) for code in codes if code)
    definition = registry.get(form)
    return sorted((one for one in found if monitored.regular(definition, one)), reverse=True)[
        :limit
    ]


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
    stages = ("missing", "queried", "filed", "sent_back", "checked", "accepted", "waived")
    order = {stage: number for number, stage in enumerate(stages)}
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
    foreign = form == monitored.FOREIGN
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
    regular = monitored.regular(definition, span)
    earlier = previous_on(definition, span) if regular else None
    last_year = year_before_on(definition, span) if regular else None
    now: _Cells = _sums(form, span, basis, as_of)
    before: _Cells = _sums(form, earlier, basis, as_of) if earlier else {}
    year: _Cells = _sums(form, last_year, basis, as_of) if last_year else {}
    root = _root(now)
    if foreign:
        return Table(form, span, basis, root, as_of, _units(now, before, year), own)
    # A mean of one firm is that firm's figure, which the right to aggregates does not cover.
    open_firms = scope.places("read_unit_figures", form)
    now = _without_lone_changes(now, open_firms)
    before = _without(before, _lone(before, open_firms))
    year = _without(year, _lone(year, open_firms))
    hidden = {cell for cell in now if cell[0] not in own} | _lone(now, open_firms)
    # Of what is not hers a reader is handed who owed and who filed, and no figure at all.
    now = {cell: found if cell[0] in own else _counts_of(found) for cell, found in now.items()}
    units = _units(now, before, year, hidden)
    if basis == "reviewed" and as_of is None:
        # Law 10: outside her own places a reader sees what was issued, which never moves; two
        # live readings, vintages or bases would differ by one firm.
        units = {**units, **_issued_units(form, (span, earlier, last_year), own)}
    return Table(form, span, basis, root, as_of, units, own)


def _counts_of(found: Sums) -> Sums:
    return Sums(expected=found.expected, filed=found.filed, unreviewed=found.unreviewed)


def _issued_units(
    form: str, spans: tuple[Period, Period | None, Period | None], own: frozenset[str]
) -> dict[str, dict[str, Figure]]:
    """Issued figures of every unit outside `own`, beside the issued ones of the earlier periods."""
    now, before, year = (issued.table_of(form, s.code) if s is not None else {} for s in spans)
    units: dict[str, dict[str, Figure]] = {}
    for (unit, item), cell in now.items():
        if unit in own:
            continue
        then, last_year = (
            None if (found := table.get((unit, item))) is None or found.hidden else found.sums
            for table in (before, year)
        )
        figure = Figure(cell.sums, bool(cell.hidden), then, last_year, cell.hidden)
        units.setdefault(unit, {})[item] = figure
    return units


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
    if form != monitored.FOREIGN and unit not in _unsuppressed(scope, form):
        return _issued_series(form, unit, item, basis, limit)
    rows = _history(form, basis, [unit], item, limit)
    hidden: set[str] = set()
    if form != monitored.FOREIGN and unit not in scope.places("read_unit_figures", form):
        hidden = {period for period, _, found in rows if found.quotes == 1}
    return [
        (parse(period), Figure(found, period in hidden)) for period, _, found in reversed(rows)
    ]


def _issued_series(
    form: str, unit: str, item: str, basis: str, limit: int
) -> list[tuple[Period, Figure]]:
    """What was issued of it; on the other basis nothing is."""
    found = {parse(code): cell for code, cell in issued.series_of(form, unit, item).items()}
    return [
        (period, Figure(found[period].sums, bool(found[period].hidden) or basis == "all"))
        for period in sorted(found)
    ][-limit:]


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
