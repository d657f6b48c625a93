"""Verification 核对: everything the log promises, recomputed from the stored rows.

Nothing stored is trusted: each filing's digests are recomputed from its columns, body and original,
the log's roots from those digests, and threads, duties and postings from the filings. What this
cannot see by itself is a log that was cut off or rewritten whole together with its signing key;
against that a checkpoint kept elsewhere is given.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.db import connection

from ortoo.algorithms.merkle import Frontier, leaf_hash
from ortoo.kernel.filings.behaviour import behaviour_of, canonical
from ortoo.kernel.filings.checkpointing import COLUMNS, CheckpointRow
from ortoo.kernel.filings.digest import digests, envelope, leaf_data
from ortoo.kernel.filings.digest import leaves as named_parts
from ortoo.kernel.filings.draft import Original
from ortoo.kernel.filings.read import FilingRow
from ortoo.kernel.filings.refusal import Refused
from ortoo.kernel.filings.store import FILING_COLUMNS
from ortoo.kernel.seal import log
from ortoo.kernel.seal.checkpoint import CheckpointError, verify_checkpoint
from ortoo.kernel.seal.contacts import references, seal_fault, subject_keys
from ortoo.kernel.seal.models import Sealed
from ortoo.kernel.seal.note import NoteError
from ortoo.kernel.threads.rebuild import draft_of, rebuild_threads

CHUNK = 500
BINARY = ("form_digest", "body", "original", "digest", "digest_sm3")
Say = Callable[[str], None]
Pair = tuple[Frontier, Frontier]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is not as it was filed. `seq` is 0 where no one filing is at fault."""

    code: str
    seq: int
    message: str


def verify(
    *, checkpoint_note: str | None = None, say: Say = lambda line: None
) -> list[Finding]:
    """Every finding, in the order found; empty when the record is what was filed.

    `checkpoint_note` is a signed checkpoint that was kept outside this instance.
    """
    return list(findings(checkpoint_note=checkpoint_note, say=say))


def findings(
    *, checkpoint_note: str | None = None, say: Say = lambda line: None
) -> Iterator[Finding]:
    """`verify` as a stream. Nothing is written."""
    end, tail_faults = _tail()
    yield from tail_faults
    yield from _integrity(say)
    marks = _Marks.read(checkpoint_note)
    yield from marks.faults
    say(f"核对 {end:,} 件报件与 {len(marks.rows)} 个检查点 …")
    yield from _filings(end, marks, say)
    say("核对外来原件与密封的个人信息 …")
    yield from _originals()
    yield from _sealed()
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


def _tail() -> tuple[int, list[Finding]]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT id, size FROM kernel_log_tail")
        rows = cursor.fetchall()
        cursor.execute("SELECT COUNT(*) FROM kernel_filing")
        count = int(cursor.fetchone()[0])
    if not rows and not count:
        return 0, []
    if len(rows) != 1 or rows[0][0] != 1 or not isinstance(rows[0][1], int) or rows[0][1] < 0:
        return count, [Finding("VERIFY-TAIL", 0, f"日志尾应恰有一行，现为 {rows[:3]}。")]
    return rows[0][1], []


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
        except (CheckpointError, NoteError) as error:
            self.faults.append(Finding("VERIFY-KEPT", 0, f"另存的检查点不能采信：{error.message}"))
            return
        self.kept = (said.size, said.root_sha256, said.root_sm3)

    def meet(self, pair: Pair, before: int) -> Iterator[Finding]:
        """Faults of the marks at the size now reached."""
        size = pair[0].size
        if self.kept is not None and self.kept[0] == size:
            roots = (pair[0].root(), pair[1].root() if self.kept[2] is not None else None)
            if roots != self.kept[1:]:
                yield Finding("VERIFY-KEPT", size, f"日志前 {size} 件与另存的检查点不符：已被改写。")
            self.kept = None
        if size in self.rows:
            for message in _checkpoint_faults(self.rows[size], pair, before):
                yield Finding("VERIFY-CHECKPOINT", size, f"检查点 {size}：{message}")

    def unmet(self, end: int) -> Iterator[Finding]:
        if self.kept is not None and self.kept[0] > 0:
            yield Finding(
                "VERIFY-KEPT", 0, f"另存的检查点有 {self.kept[0]} 件，日志只有 {end} 件：已被截短。"
            )
        for size in self.rows:
            if not 0 < size <= end:
                yield Finding("VERIFY-CHECKPOINT", 0, f"检查点 {size} 不在 {end} 件的日志之内。")


def _typed(found: tuple[Any, ...]) -> CheckpointRow | None:
    size, sha256, sm3, frontier, note, signed_at = found
    binary = [_blob(value) for value in (sha256, sm3, frontier)]
    ok = isinstance(size, int) and isinstance(signed_at, int) and isinstance(note, str)
    if not ok or None in binary:
        return None
    return CheckpointRow(size, *binary, note, signed_at)  # type: ignore[arg-type]


def _checkpoint_faults(row: CheckpointRow, pair: Pair, before: int) -> Iterator[str]:
    if (row.sha256, row.sm3) != (pair[0].root(), pair[1].root()):
        yield "存的根与由报件重算的根不符"
    if row.frontier != log.packed(pair):
        yield "存的前沿与重算的不符"
    try:
        said = verify_checkpoint(row.note, log.log_keys()).checkpoint
    except (CheckpointError, NoteError) as error:
        yield error.message
        return
    if said != log.statement(pair, after=before, signed_at=row.signed_at):
        yield "签名文本与重算的叶数、根、前一检查点或签署时间不符"


# --- filings ---------------------------------------------------------------------------------


def _filings(end: int, marks: _Marks, say: Say) -> Iterator[Finding]:
    """Digests, leaves and gaplessness in one pass; the roots grow from the recomputed digests."""
    pair: Pair = (Frontier(hash_name="sha256"), Frontier(hash_name="sm3"))
    before, expected = 0, 1
    for values in _stored("kernel_filing", FILING_COLUMNS, "seq"):
        seq = values[0][0] if isinstance(values[0][0], int) else 0
        if seq != expected or seq > end:
            if seq > end and seq == expected and _is_later(seq, end):
                break
            yield Finding("VERIFY-GAP", seq, f"应为第 {expected} 号，实为 {values[0][0]!r}。")
            expected = max(expected, seq)
        found, faults = _digests(values[0])
        yield from faults
        if found is None:
            expected += 1
            continue
        leaves = tuple(leaf_hash(leaf_data(*found), name) for name in ("sha256", "sm3"))
        if values[1] != leaves:
            yield Finding("VERIFY-LEAF", seq, f"第 {seq} 号的存证叶与报件不符。")
        pair = pair[0].with_leaf(leaves[0]), pair[1].with_leaf(leaves[1])
        yield from marks.meet(pair, before)
        before = expected if expected in marks.rows else before
        if expected % 20_000 == 0:
            say(f"  已核对 {expected:,} 件")
        expected += 1
    if expected - 1 != end:
        yield Finding("VERIFY-TAIL", 0, f"日志尾记 {end} 件，实有 {expected - 1} 件。")
    yield from _stray_leaves(end)
    yield from marks.unmet(end)
