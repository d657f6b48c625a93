"""Which cell of a row is wrong, and how: price, quantity and value weighed together 综合判误.

A row has up to three witnesses: the price against its past, the quantity against its past, and
value ÷ quantity against the price. A slip in the price shows in the first and the third, in the
quantity in the second and the third, in the value in the third alone; an honest price cut shows in
the first and is acquitted by the third. Every hypothesis (as meant; each slip of each column; an
unknown factor; two digits swapped) is weighed by its prior and Student's t with three degrees of
freedom, as in `slips`. A slip that runs through a firm's column raises its own prior (one step of
empirical Bayes over the firm's rows).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from ortoo.algorithms.editing.expectation import (
    Column,
    Expected,
    Whole,
    column_median,
    expect,
    logs,
    residual_spread,
)
from ortoo.algorithms.editing.judgement import Floats, Ints
from ortoo.algorithms.editing.slips import (
    FREEDOM,
    PRICE_SLIPS,
    QUANTITY_SLIPS,
    VALUE_SLIPS,
    Slip,
)
from ortoo.algorithms.rollup import MISSING

PRICE, QUANTITY, VALUE, STOCK = "price", "quantity", "value", "stock"
# A stock halves and doubles of itself: the 斤 slip needs more evidence than in what was sold.
STOCK_SLIPS = tuple(
    Slip(slip.code, slip.factor, 0.0003 if slip.factor in (2, Fraction(1, 2)) else slip.prior)
    for slip in QUANTITY_SLIPS
)
SLIPS: Mapping[str, tuple[Slip, ...]] = {
    PRICE: PRICE_SLIPS,
    QUANTITY: QUANTITY_SLIPS,
    VALUE: VALUE_SLIPS,
    STOCK: STOCK_SLIPS,
}
SWAPPED, UNKNOWN = "DIGITS-SWAPPED", "UNKNOWN-FACTOR"
FLOORS = {PRICE: 0.015, QUANTITY: 0.06, VALUE: 0.06, STOCK: 0.1}
_IDENTITY_FLOOR = 0.02
_COARSE = 0.05
_QUOTIENT = 2
"""Where the quotient stands among the witnesses."""
_REPEATED = 2.5
"""ln of how much likelier a price that is exactly last period's is than any other near it."""
_DIGIT_PRIOR = 0.5
_ODD_FACTORS = (0.15, 0.22, 0.3, 0.36, 0.43, 0.6, 0.75, 1.35, 1.65, 2.4, 3.1, 4.0, 6.0)
_ODD_PRIOR = {PRICE: 0.00025, QUANTITY: 0.00015, VALUE: 0.0004, STOCK: 0.0001}
_SWAP_PRIOR = 0.0004
_LEAST_ROWS = 3


@dataclass(frozen=True, slots=True, eq=False)
class Diagnosis:
    """Of one column, [firms × items]. `wrong`: probability that the cell is; `best`: index into
    `codes` of the leading slip, −1 none; `meant`: what it probably should be, `MISSING` unknown;
    `predicted`: what was expected of it (float, NaN unknown)."""

    codes: tuple[str, ...]
    wrong: Floats
    best: NDArray[np.int64]
    meant: Ints
    predicted: Floats


@dataclass(frozen=True, slots=True, eq=False)
class _Hypothesis:
    """A column recorded at exp(shift) times what was meant; `shift`, `prior` broadcast [n × k].

    `bonus`: ln of what speaks for it beside the witnesses."""

    column: str
    code: str
    shift: Floats
    prior: Floats
    bonus: Floats | float = 0.0


@dataclass(frozen=True, slots=True, eq=False)
class _Witness:
    """A gap [n × k], its spread, and by how much a slip of each column moves it.

    `below`, `above`: how far rounding alone may have moved the gap down and up.
    """

    gap: Floats
    spread: Floats
    moved: Mapping[str, float]
    below: Floats | float = 0.0
    above: Floats | float = 0.0


def diagnose(
    columns: Mapping[str, Column], group: Whole, alike: Mapping[str, str] | None = None
) -> dict[str, Diagnosis]:
    """Weigh the columns of one form: price, quantity, value, stock and others. `group` [firms].

    `alike`: the role whose slips a column shares, for columns outside the four roles (stock if
    nothing is said) and for a stock kept in money. A column other than price, quantity and value
    has its own past alone as a witness. The constant between price × quantity and value need not
    be told: the firms' own past says it.
    """
    role = {name: name if name in SLIPS else STOCK for name in columns} | dict(alike or {})
    sheet = _Sheet(
        columns,
        {name: expect(column, group, floor=FLOORS[role[name]]) for name, column in columns.items()},
        role,
    )
    rows = [name for name in (PRICE, QUANTITY, VALUE) if name in columns]
    found = _block(rows, sheet) if rows else {}
    for name in columns:
        if name not in rows:
            found |= _block([name], sheet)
    return found


