"""Procedures 办理规程: which duties a thread has open, as a pure fold of its entries."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from ortoo.kernel.duties.reconcile import DutyRow
from ortoo.kernel.filings.draft import Draft, Entry
from ortoo.kernel.filings.refusal import Refused


@dataclass(frozen=True, slots=True)
class ThreadLine:
    """One stored entry of a thread, with the log index of the filing it came from.

    `at` is when that filing arrived, in milliseconds (for history filed later, when it was said).
    """

    seq: int
    kind: str
    detail: Mapping[str, object]
    at: int = 0


class Procedure(Protocol):
    """Pure rules of one kind of matter."""

    def admit(self, lines: Sequence[ThreadLine], draft: Draft, entry: Entry) -> Refused | None:
        """Why `draft` may not add `entry` to its thread now, or None."""

    def duties(self, thread: str, lines: Sequence[ThreadLine]) -> Sequence[DutyRow]:
        """Every duty this thread has ever opened, with where each was closed."""


_PROCEDURES: dict[str, Procedure] = {}


def register_procedure(prefix: str, procedure: Procedure) -> None:
    """Threads whose key begins with `prefix|` follow `procedure`."""
    _PROCEDURES[prefix] = procedure


def procedure_of(thread: str) -> Procedure | None:
    """The procedure of a thread by the part of its key before the first bar; None: no duties."""
    return _PROCEDURES.get(thread.split("|", 1)[0])
