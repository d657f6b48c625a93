"""已知数: the newest value of the same good and concept, in the asking form's unit."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from ortoo.domains.market.known import Source, asked_cells, is_flow, newest_known, pick
from ortoo.domains.market.tests.clerk_region import usual_grid
from ortoo.domains.market.tests.ordering_region import FORM, Clerks, clerks, ordering
from ortoo.kernel.forms.asked import Asked
from ortoo.kernel.forms.body import GridBody, blank
from ortoo.kernel.forms.definition import Form, Nil
from ortoo.kernel.forms.periods import day_of, moment, month, week
from ortoo.kernel.forms.registry import get

__all__ = ["clerks", "ordering"]
MONDAY = dt.date(2026, 11, 14)


def source(form: Form, period: Any, cells: dict[tuple[str, str], Any], seq: int = 1) -> Source:
    columns = {code: list(column) for code, column in blank(form).columns.items()}
    for (item, measure), value in cells.items():
        columns[measure][form.leaf_index[item]] = value
    grid = GridBody({code: tuple(column) for code, column in columns.items()})
    return Source(form, period, grid, seq, 0)


def emergency_row(form: Form, good: str) -> str:
    return next(i.code for i in form.leaves if i.good == good and i.match == "exact")


def test_the_newest_of_several_forms_is_taken_for_a_level(db: None) -> None:
    weekly, emergency = get(FORM), get("EMG-STOCK")
    rice = emergency_row(emergency, "GR01")
    older = source(weekly, week(MONDAY), {("0101", "stock"): 800}, 5)
    newer = source(emergency, month(MONDAY), {(rice, "on_hand"): 700}, 9)
    key = ("0101", "stock")
    assert pick(weekly, [key], [newer, older], "week")[key].value == 700
    found = pick(weekly, [key], [older, newer], "week")[key]
    assert (found.value, found.seq, found.form) == (800, 5, FORM)
    back = pick(emergency, [(rice, "on_hand")], [older], "month")
    assert back[rice, "on_hand"].value == 800


def test_what_flows_in_a_period_is_taken_only_from_a_period_of_its_kind(db: None) -> None:
    form = get(FORM)
    assert is_flow(form, "sales_qty") and not is_flow(form, "stock") and not is_flow(form, "price")
    key = ("0101", "sales_qty")
    weekly = source(form, week(MONDAY), {key: 900})
    assert pick(form, [key], [weekly], "week")[key].value == 900
    assert pick(form, [key], [weekly], "day") == {}
    # A 急报 of a weekly form's cells speaks of that form's own kind of period.
    flash = source(form, moment(MONDAY, 600), {key: 901})
    assert pick(form, [key], [flash], "week")[key].value == 901


def test_a_days_price_is_no_weeks_mean(db: None) -> None:
    weekly, daily = get(FORM), get("SCJC-D1")
    said = source(daily, day_of(MONDAY), {("0301", "price"): 5_000})
    assert pick(weekly, [("0301", "price")], [said], "week") == {}
    assert pick(daily, [("0301", "price")], [said], "day")["0301", "price"].value == 5_000


def test_a_nil_is_known_and_a_blank_is_not(db: None) -> None:
    form = get(FORM)
    cells = [("0301", "price"), ("0302", "price")]
    said = source(form, week(MONDAY), {cells[0]: Nil.OUT_OF_STOCK})
    found = pick(form, cells, [said], "week")
    assert found[cells[0]].value is Nil.OUT_OF_STOCK and cells[1] not in found


def test_the_asked_cells_follow_the_order_and_the_whole_form_without_one(db: None) -> None:
    form = get(FORM)
    assert len(asked_cells(form, None)) == len(form.leaves) * len(form.measures)
    asked = Asked(frozenset({"0501"}), frozenset({"price", "stock"}))
    assert asked_cells(form, asked) == [("0501", "price"), ("0501", "stock")]


@pytest.mark.parametrize("before", [None, 1])
def test_nothing_filed_after_the_asking_is_known_to_it(
    ordering: Clerks, before: int | None
) -> None:
    world = ordering
    firm = world.region.sites["own"].firm
    form = get(FORM)
    found = newest_known(firm, form, [("0301", "price")], now_ms=world.clock.ms, before=before)
    assert bool(found) is (before is None)
    assert (
        newest_known(
            world.region.sites["sibling"].firm, form, [("0301", "price")], now_ms=world.clock.ms
        )
        == {}
    )


def test_a_correction_replaces_what_was_known(ordering: Clerks) -> None:
    world = ordering
    first = world.file()
    second = world.file(
        grid=usual_grid(10),
        supersedes=first.seq,
        reason="抄错",
    )
    known = newest_known(
        world.region.sites["own"].firm, get(FORM), [("0301", "price")], now_ms=world.clock.ms
    )
    found = known["0301", "price"]
    assert (found.value, found.seq) == (5_210, second.seq)
    assert found.age_days(world.clock.ms + 3 * 86_400_000) == 3
