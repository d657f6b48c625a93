"""The load under which power is cut and processes are killed: cases that four workers file on.

Every kind of thing a filing can carry: threads shared by the workers, duties opened and closed,
postings, originals, batches, the same key sent twice, refusals, and signed checkpoints. A promise
is told to `told` only after the kernel has returned it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import count
from random import Random
from typing import Any

AGENCIES = ("A", "B", "C", "D")
OWNER = "PORT"
NOW = 1_795_000_000_000
MINUTE = 60_000
Told = Callable[[str, str, bytes], None]
"""(kind, key, digest): `filing` with its key, or `checkpoint` with its note and no digest."""


class Cases:
    """Declared → every agency decides once → `release` opens for the owner."""

    def admit(self, lines: Sequence[Any], draft: Any, entry: Any) -> Any:
        """The second decision of the same agency is refused."""
        from ortoo.kernel.filings.refusal import Refused

        said = {(line.kind, line.detail.get("by")) for line in lines}
        if (entry.kind, entry.detail.get("by")) in said:
            return Refused("CASE-SAID", "这一步已经办过。", "请刷新页面。", 409)
        return None

    def duties(self, thread: str, lines: Sequence[Any]) -> Sequence[Any]:
        """`decide` for each agency from the declaration, `release` from the last decision."""
        from ortoo.kernel.duties.reconcile import DutyRow

        declared = next((line.seq for line in lines if line.kind == "declare"), None)
        if declared is None:
            return []
        decided = {line.detail["by"]: line.seq for line in lines if line.kind == "decide"}
        released = next((line.seq for line in lines if line.kind == "release"), None)

        def duty(kind: str, owner: str, opened: int, closed: int | None) -> DutyRow:
            key = f"{kind}|{thread}|{owner}"
            return DutyRow(key, thread, kind, owner, "", "", "", "", None, opened, closed)

        rows = [duty("decide", who, declared, decided.get(who)) for who in AGENCIES]
        if set(decided) == set(AGENCIES):
            rows.append(duty("release", OWNER, max(decided.values()), released))
        return rows


def register() -> None:
    """Make the load's one form and its procedure known to the kernel."""
    from ortoo.kernel.filings.behaviour import RecordBehaviour
    from ortoo.kernel.filings.behaviour import register as know
    from ortoo.kernel.filings.draft import Entry, Move
    from ortoo.kernel.threads.procedure import register_procedure

    def relate(draft: Any, body: Any) -> Iterable[Any]:
        yield Entry(f"POWER|{body['case']}", str(body["kind"]), {"by": draft.filer})

    def moves(draft: Any, body: Any) -> Iterable[Any]:
        if body["kind"] == "release":
            yield Move("world", "coal", -int(body["kg"]), "2026-11-14")
            yield Move(f"stock|{draft.subject}", "coal", int(body["kg"]), "2026-11-14")

    know(
        RecordBehaviour(
            "POWER-SAID", 1, lambda body: (), relate, moves, lambda draft, body: (OWNER,)
        )
    )
    register_procedure("POWER", Cases())


