"""Law 15: reads leave a chain of hashes whose daily root is filed."""

from __future__ import annotations

import json
from datetime import date

import pytest
from django.db import connection

from ortoo.kernel.filings import read
from ortoo.kernel.grants import access
from ortoo.kernel.grants.models import AccessEntry
from ortoo.kernel.grants.registration import register_grant_forms
from ortoo.kernel.grants.scope import PUBLIC, SYSTEM

pytestmark = pytest.mark.django_db
DAY_MS = 86_400_000
NOON = 1_795_000_000_000 - 1_795_000_000_000 % DAY_MS + 4 * 3_600_000  # 12:00 in Asia/Shanghai
DAY = date(2026, 11, 18)


@pytest.fixture(autouse=True)
def _forms() -> None:
    register_grant_forms()


def reads(*days: int, count: int = 3) -> None:
    for day in days:
        for number in range(count):
            access.record(SYSTEM, "returns", f"P{number}", number, now_ms=NOON + day * DAY_MS)


def tamper(sql: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql)


@pytest.mark.law(15)
def test_an_untouched_day_verifies(db) -> None:
    reads(0)
    verdict = access.verify_day(DAY)
    assert verdict.ok
    assert verdict.entries == 3
    assert verdict.root == access.daily_root(DAY)


@pytest.mark.law(15)
@pytest.mark.parametrize(
    "change",
    [
        "UPDATE kernel_access_entry SET login = 'other' WHERE id = {second}",
        "UPDATE kernel_access_entry SET rows = 0 WHERE id = {third}",
        "UPDATE kernel_access_entry SET purpose = 'x' WHERE id = {first}",
        "DELETE FROM kernel_access_entry WHERE id = {second}",
        "DELETE FROM kernel_access_entry WHERE id = {first}",
    ],
)
def test_a_changed_or_dropped_entry_breaks_the_chain(change: str) -> None:
    reads(0)
    ids = AccessEntry.objects.order_by("id").values_list("id", flat=True)
    tamper(change.format(**dict(zip(("first", "second", "third"), ids, strict=True))))
    verdict = access.verify_day(DAY)
    assert not verdict.ok
    assert verdict.broken_at is not None


@pytest.mark.law(15)
def test_dropping_the_last_entry_contradicts_the_filed_root(db) -> None:
    reads(0)
    access.file_finished_days(now_ms=NOON + DAY_MS)
    assert access.verify_day(DAY).ok
    tamper("DELETE FROM kernel_access_entry WHERE id = (SELECT MAX(id) FROM kernel_access_entry)")
    verdict = access.verify_day(DAY)
    assert verdict.broken_at is None
    assert not verdict.ok


@pytest.mark.law(15)
def test_every_finished_day_is_filed_once_without_a_gap(db) -> None:
    reads(0, 3)
    now = NOON + 4 * DAY_MS
    receipts = access.file_finished_days(now_ms=now)
    bodies = [json.loads(row.body) for row in read.rows("form = 'K-ACCESS'", [])]
    assert [body["day"] for body in bodies] == [f"2026-11-{day}" for day in (18, 19, 20, 21)]
    assert [body["entries"] for body in bodies] == [3, 0, 0, 3]
    assert len(receipts) == 4
    assert access.file_finished_days(now_ms=now) == []
    assert access.verify_day(date(2026, 11, 19)).ok


def test_today_is_not_filed_before_it_is_over(db) -> None:
    reads(0)
    assert access.file_finished_days(now_ms=NOON + 3_600_000) == []


def test_entries_cannot_be_changed_through_the_model(db) -> None:
    reads(0)
    with pytest.raises(TypeError):
        AccessEntry.objects.all().delete()
    with pytest.raises(TypeError):
        AccessEntry.objects.filter(login="SYSTEM").update(login="other")


def test_a_stranger_stands_in_the_log_as_the_public(db) -> None:
    entry = access.record(PUBLIC, "bulletin", "2026", 1, "x" * 500, now_ms=NOON)
    assert entry.login == "public"
    assert len(entry.purpose) == 200
    assert access.verify_day(DAY).ok
