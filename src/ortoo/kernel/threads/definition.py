"""A procedure 办理规程 as data: steps in parallel or in turn, joins, due times, ends.

Nothing here decides anything: `loader` reads these from a file, `engine` follows them, `clocks`
counts their time, `lint` proves they can end and `diagram` draws them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Literal, Protocol

Unit = Literal["working_hours", "working_days", "hours", "days"]
OutcomeKind = Literal["positive", "negative", "conditional"]
Policy = Literal["any", "all_decided", "quorum"]
TimeoutAction = Literal["remind", "escalate", "deem"]
EndKind = Literal["released", "refused", "withdrawn"]
Relation = Literal["parent", "part", "merged"]

UNITS: tuple[Unit, ...] = ("working_hours", "working_days", "hours", "days")
OUTCOME_KINDS: tuple[OutcomeKind, ...] = ("positive", "negative", "conditional")
POLICIES: tuple[Policy, ...] = ("any", "all_decided", "quorum")
TIMEOUT_ACTIONS: tuple[TimeoutAction, ...] = ("remind", "escalate", "deem")
END_KINDS: tuple[EndKind, ...] = ("released", "refused", "withdrawn")
RELATIONS: tuple[Relation, ...] = ("parent", "part", "merged")
# The role of the party whose matter it is 申请人: agencies["filer"] of the opening, else its
# subject. It needs no line under `agencies`.
FILER = "filer"
SYSTEM = "SYSTEM"


class ProcedureError(ValueError):
    """A definition that cannot be used; `code` is stable, `message` is for people."""

    def __init__(self, code: str, message: str, where: str = "") -> None:
        super().__init__(f"{code} {where}：{message}" if where else f"{code}：{message}")
        self.code = code
        self.message = message
        self.where = where


class WorkCalendar(Protocol):
    """When an agency works. Moments are ms since the epoch; every method is pure.

    For all s ≤ t: working_ms(s, t) = the working time in [s, t]; and add_working_ms(s, n) is the
    earliest t ≥ s with working_ms(s, t) = n (s itself where n = 0).
    """

    def working_ms(self, start_ms: int, end_ms: int) -> int:
        """Working time between two moments; 0 where end ≤ start."""

    def add_working_ms(self, start_ms: int, working_ms: int) -> int:
        """The moment by which that much working time has passed since `start_ms`."""

    def add_working_minutes(self, start_ms: int, minutes: int) -> int:
        """`add_working_ms` of whole minutes."""

    def working_minutes(self, start_ms: int, end_ms: int) -> int:
        """`working_ms` in whole minutes, rounded down."""

    def add_working_days(self, start_ms: int, days: int) -> int:
        """Close of business of the n-th working day after the day of `start_ms`, which itself is
        not counted (民法典 201, 203: 开始的当日不计入；停止业务活动的时间为截止时间)."""

    def add_days(self, start_ms: int, days: int) -> int:
        """24:00 of the n-th day after the day of `start_ms`; where that is a rest day, of the next
        working day (民法典 201, 203)."""

    def day_of(self, at_ms: int) -> date:
        """The civil date of a moment where this calendar holds."""


@dataclass(frozen=True, slots=True)
class Span:
    """A length of time: `amount` written here, or the integer value of `regulation` on the day.

    `source` says where an amount written here comes from; exactly one of `amount` and `regulation`
    is given.
    """

    unit: Unit
    amount: int | None = None
    regulation: str = ""
    source: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """One way to decide a step. Positive and conditional meet it, negative refuses it."""

    code: str
    kind: OutcomeKind
    title: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Timeout:
    """What happens once a step is past due: `to` is a role (escalate), `outcome` a code (deem).

    `after` is further time past the due time (None: at once); `regulation` is what is cited.
    """

    action: TimeoutAction
    regulation: str
    to: str = ""
    outcome: str = ""
    after: Span | None = None


@dataclass(frozen=True, slots=True)
class Pauses:
    """What may stop a step's clock: questions, and holds of the named kinds, so many of each."""

    asks: int = 0
    holds: int = 0
    kinds: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Recognition:
    """监管互认: `step` of a thread of `procedure` meets this step if decided within the days."""

    procedure: str
    step: str
    within_days: int


@dataclass(frozen=True, slots=True)
class Step:
    """One thing one party owes to a thread.

    `owner` is a role; `forms` are the forms that meet it; `needs` are codes of steps and joins that
    must be met before it opens (none: it opens with the thread). `duty` is the kind of the duty it
    opens (`decide`, or its own word such as `release`). An `optional` step falls away where the
    opening names no party for its role.
    """

    code: str
    title: Mapping[str, str]
    owner: str
    outcomes: tuple[Outcome, ...]
    forms: tuple[str, ...] = ("K-DECIDE",)
    needs: tuple[str, ...] = ()
    duty: str = "decide"
    due: Span | None = None
    warnings: tuple[Span, ...] = ()
    on_timeout: tuple[Timeout, ...] = ()
    pauses: Pauses = Pauses()
    met_by: tuple[Recognition, ...] = ()
    optional: bool = False


@dataclass(frozen=True, slots=True)
class Join:
    """Where parallel steps meet. `any`: one refusal refuses at once; `all_decided`: all are heard,
    then one refusal refuses; `quorum`: met by `quorum` of them, refused once that is impossible."""

    code: str
    title: Mapping[str, str]
    of: tuple[str, ...]
    policy: Policy
    quorum: int = 0


@dataclass(frozen=True, slots=True)
class Cause:
    """What brings an end about: a step or join `of` that is met (an end of kind released) or
    refused (of kind refused); with `outcome` only by that outcome of a step."""

    of: str
    outcome: str = ""


@dataclass(frozen=True, slots=True)
class End:
    """How a thread closes. Of kind withdrawn: by the filer, until a step of `until` is decided."""

    code: str
    kind: EndKind
    title: Mapping[str, str]
    on: tuple[Cause, ...] = ()
    until: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Agency:
    """A role that a party plays in a thread; the opening says which party."""

    role: str
    title: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Link:
    """A relation threads of this procedure may have to threads of another."""

    relation: Relation
    procedure: str


@dataclass(frozen=True, slots=True)
class ProcedureDefinition:
    """One version of a procedure. `home` is the role that may migrate and recover a thread;
    `opens_with` the forms that open one; `calendar` the code of the working calendar."""

    code: str
    version: int
    title: Mapping[str, str]
    subject: Mapping[str, str]
    opens_with: tuple[str, ...]
    calendar: str
    home: str
    agencies: tuple[Agency, ...]
    steps: tuple[Step, ...]
    joins: tuple[Join, ...] = ()
    ends: tuple[End, ...] = ()
    links: tuple[Link, ...] = ()
    source: str = ""
    digest: bytes = field(default=b"", compare=False)

    @property
    def key(self) -> str:
        return f"{self.code} v{self.version}"

    def step(self, code: str) -> Step:
        """The step; KeyError where there is none."""
        for found in self.steps:
            if found.code == code:
                return found
        raise KeyError(code)

    def join(self, code: str) -> Join:
        """The join; KeyError where there is none."""
        for found in self.joins:
            if found.code == code:
                return found
        raise KeyError(code)
