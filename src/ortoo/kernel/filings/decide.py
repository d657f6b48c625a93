"""The pure part of the one write: what is to be written, or why not. No database, no clock."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ortoo.algorithms import merkle
from ortoo.kernel.duties.reconcile import Moved
from ortoo.kernel.filings import following
from ortoo.kernel.filings.behaviour import Behaviour, behaviour_of, posts
from ortoo.kernel.filings.digest import draft_digests, leaf_data
from ortoo.kernel.filings.draft import Draft, Entry, Move, Receipt
from ortoo.kernel.filings.envelope import check_duties, check_entries, check_envelope, check_moves
from ortoo.kernel.filings.refusal import Refused
from ortoo.kernel.filings.store import PENDING, Question, Reads, Writes
from ortoo.kernel.postings.accounts import guarded
from ortoo.kernel.postings.guard import Guard
from ortoo.kernel.relay.homes import admit_home, judged_at_home, placed
from ortoo.kernel.threads.procedure import ThreadLine, procedure_of

COMMITMENT_DIGITS = 64


@dataclass(frozen=True, slots=True)
class Prepared:
    """A draft with everything that follows from it alone."""

    draft: Draft
    behaviour: Behaviour
    data: bytes
    entries: tuple[Entry, ...]
    thread: str
    moves: tuple[Move, ...]
    digest: bytes
    digest_sm3: bytes
    received_at: int

    @property
    def arrived_at(self) -> int:
        """When it counts as having arrived: history filed later, when it was said."""
        return self.draft.said_at if self.draft.mode == "import" else self.received_at


def prepare(draft: Draft, now_ms: int) -> Prepared:
    """Check what can be checked before anything is read. Raises Refused."""
    check_envelope(draft)
    behaviour = behaviour_of(draft.form, draft.version)
    if draft.version is None and getattr(behaviour, "pinned", False):
        # So that the procedure of its period sees under which version it is said.
        draft = replace(draft, version=behaviour.version)
    data = behaviour.encode(draft.body)
    check_draft = getattr(behaviour, "check_draft", None)
    if check_draft is not None:
        check_draft(draft, data)
    elif draft.attachments:
        raise Refused(
            "ATTACH-EXTRA", f"表式 {draft.form} 不收附件。", "请去掉附件，或改用收附件的表式。"
        )
    entries = placed(behaviour.entries(draft, data), draft)
    check_entries(entries)
    moves = tuple(behaviour.moves(draft, data))
    check_moves(moves)
    thread = entries[0].thread if entries else f"{draft.form}|{draft.key}"
    digest, digest_sm3 = draft_digests(draft, behaviour, data, thread=thread, now_ms=now_ms)
    return Prepared(draft, behaviour, data, entries, thread, moves, digest, digest_sm3, now_ms)


def question(prepared: Sequence[Prepared]) -> Question:
    """Everything the decision needs to be told."""
    reversing = [item.draft for item in prepared if _reverses(item)]
    watched = [move for item in prepared for move in item.moves if guarded(move.account)]
    return Question(
        keys=[item.draft.key for item in prepared],
        threads=sorted({entry.thread for item in prepared for entry in item.entries}),
        targets=sorted(_present(n for item in prepared for n in following.targets(item.draft))),
        authorities=sorted(_present(item.draft.under for item in prepared)),
        annullers=sorted({item.draft.filer for item in prepared if item.draft.annuls is not None}),
        accounts=sorted({move.account for move in watched}),
        reversed=sorted(_present(n for d in reversing for n in (d.supersedes, d.annuls))),
        # What is taken back may be dated on any day, so then no snapshot can stand in.
        since="" if reversing else min((move.occurred_on for move in watched), default=""),
    )


def _present(numbers: Iterable[int | None]) -> set[int]:
    return {number for number in numbers if number is not None}


def _reverses(item: Prepared) -> bool:
    """Whether what an earlier filing posted must be taken back. Only what posts is asked about."""
    follows = item.draft.supersedes is not None and posts(item.behaviour)
    return item.draft.annuls is not None or follows


def decide(prepared: Sequence[Prepared], reads: Reads) -> tuple[Writes, list[Receipt]]:
    """Pure: what to write, or a Refused. Log indexes of new filings are PENDING + i."""
    writes, receipts = Writes(), []
    moved: dict[str, Moved] = {}
    guard = Guard(reads.balances)
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
        _append(writes, item, seq)
        _post(writes, item, seq, reads, guard)
        # One filing at a time, in log order, so that replaying the log gives the same duties
        # however the filings were batched.
        for thread in dict.fromkeys(entry.thread for entry in item.entries):
            procedure = procedure_of(thread)
            if procedure is not None:
                moving = moved.setdefault(thread, Moved(reads.duties.get(thread, {})))
                moving.take(procedure.duties(thread, reads.lines[thread]), seq)
        guard.check()
        receipts.append(
            Receipt(seq, item.draft.key, item.digest, item.digest_sm3, item.received_at)
        )
    for moving in moved.values():
        writes.duty_inserts += moving.inserts
        writes.duty_updates += moving.updates
    check_duties([*writes.duty_inserts, *writes.duty_updates])
    return writes, receipts


def _admit(item: Prepared, reads: Reads, seq: int, superseded: set[int]) -> None:
    """Law 5 and the procedure's own rules; the thread's lines then include this filing."""
    draft = item.draft
    following.admit_authority(draft, reads)
    if draft.supersedes is not None:
        following.admit_superseding(draft, item.behaviour, item.thread, reads, superseded)
        superseded.add(draft.supersedes)
    if draft.annuls is not None:
        following.admit_annulling(draft, {entry.thread for entry in item.entries}, reads)
    if draft.corrects is not None:
        following.admit_correcting(draft, reads)
    for entry in item.entries:
        lines = reads.lines.setdefault(entry.thread, [])
        refusal = admit_home(lines, draft)
        procedure = procedure_of(entry.thread)
        if refusal is None and procedure is not None and not judged_at_home(lines, draft, entry):
            refusal = procedure.admit(lines, draft, entry)
        if refusal is not None:
            raise refusal
        lines.append(ThreadLine(seq, entry.kind, entry.detail, item.arrived_at))


def _append(writes: Writes, item: Prepared, seq: int) -> None:
    draft, behaviour = item.draft, item.behaviour
    original = draft.original
    writes.filings.append(
        (
            seq, draft.key, draft.form, behaviour.version, behaviour.digest, draft.filer,
            draft.actor, draft.mode, draft.subject, draft.place, draft.period, item.thread,
            draft.supersedes, draft.annuls, draft.corrects, draft.reason, draft.said_at,
            item.received_at, item.data, original.address if original else None, item.digest,
            item.digest_sm3, draft.under,
        )
    )  # fmt: skip
    data = leaf_data(item.digest, item.digest_sm3)
    writes.leaves.append((seq, merkle.leaf_hash(data, "sha256"), merkle.leaf_hash(data, "sm3")))
    for entry in item.entries:
        detail = json.dumps(entry.detail, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        writes.entries.append((entry.thread, seq, entry.kind, detail, item.arrived_at))
    writes.outbox += [(seq, to, "") for to in behaviour.addressees(draft, item.data)]
    writes.originals += [
        (kept.address, kept.media_type, kept.name, kept.content)
        for kept in (*((original,) if original else ()), *draft.attachments)
    ]
    writes.sealed += [
        (value.commitment, draft.key, value.path, value.subject, value.ciphertext)
        for value in draft.sealed
    ]


def _post(writes: Writes, item: Prepared, seq: int, reads: Reads, guard: Guard) -> None:
    """Its own moves from line 0 on; what it takes back of an earlier filing on negative lines."""
    draft = item.draft
    back = [
        Move(move.account, move.commodity, -move.quantity, move.occurred_on)
        for number in (draft.supersedes, draft.annuls)
        if number is not None and _reverses(item)
        for move in reads.posted.get(number, ())
    ]
    guard.take([*back, *item.moves])
    numbered = [(-1 - i, move) for i, move in enumerate(back)] + list(enumerate(item.moves))
    writes.postings += [
        (seq, line, move.account, move.commodity, move.quantity, move.occurred_on)
        for line, move in numbered
    ]


def _repeat(item: Prepared, known: dict[str, Any]) -> Receipt:
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
        and known["under"] == draft.under
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
