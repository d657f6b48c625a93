"""Law 2: one part is proved without the others, offline; what was changed says so by its code."""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ortoo.kernel.filings import read
from ortoo.kernel.filings.draft import Original
from ortoo.kernel.filings.tests.history import FIRMS, NOW, History
from ortoo.kernel.seal import log
from ortoo.kernel.seal.checkpoint import Checkpoint, sign_checkpoint
from ortoo.kernel.seal.disclosure import (
    DisclosureError,
    ShownPart,
    _Document,
    disclose,
    pack,
    part_names,
    unpack,
    verify_disclosure,
)
from ortoo.kernel.seal.note import VerifierKey
from ortoo.kernel.seal.signer import Ed25519Signer

from .million import KEY, ORIGIN, in_a_million
from .salted_form import FIELDS, say_salted

FRESH: Any = pytest.mark.parametrize("hash_name", ["sha256", "sm3"])


@pytest.mark.law(2)
@FRESH
def test_shown_parts_are_proved_and_the_others_are_not_there(
    history: History, hash_name: str
) -> None:
    for _ in range(3):
        history.move()
    seq = say_salted(history).seq
    shown = disclose(seq, ["f07", "f02"], now_ms=NOW, hash_name=hash_name)
    held = verify_disclosure(shown.document, log.log_keys())
    assert held.parts == (ShownPart("f02", b"2", True), ShownPart("f07", b"7", True))
    assert (held.seq, held.envelope, held.original) == (seq, None, None)
    row = read.get(seq)
    assert held.digest == (row.digest if hash_name == "sha256" else row.digest_sm3)
    assert shown.parts == ("f02", "f07")


@pytest.mark.law(2)
@FRESH
def test_the_envelope_is_shown_when_asked_and_says_who_which_form_and_when(
    history: History, hash_name: str
) -> None:
    receipt = say_salted(history)
    shown = disclose(receipt.seq, ["envelope"], now_ms=NOW, hash_name=hash_name)
    held = verify_disclosure(shown.document, log.log_keys())
    assert held.envelope is not None
    said = {name: held.envelope[name] for name in ("filer", "form", "received_at", "key")}
    assert said == {
        "filer": FIRMS[0], "form": "T-SALTED", "received_at": receipt.received_at,
        "key": receipt.key,
    }  # fmt: skip
    assert held.parts == ()


@pytest.mark.law(2)
def test_the_address_of_the_original_is_a_part_like_the_others(history: History) -> None:
    original = Original(b"<a/>", "application/xml", "a.xml")
    seq = history.move(original=original).seq
    assert part_names(seq) == ["envelope", "fen", "original"]
    shown = disclose(seq, ["original"], now_ms=NOW)
    assert verify_disclosure(shown.document, log.log_keys()).original == original.address


@pytest.mark.law(2)
def test_a_column_of_a_grid_is_disclosed_and_its_guessable_neighbours_are_named(
    history: History,
) -> None:
    history.open()
    shown = disclose(history.say_return().seq, ["columns.price"], now_ms=NOW)
    held = verify_disclosure(shown.document, log.log_keys())
    assert json.loads(held.parts[0].value)[0] == 598
    assert "columns.stock" in shown.guessable


@pytest.mark.parametrize(
    ("names", "code"), [(["f99"], "DISCLOSURE-UNKNOWN-PART"), ([], "DISCLOSURE-NO-PART")]
)
def test_what_is_not_there_cannot_be_shown(history: History, names: list[str], code: str) -> None:
    with pytest.raises(DisclosureError, match=code):
        disclose(say_salted(history).seq, names, now_ms=NOW)


def test_a_record_that_was_altered_is_not_disclosed(history: History) -> None:
    from django.db import connection

    seq = say_salted(history).seq
    body = read.get(seq).body.replace(b'"f07":7', b'"f07":8')
    with connection.cursor() as cursor:
        cursor.execute("UPDATE kernel_filing SET body = %s WHERE seq = %s", [body, seq])
    with pytest.raises(DisclosureError, match="DISCLOSURE-RECORD"):
        disclose(seq, ["f07"], now_ms=NOW)


# --- tampering -------------------------------------------------------------------------------


def leaf(said: _Document, at: int, change: Callable[[bytes], bytes]) -> _Document:
    shown = [(i, change(data) if n == at else data) for n, (i, data) in enumerate(said.shown)]
    return msgspec.structs.replace(said, shown=shown)


