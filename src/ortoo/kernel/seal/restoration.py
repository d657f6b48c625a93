"""K-RESTORE 恢复报件: that the log was taken back to an earlier index from a backup, and why.

A witness may hold a checkpoint of the log as it was before. The log that stands now cannot be its
continuation, and must not pretend to be: the first thing filed after a restoration says to which
index it went back, how many known filings and which signed checkpoints were dropped.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import cast

from ortoo.kernel.filings.behaviour import JsonObject, RecordBehaviour, register
from ortoo.kernel.filings.draft import Draft
from ortoo.kernel.filings.read import FilingRow, rows

FORM = "K-RESTORE"
MOST_LISTED = 500
HEX = frozenset("0123456789abcdef")


def _counts(body: JsonObject) -> bool:
    whole = [body[name] for name in ("to", "dropped", "checkpoints_dropped")]
    return all(type(value) is int and value >= 0 for value in whole)


def _is_checkpoint(item: object) -> bool:
    if not isinstance(item, list) or len(item) != 2:
        return False
    size, root = item
    return type(size) is int and isinstance(root, str) and len(root) == 64 and set(root) <= HEX


def validate(body: JsonObject) -> Iterator[str]:
    """`to`: log index gone back to; `dropped`: filings behind it that the backup knows; `backup`:
    SHA-256 of the manifest restored from; `checkpoints`: [size, SHA-256 root] of the newest dropped
    ones, at most 500 of `checkpoints_dropped`."""
    names = {"to", "dropped", "backup", "checkpoints", "checkpoints_dropped"}
    if set(body) != names or not _counts(body):
        yield "恢复报件应含 to、dropped、checkpoints_dropped（非负整数）、backup 与 checkpoints"
        return
    if not isinstance(body["backup"], str) or not set(body["backup"]) <= HEX:
        yield "backup 应为清单的 SHA-256"
    listed = body["checkpoints"]
    if not isinstance(listed, list) or len(listed) > MOST_LISTED:
        yield f"checkpoints 应为至多 {MOST_LISTED} 项的列表"
    elif not all(_is_checkpoint(item) for item in listed):
        yield "checkpoints 的每一项应为 [件数, 64 位十六进制根]"


def register_restore_form() -> None:
    """Make K-RESTORE fileable and its filings verifiable."""
    register(RecordBehaviour(FORM, 1, validate))


@dataclass(frozen=True, slots=True)
class Restoration:
    """A restoration about to be filed; `checkpoints` are (size, SHA-256 root), oldest first."""

    to: int
    dropped: int
    backup: str
    checkpoints: Sequence[tuple[int, bytes]]

    def draft(self, *, reason: str, now_ms: int) -> Draft:
        """The system party's filing. Its key bears the moment: one backup may be used twice."""
        newest = self.checkpoints[-MOST_LISTED:]
        body = {
            "to": self.to,
            "dropped": self.dropped,
            "backup": self.backup,
            "checkpoints": [[size, root.hex()] for size, root in newest],
            "checkpoints_dropped": len(self.checkpoints),
        }
        key = f"restore:{self.to}:{now_ms}"
        return Draft(FORM, "SYSTEM", "SYSTEM", key, body, now_ms, reason=reason)


def restorations() -> list[FilingRow]:
    """Every restoration on the log, oldest first."""
    return rows("form = %s", [FORM])


def explained(size: int, root: bytes) -> str | None:
    """Why a checkpoint kept elsewhere may contradict the log: a restoration to below its size.

    None when nothing on the log explains it. The sentence says whether that very checkpoint is
    among those declared dropped.
    """
    for filing in restorations():
        body = cast("Mapping[str, object]", json.loads(filing.body))
        if cast("int", body["to"]) >= size:
            continue
        listed = cast("list[list[object]]", body["checkpoints"])
        declared = [size, root.hex()] in listed
        which = "该检查点已在其中列明作废" if declared else "其中未列明该检查点"
        return (
            f"日志曾从备份恢复到第 {body['to']} 号（见第 {filing.seq} 号恢复报件，原因："
            f"{filing.reason}），此后的 {body['dropped']} 件已退出日志；{which}"
        )
    return None
