"""Rows of a backup into an empty database: nothing is filed here, what was filed is put back.

The one write stays `file_many`; these are copies of rows that it wrote, and they are believed only
after their log was proved by a signed checkpoint and everything derived was recomputed.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from django.core.management.color import no_style
from django.db import connection, models

from ortoo.algorithms.merkle import Frontier
from ortoo.kernel.filings.projection import insert_rows
from ortoo.kernel.filings.refusal import Refused
from ortoo.kernel.seal.checkpoint import CheckpointError, verify_checkpoint
from ortoo.kernel.seal.note import NoteError, VerifierKey
from ortoo.site.operations import catalogue
from ortoo.site.operations.archive import Chain, Manifest, Row
from ortoo.site.operations.catalogue import Kept

CHUNK = 500
Say = Callable[[str], None]


@dataclass(slots=True)
class Loaded:
    """What was put back: rows by table, and when the last filing was received (ms)."""

    rows: dict[str, int] = field(default_factory=dict)
    newest_ms: int = 0


def _chunks(rows: Iterable[Row]) -> Iterator[list[Row]]:
    rest = iter(rows)
    while chunk := list(islice(rest, CHUNK)):
        yield chunk


def _place(segment: Manifest, table: str, column: str) -> int:
    part = segment.part(table)
    return part.columns.index(column) if part else 0


def fitted(one: Kept, segment: Manifest) -> Callable[[Row], Row]:
    """Rows as the segment has them → rows of today's columns; a column added since is its default.

    Refused ARCHIVE-COLUMNS where the segment has a column that this program does not know.
    """
    part = segment.part(one.table)
    has = part.columns if part else ()
    unknown = sorted(set(has) - set(one.columns))
    if unknown:
        raise Refused(
            "ARCHIVE-COLUMNS",
            f"段 {segment.folder} 的 {one.table} 有本程序没有的列：{'、'.join(unknown)}。",
            "请用写出它的版本恢复，再升级。",
        )
    if has == one.columns:
        return lambda row: row
    by_column = {f.column: f for f in one.model._meta.concrete_fields}
    plan = [(has.index(name) if name in has else -1, by_column[name]) for name in one.columns]
    return lambda row: tuple(row[at] if at >= 0 else f.get_default() for at, f in plan)


def index_at(chain: Chain, time_ms: int) -> int:
    """The last log index received up to a moment, as `filings.read.tail_at` says it."""
    found = 0
    for segment in chain.segments:
        seq = _place(segment, "kernel_filing", "seq")
        received = _place(segment, "kernel_filing", "received_at")
        for row in chain.rows(segment, "kernel_filing"):
            if row[received] <= time_ms:
                found = max(found, row[seq])
    return found


def prove(chain: Chain, cut: int, keys: Sequence[VerifierKey]) -> int:
    """Size of the oldest checkpoint that covers the first `cut` filings, once the leaves of the
    backup were found to give its signed roots. Refused ARCHIVE-UNPROVED."""
    if cut == 0:
        return 0
    needed = chain.up_to(cut)
    note, size = _covering(chain, needed, cut)
    try:
        said = verify_checkpoint(note, keys).checkpoint
    except (CheckpointError, NoteError) as error:
        raise _unproved(f"检查点 {size} 不能采信：{error.message}") from error
    pair = Frontier(hash_name="sha256"), Frontier(hash_name="sm3")
    for segment in needed:
        at, left = _place(segment, "kernel_leaf", "seq"), size - segment.start
        first = _place(segment, "kernel_leaf", "sha256"), _place(segment, "kernel_leaf", "sm3")
        for chunk in _chunks(islice(chain.rows(segment, "kernel_leaf"), max(left, 0))):
            if [row[at] for row in chunk] != list(
                range(pair[0].size + 1, pair[0].size + len(chunk) + 1)
            ):
                raise _unproved(f"第 {pair[0].size + 1} 号起的存证叶不连续")
            pair = (
                pair[0].with_leaves([row[first[0]] for row in chunk]),
                pair[1].with_leaves([row[first[1]] for row in chunk]),
            )
    roots = pair[0].root(), pair[1].root()
    if (said.size, said.root_sha256, said.root_sm3) != (pair[0].size, *roots):
        raise _unproved(f"由备份重算的根与检查点 {size} 所签的不符")
    return size


def _covering(chain: Chain, needed: Sequence[Manifest], cut: int) -> tuple[str, int]:
    for segment in needed:
        size = _place(segment, "kernel_checkpoint", "size")
        note = _place(segment, "kernel_checkpoint", "note")
        for row in chain.rows(segment, "kernel_checkpoint"):
            if row[size] >= cut:
                return row[note], row[size]
    raise _unproved(f"没有覆盖第 {cut} 号的检查点")


def _unproved(what: str) -> Refused:
    return Refused("ARCHIVE-UNPROVED", f"备份的日志未通过存证：{what}。", "请换用另一份拷贝。")


# --- putting back ------------------------------------------------------------------------------


def load(chain: Chain, cut: int, gone: Container[str], say: Say) -> Loaded:
    """The first `cut` filings with all that hangs on them, and the operational tables as they
    stood in the segment that holds the last of them. Call inside a transaction.

    `gone`: keys of the filings behind the cut.
    """
    needed, loaded = chain.up_to(cut), Loaded()
    _filings(chain, needed, cut, loaded, say)
    _sealed(chain, gone, loaded)
    for one in catalogue.records():
        if one.table != "kernel_filing":
            _table(chain, needed if one.seq else needed[-1:], one, one.seq, cut, loaded)
    _table(chain, needed, catalogue.record("kernel_checkpoint"), "size", cut, loaded)
    _write(catalogue.record("kernel_log_tail"), [(1, cut)] if cut else [], loaded)
    for one in catalogue.growing():
        _operational(chain, needed, one, cut, loaded)
    for one in catalogue.operational():
        _operational(chain, needed[-1:], one, cut, loaded)
    return loaded


def _filings(chain: Chain, needed: Sequence[Manifest], cut: int, loaded: Loaded, say: Say) -> None:
    """Filings, and the originals of those that were kept, each once."""
    one = catalogue.record("kernel_filing")
    names = ("seq", "original", "received_at")
    at, original, received = (one.columns.index(name) for name in names)
    wanted: set[bytes] = set()
    for segment in needed:
        fit = fitted(one, segment)
        for chunk in _chunks(map(fit, chain.rows(segment, one.table))):
            kept = [row for row in chunk if row[at] <= cut]
            wanted |= {row[original] for row in kept if row[original] is not None}
            loaded.newest_ms = max([loaded.newest_ms, *(row[received] for row in kept)])
            _write(one, kept, loaded)
        _originals(chain, segment, wanted, loaded)
        say(f"  已读入 {segment.folder}")


def _originals(chain: Chain, segment: Manifest, wanted: set[bytes], loaded: Loaded) -> None:
    one = catalogue.record("kernel_original")
    fit, at = fitted(one, segment), one.columns.index("sha256")
    for row in map(fit, chain.rows(segment, one.table)):
        if row[at] in wanted and not one.model._base_manager.filter(sha256=row[at]).exists():
            _write(one, [row], loaded)


def _sealed(chain: Chain, gone: Container[str], loaded: Loaded) -> None:
    """Out of the newest segment, whatever the cut: the ciphertexts that today's keys open. A value
    sealed anew under another key keeps its commitment, and the key before it is gone."""
    one = catalogue.record("kernel_sealed")
    fit, at = fitted(one, chain.last), one.columns.index("filing_key")
    for chunk in _chunks(map(fit, chain.rows(chain.last, one.table))):
        _write(one, [row for row in chunk if row[at] not in gone], loaded)


def _table(
    chain: Chain, segments: Sequence[Manifest], one: Kept, column: str, cut: int, loaded: Loaded
) -> None:
    at = one.columns.index(column) if column else -1
    for segment in segments:
        for chunk in _chunks(map(fitted(one, segment), chain.rows(segment, one.table))):
            _write(one, [row for row in chunk if at < 0 or row[at] <= cut], loaded)


def _write(one: Kept, rows: Sequence[Row], loaded: Loaded) -> None:
    insert_rows(one.table, one.columns, rows)
    loaded.rows[one.table] = loaded.rows.get(one.table, 0) + len(rows)


def _operational(
    chain: Chain, segments: Sequence[Manifest], one: Kept, cut: int, loaded: Loaded
) -> None:
    """Through the ORM, which knows each database's booleans and moments."""
    fields = {f.column: f.attname for f in one.model._meta.concrete_fields}
    names, at = [fields[column] for column in one.columns], -1
    if one.seq:
        at = one.columns.index(one.seq)
    for segment in segments:
        for chunk in _chunks(map(fitted(one, segment), chain.rows(segment, one.table))):
            made = [
                one.model(**dict(zip(names, row, strict=True)))
                for row in chunk
                if at < 0 or row[at] <= cut
            ]
            one.model._base_manager.bulk_create(made)
            loaded.rows[one.table] = loaded.rows.get(one.table, 0) + len(made)
    if isinstance(one.model._meta.pk, models.AutoField):
        with connection.cursor() as cursor:
            for sql in connection.ops.sequence_reset_sql(no_style(), [one.model]):
                cursor.execute(sql)


