"""Proof 9: an installation lost is the same installation again, at any index of its log."""

from __future__ import annotations

import signal
from datetime import UTC, date, datetime
from typing import Any

import pytest
from django.contrib.auth.hashers import check_password, make_password
from django.db import connection

from ortoo.kernel.filings import read
from ortoo.kernel.filings.refusal import Refused
from ortoo.kernel.filings.tests.history import CODE, FIRMS, NOW, PERIOD
from ortoo.kernel.forms.models import ReturnDraft
from ortoo.kernel.grants import access
from ortoo.kernel.grants.models import Account, LoginAttempt, RecoveryCode
from ortoo.kernel.grants.scope import PUBLIC
from ortoo.kernel.seal import contacts, log
from ortoo.kernel.seal.verify import verify
from ortoo.kernel.threads.rebuild import rebuild_all
from ortoo.site.operations import restore, upgrade
from ortoo.site.operations.backup import back_up
from ortoo.site.operations.restore import Request
from ortoo.site.tests.backup.homes import (
    FILER,
    Busy,
    Homes,
    child,
    filed_again,
    filings,
    projected,
    refused,
    restored,
    rows,
)

# --- the rehearsal -------------------------------------------------------------------------------


@pytest.mark.law(8, 9)
def test_after_a_kill_every_acknowledged_filing_of_the_backup_returns_at_any_index(
    homes: Homes,
) -> None:
    """A process files without pause; base and segment are taken meanwhile; then it is killed."""
    acknowledged: dict[int, tuple[str, str]] = {}

    def hear(count: int) -> None:
        for _ in range(count):
            seq, key, digest = process.stdout.readline().split()
            acknowledged[int(seq)] = (key, digest)

    with homes.at("first") as home:
        process = child(FILER, home, keys=homes.keys)
        try:
            hear(60)
            base = back_up(homes.backup, since_last=False)
            hear(60)
            segment = back_up(homes.backup, since_last=True)
            hear(20)
        finally:
            process.send_signal(signal.SIGKILL)
            process.wait()
        process.stdout.close()
        kept = filings(segment.end)
    assert 0 < base.end < segment.end
    points = (base.end, (base.end + segment.end) // 2 + 1, segment.end)
    for number, end in enumerate(points):
        outcome = restored(homes, f"again-{number}", Request(to_seq=end))
        reference = filed_again(homes, "first", end, f"never-crashed-{number}")
        with homes.at(f"again-{number}"):
            assert filings(end) == kept[:end]
            ours = {seq: said for seq, said in acknowledged.items() if seq <= end}
            assert ours and all(
                (row.key, row.digest.hex()) == ours.get(row.seq, (row.key, row.digest.hex()))
                for row in read.after(0, end)
            )
            assert set(ours) <= {row.seq for row in read.after(0, end)}
            assert projected() == reference
            assert verify() == []
            assert [t.table for t in rebuild_all(fix=False) if not t.equal] == []
        assert (outcome.to, outcome.dropped) == (end, segment.end - end)
        assert end <= outcome.covered_by <= segment.end


@pytest.mark.law(8)
def test_a_moment_is_the_last_filing_received_up_to_it(homes: Homes) -> None:
    with homes.at("first"):
        busy = Busy()
        busy.more(9)
        back_up(homes.backup, since_last=False)
        wanted = read.tail_at(NOW + 15)
    moment = datetime.fromtimestamp((NOW + 15) / 1000, UTC).isoformat()
    assert restored(homes, "again", Request(to_time=moment)).to == wanted < 20
    assert refused(homes, "other", Request(to_time="昨天")).code == "RESTORE-TIME"


def test_a_moment_without_an_offset_is_the_regions_own_time() -> None:
    east = restore.moment_ms("2026-11-23T12:30", "Asia/Shanghai")
    assert east == restore.moment_ms("2026-11-23T04:30+00:00", "Asia/Shanghai")


# --- what stands beside the log ------------------------------------------------------------------


def test_accounts_drafts_and_the_access_log_return_and_one_time_codes_do_not(homes: Homes) -> None:
    with homes.at("first"):
        Busy().more(3)
        Account.objects.create(
            login="c.wu", party=FIRMS[0], display_name="乌兰",
            password=make_password("白云鄂博 42"),
            totp_secret="sealed", totp_last_step=77, last_login=datetime(2026, 11, 23, tzinfo=UTC),
        )  # fmt: skip
        ReturnDraft.objects.create(
            form=CODE, period=PERIOD, party=FIRMS[0], version=3, cells='{"a":"1"}', saved_at=NOW,
            saved_by="account:c.wu",
        )  # fmt: skip
        RecoveryCode.objects.create(login="c.wu", code_hash="x", issued_at=1, expires_at=2)
        LoginAttempt.objects.create(at=1, name="x", address="y")
        access.record(PUBLIC, "figures", CODE, 3, now_ms=NOW)
        back_up(homes.backup, since_last=False)
        access.record(PUBLIC, "figures", CODE, 5, now_ms=NOW + 9)
        back_up(homes.backup, since_last=True)
        entries = rows("kernel_access_entry")
    restored(homes, "again")
    with homes.at("again"):
        account = Account.objects.get(login="c.wu")
        assert check_password("白云鄂博 42", account.password) and account.is_active
        assert (account.totp_secret, account.totp_last_step) == ("sealed", 77)
        assert account.last_login == datetime(2026, 11, 23, tzinfo=UTC)
        assert ReturnDraft.objects.get().version == 3
        assert rows("kernel_access_entry") == entries and len(entries) == 2
        day = date.fromisoformat(entries[0][1])
        assert access.verify_day(day).ok and access.verify_day(day).entries == 2
        assert not RecoveryCode.objects.exists() and not LoginAttempt.objects.exists()
        # The next row must not meet a number that is taken.
        assert Account.objects.create(login="n", party="p", display_name="n").pk > account.pk


def test_originals_and_sealed_contacts_return_with_their_filings(homes: Homes) -> None:
    with homes.at("first"):
        Busy().more(2)
        back_up(homes.backup, since_last=False)
        before = rows("kernel_original"), rows("kernel_sealed"), rows("kernel_outbox")
    restored(homes, "again")
    with homes.at("again"):
        assert (rows("kernel_original"), rows("kernel_sealed"), rows("kernel_outbox")) == before
        assert all(before) and contacts.reveal(FIRMS[0]).name == "乌兰其其格"


def test_what_hangs_on_a_filing_given_up_goes_with_it(homes: Homes) -> None:
    with homes.at("first"):
        busy = Busy()
        busy.move()
        busy.life()
        log.checkpoint(now_ms=NOW + 50)
        back_up(homes.backup, since_last=False)
    restored(homes, "again", Request(to_seq=1))
    with homes.at("again"):
        for table in ("kernel_sealed", "kernel_original", "kernel_checkpoint"):
            assert rows(table) == [], table
        assert len(rows("kernel_leaf")) == 2 and len(rows("kernel_outbox")) == 1
        assert verify() == []


# --- all or nothing ------------------------------------------------------------------------------


def test_a_record_that_does_not_verify_is_not_restored_unless_asked(homes: Homes) -> None:
    with homes.at("first"):
        Busy().more(3)
        with connection.cursor() as cursor:
            cursor.execute("UPDATE kernel_filing SET reason = '改' WHERE seq = 4")
        back_up(homes.backup, since_last=False)
    error = refused(homes, "again", Request())
    assert error.code == "RESTORE-VERIFY" and "VERIFY-DIGEST" in error.message
    with homes.at("again"):
        assert not any(rows(t) for t in ("kernel_filing", "kernel_leaf", "kernel_log_tail"))
        with pytest.raises(Refused, match="RESTORE-UNFINISHED"):
            upgrade.check(serving=True)
    outcome = restored(homes, "again", Request(despite_findings=True))
    assert any("VERIFY-DIGEST" in line for line in outcome.findings)


def test_a_database_that_holds_anything_is_never_written_into(homes: Homes) -> None:
    with homes.at("first"):
        Busy().more(3)
        back_up(homes.backup, since_last=False)
        before = rows("kernel_filing")
    assert refused(homes, "first", Request()).code == "RESTORE-NOT-EMPTY"
    with homes.at("first"):
        assert rows("kernel_filing") == before


@pytest.mark.parametrize(("to", "code"), [(10_000, "RESTORE-BEYOND"), (-1, "RESTORE-BEYOND")])
def test_an_index_outside_the_backup_is_refused(homes: Homes, to: int, code: str) -> None:
    with homes.at("first"):
        Busy().more(3)
        back_up(homes.backup, since_last=False)
    assert refused(homes, "again", Request(to_seq=to)).code == code


def test_a_backup_of_another_log_is_not_restored_under_this_ones_name(
    homes: Homes, settings: Any
) -> None:
    with homes.at("first"):
        Busy().more(3)
        back_up(homes.backup, since_last=False)
    settings.LOG_ORIGIN = "elsewhere.example/log"
    error = refused(homes, "again", Request())
    assert error.code == "RESTORE-ORIGIN" and "ORTOO_ORIGIN=" in error.remedy


def test_leaves_that_do_not_give_the_signed_root_prove_nothing(homes: Homes) -> None:
    with homes.at("first"):
        Busy().more(3)
        log.checkpoint(now_ms=NOW)
        with connection.cursor() as cursor:
            cursor.execute("UPDATE kernel_leaf SET sha256 = %s WHERE seq = 2", [bytes(32)])
        back_up(homes.backup, since_last=False)
    assert refused(homes, "again", Request()).code == "ARCHIVE-UNPROVED"
