"""After the fact 事后对照: past forecasts against what came, computed from the filings of both."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from ortoo.domains.market import panels
from ortoo.domains.market.forecasts.computing import Status
from ortoo.domains.market.forecasts.selectors import (
    Run,
    Step,
    is_one_firm,
    open_units,
    rows_of,
    runs,
    steps_of,
)
from ortoo.kernel.forms.periods import Period
from ortoo.kernel.grants.scope import Scope


@dataclass(frozen=True, slots=True)
class Compared:
    """A past forecast against what came, in the shown unit."""

    run: Run
    item: str
    step: Step
    base: Fraction
    came: Fraction

    @property
    def inside(self) -> bool:
        low, high = self.step.bounds[80]
        return low <= self.came <= high

    @property
    def error(self) -> Fraction:
        """Forecast ÷ what came − 1."""
        return self.step.value / self.came - 1

    @property
    def still(self) -> Fraction:
        """What «no change» would have erred."""
        return self.base / self.came - 1


def compared(scope: Scope, form: str, unit: str, item: str = "") -> list[Compared]:
    """Forecasts that were shown in their time and whose periods have been reviewed since; none
    outside the unit's chain. Newest run last."""
    if unit not in open_units(scope, form):
        return []
    panel = panels.panel(scope, form)
    if unit not in panel.units:
        return []
    row, found = panel.unit(unit), []
    columns = {period.code: at for at, period in enumerate(panel.periods)}
    ended = _ended(form)
    firms = scope.places("read_unit_figures", form)
    for run in runs(form)[:-1]:
        extra = (" AND unit=%s AND item=%s", [unit, item]) if item else (" AND unit=%s", [unit])
        for one in rows_of(run, *extra):
            if one.status != Status.SHOWN or is_one_firm(one, firms):
                continue
            for step in steps_of(run, one):
                at = columns.get(step.period.code)
                if at is None or step.period > ended or one.item not in panel.items:
                    continue
                came = float(panel.price[row, panel.item(one.item), at])
                if came > 0:
                    exact = Fraction(came).limit_denominator(1_000_000)
                    base = Fraction(one.base, 10**run.scale)
                    found.append(Compared(run, one.item, step, base, exact))
    return found


def _ended(form: str) -> Period:
    """The newest period whose review has ended: what stands behind the newest run."""
    return runs(form)[-1].period


@dataclass(frozen=True, slots=True)
class Record:
    """How past forecasts of one step did: how many, the share inside the 80 % interval, the mean
    absolute error, and that of no change; shares."""

    step: int
    count: int
    inside: Fraction
    error: Fraction
    still: Fraction


def record(found: Sequence[Compared], steps: Sequence[int]) -> list[Record]:
    """Past forecasts summed up by step; steps nothing is known of are left out."""
    made = []
    for number in steps:
        here = [one for one in found if one.step.number == number]
        if here:
            count = len(here)
            made.append(
                Record(
                    number,
                    count,
                    Fraction(sum(one.inside for one in here), count),
                    sum((abs(one.error) for one in here), Fraction(0)) / count,
                    sum((abs(one.still) for one in here), Fraction(0)) / count,
                )
            )
    return made
