"""The intake 收件口: statements that threads of one process file at once share one transaction.

A database that one writer at a time may write is fastest, and fairest, when those who wait go
together: one commit and one lock for all of them instead of one each. Whoever finds the intake idle
leads: it takes everybody who is waiting, writes them, and hands the lead to the first who came
meanwhile. When one of a group is refused, each is filed by itself, so that nobody is refused for
another's fault.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

from ortoo.kernel.filings.decide import Prepared
from ortoo.kernel.filings.draft import Receipt

LARGEST_GROUP = 64
_Write = Callable[[Sequence[Prepared]], list[Receipt]]


class _Ticket:
    """One waiting statement, and how it went."""

    def __init__(self, prepared: Prepared) -> None:
        self.prepared = prepared
        self.turn = threading.Event()
        self.leads = False
        self.receipt: Receipt | None = None
        self.error: BaseException | None = None

    def outcome(self) -> Receipt:
        if self.error is not None:
            raise self.error
        if self.receipt is None:
            raise RuntimeError("a group was written without an answer for one of it")
        return self.receipt


class Intake:
    """Gathers what threads of this process file at the same moment."""

    def __init__(self, write: _Write, wait_durable: Callable[[], None]) -> None:
        self._write = write
        self._wait_durable = wait_durable
        self._lock = threading.Lock()
        self._waiting: list[_Ticket] = []
        self._busy = False

    def file(self, prepared: Prepared) -> Receipt:
        """File one statement; returns once it is durable, or raises what it alone was refused."""
        ticket = _Ticket(prepared)
        with self._lock:
            self._waiting.append(ticket)
            ticket.leads, self._busy = not self._busy, True
        if not ticket.leads:
            ticket.turn.wait()
        if ticket.leads:
            self._lead()
        receipt = ticket.outcome()
        self._wait_durable()
        return receipt

    def _lead(self) -> None:
        with self._lock:
            group = self._waiting[:LARGEST_GROUP]
            del self._waiting[:LARGEST_GROUP]
        try:
            self._write_group(group)
        finally:
            with self._lock:
                heir = self._waiting[0] if self._waiting else None
                self._busy = heir is not None
                if heir is not None:
                    heir.leads = True
            for ticket in group:
                ticket.turn.set()
            if heir is not None:
                heir.turn.set()

    def _write_group(self, group: Sequence[_Ticket]) -> None:
        try:
            receipts = self._write([ticket.prepared for ticket in group])
        except Exception as error:
            if len(group) == 1:
                group[0].error = error
                return
            for ticket in group:
                self._write_group([ticket])
            return
        for ticket, receipt in zip(group, receipts, strict=True):
            ticket.receipt = receipt
