"""The second way of counting is itself counted by hand."""

from __future__ import annotations

from collections import Counter
from types import SimpleNamespace

from benchmarks.friday_day.recount import Recount, Stand, _control, _sums, unequal_to_units
from benchmarks.friday_day.sheets import Mistake, Sheet

FORM = SimpleNamespace(
    code="F",
    principal=SimpleNamespace(code="price"),
    roles=SimpleNamespace(price="price", quantity="sales_qty", value="sales", stock="stock"),
    leaves=[SimpleNamespace(code="01")],
)


def columns(price: object, sold: object) -> dict[str, list[object]]:
    return {"price": [price], "sales_qty": [sold], "sales": [7], "stock": [None]}


def test_a_region_is_told_from_its_firms() -> None:
    stands = {
        "A": Stand("u1", 5, columns(300, 20), passed=True, owed=True),
        "B": Stand("u2", 6, columns(500, None), owed=True),
        "C": Stand("u2", 7, columns("o", 0), returned=True, owed=True),
        "D": Stand("u2", waived=True, owed=True),
    }
    sums = _sums(FORM, stands, {"u1": "U1", "u2": "U2"}, "R")
    whole, passed = sums["all", "R", "01"], sums["reviewed", "R", "01"]
    assert (whole["expected"], whole["filed"], whole["quotes"]) == (3, 2, 2)
    assert (whole["sum_price_qty"], whole["quantity"]) == (300 * 20 + 500, 21)
    assert (passed["filed"], passed["sum_price"], passed["sales"]) == (1, 300, 7)


def test_what_an_office_says_of_an_older_version_counts_for_nothing() -> None:
    stands = {"A": Stand("u1", 9, columns(1, 1), owed=True)}
    _control(stands, "K-ACCEPT", {"targets": [["A", 5]]})
    assert not stands["A"].passed
    _control(stands, "K-ACCEPT", {"targets": [["A", 9]]})
    assert stands["A"].passed
    _control(stands, "K-SENDBACK", {"party": "A", "target": 9})
    assert stands["A"].returned and not stands["A"].passed


def test_a_region_that_is_not_its_units_is_found() -> None:
    mine = Recount({}, {})
    told = {("all", "U1", "01"): 2, ("all", "U2", "01"): 3, ("all", "R", "01"): 5}
    assert unequal_to_units(mine, told, "R") == []
    assert unequal_to_units(mine, {**told, ("all", "R", "01"): 6}, "R") != []


def test_a_mended_slip_types_the_truth() -> None:
    slip = Mistake("times_ten", frozenset({("01", "price"), ("01", "stock")}))
    typed = {("01", "price"): "30.00", ("01", "stock"): "5"}
    sheet = Sheet("F", "P", "A", "u1", typed, {("01", "price"): "3.00"}, 0, 1, False)
    sheet.mistakes.append(slip)
    assert sheet.mistake_at(("01", "stock")) is slip
    sheet.mend(slip, "self")
    assert sheet.typed == {("01", "price"): "3.00"} and not slip.stands
    assert sheet.mistake_at(("01", "price")) is None


def test_counters_of_an_empty_day_are_zero() -> None:
    assert Counter(_sums(FORM, {}, {}, "R")) == Counter()
