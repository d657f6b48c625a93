"""Sealing with the filing: a checkpoint signed in the transaction that filed (`ORTOO_SEAL=each`).

By default checkpoints are signed by the minute or by the thousand filings and whenever a receipt is
looked at, for each costs two kilobytes and a quarter of a filing's time. Where every receipt must
carry its signature at once, the transaction that files also signs. On PostgreSQL that would hold
the log's tail while signing, so there the checkpoint follows the commit.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import Any

from django.conf import settings
from django.db import connection

from ortoo.algorithms.merkle import Frontier
from ortoo.kernel.filings.checkpointing import last_checkpoint, store_within
from ortoo.kernel.seal import log
from ortoo.kernel.seal.keystore import KeystoreError
from ortoo.kernel.seal.signer import SignerError

EACH = "each"
_Pair = tuple[Frontier, Frontier]


class Sealer:
    """Signs what one transaction filed; keeps the frontiers it ended with for the next."""

    def __init__(self) -> None:
        self._kept: tuple[_Pair, bytes] | None = None
        self._next: tuple[_Pair, bytes] | None = None

    def seal(self, raw: Any, base: int, leaves: Sequence[tuple[bytes, bytes]], now_ms: int) -> None:
        """Grow the log of size `base` by `leaves`, already stored, and store its checkpoint.

        `raw` is SQLite's connection inside its IMMEDIATE transaction, so that the tail is ours.
        """
        pair = self._at(raw, base)
        if pair is None:
            last = last_checkpoint()
            pair = log.grown(log.frontiers(last), base)
            after = last.size if last else 0
        else:
            after = base
        first, second = pair
        grown = (
            first.with_leaves([sha256 for sha256, _ in leaves]),
            second.with_leaves([sm3 for _, sm3 in leaves]),
        )
        row = log.signed(grown, after=after, now_ms=now_ms)
        store_within(raw, row)
        self._next = grown, row.sha256

    def _at(self, raw: Any, base: int) -> _Pair | None:
        """The kept frontiers, if the log's checkpoint of that size has their root.

        Memory alone is no proof: another process may have filed, a test may have rolled back.
        """
        kept = self._kept
        if kept is None or kept[0][0].size != base:
            return None
        found = raw.execute("SELECT sha256 FROM kernel_checkpoint WHERE size=?", (base,)).fetchone()
        return kept[0] if found and found[0] == kept[1] else None

    def forget(self) -> None:
        """Nothing was signed: the next one reads where the log stands."""
        self._next = None

    def committed(self) -> None:
        """What was signed stands; the next transaction may grow from it."""
        self._kept, self._next = self._next, None


def sealing() -> bool:
    """Whether every transaction that files is sealed at once."""
    return getattr(settings, "SEAL", "") == EACH


SEALER = Sealer()


def try_to(seal: Callable[[], None]) -> bool:
    """Whether it could be signed. A key that is missing stops no filing: it is said to the
    operators, and the next checkpoint that can be signed covers what was filed meanwhile."""
    try:
        seal()
    except (KeystoreError, SignerError) as error:
        SEALER.forget()
        logging.getLogger("ortoo.seal").error("%s", error)
        return False
    return True


def seal_after(now_ms: int) -> None:
    """The checkpoint that follows a commit on PostgreSQL; nothing inside a caller's transaction."""
    if not connection.in_atomic_block:
        log.checkpoint(now_ms=now_ms)
