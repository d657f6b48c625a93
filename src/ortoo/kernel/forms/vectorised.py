"""Turns parsed rules into Polars expressions over integer columns, as exact as `exact`.

A number is a fraction of two integer terms; a comparison is cross-multiplied, so nothing is ever
divided or rounded. Every term carries bounds from the digits a measure may have; they choose the
narrowest integer width (32, 64 or 128 bits) in which no step can overflow. Narrow columns are
what makes it fast: 32-bit arithmetic moves half the memory of 64.

A condition is compiled to "true for certain" or "false for certain"; unknown (null) is neither.
Both are monotone in their comparisons, so a null may be read as false at the very end.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from math import gcd
from typing import TYPE_CHECKING, Literal

from ortoo.kernel.forms.definition import Form, FormError
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
from ortoo.kernel.forms.peers import SCORE_DEN, SCORE_NUM

if TYPE_CHECKING:
    import polars as pl

_OPPOSITE = {"<": ">=", "<=": ">", ">": "<=", ">=": "<", "==": "!=", "!=": "=="}
_MAX_GROUP = 1_000


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the frame with what its values may be."""

    name: str
    low: int
    high: int


@dataclass(frozen=True, slots=True)
class Operation:
    kind: Literal["+", "-", "*", "abs", "min", "max"]
    left: Term
    right: Term
    low: int
    high: int


@dataclass(frozen=True, slots=True)
class Term:
    """coefficient × node; a node of None is the constant 1."""

    coefficient: int
    node: Column | Operation | None

    @property
    def bounds(self) -> tuple[int, int]:
        low, high = (1, 1) if self.node is None else (self.node.low, self.node.high)
        ends = (low * self.coefficient, high * self.coefficient)
        return min(ends), max(ends)

    def times(self, factor: int) -> Term:
        return Term(self.coefficient * factor, self.node)


@dataclass(frozen=True, slots=True)
class Ratio:
    """num/den with den ≥ 0; `guards` are the denominators that must not be zero."""

    num: Term
    den: Term
    guards: tuple[Term, ...] = ()


@dataclass(frozen=True, slots=True)
class LimitColumn:
    """A limit as the frame holds it: an integer over a common denominator."""

    denominator: int
    low: int
    high: int


@dataclass(frozen=True, slots=True)
class Layout:
    """What the compiler must know of the frame besides the form."""

    form: Form
    limits: Mapping[str, LimitColumn]

    def bounds(self, measure: str) -> int:
        return self.form.measure(measure).maximum


def peer_column(score: PeerScore, part: Literal["median2", "spread100"]) -> str:
    return f"peer.{score.cell.measure}.{score.level}.{part}"


def total_column(cell: CellRef) -> str:
    return f"sum.{cell.name}"


def limit_column(name: str) -> str:
    return f"limit.{name}"


def nil_column(measure: str) -> str:
    return f"{measure}#nil"


def broken(truth: Truth, when: Truth | None, layout: Layout) -> pl.Expr:
    """True where the rule is broken for certain; may be null where unknown."""
    flag = _certain(truth, layout, holds=False)
    return flag if when is None else flag & _certain(when, layout, holds=True)


def never_broken(node: Truth, layout: Layout) -> bool:
    """Whether the bounds of its measures alone keep a condition from ever being false."""
    return _impossible(node, layout, holds=False)


def _impossible(node: Truth, layout: Layout, *, holds: bool) -> bool:
    match node:
        case Negation(value):
            return _impossible(value, layout, holds=not holds)
        case Both(left, right) | Either(left, right):
            one = _impossible(left, layout, holds=holds)
            two = _impossible(right, layout, holds=holds)
            return one or two if isinstance(node, Both) is holds else one and two
        case Compare(symbol, left, right):
            wanted = symbol if holds else _OPPOSITE[symbol]
            first, second = _ratio(left, layout), _ratio(right, layout)
            low, high = _product(first.num, second.den).bounds
            least, most = _product(second.num, first.den).bounds
            return {
                "<": low >= most,
                "<=": low > most,
                ">": high <= least,
                ">=": high < least,
                "==": low > most or high < least,
                "!=": low == high == least == most,
            }[wanted]
        case _:
            return False


