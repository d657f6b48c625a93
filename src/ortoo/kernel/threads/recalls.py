"""When a decision that others rely on falls 采认失效, they are told (Law 14).

A step that was met by another thread's decision stands on that decision. Where it is annulled, or
corrected to one that no longer says yes, nothing of the other thread changes by itself (Law 6): the
system files K-ANNUL on it, which takes the recognition away and names the decision that fell; the
step is then owed again, and a thread that had ended by it is open again. So both threads hold an
entry: the annulment on the one, its consequence on the other.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ortoo.kernel.filings import read
from ortoo.kernel.filings.draft import Draft
from ortoo.kernel.filings.read import FilingRow, thread_lines
from ortoo.kernel.filings.refusal import Refused
from ortoo.kernel.filings.write import file
from ortoo.kernel.threads.catalogue import CATALOGUE, Catalogue
from ortoo.kernel.threads.definition import SYSTEM, ProcedureError
from ortoo.kernel.threads.due import Filed
from ortoo.kernel.threads.plan import MET
from ortoo.kernel.threads.procedure import ThreadLine

FORM = "K-RECOGNISE"
PAGE = 900


def recalled_now(now_ms: int, *, catalogue: Catalogue = CATALOGUE) -> list[Draft]:
    """Drafts of K-ANNUL for every recognition in force whose decision no longer stands or says yes.

    Reads: recognitions whose decision was followed by another filing; then only their threads.
    """
    drafts = []
    for row in _touched():
        said = json.loads(row.body)
        lines = thread_lines([said["thread"], said["other"]])
        if _standing(said, lines[said["other"]], catalogue):
            continue
        if _in_force(row.seq, lines[said["thread"]], said["thread"], catalogue):
            drafts.append(_draft(row, said, now_ms))
    return drafts


def file_recalled(now_ms: int, *, catalogue: Catalogue = CATALOGUE) -> Filed:
    """File what `recalled_now` drafts; safe to repeat, also in two processes at once."""
    receipts, refusals = [], []
    for draft in recalled_now(now_ms, catalogue=catalogue):
        try:
            receipts.append(file(draft, now_ms=now_ms))
        except Refused as refused:
            refusals.append((draft, refused))
    return Filed(tuple(receipts), tuple(refusals))


def _touched() -> Iterator[FilingRow]:
    """Recognitions one whose decision, or whose decision's annulment, something follows."""
    rows = read.rows("form = %s", [FORM])
    wanted: dict[int, list[FilingRow]] = {}
    for row in rows:
        wanted.setdefault(int(json.loads(row.body)["seq"]), []).append(row)
    seqs = sorted(wanted)
    for start in range(0, len(seqs), PAGE):
        chunk = seqs[start : start + PAGE]
        marks = ",".join(["%s"] * len(chunk))
        followed: set[int] = set()
        for column in ("annuls", "supersedes"):
            found = read.rows(f"{column} IN ({marks})", chunk)
            followed |= {int(seq) for one in found if (seq := getattr(one, column)) is not None}
        for seq in sorted(followed):
            yield from wanted[seq]


def _standing(said: Mapping[str, Any], lines: Sequence[ThreadLine], catalogue: Catalogue) -> bool:
    """Whether the step over there is still decided, and with a yes."""
    try:
        found = catalogue.procedure(str(said["other"]).split("|", 1)[0]).fold(lines)
    except ProcedureError:
        return True
    decision = found.decisions.get(said["other_step"])
    return decision is not None and decision.sign == MET


def _in_force(seq: int, lines: Sequence[ThreadLine], thread: str, catalogue: Catalogue) -> bool:
    try:
        found = catalogue.procedure(thread.split("|", 1)[0]).fold(lines)
    except ProcedureError:
        return False
    return any(line.seq == seq and line.kind == "recognise" for line in found.lines_in_force())


def _draft(row: FilingRow, said: Mapping[str, Any], now_ms: int) -> Draft:
    return Draft(
        form="K-ANNUL",
        filer=SYSTEM,
        actor=SYSTEM,
        # One recognition falls once: annulled recognitions never come back.
        key=f"recall:{row.seq}",
        body={"thread": said["thread"], "target": row.seq},
        said_at=now_ms,
        subject=row.subject,
        place=row.place,
        annuls=row.seq,
        reason=f"所采认的第 {said['seq']} 号决定（{said['other']}）已撤销或不再准予，采认失效。",
        mode="system",
    )
