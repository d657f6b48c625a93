"""Laws 2 and 3: an agency is handed its fields and can check them; the bytes come back as sent."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ortoo.connectors.ceb_xml.filing import (
    CODE,
    file_message,
    names_of,
    open_fields,
    original_of,
    share,
)
from ortoo.kernel.filings import read
from ortoo.kernel.filings.draft import Draft, Original, Receipt
from ortoo.kernel.filings.refusal import Refused
from ortoo.kernel.filings.tests.history import FIRMS, NOW, History
from ortoo.kernel.filings.write import file
from ortoo.kernel.seal import log, personal
from ortoo.kernel.seal.disclosure import DisclosureError, Verified, unpack, verify_disclosure
from ortoo.kernel.seal.verify import verify

from .fictional import FIELDS, keys, signed, unsigned

PERSONAL = ("buyerName", "buyerIdNumber", "consignee", "consigneeTelephone", "consigneeAddress")


def send(content: bytes | None = None, key: str = "ceb-1", **more: Any) -> Receipt:
    return file_message(
        content=content or signed(), name="CEB311.xml", filer=FIRMS[0], actor="account:test",
        key=key, now_ms=NOW, trusted={keys()[2]}, **more,
    )  # fmt: skip


def values(held: Verified) -> dict[str, object]:
    return {part.name: json.loads(part.value) for part in held.parts}


@pytest.mark.law(2)
def test_the_original_comes_back_byte_for_byte(history: History) -> None:
    content = signed().replace(b"\n", b"\r\n")
    seq = send(content).seq
    assert original_of(seq) == content
    assert json.loads(read.get(seq).body)["signature"]["outcome"] == "verified"
    assert verify() == []


@pytest.mark.law(2)
def test_an_agency_gets_its_fields_alone_and_checks_them_against_the_log(history: History) -> None:
    seq = send().seq
    shown = share(seq, ["payment"], now_ms=NOW)
    held = verify_disclosure(shown.document, log.log_keys())
    found = values(held)
    assert found.pop("message")["kind"] == "311"
    assert found == {
        "payment.1.payCode": FIELDS["payCode"],
        "payment.1.payTransactionId": FIELDS["payTransactionId"],
    }
    assert held.envelope is not None and held.envelope["filer"] == FIRMS[0]
    plain = repr(unpack(shown.document)).encode() + shown.document
    for name in ("goodsValue", "orderNo", "buyerIdNumber", "consigneeDistrict"):
        assert FIELDS[name].encode() not in plain
    assert all(part.salted for part in held.parts)
    assert shown.guessable == ("original",)


@pytest.mark.law(2)
def test_a_field_changed_on_the_way_to_the_agency_is_found_out(history: History) -> None:
    import msgspec

    from ortoo.kernel.seal.disclosure import pack

    said = unpack(share(send().seq, ["payment"], now_ms=NOW).document)
    changed = [(at, leaf.replace(b"PT20261120777", b"PT20261120778")) for at, leaf in said.shown]
    assert changed != said.shown
    with pytest.raises(DisclosureError, match="DISCLOSURE-PART"):
        verify_disclosure(pack(msgspec.structs.replace(said, shown=changed)), log.log_keys())


@pytest.mark.law(3)
def test_persons_stand_in_the_body_as_commitments_and_open_for_who_may(history: History) -> None:
    seq = send().seq
    body = read.get(seq).body
    assert not any(FIELDS[name].encode() in body for name in PERSONAL)
    held = verify_disclosure(share(seq, ["person"], now_ms=NOW).document, log.log_keys())
    opened = open_fields(seq, names_of(seq, ["person"]))
    assert {name.rpartition(".")[2] for name in opened} == set(PERSONAL)
    for name, said in values(held).items():
        if name != "message":
            found = opened[name]
            assert found.value.decode() == FIELDS[name.rpartition(".")[2]]
            assert personal.commitment(found.salt, name, found.value).hex() == said


def test_the_same_message_sent_again_is_the_first_receipt(history: History) -> None:
    content = signed()
    first, again = send(content), send(content)
    assert (again.seq, again.duplicate) == (first.seq, True)
    with pytest.raises(Refused, match="FILING-KEY-REUSED"):
        send(signed(unsigned({**FIELDS, "freight": "1.00"})))


def test_a_message_whose_signature_fails_is_filed_as_failed(history: History) -> None:
    seq = send(signed().replace(b"358.00", b"1.00", 1)).seq
    assert json.loads(read.get(seq).body)["signature"]["outcome"] == "failed"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"original": None}, "CEB-ORIGINAL"),
        ({"original": Original(b"<a/>", "application/xml", "a.xml")}, "CEB-ROOT"),
        ({"order.1.goodsValue": "1.00"}, "CEB-DIFFERS"),
        ({"order.1.more": "1"}, "CEB-DIFFERS"),
        ({"person.2.buyerName": "0" * 64}, "CEB-DIFFERS"),
    ],
)
def test_a_body_that_is_not_its_original_is_refused(
    history: History, change: dict[str, Any], code: str
) -> None:
    row = read.get(send().seq)
    body = json.loads(row.body)
    original = change.pop("original", Original(original_of(row.seq), "application/xml", "x.xml"))
    body["fields"].update(change)
    draft = Draft(CODE, FIRMS[0], "account:test", "ceb-2", body, NOW, original=original)
    with pytest.raises(Refused, match=code):
        file(draft, now_ms=NOW)


def test_a_dangerous_message_is_refused_and_nothing_is_stored(history: History) -> None:
    with pytest.raises(Refused, match="XML-DTD"):
        send(b"<!DOCTYPE a><a/>")
    assert read.tail() == 0
