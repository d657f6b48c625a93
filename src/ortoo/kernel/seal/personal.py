"""Personal values 个人信息: the digest holds a commitment, the value lies encrypted apart.

Kernel law 3: a value marked `personal` enters the digest only as SHA-256(salt ‖ path ‖ value);
salt and value are encrypted with the subject's key. Destroying that key erases the value, and the
commitment that remains in the log says nothing, for the salt is gone with it.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass

from ortoo.kernel.seal.cipher import NONCE_SIZE, Place, framed, unframed, unwrap, wrap

MIN_SALT_SIZE = 16
SALT_SIZE = 32


class PersonalError(Exception):
    """A sealed value is not the committed one. Codes: SEAL-SALT, SEAL-COMMITMENT."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}:{message}")
        self.code = code
        self.message = message


@dataclass(frozen=True, slots=True)
class PersonalField:
    """Where a personal value stands: whose it is, in which filing, at which path.

    `subject` names the person by an internal reference, never by a number or a name: it is kept
    after the erasure.
    """

    subject: str
    filing_key: str
    path: str

    @property
    def place(self) -> Place:
        return self.filing_key, self.path


@dataclass(frozen=True, slots=True, repr=False)
class Draw:
    """The randomness of one sealing: salt (at least 16 bytes) and nonce (12 bytes), used once."""

    salt: bytes
    nonce: bytes

    @classmethod
    def fresh(cls) -> Draw:
        """From the operating system; the only randomness in this module."""
        return cls(secrets.token_bytes(SALT_SIZE), secrets.token_bytes(NONCE_SIZE))


@dataclass(frozen=True, slots=True)
class Sealed:
    """What is stored: the commitment in the body, the ciphertext in `sealed`, keyed by subject."""

    commitment: bytes
    subject: str
    ciphertext: bytes


@dataclass(frozen=True, slots=True, repr=False)
class Opened:
    """The value and its salt: together they prove the value against the filing's digest."""

    value: bytes
    salt: bytes


def commitment(salt: bytes, path: str, value: bytes) -> bytes:
    """SHA-256 over salt, path and value, each behind its 4-byte length; 32 bytes.

    PersonalError SEAL-SALT below 16 bytes of salt: telephone and identity numbers are so few that
    an unsalted digest is found by trying them all.
    """
    if len(salt) < MIN_SALT_SIZE:
        raise PersonalError(
            "SEAL-SALT", f"盐须不少于 {MIN_SALT_SIZE} 字节，所给为 {len(salt)} 字节。"
        )
    return hashlib.sha256(framed(salt, path.encode("utf-8"), value)).digest()


def seal_value(field: PersonalField, value: bytes, key: bytes, draw: Draw) -> Sealed:
    """Commit to `value` and encrypt it with its salt under the subject's 32-byte key."""
    committed = commitment(draw.salt, field.path, value)
    ciphertext = wrap(key, framed(draw.salt, value), field.place, draw.nonce)
    return Sealed(committed, field.subject, ciphertext)


def seal_now(field: PersonalField, value: bytes, key: bytes) -> Sealed:
    """`seal_value` with fresh randomness."""
    return seal_value(field, value, key, Draw.fresh())


def open_value(sealed: Sealed, field: PersonalField, key: bytes) -> Opened:
    """Decrypt and compare with the commitment.

    CipherError when it does not open with this key at this place; PersonalError SEAL-COMMITMENT
    when it opens to something else than was filed.
    """
    plain = unwrap(key, sealed.ciphertext, field.place)
    try:
        salt, value = unframed(plain, 2)
        found = commitment(salt, field.path, value)
    except (ValueError, PersonalError):
        found = b""
    if sealed.subject != field.subject or not hmac.compare_digest(found, sealed.commitment):
        raise PersonalError(
            "SEAL-COMMITMENT", f"报件 {field.filing_key} 的“{field.path}”解密所得与存证承诺不符。"
        )
    return Opened(value, salt)
