"""What a reader can work out from everything that was ever published of one item. Pure; exact.

Every published sum is a set of contributions: one firm's figure as it stood in one vintage. A
reader may add and subtract sums as she likes (complement, marginal, difference of two vintages),
so what she can learn is the row space of the sums' 0/1 matrix. A combination that rests on too few
firms must not be in it; nor may it be once a respondent's unit takes away what it knows itself.
Source: Cox (1981), Linear sensitivity measures in statistical disclosure control.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from fractions import Fraction
from itertools import combinations

Contribution = tuple[str, int]
"""(firm, which of its successive figures): a figure that did not change is the same one."""
TooFew = Callable[[frozenset[Contribution]], bool]


def exposed(
    sums: Sequence[frozenset[Contribution]],
    too_few: TooFew,
    known: frozenset[Contribution] = frozenset(),
    *,
    firms: int = 2,
) -> frozenset[Contribution] | None:
    """Contributions that a combination of the sums tells apart and that are too few, or None.

    `known`: contributions the reader has herself. Contributions that always stand together can not
    be told apart, so they are looked at as one group. Tried are every group and every two, which
    are all that units under one total give, and every contribution of up to `firms` firms, which
    over many vintages may stand in more groups than two.
    """
    groups = _groups(sums, known)
    members = list(groups.values())
    free = _null_space([[int(flag) for flag in pattern] for pattern in zip(*groups, strict=True)])
    rows = [tuple(vector[number] for vector in free) for number in range(len(members))]
    seen: dict[tuple[Fraction, ...], list[int]] = {}
    for number, row in enumerate(rows):
        first = next((value for value in row if value), None)
        if first is None:
            if too_few(members[number]):
                return members[number]
            continue
        seen.setdefault(tuple(value / first for value in row), []).append(number)
    for alike in seen.values():
        for one, other in combinations(alike, 2):
            both = members[one] | members[other]
            if too_few(both):
                return both
    return _of_few_firms(members, rows, too_few, firms)


def _of_few_firms(
    members: Sequence[frozenset[Contribution]],
    rows: Sequence[Sequence[Fraction]],
    too_few: TooFew,
    most: int,
) -> frozenset[Contribution] | None:
    """All groups that hold nobody but a few firms, of which some combination can be told."""
    of_firms = [frozenset(firm for firm, _ in group) for group in members]
    small = [number for number, inside in enumerate(of_firms) if len(inside) <= most]
    names = sorted({firm for number in small for firm in of_firms[number]})
    for size in range(1, most + 1):
        for few in combinations(names, size):
            inside = [number for number in small if of_firms[number] <= set(few)]
            # One and two groups were tried.
            if len(inside) > 2 and _rank([rows[number] for number in inside]) < len(inside):
                both = frozenset[Contribution]().union(*(members[number] for number in inside))
                if too_few(both):
                    return both
    return None


def _rank(rows: Sequence[Sequence[Fraction]]) -> int:
    return len(_reduced([list(row) for row in rows])[1])


def _groups(
    sums: Sequence[frozenset[Contribution]], known: frozenset[Contribution]
) -> Mapping[tuple[bool, ...], frozenset[Contribution]]:
    """Contributions by the sums they stand in."""
    found: dict[tuple[bool, ...], set[Contribution]] = {}
    for contribution in frozenset[Contribution]().union(*sums) - known:
        pattern = tuple(contribution in one for one in sums)
        found.setdefault(pattern, set()).add(contribution)
    return {pattern: frozenset(group) for pattern, group in sorted(found.items())}


def _null_space(matrix: Sequence[Sequence[int]]) -> list[list[Fraction]]:
    """A basis of the vectors every row is orthogonal to; a few tens of rows and columns."""
    rows, pivots = _reduced([[Fraction(value) for value in row] for row in matrix])
    width = len(rows[0]) if rows else 0
    return [_free_vector(rows, pivots, column, width) for column in _others(width, pivots)]


def _reduced(rows: list[list[Fraction]]) -> tuple[list[list[Fraction]], list[int]]:
    """Reduced row echelon form, in place, and the columns of its pivots."""
    pivots: list[int] = []
    for column in range(len(rows[0]) if rows else 0):
        at = len(pivots)
        found = next((row for row in range(at, len(rows)) if rows[row][column]), None)
        if found is None:
            continue
        rows[at], rows[found] = rows[found], rows[at]
        lead = rows[at][column]
        rows[at] = [value / lead for value in rows[at]]
        for row in range(len(rows)):
            factor = rows[row][column]
            if row != at and factor:
                rows[row] = [a - factor * b for a, b in zip(rows[row], rows[at], strict=True)]
        pivots.append(column)
    return rows, pivots


def _others(width: int, pivots: Iterable[int]) -> list[int]:
    taken = set(pivots)
    return [column for column in range(width) if column not in taken]


def _free_vector(
    rows: Sequence[Sequence[Fraction]], pivots: Sequence[int], column: int, width: int
) -> list[Fraction]:
    vector = [Fraction(0)] * width
    vector[column] = Fraction(1)
    for row, pivot in enumerate(pivots):
        vector[pivot] = -rows[row][column]
    return vector
