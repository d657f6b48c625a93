"""Merkle trees of RFC 6962 / RFC 9162: roots, compact ranges, proofs and a filing's digest.

A leaf is hashed as H(0x00 ‖ data), a node as H(0x01 ‖ left ‖ right); a tree of n > 1 leaves splits
at the largest power of two below n. Everything here is a pure function of bytes; hashes are 32
bytes, in SHA-256 or SM3 (GB/T 32905).

Proofs are made and verified in `proofs`, hashes in `hashing`; this module is the door to both.

The root does not bind the number of leaves: a verifier takes the size from the signed checkpoint,
and a filing's part carries its own name inside its bytes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ortoo.algorithms.hashing import (
    HASH_NAMES,
    HASH_SIZE,
    HashUnavailableError,
    constructor,
    digest,
    fold,
    leaf_hash,
    node_hash,
    root,
)
from ortoo.algorithms.proofs import (
    ProofFault,
    consistency_fault,
    consistency_proof,
    inclusion_fault,
    inclusion_proof,
    is_subtree,
    proof_from_nodes,
    proof_spans,
    span_nodes,
    span_root,
    subtree_consistency_fault,
    subtree_consistency_proof,
    subtree_inclusion_fault,
    subtree_inclusion_proof,
    verify_consistency,
    verify_inclusion,
)

__all__ = [
    "HASH_NAMES",
    "HASH_SIZE",
    "Frontier",
    "HashUnavailableError",
    "PartProof",
    "ProofFault",
    "consistency_fault",
    "consistency_proof",
    "digest",
    "inclusion_fault",
    "inclusion_proof",
    "is_subtree",
    "leaf_hash",
    "node_hash",
    "part_proof",
    "parts_root",
    "proof_from_nodes",
    "proof_spans",
    "root",
    "span_nodes",
    "span_root",
    "subtree_consistency_fault",
    "subtree_consistency_proof",
    "subtree_inclusion_fault",
    "subtree_inclusion_proof",
    "verify_consistency",
    "verify_inclusion",
    "verify_part",
]


@dataclass(frozen=True, slots=True)
class Frontier:
    """A compact range [0, size): one hash for each set bit of `size`, largest subtree first.

    Holds all that is needed to append further leaves and to know the root: at most 64 hashes.
    Immutable; `with_leaf` and `with_leaves` return the grown frontier.
    """

    size: int = 0
    nodes: tuple[bytes, ...] = ()
    hash_name: str = "sha256"

    def __post_init__(self) -> None:
        if self.size < 0 or len(self.nodes) != self.size.bit_count():
            raise ValueError(f"{self.size} leaves need {self.size.bit_count()} nodes, not these.")
        if any(len(node) != HASH_SIZE for node in self.nodes):
            raise ValueError(f"every node is {HASH_SIZE} bytes")

    def with_leaf(self, leaf: bytes) -> Frontier:
        return self.with_leaves((leaf,))

    def with_leaves(
        self,
        leaf_hashes: Sequence[bytes],
        on_node: Callable[[int, int, bytes], None] | None = None,
    ) -> Frontier:
        """Append n leaf hashes in about n node hashes.

        `on_node(level, index, hash)` hears of every subtree that becomes complete (leaves, level
        0, included), so that a store of nodes can later answer proofs by `span_root`.
        """
        hasher = constructor(self.hash_name)
        nodes, size = list(self.nodes), self.size
        for leaf in leaf_hashes:
            node, level, index = leaf, 0, size
            if on_node:
                on_node(0, index, node)
            while index & 1:
                node = hasher(b"\x01" + nodes.pop() + node).digest()
                level, index = level + 1, index >> 1
                if on_node:
                    on_node(level, index, node)
            nodes.append(node)
            size += 1
        return Frontier(size, tuple(nodes), self.hash_name)

    def root(self) -> bytes:
        return fold(self.nodes, self.hash_name)

    def to_bytes(self) -> bytes:
        """Length of the hash name (1 byte) ‖ hash name ‖ size (8 bytes, big-endian) ‖ nodes."""
        name = self.hash_name.encode("ascii")
        return bytes([len(name)]) + name + self.size.to_bytes(8, "big") + b"".join(self.nodes)

    @classmethod
    def from_bytes(cls, data: bytes) -> Frontier:
        """Inverse of `to_bytes`; ValueError when the lengths do not agree."""
        cut = 1 + (data[0] if data else 0)
        body = data[cut + 8 :]
        if len(data) < cut + 8 or len(body) % HASH_SIZE:
            raise ValueError(f"a frontier cannot be {len(data)} bytes long")
        nodes = tuple(body[at : at + HASH_SIZE] for at in range(0, len(body), HASH_SIZE))
        name = data[1:cut].decode("ascii")
        constructor(name)
        return cls(int.from_bytes(data[cut : cut + 8], "big"), nodes, name)


@dataclass(frozen=True, slots=True)
class PartProof:
    """That the part at `index` of `count` belongs to a digest, without showing the other parts."""

    index: int
    count: int
    hashes: tuple[bytes, ...]
    hash_name: str = "sha256"


def parts_root(parts: Sequence[bytes], hash_name: str = "sha256") -> bytes:
    """A filing's digest: the root over its parts (the envelope first). ValueError without parts."""
    if not parts:
        raise ValueError("a filing has at least one part, its envelope")
    return root([leaf_hash(part, hash_name) for part in parts], hash_name)


def part_proof(parts: Sequence[bytes], index: int, hash_name: str = "sha256") -> PartProof:
    """Proof for the part at `index`; ValueError when there is no such part."""
    leaves = [leaf_hash(part, hash_name) for part in parts]
    hashes = inclusion_proof(leaves, index, None, hash_name)
    return PartProof(index, len(parts), tuple(hashes), hash_name)


def verify_part(digest_: bytes, part: bytes, proof: PartProof) -> bool:
    """Whether `part` (its bytes, not its hash) belongs to the filing digest."""
    leaf = leaf_hash(part, proof.hash_name)
    position = (proof.index, proof.count)
    return verify_inclusion(leaf, position, digest_, proof.hashes, proof.hash_name)
