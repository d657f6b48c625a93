"""What stands in a thread: decisions, pauses, the times something was owed, and its end."""

from __future__ import annotations

from dataclasses import dataclass

from ortoo.kernel.threads.definition import Step


@dataclass(frozen=True, slots=True)
class Decision:
    """What stands for a step: by its owner (decide), the clock (deem), another thread (recognise)
    or recovery (override)."""

    seq: int
    at: int
    outcome: str
    sign: int
    by: str


@dataclass(slots=True)
class Pause:
    """A question (`ask`) or hold (`hold`) that stops a step's clock, attributed to `party`."""

    seq: int
    at: int
    step: str
    kind: str
    party: str
    word: str
    closed_seq: int | None = None
    closed_at: int | None = None
    answered: bool = False


@dataclass(slots=True)
class Episode:
    """One time a duty was owed by `party`, under `rule` as it stood while it was open.

    `clock_at` is when its time began to run (ms); `anchor` the question or hold it is about.
    """

    kind: str
    step: str
    number: int
    opened_seq: int
    opened_at: int
    clock_at: int
    rule: Step
    party: str
    anchor: int = 0
    closed_seq: int | None = None
    closed_at: int | None = None
    void_seq: int | None = None

    @property
    def is_open(self) -> bool:
        return self.closed_seq is None and self.void_seq is None


@dataclass(frozen=True, slots=True)
class Ended:
    """How and when the thread closed; `kind` as an End's."""

    code: str
    kind: str
    seq: int
    at: int
