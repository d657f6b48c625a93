"""Ten-day periods 旬 and moments 急报: codes, labels, what comes before, when they open."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ortoo.kernel.forms import loader, periods
from ortoo.kernel.forms.definition import Form, FormError
from ortoo.kernel.forms.tests.small import SMALL, small_form

WEEKLY = small_form()
ZONE = "Asia/Shanghai"
DAYS = st.dates(dt.date(2015, 1, 5), dt.date(2035, 12, 31))
MINUTES = st.integers(0, 1439)
WEEKS = SMALL[SMALL.index("period_types:") : SMALL.index("respondents:")]
TENDAY = """period_types:
  - since: 2015-01-05
    kind: tenday
    opens: {days_from_end: 0, time: "08:00"}
    due: {days_from_end: 1, time: "16:00"}
"""


def form_with(types: str) -> Form:
    return loader.parse(loader.read_yaml(SMALL.replace(WEEKS, types)))


def at(ms: int) -> str:
    return dt.datetime.fromtimestamp(ms / 1000, tz=dt.UTC).isoformat()[:16]


def test_a_month_has_three_ten_day_periods_the_last_to_its_end():
    codes = [periods.tenday(dt.date(2024, 2, day)).code for day in (1, 10, 11, 20, 21, 29)]
    assert codes == [f"X2024-02-{third}" for third in (1, 1, 2, 2, 3, 3)]
    assert periods.parse("X2024-02-3").end == dt.date(2024, 2, 29)
    labels = [periods.parse(f"X2026-11-{third}").label_zh for third in (1, 2, 3)]
    assert labels == ["2026年11月上旬", "2026年11月中旬", "2026年11月下旬"]
    assert periods.parse("X2026-11-2").label_en == "2026-11 second ten days"


def test_a_ten_day_period_opens_on_its_last_day_and_is_due_the_day_after():
    form, period = form_with(TENDAY), periods.parse("X2026-11-2")
    assert at(periods.opens_at_ms(form, period, ZONE)) == "2026-11-20T00:00"
    assert at(periods.due_at_ms(form, period, ZONE)) == "2026-11-21T08:00"


def test_a_ten_day_form_begins_with_its_first_whole_period():
    form = form_with(TENDAY)
    assert periods.first_start(form.period_types[0]) == dt.date(2015, 1, 11)
    with pytest.raises(FormError, match="PERIOD-BEFORE-FORM"):
        periods.period_on(form, dt.date(2015, 1, 10))
    assert not periods.is_period_of(form, periods.parse("M2026-11"))
    assert not periods.is_period_of(WEEKLY, periods.parse("X2026-11-2"))


def test_a_ten_day_form_may_not_be_due_by_a_day_of_next_month():
    with pytest.raises(FormError, match="FORM-VALUE"):
        form_with(TENDAY.replace("due: {days_from_end: 1", "due: {month_day: 1"))


def test_a_form_cannot_be_asked_at_moments_by_its_calendar():
    with pytest.raises(FormError, match="FORM-VALUE"):
        form_with(TENDAY.replace("tenday", "moment"))


def test_a_moment_is_a_minute_of_the_civil_day():
    period = periods.moment(dt.date(2026, 11, 24), 16 * 60 + 20)
    assert period.code == "F2026-11-24-1620" and len(period.code) == 16
    assert period.label_zh == "11月24日16:20 急报"
    assert period.label_en == "flash of 2026-11-24 16:20"
    assert at(periods.opens_at_ms(WEEKLY, period, ZONE)) == "2026-11-24T08:20"
    assert at(periods.due_at_ms(WEEKLY, period, ZONE)) == "2026-11-24T16:00"


def test_a_moment_is_a_period_of_any_form_in_force():
    assert periods.is_period_of(WEEKLY, periods.parse("F2026-11-24-0000"))
    assert periods.is_period_of(form_with(TENDAY), periods.parse("F2026-11-24-2359"))
    assert not periods.is_period_of(WEEKLY, periods.parse("F2014-11-24-0800"))


def test_before_a_moment_is_the_last_period_that_had_ended():
    moment = periods.parse("F2026-11-24-1620")
    assert periods.period_on(WEEKLY, moment.start).code == "W2026-11-21"
    assert periods.previous_on(WEEKLY, moment).code == "W2026-11-14"
    assert periods.year_before_on(WEEKLY, moment).contains(dt.date(2025, 11, 24))


@pytest.mark.parametrize(
    "code",
    ["X2026-11", "X2026-11-0", "X2026-11-4", "X2026-13-1", "M2026-11-1", "F2026-11-24",
     "F2026-11-24-2400", "F2026-11-24-1260", "F2026-02-30-1200", "X2026-11-1 ", "W２026-11-14"],
)  # fmt: skip
def test_a_code_that_names_no_ten_days_or_moment_is_refused(code):
    with pytest.raises(FormError, match="PERIOD-CODE"):
        periods.parse(code)


def test_an_ordered_type_is_said_so_and_others_are_not():
    assert form_with(TENDAY + "    ordered: true\n").period_types[0].ordered
    assert not WEEKLY.period_types[-1].ordered


@given(DAYS)
def test_every_day_lies_in_its_ten_days_and_the_code_reads_back(day):
    period = periods.tenday(day)
    assert period.contains(day) and 8 <= period.days <= 11
    assert periods.parse(period.code) == period
    assert period.previous().next() == period == period.next().previous()
    assert period.previous().end + dt.timedelta(days=1) == period.start
    assert period.year_before().third == period.third
    assert periods.previous_on(form_with(TENDAY), period) in (None, period.previous())


@given(DAYS, MINUTES, MINUTES)
def test_moments_read_back_and_sort_by_their_clock(day, minute, other):
    period = periods.moment(day, minute)
    assert periods.parse(period.code) == period
    assert period.previous().next() == period
    assert (period < periods.moment(day, other)) is (minute < other)
    assert periods.day_of(day) < period
    assert period.year_before().minute == minute
    assert period != periods.day_of(day)
