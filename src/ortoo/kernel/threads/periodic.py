"""The periodic return's procedure 定期报表办理规程: open, file, query, send back, accept, archive.

Two kinds of thread follow it. A *return thread* `{form}|{period}|{party}` holds one respondent's
statements for one period. An *office thread* `{form}|{period}|@{place}` holds one reviewing
office's 本期审核, which opens with the period and is the matrix of its respondents.
Everything here is pure: lines in, states and duties out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import cast

from ortoo.kernel.duties.reconcile import DutyRow
from ortoo.kernel.filings.draft import Draft, Entry
from ortoo.kernel.filings.refusal import Refused
from ortoo.kernel.threads.procedure import ThreadLine


def return_thread(form: str, period: str, party: str) -> str:
    """Key of one respondent's thread for one period."""
    return f"{form}|{period}|{party}"


def office_thread(form: str, period: str, place: str) -> str:
    """Key of one office's review thread for one period."""
    return f"{form}|{period}|@{place}"


@dataclass(frozen=True, slots=True)
class Query:
    """发核实: a question on cells, asked in filing `seq` about return `target`."""

    seq: int
    target: int
    office: str
    due_at: int | None
    cells: tuple[str, ...]
    answered_by: int | None = None


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
    def open_queries(self) -> tuple[Query, ...]:
        return tuple(query for query in self.queries if query.answered_by is None)

    @property
    def stage(self) -> str:
        """missing 未报, sent_back 已退回, queried 核实中, filed 待审, checked 已初审 or
        accepted 已审定."""
        if not self.versions:
            return "missing"
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
    state = _Fold()
    for line in sorted(lines, key=lambda found: found.seq):
        if as_of is None or line.seq <= as_of:
            state.take(line)
    return state.freeze()


class _Fold:
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
        if self.sent_back is not None:
            self.send_backs[-1] = (self.sent_back, line.seq)
            self.sent_back = None
        self.queries = [
            query if query.answered_by else _answered(query, line.seq) for query in self.queries
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
        )


def _answered(query: Query, seq: int) -> Query:
    return Query(query.seq, query.target, query.office, query.due_at, query.cells, seq)


class PeriodicProcedure:
    """Admission and duties of both kinds of thread of a periodic return."""

    def admit(self, lines: Sequence[ThreadLine], draft: Draft, entry: Entry) -> Refused | None:
        """Law 5, 7, 11: what may join a thread now.

        The token of a correction is the superseded filing; that of a review, the return it judges.
        """
        if "|@" in entry.thread or entry.kind in ("open", "archive"):
            return None
        state = fold_return(lines)
        if state.archived_seq is not None:
            return Refused(
                "PERIOD-ARCHIVED",
                f"{entry.thread.split('|')[1]} 期已归档，不再接受任何报件。",
                "确需说明的，请联系自治区主管部门按归档后更正办法处理。",
                409,
            )
        if entry.kind == "return":
            return _admit_return(state, draft)
        return _admit_review(state, entry)

    def duties(self, thread: str, lines: Sequence[ThreadLine]) -> Sequence[DutyRow]:
        if "|@" in thread:
            return _office_duties(thread, lines)
        return _return_duties(thread, lines)


def _admit_return(state: ReturnState, draft: Draft) -> Refused | None:
    if state.opened_seq is None:
        return Refused(
            "PERIOD-NOT-OPEN",
            f"{draft.period} 期对该单位没有应报任务（未开期、未到期或不在样本名单）。",
            "请在“应办事项”中选择已开期的报表。",
            409,
        )
    # Whoever keys it in, the statement is the owner's; a registered successor may correct it.
    if draft.filer != state.owner and draft.supersedes is None:
        return Refused(
            "NOT-YOUR-RETURN",
            "这份应报任务属于另一个单位。",
            "请用本单位账号报送；代录须由审核人员按“代录”办理。",
            403,
        )
    if state.effective is None:
        if draft.supersedes is None:
            return None
        return Refused("RETURN-STALE", "没有可以更正的报表。", "请直接报送。", 409)
    if draft.supersedes is None:
        return Refused(
            "RETURN-EXISTS",
            f"本期已有报表（第 {state.effective} 号），可能是同事刚刚报送的。",
            "请打开现行报表核对；如需改动，请“自查更正”。",
            409,
        )
    if draft.supersedes != state.effective:
        return Refused(
            "RETURN-STALE",
            f"您更正的是第 {draft.supersedes} 号，现行报表已是第 {state.effective} 号。",
            "请刷新，在现行报表上重新更正；您填写的内容仍在草稿中。",
            409,
        )
    if not draft.reason.strip():
        return Refused("REASON-NEEDED", "更正必须写明原因。", "请填写更正原因后再报送。")
    return None


