"""The order in which everybody acts: a queue of moments, taken in small batches.

What an act says depends on what stands by then (a correction names the return it replaces), so
acts are made only when their moment comes; a batch of neighbouring moments is filed together and
ends before an act that speaks of something inside it.
"""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from django.db import transaction

from ortoo.kernel.filings.draft import Draft, Receipt
from ortoo.kernel.filings.write import file_many

MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS
DAY_MS = 24 * HOUR_MS
BATCH_MS = 20 * MINUTE_MS
SPAN_MS = 3 * DAY_MS
"""How much simulated time one transaction holds."""
Note = Callable[[Receipt], None]
"""What to remember once a draft is filed."""


@dataclass(frozen=True, slots=True)
class Act:
    """Something somebody says at a moment; `about` is what it speaks of, "" for many."""

    about: str
    drafts: Callable[[int], Iterable[tuple[Draft, Note]]]


@dataclass(frozen=True, slots=True)
class Work:
    """Something done through a service, which files by itself."""

    does: Callable[[int], object]


@dataclass
class Timeline:
    """Acts by their moments, none later than `until_ms`; the clock only ever grows."""

    until_ms: int
    clock: int = 0
    _queue: list[tuple[int, int, Act | Work]] = field(default_factory=list)
    _number: itertools.count[int] = field(default_factory=itertools.count)
    _waiting: list[tuple[Draft, Note]] = field(default_factory=list)
    _about: set[str] = field(default_factory=set)

    def add(self, at_ms: int, about: str, drafts: Callable[..., object]) -> None:
        heapq.heappush(self._queue, (at_ms, next(self._number), Act(about, drafts)))  # type: ignore[arg-type]

    def call(self, at_ms: int, does: Callable[[int], object]) -> None:
        heapq.heappush(self._queue, (at_ms, next(self._number), Work(does)))

    def run(self) -> None:
        """Everything up to `until_ms`, a few days a transaction."""
        while self._queue and max(self._queue[0][0], self.clock) <= self.until_ms:
            with transaction.atomic():
                self._span(max(self._queue[0][0], self.clock) + SPAN_MS)
                self._flush()

    def _span(self, end_ms: int) -> None:
        began = 0
        while self._queue and max(self._queue[0][0], self.clock) <= min(end_ms, self.until_ms):
            wanted, _, act = heapq.heappop(self._queue)
            at_ms = max(wanted, self.clock)
            if isinstance(act, Work):
                self._flush()
                self.clock = at_ms
                act.does(at_ms)
                continue
            if at_ms // BATCH_MS != began or not act.about or act.about in self._about:
                self._flush()
                began = at_ms // BATCH_MS
            self._waiting += act.drafts(at_ms)
            self._about.add(act.about)
            self.clock = at_ms
            if not act.about:
                self._flush()

    def _flush(self) -> None:
        if self._waiting:
            drafts = [draft for draft, _ in self._waiting]
            receipts = file_many(drafts, now_ms=self.clock)
            for (_, note), receipt in zip(self._waiting, receipts, strict=True):
                note(receipt)
        self._waiting.clear()
        self._about.clear()
