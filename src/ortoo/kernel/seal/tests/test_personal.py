"""Law 3: a personal value enters the digest only as a salted commitment."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ortoo.kernel.seal.cipher import CipherError, framed, unframed, unwrap, wrap
from ortoo.kernel.seal.personal import (
    Draw,
    PersonalError,
    PersonalField,
    commitment,
    open_value,
    seal_now,
    seal_value,
)

KEY = bytes(range(32))
FIELD = PersonalField("P-1", "F-2026-1", "consignee.phone")
DRAW = Draw(b"s" * 16, b"n" * 12)


def test_law_3_the_commitment_is_sha256_of_salt_path_and_value_each_behind_its_length() -> None:
    spelled = b"\0\0\0\x10" + b"s" * 16 + b"\0\0\0\x01p" + b"\0\0\0\x02vv"
    assert commitment(b"s" * 16, "p", b"vv") == hashlib.sha256(spelled).digest()


def test_law_3_moving_a_character_between_path_and_value_changes_the_commitment() -> None:
    assert commitment(DRAW.salt, "ab", b"c") != commitment(DRAW.salt, "a", b"bc")


@given(st.lists(st.binary(max_size=6), max_size=4), st.lists(st.binary(max_size=6), max_size=4))
def test_two_lists_of_fields_never_frame_to_the_same_bytes(a: list[bytes], b: list[bytes]) -> None:
    assert (framed(*a) == framed(*b)) == (a == b)
    assert unframed(framed(*a), len(a)) == tuple(a)


@given(st.binary(max_size=40))
def test_a_sealed_value_opens_to_itself_with_the_salt_that_proves_it(value: bytes) -> None:
    sealed = seal_value(FIELD, value, KEY, DRAW)
    opened = open_value(sealed, FIELD, KEY)
    assert (opened.value, opened.salt) == (value, DRAW.salt)
    assert commitment(opened.salt, FIELD.path, opened.value) == sealed.commitment


def test_law_3_neither_commitment_nor_ciphertext_shows_the_value() -> None:
    value = b"13800000000"
    sealed = seal_now(FIELD, value, KEY)
    assert value not in sealed.ciphertext + sealed.commitment
    assert "138" not in repr(sealed) + repr(DRAW) + repr(open_value(sealed, FIELD, KEY))


def test_the_same_value_sealed_twice_has_two_commitments() -> None:
    first, second = (seal_now(FIELD, b"v", KEY) for _ in range(2))
    assert first.commitment != second.commitment
    assert first.ciphertext[:12] != second.ciphertext[:12]


def test_a_short_salt_is_refused() -> None:
    with pytest.raises(PersonalError, match="SEAL-SALT:盐须不少于 16 字节，所给为 15 字节"):
        commitment(b"s" * 15, "p", b"v")


@pytest.mark.parametrize(
    ("field", "key"),
    [
        (FIELD, bytes(32)),
        (replace(FIELD, path="consignee.name"), KEY),
        (replace(FIELD, filing_key="F-2026-2"), KEY),
    ],
)
def test_a_value_opens_only_with_its_key_at_its_place(field: PersonalField, key: bytes) -> None:
    with pytest.raises(CipherError, match="SEAL-OPEN"):
        open_value(seal_value(FIELD, b"v", KEY, DRAW), field, key)


@given(st.integers(0, 12 + 4 + 16 + 4 + 1 + 16 - 1), st.integers(0, 7))
def test_any_flipped_bit_of_a_ciphertext_is_noticed(at: int, bit: int) -> None:
    sealed = seal_value(FIELD, b"v", KEY, DRAW)
    broken = bytearray(sealed.ciphertext)
    broken[at] ^= 1 << bit
    with pytest.raises(CipherError):
        open_value(replace(sealed, ciphertext=bytes(broken)), FIELD, KEY)


def test_a_value_that_is_not_the_committed_one_is_told() -> None:
    sealed = seal_value(FIELD, b"v", KEY, DRAW)
    other = replace(sealed, ciphertext=seal_value(FIELD, b"w", KEY, DRAW).ciphertext)
    bare = replace(sealed, ciphertext=wrap(KEY, b"no frame", FIELD.place, DRAW.nonce))
    stranger = replace(sealed, subject="P-2")
    for wrong in (other, bare, stranger):
        with pytest.raises(PersonalError, match="SEAL-COMMITMENT"):
            open_value(wrong, FIELD, KEY)


def test_a_key_or_nonce_of_another_size_is_a_mistake_of_the_caller() -> None:
    with pytest.raises(ValueError, match="32-byte key"):
        wrap(bytes(16), b"v", FIELD.place, DRAW.nonce)
    with pytest.raises(CipherError):
        unwrap(KEY, b"short", FIELD.place)
