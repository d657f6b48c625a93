"""SM2 signatures 国密签名 (GB/T 32918.2) with SM3, through the optional package `gmssl-pyx`.

What is signed is SM3(Z_A ‖ message), with Z_A over the default user ID 1234567812345678 and the
public key (GB/T 32918.2 §5.5, GB/T 35276). A public key is 65 bytes, 0x04 ‖ X ‖ Y; a private key
32 bytes; a signature the 64 bytes r ‖ s, never DER: so it has one spelling and one length.
Installed with the extra `sm2`; why this package: docs/decisions/005-sm2.md.
"""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass, field
from types import ModuleType

from ortoo.kernel.seal.signer import SM2, SignerError, key_id

USER_ID = b"1234567812345678"
FIELD_SIZE = 32
PUBLIC_SIZE = 1 + 2 * FIELD_SIZE
SIGNATURE_SIZE = 2 * FIELD_SIZE
UNCOMPRESSED = b"\x04"
MODULE = "gmssl_pyx"


def available() -> bool:
    """Whether the extra is installed; imports nothing."""
    return importlib.util.find_spec(MODULE) is not None


def _module() -> ModuleType:
    try:
        return importlib.import_module(MODULE)
    except ImportError as error:
        raise SignerError(
            "SIGN-ALGORITHM",
            "本机没有 SM2 密码模块，不能签名或验签；"
            "请安装附加组件 ortoo[sm2]，或接入经检测的密码模块。",
        ) from error


@dataclass(frozen=True, slots=True)
class Sm2Signer:
    """A private SM2 key in memory. Its text form never shows the key."""

    public_bytes: bytes
    _private: bytes = field(repr=False)
    algorithm: str = SM2

    @property
    def key_id(self) -> str:
        return key_id(self.algorithm, self.public_bytes)

    def sign(self, message: bytes) -> bytes:
        """64 bytes r ‖ s; two signatures of one message differ (a fresh random k each)."""
        found = _module().sm2_sign(self._private, self.public_bytes[1:], message, signer_id=USER_ID)
        return raw_of(found)

    def private_bytes(self) -> bytes:
        """The 32-byte private key; for the keystore only."""
        return self._private

    def __repr__(self) -> str:
        return f"Sm2Signer({self.key_id})"

    @classmethod
    def generate(cls) -> Sm2Signer:
        public, private = _module().sm2_key_generate()
        return cls(UNCOMPRESSED + public, private)

    @classmethod
    def from_private_bytes(cls, private: bytes, public: bytes) -> Sm2Signer:
        """A kept key; SignerError SIGN-KEY when the two are not one pair.

        The module cannot derive the public key, so the pair proves itself by one signature.
        """
        if len(private) != FIELD_SIZE or len(public) != PUBLIC_SIZE:
            raise SignerError(
                "SIGN-KEY", f"SM2 私钥应为 {FIELD_SIZE} 字节，公钥 {PUBLIC_SIZE} 字节。"
            )
        signer = cls(public, private)
        probe = b"ortoo key pair"
        try:
            whole = verify_sm2(public, probe, signer.sign(probe))
        except _module().GmsslInnerError:
            whole = False
        if not whole:
            raise SignerError("SIGN-KEY", "SM2 私钥与公钥不是一对。")
        return signer


def verify_sm2(public: bytes, message: bytes, signature: bytes) -> bool:
    """Whether r ‖ s is `public`'s over `message`; False for anything misshapen or off the curve.

    SignerError SIGN-ALGORITHM where the extra is not installed: unknown is not false.
    """
    module = _module()
    whole = len(public) == PUBLIC_SIZE and public[:1] == UNCOMPRESSED
    if not whole or len(signature) != SIGNATURE_SIZE:
        return False
    try:
        found = module.sm2_verify(public[1:], message, der_of(signature), signer_id=USER_ID)
    except (module.GmsslInnerError, ValueError):
        return False
    return bool(found)


def der_of(raw: bytes) -> bytes:
    """r ‖ s as DER SEQUENCE { INTEGER r, INTEGER s } (GM/T 0009); `raw` is 64 bytes."""
    body = b"".join(
        _integer(int.from_bytes(part, "big")) for part in (raw[:FIELD_SIZE], raw[FIELD_SIZE:])
    )
    return b"\x30" + bytes([len(body)]) + body


def _integer(value: int) -> bytes:
    data = value.to_bytes(value.bit_length() // 8 + 1, "big")
    return b"\x02" + bytes([len(data)]) + data


def raw_of(der: bytes) -> bytes:
    """Inverse of `der_of`; SignerError SIGN-KEY when it is not that very spelling."""
    size = der[3] if len(der) > 3 else 0
    whole = (int.from_bytes(part, "big") for part in (der[4 : 4 + size], der[6 + size :]))
    found = b"".join((part % (1 << 256)).to_bytes(FIELD_SIZE, "big") for part in whole)
    if der_of(found) != der:
        raise SignerError("SIGN-KEY", "SM2 模块给出的签名不是规范的 DER 编码。")
    return found
