"""Scoped reads of forecasts: numbers inside the reviewing chain, words outside it.

Outside a unit's chain a reader gets words only, of runs made under a signature that stands, and
only of cells whose figure of the base period was issued and not hidden.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import log
from typing import Any, cast

from django.db import connection

from ortoo.domains.market import issued, panels
from ortoo.domains.market.forecasts import approvals, services, statement, words
from ortoo.domains.market.forecasts.computing import Status
from ortoo.domains.market.forecasts.model import LEVELS
from ortoo.kernel.filings import read
from ortoo.kernel.forms import registry
from ortoo.kernel.forms.periods import Period, parse, period_on
from ortoo.kernel.grants.scope import Scope

_STEPS = {name: at for at, name in enumerate(statement.STEPS)}
_COLUMNS = ("unit", "item", *statement.HEAD, "series")
_Steps = tuple[tuple[int | None, ...], ...]


@dataclass(frozen=True, slots=True)
class Run:
    """One run: from which period on, when it was filed, under which signature (0: 试算)."""

    form: str
    period: Period
    seq: int
    at_ms: int
    log_index: int
    approval: int
    digest: str
    model: str
    version: int
    horizon: int
    kind: str
    scale: int
    quantity_scale: int
    origins: int
    coverage: Mapping[int, int | None]
    first: str
    note: str
    series: int

    @property
    def trial(self) -> bool:
        """Unsigned, or its signature was withdrawn."""
        return not self.approval or approvals.in_force(self.digest) is None

    def periods(self) -> list[Period]:
        """The periods forecast, nearest first."""
        form, found = registry.get(self.form), [self.period]
        for _ in range(self.horizon):
            found.append(period_on(form, found[-1].end + dt.timedelta(days=1)))
        return found[1:]


def runs(form: str) -> list[Run]:
    """Every run of a form, by period, oldest first."""
    found = read.thread_lines_like(f"{statement.FORM}|{form}|")
    made = [
        _run(form, thread.rsplit("|", 1)[1], lines[0].seq, lines[0].at, lines[0].detail)
        for thread, lines in found.items()
        if lines
    ]
    return sorted(made, key=lambda run: run.period)


def _run(form: str, period: str, seq: int, at: int, detail: Mapping[str, object]) -> Run:
    said = cast(dict[str, Any], detail)
    coverage = {int(level): share for level, share in said["checks"]["coverage"].items()}
    return Run(
        form, parse(period), seq, at, said["log_index"], said["approval"], said["digest"],
        said["model"], said["version"], said["horizon"], said["kind"], said["scales"]["price"],
        said["scales"]["quantity"], said["checks"]["origins"], coverage, said["inputs"]["first"],
        said["note"], said["series"],
    )  # fmt: skip


def newest(form: str, as_of: int | None = None) -> Run | None:
    """The run of the newest period, of those filed up to a log index."""
    found = [run for run in runs(form) if as_of is None or run.seq <= as_of]
    return found[-1] if found else None


@dataclass(frozen=True, slots=True)
class Step:
    """One step ahead, in the shown unit; `bounds` by level: (low, high). `skill`: against no
    change at this step, thousandths, None where it could not be checked."""

    number: int
    period: Period
    value: Fraction
    bounds: Mapping[int, tuple[Fraction, Fraction]]
    skill: int | None
    skill_seasonal: int | None
    error: int | None


@dataclass(frozen=True, slots=True)
class Shown:
    """One series as a reader may see it. `steps` is empty outside the chain, and where the series
    has shown no skill; `reason` then says why. `base`: the newest figure it starts from."""

    run: Run
    unit: str
    item: str
    numeric: bool
    status: int
    base: Fraction | None
    checked: int
    skill: int | None
    skill_seasonal: int | None
    steps: tuple[Step, ...]
    words: str
    reason: str

    @property
    def trial(self) -> bool:
        return self.run.trial

    def step(self, number: int) -> Step | None:
        """The step so many periods ahead."""
        return next((one for one in self.steps if one.number == number), None)


@dataclass(frozen=True, slots=True)
class Row:
    unit: str
    item: str
    status: int
    base: int
    source: int
    quotes: int
    checked: int
    skill: int | None
    skill_seasonal: int | None
    series: str

    @property
    def steps(self) -> _Steps:
        return tuple(tuple(column) for column in json.loads(self.series)) if self.series else ()


def rows_of(run: Run, where: str = "", parameters: Sequence[object] = ()) -> list[Row]:
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {','.join(_COLUMNS)} FROM market_forecast WHERE slice=%s{where}"
            " ORDER BY unit, item",
            [f"{run.form}|{run.period.code}", *parameters],
        )
        return [Row(*row) for row in cursor.fetchall()]


def open_units(scope: Scope, form: str) -> frozenset[str]:
    """Units whose forecasts this reader sees as numbers."""
    return scope.places("read_unit_figures", form) | scope.places("read_aggregates", form)


def shown(
    scope: Scope, form: str, unit: str, item: str, *, as_of: int | None = None
) -> Shown | None:
    """One series of the newest run (as known at a log index); None where there is none, or not for
    this reader."""
    run = newest(form, as_of)
    if run is None:
        return None
    found = rows_of(run, " AND unit=%s AND item=%s", [unit, item])
    seen = list(_opened(scope, run, found))
    return seen[0] if seen else None


def table(scope: Scope, form: str, unit: str) -> list[Shown]:
    """Every series of a unit in the newest run that this reader may see, in the form's order."""
    run = newest(form)
    if run is None:
        return []
    order = registry.get(form).leaf_index
    rows = [row for row in rows_of(run, " AND unit=%s", [unit]) if row.item in order]
    return list(_opened(scope, run, sorted(rows, key=lambda row: order[row.item])))


