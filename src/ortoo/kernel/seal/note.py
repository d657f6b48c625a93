"""Signed notes: a text, a blank line, signature lines (C2SP signed-note, from Go's sumdb/note).

    — <key name> <base64(key hash ‖ signature)>

The signatures cover the text with its final newline, not the blank line. The key hash is the first
four bytes of SHA-256(key name ‖ 0x0A ‖ type byte ‖ public key); it tells keys apart and proves
nothing. Lines of unknown keys are passed over, so that a note may gather witnesses over time.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ortoo.kernel.seal.signer import ED25519, SM2, VERIFIERS, Signer, Verifier, verify

LINE_START = "— "
MAX_SIGNATURES = 100
MAX_NOTE_SIZE = 1_000_000
COSIGNATURE = b"\x04"

# 0xff opens the types that C2SP leaves to private use; what follows it names ours.
SIGNATURE_TYPES: Mapping[str, bytes] = {ED25519: b"\x01", SM2: b"\xffortoo-sm2-sm3"}


class NoteError(Exception):
    """A note or key cannot be read, or a signature does not hold.

    Codes: NOTE-SHAPE, NOTE-LINE, NOTE-KEY, NOTE-SIGNATURE. `line` counts from 1
    where one line is at fault, and is 0 otherwise.
    """

    def __init__(self, code: str, message: str, line: int = 0) -> None:
        super().__init__(f"{code}:{message}")
        self.code = code
        self.message = message
        self.line = line


@dataclass(frozen=True, slots=True)
class SignatureLine:
    """One signature line: the key's name, its 4-byte hash, and what follows it."""

    name: str
    key_hash: bytes
    signature: bytes

    def __str__(self) -> str:
        coded = base64.b64encode(self.key_hash + self.signature).decode("ascii")
        return f"{LINE_START}{self.name} {coded}\n"


@dataclass(frozen=True, slots=True)
class Note:
    """A text that ends in a newline, and its signature lines. `str(note)` is the wire form."""

    text: str
    signatures: tuple[SignatureLine, ...] = ()

    def __str__(self) -> str:
        return self.text + "\n" + "".join(map(str, self.signatures))

    def with_signature(self, line: SignatureLine) -> Note:
        """With `line` added; an earlier line of the same key is replaced."""
        kept = (s for s in self.signatures if (s.name, s.key_hash) != (line.name, line.key_hash))
        return Note(self.text, (*kept, line))


@dataclass(frozen=True, slots=True)
class VerifierKey:
    """A public key under the name it signs with; `cosigner` marks a witness's timestamped kind."""

    name: str
    public: bytes
    algorithm: str = ED25519
    cosigner: bool = False

    def __post_init__(self) -> None:
        if not _is_name(self.name):
            raise NoteError("NOTE-KEY", f"密钥名“{self.name}”不得为空，不得含空白或加号。")

    @property
    def type_bytes(self) -> bytes:
        if self.cosigner and self.algorithm == ED25519:
            return COSIGNATURE
        kind = SIGNATURE_TYPES.get(self.algorithm)
        if kind is None:
            raise NoteError("NOTE-KEY", f"签名算法“{self.algorithm}”没有类型字节。")
        return kind + b"-cosignature" if self.cosigner else kind

    @property
    def key_hash(self) -> bytes:
        named = self.name.encode("utf-8") + b"\n" + self.type_bytes + self.public
        return hashlib.sha256(named).digest()[:4]

    def __str__(self) -> str:
        """The text to hand to others: name+hash+base64(type ‖ key)."""
        coded = base64.b64encode(self.type_bytes + self.public).decode("ascii")
        return f"{self.name}+{self.key_hash.hex()}+{coded}"

    @classmethod
    def parse(cls, text: str) -> VerifierKey:
        """Read `str(key)`; NoteError NOTE-KEY when its parts do not agree. Ed25519 keys only."""
        name, _, rest = text.strip().partition("+")
        hashed, _, coded = rest.partition("+")
        try:
            data = base64.b64decode(coded, validate=True)
        except binascii.Error:
            data = b""
        if len(data) != 33 or data[:1] not in (SIGNATURE_TYPES[ED25519], COSIGNATURE):
            raise NoteError("NOTE-KEY", f"公钥文本“{text}”不是 Ed25519 公钥。")
        key = cls(name, data[1:], ED25519, data[:1] == COSIGNATURE)
        if key.key_hash.hex() != hashed:
            raise NoteError("NOTE-KEY", f"公钥文本“{text}”中的密钥标识应为 {key.key_hash.hex()}。")
        return key


def _is_name(name: str) -> bool:
    return bool(name) and "+" not in name and not any(c.isspace() for c in name)


def parse(wire: str) -> Note:
    """Read a note; NoteError NOTE-SHAPE or NOTE-LINE. At least one signature line is required."""
    if len(wire) > MAX_NOTE_SIZE or any(c < " " and c != "\n" for c in wire):
        raise NoteError("NOTE-SHAPE", "签名文本过长，或含有换行以外的控制字符。")
    cut = wire.rfind("\n\n")
    if cut < 0 or not wire.endswith("\n"):
        raise NoteError("NOTE-SHAPE", "签名文本应由正文、一个空行和签名行组成，并以换行结束。")
    text, rest = wire[: cut + 1], wire[cut + 2 : -1]
    lines = rest.split("\n") if rest else []
    if not 0 < len(lines) <= MAX_SIGNATURES:
        raise NoteError(
            "NOTE-SHAPE", f"签名行应为 1 至 {MAX_SIGNATURES} 行，现为 {len(lines)} 行。"
        )
    first = text.count("\n") + 2
    return Note(text, tuple(_parse_line(line, first + at) for at, line in enumerate(lines)))


def _parse_line(line: str, number: int) -> SignatureLine:
    name, _, coded = line.removeprefix(LINE_START).partition(" ")
    try:
        data = base64.b64decode(coded, validate=True)
    except (binascii.Error, ValueError):
        data = b""
    # Only the canonical base64 spelling, so that a note has one wire form.
    line_made = str(SignatureLine(name, data[:4], data[4:]))
    if line_made != line + "\n" or not _is_name(name) or len(data) < 5:
        raise NoteError("NOTE-LINE", f"第 {number} 行不是“— 名称 base64”形式的签名行。", number)
    return SignatureLine(name, data[:4], data[4:])


def sign(text: str, name: str, signer: Signer) -> SignatureLine:
    """A signature line over `text`, which must end in a newline."""
    if not text.endswith("\n"):
        raise NoteError("NOTE-SHAPE", "待签名正文须以换行结束。")
    key = VerifierKey(name, signer.public_bytes, signer.algorithm)
    return SignatureLine(name, key.key_hash, signer.sign(text.encode("utf-8")))


def verified_by(
    note: Note, keys: Sequence[VerifierKey], verifiers: Mapping[str, Verifier] = VERIFIERS
) -> tuple[VerifierKey, ...]:
    """The keys whose lines hold. A line that claims a known key and does not hold is an error.

    NoteError NOTE-SIGNATURE for such a line; lines of unknown keys are passed over.
    """
    known = {(key.name, key.key_hash): key for key in keys if not key.cosigner}
    message = note.text.encode("utf-8")
    found: list[VerifierKey] = []
    for line in note.signatures:
        key = known.get((line.name, line.key_hash))
        if key is None or key in found:
            continue
        if not verify(key.public, key.algorithm, message, line.signature, verifiers=verifiers):
            raise NoteError("NOTE-SIGNATURE", f"“{line.name}”的签名与正文不符。")
        found.append(key)
    return tuple(found)
