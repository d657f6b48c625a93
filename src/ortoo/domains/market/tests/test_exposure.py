"""What combinations of published sums tell, against trying every combination by hand."""

from __future__ import annotations

from fractions import Fraction
from itertools import chain, combinations

from hypothesis import given
from hypothesis import strategies as st

from ortoo.domains.market.publication import hidden_units
from ortoo.domains.market.rules.exposure import Contribution, exposed
from ortoo.domains.market.rules.figures import Sums
from ortoo.kernel.forms.definition import Publish

LEAST = 3
RULE = Publish(min_respondents=LEAST, dominance=Fraction(0), level="盟市")


def firms(*names: str) -> frozenset[Contribution]:
    return frozenset((name, 0) for name in names)


def too_few(group: frozenset[Contribution]) -> bool:
    return len({firm for firm, _ in group}) < LEAST


def rank(rows: list[list[Fraction]]) -> int:
    """By elimination, as an attacker would."""
    rows, found = [list(row) for row in rows], 0
    for column in range(len(rows[0]) if rows else 0):
        pivot = next((r for r in range(found, len(rows)) if rows[r][column]), None)
        if pivot is None:
            continue
        rows[found], rows[pivot] = rows[pivot], rows[found]
        for other in range(found + 1, len(rows)):
            factor = rows[other][column] / rows[found][column]
            rows[other] = [
                a - factor * b for a, b in zip(rows[other], rows[found], strict=True)
            ]
        found += 1
    return found


def tells(sums: list[frozenset[Contribution]], group: frozenset[Contribution]) -> bool:
    """Whether some combination of the sums rests on members of `group` alone."""
    everyone = sorted(frozenset[Contribution]().union(*sums))
    matrix = [[Fraction(one in row) for one in everyone] for row in sums]
    kept = [n for n, one in enumerate(everyone) if one not in group]
    outside = [[row[n] for n in kept] for row in matrix]
    return rank(matrix) > rank(outside) if outside and outside[0] else rank(matrix) > 0


def brute_force(sums: list[frozenset[Contribution]]) -> bool:
    """Every set of contributions of one or two firms is tried."""
    everyone = frozenset[Contribution]().union(*sums)
    names = sorted({firm for firm, _ in everyone})
    small = chain(combinations(names, 1), combinations(names, 2))
    return any(
        tells(sums, frozenset(one for one in everyone if one[0] in group)) for group in small
    )


def test_a_total_less_its_shown_parts_is_found() -> None:
    whole = firms("a", "b", "c", "d", "e")
    assert exposed([whole, firms("a", "b", "c")], too_few) == firms("d", "e")
    assert exposed([whole], too_few) is None


def test_two_vintages_differ_by_the_one_firm_that_corrected() -> None:
    first = firms("a", "b", "c")
    second = frozenset({("a", 1), ("b", 0), ("c", 0)})
    assert exposed([first, second], too_few) == {("a", 0), ("a", 1)}


def test_what_a_reader_knows_herself_is_taken_away() -> None:
    whole = firms("a", "b", "c", "d")
    assert exposed([whole], too_few, firms("c", "d")) == firms("a", "b")


UNITS = st.lists(st.integers(0, 4), min_size=1, max_size=4)


@given(UNITS, st.data())
def test_over_vintages_the_rule_finds_what_trying_everything_finds(
    sizes: list[int], data: st.DataObject
) -> None:
    units = [[f"{unit}{n}" for n in range(size)] for unit, size in enumerate(sizes)]
    stands = {firm: 0 for unit in units for firm in unit}
    sums: list[frozenset[Contribution]] = []
    for vintage in range(data.draw(st.integers(1, 4))):
        for firm in stands:
            if vintage and data.draw(st.booleans()):
                stands[firm] = vintage
        told = [frozenset((firm, stands[firm]) for firm in unit) for unit in units]
        shown = [one for one in told if one and data.draw(st.booleans())]
        sums += shown
        if data.draw(st.booleans()) and any(told):
            sums.append(frozenset[Contribution]().union(*told))
    found = exposed(sums, too_few)
    if found is not None:
        assert too_few(found) and tells(sums, found)
    else:
        assert not brute_force(sums)


def of(count: int) -> Sums:
    return Sums(expected=count, filed=count, quotes=count, sales=count, largest_sales=min(count, 1))


@given(st.lists(st.integers(0, 6), min_size=1, max_size=7))
def test_a_first_issue_exposes_nobody_to_anybody(sizes: list[int]) -> None:
    """Neither the public nor a unit's own office, which knows its own firms."""
    units = {f"u{n}": [f"u{n}f{i}" for i in range(size)] for n, size in enumerate(sizes)}
    cells = {unit: of(len(inside)) for unit, inside in units.items()}
    cells["root"] = of(sum(sizes))
    hidden = hidden_units(cells, "root", RULE)
    sums = [firms(*inside) for unit, inside in units.items() if unit not in hidden and inside]
    if "root" not in hidden and sum(sizes):
        sums.append(firms(*(firm for inside in units.values() for firm in inside)))
    assert exposed(sums, too_few) is None
    for inside in units.values():
        assert exposed(sums, too_few, firms(*inside)) is None


def test_where_enough_firms_stand_everywhere_everything_is_shown() -> None:
    cells = {"a": of(4), "b": of(3), "root": of(7)}
    assert hidden_units(cells, "root", RULE) == {}