def envelope(said: _Document, **changes: Any) -> _Document:
    def change(data: bytes) -> bytes:
        fields = {**json.loads(data.removeprefix(b"envelope\x00")), **changes}
        fields = {name: value for name, value in fields.items() if value is not ...}
        text = json.dumps(fields, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return b"envelope\x00" + text.encode()

    return leaf(said, 0, change)


def flipped(data: bytes, at: int = 0) -> bytes:
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]


def resigned(said: _Document, origin: str = ORIGIN) -> str:
    other = Ed25519Signer.from_private_bytes(b"x" * 32)
    return str(sign_checkpoint(Checkpoint(origin, 1_000_000, bytes(32), bytes(32)), other))


def put(**changes: Any) -> Callable[[_Document], _Document]:
    return lambda said: msgspec.structs.replace(
        said, **{name: change(said) for name, change in changes.items()}
    )


TAMPERS: dict[str, tuple[Callable[[_Document], _Document], str]] = {
    "the value": (lambda d: leaf(d, 1, lambda b: b[:-1] + b"9"), "DISCLOSURE-PART"),
    "the salt": (lambda d: leaf(d, 1, lambda b: flipped(b, 17)), "DISCLOSURE-PART"),
    "its name": (lambda d: leaf(d, 1, lambda b: b.replace(b"f07", b"f08")), "DISCLOSURE-PART"),
    "its place": (
        put(shown=lambda d: [d.shown[0], (d.shown[1][0] + 1, d.shown[1][1])]),
        "DISCLOSURE-PART",
    ),
    "an added part": (
        put(shown=lambda d: [*d.shown, (19, b"part\x00salted/x\x00" + bytes(17))]),
        "DISCLOSURE-PART",
    ),
    "a sibling": (put(siblings=lambda d: flipped(d.siblings)), "DISCLOSURE-PART"),
    "a sibling lost": (put(siblings=lambda d: d.siblings[32:]), "DISCLOSURE-PART"),
    "a sibling added": (put(siblings=lambda d: d.siblings + bytes(32)), "DISCLOSURE-PART"),
    "half a sibling": (put(siblings=lambda d: d.siblings[16:]), "DISCLOSURE-SHAPE"),
    "the digest": (put(digest=lambda d: flipped(d.digest)), "DISCLOSURE-PART"),
    "the number of parts": (put(count=lambda d: 2), "DISCLOSURE-PART"),
    "the hash": (put(hash_name=lambda d: "sm3"), "DISCLOSURE-PART"),
    "an unknown hash": (put(hash_name=lambda d: "md5"), "DISCLOSURE-SHAPE"),
    "the order": (put(shown=lambda d: d.shown[::-1]), "DISCLOSURE-SHAPE"),
    "no part": (put(shown=lambda d: []), "DISCLOSURE-SHAPE"),
    "the filer": (lambda d: envelope(d, filer=FIRMS[1]), "DISCLOSURE-PART"),
    "the time": (lambda d: envelope(d, received_at=NOW - 1), "DISCLOSURE-PART"),
    "a field of the envelope lost": (lambda d: envelope(d, filer=...), "DISCLOSURE-ENVELOPE"),
    "a time as a truth value": (lambda d: envelope(d, said_at=True), "DISCLOSURE-ENVELOPE"),
    "an envelope in other words": (
        lambda d: leaf(d, 0, lambda b: b.replace(b"\x00{", b"\x00{ ")),
        "DISCLOSURE-ENVELOPE",
    ),
    "a part of no kind": (lambda d: leaf(d, 1, lambda b: b"x" + b), "DISCLOSURE-PART-NAME"),
    "the other digest": (put(twin=lambda d: flipped(d.twin)), "DISCLOSURE-INCLUSION"),
    "the place in the log": (put(seq=lambda d: d.seq + 1), "DISCLOSURE-INCLUSION"),
    "no place": (put(seq=lambda d: 0), "DISCLOSURE-INCLUSION"),
    "a hash of the log": (put(path=lambda d: flipped(d.path)), "DISCLOSURE-INCLUSION"),
    "a hash of the log lost": (put(path=lambda d: d.path[:-32]), "DISCLOSURE-INCLUSION"),
    "the size of the log": (
        put(note=lambda d: d.note.replace("\n1000000\n", "\n1000001\n")),
        "NOTE-SIGNATURE",
    ),
    "when it was signed": (
        put(note=lambda d: d.note.replace("signed 17", "signed 16")),
        "NOTE-SIGNATURE",
    ),
    "another log": (put(note=lambda d: resigned(d, "other.example")), "CHECKPOINT-ORIGIN"),
    "another key": (put(note=resigned), "CHECKPOINT-UNSIGNED"),
    "no signature": (
        put(note=lambda d: d.note.split("\n\n")[0] + "\n\n"),
        "NOTE-SHAPE",
    ),
}


