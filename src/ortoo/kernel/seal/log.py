"""The log 存证日志: signed checkpoints over its leaves, proofs of inclusion, receipts checked.

Leaf `seq` stands at index seq − 1. A checkpoint grows from the one before by the leaves filed
since; its note says when it was signed and which checkpoint it follows, so that no column of its
row can be changed, and none in the middle dropped, without `ortoo verify` noticing.
"""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.db import connection, transaction

from ortoo.algorithms.merkle import Frontier
from ortoo.kernel.filings.checkpointing import (
    CheckpointRow,
    checkpoint_over,
    last_checkpoint,
    store_checkpoint,
)
from ortoo.kernel.filings.read import get, tail
from ortoo.kernel.filings.storage import translated, wait_durable
from ortoo.kernel.seal import checkpoint as checkpoints
from ortoo.kernel.seal import tiles
from ortoo.kernel.seal.cipher import framed, unframed
from ortoo.kernel.seal.keystore import KeystoreError, SigningKeys
from ortoo.kernel.seal.note import VerifierKey, parse
from ortoo.kernel.seal.signer import Signer

CHUNK = 4096
NUMBER_SHAPE = re.compile(r"([0-9]{1,15})-([0-9A-F]{8})")


class LogError(Exception):
    """The log cannot be sealed or proved. Codes: LOG-EMPTY, LOG-GAP, LOG-UNKNOWN, LOG-PROOF."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}:{message}")
        self.code = code
        self.message = message


@dataclass(frozen=True, slots=True)
class Inclusion:
    """That one filing stands in the log of a signed checkpoint, under both hashes.

    `leaf` = H(0x00 ‖ digest ‖ digest_sm3); `hashes` the SHA-256 path, `hashes_sm3` the SM3 path,
    bottom first; index of the leaf is seq − 1 in a tree of `size`.
    """

    seq: int
    digest: bytes
    digest_sm3: bytes
    leaf: bytes
    leaf_sm3: bytes
    size: int
    hashes: tuple[bytes, ...]
    hashes_sm3: tuple[bytes, ...]
    note: str


@dataclass(frozen=True, slots=True)
class ReceiptFound:
    """What anybody who holds a receipt number may learn: no filer, no figure."""

    seq: int
    received_at: int
    form: str


def signing_keys() -> SigningKeys:
    """This instance's signing keys."""
    return SigningKeys(Path(settings.KEYS))


def log_keys() -> tuple[VerifierKey, ...]:
    """Public keys of the log, past and present, under its origin."""
    return tuple(key.named(settings.LOG_ORIGIN) for key in signing_keys().history())


def checkpoint(*, now_ms: int) -> CheckpointRow:
    """Sign the log as it stands; the last checkpoint itself when nothing was filed since.

    LogError LOG-EMPTY without filings, LOG-GAP when leaves are missing. Makes the first key.
    """
    with translated(), transaction.atomic():
        if connection.vendor == "postgresql":
            # SQLite's transaction is alone by itself. Two that follow the same one would fork.
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_xact_lock(7355, 0)")
        row = _grown_and_signed(now_ms)
    wait_durable()
    return row


def _grown_and_signed(now_ms: int) -> CheckpointRow:
    last, end = last_checkpoint(), tail()
    if end == 0:
        raise LogError("LOG-EMPTY", "日志中还没有报件，无可签署。")
    if last is not None and last.size >= end:
        return last
    pair = grown(frontiers(last), end)
    return store_checkpoint(signed(pair, after=last.size if last else 0, now_ms=now_ms))


def signed(pair: tuple[Frontier, Frontier], *, after: int, now_ms: int) -> CheckpointRow:
    """The checkpoint over both frontiers, following the one of size `after`; not yet stored."""
    said = statement(pair, after=after, signed_at=now_ms)
    return CheckpointRow(
        size=said.size,
        sha256=said.root_sha256,
        sm3=said.root_sm3 or b"",
        frontier=packed(pair),
        note=str(checkpoints.sign_checkpoint(said, _signer(now_ms))),
        signed_at=now_ms,
    )


def statement(
    pair: tuple[Frontier, Frontier], *, after: int, signed_at: int
) -> checkpoints.Checkpoint:
    """What a checkpoint's note says: origin, size, roots, and which it follows, signed when."""
    return checkpoints.Checkpoint(
        origin=settings.LOG_ORIGIN,
        size=pair[0].size,
        root_sha256=pair[0].root(),
        root_sm3=pair[1].root(),
        extensions=(f"after {after}", f"signed {signed_at}"),
    )


def packed(pair: tuple[Frontier, Frontier]) -> bytes:
    """Both frontiers as one value of the column."""
    return framed(pair[0].to_bytes(), pair[1].to_bytes())


def frontiers(row: CheckpointRow | None) -> tuple[Frontier, Frontier]:
    """The compact ranges a checkpoint ends with; empty ones before the first."""
    if row is None:
        return Frontier(hash_name="sha256"), Frontier(hash_name="sm3")
    first, second = unframed(row.frontier, 2)
    return Frontier.from_bytes(first), Frontier.from_bytes(second)


def grown(pair: tuple[Frontier, Frontier], end: int) -> tuple[Frontier, Frontier]:
    """With the stored leaves up to log index `end`. LogError LOG-GAP."""
    sha256, sm3 = pair
    for chunk in leaves(sha256.size, end):
        sha256 = sha256.with_leaves([leaf for leaf, _ in chunk])
        sm3 = sm3.with_leaves([leaf for _, leaf in chunk])
    return sha256, sm3


