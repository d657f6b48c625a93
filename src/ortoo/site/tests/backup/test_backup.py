"""A backup is whole, holds no key, waits for nobody, and says plainly what is wrong with it."""

from __future__ import annotations

import errno
import fcntl
import gzip
import json
import shutil
import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from django.db import connection

from ortoo.kernel.filings import read
from ortoo.kernel.filings.draft import Draft
from ortoo.kernel.filings.refusal import Refused
from ortoo.kernel.filings.tests.history import FIRMS, NOW
from ortoo.kernel.filings.write import file
from ortoo.kernel.seal import log
from ortoo.kernel.seal.keystore import SigningKeys
from ortoo.kernel.seal.subjects import SubjectKeys
from ortoo.kernel.seal.verify import verify
from ortoo.kernel.threads.rebuild import rebuild_all
from ortoo.site.operations import archive, catalogue, restore
from ortoo.site.operations.archive import PartWriter
from ortoo.site.operations.backup import back_up, check, trusted_keys
from ortoo.site.operations.restore import Request
from ortoo.site.tests.backup.homes import Busy, Homes, filings, rows


def refusal(work: Callable[[], object]) -> Refused:
    """The refusal, which must be coded, in Chinese, and say what to do."""
    with pytest.raises(Refused) as raised:
        work()
    error = raised.value
    assert error.code.isascii() and error.remedy
    assert any("\u4e00" <= letter <= "\u9fff" for letter in error.message)
    return error


def unpacked(folder: Path) -> bytes:
    """Everything in a backup, decompressed."""
    return b"".join(
        gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    )


# --- what is in it -------------------------------------------------------------------------------


def test_base_and_segments_cover_the_log_without_gap_or_overlap(homes: Homes) -> None:
    with homes.at("first"):
        busy = Busy()
        busy.more(5)
        base = back_up(homes.backup, since_last=False)
        busy.more(3)
        first = back_up(homes.backup, since_last=True)
        nothing_new = back_up(homes.backup, since_last=True)
        chain = check(homes.backup)
        assert [(s.start, s.end) for s in chain.segments] == [
            (0, base.end), (base.end, first.end), (first.end, first.end),
        ]  # fmt: skip
        assert nothing_new.end == read.tail() == base.end + 3
        seqs = [row[0] for s in chain.segments for row in chain.rows(s, "kernel_filing")]
        assert seqs == list(range(1, read.tail() + 1))
        kept = [row for s in chain.segments for row in chain.rows(s, "kernel_filing")]
        assert kept == filings(read.tail())


def test_an_installation_where_nothing_was_filed_has_a_backup_too(homes: Homes) -> None:
    with homes.at("first"):
        assert back_up(homes.backup, since_last=False).end == 0
    with homes.at("again", migrated=False):
        chain = archive.read_chain(homes.backup, trusted_keys(homes.keys))
        assert restore.restore(chain, Request(rehearse=True)).to == 0
        assert verify() == []


def test_every_table_says_what_it_is_and_so_has_its_place() -> None:
    assert catalogue.unplaced() == []
    kept = {one.table for one in (*catalogue.records(), *catalogue.operational())}
    assert {"kernel_filing", "kernel_leaf", "kernel_account", "kernel_return_draft"} <= kept
    assert not kept & {*catalogue.LEFT_OUT, "kernel_duty", "kernel_party", "django_session"}


@pytest.mark.law(3)
def test_no_key_is_ever_in_a_backup(homes: Homes) -> None:
    import base64

    with homes.at("first"):
        Busy().more(2)
        back_up(homes.backup, since_last=False)
        text = unpacked(homes.backup)
        subject = f"contact:{FIRMS[0]}"
        private = SigningKeys(homes.keys).current().private_bytes()
        assert subject.encode() in text and "乌兰其其格".encode() not in text
        for secret in (SubjectKeys(homes.keys).get(subject), private):
            for spelt in (secret, secret.hex().encode(), base64.b64encode(secret)):
                assert spelt not in text


def test_rows_are_readable_without_this_program(homes: Homes) -> None:
    with homes.at("first"):
        Busy().more(1)
        made = back_up(homes.backup, since_last=False)
    path = homes.backup / made.folder / "kernel_filing.jsonl.gz"
    first = json.loads(gzip.decompress(path.read_bytes()).splitlines()[0])
    columns = made.part("kernel_filing").columns
    assert dict(zip(columns, first, strict=True))["body"]["u"].startswith('{"parties":')


# --- people file meanwhile -----------------------------------------------------------------------


