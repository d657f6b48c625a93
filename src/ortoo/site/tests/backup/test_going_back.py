"""Going back is said on the log, erases nobody's erasure, and needs no private key."""

from __future__ import annotations

import json
import shutil

import pytest

from ortoo.kernel.filings import read
from ortoo.kernel.filings.draft import Draft
from ortoo.kernel.filings.refusal import Refused
from ortoo.kernel.filings.tests.history import FIRMS, NOW
from ortoo.kernel.filings.write import file
from ortoo.kernel.seal import contacts, log
from ortoo.kernel.seal.erasure import erase_person
from ortoo.kernel.seal.keystore import SigningKeys
from ortoo.kernel.seal.restoration import explained
from ortoo.kernel.seal.subjects import SubjectKeys
from ortoo.kernel.seal.verify import verify
from ortoo.site.operations import restore, upgrade
from ortoo.site.operations.backup import back_up
from ortoo.site.operations.restore import Request
from ortoo.site.tests.backup.homes import (
    Busy,
    Homes,
    restored,
)

# --- going back is said, not hidden --------------------------------------------------------------


@pytest.mark.law(6, 8)
def test_the_log_says_what_was_given_up_and_explains_a_witness_that_saw_more(homes: Homes) -> None:
    with homes.at("first"):
        busy = Busy()
        busy.more(5)
        back_up(homes.backup, since_last=False)
        busy.more(7)
        note = log.checkpoint(now_ms=NOW + 999).note
        end = back_up(homes.backup, since_last=True).end
    outcome = restored(homes, "again", Request(to_seq=8, reason="误操作后恢复"))
    assert outcome.dropped == end - 8
    with homes.at("again") as home:
        said = read.get(9)
        body = json.loads(said.body)
        assert (said.form, said.filer, said.reason) == ("K-RESTORE", "SYSTEM", "误操作后恢复")
        assert (body["to"], body["dropped"], body["checkpoints_dropped"]) == (8, end - 8, 2)
        lines = (home / "lost-after-8.csv").read_text("utf-8-sig").splitlines()
        assert len(lines) == 1 + end - 8 and lines[0].startswith("seq,receipt,key,form,filer")
        assert all(len(line.split(",")[1].split("-")[1]) == 8 for line in lines[1:])
        assert verify() == []
        # The witness's checkpoint is contradicted, and the log says why.
        assert {f.code for f in verify(checkpoint_note=note)} == {"VERIFY-KEPT"}
        roots = dict(body["checkpoints"])
        why = explained(end, bytes.fromhex(roots[end]))
        assert why and "第 9 号恢复报件" in why and "列明作废" in why
        assert "未列明" in explained(end, bytes(32)) and explained(8, bytes(32)) is None


@pytest.mark.law(1)
def test_what_was_given_up_can_be_filed_again_under_its_own_key(homes: Homes) -> None:
    with homes.at("first"):
        Busy().more(4)
        end = back_up(homes.backup, since_last=False).end
        last = read.get(end)
    restored(homes, "again", Request(to_seq=end - 3))
    with homes.at("again"):
        draft = Draft(last.form, last.filer, last.actor, last.key, last.body, last.said_at)
        receipt = file(draft, now_ms=NOW + 10_000_000_000)
        assert not receipt.duplicate and receipt.seq == end - 1


def test_a_rehearsal_files_nothing_and_may_not_be_served(homes: Homes) -> None:
    with homes.at("first"):
        Busy().more(4)
        end = back_up(homes.backup, since_last=False).end
    restored(homes, "copy", Request(rehearse=True))
    with homes.at("copy"):
        assert read.tail() == end and verify() == []
        with pytest.raises(Refused, match="RESTORE-REHEARSAL"):
            upgrade.check(serving=True)
        assert upgrade.check() == []
    restored(homes, "real")
    with homes.at("real"):
        assert upgrade.check(serving=True) == []


# --- persons -------------------------------------------------------------------------------------


@pytest.mark.law(3)
def test_whoever_was_erased_after_the_backup_stays_erased(homes: Homes) -> None:
    subject = f"contact:{FIRMS[0]}"
    with homes.at("first"):
        Busy().more(2)
        back_up(homes.backup, since_last=False)
        erase_person(subject, by="SYSTEM", actor="SYSTEM", basis="本人申请", now_ms=NOW + 500)
    restored(homes, "again")
    with homes.at("again"):
        assert SubjectKeys(homes.keys).is_destroyed(subject)
        assert verify() == []


