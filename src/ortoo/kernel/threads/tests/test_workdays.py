"""Working time: notices, make-up Saturdays, holidays that cost nothing, years nobody knows."""

from __future__ import annotations

import time
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ortoo.kernel.filings.refusal import Refused
from ortoo.kernel.threads.calendar_files import (
    SHIPPED,
    Calendars,
    active_calendars,
    calendar_of,
    load_notice,
    parse_notice,
    read_calendars,
)
from ortoo.kernel.threads.workdays import MINUTE_MS, CalendarError
from ortoo.world.calendar import make_up_days

ZONE = ZoneInfo("Asia/Shanghai")
CALENDARS = read_calendars()
CN = CALENDARS["CN"]
ALWAYS = CALENDARS["always"]
FIRST = int(datetime(2020, 1, 1, tzinfo=ZONE).timestamp() * 1000)
LAST = int(datetime(2026, 6, 30, tzinfo=ZONE).timestamp() * 1000)
moments = st.integers(FIRST, LAST)


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=ZONE).timestamp() * 1000)


def told(moment: int) -> str:
    return datetime.fromtimestamp(moment / 1000, ZONE).strftime("%Y-%m-%d %H:%M")


@given(moments, st.integers(0, 40_000))
def test_adding_minutes_and_measuring_them_gives_the_minutes_back(start: int, minutes: int) -> None:
    end = CN.add_working_minutes(start, minutes)
    assert end >= start
    assert CN.working_ms(start, end) == minutes * MINUTE_MS


@given(moments, st.integers(1, 40_000))
def test_the_moment_found_is_the_earliest_one(start: int, minutes: int) -> None:
    end = CN.add_working_minutes(start, minutes)
    assert CN.working_ms(start, end - 1) == minutes * MINUTE_MS - 1


@given(moments, st.integers(1, 20_000))
def test_counting_back_from_a_due_time_leaves_exactly_the_minutes(due: int, minutes: int) -> None:
    if CN.working_ms(FIRST, due) < minutes * MINUTE_MS:
        return
    warned = CN.add_working_minutes(due, -minutes)
    assert CN.working_ms(warned, due) == minutes * MINUTE_MS
    assert CN.working_ms(warned + 1, due) == minutes * MINUTE_MS - 1


@given(moments, moments, moments)
def test_time_spent_in_two_stretches_adds_up(a: int, b: int, c: int) -> None:
    a, b, c = sorted((a, b, c))
    assert CN.working_ms(a, b) + CN.working_ms(b, c) == CN.working_ms(a, c)


@given(moments, st.integers(0, 30 * 1440))
def test_bisection_agrees_with_counting_minute_by_minute(start: int, minutes: int) -> None:
    """The oracle walks days and windows without any precomputed table."""
    start -= start % MINUTE_MS
    end = start + minutes * MINUTE_MS
    spent = 0
    day = CN.day_of(start)
    while day <= CN.day_of(end):
        midnight = at(day.isoformat())
        if CN.is_working_day(day):
            for opens, closes in ((510, 720), (870, 1050)):
                low = max(start, midnight + opens * MINUTE_MS)
                spent += max(0, min(end, midnight + closes * MINUTE_MS) - low)
        day += timedelta(days=1)
    assert CN.working_ms(start, end) == spent


def test_a_make_up_saturday_counts_as_a_working_day() -> None:
    # 2026-02-14 is a Saturday that is worked; the holiday begins on the 15th.
    assert date(2026, 2, 14).weekday() == 5
    assert CN.is_working_day(date(2026, 2, 14))
    assert CN.reason_of(date(2026, 2, 14)) == "调休上班"
    assert CN.working_minutes(at("2026-02-14"), at("2026-02-15")) == 390
    assert told(CN.add_working_days(at("2026-02-13 10:00"), 1)) == "2026-02-14 17:30"


def test_a_clock_that_stands_over_a_holiday_loses_nothing() -> None:
    eve, back = at("2026-09-30 17:30"), at("2026-10-08 08:30")
    assert CN.working_ms(eve, back) == 0
    assert told(CN.add_working_minutes(at("2026-09-30 17:00"), 60)) == "2026-10-08 09:00"
    assert CN.reason_of(date(2026, 10, 1)) == "国庆节"


