"""Signed notes: published notes verify, ours round-trip, false lines are named."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ortoo.kernel.seal import note as notes
from ortoo.kernel.seal.note import Note, NoteError, VerifierKey
from ortoo.kernel.seal.signer import SM2, Ed25519Signer

# The worked example of the Go package golang.org/x/mod/sumdb/note (BSD licence).
PETER = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
ENOCH = "EnochRoot+af0cfe78+ATtqJ7zOtqQtYqOo0CpvDXNlMhV3HeJDpjrASKGLWdop"
EXAMPLE = (
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n"
    "\n"
    "— PeterNeumann "
    "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
)
# The key of Go's public checksum database.
SUMDB = "sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8"

SIGNER = Ed25519Signer.from_private_bytes(bytes(range(32)))
KEY = VerifierKey("ortoo.example/商务", SIGNER.public_bytes)


def signed(text: str = "正文\n") -> Note:
    return Note(text, (notes.sign(text, KEY.name, SIGNER),))


def test_the_published_example_verifies() -> None:
    note = notes.parse(EXAMPLE)
    peter = VerifierKey.parse(PETER)
    assert notes.verified_by(note, [VerifierKey.parse(ENOCH), peter]) == (peter,)
    assert str(note) == EXAMPLE


@pytest.mark.parametrize("text", [PETER, ENOCH, SUMDB])
def test_published_keys_have_the_key_hash_we_compute(text: str) -> None:
    assert str(VerifierKey.parse(text)) == text


def test_a_changed_text_is_not_the_signed_one() -> None:
    note = notes.parse(EXAMPLE.replace("think", "thank"))
    with pytest.raises(NoteError, match="NOTE-SIGNATURE:“PeterNeumann”"):
        notes.verified_by(note, [VerifierKey.parse(PETER)])


def test_lines_of_unknown_keys_are_passed_over() -> None:
    assert notes.verified_by(notes.parse(EXAMPLE), [KEY]) == ()


def test_a_key_of_the_same_name_with_other_bytes_is_unknown() -> None:
    other = replace(KEY, public=bytes(32))
    assert notes.verified_by(signed(), [other]) == ()


@given(st.text(st.characters(codec="utf-8", min_codepoint=32), max_size=40))
def test_any_text_signed_and_read_back_verifies(body: str) -> None:
    note = signed(body + "\n")
    assert notes.parse(str(note)) == note
    assert notes.verified_by(note, [KEY]) == (KEY,)


def test_a_second_signature_of_one_key_replaces_the_first() -> None:
    note = signed()
    again = note.with_signature(note.signatures[0])
    assert again == note


@pytest.mark.parametrize(
    ("wire", "code", "line"),
    [
        ("", "NOTE-SHAPE", 0),
        ("正文\n", "NOTE-SHAPE", 0),
        ("正文\n\n", "NOTE-SHAPE", 0),
        ("正文\n\n— a AAAAAAA=", "NOTE-SHAPE", 0),
        ("正文\t\n\n— a AAAAAAA=\n", "NOTE-SHAPE", 0),
        ("正文\n\n- a AAAAAAA=\n", "NOTE-LINE", 3),
        ("正文\n\n— a AAAA\n", "NOTE-LINE", 3),
        ("正文\n\n— a AAAAAAA=\n— a+b AAAAAAA=\n", "NOTE-LINE", 4),
        ("正文\n\n— a 不是base64\n", "NOTE-LINE", 3),
    ],
)
def test_a_misshapen_note_is_refused_with_its_line(wire: str, code: str, line: int) -> None:
    with pytest.raises(NoteError) as caught:
        notes.parse(wire)
    assert (caught.value.code, caught.value.line) == (code, line)


@pytest.mark.parametrize("text", ["", "a", PETER.replace("c74f", "c74e"), "a+00000000+AAAA"])
def test_a_key_text_whose_parts_disagree_is_refused(text: str) -> None:
    with pytest.raises(NoteError, match="NOTE-KEY"):
        VerifierKey.parse(text)


def test_a_key_name_has_no_space_and_no_plus() -> None:
    for name in ("", "a b", "a+b", "a\u3000b"):
        with pytest.raises(NoteError, match="NOTE-KEY"):
            VerifierKey(name, bytes(32))


def test_an_sm2_key_has_its_own_type_and_needs_a_verifier_of_its_own() -> None:
    class Sm2Stand:
        algorithm = SM2
        key_id = "0" * 16
        public_bytes = b"\x04" + bytes(64)

        def sign(self, message: bytes) -> bytes:
            return b"sm2:" + message[:8]

    line = notes.sign("正文\n", KEY.name, Sm2Stand())
    key = VerifierKey(KEY.name, Sm2Stand.public_bytes, SM2)
    assert line.key_hash == key.key_hash
    assert line.key_hash != replace(key, algorithm="ed25519").key_hash
    note = Note("正文\n", (line,))
    accept = {SM2: lambda public, message, signature: signature == b"sm2:" + message[:8]}
    assert notes.verified_by(note, [key], accept) == (key,)
