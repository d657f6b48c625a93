"""Law 3: K-ERASE first, the key after it, and again after every accident in between."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from ortoo.kernel.filings import read
from ortoo.kernel.filings.refusal import Refused
from ortoo.kernel.filings.tests.history import NOW, History
from ortoo.kernel.seal import erasure, persons
from ortoo.kernel.seal.keystore import KeystoreError
from ortoo.kernel.seal.persons import Said
from ortoo.kernel.seal.subjects import SubjectKeys
from ortoo.kernel.seal.tests.test_persons import NUMBER, PHONE, RESIDENT, say
from ortoo.kernel.seal.verify import verify

WHY = {"by": "SYSTEM", "actor": "account:op", "basis": "本人申请，个人信息保护法第四十七条"}


@pytest.fixture
def commitments(history: History) -> list[bytes]:
    return [
        *say(history, Said(RESIDENT, NUMBER), Said(RESIDENT, PHONE), key="a"),
        *say(history, Said("resident:8", "李四"), key="b"),
    ]


@pytest.mark.law(3)
def test_one_erasure_reaches_every_value_of_the_person_and_nobody_else(
    commitments: list[bytes],
) -> None:
    receipt = erasure.erase_person(RESIDENT, **WHY, now_ms=NOW)
    for gone in commitments[:2]:
        with pytest.raises(KeystoreError, match="KEY-DESTROYED"):
            persons.reveal(gone)
    assert persons.reveal(commitments[2]) == "李四"
    said = read.get(receipt.seq)
    assert (said.form, said.filer, said.actor) == ("K-ERASE", "SYSTEM", "account:op")
    assert "第四十七条" in said.body.decode()
    assert verify() == []
    assert erasure.unfinished() == []


@pytest.mark.law(3)
def test_a_death_between_filing_and_destruction_is_made_good(
    commitments: list[bytes], monkeypatch
) -> None:
    def die(*_: object, **__: object) -> None:
        raise OSError("power")

    with monkeypatch.context() as patch:
        patch.setattr(SubjectKeys, "destroy", die)
        with pytest.raises(OSError, match="power"):
            erasure.erase_person(RESIDENT, **WHY, now_ms=NOW)
    assert persons.reveal(commitments[0]) == NUMBER
    assert erasure.unfinished() == [RESIDENT]
    assert erasure.finish_erasures(now_ms=NOW + 1) == [RESIDENT]
    with pytest.raises(KeystoreError, match="KEY-DESTROYED"):
        persons.reveal(commitments[0])
    assert erasure.finish_erasures(now_ms=NOW + 2) == []
    assert erasure.unfinished() == []


@pytest.mark.law(3)
def test_a_death_before_the_filing_destroys_nothing(commitments: list[bytes], monkeypatch) -> None:
    def die(*_: object, **__: object) -> None:
        raise OSError("power")

    with monkeypatch.context() as patch:
        patch.setattr(erasure, "file", die)
        with pytest.raises(OSError, match="power"):
            erasure.erase_person(RESIDENT, **WHY, now_ms=NOW)
    assert erasure.finish_erasures(now_ms=NOW) == []
    assert persons.reveal(commitments[0]) == NUMBER


@pytest.mark.law(3)
def test_an_older_keys_folder_put_back_loses_the_key_again(
    commitments: list[bytes], tmp_path: Path
) -> None:
    folder = persons.subject_keys().path.parent
    shutil.copytree(folder, tmp_path / "copy")
    erasure.erase_person(RESIDENT, **WHY, now_ms=NOW)
    shutil.rmtree(folder)
    shutil.copytree(tmp_path / "copy", folder)
    assert persons.reveal(commitments[0]) == NUMBER
    assert erasure.finish_erasures(now_ms=NOW + 1) == [RESIDENT]
    with pytest.raises(KeystoreError, match="KEY-DESTROYED"):
        persons.reveal(commitments[0])
    assert persons.reveal(commitments[2]) == "李四"


@pytest.mark.law(3)
def test_an_empty_keys_folder_learns_whom_it_may_never_give_a_key(
    commitments: list[bytes],
) -> None:
    erasure.erase_person(RESIDENT, **WHY, now_ms=NOW)
    shutil.rmtree(persons.subject_keys().path.parent)
    assert erasure.finish_erasures(now_ms=NOW + 1) == []
    with pytest.raises(KeystoreError, match="KEY-DESTROYED"):
        persons.subject_keys().ensure([RESIDENT], now_ms=NOW)


@pytest.mark.law(3)
def test_an_erased_person_is_not_sealed_again_under_the_same_reference(
    history: History, commitments: list[bytes]
) -> None:
    erasure.erase_person(RESIDENT, **WHY, now_ms=NOW)
    with pytest.raises(KeystoreError, match="KEY-DESTROYED"):
        say(history, Said(RESIDENT, NUMBER), key="again")
    assert read.rows("key = %s", ["again"]) == []
    subject = persons.living_subjects([RESIDENT])[RESIDENT]
    assert subject == f"{RESIDENT}#2"
    (new,) = say(history, Said(subject, NUMBER), key="again")
    assert persons.reveal(new) == NUMBER
    erasure.erase_person(subject, **WHY, now_ms=NOW)
    assert persons.living_subjects([RESIDENT])[RESIDENT] == f"{RESIDENT}#3"
    assert verify() == []


@pytest.mark.law(3)
def test_an_erasure_ends_the_replaced_keys_too(commitments: list[bytes]) -> None:
    keys = persons.subject_keys()
    old = keys.get(RESIDENT)
    persons.rotate_subject(RESIDENT, now_ms=NOW)
    erasure.erase_person(RESIDENT, **WHY, now_ms=NOW)
    assert old not in b"".join(path.read_bytes() for path in keys.path.parent.iterdir())
    assert persons.finish_rotations(now_ms=NOW) == []


@pytest.mark.law(3)
def test_asked_twice_it_is_filed_once_whatever_the_second_basis(commitments: list[bytes]) -> None:
    first = erasure.erase_person(RESIDENT, **WHY, now_ms=NOW)
    again = erasure.erase_person(RESIDENT, **{**WHY, "basis": "保存期限届满"}, now_ms=NOW + 9)
    assert (again.seq, again.duplicate, first.duplicate) == (first.seq, True, False)


@pytest.mark.law(3)
def test_an_erasure_without_basis_or_of_nobody_is_refused(commitments: list[bytes]) -> None:
    with pytest.raises(Refused, match="ERASE-BASIS"):
        erasure.erase_person(RESIDENT, **{**WHY, "basis": " "}, now_ms=NOW)
    persons.subject_keys().ensure(["instance:secret"], now_ms=NOW)
    for nobody in ("resident:99", "instance:secret"):
        with pytest.raises(Refused, match="ERASE-UNKNOWN"):
            erasure.erase_person(nobody, **WHY, now_ms=NOW)
    with pytest.raises(KeystoreError, match="KEY-RESERVED"):
        persons.rotate_subject("instance:secret", now_ms=NOW)
    assert persons.reveal(commitments[0]) == NUMBER


@pytest.mark.law(3)
def test_an_erasure_of_a_person_whose_key_was_lost_still_bars_the_reference(
    commitments: list[bytes],
) -> None:
    shutil.rmtree(persons.subject_keys().path.parent)
    erasure.erase_person(RESIDENT, **WHY, now_ms=NOW)
    with pytest.raises(KeystoreError, match="KEY-DESTROYED"):
        persons.reveal(commitments[0])