@dataclass
class Load:
    """`workers` threads file until `filings` were acknowledged or `stop` is set."""

    seed: int
    told: Told
    filings: int = 200
    workers: int = 4
    stop: threading.Event = field(default_factory=threading.Event)
    prefix: str = ""
    after: Callable[[], None] = lambda: None
    failures: list[BaseException] = field(default_factory=list)
    refused: list[Any] = field(default_factory=list)
    duplicates: int = 0

    def __post_init__(self) -> None:
        self._numbers, self._done = count(1), count(1)
        self._open: list[list[tuple[str, str]]] = [[] for _ in range(self.workers)]
        self._sent: list[tuple[Any, Any]] = []

    def run(self) -> None:
        """Start the workers and wait for them; the first failure is raised."""
        threads = [
            threading.Thread(target=self._worker, args=(number,), daemon=True)
            for number in range(self.workers)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if self.failures:
            raise self.failures[0]

    def _worker(self, number: int) -> None:
        from django.db import connections

        random = Random(f"{self.seed}/{number}")
        try:
            while not self.stop.is_set():
                self._step(number, random)
                self.after()
        except BaseException as failure:
            self.failures.append(failure)
            self.stop.set()
        finally:
            connections.close_all()

    def _step(self, number: int, random: Random) -> None:
        waiting, chance = self._open[number], random.random()
        if chance < 0.04:
            self._checkpoint()
        elif chance < 0.12 and self._sent:
            self._again(*random.choice(self._sent))
        elif chance < 0.18:
            self._register_party(random)
        elif waiting and chance < 0.75:
            self._file([self._say(*waiting.pop(0), random)])
        elif len(waiting) > 3 and chance < 0.85:
            self._file([self._say(*waiting.pop(0), random) for _ in range(3)])
        else:
            self._declare(random)

    def _declare(self, random: Random) -> None:
        cases = [f"{self.prefix}{next(self._numbers)}" for _ in range(random.choice((1, 1, 6)))]
        if self._file([self._say("declare", case, random) for case in cases]):
            for case in cases:
                steps = [*(("decide", case) for _ in AGENCIES), ("release", case)]
                for turn, step in zip(self._turns(), steps, strict=False):
                    self._open[turn].append(step)

    def _turns(self) -> Iterator[int]:
        return (turn % self.workers for turn in count())

    def _say(self, kind: str, case: str, random: Random) -> Any:
        from ortoo.kernel.filings.draft import Draft, Original

        who = {"declare": "FIRM", "release": OWNER}.get(kind) or random.choice(AGENCIES)
        original = None
        if random.random() < 0.3:
            content = random.randbytes(random.randint(10, 9000))
            original = Original(content, "application/octet-stream", f"{case}.bin")
        body = {"case": case, "kind": kind, "kg": random.randint(1, 10**6),
                "text": "煤" * random.randint(0, 400)}  # fmt: skip
        number = next(self._numbers)
        return Draft(
            "POWER-SAID", who, f"account:{who}", f"{self.prefix}{kind}-{number}", body,
            NOW + number, subject="FIRM", original=original,
        )  # fmt: skip

    def _register_party(self, random: Random) -> None:
        from ortoo.kernel.filings.draft import Draft
        from ortoo.kernel.parties.codes import fictional_uscc

        number = next(self._numbers)
        code = fictional_uscc("150000", random.randint(1, 9))
        party = {"code": code, "kind": "enterprise",
                 "name": f"企业{number}", "place": ""}  # fmt: skip
        self._file([
            Draft("K-PARTY", "SYSTEM", "SYSTEM", f"{self.prefix}party-{number}",
                  {"parties": [party]}, NOW + number)
        ])  # fmt: skip

    def _file(self, drafts: list[Any]) -> bool:
        from ortoo.kernel.filings.refusal import Refused
        from ortoo.kernel.filings.write import file, file_many

        now_ms = NOW + MINUTE + next(self._numbers)
        try:
            # One alone shares its transaction with those of other threads, a batch has its own.
            receipts = (
                [file(drafts[0], now_ms=now_ms)]
                if len(drafts) == 1
                else file_many(drafts, now_ms=now_ms)
            )
        except Refused as refusal:
            self.refused.append(refusal)
            return False
        for draft, receipt in zip(drafts, receipts, strict=True):
            self.told("filing", receipt.key, receipt.digest)
            self._sent.append((draft, receipt))
            if next(self._done) >= self.filings:
                self.stop.set()
        return True

    def _again(self, draft: Any, receipt: Any) -> None:
        from ortoo.kernel.filings.refusal import Refused
        from ortoo.kernel.filings.write import file_many

        try:
            second = file_many([draft], now_ms=NOW + 2 * MINUTE)[0]
        except Refused as refusal:
            self.refused.append(refusal)
            return
        if not second.duplicate or second.digest != receipt.digest:
            raise AssertionError(f"{draft.key} filed twice: {receipt} and then {second}")
        self.duplicates += 1
        self.told("filing", second.key, second.digest)

    def _checkpoint(self) -> None:
        from ortoo.kernel.filings.refusal import Refused
        from ortoo.kernel.seal import log

        try:
            row = log.checkpoint(now_ms=NOW + next(self._numbers))
        except Refused as refusal:
            self.refused.append(refusal)
            return
        except log.LogError as error:
            if error.code != "LOG-EMPTY":
                raise
            return
        self.told("checkpoint", row.note, b"")
