"""A period's missing prices, estimated: by the class's change since, the year's, or a donor."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from ortoo.algorithms.editing import imputation
from ortoo.algorithms.editing.donors import Rules, from_nearest
from ortoo.algorithms.editing.imputation import Imputed, Method
from ortoo.algorithms.editing.judgement import Ints
from ortoo.algorithms.rollup import MISSING
from ortoo.domains.market import observations
from ortoo.domains.market.indices.parameters import regulated
from ortoo.domains.market.observations import PeriodReturns
from ortoo.kernel.filings import read
from ortoo.kernel.forms.definition import Form, FormError
from ortoo.kernel.forms.periods import Period, parse, previous_on, year_before_on

LEAST_NEAR, LEAST_FAR = 3, 3
"""Respondents a class's change must rest on: in the unit first, in the whole region else."""
BLANK = -4
WORDS: Mapping[int, str] = {
    Method.FORWARD: "本企业上期价 × 同类样本环比",
    Method.SEASONAL: "本企业上年同期价 × 同类样本同比",
    Method.DONOR: "取最相近企业的价格",
    Method.CARRIED: "政府定价，沿用上期",
}


@dataclass(frozen=True, slots=True)
class ImputedPrice:
    """One estimated cell: minor units, how, from whom (`donor` "" without one), and on how many."""

    party: str
    place: str
    unit: str
    item: str
    value: int
    method: int
    donor: str
    support: int

    @property
    def words(self) -> str:
        return WORDS[self.method]


@dataclass(frozen=True, slots=True)
class Completed:
    """One item at one unit: simple means in minor units as reported and with the estimates.

    `reported` and `imputed` count prices; `unknown` those nobody could estimate.
    """

    reported: int
    imputed: int
    unknown: int
    mean: Fraction | None
    completed: Fraction | None

    @property
    def share(self) -> Fraction:
        """插补占比: estimates among all prices behind the completed mean."""
        whole = self.reported + self.imputed
        return Fraction(self.imputed, whole) if whole else Fraction(0)


@dataclass(frozen=True)
class Imputation:
    """All estimates of one period, and what they do to the means by (unit, item)."""

    form: Form
    period: Period
    log_index: int
    prices: tuple[ImputedPrice, ...]
    cells: Mapping[tuple[str, str], Completed]


def impute(form: str, period: str, *, as_of: int | None = None) -> Imputation:
    """Estimate every missing price of a period, as known at a log index."""
    now = observations.load(form, period, as_of)
    definition, span = now.form, parse(period)
    before, year = (
        _aligned(earlier, now, as_of)
        for earlier in (_earlier(definition, span), _year(definition, span))
    )
    codes, unit, root = observations.units_of(now)
    units = np.array([codes[at] for at in unit]) if len(unit) else np.array([], str)
    price, asked = _said(now)
    law = regulated(definition, span.end)
    found: list[ImputedPrice] = []
    cells: dict[tuple[str, str], Completed] = {}
    donors = _donors(now, price, asked, unit)
    for index, leaf in enumerate(definition.leaves):
        column = _column(
            (price[:, index], before[:, index], year[:, index]), unit, leaf.code in law
        )
        column = imputation.first_available(column, donors[index])
        missing = asked[:, index] & (price[:, index] == MISSING)
        filled = missing & (column.value != MISSING)
        found += [
            ImputedPrice(
                now.parties[row], now.places[row], str(units[row]), leaf.code,
                int(column.value[row]), int(column.method[row]),
                now.parties[int(column.donor[row])] if column.donor[row] >= 0 else "",
                int(column.support[row]),
            )
            for row in np.flatnonzero(filled).tolist()
        ]  # fmt: skip
        for code in (*codes, root):
            rows = np.ones(len(unit), bool) if code == root else units == code
            cells[code, leaf.code] = _completed(
                price[rows, index], column.value[rows], missing[rows], filled[rows]
            )
    index_ = as_of if as_of is not None else read.tail()
    return Imputation(definition, span, index_, tuple(found), cells)


