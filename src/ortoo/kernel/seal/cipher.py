"""Authenticated encryption of personal values: AES-256-GCM (NIST SP 800-38D), bound to a place.

The place, that is (filing key, path), is the additional authenticated data: a ciphertext moved to
another filing or another field does not open.
"""

from __future__ import annotations

KEY_SIZE = 32
NONCE_SIZE = 12

Place = tuple[str, str]
"""(filing key, path of the value inside the filing)."""


class CipherError(Exception):
    """A ciphertext does not open: wrong key, wrong place, or altered. Code SEAL-OPEN."""

    code = "SEAL-OPEN"


def framed(*fields: bytes) -> bytes:
    """Fields one after another, each behind its length (4 bytes, big-endian): no two lists agree.

    Without the lengths ("ab", "c") and ("a", "bc") would be the same bytes.
    """
    return b"".join(len(field).to_bytes(4, "big") + field for field in fields)


def unframed(data: bytes, count: int) -> tuple[bytes, ...]:
    """Inverse of `framed` for exactly `count` fields; ValueError when the lengths do not fit."""
    fields, at = [], 0
    for _ in range(count):
        size = int.from_bytes(data[at : at + 4], "big")
        fields.append(data[at + 4 : at + 4 + size])
        at += 4 + size
    if framed(*fields) != data:
        raise ValueError(f"{len(data)} bytes do not frame {count} fields")
    return tuple(fields)


def wrap(key: bytes, value: bytes, place: Place, nonce: bytes) -> bytes:
    """nonce (12 bytes) ‖ ciphertext ‖ tag (16 bytes). A nonce is never used twice with a key."""
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    _check_sizes(key, nonce)
    return nonce + AESGCM(key).encrypt(nonce, value, _bound(place))


def unwrap(key: bytes, wrapped: bytes, place: Place) -> bytes:
    """The value; CipherError when key, place or any byte differs from what it was sealed with."""
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    nonce, ciphertext = wrapped[:NONCE_SIZE], wrapped[NONCE_SIZE:]
    try:
        _check_sizes(key, nonce)
        return AESGCM(key).decrypt(nonce, ciphertext, _bound(place))
    except (InvalidTag, ValueError) as error:
        raise CipherError(
            f"SEAL-OPEN:报件 {place[0]} 的“{place[1]}”密文不能解开：密钥不符、位置不符或已被改动。"
        ) from error


def _bound(place: Place) -> bytes:
    filing_key, path = place
    return framed(filing_key.encode("utf-8"), path.encode("utf-8"))


def _check_sizes(key: bytes, nonce: bytes) -> None:
    if len(key) != KEY_SIZE or len(nonce) != NONCE_SIZE:
        raise ValueError(f"AES-256-GCM takes a {KEY_SIZE}-byte key and a {NONCE_SIZE}-byte nonce")
