"""A full disk, a failing one, one that may only be read, a clock set back: coded, nothing lost."""

from __future__ import annotations

import errno
import sqlite3
from typing import Any

import pytest
from django.db import OperationalError

from ortoo.kernel.filings.barrier import BarrierBroken
from ortoo.kernel.filings.storage import refusal_of

from .running import scenarios

pytestmark = pytest.mark.law(16)
UNSURE, FULL, FAILED = "STORAGE-UNSURE", "STORAGE-FULL", "STORAGE-FAILED"


@pytest.fixture(scope="module")
def seen() -> dict[str, Any]:
    """Every scenario but the slow ones, run once in a process of its own."""
    return scenarios()


def test_on_a_full_disk_the_caller_is_told_so_and_nothing_acknowledged_is_lost(seen):
    full = seen["disk-full"]
    assert FULL in full["codes"] and full["statuses"] == [507]
    assert not [code for code in full["codes"] if code.startswith("raw")]
    assert full["remedies"]
    assert full["kept"]["sound"] and full["kept"]["told"] > 50
    assert all(cut["sound"] for cut in full["cuts"])


@pytest.mark.parametrize(
    ("scenario", "first"), [("sync-out-of-space", FULL), ("sync-input-output-error", FAILED)]
)
def test_after_a_failed_sync_nothing_is_taken_until_the_server_is_started_again(
    seen, scenario, first
):
    found = seen[scenario]
    assert found["codes"] == ["", first, UNSURE, UNSURE]
    assert found["again"] == ["", "", "", ""]
    # Committed but not acknowledged: sent again it is the same filing. Refused before: it is new.
    assert found["repeated"] == [True, True, False, False]
    assert all(cut["told"] == 4 and cut["sound"] for cut in found["cuts"])


def test_a_restart_that_did_not_settle_would_acknowledge_what_is_nowhere(seen):
    assert not all(cut["sound"] for cut in seen["restart-without-settling"]["cuts"])


def test_a_sync_that_fails_inside_sqlite_stops_the_barrier_too(seen):
    found = seen["checkpoint-sync-fails"]
    assert found["codes"] == ["", FAILED, UNSURE]
    assert found["again"] == ["", "", ""] and found["kept"]["sound"]


def test_on_a_disk_that_may_only_be_read_filing_is_refused_and_works_again_afterwards(seen):
    found = seen["read-only"]
    assert (found["before"], found["code"], found["again"]) == ("", "STORAGE-READONLY", "")
    assert found["kept"]["sound"]


@pytest.mark.law(8)
def test_with_the_clock_set_back_order_is_the_logs_and_receipts_carry_the_machines_time(seen):
    found = seen["clock-set-back"]
    assert found["order"] == [1, 2, 3, 4, 5]
    assert found["received"] == [0, 60_000, -3_600_000, -3_599_000, 120_000]
    assert found["tails"] == sorted(found["tails"]) and found["tails"][-1] == 5
    assert found["kept"]["sound"]


def test_a_power_cut_right_after_the_first_receipt_of_a_new_database_loses_nothing(seen):
    cuts = seen["first-filing"]["cuts"]
    assert len(cuts) >= 30 and all(cut["told"] >= 1 and cut["sound"] for cut in cuts)


def test_filings_inside_a_callers_transaction_are_durable_when_that_has_returned(seen):
    cuts = seen["callers-transaction"]["cuts"]
    assert len(cuts) >= 16 and all(cut["told"] == 2 and cut["sound"] for cut in cuts)


def _sqlite(code: int) -> sqlite3.OperationalError:
    error = sqlite3.OperationalError("said by SQLite")
    error.sqlite_errorcode = code
    return error


def _django(code: int) -> OperationalError:
    error = OperationalError("said by SQLite")
    error.__cause__ = _sqlite(code)
    return error


@pytest.mark.parametrize(
    ("error", "code", "status"),
    [
        (_sqlite(sqlite3.SQLITE_FULL), FULL, 507),
        (_django(sqlite3.SQLITE_FULL), FULL, 507),
        (_sqlite(sqlite3.SQLITE_READONLY_DBMOVED), "STORAGE-READONLY", 503),
        (_sqlite(sqlite3.SQLITE_IOERR_WRITE), FAILED, 503),
        (_sqlite(sqlite3.SQLITE_CORRUPT_INDEX), "STORAGE-CORRUPT", 503),
        (_sqlite(sqlite3.SQLITE_CANTOPEN_ISDIR), "STORAGE-UNREACHABLE", 503),
        (OSError(errno.ENOSPC, ""), FULL, 507),
        (OSError(errno.EDQUOT, ""), FULL, 507),
        (OSError(errno.EROFS, ""), "STORAGE-READONLY", 503),
        (OSError(errno.EIO, ""), FAILED, 503),
        (BarrierBroken(errno.ENOSPC, ""), UNSURE, 503),
    ],
)
def test_every_refusal_of_the_disk_has_a_code_a_sentence_and_a_remedy(error, code, status):
    refusal = refusal_of(error)
    assert refusal is not None
    assert (refusal.code, refusal.status) == (code, status)
    assert refusal.message and "同一标识" in refusal.remedy


@pytest.mark.parametrize(
    "error",
    [_sqlite(sqlite3.SQLITE_BUSY), _sqlite(sqlite3.SQLITE_ERROR), ValueError("x"),
     _sqlite(sqlite3.SQLITE_CONSTRAINT_UNIQUE), OperationalError("no cause")],
)  # fmt: skip
def test_what_is_not_the_disks_doing_stays_what_it_was(error):
    assert refusal_of(error) is None


def test_postgresql_says_the_same_in_its_own_codes():
    errors = pytest.importorskip("psycopg.errors", reason="psycopg is not installed")
    said = {
        errors.DiskFull: FULL,
        errors.ReadOnlySqlTransaction: "STORAGE-READONLY",
        errors.IoError: FAILED,
        errors.DataCorrupted: "STORAGE-CORRUPT",
        errors.AdminShutdown: "STORAGE-UNREACHABLE",
        errors.CrashShutdown: "STORAGE-UNREACHABLE",
        errors.CannotConnectNow: "STORAGE-UNREACHABLE",
        errors.ConnectionFailure: "STORAGE-UNREACHABLE",
    }
    assert {kind: refusal_of(kind("x")).code for kind in said} == said
    import psycopg

    assert refusal_of(psycopg.OperationalError("the connection is lost")).code == (
        "STORAGE-UNREACHABLE"
    )
    assert refusal_of(errors.DeadlockDetected("x")) is None
    assert refusal_of(errors.UniqueViolation("x")) is None