def _said(now: PeriodReturns) -> tuple[Ints, NDArray[np.bool_]]:
    """Prices in force, MISSING elsewhere, and which cells owe one."""
    code = now.form.roles.price or now.form.principal.code
    counted = now.counted[:, None]
    price = np.where(counted, now.cells[code], MISSING)
    # Of a return that is in force a blank is missing; of none at all every cell is, except where
    # the order asked for others.
    owes = now.owed[:, None] & np.where(counted, (now.nils == BLANK) | (price != MISSING), True)
    asked = np.array(
        [
            [state.asked is None or (leaf.code, code) in state.asked for leaf in now.form.leaves]
            for state in now.states
        ],
        bool,
    ).reshape(price.shape)
    return price, owes & asked


def _column(columns: tuple[Ints, Ints, Ints], unit: Ints, is_regulated: bool) -> Imputed:
    """One item's prices: forward by the unit's change, then the region's, then the year's."""
    price, before, year = columns
    whole = np.zeros_like(unit)
    law = np.full(len(price), is_regulated)
    attempts = [imputation.carried(price, before, law)]
    for earlier, method in ((before, Method.FORWARD), (year, Method.SEASONAL)):
        for klass, least in ((unit, LEAST_NEAR), (whole, LEAST_FAR)):
            attempts.append(
                imputation.matched(price, earlier, klass, method, mean="geometric", least=least)
            )
    return imputation.first_available(*attempts)


def _donors(now: PeriodReturns, price: Ints, asked: NDArray[np.bool_], unit: Ints) -> list[Imputed]:
    """For blanks of returns in force: the firm of the unit most alike in its other prices."""
    found = []
    groups = [leaf.group for leaf in now.form.leaves]
    for index, leaf in enumerate(now.form.leaves):
        blank = now.counted & asked[:, index] & (price[:, index] == MISSING)
        if not blank.any():
            found.append(imputation.reported(price[:, index]))
            continue
        near = [at for at, group in enumerate(groups) if group == leaf.group and at != index]
        records = price[:, [index, *near]]
        # A donor needs the price itself and what it is compared by; who lacks neither is complete.
        shared = (records[blank][:, 1:] != MISSING).any(axis=0)
        fields = [0, *(1 + np.flatnonzero(shared)).tolist()]
        given = from_nearest(
            records[:, fields], unit, Rules(range(1, len(fields))), key=list(now.parties)
        )
        estimate = np.where(blank & (given.donor >= 0), given.records[:, 0], MISSING)
        value = np.where(estimate == MISSING, np.nan, estimate.astype(float))
        found.append(imputation.filled(price[:, index], value, Method.DONOR, donor=given.donor))
    return found


def _completed(
    price: Ints, value: Ints, missing: NDArray[np.bool_], filled: NDArray[np.bool_]
) -> Completed:
    said = price != MISSING
    total, count = int(price[said].sum()), int(said.sum())
    extra, more = int(value[filled].sum()), int(filled.sum())
    return Completed(
        reported=count,
        imputed=more,
        unknown=int(missing.sum()) - more,
        mean=Fraction(total, count) if count else None,
        completed=Fraction(total + extra, count + more) if count + more else None,
    )


def _earlier(form: Form, period: Period) -> Period | None:
    try:
        return previous_on(form, period) if period.kind != "moment" else None
    except FormError:
        return None


def _year(form: Form, period: Period) -> Period | None:
    try:
        return year_before_on(form, period) if period.kind != "moment" else None
    except FormError:
        return None


def _aligned(period: Period | None, now: PeriodReturns, as_of: int | None) -> Ints:
    """Counted prices of an earlier period in the rows and columns of this one."""
    shape = (len(now.parties), len(now.form.leaves))
    if period is None:
        return np.full(shape, MISSING, np.int64)
    then = observations.load(now.form.code, period.code, as_of)
    then = observations.in_rows_of(then, now.form)
    found = np.full(shape, MISSING, np.int64)
    code = now.form.roles.price or now.form.principal.code
    counted = then.counted
    for row, party in enumerate(now.parties):
        at = then.row_of(party)
        if at is not None and counted[at]:
            found[row] = then.cells[code][at]
    return found


__all__ = ["Completed", "Imputation", "ImputedPrice", "impute"]
