"""The parsed form of a rule: a dozen kinds of node, all that the two evaluators ever see."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

At = Literal["now", "previous", "year"]
Operator = Literal["<", "<=", ">", ">=", "==", "!="]


@dataclass(frozen=True, slots=True)
class Const:
    value: Fraction


@dataclass(frozen=True, slots=True)
class CellRef:
    """A measure of the row, now, in the previous period or in the same period last year."""

    measure: str
    at: At

    @property
    def name(self) -> str:
        """The name it has in a frame and in a message: price, price@-1, price@year."""
        return self.measure + {"now": "", "previous": "@-1", "year": "@year"}[self.at]


@dataclass(frozen=True, slots=True)
class LimitRef:
    name: str


@dataclass(frozen=True, slots=True)
class Total:
    """The sum of a measure over the group's rows; unknown when every row is."""

    cell: CellRef


@dataclass(frozen=True, slots=True)
class PeerScore:
    """robust_z: 0.6745·|x − median| / max(MAD, median/50) among peers; see `peers`."""

    cell: CellRef
    level: str


@dataclass(frozen=True, slots=True)
class Arithmetic:
    operator: Literal["+", "-", "*", "/"]
    left: Number
    right: Number


@dataclass(frozen=True, slots=True)
class Absolute:
    value: Number


@dataclass(frozen=True, slots=True)
class Extreme:
    which: Literal["min", "max"]
    left: Number
    right: Number


@dataclass(frozen=True, slots=True)
class Compare:
    operator: Operator
    left: Number
    right: Number


@dataclass(frozen=True, slots=True)
class Both:
    left: Truth
    right: Truth


@dataclass(frozen=True, slots=True)
class Either:
    left: Truth
    right: Truth


@dataclass(frozen=True, slots=True)
class Negation:
    value: Truth


@dataclass(frozen=True, slots=True)
class Has:
    cell: CellRef


@dataclass(frozen=True, slots=True)
class IsNil:
    cell: CellRef


Number = Const | CellRef | LimitRef | Total | PeerScore | Arithmetic | Absolute | Extreme
Truth = Compare | Both | Either | Negation | Has | IsNil
Node = Number | Truth


def walk(node: Node) -> Iterator[Node]:
    """The node and everything below it."""
    yield node
    for name in node.__slots__:
        inner = getattr(node, name)
        if isinstance(inner, Node):
            yield from walk(inner)
