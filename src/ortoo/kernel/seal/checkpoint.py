"""Checkpoints 存证检查点: how large the log was and what its root was, signed and witnessed.

The text follows C2SP tlog-checkpoint:

    <origin>
    <size, decimal>
    <SHA-256 root, base64>
    sm3 <SM3 root, base64>        (an extension line: the same leaves under SM3)

A witness that has checked that the log only grew adds a cosignature/v1 (C2SP tlog-cosignature):
its line carries the time in seconds since 1970 (8 bytes) before the signature, which covers
"cosignature/v1", the time and the whole text. A checkpoint shows that nothing was altered, not
that what was filed is true.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ortoo.algorithms.merkle import HASH_SIZE, ProofFault, consistency_fault
from ortoo.kernel.seal import note as notes
from ortoo.kernel.seal.note import Note, NoteError, SignatureLine, VerifierKey
from ortoo.kernel.seal.signer import VERIFIERS, Signer, Verifier, verify

SM3_LINE = "sm3 "
SIZE_SHAPE = re.compile(r"0|[1-9][0-9]{0,18}")
TIME_SIZE = 8


class CheckpointError(Exception):
    """A checkpoint cannot be read or does not hold.

    Codes: CHECKPOINT-SHAPE, -ORIGIN, -SIZE, -ROOT, -UNSIGNED, -WITNESSES, -SHRUNK, -FORKED, -PROOF.
    `line` counts from 1 where one line is at fault, and is 0 otherwise.
    """

    def __init__(self, code: str, message: str, line: int = 0) -> None:
        super().__init__(f"{code}:{message}")
        self.code = code
        self.message = message
        self.line = line


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The log's state after `size` leaves. Roots are 32 bytes; `root_sm3` is None where absent."""

    origin: str
    size: int
    root_sha256: bytes
    root_sm3: bytes | None = None
    extensions: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not self.origin or "\n" in self.origin or self.size < 0:
            raise CheckpointError("CHECKPOINT-SHAPE", "检查点须有单行来源名和非负叶数。")
        roots = (self.root_sha256, self.root_sm3)
        if any(value is not None and len(value) != HASH_SIZE for value in roots):
            raise CheckpointError("CHECKPOINT-ROOT", f"根须为 {HASH_SIZE} 字节。")
        bad = (not line or "\n" in line or line.startswith(SM3_LINE) for line in self.extensions)
        if any(bad):
            raise CheckpointError(
                "CHECKPOINT-SHAPE", "附加行不得为空、不得换行，也不得以 sm3 开头。"
            )

    @property
    def text(self) -> str:
        """The signed text, with its final newline."""
        lines = [self.origin, str(self.size), _coded(self.root_sha256)]
        if self.root_sm3 is not None:
            lines.append(SM3_LINE + _coded(self.root_sm3))
        return "\n".join([*lines, *self.extensions, ""])


def parse_text(text: str) -> Checkpoint:
    """Read a checkpoint's text; CheckpointError names the line that is wrong."""
    lines = text.split("\n")
    if len(lines) < 4 or lines[-1]:
        raise CheckpointError("CHECKPOINT-SHAPE", "检查点正文至少三行，并以换行结束。")
    origin, size, root, *rest = lines[:-1]
    if not origin:
        raise CheckpointError("CHECKPOINT-ORIGIN", "第 1 行（来源）为空。", 1)
    if not SIZE_SHAPE.fullmatch(size):
        raise CheckpointError("CHECKPOINT-SIZE", f"第 2 行叶数“{size}”不是规范的十进制整数。", 2)
    sm3 = None
    if rest and rest[0].startswith(SM3_LINE):
        sm3 = _decoded(rest.pop(0).removeprefix(SM3_LINE), 4)
    return Checkpoint(origin, int(size), _decoded(root, 3), sm3, tuple(rest))


def _coded(root: bytes) -> str:
    return base64.b64encode(root).decode("ascii")


def _decoded(text: str, line: int) -> bytes:
    try:
        value = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        value = b""
    # Base64 has more than one spelling of the same bytes; only the canonical one is accepted.
    if len(value) != HASH_SIZE or _coded(value) != text:
        raise CheckpointError("CHECKPOINT-ROOT", f"第 {line} 行的根不是 32 字节的 base64。", line)
    return value


def sign_checkpoint(checkpoint: Checkpoint, signer: Signer) -> Note:
    """The checkpoint as a note signed by the log under its origin."""
    text = checkpoint.text
    return Note(text, (notes.sign(text, checkpoint.origin, signer),))


@dataclass(frozen=True, slots=True)
class Cosignature:
    """A witness's word that at `at_s` (seconds since 1970) the log had only grown."""

    witness: VerifierKey
    at_s: int


def cosign(note: Note, name: str, signer: Signer, at_s: int) -> Note:
    """Add a witness's cosignature/v1. Call only after `check_growth` passed."""
    key = VerifierKey(name, signer.public_bytes, signer.algorithm, cosigner=True)
    signature = signer.sign(_cosigned(note.text, at_s))
    stamped = at_s.to_bytes(TIME_SIZE, "big") + signature
    return note.with_signature(SignatureLine(name, key.key_hash, stamped))


