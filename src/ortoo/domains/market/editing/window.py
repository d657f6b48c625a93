"""A period and those before it as the detectors read them: by role, firms aligned."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ortoo.algorithms.editing.detection import Period
from ortoo.algorithms.editing.diagnosis import PRICE, QUANTITY, STOCK, VALUE
from ortoo.algorithms.editing.expectation import Column
from ortoo.domains.market.observations import MISSING, Ints, PeriodReturns
from ortoo.domains.market.review_past import Past
from ortoo.kernel.forms.definition import Form

_MONEY = "万元"


def names_of(form: Form) -> dict[str, str]:
    """Detector's column → measure: the roles by their names, other numbers by their codes."""
    roles = form.roles
    found = {
        name: code
        for name, code in (
            (PRICE, roles.price), (VALUE, roles.value),
            (QUANTITY, roles.quantity), (STOCK, roles.stock),
        )
        if code is not None
    }  # fmt: skip
    taken = set(found.values())
    return found | {
        measure.code: measure.code
        for measure in form.measures
        if not measure.choices and measure.code not in taken and measure.code not in found
    }


def alike_of(form: Form) -> dict[str, str]:
    """The role whose slips a column shares where its name does not say it: money, or a price."""
    found = {}
    for name, code in names_of(form).items():
        measure = form.measure(code)
        if name in (PRICE, VALUE, QUANTITY):
            continue
        if measure.unit == _MONEY:
            found[name] = VALUE
        elif measure.unit.startswith("元"):
            found[name] = PRICE
    return found


def before(past: Past) -> list[PeriodReturns]:
    """The periods a return is judged by, newest first, the year before last of all."""
    found = list(past.earlier())
    if past.year is not None and past.year.period not in {one.period for one in found}:
        found.append(past.year)
    return [one for one in found if one.parties]


def window(past: Past, rows: NDArray[np.intp]) -> Period:
    """The chosen respondents' period and those `before` it."""
    form = past.form
    parties = [past.now.parties[row] for row in rows]
    periods = before(past)
    at = [_places_of(one, parties) for one in periods]
    counted = past.counted[rows][:, None]
    columns = {}
    for name, code in names_of(form).items():
        now = np.where(counted, past.now.cells[code][rows], MISSING)
        earlier = [_aligned(one, code, where) for one, where in zip(periods, at, strict=True)]
        stacked = np.stack(earlier) if earlier else np.full((0, *now.shape), MISSING, np.int64)
        columns[name] = Column(now, stacked)
    place, unit = (
        np.unique(circle[rows], return_inverse=True)[1].reshape(-1) for circle in past.circles[:2]
    )
    return Period(columns, place, unit, alike_of(form))


def _places_of(returns: PeriodReturns, parties: Sequence[str]) -> NDArray[np.intp]:
    """Row of each party in an earlier period, −1 where it was not there."""
    index = {party: row for row, party in enumerate(returns.parties)}
    return np.array([index.get(party, -1) for party in parties], np.intp)


def _aligned(returns: PeriodReturns, code: str, where: NDArray[np.intp]) -> Ints:
    known = where >= 0
    found = np.full((len(where), len(returns.form.leaves)), MISSING, np.int64)
    found[known] = returns.cells[code][where[known]]
    return found
