"""The two tables of docs/proofs/1, made from what stands on the log."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from ortoo.domains.port.rules import BEIJING
from ortoo.domains.port.tests.gate import NAMES
from ortoo.kernel.filings import read
from ortoo.kernel.threads.clocks import Wait
from ortoo.kernel.threads.procedure import ThreadLine

MINUTE_MS = 60_000
_TOLD = ("step", "outcome", "to", "kind", "against", "ask", "hold", "regulation", "target")


def _clock(at: int | None) -> str:
    return "" if at is None else datetime.fromtimestamp(at / 1000, BEIJING).strftime("%H:%M")


def _table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(map(str, line)) + " |" for line in lines)


def thread_table(lines: Sequence[ThreadLine]) -> str:
    """One row a line of the thread: log index, time, filer, form, what it says."""
    filings = read.by_seqs(line.seq for line in lines)
    rows = []
    for line in lines:
        row = filings[line.seq]
        told = [
            f"{name} {NAMES.get(str(line.detail[name]), line.detail[name])}"
            for name in _TOLD
            if name in line.detail
        ]
        filer = NAMES.get(row.filer, row.filer)
        rows.append((line.seq, _clock(line.at), filer, row.form, line.kind, ", ".join(told)))
    return _table(("seq", "time", "filer", "form", "says", "detail"), rows)


def waiting_table(waits: Sequence[Wait]) -> str:
    """One row a step: when it was open, its own minutes, and whom it waited for."""
    rows = [
        (
            wait.step, NAMES[wait.owner], _clock(wait.opened_at), _clock(wait.done_at),
            wait.working_ms // MINUTE_MS, _minutes(wait.waited_for),
            _clock(wait.due_at), wait.result,
        )
        for wait in waits
    ]  # fmt: skip
    head = ("step", "owner", "opened", "done", "own minutes", "waited for", "due", "result")
    return _table(head, rows)


def _minutes(lengths: object) -> str:
    assert isinstance(lengths, dict)
    return ", ".join(f"{NAMES.get(who, who)} {ms // MINUTE_MS}" for who, ms in lengths.items())
