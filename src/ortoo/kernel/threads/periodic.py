"""The periodic return's procedure 定期报表办理规程: open, file, query, send back, accept, archive.

Two kinds of thread follow it. A *return thread* `{form}|{period}|{party}` holds one respondent's
statements for one period. An *office thread* `{form}|{period}|@{place}` holds one reviewing
office's 本期审核, which opens with the period and is the matrix of its respondents.
Everything here is pure: lines in, states and duties out.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from ortoo.kernel.duties.reconcile import DutyRow
from ortoo.kernel.filings.draft import Draft, Entry
from ortoo.kernel.filings.refusal import Refused
from ortoo.kernel.threads.procedure import ThreadLine
from ortoo.kernel.threads.returns import Query, ReturnFold, ReturnState, fold_return

__all__ = [
    "PeriodicProcedure",
    "Query",
    "ReturnState",
    "fold_return",
    "office_thread",
    "return_thread",
]


def return_thread(form: str, period: str, party: str) -> str:
    """Key of one respondent's thread for one period."""
    return f"{form}|{period}|{party}"


def office_thread(form: str, period: str, place: str) -> str:
    """Key of one office's review thread for one period."""
    return f"{form}|{period}|@{place}"


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
        if entry.kind == "confirm":
            return _admit_confirmation(state, draft, entry)
        if entry.kind == "waive":
            return _admit_waiver(state, entry)
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
    if state.version is not None and draft.version != state.version:
        return Refused(
            "FORM-PERIOD-VERSION",
            f"{draft.period} 期按第 {state.version} 版表式填报，所报为第 {draft.version} 版。",
            "请刷新页面，用本期的表式填报或更正。",
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


def _admit_confirmation(state: ReturnState, draft: Draft, entry: Entry) -> Refused | None:
    asked = state.unconfirmed
    if asked is None or asked.target != entry.detail["target"]:
        return Refused("CONFIRM-CLOSED", "这份代录已确认或已更正。", "请刷新页面。", 409)
    if draft.filer != state.owner or draft.mode == "assisted":
        return Refused(
            "CONFIRM-OTHER-PARTY", "代录只能由应报单位自己确认。", "请用本单位账号确认。", 403
        )
    return None


def _admit_waiver(state: ReturnState, entry: Entry) -> Refused | None:
    """免报: of what is owed and not said yet; it is lifted only where it stands."""
    lifted = bool(entry.detail["lifted"])
    if state.opened_seq is None:
        return Refused("PERIOD-NOT-OPEN", "该单位本期没有应报任务。", "无须免报。", 409)
    if lifted and state.waived_seq is None:
        return Refused("WAIVE-NONE", "该单位本期没有免报。", "请刷新页面。", 409)
    if not lifted and state.waived_seq is not None:
        return Refused("WAIVE-STANDS", "该单位本期已免报。", "请刷新页面。", 409)
    if not lifted and state.versions:
        return Refused(
            "WAIVE-FILED", f"该单位本期已报（第 {state.effective} 号）。", "已报的不能免报。", 409
        )
    return None


def _admit_review(state: ReturnState, entry: Entry) -> Refused | None:
    if "query" in entry.detail:
        if entry.detail["query"] not in {query.seq for query in state.open_queries}:
            return Refused("QUERY-CLOSED", "这条核实已答复或已撤销。", "请刷新页面。", 409)
        return None
    if "target" not in entry.detail:
        return None
    if entry.detail["target"] == state.effective:
        return _admit_acceptance(state, entry) if entry.kind == "accept" else None
    return Refused(
        "REVIEW-STALE",
        f"企业在您审核期间已更正该报表（现行为第 {state.effective or '—'} 号）。",
        "请刷新后按现行报表审核。",
        409,
    )


def _admit_acceptance(state: ReturnState, entry: Entry) -> Refused | None:
    """What was sent back waits for its correction; what is queried for its answer or a note."""
    if state.accepted_by(str(entry.detail["office"])):
        return Refused(
            "REVIEW-PASSED",
            f"第 {state.effective} 号本级已通过，可能是同事刚刚办理的。",
            "请刷新页面，核对还没有通过的报表。",
            409,
        )
    if state.sent_back_seq is not None:
        return Refused(
            "REVIEW-SENT-BACK",
            f"第 {state.effective} 号已退回，企业尚未重报，不能审核通过。",
            "请等待重报；若退回有误，请企业原样重报并注明。",
            409,
        )
    if state.open_queries and not entry.detail.get("despite"):
        numbers = "、".join(str(query.seq) for query in state.open_queries)
        return Refused(
            "REVIEW-QUERIED",
            f"第 {state.effective} 号尚有未答复的核实（第 {numbers} 号）。",
            "请等待答复；仍予通过的，须写明理由。",
            409,
        )
    return None


def _return_duties(thread: str, lines: Sequence[ThreadLine]) -> list[DutyRow]:
    fold = ReturnFold()
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
    if state.waived_seq is not None and first is None:
        rows = []
    rows += [duty("refile", seq, closed) for seq, closed in fold.send_backs]
    rows += [duty("answer", q.seq, q.answered_by, q.due_at) for q in fold.queries]
    rows += [duty("confirm", a.target, a.closed_by, a.due_at) for a in fold.assisted]
    rows += [
        duty("recheck", opened, closed, None, state.offices[-1][1] if state.offices else "")
        for opened, closed in fold.rechecks
    ]
    if fold.archived is not None:
        return [row for row in rows if row.closed_seq is not None]
    return rows


def _office_duties(thread: str, lines: Sequence[ThreadLine]) -> list[DutyRow]:
    """本期审核: opens with the period, closes when every respondent's return is accepted here or
    waived, or when the office concludes the period with the missing ones named. Respondents that
    join later (a replacement in the sample) open a further one."""
    ordered = sorted(lines, key=lambda found: found.seq)
    openings = [line for line in ordered if line.kind == "open"]
    form, period, office = thread.split("|", 2)
    rows = []
    for number, opening in enumerate(openings, 1):
        closed, archived = _review_closed(opening, ordered)
        if archived and closed is None:
            continue
        rows.append(
            DutyRow(
                key=f"review|{thread}" + (f"#{number}" if number > 1 else ""),
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
        )
    return rows + _escalations(thread, openings, ordered)


def _escalations(
    thread: str, openings: Sequence[ThreadLine], ordered: Sequence[ThreadLine]
) -> list[DutyRow]:
    """升级: each brings missing returns to this office, and closes when every firm named has filed,
    was waived, or was reminded by the office itself; or when the office concludes."""
    form, period, office = thread.split("|", 2)
    raised = [line for line in ordered if line.kind == "escalate" and not line.detail["lifted"]]
    archived = any(line.kind == "archive" for line in ordered)
    rows = []
    for number, line in enumerate(raised, 1):
        closed = _escalation_closed(line, ordered)
        if not openings or (archived and closed is None):
            continue
        rows.append(
            DutyRow(
                key=f"escalated|{thread}#{number}",
                thread=thread,
                kind="escalated",
                owner=str(openings[0].detail["owner"]),
                form=form,
                period=period,
                place=office.lstrip("@"),
                subject=office.lstrip("@"),
                due_at=cast("int | None", line.detail["due_at"]),
                opened_seq=line.seq,
                closed_seq=closed,
            )
        )
    return rows


def _escalation_closed(raised: ThreadLine, ordered: Sequence[ThreadLine]) -> int | None:
    waiting = set(cast("Sequence[str]", raised.detail["parties"]))
    for line in ordered:
        if line.seq > raised.seq:
            waiting -= _spoken_for(line)
            if not waiting or (line.kind == "accept" and line.detail.get("conclude")):
                return line.seq
    return None


def _spoken_for(line: ThreadLine) -> set[str]:
    """Firms for which this line of an office's thread says that something was done."""
    detail = line.detail
    if line.kind == "waive":
        return set() if detail.get("lifted") else {str(detail["party"])}
    done = (
        line.kind == "accept"
        or (line.kind == "chase" and not detail.get("auto"))
        or (line.kind == "escalate" and bool(detail["lifted"]))
    )
    return set(cast("Sequence[str]", detail.get("parties", ()))) if done else set()


def _review_closed(opening: ThreadLine, ordered: Sequence[ThreadLine]) -> tuple[int | None, bool]:
    """(log index that closed the review this line opened, whether the period is archived)."""
    wanted = set(cast("Sequence[str]", opening.detail.get("respondents", ())))
    settled: set[str] = set()
    waived: set[str] = set()
    for line in ordered:
        if line.kind == "accept":
            settled |= set(cast("Sequence[str]", line.detail.get("parties", ())))
        elif line.kind == "waive":
            party = {str(line.detail["party"])}
            waived = waived - party if line.detail["lifted"] else waived | party
        elif line.kind == "archive":
            return None, True
        else:
            continue
        done = bool(line.detail.get("conclude")) or settled | waived >= wanted
        if line.seq >= opening.seq and done:
            return line.seq, False
    return None, False