# --- what is given up --------------------------------------------------------------------------

LOST_COLUMNS = (
    "seq", "receipt", "key", "form", "filer", "actor", "subject", "period", "place", "received_at",
)  # fmt: skip


@dataclass(slots=True)
class Lost:
    """Filings behind the cut that the backup knows: their list, the checkpoints over them, and
    the erasures among them (rows by column name)."""

    lines: list[tuple[object, ...]] = field(default_factory=list)
    checkpoints: list[tuple[int, bytes]] = field(default_factory=list)
    erasures: list[dict[str, Any]] = field(default_factory=list)

    @property
    def keys(self) -> set[str]:
        """Keys of the filings given up."""
        return {str(line[LOST_COLUMNS.index("key")]) for line in self.lines}

    def text(self) -> str:
        """CSV, with the receipt number as it stands on the paper in the filer's hands."""
        out = io.StringIO()
        writer = csv.writer(out)
        writer.writerow(LOST_COLUMNS)
        writer.writerows(self.lines)
        return out.getvalue()


def lost(chain: Chain, cut: int) -> Lost:
    """Everything in the backup behind the first `cut` filings."""
    found = Lost()
    for segment in chain.segments:
        if segment.end <= cut:
            continue
        part = segment.part("kernel_filing")
        for row in chain.rows(segment, "kernel_filing"):
            said = dict(zip(part.columns if part else (), row, strict=True))
            if said["seq"] <= cut:
                continue
            said["receipt"] = f"{said['seq']:09d}-{said['digest'][:4].hex().upper()}"
            found.lines.append(tuple(said[name] for name in LOST_COLUMNS))
            if said["form"] == "K-ERASE":
                found.erasures.append(said)
        size = _place(segment, "kernel_checkpoint", "size")
        root = _place(segment, "kernel_checkpoint", "sha256")
        found.checkpoints += [
            (row[size], row[root])
            for row in chain.rows(segment, "kernel_checkpoint")
            if row[size] > cut
        ]
    return found