def _admit_review(state: ReturnState, entry: Entry) -> Refused | None:
    if "query" in entry.detail:
        if entry.detail["query"] not in {query.seq for query in state.open_queries}:
            return Refused("QUERY-CLOSED", "这条核实已答复或已撤销。", "请刷新页面。", 409)
        return None
    if "target" not in entry.detail or entry.detail["target"] == state.effective:
        return None
    return Refused(
        "REVIEW-STALE",
        f"企业在您审核期间已更正该报表（现行为第 {state.effective or '—'} 号）。",
        "请刷新后按现行报表审核。",
        409,
    )


def _return_duties(thread: str, lines: Sequence[ThreadLine]) -> list[DutyRow]:
    fold = _Fold()
    for line in sorted(lines, key=lambda found: found.seq):
        fold.take(line)
    if fold.opened_seq is None:
        return []
    state = fold.freeze()
    form, period, party = thread.split("|", 2)

    counts: dict[str, int] = {}

    def duty(
        kind: str, opened: int, closed: int | None, due_at: int | None = None, owner: str = ""
    ) -> DutyRow:
        # Numbered within the thread: the log index of the filing at hand is not assigned yet.
        counts[kind] = counts.get(kind, 0) + 1
        suffix = "" if kind == "file" else f"#{counts[kind]}"
        return DutyRow(
            key=f"{kind}|{thread}{suffix}",
            thread=thread,
            kind=kind,
            owner=owner or state.owner,
            form=form,
            period=period,
            place=state.place,
            subject=party,
            due_at=due_at,
            opened_seq=opened,
            closed_seq=closed,
        )

    first = fold.versions[0] if fold.versions else None
    rows = [duty("file", fold.opened_seq, first, state.due_at)]
    rows += [duty("refile", seq, closed) for seq, closed in fold.send_backs]
    rows += [duty("answer", q.seq, q.answered_by, q.due_at) for q in fold.queries]
    rows += [
        duty("recheck", opened, closed, None, state.offices[-1][1] if state.offices else "")
        for opened, closed in fold.rechecks
    ]
    if fold.archived is not None:
        return [row for row in rows if row.closed_seq is not None]
    return rows


def _office_duties(thread: str, lines: Sequence[ThreadLine]) -> list[DutyRow]:
    """本期审核: opens with the period, closes when every respondent's return is accepted here or
    the office concludes the period with the missing ones named."""
    ordered = sorted(lines, key=lambda found: found.seq)
    opening = next((line for line in ordered if line.kind == "open"), None)
    if opening is None:
        return []
    respondents = set(cast("Sequence[str]", opening.detail.get("respondents", ())))
    accepted: set[str] = set()
    closed: int | None = None
    for line in ordered:
        if line.kind == "accept":
            accepted |= set(cast("Sequence[str]", line.detail.get("parties", ())))
            if closed is None and (accepted >= respondents or line.detail.get("conclude")):
                closed = line.seq
        elif line.kind == "archive" and closed is None:
            return []
    form, period, office = thread.split("|", 2)
    return [
        DutyRow(
            key=f"review|{thread}",
            thread=thread,
            kind="review",
            owner=str(opening.detail["owner"]),
            form=form,
            period=period,
            place=office.lstrip("@"),
            subject=office.lstrip("@"),
            due_at=cast("int | None", opening.detail.get("due_at")),
            opened_seq=opening.seq,
            closed_seq=closed,
        )
    ]
