"""Returns as filed: habits of firms, planted errors and the truth beside them."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from functools import cache

import numpy as np
import pytest

from ortoo.world import MEASURES, NIL_LETTERS, REASONS, VALUE, WeekReturns, WorldError, calendar
from ortoo.world import weekly_returns as make
from ortoo.world.planted import SLIPS
from ortoo.world.tests.region import hamlet, region


@cache
def year() -> tuple[WeekReturns, ...]:
    """The returns of 2025-11 to 2026-11."""
    return tuple(make(region(), start) for start in region().week_starts()[-60:-5])


def test_planted_errors_are_all_the_difference_between_report_and_truth() -> None:
    world = region()
    for returns in year():
        truth = world.truth(returns.week_start)
        wrong = (returns.values != truth.values) | (returns.nil != truth.nil)
        wrong[~returns.reported] = False
        planted = {(cell.firm, cell.item, cell.measure) for cell in returns.planted}
        found = {(returns.firms[row], returns.items[item], MEASURES[measure])
                 for row, item, measure in np.argwhere(wrong)}
        assert found == planted
        assert len(planted) == len(returns.planted)


def test_a_planted_cell_states_what_was_true_and_what_was_reported() -> None:
    world = region()
    for returns in year()[::6]:
        truth = world.truth(returns.week_start)
        row = {code: at for at, code in enumerate(returns.firms)}
        item = {code: at for at, code in enumerate(returns.items)}
        for cell in returns.planted:
            at = row[cell.firm], item[cell.item], MEASURES.index(cell.measure)
            for values, nil, number, letter in (
                (truth.values, truth.nil, cell.true, cell.true_nil),
                (returns.values, returns.nil, cell.reported, cell.reported_nil),
            ):
                assert number == (int(values[at]) if nil[at] == VALUE else None)
                assert letter == NIL_LETTERS[nil[at]]


def test_every_kind_of_slip_occurs_within_a_year() -> None:
    kinds = Counter(cell.kind for returns in year() for cell in returns.planted)
    assert set(kinds) == {*SLIPS, "copied_neighbour"}
    events = [len({cell.event for cell in returns.planted}) for returns in year()]
    assert 1 <= np.mean(events) <= 8


@pytest.mark.parametrize(("kind", "factor"), [
    ("jin_quantity", 2), ("times_hundred", 100), ("yuan_for_wan", 10_000), ("times_ten", 10)])
def test_unit_slips_have_their_exact_factor(kind: str, factor: int) -> None:
    cells = [cell for returns in year() for cell in returns.planted if cell.kind == kind]
    assert cells
    assert all(cell.reported == factor * cell.true for cell in cells if cell.true is not None)


def test_transposed_prices_keep_their_digits() -> None:
    cells = [cell for returns in year() for cell in returns.planted if cell.kind == "transposed"]
    assert cells
    assert all(sorted(str(cell.true)) == sorted(str(cell.reported)) for cell in cells)


def test_reporting_is_good_but_never_perfect() -> None:
    reported = np.array([returns.reported.mean() for returns in year()])
    on_time = np.array([(returns.reported & ~returns.late).mean() for returns in year()])
    assert 0.96 <= reported.mean() < 1.0
    assert 0.88 <= on_time.mean() <= 0.97


@pytest.mark.parametrize("which", range(2022, 2027))
def test_some_firms_are_late_or_silent_after_the_festival(which: int) -> None:
    world, feast = region(), calendar.spring_festival(which)
    after = [make(world, start) for start in world.week_starts() if 0 <= (start - feast).days <= 8]
    usual = [make(world, start) for start in world.week_starts()
             if -70 <= (start - feast).days <= -40]
    def silent(weeks: list[WeekReturns]) -> float:
        return 1 - float(np.mean([week.reported.mean() for week in weeks]))
    assert silent(after) > silent(usual) + 0.02
    assert all(week.late.sum() >= 10 for week in after)


def test_missing_returns_are_blank_and_late_ones_have_a_reason() -> None:
    for returns in year():
        assert (returns.values[~returns.reported] == 0).all()
        assert (returns.nil[~returns.reported] == 4).all()
        assert (returns.offset_min[~returns.reported] == 0).all()
        assert {code for code, _ in returns.late_reasons} == {
            returns.firms[row] for row in np.flatnonzero(returns.late)}


def test_corrections_follow_the_filing_and_belong_to_a_planted_event() -> None:
    hows = Counter()
    for returns in year():
        events = {(cell.firm, cell.event) for cell in returns.planted}
        row = {code: at for at, code in enumerate(returns.firms)}
        for mended in returns.corrections:
            assert (mended.firm, mended.event) in events
            assert mended.at_min > returns.offset_min[row[mended.firm]]
            hows[mended.how] += 1
    planted = sum(len({cell.event for cell in returns.planted}) for returns in year())
    assert hows["self"] and hows["asked"]
    assert sum(hows.values()) < planted


def test_reasons_are_known_words_about_reported_prices() -> None:
    codes = Counter()
    for returns in year():
        said = {(reason.firm, reason.item) for reason in returns.reasons}
        assert len(said) == len(returns.reasons)
        for reason in returns.reasons:
            assert (reason.choice, reason.text) == REASONS[reason.code]
            codes[reason.code] += 1
    assert set(codes) == set(REASONS)
    assert 0.05 < codes["normal"] / sum(codes.values()) < 0.5


def test_some_returns_are_entered_for_the_firm() -> None:
    share = np.mean([returns.assisted.mean() for returns in year()])
    assert 0.002 < share < 0.05
    assert all(not (returns.assisted & ~returns.reported).any() for returns in year())


def test_a_week_outside_the_world_is_refused() -> None:
    for day in (dt.date(2024, 12, 28), dt.date(2030, 1, 5)):
        with pytest.raises(WorldError, match="WORLD-WEEK"):
            make(hamlet(), day)


def test_a_week_that_begins_on_monday_is_the_saturday_week_it_mostly_covers() -> None:
    world = hamlet()
    saturday, monday = dt.date(2025, 3, 8), dt.date(2025, 3, 10)
    returns = make(world, monday)
    assert world.week_of(saturday) == world.week_of(monday)
    assert returns.week_start == monday
    assert all(cell.week == monday for cell in returns.planted)
    prices = world.truth(monday).values[:, :, 0], world.truth(saturday).values[:, :, 0]
    both = (prices[0] > 0) & (prices[1] > 0)
    assert (prices[0][both] == prices[1][both]).all()


def test_the_first_week_and_a_new_firm_have_nothing_to_copy() -> None:
    world = region()
    first = make(world, world.week_starts()[0])
    assert not any(cell.kind == "copied_last_week" for cell in first.planted)
    assert not first.reasons
