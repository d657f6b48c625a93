"""Tiles 叶块: inclusion paths that read at most two blocks of 256 leaves and O(log n) inner nodes.

The roots of complete subtrees of 2^8 leaves and more are kept in `kernel_log_node`. They are a
cache: what is missing is computed from the leaves on first use and stored, whoever drops the table
loses time only, and nobody believes it — `log.inclusion` checks the path against the signed
checkpoint and computes it afresh from the leaves when it does not hold.

The first path over n new leaves therefore reads them all once; every later one reads
≤ 512 leaves and ≤ 2·log2(n) nodes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from django.db import DatabaseError, connection, transaction

from ortoo.algorithms.hashing import root
from ortoo.algorithms.merkle import (
    node_hash,
    proof_from_nodes,
    proof_spans,
    span_nodes,
    verify_inclusion,
)

LEVEL = 8
WIDTH = 1 << LEVEL
TABLE = "kernel_log_node"
_STANDS: set[str] = set()

Pair = tuple[bytes, bytes]
"""(SHA-256, SM3)."""

Place = tuple[int, int]
"""(level, position): the complete subtree over leaves [position·2^level, (position+1)·2^level)."""


class LeafGap(Exception):
    """Leaves [low, high) are not all there."""

    def __init__(self, low: int, high: int) -> None:
        super().__init__(f"leaves {low}-{high}")
        self.low, self.high = low, high


def wanted(index: int, size: int) -> tuple[list[Place], list[int]]:
    """(inner nodes, blocks of leaves) that the path of leaf `index` in a tree of `size` is made of.

    At most two blocks: the leaf's own and the last, incomplete one.
    """
    places = [place for span in proof_spans(index, index + 1, size) for place in span_nodes(*span)]
    inner = [place for place in places if place[0] >= LEVEL]
    blocks = {(at << level) >> LEVEL for level, at in places if level < LEVEL}
    return inner, sorted({*blocks, index >> LEVEL})


@dataclass(frozen=True, slots=True)
class Path:
    """A stored leaf and its way up, bottom first, under both hashes."""

    leaf: Pair
    sha256: tuple[bytes, ...]
    sm3: tuple[bytes, ...]

    def holds(self, place: tuple[int, int], roots: Pair) -> bool:
        """Whether it leads from place = (index, size) to the roots of a checkpoint."""
        return verify_inclusion(
            self.leaf[0], place, roots[0], self.sha256, "sha256"
        ) and verify_inclusion(self.leaf[1], place, roots[1], self.sm3, "sm3")


def path(index: int, size: int, *, fresh: bool = False) -> Path:
    """The path of leaf `index` up to the tree over the first `size` leaves.

    With `fresh` stored nodes are not read but replaced. LeafGap when leaves are missing.
    """
    inner, blocks = wanted(index, size)
    tree = _Tree(size, fresh=fresh)
    tree.load(inner, blocks)
    subtree = (index, index + 1)
    sha256 = proof_from_nodes(subtree, size, lambda *place: tree.node(*place)[0], "sha256")
    sm3 = proof_from_nodes(subtree, size, lambda *place: tree.node(*place)[1], "sm3")
    tree.remember()
    return Path(tree.node(0, index), tuple(sha256), tuple(sm3))


class _Tree:
    """Nodes of the first `size` leaves: stored ones as they are, the others computed once."""

    def __init__(self, size: int, *, fresh: bool) -> None:
        self._size = size
        self._stored = _table_stands()
        self._fresh = fresh or not self._stored
        self._nodes: dict[Place, Pair] = {}
        self._leaves: dict[int, list[Pair]] = {}
        self._new: list[Place] = []

    def load(self, inner: Sequence[Place], blocks: Sequence[int]) -> None:
        if inner and not self._fresh:
            self._nodes.update(_stored(inner))
        for block in blocks:
            self._leaves[block] = self._block(block)

    def node(self, level: int, at: int) -> Pair:
        if level < LEVEL:
            block, low = (at << level) >> LEVEL, (at << level) % WIDTH
            return _root(self._leaves[block][low : low + (1 << level)])
        if (level, at) not in self._nodes:
            self._nodes[level, at] = self._computed(level, at)
            self._new.append((level, at))
        return self._nodes[level, at]

    def _computed(self, level: int, at: int) -> Pair:
        if level == LEVEL:
            return _root(self._block(at))
        below = [(level - 1, 2 * at), (level - 1, 2 * at + 1)]
        if not self._fresh:
            self._nodes.update(_stored(below))
        left, right = (self.node(*place) for place in below)
        return node_hash(left[0], right[0], "sha256"), node_hash(left[1], right[1], "sm3")

    def _block(self, block: int) -> list[Pair]:
        low, high = block << LEVEL, min((block + 1) << LEVEL, self._size)
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT sha256, sm3 FROM kernel_leaf WHERE seq > %s AND seq <= %s ORDER BY seq",
                [low, high],
            )
            found = [(bytes(first), bytes(second)) for first, second in cursor.fetchall()]
        if len(found) != high - low:
            raise LeafGap(low, high)
        return found

    def remember(self) -> None:
        """Store what was computed. A proof does not fail because its cache cannot be written."""
        if not self._new or not self._stored:
            return
        rows = [(*place, *self._nodes[place]) for place in self._new]
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.executemany(
                    f"INSERT INTO {TABLE} (level, position, sha256, sm3) VALUES (%s, %s, %s, %s)"
                    " ON CONFLICT (level, position) DO UPDATE"
                    " SET sha256 = excluded.sha256, sm3 = excluded.sm3",
                    rows,
                )
        except DatabaseError:
            return


def drop() -> None:
    """Forget every stored node."""
    with connection.cursor() as cursor:
        cursor.execute(f"DELETE FROM {TABLE}")


def _table_stands() -> bool:
    """Whether the cache has its table yet: an installation may run before it is migrated."""
    name = str(connection.settings_dict["NAME"])
    if name not in _STANDS:
        with connection.cursor() as cursor:
            if TABLE not in connection.introspection.table_names(cursor):
                return False
        _STANDS.add(name)
    return True


def _stored(places: Sequence[Place]) -> Iterator[tuple[Place, Pair]]:
    condition = " OR ".join(["(level = %s AND position = %s)"] * len(places))
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT level, position, sha256, sm3 FROM {TABLE} WHERE {condition}",
            [value for place in places for value in place],
        )
        for level, at, first, second in cursor.fetchall():
            yield (level, at), (bytes(first), bytes(second))


def _root(leaves: Sequence[Pair]) -> Pair:
    return root([first for first, _ in leaves], "sha256"), root([s for _, s in leaves], "sm3")
