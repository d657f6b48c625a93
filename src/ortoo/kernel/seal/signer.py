"""Signing 签名: what a checkpoint is signed with, behind one small interface.

Ed25519 (RFC 8032) is built in; SM2 (GB/T 32918) comes with the extra `sm2`. A region that must sign
in its certified module supplies an object with the shape of `Signer`, and where the module also
verifies, a verifier passed to `verify` as `verifiers={**VERIFIERS, SM2: …}`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

ED25519 = "ed25519"
SM2 = "sm2"

Verifier = Callable[[bytes, bytes, bytes], bool]
"""(public key, message, signature) -> whether the signature holds; never raises on bad input."""


class SignerError(Exception):
    """A key or algorithm cannot be used. Codes: SIGN-ALGORITHM, SIGN-KEY."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}:{message}")
        self.code = code
        self.message = message


class Signer(Protocol):
    """A private key that signs; it may live in a file, a card or a remote module."""

    @property
    def algorithm(self) -> str: ...

    @property
    def key_id(self) -> str: ...

    @property
    def public_bytes(self) -> bytes: ...

    def sign(self, message: bytes) -> bytes: ...


class KeptSigner(Signer, Protocol):
    """A signer whose private key the keystore may write to its file."""

    def private_bytes(self) -> bytes: ...


def key_id(algorithm: str, public: bytes) -> str:
    """16 hexadecimal characters that name a public key: SHA-256(algorithm ‖ 0x00 ‖ key)."""
    return hashlib.sha256(algorithm.encode("ascii") + b"\x00" + public).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class Ed25519Signer:
    """A private Ed25519 key in memory. Its text form never shows the key."""

    _key: Ed25519PrivateKey
    public_bytes: bytes
    algorithm: str = ED25519

    @property
    def key_id(self) -> str:
        return key_id(self.algorithm, self.public_bytes)

    def sign(self, message: bytes) -> bytes:
        """64 bytes, deterministic (RFC 8032 §5.1.6)."""
        return self._key.sign(message)

    def private_bytes(self) -> bytes:
        """The 32-byte seed; for the keystore only."""
        return self._key.private_bytes_raw()

    def __repr__(self) -> str:
        return f"Ed25519Signer({self.key_id})"

    @classmethod
    def generate(cls) -> Ed25519Signer:
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

        return cls._of(Ed25519PrivateKey.generate())

    @classmethod
    def from_private_bytes(cls, seed: bytes) -> Ed25519Signer:
        """From the 32-byte seed; SignerError SIGN-KEY when it is of another length."""
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

        try:
            return cls._of(Ed25519PrivateKey.from_private_bytes(seed))
        except ValueError as error:
            raise SignerError(
                "SIGN-KEY", f"Ed25519 私钥应为 32 字节，所给为 {len(seed)} 字节。"
            ) from error

    @classmethod
    def _of(cls, key: Ed25519PrivateKey) -> Ed25519Signer:
        return cls(key, key.public_key().public_bytes_raw())


def _verify_ed25519(public: bytes, message: bytes, signature: bytes) -> bool:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


def _verify_sm2(public: bytes, message: bytes, signature: bytes) -> bool:
    from ortoo.kernel.seal.sm2 import verify_sm2

    return verify_sm2(public, message, signature)


VERIFIERS: Mapping[str, Verifier] = {ED25519: _verify_ed25519, SM2: _verify_sm2}


def verify(
    public: bytes,
    algorithm: str,
    message: bytes,
    signature: bytes,
    *,
    verifiers: Mapping[str, Verifier] = VERIFIERS,
) -> bool:
    """Whether `signature` is `public`'s over `message`.

    SignerError SIGN-ALGORITHM when nothing here can judge the algorithm: unknown is not false.
    """
    if algorithm not in verifiers:
        raise _unknown(algorithm)
    return verifiers[algorithm](public, message, signature)


def generate(algorithm: str) -> KeptSigner:
    """A new key of the algorithm; SignerError SIGN-ALGORITHM when nothing here can make one."""
    if algorithm == ED25519:
        return Ed25519Signer.generate()
    if algorithm == SM2:
        from ortoo.kernel.seal.sm2 import Sm2Signer

        return Sm2Signer.generate()
    raise _unknown(algorithm)


def kept(algorithm: str, private: bytes, public: bytes) -> KeptSigner:
    """The key out of its private file; SignerError SIGN-KEY when it does not fit `public`."""
    if algorithm == SM2:
        from ortoo.kernel.seal.sm2 import Sm2Signer

        return Sm2Signer.from_private_bytes(private, public)
    if algorithm != ED25519:
        raise _unknown(algorithm)
    signer = Ed25519Signer.from_private_bytes(private)
    if signer.public_bytes != public:
        raise SignerError("SIGN-KEY", "Ed25519 私钥与公钥不是一对。")
    return signer


def _unknown(algorithm: str) -> SignerError:
    known = "、".join(VERIFIERS)
    return SignerError(
        "SIGN-ALGORITHM", f"本机不会“{algorithm}”签名，只会 {known}；请核对密钥记录。"
    )
