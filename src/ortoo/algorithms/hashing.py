"""The hashes of RFC 6962 trees, in SHA-256 or SM3 (GB/T 32905): leaf, node and root."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from functools import lru_cache, partial
from typing import Protocol

HASH_SIZE = 32
HASH_NAMES = ("sha256", "sm3")
LEAF_PREFIX = b"\x00"
NODE_PREFIX = b"\x01"


class _Hash(Protocol):
    def digest(self) -> bytes: ...


class HashUnavailableError(ValueError):
    """The hash is not one of `HASH_NAMES`, or this machine's libraries lack it."""


@lru_cache(maxsize=8)
def constructor(hash_name: str) -> Callable[[bytes], _Hash]:
    """A function from bytes to an object with `digest()`; HashUnavailableError if there is none."""
    if hash_name not in HASH_NAMES:
        raise HashUnavailableError(f"MERKLE-HASH:摘要算法“{hash_name}”不在 {HASH_NAMES} 之列。")
    if hash_name == "sha256":
        return hashlib.sha256
    try:
        hashlib.new(hash_name, b"")
    except ValueError:
        # Some distributions build OpenSSL without SM3; the cryptography wheel brings its own.
        return _sm3_of_cryptography()
    return partial(hashlib.new, hash_name)


def _sm3_of_cryptography() -> Callable[[bytes], _Hash]:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives import hashes

    class Sm3:
        def __init__(self, data: bytes) -> None:
            self._context = hashes.Hash(hashes.SM3())
            self._context.update(data)

        def digest(self) -> bytes:
            return self._context.finalize()

    try:
        Sm3(b"")
    except UnsupportedAlgorithm as error:
        raise HashUnavailableError(
            "MERKLE-HASH:本机 OpenSSL 未提供 SM3；请改用带 SM3 的 OpenSSL 3 或更新 cryptography。"
        ) from error
    return Sm3


def digest(data: bytes, hash_name: str = "sha256") -> bytes:
    """The plain hash of `data`, 32 bytes, without a Merkle prefix."""
    return constructor(hash_name)(data).digest()


def leaf_hash(data: bytes, hash_name: str = "sha256") -> bytes:
    """H(0x00 ‖ data), RFC 6962 §2.1."""
    return constructor(hash_name)(LEAF_PREFIX + data).digest()


def node_hash(left: bytes, right: bytes, hash_name: str = "sha256") -> bytes:
    """H(0x01 ‖ left ‖ right), RFC 6962 §2.1."""
    return constructor(hash_name)(NODE_PREFIX + left + right).digest()


def root(leaf_hashes: Sequence[bytes], hash_name: str = "sha256") -> bytes:
    """Root over n leaf hashes in n-1 node hashes; the empty tree is H("").

    Carrying an odd last node up unhashed, level by level, gives RFC 6962's left-complete tree.
    """
    hasher = constructor(hash_name)
    if not leaf_hashes:
        return hasher(b"").digest()
    level = list(leaf_hashes)
    while len(level) > 1:
        odd = level[-1:] if len(level) % 2 else []
        pairs = zip(level[::2], level[1::2], strict=False)
        level = [hasher(b"\x01" + left + right).digest() for left, right in pairs]
        level += odd
    return level[0]


def fold(nodes: Sequence[bytes], hash_name: str) -> bytes:
    """The root over complete subtrees ordered left to right by falling size."""
    if not nodes:
        return digest(b"", hash_name)
    value = nodes[-1]
    for node in reversed(nodes[:-1]):
        value = node_hash(node, value, hash_name)
    return value