@pytest.mark.law(7, 8)
def test_a_backup_made_while_two_writers_file_tears_no_transaction(homes: Homes) -> None:
    stop, faults = threading.Event(), list[BaseException]()

    def writer(name: str) -> None:
        number = 0
        try:
            while not stop.is_set():
                number += 1
                key, body = f"{name}-{number}", {"fen": number}
                file(Draft("T-MOVE", FIRMS[0], name, key, body, NOW), now_ms=NOW + 100)
        except BaseException as error:  # said in the test's own thread
            faults.append(error)
        finally:
            connection.close()

    with homes.at("first"):
        Busy().more(1)
        writers = [threading.Thread(target=writer, args=(name,)) for name in ("a", "b")]
        for each in writers:
            each.start()
        ends = [back_up(homes.backup, since_last=False).end]
        while len(ends) < 4 and not faults:
            target = ends[-1] + 20
            while read.tail() < target and not faults:
                pass
            ends.append(back_up(homes.backup, since_last=True).end)
        stop.set()
        for each in writers:
            each.join()
        assert not faults and ends == sorted(set(ends))
        kept = filings(ends[-1])
    with homes.at("again", migrated=False):
        chain = archive.read_chain(homes.backup, trusted_keys(homes.keys))
        restore.restore(chain, Request())
        assert filings(ends[-1]) == kept
        moves = sum(row[2] == "T-MOVE" for row in kept)
        assert len(rows("kernel_posting")) == 2 * moves
        assert verify() == []
        assert [t.table for t in rebuild_all(fix=False) if not t.equal] == []


