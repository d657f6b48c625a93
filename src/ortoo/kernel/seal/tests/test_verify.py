"""Laws 2, 3 and 8: nothing of the record can be changed without verification saying so."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ortoo.kernel.filings.tests.history import FIRMS, NOW, RECORDS, History
from ortoo.kernel.seal import contacts, log
from ortoo.kernel.seal.verify import verify

DERIVED = ("kernel_thread_entry", "kernel_duty", "kernel_posting")


def columns() -> list[tuple[str, str]]:
    from django.apps import apps

    by_table = {model._meta.db_table: model for model in apps.get_app_config("kernel").get_models()}
    return [
        (table, field.column)
        for table in (*RECORDS, *DERIVED)
        for field in by_table[table]._meta.fields
        if field.column
    ]


@pytest.fixture
def lived(history: History) -> History:
    history.life()
    log.checkpoint(now_ms=NOW + 100)
    history.move()
    log.checkpoint(now_ms=NOW + 200)
    return history


def rows_of(table: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT COUNT(*) FROM {table}")
        return cursor.fetchone()[0]


def altered(value: Any, at: int = 0) -> Any:
    """The value with one thing about it changed, of the same type."""
    if value is None:
        return 1
    if isinstance(value, int):
        return value + 1000 + at % 5  # far enough to meet no other row's key
    if isinstance(value, bytes):
        at = at % max(len(value), 1)
        return value[:at] + bytes([(value[at] if value else 0) ^ 1]) + value[at + 1 :]
    at = at % (len(value) + 1)
    return value[:at] + "改" + value[at + 1 :]


def tamper(table: str, column: str, row: int, at: int = 0) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT rowid, {column} FROM {table} ORDER BY rowid LIMIT 1 OFFSET {row}")
        rowid, value = cursor.fetchone()
        if isinstance(value, memoryview):
            value = bytes(value)
        if column == "original" and value is None:
            value = bytes(32)
        cursor.execute(
            f"UPDATE {table} SET {column} = %s WHERE rowid = %s", [altered(value, at), rowid]
        )


@pytest.mark.law(8)
def test_an_untouched_record_has_no_findings(lived: History) -> None:
    said: list[str] = []
    assert verify(say=said.append) == []
    assert said


@pytest.mark.django_db
def test_an_empty_record_has_no_findings(history: History) -> None:
    assert verify() == []


@pytest.mark.law(2)
@pytest.mark.parametrize(("table", "column"), columns())
def test_a_change_in_any_column_of_any_record_is_found(
    lived: History, table: str, column: str
) -> None:
    if connection.vendor != "sqlite":
        pytest.skip("alters rows by SQLite's rowid")
    for row in range(rows_of(table)):
        with transaction.atomic():
            tamper(table, column, row)
            assert verify(), (table, column, row)
            transaction.set_rollback(True)


@pytest.mark.law(2)
@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    derandomize=True,
)
@given(st.data())
def test_a_random_change_is_found(lived: History, data: st.DataObject) -> None:
    if connection.vendor != "sqlite":
        pytest.skip("alters rows by SQLite's rowid")
    table, column = data.draw(st.sampled_from(columns()))
    row = data.draw(st.integers(0, rows_of(table) - 1))
    with transaction.atomic():
        tamper(table, column, row, data.draw(st.integers(0, 5000)))
        assert verify(), (table, column, row)
        transaction.set_rollback(True)


@pytest.mark.law(8)
@pytest.mark.parametrize("table", [*RECORDS, *DERIVED])
def test_a_dropped_row_is_found(lived: History, table: str) -> None:
    if connection.vendor != "sqlite":
        pytest.skip("drops rows by SQLite's rowid")
    if table == "kernel_checkpoint":
        pytest.skip("the newest checkpoint may go: only one kept elsewhere tells")
    row_id = "rowid" if connection.vendor == "sqlite" else "ctid"
    for row in range(rows_of(table)):
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute(
                    f"DELETE FROM {table} WHERE {row_id} ="
                    f" (SELECT {row_id} FROM {table} ORDER BY {row_id} LIMIT 1 OFFSET {row})"
                )
            assert verify(), (table, row)
            transaction.set_rollback(True)


@pytest.mark.law(8)
def test_a_dropped_earlier_checkpoint_is_found(lived: History) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM kernel_checkpoint WHERE size = (SELECT MIN(size) FROM kernel_checkpoint)"
        )
    assert {finding.code for finding in verify()} == {"VERIFY-CHECKPOINT"}


@pytest.mark.law(8)
def test_a_log_cut_short_with_everything_that_hangs_on_it_contradicts_a_kept_checkpoint(
    history: History,
) -> None:
    history.register(sealed=False)
    history.move()
    kept = log.checkpoint(now_ms=NOW).note
    assert verify(checkpoint_note=kept) == []
    with connection.cursor() as cursor:
        for table in ("filing", "leaf", "posting"):
            cursor.execute(f"DELETE FROM kernel_{table} WHERE seq = 2")
        cursor.execute("DELETE FROM kernel_checkpoint")
        cursor.execute("UPDATE kernel_log_tail SET size = 1")
    assert verify() == []
    assert [finding.code for finding in verify(checkpoint_note=kept)] == ["VERIFY-KEPT"]


def test_a_kept_checkpoint_of_another_log_is_not_believed(
    lived: History, tmp_path, settings
) -> None:
    note = log.checkpoint(now_ms=NOW).note
    settings.LOG_ORIGIN = "elsewhere.example/log"
    assert "VERIFY-KEPT" in {finding.code for finding in verify(checkpoint_note=note)}


@pytest.mark.law(3)
def test_an_erased_person_leaves_the_record_clean_and_the_value_unreadable(
    lived: History,
) -> None:
    from ortoo.kernel.filings.projection import catch_up

    catch_up()
    assert contacts.reveal(FIRMS[0]) == contacts.Person("乌兰其其格", "13900001111")
    receipt = contacts.erase_contact(
        party=FIRMS[0], by="SYSTEM", actor="account:op", basis="本人申请", now_ms=NOW + 300
    )
    assert receipt is not None
    assert contacts.reveal(FIRMS[0]) is None
    assert verify() == []


@pytest.mark.law(3)
def test_a_lost_key_is_not_an_erasure(lived: History) -> None:
    import sqlite3

    with sqlite3.connect(contacts.subject_keys().path) as keys:
        keys.execute("DELETE FROM subject_key")
    assert {finding.code for finding in verify()} == {"VERIFY-SEALED"}
