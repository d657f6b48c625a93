"""The same disclosure as it would be from a log of a million filings.

The log is not made: its 20 sibling hashes are drawn, which is what they look like, and the root
that follows from them is signed. The document has every byte that a real one has.
"""

from __future__ import annotations

import hashlib
from typing import Any

import msgspec

from ortoo.algorithms.merkle import leaf_hash, node_hash, proof_spans
from ortoo.kernel.filings.digest import leaf_data
from ortoo.kernel.seal.checkpoint import Checkpoint, sign_checkpoint
from ortoo.kernel.seal.disclosure import pack, unpack
from ortoo.kernel.seal.note import VerifierKey
from ortoo.kernel.seal.signer import Ed25519Signer

ORIGIN = "cunzheng.region.example/ortoo"
SIZE = 1_000_000
SIGNER = Ed25519Signer.from_private_bytes(b"m" * 32)
KEY = VerifierKey(ORIGIN, SIGNER.public_bytes)


def drawn(number: int) -> bytes:
    return hashlib.sha256(b"drawn %d" % number).digest()


def in_a_million(document: bytes, seq: int = 423_977) -> bytes:
    """The document moved to log index `seq` of a log of a million, signed with `SIGNER`."""
    said = unpack(document)
    index = seq - 1
    path, node = [], leaf_hash(leaf_data(said.digest, said.twin))
    for number, (low, _) in enumerate(proof_spans(index, index + 1, SIZE)):
        path.append(drawn(number))
        node = node_hash(path[-1], node) if low < index else node_hash(node, path[-1])
    extensions = ("after 999000", "signed 1795000000000")
    note = sign_checkpoint(Checkpoint(ORIGIN, SIZE, node, drawn(99), extensions), SIGNER)
    changes: dict[str, Any] = {"seq": seq, "path": b"".join(path), "note": str(note)}
    return pack(msgspec.structs.replace(said, **changes))