def _certain(node: Truth, layout: Layout, *, holds: bool) -> pl.Expr:
    import polars as pl

    match node:
        case Negation(value):
            return _certain(value, layout, holds=not holds)
        case Both(left, right) | Either(left, right):
            one = _certain(left, layout, holds=holds)
            two = _certain(right, layout, holds=holds)
            # Either way round the parts stay monotone: not (a and b) is not-a or not-b.
            return one & two if isinstance(node, Both) is holds else one | two
        case Has(cell):
            present = pl.col(cell.name).is_not_null()
            return present if holds else ~present
        case IsNil(cell):
            nil = pl.col(nil_column(cell.measure)).fill_null(0)
            return nil > 0 if holds else nil == 0
        case Compare(symbol, left, right):
            wanted = symbol if holds else _OPPOSITE[symbol]
            return _comparison(wanted, _ratio(left, layout), _ratio(right, layout))


def _comparison(symbol: str, left: Ratio, right: Ratio) -> pl.Expr:
    one, two = _product(left.num, right.den), _product(right.num, left.den)
    shared = gcd(one.coefficient, two.coefficient) or 1
    one = Term(one.coefficient // shared, one.node)
    two = Term(two.coefficient // shared, two.node)
    width = _width(max(_largest(one), _largest(two)))
    first, second = _emit(one, width), _emit(two, width)
    flag = {
        "<": first < second,
        "<=": first <= second,
        ">": first > second,
        ">=": first >= second,
        "==": first == second,
        "!=": first != second,
    }[symbol]
    for guard in dict.fromkeys((*left.guards, *right.guards)):
        flag = flag & (_emit(guard, _width(_largest(guard))) != 0)
    return flag


def _ratio(node: Number, layout: Layout) -> Ratio:
    match node:
        case Const(value):
            return _constant(value)
        case CellRef(measure, _):
            column = Column(node.name, 0, layout.bounds(measure))
            return _scaled(Term(1, column), layout.form.measure(measure).scale)
        case Total(cell):
            high = layout.bounds(cell.measure) * _MAX_GROUP
            column = Column(total_column(cell), 0, high)
            return _scaled(Term(1, column), layout.form.measure(cell.measure).scale)
        case LimitRef(name):
            found = layout.limits.get(name, LimitColumn(1, 0, 0))
            column = Column(limit_column(name), found.low, found.high)
            return Ratio(Term(1, column), Term(found.denominator, None))
        case PeerScore():
            return _score(node, layout)
        case Absolute(value):
            inner = _ratio(value, layout)
            return Ratio(_absolute(inner.num), inner.den, inner.guards)
        case Arithmetic(symbol, left, right):
            return _arithmetic(symbol, _ratio(left, layout), _ratio(right, layout))
        case Extreme(which, left, right):
            return _extreme(which, _ratio(left, layout), _ratio(right, layout))


def _constant(value: Fraction) -> Ratio:
    return Ratio(Term(value.numerator, None), Term(value.denominator, None))


def _scaled(term: Term, scale: int) -> Ratio:
    return Ratio(term, Term(10**scale, None))


def _score(score: PeerScore, layout: Layout) -> Ratio:
    high = layout.bounds(score.cell.measure)
    value = Term(2, Column(score.cell.name, 0, high))
    median = Term(1, Column(peer_column(score, "median2"), 0, 2 * high))
    spread = Term(1, Column(peer_column(score, "spread100"), 0, 100 * high))
    distance = _absolute(_sum(value, median.times(-1)))
    num, den = distance.times(100 * SCORE_NUM), spread.times(2 * SCORE_DEN)
    return _reduced(num, den, (spread,))


def _arithmetic(symbol: str, one: Ratio, two: Ratio) -> Ratio:
    guards = (*one.guards, *two.guards)
    if symbol == "*":
        return _reduced(_product(one.num, two.num), _product(one.den, two.den), guards)
    if symbol == "/":
        return _quotient(one, two, guards)
    sign = -1 if symbol == "-" else 1
    if one.den == two.den:
        return Ratio(_sum(one.num, two.num.times(sign)), one.den, guards)
    if one.den.node == two.den.node:
        common = abs(one.den.coefficient * two.den.coefficient) // gcd(
            one.den.coefficient, two.den.coefficient
        )
        left = one.num.times(common // one.den.coefficient)
        right = two.num.times(sign * common // two.den.coefficient)
        return _reduced(_sum(left, right), Term(common, one.den.node), guards)
    left, right = _product(one.num, two.den), _product(two.num, one.den).times(sign)
    return _reduced(_sum(left, right), _product(one.den, two.den), guards)


def _quotient(one: Ratio, two: Ratio, guards: tuple[Term, ...]) -> Ratio:
    num, den = _product(one.num, two.den), _product(one.den, two.num)
    divisor = Term(1, two.num.node)
    if two.num.coefficient == 0:
        raise FormError("EXPR-ZERO", "除数为零")
    if two.num.node is not None:
        guards = (*guards, divisor)
    low, high = den.bounds
    if high <= 0:
        num, den = num.times(-1), den.times(-1)
    elif low < 0:
        # The sign of the divisor is not known: multiply both by it, den × den ≥ 0.
        num, den = _product(num, den), _product(den, den)
        den = Term(abs(den.coefficient), _nonnegative(den.node))
    return _reduced(num, den, guards)


def _nonnegative(node: Column | Operation | None) -> Column | Operation | None:
    if isinstance(node, Operation):
        return Operation(node.kind, node.left, node.right, 0, node.high)
    return node


def _extreme(which: Literal["min", "max"], one: Ratio, two: Ratio) -> Ratio:
    guards = (*one.guards, *two.guards)
    left, right = _product(one.num, two.den), _product(two.num, one.den)
    (low1, high1), (low2, high2) = left.bounds, right.bounds
    choose = min if which == "min" else max
    node = Operation(which, left, right, choose(low1, low2), choose(high1, high2))
    return _reduced(Term(1, node), _product(one.den, two.den), guards)


def _reduced(num: Term, den: Term, guards: tuple[Term, ...]) -> Ratio:
    shared = gcd(num.coefficient, den.coefficient) or 1
    num = Term(num.coefficient // shared, num.node)
    return Ratio(num, Term(den.coefficient // shared, den.node), guards)


def _product(one: Term, two: Term) -> Term:
    coefficient = one.coefficient * two.coefficient
    if one.node is None or two.node is None:
        return Term(coefficient, one.node or two.node)
    left, right = Term(1, one.node), Term(1, two.node)
    ends = [a * b for a in left.bounds for b in right.bounds]
    return Term(coefficient, Operation("*", left, right, min(ends), max(ends)))


def _sum(one: Term, two: Term) -> Term:
    if one.coefficient == 0 and one.node is None:
        return two
    if two.coefficient == 0 and two.node is None:
        return one
    if one.node is None and two.node is None:
        return Term(one.coefficient + two.coefficient, None)
    shared = gcd(one.coefficient, two.coefficient) or 1
    left = Term(one.coefficient // shared, one.node)
    right = Term(two.coefficient // shared, two.node)
    (low1, high1), (low2, high2) = left.bounds, right.bounds
    return Term(shared, Operation("+", left, right, low1 + low2, high1 + high2))


def _absolute(term: Term) -> Term:
    if term.bounds[0] >= 0:
        return term
    if term.node is None:
        return Term(abs(term.coefficient), None)
    low, high = Term(1, term.node).bounds
    least = 0 if low <= 0 <= high else min(abs(low), abs(high))
    inner = Term(1, term.node)
    node = Operation("abs", inner, inner, least, max(abs(low), abs(high)))
    return Term(abs(term.coefficient), node)


def _largest(term: Term) -> int:
    """The largest magnitude that any step of emitting the term can reach."""
    largest = max(abs(end) for end in term.bounds)
    if isinstance(term.node, Operation):
        node = term.node
        inner = max(abs(node.low), abs(node.high), _largest(node.left), _largest(node.right))
        return max(largest, inner)
    if isinstance(term.node, Column):
        return max(largest, abs(term.node.high), abs(term.node.low))
    return max(largest, abs(term.coefficient))


def _width(largest: int) -> pl.DataType | type[pl.DataType]:
    import polars as pl

    if largest < 2**31:
        return pl.Int32
    if largest < 2**63:
        return pl.Int64
    if largest < 2**127:
        return pl.Int128
    raise FormError("EXPR-OVERFLOW", "表达式的中间值可能超过 128 位整数")


def _emit(term: Term, width: pl.DataType | type[pl.DataType]) -> pl.Expr:
    import polars as pl

    if term.node is None:
        return pl.lit(term.coefficient, dtype=width)
    if isinstance(term.node, Column):
        inner = pl.col(term.node.name).cast(width)
    else:
        inner = _emit_operation(term.node, width)
    if term.coefficient == 1:
        return inner
    return inner * pl.lit(term.coefficient, dtype=width)


def _emit_operation(node: Operation, width: pl.DataType | type[pl.DataType]) -> pl.Expr:
    import polars as pl

    left = _emit(node.left, width)
    if node.kind == "abs":
        return left.abs()
    if node.kind == "+" and node.right.coefficient < 0:
        return left - _emit(node.right.times(-1), width)
    right = _emit(node.right, width)
    if node.kind == "+":
        return left + right
    if node.kind == "*":
        return left * right
    first = left <= right if node.kind == "min" else left >= right
    # Neither branch where a side is unknown: then the smaller of the two is unknown as well.
    return pl.when(first).then(left).when(~first).then(right).otherwise(None)
