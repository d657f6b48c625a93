"""Evaluates parsed rules on one return in exact arithmetic.

Numbers are pairs (numerator, denominator) of Python integers, denominator > 0, never reduced:
four times faster than `Fraction` and as exact. Unknown is None, in three-valued logic: a
comparison with an unknown side is unknown, `and`/`or` follow Kleene. A rule is broken only when
its condition is false for certain.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from ortoo.kernel.forms.nodes import (
    Absolute,
    Arithmetic,
    Both,
    CellRef,
    Compare,
    Const,
    Either,
    Extreme,
    Has,
    IsNil,
    LimitRef,
    Negation,
    Number,
    PeerScore,
    Total,
    Truth,
)
from ortoo.kernel.forms.peers import SCORE_DEN, SCORE_NUM, PeerStatistics

Pair = tuple[int, int]
NumberAt = Callable[[int], Pair | None]
TruthAt = Callable[[int], bool | None]

_OPERATORS: Mapping[str, Callable[[int, int], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
}


@dataclass(frozen=True, slots=True)
class Rows:
    """What the rules of one return read, row by row; integers in minor units or None.

    cells and totals: (measure, at) → a value a row. nils: measure → whether the cell is a nil.
    limits: name → a value a row. peers: (measure, level) → statistics a row.
    """

    scales: Mapping[str, int]
    cells: Mapping[tuple[str, str], Sequence[int | None]]
    nils: Mapping[str, Sequence[bool]] = field(default_factory=dict)
    limits: Mapping[str, Sequence[Fraction | None]] = field(default_factory=dict)
    peers: Mapping[tuple[str, str], Sequence[PeerStatistics | None]] = field(default_factory=dict)
    totals: Mapping[tuple[str, str], Sequence[int | None]] = field(default_factory=dict)


def bind_number(node: Number, rows: Rows) -> NumberAt:
    """The figure as a function of the row."""
    match node:
        case Const(value):
            pair = (value.numerator, value.denominator)
            return lambda row: pair
        case CellRef(measure, at):
            return _column(rows.cells.get((measure, at), ()), rows.scales[measure])
        case Total(cell):
            return _column(rows.totals.get((cell.measure, cell.at), ()), rows.scales[cell.measure])
        case LimitRef(name):
            return _limit(rows.limits.get(name, ()))
        case PeerScore(cell, level):
            return _score(
                rows.cells.get((cell.measure, cell.at), ()),
                rows.peers.get((cell.measure, level), ()),
            )
        case Arithmetic("/", left, right):
            return _divide(bind_number(left, rows), bind_number(right, rows))
        case Arithmetic(symbol, left, right):
            return _combine(symbol, bind_number(left, rows), bind_number(right, rows))
        case Absolute(value):
            return _absolute(bind_number(value, rows))
        case Extreme(which, left, right):
            return _extreme(which == "min", bind_number(left, rows), bind_number(right, rows))


def bind_truth(node: Truth, rows: Rows) -> TruthAt:
    """The condition as a function of the row: True, False, or None for unknown."""
    match node:
        case Compare(symbol, left, right):
            return _compare(_OPERATORS[symbol], bind_number(left, rows), bind_number(right, rows))
        case Both(left, right):
            return _both(bind_truth(left, rows), bind_truth(right, rows))
        case Either(left, right):
            return _either(bind_truth(left, rows), bind_truth(right, rows))
        case Negation(value):
            return _negate(bind_truth(value, rows))
        case Has(cell):
            column = rows.cells.get((cell.measure, cell.at), ())
            return lambda row: row < len(column) and column[row] is not None
        case IsNil(cell):
            nils = rows.nils.get(cell.measure, ())
            return lambda row: row < len(nils) and nils[row]


def _unknown(row: int) -> None:
    return None


def _column(column: Sequence[int | None], scale: int) -> NumberAt:
    if not column:
        return _unknown
    den = 10**scale

    def at(row: int) -> Pair | None:
        value = column[row]
        return None if value is None else (value, den)

    return at


def _limit(column: Sequence[Fraction | None]) -> NumberAt:
    if not column:
        return _unknown
    pairs = [None if value is None else value.as_integer_ratio() for value in column]
    return pairs.__getitem__


def _score(column: Sequence[int | None], peers: Sequence[PeerStatistics | None]) -> NumberAt:
    if not column or not peers:
        return _unknown

    def at(row: int) -> Pair | None:
        value, found = column[row], peers[row]
        if value is None or found is None or found.spread100 <= 0:
            return None
        return 100 * SCORE_NUM * abs(2 * value - found.median2), 2 * SCORE_DEN * found.spread100

    return at


def _divide(left: NumberAt, right: NumberAt) -> NumberAt:
    def at(row: int) -> Pair | None:
        over, under = left(row), right(row)
        if over is None or under is None or under[0] == 0:
            return None
        num, den = over[0] * under[1], over[1] * under[0]
        return (num, den) if den > 0 else (-num, -den)

    return at


def _combine(symbol: str, left: NumberAt, right: NumberAt) -> NumberAt:
    sign = -1 if symbol == "-" else 1

    def add(row: int) -> Pair | None:
        one, two = left(row), right(row)
        if one is None or two is None:
            return None
        return one[0] * two[1] + sign * two[0] * one[1], one[1] * two[1]

    def multiply(row: int) -> Pair | None:
        one, two = left(row), right(row)
        return None if one is None or two is None else (one[0] * two[0], one[1] * two[1])

    return multiply if symbol == "*" else add


def _absolute(value: NumberAt) -> NumberAt:
    def at(row: int) -> Pair | None:
        pair = value(row)
        return None if pair is None else (abs(pair[0]), pair[1])

    return at


def _extreme(smaller: bool, left: NumberAt, right: NumberAt) -> NumberAt:
    def at(row: int) -> Pair | None:
        one, two = left(row), right(row)
        if one is None or two is None:
            return None
        return one if (one[0] * two[1] <= two[0] * one[1]) is smaller else two

    return at


def _compare(holds: Callable[[int, int], bool], left: NumberAt, right: NumberAt) -> TruthAt:
    def at(row: int) -> bool | None:
        one = left(row)
        if one is None:
            return None
        two = right(row)
        return None if two is None else holds(one[0] * two[1], two[0] * one[1])

    return at


def _both(left: TruthAt, right: TruthAt) -> TruthAt:
    def at(row: int) -> bool | None:
        one = left(row)
        if one is False:
            return False
        two = right(row)
        return False if two is False else (None if one is None else two)

    return at


def _either(left: TruthAt, right: TruthAt) -> TruthAt:
    def at(row: int) -> bool | None:
        one = left(row)
        if one is True:
            return True
        two = right(row)
        return True if two is True else (None if one is None else two)

    return at


def _negate(value: TruthAt) -> TruthAt:
    def at(row: int) -> bool | None:
        found = value(row)
        return None if found is None else not found

    return at
