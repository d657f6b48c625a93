"""Periods of partitions; the rest of partitions is in tests/postgresql/test_partitions.py."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

from ortoo.kernel.filings import partitions
from ortoo.kernel.filings.refusal import Refused

moments = st.integers(0, 4_000_000_000_000)


def at(text: str) -> int:
    zone = ZoneInfo("Asia/Shanghai")
    return int(dt.datetime.fromisoformat(text).replace(tzinfo=zone).timestamp() * 1000)


@pytest.mark.parametrize(
    ("moment", "year", "quarter"),
    [
        ("2026-12-31 23:59", "2026", "2026q4"),
        ("2027-01-01 00:00", "2027", "2027q1"),
        ("2027-03-31 23:59", "2027", "2027q1"),
        ("2027-04-01 00:00", "2027", "2027q2"),
    ],
)
def test_a_period_begins_at_midnight_of_the_installations_time_zone(
    moment: str, year: str, quarter: str
) -> None:
    assert partitions.period_of(at(moment), "year") == year
    assert partitions.period_of(at(moment), "quarter") == quarter


@given(moments, st.sampled_from(["year", "quarter"]))
def test_a_moment_lies_in_the_period_that_has_begun_last(now_ms: int, length) -> None:
    period = partitions.period_of(now_ms, length)
    begun = partitions.begins_at_ms(period)
    assert begun <= now_ms
    assert partitions.period_of(begun, length) == period
    assert begun == 0 or partitions.period_of(begun - 1, length) != period


@pytest.mark.parametrize("name", ["26", "2026q5", "2026Q1", "2026; DROP TABLE x", "", "0999"])
def test_what_is_no_period_is_refused(name: str) -> None:
    with pytest.raises(Refused, match="PARTITION-NAME"):
        partitions.begins_at_ms(name)


def test_a_length_that_is_not_known_is_refused(settings) -> None:
    settings.PARTITION_PERIOD = "month"
    with pytest.raises(Refused, match="PARTITION-LENGTH"):
        partitions.period_of(0)


@pytest.mark.skipif(connection.vendor != "sqlite", reason="what is said where partitions are not")
def test_sqlite_says_that_it_has_no_partitions() -> None:
    for work in (partitions.listing, partitions.faults, lambda: partitions.due(0)):
        with pytest.raises(Refused, match="PARTITION-NONE"):
            work()
