"""What is said of a signature, and that it is never said of a message it does not cover."""

from __future__ import annotations

import base64

import pytest

from ortoo.connectors.ceb_xml.signature import DS, PORT, SM2_SM3, judge

from .fictional import HOLE, keys, signed, unsigned

AT = 1_795_000_000_000
YEAR = 365 * 86_400_000


def found(content: bytes, at: int = AT, trusted: bool = True) -> tuple[str, str]:
    verdict = judge(content, at, {keys()[2]} if trusted else ())
    return verdict.outcome, verdict.why.split("：")[0]


def test_a_message_signed_by_a_trusted_certificate_is_verified() -> None:
    assert found(signed()) == ("verified", "CEB-SIG-OK")
    assert judge(signed(), AT, {keys()[2]}).signer == "CN=YUNJI-FICTIONAL"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"358.00", b"358.01"),
        ("虚构买家".encode(), "另一买家".encode()),
        (b'version="1.0"\n', b'version="1.1"\n'),
        (b"\n <ceb:BaseTransfer>", b"\n  <ceb:BaseTransfer>"),
        (b"XMLSchema-instance", b"XMLSchema-instancf"),
    ],
)
def test_a_changed_message_fails(old: bytes, new: bytes) -> None:
    content = signed()
    assert old in content
    assert found(content.replace(old, new, 1)) == ("failed", "CEB-SIG-DIGEST")


def test_a_changed_signature_value_or_signed_info_fails() -> None:
    other = base64.b64encode(bytes(256)).decode()
    assert found(signed(value=other)) == ("failed", "CEB-SIG-VALUE")
    assert found(signed().replace(b"<ds:SignedInfo>", b"<ds:SignedInfo> ")) == (
        "failed", "CEB-SIG-VALUE",
    )  # fmt: skip
    assert found(signed(value="!")) == ("failed", "CEB-SIG-BASE64")


def test_spelling_that_canonical_form_removes_does_not_matter() -> None:
    content = signed().replace(b"<ceb:appType>1</ceb:appType>", b"<ceb:appType >1</ceb:appType >")
    assert found(content) == ("verified", "CEB-SIG-OK")
    assert found(signed().replace(b"\n", b"\r\n")) == ("verified", "CEB-SIG-OK")


@pytest.mark.parametrize(
    ("how", "code"),
    [
        ({"method": SM2_SM3, "digest": PORT + "sm3", "hash": "sm3"}, "CEB-SIG-SM2"),
        ({"method": DS + "rsa-sha1", "digest": DS + "sha1", "hash": "sha1"}, "CEB-SIG-SHA1"),
        ({"method": "urn:x"}, "CEB-SIG-METHOD"),
        ({"digest": "urn:x"}, "CEB-SIG-METHOD"),
        ({"certificate": ""}, "CEB-SIG-CERTIFICATE"),
        ({"certificate": "AAAA"}, "CEB-SIG-CERTIFICATE"),
        ({"uri": "#part"}, "CEB-SIG-FORM"),
        ({"transform": "http://www.w3.org/TR/1999/REC-xslt-19991116"}, "CEB-SIG-FORM"),
    ],
)
def test_what_cannot_be_judged_is_said_to_be_so_and_why(how: dict[str, str], code: str) -> None:
    assert found(signed(**how)) == ("unjudged", code)


def test_an_sm2_message_whose_text_was_changed_fails_by_its_digest() -> None:
    content = signed(method=SM2_SM3, digest=PORT + "sm3", hash="sm3").replace(b"358.00", b"1.00", 1)
    assert found(content) == ("failed", "CEB-SIG-DIGEST")


def test_a_certificate_nobody_vouches_for_verifies_nothing() -> None:
    assert found(signed(), trusted=False) == ("unjudged", "CEB-SIG-TRUST")


@pytest.mark.parametrize("at", [AT - YEAR, AT + YEAR])
def test_a_certificate_out_of_its_time_fails(at: int) -> None:
    assert found(signed(), at) == ("failed", "CEB-SIG-TIME")


def test_a_message_without_a_signature_or_with_two_is_not_judged() -> None:
    assert found(unsigned().replace(HOLE, "").encode()) == ("unjudged", "CEB-SIG-NONE")
    content = signed().decode()
    signature = content[content.index("<ds:Signature") : content.index("</ceb:CEB311")]
    twice = content.replace(signature, signature * 2)
    wrapped = content.replace(signature, f"<ceb:x>{signature}</ceb:x>")
    assert found(twice.encode()) == found(wrapped.encode()) == ("unjudged", "CEB-SIG-FORM")


def test_what_is_no_xml_is_not_judged() -> None:
    assert found(b"<!DOCTYPE a><a/>") == ("unjudged", "XML-DTD")