def test_while_a_backup_reads_a_writer_waits_for_nothing(
    homes: Homes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between two chunks no lock is held and no snapshot: a writer with no patience gets in, and
    the write-ahead log can be emptied, which an open reader would prevent."""
    looked = []
    write = PartWriter.write

    def look(self: PartWriter, found: list[tuple]) -> None:
        write(self, found)
        other = sqlite3.connect(str(connection.settings_dict["NAME"]), timeout=0)
        other.execute("BEGIN IMMEDIATE")
        other.execute("ROLLBACK")
        busy = other.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
        other.close()
        looked.append((self.table, busy))

    with homes.at("first"):
        Busy().more(1100)
        monkeypatch.setattr(PartWriter, "write", look)
        back_up(homes.backup, since_last=False)
    tables = [table for table, _ in looked]
    assert tables.count("kernel_filing") == 3 and tables.count("kernel_leaf") == 3
    assert not any(busy for table, busy in looked if table in ("kernel_filing", "kernel_leaf"))


# --- what it refuses -----------------------------------------------------------------------------


def test_a_backup_never_lies_in_the_keys_folder_nor_holds_it(homes: Homes) -> None:
    with homes.at("first"):
        Busy().more(1)
        for folder in (homes.keys / "backup", homes.keys, homes.folder):
            error = refusal(lambda f=folder: back_up(f, since_last=False))
            assert error.code == "KEY-INSIDE"
        assert not (homes.keys / "backup").exists() and not archive.exists(homes.folder)


def test_a_base_overwrites_nothing_and_a_segment_needs_a_base(homes: Homes) -> None:
    with homes.at("first"):
        Busy().more(1)
        assert refusal(lambda: back_up(homes.backup, since_last=True)).code == "BACKUP-NONE"
        back_up(homes.backup, since_last=False)
        assert refusal(lambda: back_up(homes.backup, since_last=False)).code == "BACKUP-EXISTS"
        with (homes.backup / ".lock").open("a") as held:
            fcntl.flock(held, fcntl.LOCK_EX)
            assert refusal(lambda: back_up(homes.backup, since_last=True)).code == "BACKUP-BUSY"


@pytest.mark.law(8)
def test_a_log_that_went_back_or_is_another_does_not_continue_the_chain(homes: Homes) -> None:
    with homes.at("first"):
        Busy().more(5)
        back_up(homes.backup, since_last=False)
        end = read.tail()
    with homes.at("again", migrated=False):
        chain = archive.read_chain(homes.backup, trusted_keys(homes.keys))
        restore.restore(chain, Request(to_seq=end - 4))
        assert refusal(lambda: back_up(homes.backup, since_last=True)).code == "BACKUP-BEHIND"
        for number in range(9):
            draft = Draft("T-MOVE", FIRMS[0], "x", f"n-{number}", {"fen": 1}, NOW)
            file(draft, now_ms=NOW + 10_000_000_000)
        assert refusal(lambda: back_up(homes.backup, since_last=True)).code == "BACKUP-FORKED"
        # A new folder takes the log as it now is, K-RESTORE and all.
        assert back_up(homes.folder / "second", since_last=False).end == read.tail()


def test_a_full_disk_is_said_and_leaves_the_previous_segments_whole(
    homes: Homes, monkeypatch: pytest.MonkeyPatch
) -> None:
    with homes.at("first"):
        busy = Busy()
        busy.more(2)
        back_up(homes.backup, since_last=False)
        busy.more(2)

        def full(self: PartWriter) -> None:
            raise OSError(errno.ENOSPC, "No space left on device")

        with monkeypatch.context() as patch:
            patch.setattr(PartWriter, "close", full)
            error = refusal(lambda: back_up(homes.backup, since_last=True))
        assert error.code == "BACKUP-DISK-FULL" and "完好" in error.message
        assert not list(homes.backup.glob(".*.part"))
        assert len(check(homes.backup).segments) == 1
        assert back_up(homes.backup, since_last=True).number == 2


def test_a_backup_cut_off_half_way_is_no_segment_and_the_next_one_clears_it_away(
    homes: Homes,
) -> None:
    with homes.at("first"):
        Busy().more(2)
        back_up(homes.backup, since_last=False)
        half = homes.backup / ".000002.part"
        half.mkdir()
        (half / "kernel_filing.jsonl.gz").write_bytes(b"half")
        assert len(check(homes.backup).segments) == 1
        back_up(homes.backup, since_last=True)
        assert not half.exists() and len(check(homes.backup).segments) == 2


def test_a_log_with_a_hole_is_said_and_not_backed_up_as_if_it_were_whole(homes: Homes) -> None:
    with homes.at("first"):
        Busy().more(2)
        log.checkpoint(now_ms=NOW)
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM kernel_filing WHERE seq = 3")
        error = refusal(lambda: back_up(homes.backup, since_last=False))
        assert error.code == "BACKUP-LOG-GAP" and not archive.exists(homes.backup)


# --- what is wrong with a copy -------------------------------------------------------------------


def _alter(folder: Path) -> None:
    path = folder / "kernel_filing.jsonl.gz"
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def _truncate(folder: Path) -> None:
    path = folder / "kernel_leaf.jsonl.gz"
    path.write_bytes(path.read_bytes()[:-7])


def _exchange(folder: Path) -> None:
    (other,) = folder.parent.glob("000003-*")
    folder.rename(folder.parent / "x")
    other.rename(folder)
    (folder.parent / "x").rename(other)


def _say_other(folder: Path) -> None:
    path = folder / "manifest.note"
    path.write_text(path.read_text("utf-8").replace('"made_at":', '"made_at":1'), "utf-8")


def _later_format(folder: Path) -> None:
    path = folder / "manifest.note"
    path.write_text(path.read_text("utf-8").replace("ortoo-backup 1", "ortoo-backup 9"), "utf-8")


def _newest_gone(folder: Path) -> None:
    (newest,) = folder.parent.glob("000003-*")
    shutil.rmtree(newest)


DAMAGE = {
    "a byte altered": (_alter, "ARCHIVE-ALTERED"),
    "a file cut short": (_truncate, "ARCHIVE-TRUNCATED"),
    "a file missing": (lambda f: (f / "kernel_leaf.jsonl.gz").unlink(), "ARCHIVE-PART"),
    "a segment missing": (shutil.rmtree, "ARCHIVE-GAP"),
    "the newest segment missing": (_newest_gone, "ARCHIVE-GAP"),
    "two segments exchanged": (_exchange, "ARCHIVE-ORDER"),
    "a manifest altered": (_say_other, "ARCHIVE-SIGNATURE"),
    "a manifest missing": (lambda f: (f / "manifest.note").unlink(), "ARCHIVE-MANIFEST"),
    "a later format": (_later_format, "ARCHIVE-FORMAT"),
    "everything gone": (lambda f: shutil.rmtree(f.parent), "ARCHIVE-ABSENT"),
}


@pytest.mark.law(8)
@pytest.mark.parametrize("what", DAMAGE)
def test_every_damage_to_a_copy_is_refused_by_its_name(homes: Homes, what: str) -> None:
    damage, code = DAMAGE[what]
    with homes.at("first"):
        busy = Busy()
        for number in range(3):
            busy.more(2)
            back_up(homes.backup, since_last=number > 0)
        (second,) = homes.backup.glob("000002-*")
        damage(second)
        assert refusal(lambda: check(homes.backup)).code == code
        home = homes.folder / "elsewhere"

        def begin() -> None:
            (home / "keys").parent.mkdir()
            (home / "keys").symlink_to(homes.keys)
            chain = restore._chain(homes.backup, home, "")
            restore._make_room(chain, home, replace=False)

        assert refusal(begin).code == code


def test_a_segment_of_another_backup_of_the_same_log_does_not_fit_in(homes: Homes) -> None:
    with homes.at("first"):
        busy = Busy()
        busy.more(2)
        for folder in (homes.backup, homes.folder / "other"):
            back_up(folder, since_last=False)
        busy.more(2)
        for folder in (homes.backup, homes.folder / "other"):
            made = back_up(folder, since_last=True)
        shutil.rmtree(homes.backup / made.folder)
        shutil.copytree(homes.folder / "other" / made.folder, homes.backup / made.folder)
        assert refusal(lambda: check(homes.backup)).code == "ARCHIVE-ORDER"


def test_a_backup_signed_by_a_key_nobody_here_knows_is_refused(homes: Homes) -> None:
    with homes.at("first"):
        Busy().more(2)
        back_up(homes.backup, since_last=False)
    homes.keys = homes.folder / "others-keys"
    SigningKeys(homes.keys).create(now_ms=NOW)
    with homes.at("second"):
        assert refusal(lambda: check(homes.backup)).code == "ARCHIVE-KEY"


def test_after_a_rotation_of_the_signing_key_the_chain_goes_on(homes: Homes) -> None:
    with homes.at("first"):
        busy = Busy()
        busy.more(2)
        back_up(homes.backup, since_last=False)
        SigningKeys(homes.keys).rotate(now_ms=NOW)
        busy.more(2)
        assert back_up(homes.backup, since_last=True).number == 2
        assert len(check(homes.backup).segments) == 2
