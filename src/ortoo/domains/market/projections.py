"""The market's read model: integer sums by period, reporting unit and item."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache

import numpy as np

from ortoo.domains.market import monitored, observations
from ortoo.kernel.filings.projection import Header, Projection, Row, Table, register_projection
from ortoo.kernel.forms import registry
from ortoo.kernel.forms.definition import FormError
from ortoo.kernel.forms.periods import parse, period_on, previous_on

BASES = ("all", "reviewed")
SUMS = (
    "quotes", "sum_price", "quantity", "sum_price_qty", "sales", "largest_sales", "second_sales",
    "stock", "matched", "matched_now", "matched_before", "out_of_stock", "doubtful",
)  # fmt: skip
COLUMNS = (
    "slice", "basis", "form", "period", "unit", "item", "expected", "filed", "unreviewed", *SUMS
)  # fmt: skip


def slices(header: Header) -> Iterable[str]:
    """A filing in a period's thread touches that period and, by 同样本环比, the next one."""
    form, _, rest = header.thread.partition("|")
    if not monitored.is_rolled_up(form):
        return ()
    return _slices_of(form, rest.split("|", 1)[0])


@lru_cache(maxsize=64)
def _slices_of(form: str, period: str) -> tuple[str, ...]:
    definition, span = registry.get(form), parse(period)
    if not monitored.regular(definition, span):
        return (f"{form}|{period}",)
    following = period_on(definition, span.next().start).code
    return f"{form}|{period}", f"{form}|{following}"


def rows(slice_: str) -> Mapping[str, list[Row]]:
    """Every (basis, unit, item) of one period; empty where nobody owes or says anything."""
    form_code, period_code = slice_.split("|")
    returns = observations.as_filed(form_code, period_code)
    if not returns.parties:
        return {}
    table: list[Row] = []
    for basis in BASES:
        table += [(slice_, basis, form_code, period_code, *row) for row in sums(returns, basis)]
    return {"market_rollup": table}


def sums(
    returns: observations.PeriodReturns, basis: str, as_of: int | None = None
) -> list[tuple[object, ...]]:
    """(unit, item, expected, filed, unreviewed, sums…) of one period on one basis.

    `as_of` must be the one `returns` was loaded with: the previous period is read as of it too.
    """
    codes, unit, root = observations.units_of(returns)
    counted = returns.counted
    keep = counted & returns.reviewed if basis == "reviewed" else counted
    before = _before(returns, as_of)
    found = observations.rolled_up(returns, keep, unit, len(codes), before)
    expected = np.bincount(unit[returns.owed], minlength=len(codes))
    filed = np.bincount(unit[keep], minlength=len(codes))
    waiting = np.bincount(unit[counted & ~returns.reviewed], minlength=len(codes))
    out: list[tuple[object, ...]] = []
    for place, at in zip((*codes, root), range(len(codes) + 1), strict=True):
        whole = at == len(codes)
        heads = [
            int(counts.sum() if whole else counts[at]) for counts in (expected, filed, waiting)
        ]
        if not heads[0]:
            continue
        columns = [found[name][at].tolist() for name in SUMS]
        for item, values in zip(returns.form.leaves, zip(*columns, strict=True), strict=True):
            out.append((place, item.code, *heads, *values))
    return out


def _before(
    returns: observations.PeriodReturns, as_of: int | None
) -> tuple[observations.Ints, observations.Ints] | None:
    if not monitored.regular(returns.form, returns.period):
        return None
    try:
        period = previous_on(returns.form, returns.period)
    except FormError:
        return None
    if period is None:
        return None
    found = observations.load(returns.form.code, period.code, as_of)
    earlier = observations.in_rows_of(found, returns.form)
    return observations.aligned(earlier, returns.parties) if earlier.parties else None


def register_market() -> None:
    """Have the kernel keep the market's sums."""
    register_projection(
        Projection(
            name="market-rollup",
            tables=(Table("market_rollup", COLUMNS),),
            slices=slices,
            rows=rows,
        )
    )
