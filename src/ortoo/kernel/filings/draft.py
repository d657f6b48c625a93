"""What is handed to `file_many` and what comes back."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass


def original_address(content: bytes, media_type: str, name: str) -> bytes:
    """SHA-256 over the content's SHA-256, media type and name, each behind its length."""
    said = (hashlib.sha256(content).digest(), media_type.encode(), name.encode())
    framed = b"".join(len(field).to_bytes(4, "big") + field for field in said)
    return hashlib.sha256(b"original\x00" + framed).digest()


@dataclass(frozen=True, slots=True)
class Original:
    """A foreign document's bytes, kept exactly as they came."""

    content: bytes
    media_type: str
    name: str

    @property
    def sha256(self) -> bytes:
        """SHA-256 of the bytes alone, as the sender would compute it."""
        return hashlib.sha256(self.content).digest()

    @property
    def address(self) -> bytes:
        """What the filing's digest covers: what a document was called is as fixed as its bytes."""
        return original_address(self.content, self.media_type, self.name)


@dataclass(frozen=True, slots=True)
class SealedValue:
    """A personal value already encrypted; only `commitment` stands in the body (Law 3)."""

    commitment: bytes
    path: str
    subject: str
    ciphertext: bytes


@dataclass(frozen=True, slots=True)
class Draft:
    """A statement about to be filed.

    `key` makes filing idempotent: the same key with the same content returns the first receipt.
    `body` is a mapping for record forms and a `GridBody` for grid forms, or bytes already encoded.
    Times are milliseconds since the epoch. `filer` is the party whose statement it is, `actor` who
    pressed the button (`account:…`, `SYSTEM`). `under` is the log index of the filing that lets
    the actor speak for the filer, where `mode` asks for one (a mandate, a downtime number, a signed
    policy). `attachments` are named in the body by their addresses.
    """

    form: str
    filer: str
    actor: str
    key: str
    body: object
    said_at: int
    period: str = ""
    subject: str = ""
    place: str = ""
    supersedes: int | None = None
    annuls: int | None = None
    corrects: int | None = None
    reason: str = ""
    mode: str = "own"
    version: int | None = None
    original: Original | None = None
    sealed: tuple[SealedValue, ...] = ()
    under: int | None = None
    attachments: tuple[Original, ...] = ()


@dataclass(frozen=True, slots=True)
class Receipt:
    """Proof that a filing was accepted: its place in the log and both digests."""

    seq: int
    key: str
    digest: bytes
    digest_sm3: bytes
    received_at: int
    duplicate: bool = False

    @property
    def number(self) -> str:
        """Human-readable receipt number 回执号: log index and the digest's first eight digits."""
        return f"{self.seq:09d}-{self.digest[:4].hex().upper()}"


@dataclass(frozen=True, slots=True)
class Entry:
    """What a filing says to one thread; `detail` must be small and JSON-serialisable."""

    thread: str
    kind: str
    detail: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Move:
    """One side of a posting: `quantity` in the commodity's minor unit, signed."""

    account: str
    commodity: str
    quantity: int
    occurred_on: str
