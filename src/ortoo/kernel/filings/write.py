"""The one write: filings, postings, duties, log leaves and outbox in one transaction (Law 1)."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction

from ortoo.algorithms import merkle
from ortoo.kernel.duties.reconcile import Moved
from ortoo.kernel.filings.barrier import barrier_for
from ortoo.kernel.filings.behaviour import Behaviour, behaviour_of
from ortoo.kernel.filings.digest import draft_digests, leaf_data
from ortoo.kernel.filings.draft import Draft, Entry, Receipt
from ortoo.kernel.filings.envelope import (
    check_duties,
    check_entries,
    check_envelope,
    check_moves,
)
from ortoo.kernel.filings.refusal import Refused
from ortoo.kernel.filings.store import PENDING, Reads, Store, Writes
from ortoo.kernel.threads.procedure import ThreadLine, procedure_of

COMMITMENT_DIGITS = 64


@dataclass(frozen=True, slots=True)
class _Prepared:
    draft: Draft
    behaviour: Behaviour
    data: bytes
    entries: tuple[Entry, ...]
    thread: str
    digest: bytes
    digest_sm3: bytes


def file(draft: Draft, *, now_ms: int) -> Receipt:
    """File one statement. See `file_many`."""
    return file_many([draft], now_ms=now_ms)[0]


def file_many(drafts: Sequence[Draft], *, now_ms: int) -> list[Receipt]:
    """File statements together: all are accepted, or none and a `Refused` says why.

    Returns one receipt a draft, in order. A draft whose `key` is already on the log with the same
    content returns the first receipt with `duplicate=True`. On return the filings are durable.
    """
    prepared = [_prepare(draft, now_ms) for draft in drafts]
    if not prepared:
        return []
    threads = sorted({entry.thread for item in prepared for entry in item.entries})
    targets = sorted({seq for item in prepared for seq in _targets(item.draft) if seq is not None})
    with _store() as store:
        reads = store.read([item.draft.key for item in prepared], threads, targets)
        writes, receipts = _decide(prepared, reads, now_ms)
        base = store.write(writes) if writes.filings else 0
    _wait_durable()
    return [
        receipt
        if receipt.duplicate
        else Receipt(
            receipt.seq - PENDING + base + 1,
            receipt.key,
            receipt.digest,
            receipt.digest_sm3,
            receipt.received_at,
        )
        for receipt in receipts
    ]


@contextmanager
def _store() -> Iterator[Store]:
    """The dialect's store inside one transaction (the caller's, when there is one)."""
    connection.ensure_connection()
    if connection.vendor == "sqlite":
        from ortoo.kernel.filings.sqlite import SqliteStore

        with transaction.atomic():
            yield SqliteStore(connection.connection)
        return
    from ortoo.kernel.filings.postgresql import PostgresStore

    own = not connection.in_atomic_block
    raw = connection.connection
    try:
        yield PostgresStore(raw, own=own)
    except BaseException:
        if own:
            raw.rollback()
        raise
    finally:
        if own and raw.info.transaction_status != 0:
            raw.execute("COMMIT")


def _wait_durable() -> None:
    """Nothing is acknowledged before it is on disk (Law 16)."""
    if connection.vendor != "sqlite" or connection.in_atomic_block:
        return
    barrier = barrier_for(str(connection.settings_dict["NAME"]))
    if barrier is not None:
        barrier.wait()


def _prepare(draft: Draft, now_ms: int) -> _Prepared:
    check_envelope(draft)
    behaviour = behaviour_of(draft.form, draft.version)
    data = behaviour.encode(draft.body)
    entries = tuple(behaviour.entries(draft, data))
    check_entries(entries)
    thread = entries[0].thread if entries else f"{draft.form}|{draft.key}"
    digest, digest_sm3 = draft_digests(draft, behaviour, data, thread=thread, now_ms=now_ms)
    return _Prepared(draft, behaviour, data, entries, thread, digest, digest_sm3)


def _targets(draft: Draft) -> tuple[int | None, ...]:
    return draft.supersedes, draft.annuls, draft.corrects


def _decide(
    prepared: Sequence[_Prepared], reads: Reads, now_ms: int
) -> tuple[Writes, list[Receipt]]:
    """Pure: what to write, or a Refused. Log indexes of new filings are PENDING + i."""
    writes, receipts = Writes(), []
    moved: dict[str, Moved] = {}
    batch_keys: set[str] = set()
    superseded: set[int] = set()
    for item in prepared:
        known = reads.existing.get(item.draft.key)
        if known is not None:
            receipts.append(_repeat(item, known))
            continue
        if item.draft.key in batch_keys:
            raise Refused(
                "FILING-KEY-REUSED",
                f"同一批报件中标识「{item.draft.key}」出现两次。",
                "每份报件使用自己的标识。",
                409,
            )
        batch_keys.add(item.draft.key)
        seq = PENDING + len(writes.filings)
        _admit(item, reads, seq, superseded)
        _append(writes, item, seq, now_ms)
        # One filing at a time, in log order, so that replaying the log gives the same duties
        # however the filings were batched.
        for thread in dict.fromkeys(entry.thread for entry in item.entries):
            procedure = procedure_of(thread)
            if procedure is not None:
                moving = moved.setdefault(thread, Moved(reads.duties.get(thread, {})))
                moving.take(procedure.duties(thread, reads.lines[thread]), seq)
        receipts.append(Receipt(seq, item.draft.key, item.digest, item.digest_sm3, now_ms))
    for moving in moved.values():
        writes.duty_inserts += moving.inserts
        writes.duty_updates += moving.updates
    check_duties([*writes.duty_inserts, *writes.duty_updates])
    return writes, receipts


def _admit(item: _Prepared, reads: Reads, seq: int, superseded: set[int]) -> None:
    """Law 5 and the procedure's own rules; the thread's lines then include this filing."""
    draft = item.draft
    if draft.supersedes is not None:
        _admit_superseding(item, draft.supersedes, reads, superseded)
        superseded.add(draft.supersedes)
    for other in (draft.annuls, draft.corrects):
        if other is not None and other not in reads.targets:
            raise Refused("TARGET-UNKNOWN", f"第 {other} 号报件不存在。", "请核对报件号。")
        if other is not None and not draft.reason.strip():
            raise Refused("REASON-NEEDED", "撤销或更正他件必须写明依据。", "请填写依据后再报送。")
    for entry in item.entries:
        lines = reads.lines.setdefault(entry.thread, [])
        procedure = procedure_of(entry.thread)
        if procedure is not None:
            refusal = procedure.admit(lines, draft, entry)
            if refusal is not None:
                raise refusal
        lines.append(ThreadLine(seq, entry.kind, entry.detail))


def _admit_superseding(item: _Prepared, seq: int, reads: Reads, superseded: set[int]) -> None:
    """Only the same party or its successor, on the filing in force, with a reason."""
    draft, target = item.draft, reads.targets.get(seq)
    if target is None or (target.form, target.thread) != (draft.form, item.thread):
        raise Refused(
            "SUPERSEDES-UNKNOWN",
            f"第 {seq} 号不是 {draft.form} 的报件。",
            "请在原报件页面选择更正。",
        )
    if draft.filer not in (target.filer, target.successor):
        raise Refused(
            "SUPERSEDES-OTHER-PARTY",
            "只有原报送单位（或其登记的承继单位）可以更正自己的报件。",
            "审核人员请使用“发核实”或“退回”。",
            403,
        )
    taken = target.superseded_by is not None or seq in superseded
    if taken and procedure_of(item.thread) is None:
        by = f"第 {target.superseded_by} 号" if target.superseded_by else "同批另一份报件"
        raise Refused(
            "FILING-STALE",
            f"第 {seq} 号已被{by}更正。",
            "请刷新后在现行报件上更正。",
            409,
        )
    if not draft.reason.strip():
        raise Refused("REASON-NEEDED", "更正必须写明原因。", "请填写更正原因后再报送。")


def _append(writes: Writes, item: _Prepared, seq: int, now_ms: int) -> None:
    draft, behaviour = item.draft, item.behaviour
    original = draft.original
    writes.filings.append(
        (
            seq, draft.key, draft.form, behaviour.version, behaviour.digest, draft.filer,
            draft.actor, draft.mode, draft.subject, draft.place, draft.period, item.thread,
            draft.supersedes, draft.annuls, draft.corrects, draft.reason, draft.said_at, now_ms,
            item.data, original.address if original else None, item.digest, item.digest_sm3,
        )
    )  # fmt: skip
    data = leaf_data(item.digest, item.digest_sm3)
    writes.leaves.append((seq, merkle.leaf_hash(data, "sha256"), merkle.leaf_hash(data, "sm3")))
    for entry in item.entries:
        detail = json.dumps(entry.detail, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        writes.entries.append((entry.thread, seq, entry.kind, detail))
    moves = behaviour.moves(draft, item.data)
    check_moves(moves)
    for line, move in enumerate(moves):
        writes.postings.append(
            (seq, line, move.account, move.commodity, move.quantity, move.occurred_on)
        )
    writes.outbox += [(seq, to, "") for to in behaviour.addressees(draft, item.data)]
    if original:
        writes.originals.append(
            (original.address, original.media_type, original.name, original.content)
        )
    writes.sealed += [
        (value.commitment, draft.key, value.path, value.subject, value.ciphertext)
        for value in draft.sealed
    ]


def _repeat(item: _Prepared, known: dict[str, Any]) -> Receipt:
    """The first receipt, when a key comes again with the same content; else a refusal."""
    draft = item.draft
    same = (
        known["form"] == draft.form
        and known["form_version"] == item.behaviour.version
        and known["filer"] == draft.filer
        and known["subject"] == draft.subject
        and known["period"] == draft.period
        and known["supersedes"] == draft.supersedes
        and known["annuls"] == draft.annuls
        and known["corrects"] == draft.corrects
        and _optional_bytes(known["original"])
        == (draft.original.address if draft.original else None)
        and _same_body(bytes(known["body"]), item.data, draft)
    )
    if not same:
        raise Refused(
            "FILING-KEY-REUSED",
            f"标识「{draft.key}」已用于第 {known['seq']} 号报件，内容不同。",
            "请刷新页面取得新的标识后重新报送。",
            409,
        )
    return Receipt(
        int(known["seq"]),
        draft.key,
        bytes(known["digest"]),
        bytes(known["digest_sm3"]),
        int(known["received_at"]),
        duplicate=True,
    )


def _optional_bytes(value: Any) -> bytes | None:
    return None if value is None else bytes(value)


def _same_body(known: bytes, data: bytes, draft: Draft) -> bool:
    """Equal, commitments apart: a value sealed again has a fresh salt and so another commitment."""
    if known == data:
        return True
    fresh = {value.commitment.hex() for value in draft.sealed}
    return bool(fresh) and _alike(json.loads(known), json.loads(data), fresh)


def _alike(known: object, said: object, fresh: set[str]) -> bool:
    if isinstance(known, dict) and isinstance(said, dict):
        return known.keys() == said.keys() and all(
            _alike(known[name], said[name], fresh) for name in known
        )
    if isinstance(known, list) and isinstance(said, list):
        return len(known) == len(said) and all(
            _alike(before, now, fresh) for before, now in zip(known, said, strict=True)
        )
    if isinstance(known, str) and said in fresh:
        return len(known) == COMMITMENT_DIGITS
    return known == said