def _cosigned(text: str, at_s: int) -> bytes:
    return f"cosignature/v1\ntime {at_s}\n{text}".encode()


def cosignatures(
    note: Note, witnesses: Sequence[VerifierKey], verifiers: Mapping[str, Verifier] = VERIFIERS
) -> tuple[Cosignature, ...]:
    """The cosignatures of known witnesses, at most one each.

    NoteError NOTE-SIGNATURE when a line claims a known witness and does not hold.
    """
    known = {(key.name, key.key_hash): key for key in witnesses if key.cosigner}
    found: dict[VerifierKey, Cosignature] = {}
    for line in note.signatures:
        key = known.get((line.name, line.key_hash))
        if key is None or key in found:
            continue
        at_s = int.from_bytes(line.signature[:TIME_SIZE], "big")
        message, signature = _cosigned(note.text, at_s), line.signature[TIME_SIZE:]
        if not verify(key.public, key.algorithm, message, signature, verifiers=verifiers):
            raise NoteError("NOTE-SIGNATURE", f"见证方“{line.name}”的签名与检查点不符。")
        found[key] = Cosignature(key, at_s)
    return tuple(found.values())


@dataclass(frozen=True, slots=True)
class VerifiedCheckpoint:
    """A checkpoint whose signature held: by which key of the log, and who witnessed it."""

    checkpoint: Checkpoint
    key: VerifierKey
    cosigned: tuple[Cosignature, ...]


def verify_checkpoint(
    wire: str,
    log_keys: Sequence[VerifierKey],
    witnesses: Sequence[VerifierKey] = (),
    *,
    quorum: int = 0,
    verifiers: Mapping[str, Verifier] = VERIFIERS,
) -> VerifiedCheckpoint:
    """Read a signed checkpoint and verify it with the log's keys, past and present.

    CheckpointError when it is misshapen, from another origin, signed by none of `log_keys`, or seen
    by fewer than `quorum` of `witnesses` (distinct names); NoteError when the note cannot be read
    or a signature line is false.
    """
    note = notes.parse(wire)
    checkpoint = parse_text(note.text)
    own = [key for key in log_keys if key.name == checkpoint.origin]
    if not own:
        raise CheckpointError(
            "CHECKPOINT-ORIGIN", f"来源“{checkpoint.origin}”不是所信任的存证日志。", 1
        )
    signed = notes.verified_by(note, own, verifiers)
    if not signed:
        raise CheckpointError("CHECKPOINT-UNSIGNED", "没有存证日志任何一把已知密钥的签名。")
    cosigned = cosignatures(note, witnesses, verifiers)
    seen = len({each.witness.name for each in cosigned})
    if seen < quorum:
        raise CheckpointError("CHECKPOINT-WITNESSES", f"须有 {quorum} 方见证，现有 {seen} 方。")
    return VerifiedCheckpoint(checkpoint, signed[0], cosigned)


@dataclass(frozen=True, slots=True)
class GrowthProof:
    """Consistency proofs between two checkpoints, one for each hash that both carry."""

    sha256: tuple[bytes, ...] = ()
    sm3: tuple[bytes, ...] = ()


def check_growth(old: Checkpoint, new: Checkpoint, proof: GrowthProof) -> None:
    """Assert that the log of `new` is that of `old` with leaves added; what a witness does.

    CheckpointError CHECKPOINT-ORIGIN, -SHRUNK (fewer leaves), -FORKED (as many leaves under
    another root, or SM3 dropped) or -PROOF. From an empty log everything is growth.
    """
    if old.origin != new.origin:
        raise CheckpointError("CHECKPOINT-ORIGIN", f"来源由“{old.origin}”变为“{new.origin}”。", 1)
    if new.size < old.size:
        raise CheckpointError("CHECKPOINT-SHRUNK", f"叶数由 {old.size} 减为 {new.size}。", 2)
    if old.root_sm3 is not None and new.root_sm3 is None:
        raise CheckpointError("CHECKPOINT-FORKED", "前次检查点载有 SM3 根，本次缺失。")
    for name, before, after, path in (
        ("sha256", old.root_sha256, new.root_sha256, proof.sha256),
        ("sm3", old.root_sm3, new.root_sm3, proof.sm3),
    ):
        if before is None or after is None:
            continue
        if old.size == new.size and before != after:
            raise CheckpointError("CHECKPOINT-FORKED", f"叶数同为 {old.size} 而 {name} 根不同。")
        if 0 < old.size < new.size:
            _raise_proof(consistency_fault((old.size, new.size), (before, after), path, name), name)


def _raise_proof(fault: ProofFault | None, hash_name: str) -> None:
    if fault is not None:
        raise CheckpointError("CHECKPOINT-PROOF", f"{hash_name} 一致性证明不成立：{fault.message}")
