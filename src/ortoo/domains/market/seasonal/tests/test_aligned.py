"""The year before by the lunar calendar about festivals, by the civil one elsewhere."""

from __future__ import annotations

import datetime as dt
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ortoo.domains.market import lunar
from ortoo.domains.market.seasonal.aligned import festival_of, is_festive, year_before
from ortoo.kernel.forms import registry
from ortoo.kernel.forms.periods import Period, parse, period_on, week, year_before_on

FORM = "SCJC-W1"


def weeks(first: dt.date, count: int) -> list[Period]:
    return [week(first + dt.timedelta(days=7 * at)) for at in range(count)]


def test_the_week_of_the_festival_stands_against_the_days_of_the_same_lunar_name() -> None:
    now = parse("W2026-02-14")
    twin = year_before(registry.get(FORM), now)
    assert twin is not None and twin.festival == "春节"
    # 腊月廿七—正月初四: a year before 26 January – 1 February, in two Saturday–Friday weeks.
    assert (twin.first, twin.last) == (dt.date(2025, 1, 26), dt.date(2025, 2, 1))
    assert [(one.code, days) for one, days in twin.parts] == [
        ("W2025-01-25", 6), ("W2025-02-01", 1)
    ]  # fmt: skip
    assert "腊月廿七—正月初四" in twin.words
    assert "2025年1月26日—2月1日" in twin.words
    assert "占6天" in twin.words and "占1天" in twin.words


def test_the_mean_of_two_weeks_is_weighted_by_their_days_and_unknown_with_either() -> None:
    now = parse("W2026-02-14")
    twin = year_before(registry.get(FORM), now)
    assert twin is not None
    values = {"W2025-01-25": Fraction(100), "W2025-02-01": Fraction(170)}
    assert twin.mean(lambda period: values.get(period.code)) == 110
    del values["W2025-02-01"]
    assert twin.mean(lambda period: values.get(period.code)) is None


def test_outside_the_windows_it_is_the_ordinary_year_before() -> None:
    form, now = registry.get(FORM), parse("W2026-07-04")
    twin = year_before(form, now)
    assert twin is not None and not twin.by_lunar
    assert twin.parts == ((year_before_on(form, now), 7),)
    assert "农历" not in twin.words


@pytest.mark.parametrize(
    ("middle", "festival"),
    [((2026, 1, 27), ""), ((2026, 1, 28), "春节"), ((2026, 3, 15), "春节"), ((2026, 3, 16), ""),
     ((2026, 6, 19), "端午"), ((2026, 9, 25), "中秋"), ((2026, 10, 2), "")],
)  # fmt: skip
def test_a_window_begins_and_ends_on_its_own_days(
    middle: tuple[int, int, int], festival: str
) -> None:
    day = dt.date(*middle)
    assert festival_of(day) == festival
    assert is_festive(week(day - dt.timedelta(days=3))) is bool(festival)


def test_a_day_stands_against_the_day_and_a_month_against_the_month() -> None:
    days = [Period("day", day, day) for day in (dt.date(2025, 1, 29), dt.date(2025, 2, 17))]
    now = Period("day", dt.date(2026, 2, 17), dt.date(2026, 2, 17))
    twin = year_before([*days, now], now)
    assert twin is not None and twin.by_lunar
    assert twin.parts == ((days[0], 1),)
    month = parse("M2026-02")
    before = year_before([parse("M2025-02"), month], month)
    assert before is not None and not before.by_lunar
    assert before.parts[0][0].code == "M2025-02"


def test_of_listed_periods_only_those_listed_are_taken() -> None:
    listed = weeks(dt.date(2025, 1, 25), 1)
    twin = year_before(listed, parse("W2026-02-14"))
    assert twin is not None
    assert twin.mean(lambda period: Fraction(1)) is None
    assert year_before([], parse("W2026-02-14")) is None


def test_weeks_of_another_first_day_a_year_ago_share_the_days_out() -> None:
    # 2024 ran Monday–Sunday: 腊月廿七 … of the first Saturday–Friday year lie in two of its weeks.
    monday = weeks(dt.date(2024, 1, 1), 20)
    twin = year_before(monday, parse("W2025-01-25"))
    assert twin is not None and twin.by_lunar
    assert sum(days for _, days in twin.parts) == 7
    assert all(period.start.weekday() == 0 for period, _ in twin.parts)


def test_beyond_the_lunar_table_it_is_the_ordinary_year_before() -> None:
    listed = weeks(dt.date(2043, 1, 5), 120)
    twin = year_before(listed, week(dt.date(2044, 1, 25)))
    assert twin is not None and not twin.by_lunar


def test_where_both_are_the_same_period_it_is_the_ordinary_one() -> None:
    # 端午 2017-05-30 and 2016-06-09; a year in which both fall alike is said as 同比 only.
    seen = set()
    form = registry.get(FORM)
    for start in (dt.date(2025, 2, 1) + dt.timedelta(days=7 * at) for at in range(120)):
        twin = year_before(form, period_on(form, start))
        common = year_before_on(form, period_on(form, start))
        if twin is not None and twin.by_lunar:
            assert [one for one, _ in twin.parts] != [common]
        seen.add(bool(twin and twin.by_lunar))
    assert seen == {True, False}


@given(st.dates(dt.date(2017, 1, 2), dt.date(2034, 1, 1)))
def test_every_compared_day_has_the_lunar_month_of_the_day_it_stands_for(day: dt.date) -> None:
    now = week(day)
    twin = year_before(weeks(day - dt.timedelta(days=7 * 60), 61), now)
    assert twin is not None
    assert sum(days for _, days in twin.parts) == 7
    if twin.by_lunar:
        for one in (now.start, now.end):
            before = lunar.last_lunar_year(one)
            assert before is not None and any(p.contains(before) for p, _ in twin.parts)
