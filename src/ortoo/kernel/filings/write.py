"""The one write: filings, postings, duties, log leaves and outbox in one transaction (Law 1)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, connection, connections, transaction

from ortoo.kernel.filings.decide import Prepared, decide, prepare, question
from ortoo.kernel.filings.draft import Draft, Receipt
from ortoo.kernel.filings.intake import Intake
from ortoo.kernel.filings.refusal import Refused
from ortoo.kernel.filings.storage import translated, wait_durable
from ortoo.kernel.filings.store import PENDING, Store, Writes
from ortoo.kernel.filings.turnstile import turnstile_of


def file(draft: Draft, *, now_ms: int) -> Receipt:
    """File one statement. See `file_many`.

    Statements that several threads file at the same moment share one transaction on SQLite.
    """
    here = connections[DEFAULT_DB_ALIAS]
    if here.vendor == "sqlite" and not here.in_atomic_block:
        return INTAKE.file(prepare(draft, now_ms))
    return file_many([draft], now_ms=now_ms)[0]


def file_many(drafts: Sequence[Draft], *, now_ms: int) -> list[Receipt]:
    """File statements together: all are accepted, or none and a `Refused` says why.

    Returns one receipt a draft, in order. A draft whose `key` is already on the log with the same
    content returns the first receipt with `duplicate=True`. On return the filings are durable.
    """
    if not drafts:
        return []
    receipts = write([prepare(draft, now_ms) for draft in drafts])
    wait_durable()
    return receipts


def write(prepared: Sequence[Prepared]) -> list[Receipt]:
    """One transaction; the receipts may not leave before `wait_durable` has returned."""
    asked = question(prepared)
    now_ms = max(item.received_at for item in prepared)
    with translated(), _store() as store:
        writes, receipts = decide(prepared, store.read(asked))
        base = store.write(writes) if writes.filings else 0
        sealed = _seal_within(store, base, writes, now_ms)
    if sealed:
        _seal_done(now_ms)
    return [_placed(receipt, base) for receipt in receipts]


def _placed(receipt: Receipt, base: int) -> Receipt:
    """With the log index it was given; written out, as dataclasses.replace costs thrice that."""
    if receipt.duplicate:
        return receipt
    seq, key = receipt.seq - PENDING + base + 1, receipt.key
    return Receipt(seq, key, receipt.digest, receipt.digest_sm3, receipt.received_at)


def _seal_within(store: Store, base: int, writes: Writes, now_ms: int) -> bool:
    """Whether this write is sealed at once; on SQLite that has then been done."""
    if not writes.filings or not getattr(settings, "SEAL", ""):
        return False
    from ortoo.kernel.seal import sealing

    if not sealing.sealing():
        return False
    raw = getattr(store, "raw", None)
    if raw is not None:
        leaves = [(sha256, sm3) for _, sha256, sm3 in writes.leaves]
        return sealing.try_to(lambda: sealing.SEALER.seal(raw, base, leaves, now_ms))
    return True


def _seal_done(now_ms: int) -> None:
    from ortoo.kernel.seal import sealing

    if connection.vendor == "sqlite":
        sealing.SEALER.committed()
    else:
        sealing.try_to(lambda: sealing.seal_after(now_ms))


@contextmanager
def _store() -> Iterator[Store]:
    """The dialect's store inside one transaction (the caller's, when there is one)."""
    here = connections[DEFAULT_DB_ALIAS]
    if here.vendor == "sqlite":
        from ortoo.kernel.filings.sqlite import SqliteStore

        here.ensure_connection()
        with _turn(here), transaction.atomic():
            yield SqliteStore(here.connection)
        return
    from ortoo.kernel.filings.postgresql import PostgresStore

    own, raw = not connection.in_atomic_block, None
    try:
        connection.ensure_connection()
        raw = connection.connection
        yield PostgresStore(raw, own=own)
        if own and raw.info.transaction_status != 0:
            raw.execute("COMMIT")
    except BaseException as error:
        kept = raw is not None and _undone(raw, own)
        if kept or not isinstance(error, Exception):
            raise
        raise Refused(
            "STORAGE-LOST",
            "与数据库的连接中断，不能确认这次报件是否已经收下。",
            "请用同一标识重新报送：已经收下的会得到原来的回执，不会重复。",
            503,
        ) from error


def _undone(raw: Any, own: bool) -> bool:
    """Whether the connection stands; a back end that ended inside a pipeline leaves one that is
    not closed and takes no rollback."""
    try:
        if own and not raw.closed:
            raw.rollback()
    except Exception:
        raw.close()
    if raw.closed and own:
        connection.close()
    return not raw.closed


def _turn(here: Any) -> AbstractContextManager[None]:
    """Our turn to write. Inside a caller's transaction it is ours already, and waiting here for
    somebody who waits for that transaction would be for ever."""
    turnstile = turnstile_of(str(here.settings_dict["NAME"]))
    return nullcontext() if turnstile is None or here.in_atomic_block else turnstile.passed()


INTAKE = Intake(write, wait_durable)
