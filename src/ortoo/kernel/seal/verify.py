"""Verification 核对: everything the log promises, recomputed from the stored rows.

Nothing stored is trusted: each filing's digests are recomputed from its columns, body and original,
the log's roots from those digests, and threads, duties and postings from the filings. What this
cannot see by itself is a log that was cut off or rewritten whole together with its signing key;
against that a checkpoint kept elsewhere is given.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from django.db import connection

from ortoo.algorithms.merkle import Frontier
from ortoo.kernel.filings.checkpointing import COLUMNS, CheckpointRow
from ortoo.kernel.filings.draft import original_address
from ortoo.kernel.filings.refusal import Refused
from ortoo.kernel.filings.store import FILING_COLUMNS
from ortoo.kernel.forms.record_filing import attachment_references
from ortoo.kernel.seal import log, personal
from ortoo.kernel.seal.checkpoint import CheckpointError, verify_checkpoint
from ortoo.kernel.seal.cipher import CipherError
from ortoo.kernel.seal.contacts import subject_keys
from ortoo.kernel.seal.keystore import KeystoreError
from ortoo.kernel.seal.models import Sealed
from ortoo.kernel.seal.note import NoteError
from ortoo.kernel.seal.recount import Finding, between, blob_of, recount
from ortoo.kernel.seal.restoration import explained
from ortoo.kernel.seal.signer import SignerError
from ortoo.kernel.threads.rebuild import rebuild_threads

__all__ = ["Finding", "findings", "verify"]
CHUNK = 500
COMMITMENT = re.compile(rb'"([0-9a-f]{64})"')
Say = Callable[[str], None]
Pair = tuple[Frontier, Frontier]


def verify(*, checkpoint_note: str | None = None, say: Say = lambda line: None) -> list[Finding]:
    """Every finding, in the order found; empty when the record is what was filed.

    `checkpoint_note` is a signed checkpoint that was kept outside this instance.
    """
    return list(findings(checkpoint_note=checkpoint_note, say=say))


def findings(
    *, checkpoint_note: str | None = None, say: Say = lambda line: None
) -> Iterator[Finding]:
    """`verify` as a stream. Nothing is written."""
    end, faults = _length()
    yield from faults
    yield from _integrity(say)
    marks = _Marks.read(checkpoint_note)
    yield from marks.faults
    say(f"核对 {end:,} 件报件与 {len(marks.rows)} 个检查点 …")
    yield from _filings(end, marks, say)
    say("核对外来原件与密封的个人信息 …")
    yield from _originals()
    yield from _sealed()
    yield from _keys()
    yield from _derived(say)
    say("核对完毕。")


def _integrity(say: Say) -> Iterator[Finding]:
    if connection.vendor != "sqlite":
        return
    say("检查数据库文件 …")
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA integrity_check")
        for (line,) in cursor.fetchall():
            if line != "ok":
                yield Finding("VERIFY-FILE", 0, f"数据库文件损坏：{line}")


def _length() -> tuple[int, list[Finding]]:
    """How many filings to recount, and whether tail, count and last log index agree."""
    with connection.cursor() as cursor:
        # One statement, so that filings that arrive meanwhile do not look like a fault.
        cursor.execute(
            "SELECT (SELECT COUNT(*) FROM kernel_filing), (SELECT COUNT(*) FROM kernel_leaf),"
            " (SELECT MAX(seq) FROM kernel_filing), (SELECT COUNT(*) FROM kernel_log_tail),"
            " (SELECT size FROM kernel_log_tail WHERE id = 1)"
        )
        count, leaves, last, tails, size = cursor.fetchone()
    if (count, leaves, last, tails, size) in ((0, 0, None, 0, None), (0, 0, None, 1, 0)):
        return 0, []
    if (count, leaves, last, tails) == (size, size, size, 1):
        return count, []
    return count, [
        Finding(
            "VERIFY-TAIL",
            0,
            f"日志尾记 {size!r} 件（{tails} 行），实有报件 {count} 件、存证叶 {leaves} 个，"
            f"末号 {last!r}。",
        )
    ]


# --- checkpoints -----------------------------------------------------------------------------


@dataclass(slots=True)
class _Marks:
    """Checkpoints to meet on the way along the log: those stored, and one kept elsewhere."""

    rows: dict[int, CheckpointRow]
    kept: tuple[int, bytes, bytes | None] | None
    faults: list[Finding]

    @classmethod
    def read(cls, note: str | None) -> _Marks:
        rows: dict[int, CheckpointRow] = {}
        faults: list[Finding] = []
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT {','.join(COLUMNS)} FROM kernel_checkpoint ORDER BY size")
            for found in cursor.fetchall():
                row = _typed(found)
                if row is None:
                    faults.append(
                        Finding("VERIFY-CHECKPOINT", 0, f"检查点 {found[0]} 的字段类型被改动。")
                    )
                else:
                    rows[row.size] = row
        marks = cls(rows, None, faults)
        marks._take_kept(note)
        return marks

    def _take_kept(self, note: str | None) -> None:
        if note is None:
            return
        try:
            said = verify_checkpoint(note, log.log_keys()).checkpoint
        except (CheckpointError, NoteError, SignerError) as error:
            self.faults.append(Finding("VERIFY-KEPT", 0, f"另存的检查点不能采信：{error.message}"))
            return
        self.kept = (said.size, said.root_sha256, said.root_sm3)

    def meet(self, pair: Pair, before: int) -> Iterator[Finding]:
        """Faults of the marks at the size now reached."""
        size = pair[0].size
        if self.kept is not None and self.kept[0] == size:
            roots = (pair[0].root(), pair[1].root() if self.kept[2] is not None else None)
            if roots != self.kept[1:]:
                why = explained(size, self.kept[1]) or "已被改写"
                yield Finding("VERIFY-KEPT", size, f"日志前 {size} 件与另存的检查点不符：{why}。")
            self.kept = None
        if size in self.rows:
            for message in _checkpoint_faults(self.rows[size], pair, before):
                yield Finding("VERIFY-CHECKPOINT", size, f"检查点 {size}：{message}")

    def unmet(self, end: int) -> Iterator[Finding]:
        if self.kept is not None and self.kept[0] > 0:
            size, root, _ = self.kept
            why = explained(size, root) or "已被截短"
            yield Finding(
                "VERIFY-KEPT", 0, f"另存的检查点有 {size} 件，日志只有 {end} 件：{why}。"
            )
        for size in self.rows:
            if not 0 < size <= end:
                yield Finding("VERIFY-CHECKPOINT", 0, f"检查点 {size} 不在 {end} 件的日志之内。")


def _typed(found: tuple[Any, ...]) -> CheckpointRow | None:
    size, note, signed_at = found[0], found[4], found[5]
    sha256, sm3, frontier = map(blob_of, found[1:4])
    if sha256 is None or sm3 is None or frontier is None:
        return None
    if not (isinstance(size, int) and isinstance(signed_at, int) and isinstance(note, str)):
        return None
    return CheckpointRow(size, sha256, sm3, frontier, note, signed_at)


def _checkpoint_faults(row: CheckpointRow, pair: Pair, before: int) -> Iterator[str]:
    if (row.sha256, row.sm3) != (pair[0].root(), pair[1].root()):
        yield "存的根与由报件重算的根不符"
    if row.frontier != log.packed(pair):
        yield "存的前沿与重算的不符"
    try:
        said = verify_checkpoint(row.note, log.log_keys()).checkpoint
    except (CheckpointError, NoteError, SignerError) as error:
        yield error.message
        return
    if said != log.statement(pair, after=before, signed_at=row.signed_at):
        yield "签名文本与重算的叶数、根、前一检查点或签署时间不符"


# --- filings ---------------------------------------------------------------------------------


def _filings(end: int, marks: _Marks, say: Say) -> Iterator[Finding]:
    """Digests, leaves and gaplessness in one pass; the roots grow from the recomputed digests."""
    pair: Pair = (Frontier(hash_name="sha256"), Frontier(hash_name="sm3"))
    before = 0
    for start in range(0, end, CHUNK):
        stop = min(start + CHUNK, end)
        filings = between("kernel_filing", FILING_COLUMNS, start, stop)
        leaves = between("kernel_leaf", ("seq", "sha256", "sm3"), start, stop)
        for seq in range(start + 1, stop + 1):
            stored = leaves.get(seq)
            recounted, faults = recount(seq, filings.get(seq))
            yield from faults
            if recounted is not None:
                if stored is None or tuple(map(blob_of, stored[1:])) != recounted:
                    yield Finding("VERIFY-LEAF", seq, f"第 {seq} 号的存证叶缺失或与报件不符。")
                pair = pair[0].with_leaf(recounted[0]), pair[1].with_leaf(recounted[1])
            else:
                # Nothing can stand in for it: every checkpoint from here on will be at fault too.
                pair = pair[0].with_leaf(bytes(32)), pair[1].with_leaf(bytes(32))
            yield from marks.meet(pair, before)
            before = seq if seq in marks.rows else before
        if start and start % (CHUNK * 40) == 0:
            say(f"  已核对 {stop:,} 件")
    yield from marks.unmet(end)


# --- what hangs on filings -------------------------------------------------------------------


def _originals() -> Iterator[Finding]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT f.seq FROM kernel_filing f LEFT JOIN kernel_original o ON o.sha256 = f.original"
            " WHERE f.original IS NOT NULL AND o.sha256 IS NULL ORDER BY f.seq"
        )
        missing = cursor.fetchall()
        cursor.execute("SELECT sha256 FROM kernel_original")
        addresses = [row[0] for row in cursor.fetchall()]
        cursor.execute("SELECT DISTINCT original FROM kernel_filing WHERE original IS NOT NULL")
        referred = {blob_of(row[0]) for row in cursor.fetchall()}
    attached = list(attachment_references())
    held = {blob_of(address) for address in addresses}
    referred.update(address for _, address in attached)
    for seq, address in attached:
        if address not in held:
            yield Finding("VERIFY-ORIGINAL", seq, f"第 {seq} 号报件的一个附件缺失。")
    for (seq,) in missing:
        yield Finding("VERIFY-ORIGINAL", seq, f"第 {seq} 号报件的外来原件缺失。")
    for address in addresses:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT content, media_type, name FROM kernel_original WHERE sha256 = %s", [address]
            )
            content, media_type, name = cursor.fetchone()
        blob = blob_of(content)
        typed = blob is not None and isinstance(media_type, str) and isinstance(name, str)
        if not typed or original_address(blob or b"", media_type, name) != blob_of(address):
            yield Finding("VERIFY-ORIGINAL", 0, f"外来原件「{name}」与其摘要不符。")
        elif blob_of(address) not in referred:
            yield Finding("VERIFY-ORIGINAL", 0, f"外来原件「{name}」不属于任何报件。")


def _sealed() -> Iterator[Finding]:
    keys = _Keys()
    filing_key, said = "", set()
    for row in Sealed.objects.order_by("filing_key").iterator(chunk_size=CHUNK):
        if row.filing_key != filing_key:
            filing_key, said = row.filing_key, _commitments(row.filing_key)
        try:
            commitment = bytes(row.commitment)
            fault = None if commitment.hex() in said else "不在所称报件的正文中"
            fault = fault or keys.fault(row, commitment)
        except TypeError:
            fault = "字段类型被改动"
        if fault:
            where = f"报件「{row.filing_key}」的密封值「{row.path}」"
            yield Finding("VERIFY-SEALED", 0, f"{where}：{fault}")


def _keys() -> Iterator[Finding]:
    """The keys' local history against the log; what a stolen key leaves in doubt; erasures that
    were filed and not carried out."""
    from ortoo.kernel.seal import erasure, key_filings, revocation

    yield from key_filings.compare_history()
    yield from revocation.uncovered()
    for person in erasure.unfinished():
        yield Finding(
            "VERIFY-ERASURE", 0, f"「{person}」已依法删除，其密钥仍在；请运行 ./ortoo keys settle。"
        )


def _commitments(filing_key: str) -> set[str]:
    """Everything in a filing's body that has the shape of a commitment."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT body FROM kernel_filing WHERE key = %s", [filing_key])
        found = cursor.fetchone()
    blob = blob_of(found[0]) if found else None
    return {match.decode() for match in COMMITMENT.findall(blob or b"")}


