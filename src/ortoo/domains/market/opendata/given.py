"""Issued cells 已发布的格, period by period, as they stood at a vintage: the only source here.

One period is held at a time, so that five years of a form pass through in the memory of one week.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from django.db import connection

from ortoo.domains.market import issued, monitored
from ortoo.domains.market.publication import is_due
from ortoo.kernel.filings import read
from ortoo.kernel.forms import registry
from ortoo.kernel.forms.definition import Form
from ortoo.kernel.forms.periods import Period, parse
from ortoo.kernel.indicators import issuing

_FIELDS = len(issued.FIELDS)


@dataclass(frozen=True, slots=True)
class Issue:
    """One K-ISSUE filing: its log index, its number within its period, when it counts from."""

    seq: int
    form: str
    period: Period
    number: int
    at_ms: int
    note: str


@dataclass(frozen=True, slots=True)
class Given:
    """One cell as given out. `hidden` 0 shown, else why; `values` in the order of issued.FIELDS."""

    form: str
    period: Period
    unit: str
    item: str
    issue: Issue
    hidden: int
    values: tuple[int, ...]

    def of(self, field: str) -> int:
        return self.values[issued.FIELDS.index(field)]


@dataclass(frozen=True, slots=True)
class Chosen:
    """What is asked for. `until` keeps issues up to that log index, `until_ms` up to that time."""

    form: str
    periods: frozenset[str] = frozenset()
    first: str = ""
    last: str = ""
    unit: str = ""
    item: str = ""
    until: int | None = None
    until_ms: int | None = None
    every: bool = False
    """Every vintage of a cell instead of the one in force."""

    def wants(self, period: Period) -> bool:
        start = period.start.isoformat()
        return (
            (not self.periods or period.code in self.periods)
            and (not self.first or start >= self.first)
            and (not self.last or start <= self.last)
        )


def forms(now_ms: int) -> list[Form]:
    """Forms of which a period is out, in the order of their codes; never 境外市场, which is not
    ours to give."""
    found = []
    for form in monitored.forms():
        if any(is_due(form, parse(code), now_ms) for code in issued.periods(form.code)):
            found.append(form)
    return found


def periods(form: str, now_ms: int) -> list[Period]:
    """Periods of a form that are out, oldest first."""
    definition = registry.get(form)
    known = (parse(code) for code in issued.periods(form))
    return sorted(one for one in known if is_due(definition, one, now_ms))


def issues(form: str, now_ms: int) -> list[Issue]:
    """Every issue of a form's periods that are out, oldest first; the bodies are not read."""
    out = {period.code: period for period in periods(form, now_ms)}
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT seq, period, key, mode, said_at, received_at FROM kernel_filing"
            " WHERE form=%s AND key LIKE %s ORDER BY seq",
            [issuing.FORM, f"issue:{form}:%"],
        )
        rows = cursor.fetchall()
    found, numbers = [], dict.fromkeys(out, 0)
    for seq, code, key, mode, said_at, received_at in rows:
        # The form of a key ends at its colon: SCJC-W1 is no SCJC-W1-S04.
        if code not in out or str(key).split(":")[1] != form:
            continue
        numbers[code] += 1
        at = said_at if mode == "import" else received_at
        note = "首次发布" if numbers[code] == 1 else "修订"
        found.append(Issue(int(seq), form, out[code], numbers[code], int(at), note))
    return found


def kept(chosen: Chosen, now_ms: int) -> list[Issue]:
    """The issues that count for what was asked, oldest first."""
    return [
        one for one in issues(chosen.form, now_ms)
        if chosen.wants(one.period)
        and (chosen.until is None or one.seq <= chosen.until)
        and (chosen.until_ms is None or one.at_ms <= chosen.until_ms)
    ]  # fmt: skip


def cells(chosen: Chosen, found: Sequence[Issue]) -> Iterator[Given]:
    """The cells of these issues, newest period first; of each the vintage in force, or every."""
    by_period: dict[Period, dict[int, Issue]] = {}
    for one in found:
        by_period.setdefault(one.period, {})[one.seq] = one
    for period in sorted(by_period, reverse=True):
        yield from _of_period(chosen, period, by_period[period])


def _of_period(chosen: Chosen, period: Period, known: dict[int, Issue]) -> Iterator[Given]:
    columns = ",".join(("seq", "unit", "item", "hidden", *issued.FIELDS))
    where, parameters = "slice=%s", [f"{chosen.form}|{period.code}"]
    for name, value in (("unit", chosen.unit), ("item", chosen.item)):
        if value:
            where += f" AND {name}=%s"
            parameters.append(value)
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {columns} FROM market_issued WHERE {where} ORDER BY seq, unit, item",
            parameters,
        )
        rows = cursor.fetchall()
    standing: dict[tuple[object, ...], Given] = {}
    for row in rows:
        issue = known.get(int(row[0]))
        if issue is None:
            continue
        values = tuple(int(one) for one in row[4 : 4 + _FIELDS])
        given = Given(chosen.form, period, row[1], row[2], issue, int(row[3]), values)
        cell: tuple[object, ...] = (row[1], row[2])
        standing[(issue.seq, *cell) if chosen.every else cell] = given
    for key in sorted(standing, key=lambda one: tuple(str(part).zfill(12) for part in one)):
        yield standing[key]


def tail_of(found: Sequence[Issue]) -> Issue | None:
    """The newest of some issues by log order."""
    return max(found, key=lambda one: one.seq, default=None)


def exists(seq: int) -> bool:
    """Whether a log index is an issue."""
    row = read.get(seq)
    return row is not None and row.form == issuing.FORM