@pytest.mark.law(3)
def test_an_erasure_on_the_restored_log_reaches_an_old_keys_folder(homes: Homes) -> None:
    subject = f"contact:{FIRMS[0]}"
    with homes.at("first"):
        Busy().more(2)
        log.checkpoint(now_ms=NOW + 100)
        shutil.copytree(homes.keys, homes.folder / "old-keys")
        erase_person(subject, by="SYSTEM", actor="SYSTEM", basis="本人申请", now_ms=NOW + 500)
        back_up(homes.backup, since_last=False)
    homes.keys = homes.folder / "old-keys"
    restored(homes, "again")
    with homes.at("again"):
        assert SubjectKeys(homes.keys).is_destroyed(subject)
        assert verify() == []


@pytest.mark.law(3)
def test_an_erasure_behind_the_cut_is_filed_again_and_reaches_an_old_keys_folder(
    homes: Homes,
) -> None:
    subject = f"contact:{FIRMS[0]}"
    with homes.at("first"):
        Busy().more(2)
        log.checkpoint(now_ms=NOW + 100)
        shutil.copytree(homes.keys, homes.folder / "old-keys")
        end = read.tail()
        erase_person(subject, by="SYSTEM", actor="SYSTEM", basis="本人申请", now_ms=NOW + 500)
        back_up(homes.backup, since_last=False)
    homes.keys = homes.folder / "old-keys"
    assert not SubjectKeys(homes.keys).is_destroyed(subject)
    restored(homes, "again", Request(to_seq=end))
    with homes.at("again"):
        assert [row.form for row in read.after(end, 5)] == ["K-RESTORE", "K-ERASE"]
        assert SubjectKeys(homes.keys).is_destroyed(subject)
        assert verify() == []


@pytest.mark.law(3)
def test_a_person_whose_values_were_sealed_anew_opens_after_going_back_before_it(
    homes: Homes,
) -> None:
    from ortoo.kernel.seal.persons import finish_rotations, rotate_subject

    subject = f"contact:{FIRMS[0]}"
    with homes.at("first"):
        Busy().more(2)
        base = back_up(homes.backup, since_last=False)
        rotate_subject(subject, now_ms=NOW)
        finish_rotations(now_ms=NOW + 1, grace_ms=0)
        back_up(homes.backup, since_last=True)
    restored(homes, "again", Request(to_seq=base.end))
    with homes.at("again"):
        assert verify() == [] and contacts.reveal(FIRMS[0]).name == "乌兰其其格"


# --- keys ----------------------------------------------------------------------------------------


def test_with_the_keys_folder_lost_a_public_key_kept_elsewhere_is_enough_for_the_log(
    homes: Homes,
) -> None:
    with homes.at("first"):
        Busy().register(sealed=False)
        Busy().file("T-MOVE", FIRMS[0], {"fen": 4}, key="only")
        back_up(homes.backup, since_last=False)
        public = str(log.log_keys()[0])
    homes.keys = homes.folder / "new-keys"
    with homes.at("again", migrated=False) as home:
        with pytest.raises(Refused, match="ARCHIVE-KEY"):
            restore._chain(homes.backup, home, "")
        chain = restore._chain(homes.backup, home, public)
        restore.restore(chain, Request())
    with homes.at("again"):
        history = SigningKeys(homes.keys).history()
        assert [key.retired_at_ms is None for key in history] == [False, True]
        log.checkpoint(now_ms=NOW + 10_000_000_000)
        assert verify() == []


def test_an_older_copy_of_the_keys_folder_learns_the_later_keys_and_keeps_its_own(
    homes: Homes,
) -> None:
    with homes.at("first"):
        Busy().more(2)
        log.checkpoint(now_ms=NOW)
        shutil.copytree(homes.keys, homes.folder / "old-keys")
        mine = SigningKeys(homes.keys).current().key_id
        SigningKeys(homes.keys).rotate(now_ms=NOW + 5)
        Busy().file("T-MOVE", FIRMS[0], {"fen": 4}, key="later")
        back_up(homes.backup, since_last=False)
        public = str(log.log_keys()[-1])
    homes.keys = homes.folder / "old-keys"
    with homes.at("again", migrated=False) as home:
        restore.restore(restore._chain(homes.backup, home, public), Request())
        assert len(SigningKeys(homes.keys).history()) == 2
        assert SigningKeys(homes.keys).current().key_id == mine
        log.checkpoint(now_ms=NOW + 10_000_000_000)
        assert verify() == []


def test_after_a_restoration_to_the_end_the_same_chain_goes_on(homes: Homes) -> None:
    with homes.at("first"):
        Busy().more(3)
        end = back_up(homes.backup, since_last=False).end
    restored(homes, "again")
    with homes.at("again"):
        assert back_up(homes.backup, since_last=True).end == end + 1
    assert restored(homes, "third").to == end + 1
