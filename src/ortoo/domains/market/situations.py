"""情况（零报告） of a campaign's offices: what each owes each day, one tap or in words.

Yunnan's notice of 2017 (market.md §1.1): duty round the clock, abnormal movement reported at once,
analysis text by 17:00 on the last day.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ortoo.domains.market.campaigns.plan import Campaign
from ortoo.kernel.duties.reconcile import DutyRow
from ortoo.kernel.filings import read
from ortoo.kernel.filings.draft import Draft, Entry, Receipt
from ortoo.kernel.filings.projection import catch_up
from ortoo.kernel.filings.refusal import Refused
from ortoo.kernel.filings.write import file
from ortoo.kernel.forms.periods import day_of
from ortoo.kernel.grants.scope import Scope
from ortoo.kernel.threads.procedure import ThreadLine

FORM = "MON-SITUATION"
ZERO, ABNORMAL, NARRATIVE = "zero", "abnormal", "narrative"
SORT_ZH = {"shortage": "断货", "rush": "抢购", "price": "价格异常", "glut": "滞销", "other": "其他"}


def thread_of(campaign: str, day: dt.date, place: str) -> str:
    return f"{FORM}|{campaign}|{day}|{place}"


class SituationProcedure:
    """Threads `MON-SITUATION|campaign|day|place`: `open` owes, `report` meets.

    Zero or abnormal meets the situation, the analysis its own duty; an office may report again (an
    abnormal matter after its zero report) without anything being owed anew.
    """

    def admit(self, lines: Sequence[ThreadLine], draft: Draft, entry: Entry) -> Refused | None:
        """SITUATION-NOT-OPEN, SITUATION-OTHER-OFFICE."""
        if entry.kind == "open":
            return None
        owners = {line.detail["owner"] for line in lines if line.kind == "open"}
        if not owners:
            return Refused(
                "SITUATION-NOT-OPEN", "这一天没有要报的情况。", "请从专项监测页面进入。", 409
            )
        if draft.filer not in owners:
            return Refused(
                "SITUATION-OTHER-OFFICE", "这是另一机关的情况报告。", "请用本机关账号报送。", 403
            )
        return None

    def duties(self, thread: str, lines: Sequence[ThreadLine]) -> Sequence[DutyRow]:
        """情况 and 分析文字, each closed by the first report of its kind."""
        _, _campaign, day, place = thread.split("|", 3)
        found: dict[str, DutyRow] = {}
        ordered = sorted(lines, key=lambda line: line.seq)
        for line in ordered:
            if line.kind != "open":
                continue
            owed = str(line.detail["owed"])
            met = (NARRATIVE,) if owed == NARRATIVE else (ZERO, ABNORMAL)
            closed = next(
                (x.seq for x in ordered if x.kind == "report" and x.detail["said"] in met), None
            )
            found[owed] = DutyRow(
                key=f"{owed}|{thread}",
                thread=thread,
                kind=owed,
                owner=str(line.detail["owner"]),
                form=FORM,
                period=f"D{day}",
                place=place,
                subject=place,
                due_at=int(str(line.detail["due_at"])),
                opened_seq=line.seq,
                closed_seq=closed,
            )
        return list(found.values())


@dataclass(frozen=True, slots=True)
class Abnormal:
    """One line of an abnormal report: its sort, and what and where if said."""

    sort: str
    what: str = ""
    at: str = ""


@dataclass(frozen=True, slots=True)
class Report:
    """What an office says of a day. `kind`: zero, abnormal or narrative."""

    campaign: str
    day: dt.date
    place: str
    kind: str
    text: str = ""
    matters: tuple[Abnormal, ...] = ()


def report(*, scope: Scope, new: Report, key: str, now_ms: int) -> Receipt:
    """零报告, 异常情况 or 分析文字 of one office and day."""
    scope.require("review", place=new.place)
    if new.kind != ZERO and not new.text.strip():
        raise Refused("SITUATION-EMPTY", "请写明情况。", "没有异常请点「今日无异常（零报告）」。")
    if new.kind == ABNORMAL and not new.matters:
        raise Refused("SITUATION-SORT", "请至少选一种异常。", "断货、抢购、价格异常、滞销或其他。")
    body: dict[str, object] = {
        "campaign": new.campaign,
        "day": new.day.isoformat(),
        "place": new.place,
        "kind": new.kind,
    }
    if new.kind != ZERO:
        body["text"] = new.text.strip()[:4000]
    if new.kind == ABNORMAL:
        body["matters"] = [
            {"number": n, "sort": one.sort}
            | ({"what": one.what.strip()[:60]} if one.what.strip() else {})
            | ({"at": one.at.strip()[:60]} if one.at.strip() else {})
            for n, one in enumerate(new.matters, 1)
        ]
    receipt = file(
        Draft(
            form=FORM, filer=scope.party, actor=scope.actor, key=key, body=body, said_at=now_ms,
            period=day_of(new.day).code, subject=new.place, place=new.place,
        ),
        now_ms=now_ms,
    )  # fmt: skip
    catch_up()
    return receipt


@dataclass(frozen=True, slots=True)
class Situation:
    """One report as it stands on the log."""

    seq: int
    campaign: str
    day: dt.date
    place: str
    filer: str
    kind: str
    text: str
    matters: tuple[Abnormal, ...]
    at_ms: int


def situations(scope: Scope, campaign: Campaign, day: dt.date | None = None) -> list[Situation]:
    """Reports on a campaign (or on one of its days) of places this scope reviews, newest first."""
    mine = scope.places("review") | scope.places("read_unit_figures")
    where, values = "form=%s", [FORM]
    if day is not None:
        where, values = f"{where} AND period=%s", [FORM, day_of(day).code]
    rows = [row for row in read.rows(where, values) if row.place in mine]
    found = [_situation(row) for row in rows]
    return [one for one in reversed(found) if one.campaign == campaign.code]


def abnormal_since(scope: Scope, since_ms: int) -> list[Situation]:
    """Abnormal reports of lower offices, newest first: for the higher office's first page."""
    mine = scope.places("review")
    rows = read.rows("form=%s AND received_at >= %s", [FORM, since_ms])
    found = [_situation(row) for row in rows if row.place in mine and row.filer != scope.party]
    return [one for one in reversed(found) if one.kind == ABNORMAL]


def _situation(row: read.FilingRow) -> Situation:
    body: Mapping[str, Any] = json.loads(row.body)
    matters = body.get("matters", ())
    return Situation(
        seq=row.seq,
        campaign=str(body["campaign"]),
        day=dt.date.fromisoformat(str(body["day"])),
        place=str(body["place"]),
        filer=row.filer,
        kind=str(body["kind"]),
        text=str(body.get("text", "")),
        matters=tuple(Abnormal(m["sort"], m.get("what", ""), m.get("at", "")) for m in matters),
        at_ms=row.received_at,
    )


@dataclass(frozen=True, slots=True)
class Owed:
    """What one office owes on one day and where it stands."""

    place: str
    kind: str
    owner: str
    due_at: int
    closed_seq: int | None


def owed(campaign: Campaign, day: dt.date) -> list[Owed]:
    """Every office's duties of one day of a campaign, by place."""
    threads = read.thread_lines_like(f"{FORM}|{campaign.code}|{day}|")
    procedure = SituationProcedure()
    return [
        Owed(row.place, row.kind, row.owner, row.due_at or 0, row.closed_seq)
        for thread, lines in threads.items()
        for row in procedure.duties(thread, lines)
    ]