def test_lunch_costs_nothing_and_a_deadline_at_noon_stays_at_noon() -> None:
    assert told(CN.add_working_minutes(at("2026-11-23 11:00"), 60)) == "2026-11-23 12:00"
    assert told(CN.add_working_minutes(at("2026-11-23 11:00"), 61)) == "2026-11-23 14:31"
    assert told(CN.add_working_minutes(at("2026-11-23 15:00"), -60)) == "2026-11-23 11:30"


def test_the_day_a_period_begins_is_not_counted_and_its_last_ends_with_business() -> None:
    """民法典 201, 203."""
    assert told(CN.add_working_days(at("2026-11-20 08:00"), 3)) == "2026-11-25 17:30"
    assert told(CN.add_working_days(at("2026-11-21 08:00"), 0)) == "2026-11-23 17:30"
    assert told(CN.add_days(at("2026-11-20 08:00"), 1)) == "2026-11-24 00:00"
    assert told(ALWAYS.add_days(at("2026-11-20 08:00"), 1)) == "2026-11-22 00:00"


@pytest.mark.parametrize("year", range(2021, 2027))
def test_each_year_has_the_working_days_the_law_leaves(year: int) -> None:
    """全国年节及纪念日放假办法: 11 statutory days, 13 from 2025 on."""
    days = [date(year, 1, 1) + timedelta(days=n) for n in range(366)]
    weekdays = sum(day.year == year and day.weekday() < 5 for day in days)
    worked = CN.working_days(date(year, 1, 1), date(year, 12, 31))
    assert weekdays - worked == (13 if year >= 2025 else 11)


def test_2020_has_two_days_more_off_by_the_notice_that_extended_the_holiday() -> None:
    # Friday 31 January was given, and Saturday 1 February was no longer to be worked.
    assert 262 - CN.working_days(date(2020, 1, 1), date(2020, 12, 31)) == 11 + 2


@pytest.mark.parametrize("year", range(2020, 2027))
def test_the_two_tables_of_make_up_days_agree(year: int) -> None:
    mine = next(row for row in CALENDARS.years_of("CN") if row.year == year)
    assert set(mine.work) == {made.on for made in make_up_days(year)}


def test_an_unknown_year_is_an_error_and_never_weekends_only() -> None:
    for asked in (
        lambda: CN.is_working_day(date(2027, 1, 4)),
        lambda: CN.add_working_minutes(at("2026-12-31 17:00"), 31),
        lambda: CN.add_working_days(at("2026-12-31 09:00"), 1),
        lambda: CN.working_ms(at("2026-12-30"), at("2027-01-02")),
        lambda: CN.add_working_minutes(at("2019-05-05"), 1),
        lambda: CN.add_working_minutes(at("2020-01-02 08:31"), -2),
        lambda: CN.add_days(at("2026-12-31"), 1),
    ):
        with pytest.raises(Refused) as refused:
            asked()
        assert refused.value.code == "CAL-YEAR"
        assert refused.value.remedy
    assert told(CN.add_working_minutes(at("2026-12-31 17:00"), 30)) == "2026-12-31 17:30"


def test_a_port_that_never_closes_needs_no_notice() -> None:
    start = at("2031-02-01 03:00")
    assert told(ALWAYS.add_working_minutes(start, 90)) == "2031-02-01 04:30"
    assert ALWAYS.working_minutes(start, start + 90 * MINUTE_MS) == 90
    assert ALWAYS.unverified(start, start) == ()


NOTICE = """
calendar = "CN"
[[years]]
year = 2027
source = "试验用通知"
verified = false
holidays = [{ name = "元旦", from = 2026-12-31, to = 2027-01-03 }]
work = [2027-01-09]
"""


def test_a_notice_dropped_into_a_folder_opens_its_year(tmp_path: Path) -> None:
    (tmp_path / "cn_2027.toml").write_text(NOTICE, encoding="utf-8")
    with_2027 = read_calendars([SHIPPED, tmp_path])["CN"]
    assert told(with_2027.add_working_days(at("2026-12-30 09:00"), 1)) == "2027-01-04 17:30"
    assert with_2027.working_minutes(at("2027-01-09"), at("2027-01-10")) == 390
    assert with_2027.unverified(at("2027-01-05"), at("2027-02-01"))[0].startswith("2027 年")
    assert "2027" not in "".join(CN.unverified(at("2026-01-05"), at("2026-02-01")))
    added = CALENDARS.with_notice(load_notice(tmp_path / "cn_2027.toml"))
    assert added["CN"].is_working_day(date(2027, 1, 9))
    with pytest.raises(CalendarError):
        CN.is_working_day(date(2027, 1, 9))