def leaves(low: int, high: int) -> Iterator[list[tuple[bytes, bytes]]]:
    """Chunks of stored (SHA-256, SM3) leaf hashes at indexes [low, high). LogError LOG-GAP."""
    for start in range(low, high, CHUNK):
        stop = min(start + CHUNK, high)
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT sha256, sm3 FROM kernel_leaf WHERE seq > %s AND seq <= %s ORDER BY seq",
                [start, stop],
            )
            found = [(bytes(first), bytes(second)) for first, second in cursor.fetchall()]
        if len(found) != stop - start:
            raise LogError("LOG-GAP", f"第 {start + 1}—{stop} 号之间缺少存证叶；请运行核对。")
        yield found


def _signer(now_ms: int) -> Signer:
    """The key in use, kept in memory while its two files stand as they were read."""
    keys = signing_keys()
    found = _KEPT.get(keys.folder)
    if found is not None and found[0] == _stands(keys.folder, found[1]):
        return found[1]
    if not keys.history():
        try:
            keys.create(now_ms=now_ms)
        except KeystoreError as error:
            if error.code != "KEY-EXISTS":  # another process was first
                raise
    signer = keys.current()
    _KEPT[keys.folder] = _stands(keys.folder, signer), signer
    return signer


def _stands(folder: Path, signer: Signer) -> tuple[tuple[int, int], ...]:
    """What tells whether the history or the key's own file was replaced or taken away."""
    found = []
    for name in ("signing.json", f"signing-{signer.key_id}.key"):
        try:
            stat = os.stat(f"{folder}/{name}")  # noqa: PTH116  once a filing: Path costs more
        except FileNotFoundError:
            return ()
        found.append((stat.st_ino, stat.st_mtime_ns))
    return tuple(found)


_KEPT: dict[Path, tuple[tuple[tuple[int, int], ...], Signer]] = {}


def ensure_checkpoint(seq: int, *, now_ms: int) -> CheckpointRow:
    """The oldest checkpoint that covers filing `seq`, signed now if there is none yet."""
    return checkpoint_over(seq) or checkpoint(now_ms=now_ms)


def inclusion(seq: int, *, now_ms: int | None = None) -> Inclusion:
    """Proof that filing `seq` is in a signed checkpoint; reads O(log n) rows (see `tiles`).

    With `now_ms` a missing checkpoint is signed. LogError LOG-UNKNOWN when there is no such filing
    or no checkpoint over it, LOG-PROOF when log and checkpoint disagree.
    """
    filing = get(seq)
    if filing is None:
        raise LogError("LOG-UNKNOWN", f"没有第 {seq} 号报件。")
    row = checkpoint_over(seq) if now_ms is None else ensure_checkpoint(seq, now_ms=now_ms)
    if row is None:
        raise LogError("LOG-UNKNOWN", f"第 {seq} 号报件尚未进入已签署的检查点。")
    row = _trusted(row)
    path = _path(seq, row)
    return Inclusion(
        seq=seq,
        digest=filing.digest,
        digest_sm3=filing.digest_sm3,
        leaf=path.leaf[0],
        leaf_sm3=path.leaf[1],
        size=row.size,
        hashes=path.sha256,
        hashes_sm3=path.sm3,
        note=row.note,
    )


def _trusted(row: CheckpointRow) -> CheckpointRow:
    """The next larger checkpoint that no revoked key puts in doubt; `row` where there is none."""
    history = signing_keys().history()
    if all(key.compromised_from_ms is None for key in history):
        return row
    own = {key.named(settings.LOG_ORIGIN).key_hash: key for key in history}
    found: CheckpointRow | None = row
    while found is not None:
        claimed = [own.get(line.key_hash) for line in parse(found.note).signatures]
        if any(key is not None and key.is_trusted_at(found.signed_at) for key in claimed):
            return found
        found = checkpoint_over(found.size + 1)
    return row


def _path(seq: int, row: CheckpointRow) -> tiles.Path:
    """The way from leaf to checkpoint. Stored nodes are only a cache: where they do not lead to
    the signed roots, the path is made once more from the leaves alone."""
    place, roots = (seq - 1, row.size), (row.sha256, row.sm3)
    try:
        for fresh in (False, True):
            path = tiles.path(*place, fresh=fresh)
            if path.holds(place, roots):
                return path
    except tiles.LeafGap as gap:
        raise LogError(
            "LOG-GAP", f"第 {gap.low + 1}—{gap.high} 号之间缺少存证叶；请运行核对。"
        ) from gap
    raise LogError("LOG-PROOF", f"第 {seq} 号报件与检查点 {row.size} 不符；请运行核对。")


def verify_receipt(number: str) -> ReceiptFound | None:
    """The filing behind a receipt number 回执号 as printed (full-width digits too), or None."""
    plain = unicodedata.normalize("NFKC", number).upper()
    plain = re.sub(r"[‐‑–—]", "-", re.sub(r"\s", "", plain))
    found = NUMBER_SHAPE.fullmatch(plain)
    filing = get(int(found[1])) if found else None
    if found is None or filing is None or filing.digest[:4].hex().upper() != found[2]:
        return None
    return ReceiptFound(filing.seq, filing.received_at, filing.form)
