"""Warnings as this reader may see them: inside the reviewing chain of the unit only."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass

from ortoo.domains.market.warnings import record
from ortoo.domains.market.warnings.record import PPM, Run
from ortoo.domains.market.warnings.rules import WarnedOf, shown_from, warned_of
from ortoo.kernel.forms.periods import Period, parse
from ortoo.kernel.grants.scope import Scope


@dataclass(frozen=True, slots=True)
class Chance:
    """One probability. `probability`, `calendar` are shares; `of` is the threshold in words."""

    unit: str
    item: str
    of: WarnedOf
    probability: float
    calendar: float

    @property
    def listed(self) -> bool:
        """Whether it stands on the list of what to watch."""
        return self.probability >= float(shown_from(dt.date.max))


def open_units(scope: Scope, form: str) -> frozenset[str]:
    """Units whose warnings are open to this reader."""
    return scope.places("read_unit_figures", form) | scope.places("read_aggregates", form)


def newest(scope: Scope, form: str, *, as_of: int | None = None) -> Run | None:
    """The newest run, as known at a log index; None outside the chain."""
    if not open_units(scope, form):
        return None
    found = record.runs(form, as_of=as_of, limit=60 if as_of is not None else 1)
    return found[0] if found else None


def rules_of(run: Run) -> dict[str, WarnedOf]:
    """The thresholds the run was made by, by code."""
    return {one.code: one for one in warned_of(parse(run.period).end) if one.code in run.rules}


def warnings_of(scope: Scope, run: Run, *, unit: str = "", item: str = "") -> Iterator[Chance]:
    """Probabilities of a run that are open, and whose record allows them to be shown."""
    open_ = open_units(scope, run.form)
    for code, of in rules_of(run).items():
        told = run.rules[code]
        if not told.tells:
            continue
        for place, items in told.cells.items():
            if place not in open_ or unit not in ("", place):
                continue
            for good, (probability, calendar) in items.items():
                if item in ("", good):
                    yield Chance(place, good, of, probability / PPM, calendar / PPM)


def of_cell(
    scope: Scope, form: str, unit: str, item: str, *, as_of: int | None = None
) -> tuple[Run, list[Chance]] | None:
    """What is warned of one item at one unit, for its page and for evidence."""
    run = newest(scope, form, as_of=as_of)
    if run is None:
        return None
    return run, list(warnings_of(scope, run, unit=unit, item=item))


def period_of(run: Run) -> Period:
    return parse(run.period)