def units_of(form: str) -> list[str]:
    """Units of the newest run."""
    run = newest(form)
    if run is None:
        return []
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT DISTINCT unit FROM market_forecast WHERE slice=%s ORDER BY unit",
            [f"{form}|{run.period.code}"],
        )
        return [row[0] for row in cursor.fetchall()]


def _opened(scope: Scope, run: Run, rows: Sequence[Row]) -> Iterator[Shown]:
    own = open_units(scope, run.form)
    firms = scope.places("read_unit_figures", run.form)
    trial = run.trial
    given = {} if trial else issued.table_of(run.form, run.period.code)
    for row in rows:
        inside = row.unit in own and not is_one_firm(row, firms)
        if not inside:
            cell = given.get((row.unit, row.item))
            if cell is None or cell.hidden:
                continue
        yield _shown(run, row, numeric=inside)


def is_one_firm(row: Row, firms: frozenset[str]) -> bool:
    """A mean of one firm is that firm's figure, which the right to aggregates does not cover."""
    alone = row.quotes == 1 and row.source == panels.Source.RETURNS
    return alone and row.unit not in firms


def _shown(run: Run, row: Row, *, numeric: bool) -> Shown:
    cadence = services.cadence_of(registry.get(run.form))
    least = cadence.least if cadence is not None else 0
    base = Fraction(row.base, 10**run.scale)
    steps = steps_of(run, row) if row.status == Status.SHOWN else ()
    said = next((s for s in steps if cadence is not None and s.number == cadence.said), None)
    spoken = ""
    if said is not None and base > 0:
        low, high = said.bounds[80]
        cuts = words.cuts_on(run.period.end)
        spoken = words.words_of(said.value / base - 1, (high - low) / 2 / said.value, cuts)
    return Shown(
        run, row.unit, row.item, numeric, row.status, base if numeric else None, row.checked,
        row.skill if numeric else None, row.skill_seasonal if numeric else None,
        steps if numeric else (), spoken, words.why_none(row.status, row.checked, least),
    )  # fmt: skip


def steps_of(run: Run, row: Row) -> tuple[Step, ...]:
    columns, scale, periods = row.steps, 10**run.scale, run.periods()
    found = []
    for at, period in enumerate(periods):
        point = _number(columns, "point", at)
        bounds = {
            level: (
                Fraction(point - _number(columns, f"low{level}", at), scale),
                Fraction(point + _number(columns, f"high{level}", at), scale),
            )
            for level in LEVELS
        }
        found.append(
            Step(
                at + 1,
                period,
                Fraction(point, scale),
                bounds,
                columns[_STEPS["steps"]][at],
                columns[_STEPS["steps_seasonal"]][at],
                columns[_STEPS["error"]][at],
            )
        )
    return tuple(found)


def _number(columns: _Steps, name: str, at: int) -> int:
    return columns[_STEPS[name]][at] or 0


# --- for warnings --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Distribution:
    """A predictive distribution by step: mean of ln price (in the shown unit) and its standard
    deviation, from the 80 % interval; `skilled`: it beat no change at past origins."""

    log_mean: tuple[float, ...]
    log_sd: tuple[float, ...]
    skilled: bool


def distribution(form: str, period: str, unit: str, item: str) -> Distribution | None:
    """The distribution filed from a period on; of the system's own computations, never of a page.
    None where that run forecast nothing of the series."""
    run = next((one for one in runs(form) if one.period.code == period), None)
    if run is None:
        return None
    found = rows_of(run, " AND unit=%s AND item=%s", [unit, item])
    columns = found[0].steps if found else ()
    if not columns:
        return None
    means, deviations = [], []
    for at in range(run.horizon):
        point = _number(columns, "point", at)
        high = point + _number(columns, "high80", at)
        low = max(point - _number(columns, "low80", at), 1)
        means.append(log(point / 10**run.scale))
        deviations.append((log(high) - log(low)) / (2 * 1.2816))
    return Distribution(tuple(means), tuple(deviations), found[0].status == Status.SHOWN)