def test_a_setting_names_notices_and_the_place_pack_the_time_zone(
    tmp_path: Path, settings: object
) -> None:
    (tmp_path / "cn_2027.toml").write_text(NOTICE, encoding="utf-8")
    assert 2027 not in {row.year for row in active_calendars().years_of("CN")}
    settings.WORK_CALENDARS = [str(tmp_path / "cn_2027.toml")]
    assert 2027 in {row.year for row in active_calendars().years_of("CN")}
    found = calendar_of("CN", "150000")
    assert found is not None and found.zone == "Asia/Shanghai"
    assert calendar_of("XX", "") is None


def test_dated_office_hours_are_kept_in_their_season_only() -> None:
    hours = [
        {"office": "", "windows": ["09:00-17:00"], "source": "s", "verified": True},
        {"office": "gate", "windows": ["00:00-24:00"], "source": "s", "verified": True},
        {
            "office": "",
            "windows": ["09:00-12:00", "15:00-18:00"],
            "source": "s",
            "verified": False,
            "from": date(2027, 5, 1),
            "to": date(2027, 9, 30),
        },
    ]
    year = {"year": 2027, "source": "s", "verified": True}
    data = {"calendar": "T", "weekend": ["sunday"], "hours": hours, "years": [year]}
    summer = Calendars([parse_notice(data)])
    assert told(summer["T"].add_working_days(at("2027-04-29"), 1)) == "2027-04-30 17:00"
    assert told(summer["T"].add_working_days(at("2027-04-30"), 1)) == "2027-05-01 18:00"
    assert summer["T/gate"].working_minutes(at("2027-05-01"), at("2027-05-03")) == 1440
    assert summer["T"].unverified(at("2027-01-01"), at("2027-02-01")) == ()
    assert len(summer["T"].unverified(at("2027-01-01"), at("2027-06-01"))) == 1
    with pytest.raises(CalendarError):
        summer["T/nobody"]


BROKEN = {
    "CAL-KEY": {"calendar": "X", "weekends": []},
    "CAL-VALUE": {"calendar": "X", "weekend": ["sat"]},
    "CAL-DAY": {
        "calendar": "X",
        "years": [{"year": 2027, "source": "s", "verified": True, "work": [date(2027, 1, 4)]}],
    },
    "CAL-HOURS": {
        "calendar": "X",
        "weekend": ["sunday"],
        "hours": [{"office": "", "windows": ["14:00-12:00"], "source": "s", "verified": True}],
    },
}


@pytest.mark.parametrize("code", BROKEN)
def test_a_broken_calendar_says_by_which_rule_it_is_broken(code: str) -> None:
    with pytest.raises(CalendarError) as refused:
        parse_notice(BROKEN[code], "x.toml")
    assert refused.value.code == code


def test_a_notice_for_no_calendar_or_a_year_said_twice_is_refused() -> None:
    year = {"year": 2026, "source": "s", "verified": True}
    for calendar, code in (("ZZ", "CAL-UNKNOWN"), ("CN", "CAL-TWICE")):
        with pytest.raises(CalendarError) as refused:
            CALENDARS.with_notice(parse_notice({"calendar": calendar, "years": [year]}))
        assert refused.value.code == code


def test_what_nobody_verified_is_said() -> None:
    assert any("办公时间" in said for said in CALENDARS.unverified()["CN"])
    assert CN.unverified(at("2026-11-23"), at("2026-11-24"))


def test_a_hundred_thousand_deadlines_take_less_than_two_seconds() -> None:
    CN.add_working_minutes(FIRST, 1)
    begun = time.process_time()
    for n in range(100_000):
        CN.add_working_minutes(FIRST + n * MINUTE_MS, 2_000)
    assert time.process_time() - begun < 2
