from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ortoo.kernel.forms import periods
from ortoo.kernel.forms.definition import FormError
from ortoo.kernel.forms.tests.small import small_form

FORM = small_form()
DAYS = st.dates(dt.date(2015, 1, 5), dt.date(2035, 12, 31))


def test_a_saturday_week_is_numbered_with_its_working_days():
    period = periods.period_on(FORM, dt.date(2026, 11, 16))
    assert period.code == "W2026-11-14"
    assert period.label_zh == "2026年第47周（11月14日—20日）"
    assert periods.parse("W2026-12-26").label_zh == "2026年第53周（12月26日—1月1日）"


def test_before_the_change_a_week_began_on_monday():
    assert periods.period_on(FORM, dt.date(2024, 11, 16)).start == dt.date(2024, 11, 11)


def test_the_old_type_runs_its_last_week_out_and_the_break_is_named():
    assert periods.period_on(FORM, dt.date(2025, 1, 3)).start == dt.date(2024, 12, 30)
    assert periods.period_on(FORM, dt.date(2025, 1, 4)).start == dt.date(2025, 1, 4)
    assert periods.series_breaks(FORM) == (dt.date(2025, 1, 4),)
    first = periods.parse("W2025-01-04")
    assert periods.previous_on(FORM, first).code == "W2024-12-30"


def test_the_same_week_last_year_crosses_the_break():
    period = periods.parse("W2025-06-07")
    assert period.year_before().start == dt.date(2024, 6, 8)
    assert periods.year_before_on(FORM, period).code == "W2024-06-10"


def test_a_return_is_due_after_its_period_has_ended():
    period = periods.parse("W2026-11-14")
    due = dt.datetime.fromtimestamp(
        periods.due_at_ms(FORM, period, "Asia/Shanghai") / 1000, tz=dt.UTC
    )
    assert due.isoformat() == "2026-11-23T04:00:00+00:00"
    assert periods.opens_at_ms(FORM, period, "Asia/Shanghai") < due.timestamp() * 1000


@pytest.mark.parametrize("code", ["", "W2026-13-01", "M2026-00", "2026-11-14", "W2026-11-14x"])
def test_a_code_that_is_no_period_is_refused(code):
    with pytest.raises(FormError, match="PERIOD-CODE"):
        periods.parse(code)


def test_a_day_before_the_form_has_no_period():
    with pytest.raises(FormError, match="PERIOD-BEFORE-FORM"):
        periods.period_on(FORM, dt.date(2015, 1, 4))


def test_leap_day_compares_with_the_28th():
    assert periods.parse("D2024-02-29").year_before().code == "D2023-02-28"


@given(DAYS)
def test_every_day_lies_in_its_period_and_the_code_reads_back(day):
    period = periods.period_on(FORM, day)
    assert period.contains(day)
    assert periods.parse(period.code) == period
    assert periods.is_period_of(FORM, period)


@given(DAYS, st.sampled_from(["week", "month", "day"]))
def test_next_undoes_previous(day, kind):
    make = {"week": periods.week, "month": periods.month, "day": periods.day_of}[kind]
    assert make(day).previous().next() == make(day)
    assert make(day).previous().end + dt.timedelta(days=1) == make(day).start