@pytest.fixture
def document(history: History) -> bytes:
    return in_a_million(disclose(say_salted(history).seq, ["envelope", "f07"], now_ms=NOW).document)


@pytest.mark.law(2)
@pytest.mark.parametrize("name", TAMPERS)
def test_every_way_of_tampering_fails_with_its_code(document: bytes, name: str) -> None:
    change, code = TAMPERS[name]
    changed = change(unpack(document))
    assert changed != unpack(document)
    with pytest.raises(DisclosureError) as refused:
        verify_disclosure(pack(changed), [KEY])
    assert refused.value.code == code
    assert verify_disclosure(document, [KEY]).parts == (ShownPart("f07", b"7", True),)


def respelled(document: bytes) -> bytes:
    """The same document with its log index in eight bytes where four would do."""
    short, long = b"\xce" + (423_977).to_bytes(4, "big"), b"\xcf" + (423_977).to_bytes(8, "big")
    plain = msgspec.msgpack.encode(unpack(document))
    assert plain.count(short) == 1
    assert msgspec.msgpack.decode(plain.replace(short, long), type=_Document) == unpack(document)
    return document[:6] + zlib.compress(plain.replace(short, long))[2:-4]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (respelled, "DISCLOSURE-SHAPE"),
        (lambda d: d[:-1], "DISCLOSURE-SHAPE"),
        (lambda d: d + b"x", "DISCLOSURE-SHAPE"),
        (lambda d: b"", "DISCLOSURE-VERSION"),
        (lambda d: b"ortoo2" + d[6:], "DISCLOSURE-VERSION"),
        (lambda d: d[:6] + zlib.compress(b"[]")[2:-4], "DISCLOSURE-SHAPE"),
        (lambda d: d[:6] + zlib.compress(bytes(7_000_000))[2:-4], "DISCLOSURE-SIZE"),
        (lambda d: d + bytes(4_000_000), "DISCLOSURE-SIZE"),
    ],
)
def test_a_file_that_is_no_document_is_refused_and_no_bomb_goes_off(
    document: bytes, change: Callable[[bytes], bytes], code: str
) -> None:
    with pytest.raises(DisclosureError) as refused:
        verify_disclosure(change(document), [KEY])
    assert refused.value.code == code


def test_any_flipped_bit_is_refused_or_changes_nothing(document: bytes) -> None:
    whole = verify_disclosure(document, [KEY])

    @settings(max_examples=300, deadline=None)
    @given(st.integers(0, len(document) * 8 - 1))
    def flip(bit: int) -> None:
        at = bit // 8
        spoiled = document[:at] + bytes([document[at] ^ 1 << bit % 8]) + document[at + 1 :]
        try:
            found = verify_disclosure(spoiled, [KEY])
        except DisclosureError:
            return
        assert found == whole

    flip()


@settings(max_examples=200)
@given(st.binary(max_size=400))
def test_whatever_bytes_come_the_answer_is_a_coded_refusal(data: bytes) -> None:
    for given_ in (data, b"ortoo1" + data):
        with pytest.raises(DisclosureError):
            verify_disclosure(given_, [KEY])


def test_without_the_envelope_nothing_is_said_of_who_which_or_when(history: History) -> None:
    shown = disclose(say_salted(history).seq, ["f07"], now_ms=NOW)
    plain = repr(unpack(shown.document))
    assert FIRMS[0] not in plain and "T-SALTED" not in plain
    assert "salted/f07" in plain
    # By whole names: two letters and a digit stand in random bytes by chance.
    assert not any(f"salted/{name}" in plain for name in FIELDS if name != "f07")


def test_a_key_of_another_name_does_not_stand_in_for_the_logs(document: bytes) -> None:
    with pytest.raises(DisclosureError, match="CHECKPOINT-ORIGIN"):
        verify_disclosure(document, [VerifierKey("other.example", KEY.public)])
