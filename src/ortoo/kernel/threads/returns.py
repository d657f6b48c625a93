"""Where one respondent's return 报表 stands: a pure fold of its thread's lines."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import cast

from ortoo.kernel.forms.asked import Asked
from ortoo.kernel.threads.procedure import ThreadLine


@dataclass(frozen=True, slots=True)
class Query:
    """发核实: a question on cells, asked in filing `seq` about return `target`."""

    seq: int
    target: int
    office: str
    due_at: int | None
    cells: tuple[str, ...]
    answered_by: int | None = None


# House rule, not law: how long a party has to confirm what an office entered for it 代录.
CONFIRM_MS = 3 * 86_400_000


@dataclass(frozen=True, slots=True)
class Assisted:
    """代录: version `target` was entered for the party, which confirms it or corrects it."""

    target: int
    due_at: int
    closed_by: int | None = None


@dataclass(frozen=True, slots=True)
class ReturnState:
    """Where one respondent's return stands; derived, never stored."""

    opened_seq: int | None = None
    due_at: int | None = None
    owner: str = ""
    place: str = ""
    offices: tuple[tuple[str, str], ...] = ()
    versions: tuple[int, ...] = ()
    sent_back_seq: int | None = None
    accepted: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    queries: tuple[Query, ...] = ()
    archived_seq: int | None = None
    assisted: tuple[Assisted, ...] = ()
    version: int | None = None
    """The form's version that the period's opening pinned; None for openings before that was."""
    asked: Asked | None = None
    """The cells this period asks for, where an order named them; None for the whole form."""
    order: int | None = None
    """Log index of what ordered the opening: a 专项监测, a 急报, a change of the sample."""
    waived_seq: int | None = None
    """Log index of the 免报 that stands; None while the return is owed."""

    @property
    def effective(self) -> int | None:
        """Log index of the return in force, or None."""
        return self.versions[-1] if self.versions else None

    @property
    def final_office(self) -> str:
        return self.offices[-1][0] if self.offices else ""

    def accepted_by(self, office: str) -> bool:
        """Whether `office` has accepted the return that is in force."""
        return self.accepted.get(office, (0, 0))[0] == self.effective and bool(self.versions)

    @property
    def locked(self) -> bool:
        """已审定: accepted at the last level; from then on a change is a correction."""
        return self.accepted_by(self.final_office)

    @property
    def unconfirmed(self) -> Assisted | None:
        """The version in force, where it was entered for the party and not yet confirmed."""
        return next((a for a in self.assisted if a.closed_by is None), None)

    @property
    def open_queries(self) -> tuple[Query, ...]:
        return tuple(query for query in self.queries if query.answered_by is None)

    @property
    def stage(self) -> str:
        """missing 未报, waived 免报,
        sent_back 已退回, queried 核实中, filed 待审, checked 已初审 or
        accepted 已审定."""
        if not self.versions:
            return "missing" if self.waived_seq is None else "waived"
        if self.sent_back_seq is not None:
            return "sent_back"
        if self.locked:
            return "accepted"
        if self.open_queries:
            return "queried"
        if any(self.accepted_by(place) for place, _ in self.offices):
            return "checked"
        return "filed"


def fold_return(lines: Iterable[ThreadLine], as_of: int | None = None) -> ReturnState:
    """State of a return thread after the lines with log index ≤ `as_of` (all when None)."""
    state = ReturnFold()
    for line in sorted(lines, key=lambda found: found.seq):
        if as_of is None or line.seq <= as_of:
            state.take(line)
    return state.freeze()


