"""Proofs over RFC 6962 trees: making and verifying inclusion, consistency and subtree proofs.

One recursion serves all of them: the path from a subtree [start, end) up to the tree [0, size).
Inclusion is the subtree [i, i+1), consistency the subtree [0, size1), and what is left are the
subtree proofs of draft-ietf-plants-merkle-tree-certs §4.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from ortoo.algorithms.hashing import HASH_SIZE, digest, fold, node_hash, root

Span = tuple[int, int]
"""Leaves [lo, hi)."""

Position = tuple[int, int]
"""(index of a leaf, size of the tree)."""

Sizes = tuple[int, int]
"""(leaves of the earlier tree, leaves of the later tree)."""

ReadNode = Callable[[int, int], bytes]
"""(level, index) -> hash of the complete subtree over leaves [index·2^level, (index+1)·2^level)."""


def _split(size: int) -> int:
    """Largest power of two below `size` (size > 1)."""
    return 1 << ((size - 1).bit_length() - 1)


def is_subtree(start: int, end: int) -> bool:
    """Whether [start, end) is a subtree: start is a multiple of the power of two that covers it."""
    if not 0 <= start < end:
        return False
    return start % (1 << (end - start - 1).bit_length()) == 0


def proof_spans(start: int, end: int, size: int) -> list[Span]:
    """The leaf spans whose roots are the proof from subtree [start, end) to tree [0, size).

    Bottom first, as RFC 6962 orders a proof. ValueError when it is not a subtree of the tree.
    """
    if not is_subtree(start, end) or end > size:
        raise ValueError(f"[{start}, {end}) is no subtree of a tree of {size} leaves")
    spans: list[Span] = []
    low, high, whole = 0, size, True
    while (low, high) != (start, end):
        middle = low + _split(high - low)
        if end <= middle:
            spans.append((middle, high))
            high = middle
        elif start >= middle:
            spans.append((low, middle))
            low = middle
        else:  # the subtree reaches past the middle: prove its right part within the right half
            spans.append((low, middle))
            low = start = middle
            whole = False
    if not whole:
        spans.append((start, end))
    spans.reverse()
    return spans


def span_nodes(low: int, high: int) -> list[tuple[int, int]]:
    """(level, index) of the complete subtrees that make up the subtree [low, high)."""
    nodes = []
    while low < high:
        level = (high - low).bit_length() - 1
        nodes.append((level, low >> level))
        low += 1 << level
    return nodes


def span_root(span: Span, read: ReadNode, hash_name: str = "sha256") -> bytes:
    """Root over the leaves of `span` from stored nodes: O(log n) reads."""
    return fold([read(level, index) for level, index in span_nodes(*span)], hash_name)


def proof_from_nodes(
    subtree: Span, size: int, read: ReadNode, hash_name: str = "sha256"
) -> list[bytes]:
    """The proof from `subtree` to the tree of `size` leaves out of stored nodes: O(log² n)."""
    return [span_root(span, read, hash_name) for span in proof_spans(*subtree, size)]


def inclusion_proof(
    leaf_hashes: Sequence[bytes], index: int, size: int | None = None, hash_name: str = "sha256"
) -> list[bytes]:
    """PATH(index, D[0:size]) of RFC 6962 §2.1.1; O(size). `size` defaults to all leaves."""
    return subtree_consistency_proof(leaf_hashes, (index, index + 1), size, hash_name)


def consistency_proof(
    leaf_hashes: Sequence[bytes], size1: int, size2: int | None = None, hash_name: str = "sha256"
) -> list[bytes]:
    """PROOF(size1, D[0:size2]) of RFC 6962 §2.1.2; O(size2). size1 = 0 proves nothing: refused."""
    return subtree_consistency_proof(leaf_hashes, (0, size1), size2, hash_name)


def subtree_consistency_proof(
    leaf_hashes: Sequence[bytes],
    subtree: Span,
    size: int | None = None,
    hash_name: str = "sha256",
) -> list[bytes]:
    """Proof that `subtree` lies in the tree over the first `size` leaves; O(size)."""
    size = len(leaf_hashes) if size is None else size
    if size > len(leaf_hashes):
        raise ValueError(f"only {len(leaf_hashes)} leaves given, not {size}")
    spans = proof_spans(*subtree, size)
    return [root(leaf_hashes[low:high], hash_name) for low, high in spans]


def subtree_inclusion_proof(
    leaf_hashes: Sequence[bytes], index: int, subtree: Span, hash_name: str = "sha256"
) -> list[bytes]:
    """Proof that leaf `index` of the whole tree lies in `subtree`; O(length of the subtree)."""
    start, end = subtree
    if not is_subtree(start, end) or not start <= index < end <= len(leaf_hashes):
        raise ValueError(f"leaf {index} is not in a subtree [{start}, {end}) of these leaves")
    return inclusion_proof(leaf_hashes[start:end], index - start, None, hash_name)


# --- verifying proofs ------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ProofFault:
    """Why a proof does not hold. Codes: MERKLE-RANGE, -SIZE, -SHORT, -LONG, -SUBTREE, -ROOT."""

    code: str
    message: str


class _Exhausted(Exception):
    """The proof has fewer hashes than the sizes demand."""


def _rebuild(
    subtree: Span, size: int, known: bytes | None, proof: Iterator[bytes], hash_name: str
) -> tuple[bytes, bytes]:
    """(hash of the subtree, hash of the tree) that the proof implies.

    `known` is the subtree's claimed hash where the path starts at it, and None where the subtree
    is cut by the split, so that its rightmost piece must come from the proof.
    """
    start, end = subtree
    if subtree == (0, size):
        value = _next(proof) if known is None else known
        return value, value
    middle = _split(size)
    if end <= middle:
        part, tree = _rebuild(subtree, middle, known, proof, hash_name)
        return part, node_hash(tree, _next(proof), hash_name)
    if start >= middle:
        moved = (start - middle, end - middle)
        part, tree = _rebuild(moved, size - middle, known, proof, hash_name)
        return part, node_hash(_next(proof), tree, hash_name)
    part, tree = _rebuild((0, end - middle), size - middle, None, proof, hash_name)
    left = _next(proof)
    return node_hash(left, part, hash_name), node_hash(left, tree, hash_name)


def _next(proof: Iterator[bytes]) -> bytes:
    for value in proof:
        return value
    raise _Exhausted


def _fault(
    subtree: Span, size: int, hashes: tuple[bytes, bytes], proof: Sequence[bytes], hash_name: str
) -> ProofFault | None:
    """Check a proof from a valid subtree; `hashes` are the subtree's and the tree's."""
    known, tree_root = hashes
    if any(len(value) != HASH_SIZE for value in (known, tree_root, *proof)):
        return ProofFault("MERKLE-SIZE", f"证明、叶或根中有长度不是 {HASH_SIZE} 字节的摘要。")
    rest = iter(proof)
    try:
        part, tree = _rebuild(subtree, size, known, rest, hash_name)
    except _Exhausted:
        return ProofFault("MERKLE-SHORT", f"证明只有 {len(proof)} 个摘要，不足以到达根。")
    if next(rest, None) is not None:
        return ProofFault("MERKLE-LONG", f"证明有 {len(proof)} 个摘要，多于到达根所需。")
    if part != known:
        return ProofFault("MERKLE-SUBTREE", "按证明算出的前段根与所给前段根不符。")
    if tree != tree_root:
        return ProofFault("MERKLE-ROOT", "按证明算出的根与所给根不符。")
    return None


def _extension_fault(
    subtree: Span, size: int, roots: tuple[bytes, bytes], proof: Sequence[bytes], hash_name: str
) -> ProofFault | None:
    # Where both are one tree nothing is hashed: the published vectors then compare the roots as
    # given, whatever their length.
    if subtree != (0, size):
        return _fault(subtree, size, roots, proof, hash_name)
    if proof:
        return ProofFault("MERKLE-LONG", "两棵树叶数相同，证明应为空。")
    if roots[0] != roots[1]:
        return ProofFault("MERKLE-ROOT", "两棵树叶数相同而根不同。")
    return None


def inclusion_fault(
    leaf: bytes,
    position: Position,
    tree_root: bytes,
    proof: Sequence[bytes],
    hash_name: str = "sha256",
) -> ProofFault | None:
    """None when `leaf` (a leaf hash) stands at `position` = (index, size) under `tree_root`."""
    index, size = position
    if not 0 <= index < size:
        return ProofFault("MERKLE-RANGE", f"叶序号 {index} 不在 0 至 {size - 1} 之间。")
    return _fault((index, index + 1), size, (leaf, tree_root), proof, hash_name)


def consistency_fault(
    sizes: Sizes,
    roots: tuple[bytes, bytes],
    proof: Sequence[bytes],
    hash_name: str = "sha256",
) -> ProofFault | None:
    """None when the tree (sizes[1], roots[1]) extends the tree (sizes[0], roots[0]).

    An earlier size of 0 is refused: every tree extends the empty one, so such a proof says nothing.
    """
    size1, size2 = sizes
    if not 0 < size1 <= size2:
        return ProofFault(
            "MERKLE-RANGE", f"须 0 < 前次叶数 ≤ 本次叶数，所给为 {size1} 与 {size2}。"
        )
    return _extension_fault((0, size1), size2, roots, proof, hash_name)


def subtree_inclusion_fault(
    leaf: bytes,
    place: tuple[int, Span],
    subtree_root: bytes,
    proof: Sequence[bytes],
    hash_name: str = "sha256",
) -> ProofFault | None:
    """None when `leaf` stands at place = (index in the whole tree, (start, end)) of a subtree."""
    index, (start, end) = place
    if not is_subtree(start, end):
        return ProofFault("MERKLE-RANGE", f"[{start}, {end}) 不是子树。")
    return inclusion_fault(leaf, (index - start, end - start), subtree_root, proof, hash_name)


def subtree_consistency_fault(
    place: tuple[Span, int],
    roots: tuple[bytes, bytes],
    proof: Sequence[bytes],
    hash_name: str = "sha256",
) -> ProofFault | None:
    """None when the subtree with roots[0] lies in the tree with roots[1].

    place = ((start, end), size). An empty subtree is accepted for H("") and an empty proof and says
    nothing about the tree, as the published vectors demand.
    """
    (start, end), size = place
    if 0 <= start == end <= size:
        if proof:
            return ProofFault("MERKLE-LONG", "空子树的证明应为空。")
        empty = roots[0] == digest(b"", hash_name)
        return None if empty else ProofFault("MERKLE-SUBTREE", "空子树的根应为空串的摘要。")
    if not is_subtree(start, end) or end > size:
        return ProofFault("MERKLE-RANGE", f"[{start}, {end}) 不是 {size} 个叶的树的子树。")
    return _extension_fault((start, end), size, roots, proof, hash_name)


def verify_inclusion(
    leaf: bytes,
    position: Position,
    tree_root: bytes,
    proof: Sequence[bytes],
    hash_name: str = "sha256",
) -> bool:
    """Whether `inclusion_fault` finds nothing; `position` is (index, size)."""
    return inclusion_fault(leaf, position, tree_root, proof, hash_name) is None


def verify_consistency(
    sizes: Sizes, roots: tuple[bytes, bytes], proof: Sequence[bytes], hash_name: str = "sha256"
) -> bool:
    """Whether `consistency_fault` finds nothing; `sizes` and `roots` are (earlier, later)."""
    return consistency_fault(sizes, roots, proof, hash_name) is None
