"""Seeded randomness that gives the same numbers on every platform.

Only the raw uniform stream of PCG64 is used (its bits are specified); shaped draws are arithmetic
on it, so no library's choice of algorithm for a distribution can change the world.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

T = TypeVar("T")
Floats = NDArray[np.float64]


def stream(seed: int, name: str, *key: int) -> np.random.Generator:
    """An independent generator for (seed, purpose, key…); none needs another to be made first."""
    sequence = np.random.SeedSequence(entropy=seed, spawn_key=(zlib.crc32(name.encode()), *key))
    return np.random.Generator(np.random.PCG64(sequence))


def bell(rng: np.random.Generator, shape: int | tuple[int, ...]) -> Floats:
    """Bell-shaped draws, mean 0, sd 1, bounded at ±√12 (sum of four uniforms).

    Bounded on purpose: honest data then has no wild tail, and whatever is wild was planted.
    """
    size = (shape,) if isinstance(shape, int) else shape
    total = rng.random((4, *size)).sum(axis=0)
    shaped: Floats = (total - 2.0) * np.sqrt(3.0)
    return shaped


def pick(rng: np.random.Generator, options: Sequence[T]) -> T:
    """One of ``options``, uniformly."""
    return options[int(rng.random() * len(options))]


def pick_weighted(rng: np.random.Generator, shares: dict[str, float]) -> str:
    """A key of ``shares`` with probability proportional to its value."""
    goal = rng.random() * sum(shares.values())
    for name, share in shares.items():
        goal -= share
        if goal < 0:
            return name
    return next(reversed(shares))


def shuffled(rng: np.random.Generator, count: int) -> NDArray[np.int64]:
    """A permutation of 0…count−1."""
    return np.argsort(rng.random(count), kind="stable").astype(np.int64)