class ReturnFold:
    """Mutable accumulator of one return thread."""

    def __init__(self) -> None:
        self.opened_seq: int | None = None
        self.opening: Mapping[str, object] = {}
        self.offices: tuple[tuple[str, str], ...] = ()
        self.versions: list[int] = []
        self.sent_back: int | None = None
        self.send_backs: list[tuple[int, int | None]] = []
        self.accepted: dict[str, tuple[int, int]] = {}
        self.rechecks: list[tuple[int, int | None]] = []
        self.queries: list[Query] = []
        self.archived: int | None = None
        self.assisted: list[Assisted] = []
        self.waived: int | None = None

    def take(self, line: ThreadLine) -> None:
        getattr(self, f"_{line.kind}", self._ignore)(line)

    def _ignore(self, line: ThreadLine) -> None:
        """Lines of kinds that do not move the state (notes, chases)."""

    def _open(self, line: ThreadLine) -> None:
        if self.opened_seq is None:
            self.opened_seq, self.opening = line.seq, line.detail
            found = cast("Sequence[Sequence[str]]", line.detail.get("offices", ()))
            self.offices = tuple((pair[0], pair[1]) for pair in found)

    def _return(self, line: ThreadLine) -> None:
        final = self.offices[-1][0] if self.offices else ""
        if self.versions and self.accepted.get(final, (0, 0))[0] == self.versions[-1]:
            self.rechecks.append((line.seq, None))
        self.versions.append(line.seq)
        # Whatever follows what was entered for the party settles it: only the newest is asked.
        self._settle(line.seq)
        if line.detail.get("assisted"):
            self.assisted.append(Assisted(line.seq, line.at + CONFIRM_MS))
        if self.sent_back is not None:
            self.send_backs[-1] = (self.sent_back, line.seq)
            self.sent_back = None
        self.queries = [
            query if query.answered_by else _answered(query, line.seq) for query in self.queries
        ]

    def _confirm(self, line: ThreadLine) -> None:
        self._settle(line.seq)

    def _settle(self, seq: int) -> None:
        self.assisted = [
            found if found.closed_by is not None else replace(found, closed_by=seq)
            for found in self.assisted
        ]

    def _query(self, line: ThreadLine) -> None:
        detail = line.detail
        self.queries.append(
            Query(
                seq=line.seq,
                target=int(cast(int, detail["target"])),
                office=str(detail["office"]),
                due_at=cast("int | None", detail.get("due_at")),
                cells=tuple(cast("Sequence[str]", detail.get("cells", ()))),
            )
        )

    def _reply(self, line: ThreadLine) -> None:
        self.queries = [
            _answered(query, line.seq) if query.seq == line.detail["query"] else query
            for query in self.queries
        ]

    def _send_back(self, line: ThreadLine) -> None:
        self.sent_back = line.seq
        self.send_backs.append((line.seq, None))

    def _accept(self, line: ThreadLine) -> None:
        office = str(line.detail["office"])
        self.accepted[office] = (int(cast(int, line.detail["target"])), line.seq)
        if self.offices and office == self.offices[-1][0]:
            self.rechecks = [(opened, done or line.seq) for opened, done in self.rechecks]

    def _waive(self, line: ThreadLine) -> None:
        self.waived = None if line.detail["lifted"] else line.seq

    def _archive(self, line: ThreadLine) -> None:
        self.archived = line.seq

    def freeze(self) -> ReturnState:
        return ReturnState(
            opened_seq=self.opened_seq,
            due_at=cast("int | None", self.opening.get("due_at")),
            owner=str(self.opening.get("owner", "")),
            place=str(self.opening.get("place", "")),
            offices=self.offices,
            versions=tuple(self.versions),
            sent_back_seq=self.sent_back,
            accepted=dict(self.accepted),
            queries=tuple(self.queries),
            archived_seq=self.archived,
            assisted=tuple(self.assisted),
            version=cast("int | None", self.opening.get("version")),
            asked=Asked.read(self.opening.get("asked")),
            order=cast("int | None", self.opening.get("order")),
            waived_seq=self.waived,
        )


def _answered(query: Query, seq: int) -> Query:
    return Query(query.seq, query.target, query.office, query.due_at, query.cells, seq)
