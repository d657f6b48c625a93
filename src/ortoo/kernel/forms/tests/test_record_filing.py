"""Records filed whole: files kept, persons sealed, found again by key only, and erased for good."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from ortoo.kernel.filings import behaviour as register
from ortoo.kernel.filings import read
from ortoo.kernel.filings.refusal import Refused
from ortoo.kernel.filings.tests.history import NOW, History, history
from ortoo.kernel.filings.write import file
from ortoo.kernel.forms import record_documents
from ortoo.kernel.forms.record_documents import Verdict, register_parser, register_verifier
from ortoo.kernel.forms.record_filing import (
    attachment_references,
    draft_record,
    file_record,
    known_values,
    reference,
    revealed,
    subject_of,
)
from ortoo.kernel.forms.record_registry import register_record_forms
from ortoo.kernel.forms.tests.record_samples import FOLDER, PDF, PNG, body, draft, plain_body
from ortoo.kernel.forms.tests.test_record_attachments import ORDER, document, judge, read_order
from ortoo.kernel.seal.erasure import erase_person
from ortoo.kernel.seal.models import Sealed
from ortoo.kernel.seal.persons import finish_rotations, rotate_subject
from ortoo.kernel.seal.verify import verify
from ortoo.kernel.threads.rebuild import rebuild_threads

__all__ = ["history"]


@pytest.fixture(autouse=True)
def forms(monkeypatch, history: History) -> Iterator[None]:
    monkeypatch.setattr(register, "_REGISTER", dict(register._REGISTER))
    monkeypatch.setattr(register, "_LATEST", dict(register._LATEST))
    monkeypatch.setattr(record_documents, "_PARSERS", {})
    monkeypatch.setattr(record_documents, "_VERIFIERS", {})
    register_parser("t-order", frozenset({"application/xml"}), read_order)
    register_verifier("t-order", judge)
    register_record_forms([FOLDER])
    yield


def filed(key: str = "one", **changes: Any) -> Any:
    return file_record(draft(plain_body(**changes), key=key), now_ms=NOW)


@pytest.mark.law(3)
def test_a_person_enters_body_and_threads_only_as_commitments() -> None:
    row = read.get(filed().seq)
    assert "巴特尔".encode() not in row.body and b"1234567" not in row.body
    said = json.loads(row.body)
    assert len(said["driver_name"]) == len(said["driver_document"]) == 64
    for sealed in Sealed.objects.all():
        assert "1234567" not in sealed.subject and "巴特尔".encode() not in bytes(sealed.ciphertext)
    assert revealed(row.seq) == {"driver_name": "巴特尔", "driver_document": "E 1234567"}


@pytest.mark.law(3)
def test_a_body_with_a_person_in_the_clear_is_refused_by_the_write() -> None:
    with pytest.raises(Refused) as caught:
        file(draft(plain_body(secret="ef" * 32)), now_ms=NOW)
    assert {issue["code"] for issue in caught.value.details} == {"RECORD-SEALED"}


@pytest.mark.law(3)
def test_a_person_is_found_again_however_the_number_is_spaced() -> None:
    filed("one")
    filed("two", driver_document="e1234567", driver_name="巴特尔·敖其尔")
    filed("three", driver_document="X9", driver_name="另一人")
    subject = subject_of("driver", " E1234567 ")
    assert subject is not None
    names = [v.value for v in known_values(subject) if v.path == "driver_name"]
    assert names == ["巴特尔", "巴特尔·敖其尔"]
    assert known_values(str(subject_of("driver", "E1234568"))) == []


@pytest.mark.law(3)
def test_a_reference_cannot_be_made_without_the_key() -> None:
    one, two = (reference("driver", ["E1"], bytes([n]) * 32) for n in (1, 2))
    assert one != two
    key = b"k" * 32
    assert reference("driver", ["ab", "c"], key) != reference("driver", ["a", "bc"], key)
    assert reference("owner", ["E1"], bytes([1]) * 32).split(":")[1] != one.split(":")[1]


@pytest.mark.law(3)
def test_erasing_a_person_takes_every_filing_and_nobody_else() -> None:
    one, two = filed("one").seq, filed("two").seq
    three = filed("three", driver_document="X9", driver_name="另一人").seq
    subject = str(subject_of("driver", "E1234567"))
    erased, again = (
        erase_person(subject, by="SYSTEM", actor="account:op", basis="申请", now_ms=NOW)
        for _ in range(2)
    )
    assert read.get(erased.seq).form == "K-ERASE"
    assert revealed(one) == revealed(two) == {}
    assert revealed(three)["driver_name"] == "另一人"
    assert known_values(subject) == []
    assert again.duplicate and verify() == []


@pytest.mark.law(3)
def test_a_person_named_again_after_an_erasure_is_a_new_subject() -> None:
    one = filed("one").seq
    first = str(subject_of("driver", "E1234567"))
    erase_person(first, by="SYSTEM", actor="a", basis="申请", now_ms=NOW)
    two = filed("two").seq
    assert subject_of("driver", "E1234567") == f"{first}#2"
    assert revealed(one) == {} and revealed(two)["driver_name"] == "巴特尔"


@pytest.mark.law(3)
def test_a_person_sealed_anew_under_another_key_is_read_as_before() -> None:
    seq = filed().seq
    before = revealed(seq)
    assert rotate_subject(str(subject_of("driver", "E1234567")), now_ms=NOW) == 2
    assert revealed(seq) == before
    finish_rotations(now_ms=NOW, grace_ms=0)
    assert revealed(seq) == before and verify() == []


@pytest.mark.law(3)
def test_every_sealed_reference_of_the_stored_body_is_kept() -> None:
    row = read.get(filed().seq)
    wanted = register.behaviour_of("T-CONSIGN").sealed_references(row.body)  # type: ignore[attr-defined]
    kept = {(bytes(s.commitment), s.path) for s in Sealed.objects.all()}
    assert len(wanted) == 2 and set(wanted) == kept


def test_the_same_record_filed_again_returns_the_first_receipt() -> None:
    first, again = filed(), filed()
    assert again.duplicate and again.seq == first.seq
    with pytest.raises(Refused) as caught:
        filed(pieces=41)
    assert caught.value.code == "FILING-KEY-REUSED"


def test_attachments_are_filled_in_kept_and_covered_by_the_digest() -> None:
    from ortoo.kernel.filings.models import Original as Kept

    files = {"invoice": [PDF, PNG]}
    receipt = file_record(draft(plain_body(), key="one"), files=files, now_ms=NOW)
    said = json.loads(read.get(receipt.seq).body)
    assert said["invoice"] == [PDF.address.hex(), PNG.address.hex()]
    kept = {bytes(row.pk): bytes(row.content) for row in Kept.objects.all()}
    assert kept == {PDF.address: PDF.content, PNG.address: PNG.content}
    named = [(receipt.seq, PDF.address), (receipt.seq, PNG.address)]
    assert list(attachment_references()) == named
    other = file_record(draft(plain_body(), key="two"), files={"invoice": [PDF]}, now_ms=NOW)
    assert other.digest != receipt.digest


@pytest.mark.parametrize("slot", ["invoice", "nowhere"])
def test_a_wrong_file_stops_the_draft_before_anything_is_sealed(slot) -> None:
    wrong = PNG.__class__(b"MZ", "application/pdf", "a.pdf")
    with pytest.raises(Refused) as caught:
        draft_record(draft(plain_body()), files={slot: [wrong]}, now_ms=NOW)
    assert caught.value.code in ("ATTACH-MAGIC", "ATTACH-EXTRA")
    assert Sealed.objects.count() == 0


def test_a_document_fills_the_body_and_its_verdict_is_filed() -> None:
    original = document({**ORDER, "buyer_number": "150000199001011234"})
    given = draft({"channel": "web"}, form="T-ORDER", key="o1", original=original)
    receipt = file_record(given, now_ms=NOW)
    row = read.get(receipt.seq)
    said = json.loads(row.body)
    assert said["total"] == 9_900 and said["items"] == ORDER["items"]
    assert said["signature"]["outcome"] == "verified"
    assert b"150000199001011234" not in row.body
    assert revealed(receipt.seq) == {"buyer_number": "150000199001011234"}


def test_a_body_that_differs_from_its_document_is_refused_before_sealing_too() -> None:
    original = document({**ORDER, "buyer_number": "1"})
    given = draft({"buyer_number": "2"}, form="T-ORDER", original=original)
    with pytest.raises(Refused) as caught:
        draft_record(given, now_ms=NOW)
    assert caught.value.code == "DOCUMENT-DIFFERS"
    assert caught.value.details[0]["path"] == "buyer_number"  # type: ignore[index]


def test_a_required_signature_that_fails_is_refused_by_the_write() -> None:
    register_verifier("t-order", lambda content, at_ms: Verdict("failed", "证书已吊销", "CN=X"))
    original = document({**ORDER, "buyer_number": "1"})
    with pytest.raises(Refused) as caught:
        file_record(draft({}, form="T-ORDER", original=original), now_ms=NOW)
    assert caught.value.code == "SIGNATURE-FAILED"


def test_a_batch_of_one_record_writes_its_entries_and_moves() -> None:
    from ortoo.kernel.postings.models import Posting
    from ortoo.kernel.threads.models import ThreadEntry

    seq = filed().seq
    threads = set(ThreadEntry.objects.filter(seq=seq).values_list("thread", flat=True))
    assert threads == {"T-TRUCK|GK-0001", "T-GOOD|GR01", "T-GOOD|GR02"}
    assert Posting.objects.filter(seq=seq).count() == 4


@pytest.mark.law(7, 9)
def test_records_are_recounted_and_replayed_out_of_their_stored_bodies() -> None:
    first = filed()
    after = draft(plain_body(pieces=50), key="two", supersedes=first.seq, reason="改件数")
    file_record(after, now_ms=NOW)
    assert verify() == []
    assert [(c.only_live, c.only_rebuilt) for c in rebuild_threads()] == [(0, 0)] * 3


def test_draft_record_leaves_the_given_body_alone() -> None:
    said = plain_body()
    before = json.dumps(said)
    made = draft_record(draft(said), now_ms=NOW)
    assert json.dumps(said) == before
    assert made.body != said and made.version == 1 and len(made.sealed) == 2
    assert set(body()) == set(made.body)  # type: ignore[call-overload]
