"""One proof for several leaves of a small tree: siblings that the shown leaves give are left out.

The tree is RFC 6962's; the order of the siblings is that of the tree, left to right. Two leaves of
a tree of 500 need at most 16 siblings, two single proofs 18.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from ortoo.algorithms.merkle import HASH_SIZE, leaf_hash, node_hash, root

MAX_LEAVES = 1 << 32


class MultiproofError(Exception):
    """Leaves and siblings do not make one tree."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


def siblings(leaf_hashes: Sequence[bytes], shown: Sequence[int], hash_name: str) -> list[bytes]:
    """What must be added to the leaves at `shown` so that the root follows; O(leaves)."""
    wanted = set(shown)
    if not wanted or not all(0 <= index < len(leaf_hashes) for index in wanted):
        raise ValueError(f"no leaves {sorted(wanted)} in a tree of {len(leaf_hashes)}")
    found: list[bytes] = []

    def walk(low: int, high: int, inside: set[int]) -> None:
        if not inside:
            found.append(root(leaf_hashes[low:high], hash_name))
        elif high - low > 1:
            middle = low + _split(high - low)
            walk(low, middle, {index for index in inside if index < middle})
            walk(middle, high, {index for index in inside if index >= middle})

    walk(0, len(leaf_hashes), wanted)
    return found


def root_of(
    count: int, shown: Mapping[int, bytes], given: Sequence[bytes], hash_name: str
) -> bytes:
    """The root that `shown` (index → leaf bytes) and the siblings imply. MultiproofError.

    The root does not bind `count`: what a leaf is must stand in the leaf itself.
    """
    if not 0 < count <= MAX_LEAVES or not shown:
        raise MultiproofError(f"部分总数 {count} 或所示部分无效。")
    if not all(0 <= index < count for index in shown):
        raise MultiproofError(f"所示部分的序号不在 0 至 {count - 1} 之间。")
    if any(len(value) != HASH_SIZE for value in given):
        raise MultiproofError(f"证明中有长度不是 {HASH_SIZE} 字节的摘要。")
    rest = iter(given)

    def walk(low: int, high: int, inside: list[int]) -> bytes:
        if not inside:
            return _next(rest)
        if high - low == 1:
            return leaf_hash(shown[low], hash_name)
        middle = low + _split(high - low)
        left = walk(low, middle, [index for index in inside if index < middle])
        right = walk(middle, high, [index for index in inside if index >= middle])
        return node_hash(left, right, hash_name)

    found = walk(0, count, sorted(shown))
    if next(rest, None) is not None:
        raise MultiproofError("证明中的摘要多于到达报件摘要所需。")
    return found


def _next(given: Iterator[bytes]) -> bytes:
    for value in given:
        return value
    raise MultiproofError("证明中的摘要少于到达报件摘要所需。")


def _split(size: int) -> int:
    """Largest power of two below `size` (size > 1)."""
    return 1 << ((size - 1).bit_length() - 1)
