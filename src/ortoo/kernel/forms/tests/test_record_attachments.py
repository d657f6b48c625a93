"""Attachments and foreign documents: the bytes and the body must say the same."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator
from typing import Any

import pytest

from ortoo.kernel.filings.draft import Draft, Original
from ortoo.kernel.filings.refusal import Refused
from ortoo.kernel.forms import record_documents
from ortoo.kernel.forms.record_attachments import XLSX
from ortoo.kernel.forms.record_documents import Verdict, register_parser, register_verifier
from ortoo.kernel.forms.tests.record_samples import HEX, PDF, PNG, behaviour, body, draft


def refusal(made: Draft, name: str = "T-CONSIGN-1") -> list[tuple[str, str]]:
    """(path, code) of what `check_draft` finds."""
    told = behaviour(name)
    try:
        told.check_draft(made, told.encode(made.body))
    except Refused as error:
        if not error.details:
            return [("", error.code)]
        assert error.code == error.details[0]["code"]
        return [(issue["path"], issue["code"]) for issue in error.details]
    return []


def attached(*files: Original, slot: str = "invoice", **more: Any) -> Draft:
    return draft(body(**{slot: [file.address.hex() for file in files]}), attachments=files, **more)


def archive(name: str, size: int) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr(name, b"\x00" * size)
    return held.getvalue()


def test_attachments_named_in_the_body_and_given_are_accepted() -> None:
    assert refusal(attached(PDF, PNG)) == []


def test_an_address_without_its_bytes_is_refused() -> None:
    assert refusal(draft(body(invoice=[HEX]))) == [("invoice.0001", "ATTACH-MISSING")]


def test_bytes_that_no_address_names_are_refused() -> None:
    assert refusal(draft(body(), attachments=(PDF,))) == [("", "ATTACH-EXTRA")]
    twice = draft(body(invoice=[PDF.address.hex()]), attachments=(PDF, PDF))
    assert refusal(twice) == [("", "ATTACH-EXTRA")]


def test_the_same_bytes_under_another_name_are_another_attachment() -> None:
    renamed = Original(PDF.content, PDF.media_type, "other.pdf")
    made = draft(body(invoice=[PDF.address.hex()]), attachments=(renamed,))
    assert refusal(made) == [("invoice.0001", "ATTACH-MISSING"), ("", "ATTACH-EXTRA")]


@pytest.mark.parametrize(
    ("content", "media", "name"),
    [
        (b"<?xml version='1.0'?><a/>", "application/xml", "a.xml"),
        (b"\xef\xbb\xbf\n<a/>", "application/xml", "a.xml"),
        (b' {"a": 1}', "application/json", "a.json"),
        ("明细\n".encode(), "text/plain", "a.csv"),
        (archive("x", 10), "application/zip", "a.zip"),
        (archive("[Content_Types].xml", 10), XLSX, "a.xlsx"),
    ],
)
def test_each_allowed_type_is_known_by_its_bytes(content, media, name) -> None:
    assert refusal(attached(Original(content, media, name), slot="sheet")) == []


@pytest.mark.parametrize(
    ("content", "media", "name"),
    [
        (b"MZ\x90", "application/xml", "a.xml"),
        (b"<!DOCTYPE html><script>", "application/xml", "a.xml"),
        (b"%PDF-1.7", "application/json", "a.json"),
        (b'{"a": "\xff"}', "application/json", "a.json"),
        (b"a\x00b", "text/plain", "a.txt"),
        (archive("x", 10), XLSX, "a.xlsx"),
        (b"PK\x05\x06", "application/zip", "a.zip"),
    ],
)
def test_bytes_of_another_type_than_said_are_refused(content, media, name) -> None:
    found = refusal(attached(Original(content, media, name), slot="sheet"))
    assert found == [("sheet.0001", "ATTACH-MAGIC")]


@pytest.mark.parametrize(
    ("media", "name", "content", "code"),
    [
        ("application/pdf", "a.pdf", b"MZ\x90", "ATTACH-MAGIC"),
        ("image/jpeg", "a.jpg", PNG.content, "ATTACH-MAGIC"),
        ("application/x-msdownload", "a.pdf", b"%PDF-", "ATTACH-TYPE"),
        ("application/zip", "a.zip", b"PK\x03\x04", "ATTACH-TYPE"),
        ("application/pdf", "a.pdf", b"%PDF-" + b"0" * 100_000, "ATTACH-SIZE"),
        ("application/pdf", "../../etc/passwd.pdf", b"%PDF-", "ATTACH-NAME"),
        ("application/pdf", "C:\\a.pdf", b"%PDF-", "ATTACH-NAME"),
        ("application/pdf", "..pdf", b"%PDF-", "ATTACH-NAME"),
        ("application/pdf", "a\x00.pdf", b"%PDF-", "ATTACH-NAME"),
        ("application/pdf", "a\u202efdp.pdf", b"%PDF-", "ATTACH-NAME"),
        ("application/pdf", "a.pdf.exe", b"%PDF-", "ATTACH-NAME"),
        ("application/pdf", "a" * 200 + ".pdf", b"%PDF-", "ATTACH-NAME"),
    ],
)
def test_a_file_of_wrong_type_size_or_name_is_refused(media, name, content, code) -> None:
    assert refusal(attached(Original(content, media, name))) == [("invoice.0001", code)]


def test_an_archive_that_would_explode_is_never_opened(monkeypatch) -> None:
    bomb = archive("zeros", 20_000_000)
    assert len(bomb) < 100_000

    def opened(*_: object, **__: object) -> None:
        raise AssertionError("an archive was opened")

    monkeypatch.setattr(zipfile.ZipFile, "__init__", opened)
    assert refusal(attached(Original(bomb, "application/zip", "bomb.zip"), slot="sheet")) == []


# --- foreign documents --------------------------------------------------------------------------

ORDER = {
    "order_number": "N1",
    "total": 9_900,
    "items": [{"sku": "A", "quantity": 2}, {"sku": "B", "quantity": 1}],
}


def document(said: object = ORDER, seal: str = "good") -> Original:
    text = f"<order seal='{seal}'>{json.dumps(said)}</order>"
    return Original(text.encode(), "application/xml", "order.xml")


def read_order(content: bytes) -> dict[str, Any]:
    said: dict[str, Any] = json.loads(content[content.index(b">") + 1 : content.rindex(b"<")])
    return said


def judge(content: bytes, at_ms: int) -> Verdict:
    if b"'good'" in content:
        return Verdict("verified", "摘要与签名相符", "CN=Test")
    if b"'odd'" in content:
        raise RuntimeError("odd")
    return Verdict("failed", "签名不符", "CN=Test")


@pytest.fixture(autouse=True)
def registered(monkeypatch) -> Iterator[None]:
    monkeypatch.setattr(record_documents, "_PARSERS", {})
    monkeypatch.setattr(record_documents, "_VERIFIERS", {})
    register_parser("t-order", frozenset({"application/xml"}), read_order)
    register_verifier("t-order", judge)
    return iter([None])


SIGNED = {
    "outcome": "verified",
    "signer": "CN=Test",
    "verifier": "t-order",
    "why": "摘要与签名相符",
}


def ordered(original: Original | None = None, **changes: Any) -> list[tuple[str, str]]:
    said = {**ORDER, "buyer_number": HEX, "signature": SIGNED, **changes}
    given = document() if original is None else original
    return refusal(draft(said, form="T-ORDER", original=given), "T-ORDER-1")


def test_a_document_that_says_what_the_body_says_is_accepted() -> None:
    assert ordered() == []


def test_a_body_that_says_otherwise_than_its_document_is_refused_by_path() -> None:
    assert ordered(total=9_901) == [("total", "DOCUMENT-DIFFERS")]
    rows = [{"sku": "A", "quantity": 2}, {"sku": "B", "quantity": 7}]
    assert ordered(items=rows) == [("items.0002.quantity", "DOCUMENT-DIFFERS")]
    assert ordered(items=ORDER["items"][:1]) == [("items", "DOCUMENT-DIFFERS")]


def test_a_document_that_is_missing_unreadable_or_unasked_is_refused() -> None:
    said = {**ORDER, "buyer_number": HEX, "signature": SIGNED}
    missing = draft(said, form="T-ORDER")
    assert refusal(missing, "T-ORDER-1") == [("", "DOCUMENT-MISSING")]
    broken = Original(b"<order>{</order>", "application/xml", "order.xml")
    assert ordered(broken) == [("", "DOCUMENT-UNREADABLE")]
    assert refusal(draft(body(), original=PDF)) == [("", "DOCUMENT-EXTRA")]


@pytest.mark.parametrize(
    ("seal", "signature", "code"),
    [
        ("bad", SIGNED, "SIGNATURE-DIFFERS"),
        ("bad", {**SIGNED, "outcome": "failed", "why": "签名不符"}, "SIGNATURE-FAILED"),
        (
            "odd",
            {**SIGNED, "outcome": "unjudged", "why": "验签程序出错：odd", "signer": ""},
            "SIGNATURE-UNJUDGED",
        ),
    ],
)
def test_a_required_signature_must_hold_and_be_recorded_as_found(seal, signature, code) -> None:
    assert ordered(document(seal=seal), signature=signature) == [("signature", code)]


def test_a_parser_or_verifier_nobody_registered_is_said_plainly(monkeypatch) -> None:
    monkeypatch.setattr(record_documents, "_VERIFIERS", {})
    absent = {**SIGNED, "outcome": "unjudged", "why": "没有登记验签程序", "signer": ""}
    assert ordered(signature=absent) == [("signature", "SIGNATURE-UNJUDGED")]
    monkeypatch.setattr(record_documents, "_PARSERS", {})
    assert ordered() == [("", "DOCUMENT-PARSER")]


def test_a_verdict_of_another_shape_is_refused_in_the_body() -> None:
    told = behaviour("T-ORDER-1")
    for wrong in (1, {}, {**SIGNED, "outcome": "fine"}, {**SIGNED, "why": "x" * 201}):
        with pytest.raises(Refused) as caught:
            told.encode({**ORDER, "buyer_number": HEX, "signature": wrong})
        assert caught.value.details[0]["code"] == "SIGNATURE-SHAPE"
