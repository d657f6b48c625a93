"""A signing key that others held 密钥失密: what it puts in doubt, and how trust returns.

From the moment a key may have been in other hands its signature says nothing. A filing is still
covered where a checkpoint over it was signed by another key, by this key before that moment, or
witnessed by a party that saw the log only grow. The rest has *only* doubtful cover until the whole
log has been recounted and a new key has signed it. What is then shown: that from the new signature
on nothing was altered. That nothing was altered between the last good checkpoint and the new one
rests on receipts and checkpoints kept elsewhere, which `./ortoo verify --checkpoint` compares.

The time in a checkpoint is the signer's word: a thief can date one back. So a checkpoint dated
before the moment counts only as far as its row is in this instance's database and agrees with the
recount.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from django.conf import settings
from django.db import connection

from ortoo.kernel.filings.checkpointing import CheckpointRow
from ortoo.kernel.seal import log
from ortoo.kernel.seal import note as notes
from ortoo.kernel.seal.checkpoint import CheckpointError, verify_checkpoint
from ortoo.kernel.seal.keystore import KeystoreError, SigningKey
from ortoo.kernel.seal.note import NoteError, VerifierKey
from ortoo.kernel.seal.recount import Finding

CODE = "VERIFY-COMPROMISED"


class RevocationError(Exception):
    """The log cannot be signed anew. Codes: RESIGN-VERIFY, RESIGN-NOTHING."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}:{message}")
        self.code = code
        self.message = message


@dataclass(frozen=True, slots=True)
class Span:
    """Filings `first` to `last`, both included."""

    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Compromise:
    """What a key that others held puts in doubt.

    `checkpoints`: (size, signed_at) of those it signed since; `exposed`: the filings that were
    first covered by them; `uncovered`: those that even now have no other cover, None when there are
    none; `restored_by`: (size, signed_at) of the first good checkpoint over everything exposed.
    """

    key_id: str
    since_ms: int
    checkpoints: tuple[tuple[int, int], ...]
    exposed: Span | None
    uncovered: Span | None
    restored_by: tuple[int, int] | None


@dataclass(frozen=True, slots=True)
class _Mark:
    """A stored checkpoint and the log key that its lines claim."""

    size: int
    signed_at: int
    note: str
    key: SigningKey | None


def compromised(
    key_id: str, *, since_ms: int | None = None, witnesses: Sequence[VerifierKey] = ()
) -> Compromise:
    """What the key puts in doubt since it was compromised, or as if it had been since `since_ms`.

    A doubtful checkpoint that one of `witnesses` cosigned counts as cover. KeystoreError
    KEY-UNKNOWN for a key of another house, KEY-TIME for one nobody revoked and no time given.
    """
    keys = {key.key_id: key for key in log.signing_keys().history()}
    if key_id not in keys:
        raise KeystoreError("KEY-UNKNOWN", f"没有签名密钥 {key_id}；请用 keys list 查看。")
    since = since_ms if since_ms is not None else keys[key_id].compromised_from_ms
    if since is None:
        raise KeystoreError("KEY-TIME", f"密钥 {key_id} 未被吊销；请给出失密起始时间。")
    marks = _marks(keys)

    def doubtful(mark: _Mark) -> bool:
        return mark.key is None or (
            (mark.key.key_id == key_id and mark.signed_at >= since)
            or not mark.key.is_trusted_at(mark.signed_at)
        )

    def good(mark: _Mark) -> bool:
        return _holds(mark, () if not doubtful(mark) else witnesses, must=doubtful(mark))

    bad = [m for m in marks if m.key and m.key.key_id == key_id and m.signed_at >= since]
    said = tuple((mark.size, mark.signed_at) for mark in bad)
    if not bad:
        return Compromise(key_id, since, (), None, None, None)
    before = next((m.size for m in reversed(marks) if m.size < bad[0].size and good(m)), 0)
    last = bad[-1].size
    largest = next((m.size for m in reversed(marks) if good(m)), 0)
    over = next((m for m in marks if m.size >= last and good(m)), None)
    return Compromise(
        key_id,
        since,
        said,
        Span(before + 1, last) if before < last else None,
        Span(max(largest, before) + 1, last) if largest < last else None,
        (over.size, over.signed_at) if over else None,
    )


def _marks(keys: dict[str, SigningKey]) -> list[_Mark]:
    """Stored checkpoints by size. Which key is read off the line; `_holds` checks the signature."""
    own = {
        (settings.LOG_ORIGIN, key.named(settings.LOG_ORIGIN).key_hash): key for key in keys.values()
    }
    with connection.cursor() as cursor:
        cursor.execute("SELECT size, signed_at, note FROM kernel_checkpoint ORDER BY size")
        rows = cursor.fetchall()
    return [_Mark(size, at, text, _claimed(text, own)) for size, at, text in rows]


def _claimed(text: str, own: dict[tuple[str, bytes], SigningKey]) -> SigningKey | None:
    try:
        lines = notes.parse(text).signatures
    except NoteError:
        return None
    return next((own[at] for line in lines if (at := (line.name, line.key_hash)) in own), None)


def _holds(mark: _Mark, witnesses: Sequence[VerifierKey], *, must: bool) -> bool:
    """Whether the log's signature holds and, where it `must`, a witness's too."""
    if mark.key is None or (must and not witnesses):
        return False
    own = [mark.key.named(settings.LOG_ORIGIN)]
    try:
        verify_checkpoint(mark.note, own, witnesses, quorum=1 if must else 0)
    except (CheckpointError, NoteError):
        return False
    return True


def uncovered(witnesses: Sequence[VerifierKey] = ()) -> Iterator[Finding]:
    """Findings for `verify`: revoked keys whose doubtful checkpoints nobody has signed anew."""
    for key in log.signing_keys().history():
        if key.compromised_from_ms is None:
            continue
        found = compromised(key.key_id, witnesses=witnesses)
        if found.uncovered is not None:
            span = found.uncovered
            yield Finding(
                CODE,
                span.first,
                f"第 {span.first}—{span.last} 号只由失密密钥 {key.key_id} 的检查点覆盖；"
                "核对无误后运行 ./ortoo keys resign。",
            )


def resign(*, now_ms: int, kept_note: str | None = None) -> CheckpointRow:
    """Recount the whole log and sign it with the key in use; returns the new checkpoint.

    `kept_note`: a checkpoint kept elsewhere from before the compromise, which the log must still
    contain. RevocationError RESIGN-VERIFY when the recount finds anything: signing then would
    vouch for a forgery. RESIGN-NOTHING when nothing was filed behind a doubtful checkpoint: the
    next filing makes it possible.
    """
    from ortoo.kernel.seal.verify import findings  # which itself asks `uncovered`

    faults = findings(checkpoint_note=kept_note)
    fault = next((each for each in faults if each.code != CODE), None)
    if fault is not None:
        raise RevocationError(
            "RESIGN-VERIFY", f"核对发现不符（{fault.code}：{fault.message}），不能重新签署。"
        )
    row = log.checkpoint(now_ms=now_ms)
    if next(uncovered(), None) is not None:
        raise RevocationError(
            "RESIGN-NOTHING", "最后一个检查点由失密密钥签署，其后没有报件；请在下一份报件之后重试。"
        )
    return row
