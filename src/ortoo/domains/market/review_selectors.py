"""Scoped reads of an office's 本期审核: where every respondent's return stands, seen from there."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from django.db import connection

from ortoo.domains.market import selectors
from ortoo.kernel.filings import read
from ortoo.kernel.filings.refusal import Refused
from ortoo.kernel.forms import registry
from ortoo.kernel.forms.definition import Form, FormError
from ortoo.kernel.forms.periods import Period, is_period_of, parse, previous_on
from ortoo.kernel.grants.scope import Scope
from ortoo.kernel.places.active import active_pack
from ortoo.kernel.threads.periodic import Query, ReturnState, office_thread

if TYPE_CHECKING:
    from ortoo.kernel.seal.contacts import Person

POSITIONS = ("missing", "returned", "queried", "pending", "below", "passed", "settled", "waived")
LOOK_BACK = 8


def position(state: ReturnState, office: str) -> str:
    """Where a return stands as seen from one of its offices.

    missing 未报 · returned 已退回 · queried 核实中 · pending 待审 · below 待下级初审 ·
    passed 本级已审 · settled 已审定 · waived 免报.
    """
    if not state.versions:
        return "missing" if state.waived_seq is None else "waived"
    if state.sent_back_seq is not None:
        return "returned"
    if state.locked:
        return "settled"
    if state.open_queries:
        return "queried"
    if state.accepted_by(office):
        return "passed"
    return "below" if waiting_below(state, office) else "pending"


def lower_offices(state: ReturnState, office: str) -> tuple[str, ...]:
    """Offices that review this respondent before `office`, nearest to the firm first."""
    chain = [place for place, _ in state.offices]
    return tuple(chain[: chain.index(office)]) if office in chain else ()


def waiting_below(state: ReturnState, office: str) -> str:
    """The first lower office that has not accepted the return in force, or ""."""
    return next((at for at in lower_offices(state, office) if not state.accepted_by(at)), "")


def level_name(state: ReturnState, office: str) -> str:
    """初审 at the first office, 审定 at the last, 复审 between."""
    chain = [place for place, _ in state.offices]
    if office == chain[-1]:
        return "审定"
    return "初审" if office == chain[0] else "复审"


@dataclass(frozen=True, slots=True)
class Lateness:
    """迟报 in the periods before this one: late or missing out of those owed; the last reason."""

    late: int = 0
    owed: int = 0
    reason: str = ""


@dataclass(frozen=True, slots=True)
class ReviewRow:
    """One respondent of the matrix. `chased_at`: when it was last reminded, newest last."""

    party: str
    name: str
    place: str
    place_name: str
    state: ReturnState
    position: str
    filed_at: int | None
    late: bool
    reason: str
    level: str
    below: str = ""
    lateness: Lateness = Lateness()
    person: Person | None = None
    chased_at: tuple[int, ...] = ()

    @property
    def versions(self) -> int:
        return len(self.state.versions)

    @property
    def queries(self) -> tuple[Query, ...]:
        return self.state.open_queries

    @property
    def query_due(self) -> int | None:
        """When the first open question is due, ms."""
        return min((query.due_at for query in self.queries if query.due_at), default=None)


@dataclass(frozen=True, slots=True)
class Review:
    """本期审核 of one office.

    `mine`: whether the reader acts for this very office; `reach`: where the reader may see single
    firms' figures.
    """

    form: Form
    period: Period
    office: str
    title: str
    due_at: int | None
    review_due_at: int | None
    concluded_at: int | None
    mine: bool
    rows: tuple[ReviewRow, ...]
    reach: frozenset[str] = frozenset()
    contacts_shown: bool = False
    counts: Mapping[str, int] = field(default_factory=dict)

    @property
    def owed(self) -> int:
        """应报: respondents that are not waived 免报."""
        return len(self.rows) - self.counts["waived"]

    @property
    def filed(self) -> int:
        return self.owed - self.counts["missing"]

    @property
    def unreviewed(self) -> int:
        """未审 N 家: filed, and nobody at this level has passed it yet."""
        return sum(self.counts[name] for name in ("returned", "queried", "pending", "below"))

    def at(self, *positions: str) -> list[ReviewRow]:
        return [row for row in self.rows if row.position in positions]

    def row_of(self, party: str) -> ReviewRow | None:
        return next((row for row in self.rows if row.party == party), None)


def open_review(form_code: str, period_code: str, office: str) -> tuple[Form, Period]:
    """The form and period of an address. Raises Refused REVIEW-UNKNOWN (404)."""
    try:
        form, period = registry.get(form_code), parse(period_code)
        known = is_period_of(form, period) and office in active_pack()
    except FormError:
        known = False
    if not known:
        raise Refused(
            "REVIEW-UNKNOWN",
            "没有这一期的审核。",
            "请从首页“本期审核”进入，或核对表号和期别。",
            404,
        )
    return form, period


def review(
    scope: Scope, form_code: str, period_code: str, office: str, *, contacts: bool = False
) -> Review:
    """The matrix of an office: who has filed, where each return stands, whom to call.

    `contacts` opens names and telephones where the scope may see them; the caller logs the access.
    Raises Refused SCOPE-… (401, 403) before it says whether anything is there.
    """
    scope.require("review", form=form_code, place=office)
    form, period = open_review(form_code, period_code, office)
    found = selectors.matrix(scope, form.code, period.code, office)
    opening = _opening(form, period, office)
    if not found or opening is None:
        raise Refused(
            "REVIEW-NOT-OPEN",
            f"{period.label_zh}在本级没有应报企业。",
            "请选择已开期的报告期。",
            404,
        )
    shown = contacts and scope.may("read_contacts", form=form.code, place=office)
    rows = _rows(found, office, _Beside(form, period, opening, shown))
    counted = Counter(row.position for row in rows)
    return Review(
        form=form,
        period=period,
        office=office,
        title=active_pack().bureau(office) or active_pack()[office].zh,
        due_at=found[0].state.due_at,
        review_due_at=opening.due_at,
        concluded_at=opening.concluded_at,
        mine=office in selectors.my_offices(scope),
        rows=rows,
        reach=scope.places("read_unit_figures", form.code),
        contacts_shown=shown,
        counts={name: counted[name] for name in POSITIONS},
    )


@dataclass(frozen=True, slots=True)
class _Opening:
    due_at: int | None
    concluded_at: int | None
    chased: Mapping[str, tuple[int, ...]]


@dataclass(frozen=True, slots=True)
class _Beside:
    """Where what stands beside a return comes from."""

    form: Form
    period: Period
    opening: _Opening
    contacts: bool


def _opening(form: Form, period: Period, office: str) -> _Opening | None:
    thread = office_thread(form.code, period.code, office)
    lines = read.thread_lines([thread])[thread]
    opened = next((line for line in lines if line.kind == "open"), None)
    if opened is None:
        return None
    at = _received_at(line.seq for line in lines if line.kind in ("chase", "accept"))
    chased: dict[str, list[int]] = {}
    for line in lines:
        if line.kind == "chase":
            for party in _names(line.detail.get("parties")):
                chased.setdefault(party, []).append(at[line.seq])
    concluded = next((at[line.seq] for line in lines if line.detail.get("conclude")), None)
    due = opened.detail.get("due_at")
    return _Opening(
        due if isinstance(due, int) else None,
        concluded,
        {party: tuple(times) for party, times in chased.items()},
    )


def _names(value: object) -> list[str]:
    return [str(name) for name in value] if isinstance(value, (list, tuple)) else []


def _received_at(seqs: Iterable[int]) -> dict[int, int]:
    wanted = sorted(set(seqs))
    if not wanted:
        return {}
    marks = ",".join(["%s"] * len(wanted))
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT seq, received_at FROM kernel_filing WHERE seq IN ({marks})", wanted)
        return {int(seq): int(at) for seq, at in cursor.fetchall()}


def _rows(
    found: Sequence[selectors.MatrixRow], office: str, beside: _Beside
) -> tuple[ReviewRow, ...]:
    parties = [row.party for row in found]
    late = lateness(beside.form, beside.period, parties)
    people = _people(parties) if beside.contacts else {}
    pack = active_pack()
    rows = []
    for row in found:
        below = waiting_below(row.state, office)
        rows.append(
            ReviewRow(
                party=row.party,
                name=row.name,
                place=row.place,
                place_name=row.place_name,
                state=row.state,
                position=position(row.state, office),
                filed_at=row.filed_at,
                late=row.late,
                reason=row.reason,
                level=level_name(row.state, office),
                below=pack[below].zh if below in pack else below,
                lateness=late.get(row.party, Lateness()),
                person=people.get(row.party),
                chased_at=beside.opening.chased.get(row.party, ()),
            )
        )
    return tuple(rows)


def lateness(form: Form, period: Period, parties: Sequence[str]) -> dict[str, Lateness]:
    """迟报 n/8 期 of each party before `period`, and the reason given with its last late return."""
    periods: list[str] = []
    earlier = previous_on(form, period)
    while earlier is not None and len(periods) < LOOK_BACK:
        periods.append(earlier.code)
        earlier = previous_on(form, earlier)
    found: dict[str, Lateness] = {}
    for party, due, received, reason in _filed_duties(form.code, periods, parties):
        before = found.get(party, Lateness())
        late = received is None or (due is not None and received > due)
        found[party] = Lateness(
            before.late + late, before.owed + 1, (reason or "") if late else before.reason
        )
    return found


def _filed_duties(
    form: str, periods: Sequence[str], parties: Sequence[str]
) -> list[tuple[str, int | None, int | None, str | None]]:
    """(party, due, received or None, reason) of every return owed, oldest period first."""
    rows: list[tuple[str, int | None, int | None, str | None]] = []
    if not periods:
        return rows
    for start in range(0, len(parties), 800):
        chunk = parties[start : start + 800]
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT d.owner, d.due_at,"
                " CASE WHEN f.mode='import' THEN f.said_at ELSE f.received_at END, f.reason"
                " FROM kernel_duty d"
                " LEFT JOIN kernel_filing f ON f.seq = d.closed_seq"
                " WHERE d.kind = 'file' AND d.void_seq IS NULL AND d.form = %s"
                f" AND d.period IN ({','.join(['%s'] * len(periods))})"
                f" AND d.owner IN ({','.join(['%s'] * len(chunk))})"
                " ORDER BY d.owner, d.opened_seq",
                [form, *periods, *chunk],
            )
            rows += [tuple(row) for row in cursor.fetchall()]
    return rows


def _people(parties: Iterable[str]) -> Mapping[str, Person]:
    from ortoo.kernel.seal.contacts import reveal_many

    return reveal_many(parties)


@dataclass(frozen=True, slots=True)
class Said:
    """One statement in a return's thread, as its history shows it."""

    seq: int
    kind: str
    at: int
    actor: str
    number: str
    text: str = ""
    office: str = ""
    due_at: int | None = None
    cells: tuple[str, ...] = ()
    late: bool = False


def history(thread: str, due_at: int | None) -> list[Said]:
    """Everything said in a return's thread, newest first. The caller has checked the scope."""
    lines = [line for line in read.thread_lines([thread])[thread] if line.kind != "open"]
    filings = read.by_seqs(line.seq for line in lines)
    found = []
    for line in lines:
        filing = filings[line.seq]
        body = json.loads(filing.body) if filing.form.startswith("K-") else {}
        due = body.get("due_at")
        found.append(
            Said(
                seq=line.seq,
                kind=line.kind,
                at=filing.received_at,
                actor=filing.actor,
                number=filing.number,
                text=str(body.get("question") or body.get("text") or body.get("note") or "")
                or filing.reason,
                office=str(line.detail.get("office", "")),
                due_at=due if isinstance(due, int) else None,
                cells=tuple(_names(line.detail.get("cells"))),
                late=bool(due_at and filing.arrived_at > due_at),
            )
        )
    return sorted(found, key=lambda said: said.seq, reverse=True)