class _Keys:
    """Sealing keys, each looked up once."""

    def __init__(self) -> None:
        self._keys = subject_keys()
        self._known: dict[str, tuple[bytes, ...] | KeystoreError] = {}

    def _get(self, subject: str) -> tuple[bytes, ...] | KeystoreError:
        """The keys that may open a value: two while they are being changed."""
        if subject not in self._known:
            try:
                self._known[subject] = self._keys.opening(subject)
            except KeystoreError as error:
                self._known[subject] = error
        return self._known[subject]

    def fault(self, row: Sealed, commitment: bytes) -> str | None:
        """Why the value is not what was filed; None when it opens or its person was erased."""
        keys = self._get(row.subject)
        if isinstance(keys, KeystoreError):
            return None if keys.code == "KEY-DESTROYED" else keys.message
        value = personal.Sealed(commitment, row.subject, bytes(row.ciphertext))
        field = personal.PersonalField(row.subject, row.filing_key, row.path)
        fault: str | None = None
        for key in keys:
            try:
                personal.open_value(value, field, key)
            except personal.PersonalError as error:
                fault = fault or error.message
            except CipherError as error:
                fault = fault or str(error)
            else:
                return None
        return fault


def _derived(say: Say) -> Iterator[Finding]:
    try:
        outcomes = rebuild_threads(say, fix=False)
    except (Refused, ValueError, TypeError, KeyError, AttributeError, IndexError) as error:
        yield Finding("VERIFY-DERIVED", 0, f"由报件重算案卷与应办事项时出错：{error}")
        return
    for outcome in outcomes:
        if not outcome.equal:
            yield Finding(
                "VERIFY-DERIVED",
                0,
                f"{outcome.table}：存 {outcome.live} 行，重算 {outcome.rebuilt} 行，"
                f"多出 {outcome.only_live}，缺少 {outcome.only_rebuilt}。",
            )
