"""Clocks stop while another is awaited; the report says who waited for whom."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ortoo.kernel.threads.clocks import Clock, merged, waits
from ortoo.kernel.threads.definition import Span, Step
from ortoo.kernel.threads.episode import Pause
from ortoo.kernel.threads.tests.matter import (
    CALENDAR,
    CLOCK,
    DAY,
    HOUR,
    MINUTE,
    NOON,
    PANEL,
    Matter,
    panel,
)
from ortoo.kernel.threads.tests.test_engine_histories import Walk, walks
from ortoo.kernel.threads.workdays import CalendarError

MORNING = NOON - 3 * HOUR


def step_due(unit: str, amount: int) -> Step:
    return Step("s", {"zh": "步"}, "o", (), due=Span(unit, amount, source="t"))


def pause(start: int, end: int | None, party: str = "FIRM", seq: int = 1) -> Pause:
    return Pause(seq, start, "s", "ask", party, "", closed_at=end, closed_seq=end and 9)


def test_time_left_when_a_pause_begins_is_left_when_it_ends() -> None:
    step = step_due("working_hours", 4)
    assert CLOCK.due(step, MORNING, ()) == MORNING + 4 * HOUR
    # Asked after one hour, answered an hour before closing: three hours are left, two of them
    # tomorrow.
    asked = pause(MORNING + HOUR, MORNING + 7 * HOUR)
    assert CLOCK.due(step, MORNING, [asked]) == MORNING + DAY + 2 * HOUR


def test_while_a_pause_stands_there_is_no_due_time() -> None:
    step = step_due("working_hours", 4)
    assert CLOCK.due(step, MORNING, [pause(MORNING + HOUR, None)]) is None


def test_a_pause_after_the_time_is_used_up_heals_nothing() -> None:
    step = step_due("working_hours", 4)
    late = MORNING + 5 * HOUR
    assert CLOCK.due(step, MORNING, [pause(late, None)]) == MORNING + 4 * HOUR
    assert CLOCK.due(step, MORNING, [pause(late, late + DAY)]) == MORNING + 4 * HOUR


def test_two_pauses_at_once_stop_the_clock_once() -> None:
    step = step_due("hours", 4)
    both = [
        pause(MORNING + HOUR, MORNING + 3 * HOUR),
        pause(MORNING + 2 * HOUR, MORNING + 4 * HOUR),
    ]
    assert CLOCK.due(step, MORNING, both) == MORNING + 7 * HOUR
    assert merged(both, 0) == [(MORNING + HOUR, MORNING + 4 * HOUR)]
    assert merged([*both, pause(MORNING + 3 * HOUR, None)], 0) == [(MORNING + HOUR, None)]


def test_days_end_when_the_day_does_and_move_by_all_the_time_of_a_pause() -> None:
    step = step_due("days", 2)
    midnight = (MORNING // DAY + 3) * DAY
    assert CLOCK.due(step, MORNING, ()) == midnight
    night = pause(MORNING + 10 * HOUR, MORNING + 12 * HOUR)
    assert CLOCK.due(step, MORNING, [night]) == midnight + 2 * HOUR
    days = step_due("working_days", 2)
    closing = (MORNING // DAY + 2) * DAY + 17 * HOUR
    assert CLOCK.due(days, MORNING, [night]) == closing, "no working time passed at night"


def test_a_number_that_is_not_in_force_gives_no_due_time() -> None:
    step = Step("s", {"zh": "步"}, "o", (), due=Span("working_days", regulation="T-NONE"))
    assert CLOCK.due(step, MORNING, ()) is None
    assert CLOCK.due(Step("s", {"zh": "步"}, "o", ()), MORNING, ()) is None


def test_a_year_without_its_holidays_gives_no_due_time_and_stops_nobody() -> None:
    class Unknown(type(CALENDAR)):
        def add_working_ms(self, start_ms: int, working_ms: int) -> int:
            raise CalendarError("CAL-YEAR", "没有这一年。", "补文件。")

    assert Clock(Unknown()).due(step_due("working_hours", 4), MORNING, ()) is None


intervals = st.lists(
    st.tuples(st.integers(0, 3 * DAY // MINUTE), st.integers(0, 2 * DAY // MINUTE)), max_size=5
)


@settings(max_examples=200, deadline=None)
@given(
    st.sampled_from([("working_hours", 4), ("working_days", 1), ("hours", 30), ("days", 1)]),
    st.integers(0, DAY // MINUTE),
    intervals,
    st.tuples(st.integers(0, 3 * DAY // MINUTE), st.integers(0, 2 * DAY // MINUTE)),
)
def test_a_pause_more_never_makes_it_due_earlier(due, begun, given_pauses, one_more) -> None:
    step, start = step_due(*due), MORNING + begun * MINUTE

    def due_with(pauses) -> int:
        found = [
            pause(start + at * MINUTE, start + (at + length) * MINUTE, seq=place)
            for place, (at, length) in enumerate(pauses)
        ]
        moment = CLOCK.due(step, start, found)
        assert moment is not None
        return moment

    assert due_with([]) <= due_with(given_pauses) <= due_with([*given_pauses, one_more])


@settings(max_examples=150, deadline=None)
@given(intervals)
def test_at_the_due_time_exactly_the_given_working_time_has_run(given_pauses) -> None:
    found = [
        pause(MORNING + at * MINUTE, MORNING + (at + length) * MINUTE, seq=place)
        for place, (at, length) in enumerate(given_pauses)
    ]
    due = CLOCK.due(step_due("working_hours", 4), MORNING, found)
    assert due is not None
    ran = CALENDAR.working_ms(MORNING, due) - sum(
        CALENDAR.working_ms(start, min(end or due, due))
        for start, end in merged(found, MORNING)
        if start < due
    )
    assert ran == 4 * HOUR


# --- who waited for whom -----------------------------------------------------------------------


def report(matter: Matter, now: int | None = None) -> dict[str, object]:
    found = matter.procedure.waits(matter.lines, matter.now if now is None else now)
    return {wait.step: wait for wait in found}


def test_time_is_the_agencies_or_whom_it_asked_and_adds_up() -> None:
    matter = Matter(now=MORNING - MINUTE)
    matter.open()
    asked = matter.ask(after=HOUR)
    matter.answer(asked, after=2 * HOUR)
    matter.decide("border", after=0)
    matter.decide("quarantine", after=0)
    matter.decide("customs", after=HOUR)
    customs = report(matter)["customs"]
    assert (customs.working_ms, customs.paused) == (2 * HOUR, {"FIRM": 2 * HOUR})
    assert customs.waited_for == {"FIRM": 2 * HOUR}
    assert (customs.late, customs.result) == (False, "pass")
    release = report(matter, matter.now + 2 * HOUR)["release"]
    assert release.waited_for == {"customs": 4 * HOUR}, "border was done long before"
    assert (release.late, release.result) == (True, "open")


def test_overlapping_pauses_count_once_for_whoever_came_first() -> None:
    matter = Matter(now=MORNING - MINUTE)
    matter.open()
    asked = matter.ask(to="OFFICE", after=HOUR)
    held = matter.hold(after=HOUR)
    matter.answer(asked, "OFFICE", after=HOUR)
    matter.resume(held, after=HOUR)
    matter.decide("customs", after=HOUR)
    customs = report(matter)["customs"]
    assert customs.paused == {"OFFICE": 2 * HOUR, "FIRM": HOUR}
    assert customs.working_ms == 2 * HOUR


def test_a_step_not_yet_begun_waits_for_the_one_still_undecided() -> None:
    matter = Matter(now=MORNING - MINUTE)
    matter.open()
    matter.decide("customs", after=HOUR)
    matter.decide("quarantine", after=0)
    release = report(matter, MORNING + 3 * HOUR)["release"]
    assert (release.opened_at, release.result) == (None, "waiting")
    assert release.waited_for == {"border": 3 * HOUR}


def test_steps_in_turn_wait_along_the_chain_and_a_quorum_for_whom_it_needed() -> None:
    matter = Matter(procedure=panel(), thread="T-PANEL|1", now=MORNING - MINUTE)
    matter.open(parties=PANEL)
    matter.decide("first", "pro", after=HOUR)
    matter.decide("third", "pro", after=HOUR)
    matter.decide("pay", "paid", form="T-PAY", after=3 * HOUR)
    found = report(matter, matter.now + HOUR)
    assert found["sign"].waited_for == {"pay": 3 * HOUR, "third": 2 * HOUR}
    assert found["second"].result == "void"
    assert found["pay"].waited_for == {"third": 2 * HOUR}


def test_what_fell_away_waited_for_nobody_and_a_thread_unknown_has_no_report() -> None:
    matter = Matter()
    assert matter.procedure.waits([], matter.now) == []
    matter.open(parties={"office": "O", "customs": "C", "border": "B", "filer": "FIRM"})
    quarantine = report(matter)["quarantine"]
    assert (quarantine.result, quarantine.waited_for) == ("left_out", {})
    definition = matter.state.plan.definition
    assert waits(matter.lines, definition, CALENDAR, matter.now)[0].step == "customs"


@settings(max_examples=150, deadline=None)
@given(walks, st.integers(0, 3 * DAY // MINUTE))
def test_working_and_paused_time_are_all_the_working_time_there_was(moves, later) -> None:
    walk = Walk()
    for move in moves:
        walk.take(move)
    now = walk.matter.now + later * MINUTE
    for wait in walk.matter.procedure.waits(walk.matter.lines, now):
        assert all(length >= 0 for length in wait.paused.values())
        if wait.opened_at is not None:
            done = now if wait.done_at is None else wait.done_at
            passed = CALENDAR.working_ms(wait.opened_at, done)
            assert wait.working_ms + sum(wait.paused.values()) == passed
            before = sum(wait.waited_for.values()) - sum(wait.paused.values())
            assert before <= CALENDAR.working_ms(walk.matter.state.opened_at, wait.opened_at)


@pytest.mark.law(6)
def test_lateness_is_known_at_read_and_by_nothing_filed() -> None:
    matter = Matter(now=MORNING - MINUTE)
    matter.open()
    assert not report(matter, MORNING + 2 * HOUR)["border"].late
    assert report(matter, MORNING + 2 * HOUR + 1)["border"].late