@dataclass(frozen=True, slots=True, eq=False)
class _Sheet:
    """The columns, what was expected of them, and the role whose slips each shares."""

    columns: Mapping[str, Column]
    expected: Mapping[str, Expected]
    role: Mapping[str, str]


def _block(names: Sequence[str], sheet: _Sheet) -> dict[str, Diagnosis]:
    columns, expected = sheet.columns, sheet.expected
    witnesses = _witnesses(names, columns, expected)
    hypotheses = [
        one for name in names for one in _hypotheses(name, sheet.role[name], columns[name])
    ]
    likelihood = [_likelihood(witnesses, one) for one in hypotheses]
    innocent = _likelihood(witnesses, None)
    if PRICE in names:
        innocent = innocent + _repeated(columns[PRICE].now, columns[PRICE])
    # What no witness sees cannot be told from what was meant.
    told = np.asarray(np.any([~np.isnan(one.gap) for one in witnesses], axis=0), np.bool_)
    priors = [np.broadcast_to(one.prior, told.shape) for one in hypotheses]
    weight = _posterior(innocent, likelihood, priors, told)
    raised = [_raised(prior, share, told) for prior, share in zip(priors, weight, strict=True)]
    weight = _posterior(innocent, likelihood, raised, told)
    found = {}
    for name in names:
        mine = [pair for pair in zip(hypotheses, weight, strict=True) if pair[0].column == name]
        usual = np.exp(expected[name].log)
        if name == VALUE and len(witnesses) > len(names):
            # What price × quantity come to says more of a value than its own past.
            gap = witnesses[_QUOTIENT].gap
            usual = np.where(np.isnan(gap), usual, columns[VALUE].now / np.exp(gap))
        found[name] = _diagnosis(columns[name].now, usual, mine)
    return found


def _witnesses(
    names: Sequence[str],
    columns: Mapping[str, Column],
    expected: Mapping[str, Expected],
) -> list[_Witness]:
    """The past of each column; where value, price and quantity are all said, the value's past
    adds nothing to the other two and their quotient speaks instead."""
    if not {PRICE, QUANTITY, VALUE} <= set(names):
        return [_Witness(expected[n].gap, expected[n].spread, {n: 1.0}) for n in names]
    quotient = _identity(columns)
    there = ~np.isnan(quotient.gap)
    alone = np.where(there, np.nan, expected[VALUE].gap)
    return [
        _Witness(expected[PRICE].gap, expected[PRICE].spread, {PRICE: 1.0}),
        _Witness(expected[QUANTITY].gap, expected[QUANTITY].spread, {QUANTITY: 1.0}),
        quotient,
        _Witness(alone, expected[VALUE].spread, {VALUE: 1.0}),
    ]


def _identity(columns: Mapping[str, Column]) -> _Witness:
    """ln(value ÷ quantity ÷ price) against the firm's own usual one, else the item's."""

    def quotient(pick: int | None) -> Floats:
        price, quantity, value = (
            logs(columns[n].now if pick is None else columns[n].earlier[pick])
            for n in (PRICE, QUANTITY, VALUE)
        )
        return value - price - quantity

    now = quotient(None)
    periods = len(columns[PRICE].earlier)
    past = np.stack([quotient(at) for at in range(periods)]) if periods else now[None][:0]
    own, count = column_median(past)
    level = _level(past, now)
    half = _half_unit(columns[VALUE].now)
    # Values of a few units wander by their rounding: what is usual is then everyone's constant.
    heard = (count >= _LEAST_ROWS) & (half <= _COARSE)
    usual = np.where(heard, own, level)
    gap = now - usual
    spread = residual_spread(np.where(half <= 0.02, gap, np.nan), _IDENTITY_FLOOR)
    return _Witness(
        gap,
        np.broadcast_to(spread, gap.shape),
        {PRICE: -1.0, QUANTITY: -1.0, VALUE: 1.0},
        below=-np.log1p(-np.minimum(half, 0.5)),
        above=np.log1p(half),
    )


def _half_unit(values: Ints) -> Floats:
    """Half a minor unit as a share of the value."""
    found: Floats = 0.5 / np.maximum(np.where(values == MISSING, 1, values), 1)
    return found


def _level(past: Floats, now: Floats) -> float:
    """The constant between the units: the middle of every quotient ever seen; NaN of none."""
    every = past[~np.isnan(past)]
    every = every if every.size else now[~np.isnan(now)]
    return float(np.median(every)) if every.size else float("nan")


def _repeated(value: Ints, column: Column) -> Floats:
    """What speaks for a price that is exactly last period's: most are."""
    same = (value == column.earlier[0]) if len(column.earlier) else np.zeros(value.shape, bool)
    return np.where(same & (value != MISSING), _REPEATED, 0.0)


