"""Design-weighted estimates 设计加权估计 of a period, where the sample has a design.

Each firm that answered stands for N_h/n_h firms of its stratum. Where there is no design nothing is
estimated, and the page says so.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from ortoo.domains.market import observations
from ortoo.domains.market.sample.design import Design, design_on
from ortoo.kernel.forms import registry
from ortoo.kernel.forms.periods import parse
from ortoo.kernel.grants.scope import Scope
from ortoo.kernel.places.active import active_pack
from ortoo.kernel.regulations.regulation import Dated, Regulations

if TYPE_CHECKING:
    from ortoo.algorithms.sampling.design import Floats, Ints
    from ortoo.algorithms.sampling.estimation import Estimate, Sample

LETTERS = "ABCDE"
_ONE_IN = 10_000


@dataclass(frozen=True, slots=True)
class Cell:
    """One item in one domain. `mean` in minor units of the price, `sales` in those of the value;
    NaN where nothing was quoted. CVs are shares, NaN where they cannot be told; letters "" then."""

    mean: float
    mean_cv: float
    mean_letter: str
    sales: float
    sales_cv: float
    sales_letter: str
    quotes: int


@dataclass(frozen=True, slots=True)
class Domain:
    """The region or a league: firms in the frame, in the sample, that answered; its cells by item.

    `missing`: firms of the frame in strata for which nobody of the whole domain answered.
    """

    place: str
    population: int
    sampled: int
    answered: int
    missing: int
    cells: dict[str, Cell]


@dataclass(frozen=True, slots=True)
class Estimates:
    """Every domain of a period; `outside`: firms that answered and stand in no stratum."""

    design: Design
    domains: tuple[Domain, ...]
    outside: tuple[str, ...]
    joined: int
    limits: Dated


@lru_cache(maxsize=1)
def regulations() -> Regulations:
    """Every regulation of the settings' folders."""
    from django.conf import settings

    from ortoo.kernel.regulations.regulation import load

    return load(settings.REGULATION_FOLDERS)


def letter(cv: float, limits: Sequence[int]) -> str:
    """A–E of a CV by its upper limits in ‱; "" where the CV cannot be told."""
    if not math.isfinite(cv):
        return ""
    place = sum(cv * _ONE_IN > limit for limit in limits)
    return LETTERS[place]


def estimates(scope: Scope, form: str, period: str) -> Estimates | None:
    """The estimates of what this reader may read unsuppressed, or None without a design.

    Refused SCOPE-… without a right to unsuppressed aggregates.
    """
    import numpy as np

    from ortoo.algorithms.sampling.estimation import Sample, collapsed

    definition, span = registry.get(form), parse(period)
    places = scope.places("read_aggregates", form)
    if not places:
        scope.require("read_aggregates", form=form, place=active_pack().root.code)
    design = design_on(definition.respondents.sample, span.end)
    if design is None:
        return None
    returns = observations.load(form, period)
    codes = design.codes
    counted = [row for row, kept in enumerate(returns.counted) if kept]
    rows = [r for r in counted if design.members.get(returns.parties[r]) in design.strata]
    outside = tuple(returns.parties[r] for r in counted if r not in set(rows))
    stratum = np.array([codes.index(design.members[returns.parties[r]]) for r in rows], np.int64)
    population = np.array([design.strata[code].population for code in codes], np.int64)
    leagues = [design.strata[code].league for code in codes]
    order = list(dict.fromkeys(leagues))
    group = np.array([order.index(league) for league in leagues], np.int64)
    sample, into = collapsed(Sample(stratum, population), group)
    dated = regulations().dated("SAMPLE-RELIABILITY", span.end)
    limits = [int(str(v)) for v in regulations().items_of("SAMPLE-RELIABILITY", span.end)]
    columns = _columns(returns, rows)
    domains = []
    root = active_pack().root.code
    for place in (root, *order):
        if place not in places:
            continue
        held = np.ones(len(codes), bool) if place == root else group == order.index(place)
        domains.append(_domain(place, design, (sample, into, held), columns, limits))
    joined = len(codes) - len(sample.population)
    return Estimates(design, tuple(domains), outside, joined, dated)


def _columns(
    returns: observations.PeriodReturns, rows: Sequence[int]
) -> dict[str, tuple[Floats, Floats, Floats]]:
    """item → (price × quantity, quantity, value) of the rows; zero where nothing was quoted."""
    import numpy as np

    form = returns.form
    kept = np.zeros(len(returns.parties), bool)
    kept[list(rows)] = True
    found = observations.quotes(returns, kept)
    price, quantity, value = (
        np.maximum(column[list(rows)], 0).astype(np.float64)
        for column in (found.price, found.quantity, found.sales)
    )
    return {
        item.code: (price[:, k] * quantity[:, k], np.where(price[:, k] > 0, quantity[:, k], 0.0),
                    value[:, k])
        for k, item in enumerate(form.leaves)
    }  # fmt: skip


def _domain(
    place: str,
    design: Design,
    sampled: tuple[Sample, Ints, Any],
    columns: dict[str, tuple[Floats, Floats, Floats]],
    limits: Sequence[int],
) -> Domain:
    """One domain by its own strata alone: the others have no part in it."""
    import numpy as np

    from ortoo.algorithms.sampling.estimation import Sample, ratio, total

    sample, into, held = sampled
    strata = sorted(set(into[held].tolist()))
    rows = np.isin(sample.stratum, strata)
    place_of = {code: number for number, code in enumerate(strata)}
    own = Sample(
        np.array([place_of[code] for code in sample.stratum[rows].tolist()], np.int64),
        sample.population[strata],
    )
    sizes = design.sizes()
    codes = [code for code, inside in zip(design.codes, held, strict=True) if inside]
    cells = {}
    for item, (upper, lower, value) in columns.items():
        mean = ratio(own, upper[rows], lower[rows])
        sales = total(own, value[rows])
        cells[item] = _cell(mean, sales, limits)
    return Domain(
        place,
        sum(design.strata[code].population for code in codes),
        sum(sizes[code] for code in codes),
        int(rows.sum()),
        int(own.population[own.sizes == 0].sum()),
        cells,
    )


def _cell(mean: Estimate, sales: Estimate, limits: Sequence[int]) -> Cell:
    return Cell(
        mean.value, mean.cv, letter(mean.cv, limits),
        sales.value, sales.cv, letter(sales.cv, limits), mean.units,
    )  # fmt: skip
