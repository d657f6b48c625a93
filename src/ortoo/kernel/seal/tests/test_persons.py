"""Law 3 for any record form: sealed, revealed, sealed anew under another key, key lost."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest

from ortoo.kernel.filings import read, resealing
from ortoo.kernel.filings.behaviour import RecordBehaviour, register
from ortoo.kernel.filings.tests.history import NOW, History
from ortoo.kernel.filings.write import file
from ortoo.kernel.seal import contacts, log, persons
from ortoo.kernel.seal.cipher import CipherError
from ortoo.kernel.seal.keystore import KeystoreError
from ortoo.kernel.seal.models import Sealed
from ortoo.kernel.seal.personal import PersonalError
from ortoo.kernel.seal.persons import GRACE_MS, Said
from ortoo.kernel.seal.verify import verify

RESIDENT = "resident:7"
NUMBER, PHONE = "159900190001010009", "13912345678"


def say(history: History, *said: Said, key: str) -> list[bytes]:
    """File a record with sealed fields; returns their commitments."""
    register(RecordBehaviour("T-RESIDENT", 1, lambda body: ()))
    fields = {f"field{number}": value for number, value in enumerate(said)}
    sealed = persons.seal_fields(filing_key=key, fields=fields, now_ms=NOW)
    draft = history.draft("T-RESIDENT", "SYSTEM", dict(sealed.commitments), key=key)
    file(replace(draft, sealed=sealed.values), now_ms=NOW)
    return [bytes.fromhex(sealed.commitments[path]) for path in fields]


@pytest.fixture
def commitments(history: History) -> list[bytes]:
    first = say(history, Said(RESIDENT, NUMBER), Said(RESIDENT, PHONE), key="a")
    second = say(history, Said(RESIDENT, PHONE), Said("resident:8", "李四"), key="b")
    return first + second


def ciphertexts() -> dict[bytes, bytes]:
    return {bytes(row.commitment): bytes(row.ciphertext) for row in Sealed.objects.all()}


@pytest.mark.law(3)
def test_values_of_any_form_are_revealed_by_commitment(commitments: list[bytes]) -> None:
    assert [persons.reveal(each) for each in commitments] == [NUMBER, PHONE, PHONE, "李四"]
    assert all(NUMBER.encode() not in row.body for row in read.after(0, 9))
    with pytest.raises(PersonalError, match="SEAL-ABSENT"):
        persons.reveal(bytes(32))


@pytest.mark.law(3)
@pytest.mark.parametrize(
    "subject", [NUMBER, PHONE, f"x:{NUMBER}", f"contact|{PHONE}", "", "x" * 73, "a\nb"]
)
def test_a_reference_that_says_what_may_have_to_be_erased_is_refused(
    history: History, subject: str
) -> None:
    with pytest.raises(PersonalError, match="SEAL-SUBJECT"):
        persons.seal_fields(filing_key="k", fields={"p": Said(subject, "v")}, now_ms=NOW)


def test_a_firms_code_of_eighteen_digits_is_no_resident_number(history: History) -> None:
    for subject in ("contact:911500007014616520", "contact:159900190001010001"):
        assert persons.seal_fields(filing_key="k", fields={"p": Said(subject, "v")}, now_ms=NOW)


@pytest.mark.law(3)
def test_a_renewal_changes_every_ciphertext_of_one_person_and_no_commitment(
    commitments: list[bytes],
) -> None:
    keys = persons.subject_keys()
    old, before, checkpoint = keys.get(RESIDENT), ciphertexts(), log.checkpoint(now_ms=NOW)
    assert persons.rotate_subject(RESIDENT, now_ms=NOW) == 3
    after = ciphertexts()
    assert before.keys() == after.keys()
    assert {c for c in before if before[c] != after[c]} == set(commitments[:3])
    assert keys.get(RESIDENT) != old
    assert [persons.reveal(each) for each in commitments] == [NUMBER, PHONE, PHONE, "李四"]
    assert verify(checkpoint_note=checkpoint.note) == []


@pytest.mark.law(3)
def test_a_replaced_key_ends_after_the_grace_and_leaves_no_byte(commitments: list[bytes]) -> None:
    keys = persons.subject_keys()
    old = keys.get(RESIDENT)
    persons.rotate_subject(RESIDENT, now_ms=NOW)
    assert persons.finish_rotations(now_ms=NOW + GRACE_MS - 1) == []
    assert keys.opening(RESIDENT) == (keys.get(RESIDENT), old)
    assert persons.finish_rotations(now_ms=NOW + GRACE_MS) == [RESIDENT]
    assert keys.opening(RESIDENT) == (keys.get(RESIDENT),)
    assert old not in b"".join(path.read_bytes() for path in keys.path.parent.iterdir())
    assert persons.reveal(commitments[0]) == NUMBER


@pytest.mark.law(3)
def test_a_filing_sealed_before_a_renewal_and_stored_after_it_is_not_lost(
    history: History, commitments: list[bytes]
) -> None:
    sealed = persons.seal_fields(
        filing_key="late", fields={"p": Said(RESIDENT, "住址")}, now_ms=NOW
    )
    persons.rotate_subject(RESIDENT, now_ms=NOW)
    draft = history.draft("T-RESIDENT", "SYSTEM", dict(sealed.commitments), key="late")
    file(replace(draft, sealed=sealed.values), now_ms=NOW)
    late = bytes.fromhex(sealed.commitments["p"])
    assert persons.reveal(late) == "住址"
    persons.finish_rotations(now_ms=NOW + GRACE_MS)
    assert persons.reveal(late) == "住址"
    assert verify() == []


@pytest.mark.law(3)
def test_a_renewal_cut_off_before_the_values_were_sealed_anew_loses_nothing(
    commitments: list[bytes], monkeypatch
) -> None:
    def die(*_: object) -> None:
        raise OSError("power")

    with monkeypatch.context() as patch:
        patch.setattr(resealing, "_store", die)
        with pytest.raises(OSError, match="power"):
            persons.rotate_subject(RESIDENT, now_ms=NOW)
    assert persons.reveal(commitments[0]) == NUMBER
    assert persons.finish_rotations(now_ms=NOW + GRACE_MS) == [RESIDENT]
    assert persons.reveal(commitments[0]) == NUMBER
    assert verify() == []


@pytest.mark.law(3)
def test_contacts_are_revealed_through_a_renewal(history: History) -> None:
    from ortoo.kernel.filings.projection import catch_up
    from ortoo.kernel.filings.tests.history import FIRMS

    history.register()
    catch_up()
    subject = f"contact:{FIRMS[0]}"
    known = contacts.reveal(FIRMS[0])
    persons.subject_keys().renew(subject, now_ms=NOW)  # and not yet sealed anew
    assert contacts.reveal(FIRMS[0]) == known != None  # noqa: E711
    persons.finish_rotations(now_ms=NOW + GRACE_MS)
    assert contacts.reveal(FIRMS[0]) == known


@pytest.mark.law(3)
def test_a_lost_key_is_told_on_revealing_and_the_log_itself_still_verifies(
    commitments: list[bytes],
) -> None:
    kept = log.checkpoint(now_ms=NOW).note
    with sqlite3.connect(persons.subject_keys().path) as keys:
        keys.execute("DELETE FROM subject_key WHERE subject = ?", (RESIDENT,))
    with pytest.raises(KeystoreError, match=r"KEY-ABSENT.*副本恢复"):
        persons.reveal(commitments[0])
    assert persons.reveal(commitments[3]) == "李四"
    # Nothing of the log is at fault; that values cannot be read any more is said, not hidden.
    assert {finding.code for finding in verify(checkpoint_note=kept)} == {"VERIFY-SEALED"}


@pytest.mark.law(3)
def test_a_moved_ciphertext_does_not_open(commitments: list[bytes], tmp_path: Path) -> None:
    rows = {bytes(row.commitment): row for row in Sealed.objects.all()}
    stolen = resealing.SealedRow(
        commitments[1], "b", "field0", bytes(rows[commitments[1]].ciphertext)
    )
    keys = persons.subject_keys().opening(RESIDENT)
    with pytest.raises(CipherError, match="SEAL-OPEN"):
        persons.opened(RESIDENT, stolen, keys)
    with pytest.raises(CipherError, match="没有可用的密钥"):
        persons.opened(RESIDENT, stolen, ())