def _last_digits(column: Column) -> Floats:
    """[firms × 10] ln share of each last digit among the firm's earlier prices, smoothed.

    Tags end in few digits; who files averages shows none, and then no digit speaks.
    """
    count = np.full((len(column.now), 10), _DIGIT_PRIOR)
    for before in column.earlier:
        firm, item = np.nonzero((before != MISSING) & (before > 0))
        np.add.at(count, (firm, before[firm, item] % 10), 1.0)
    found: Floats = np.log(count / count.sum(axis=1, keepdims=True))
    return found


def _hypotheses(name: str, role: str, column: Column) -> list[_Hypothesis]:
    found = [
        _Hypothesis(name, slip.code, _full(float(np.log(float(slip.factor)))), _full(slip.prior))
        for slip in SLIPS[role]
    ]
    found += [
        _Hypothesis(name, UNKNOWN, _full(float(np.log(factor))), _full(_ODD_PRIOR[role]))
        for factor in _ODD_FACTORS
    ]
    if name == PRICE:
        found += _swaps(column)
    return found


def _full(value: float) -> Floats:
    return np.array([[value]])


def _swaps(column: Column) -> list[_Hypothesis]:
    """Two neighbouring digits changed places, wherever that makes another number."""
    now, digits = column.now, _last_digits(column)
    firm = np.arange(len(now))[:, None]
    found = []
    for place in (1, 10, 100, 1000):
        high, low = now // (place * 10) % 10, now // place % 10
        meant = now + (low - high) * place * 9
        # A number does not begin with a nought.
        real = (meant // (place * 10) > 0) & (now // (place * 10) > 0) & (meant != now) & (now > 0)
        meant = np.where(real, meant, 1)
        shift = np.where(real, np.log(np.where(real, now, 1) / meant), 0.0)
        bonus = _repeated(meant, column) + digits[firm, meant % 10] - digits[firm, now % 10]
        prior = np.where(real, _SWAP_PRIOR, 1e-12)
        found.append(_Hypothesis(PRICE, SWAPPED, shift, prior, np.where(real, bonus, 0.0)))
    return found


def _likelihood(witnesses: Sequence[_Witness], one: _Hypothesis | None) -> Floats:
    total = np.zeros(witnesses[0].gap.shape) + (one.bonus if one else 0.0)
    for witness in witnesses:
        moved = witness.moved.get(one.column, 0.0) if one else 0.0
        shift = one.shift * moved if one else 0.0
        off = witness.gap - shift
        off = np.maximum(np.maximum(off - witness.above, -off - witness.below), 0.0)
        distance = off / witness.spread
        density = -(FREEDOM + 1) / 2 * np.log1p(distance * distance / FREEDOM)
        total += np.nan_to_num(density)
    return total


def _posterior(
    innocent: Floats,
    likelihood: Sequence[Floats],
    priors: Sequence[Floats],
    told: NDArray[np.bool_],
) -> list[Floats]:
    rest = np.maximum(1.0 - np.sum(priors, axis=0), 0.01)
    scores = [np.log(rest) + innocent]
    scores += [np.log(prior) + seen for prior, seen in zip(priors, likelihood, strict=True)]
    stacked = np.stack(scores)
    stacked -= stacked.max(axis=0)
    np.exp(stacked, out=stacked)
    stacked /= stacked.sum(axis=0)
    return [np.where(told, share, 0.0) for share in stacked[1:]]


def _raised(prior: Floats, share: Floats, told: NDArray[np.bool_]) -> Floats:
    """The firm's own rate of a slip, where at least three of its rows show it."""
    seen = (share > 0.5).sum(axis=1)
    rate = share.sum(axis=1) / np.maximum(told.sum(axis=1), 1)
    raised: Floats = np.where((seen >= _LEAST_ROWS)[:, None], np.clip(rate, 0, 0.4)[:, None], 0.0)
    return np.maximum(prior, raised)


def _diagnosis(now: Ints, usual: Floats, mine: Sequence[tuple[_Hypothesis, Floats]]) -> Diagnosis:
    shares = np.stack([share for _, share in mine])
    codes = tuple(dict.fromkeys(one.code for one, _ in mine))
    of = np.array([codes.index(one.code) for one, _ in mine])
    by_code = np.stack([shares[of == code].sum(axis=0) for code in range(len(codes))])
    wrong = np.asarray(by_code.sum(axis=0), np.float64)
    best = np.where(wrong > 0, by_code.argmax(axis=0), -1)
    leader = shares.argmax(axis=0)
    shift = np.take_along_axis(
        np.stack([np.broadcast_to(one.shift, now.shape) for one, _ in mine]), leader[None], axis=0
    )[0]
    real = (now != MISSING) & (now > 0)
    guess = np.rint(np.where(real, now, 0) / np.exp(shift))
    known = real & (best >= 0) & (of[leader] != codes.index(UNKNOWN))
    meant = np.where(known, guess, MISSING).astype(np.int64)
    return Diagnosis(codes, wrong, best.astype(np.int64), meant, usual)
