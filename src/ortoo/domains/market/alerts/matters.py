"""Alerts 异动 as they stand: what was raised and when, which steps are open, how they ended.

Folded from the threads MARKET-ALERT|place|case and the filings in them; nothing is stored.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ortoo.kernel.duties.models import Duty
from ortoo.kernel.filings import read
from ortoo.kernel.filings.refusal import Refused
from ortoo.kernel.forms.periods import Period, parse
from ortoo.kernel.grants.scope import Scope
from ortoo.kernel.threads.catalogue import CATALOGUE
from ortoo.kernel.threads.procedure import ThreadLine
from ortoo.kernel.threads.state import ThreadFold

PROCEDURE = "MARKET-ALERT"
RAISE, VERIFY, PHONE = "ALERT-RAISE", "ALERT-VERIFY", "ALERT-PHONE"
REPORT, MEASURES, CLOSE = "ALERT-REPORT", "ALERT-MEASURES", "ALERT-CLOSE"
FORMS = (RAISE, VERIFY, PHONE, REPORT, MEASURES, CLOSE)
STEPS = {
    "verify": "核实", "phone": "电话报告", "report": "两小时书面报告",
    "follow3": "续报（升至Ⅲ级）", "follow2": "续报（升至Ⅱ级）", "follow1": "续报（升至Ⅰ级）",
    "measures": "处置建议", "close": "解除",
}  # fmt: skip
REPORTS = ("report", "follow3", "follow2", "follow1")


def thread_of(place: str, case: str) -> str:
    """Key of an alert's thread."""
    return f"{PROCEDURE}|{place}|{case}"


@dataclass(frozen=True, slots=True)
class Raised:
    """One ALERT-RAISE: the first, or a step up 升级. `at` in ms; `log_index` it was computed at."""

    seq: int
    at: int
    level: int
    rule: str
    table: str
    table_version: int
    verified: bool
    form: str
    period: str
    log_index: int
    said: str
    lines: tuple[Mapping[str, Any], ...]


@dataclass(frozen=True, slots=True)
class Alert:
    """An alert. `stage`: open, ended or false_alarm; `open_steps`: code → due time in ms."""

    place: str
    case: str
    sort: str
    goods: str
    first_period: str
    raised: tuple[Raised, ...]
    stage: str
    ended_at: int | None
    open_steps: Mapping[str, int | None]
    owners: Mapping[str, str]
    filings: tuple[read.FilingRow, ...]

    @property
    def thread(self) -> str:
        return thread_of(self.place, self.case)

    @property
    def newest(self) -> Raised:
        """The raise in force."""
        return self.raised[-1]

    @property
    def level(self) -> int:
        return self.newest.level

    @property
    def at(self) -> int:
        return self.raised[0].at

    @property
    def key(self) -> tuple[str, str, str]:
        """What the alert is about: place, sort, goods."""
        return self.place, self.sort, self.goods

    @property
    def span(self) -> Period:
        return parse(self.newest.period)


def may_see(scope: Scope, place: str) -> bool:
    """Offices whose places hold the alert's, the auditor there, and readers of aggregates."""
    return scope.may("read_unit_figures", place=place) or scope.may("read_aggregates", place=place)


def sees_firms(scope: Scope, place: str) -> bool:
    """Whether firms of the alert may be named to this reader."""
    return scope.may("read_unit_figures", place=place)


def alerts(scope: Scope, *, as_of: int | None = None) -> list[Alert]:
    """Every alert this reader may see, open ones first by level, then newest first."""
    found = [one for one in every(as_of) if may_see(scope, one.place)]
    return sorted(found, key=lambda one: (one.stage != "open", one.level, -one.at))


def alert(scope: Scope, place: str, case: str, *, as_of: int | None = None) -> Alert:
    """One alert. Refused ALERT-UNKNOWN also where the reader may not see it, so that the answer
    does not tell which exist."""
    if may_see(scope, place):
        thread = thread_of(place, case)
        found = _folded(read.thread_lines([thread]), as_of)
        if found:
            return found[0]
    raise Refused("ALERT-UNKNOWN", "没有这件异动。", "请从异动列表打开。", 404)


def every(as_of: int | None = None) -> list[Alert]:
    """All alerts, without a reader: for the system party, never for a page."""
    return _folded(read.thread_lines_like(f"{PROCEDURE}|"), as_of)


def _folded(threads: Mapping[str, list[ThreadLine]], as_of: int | None) -> list[Alert]:
    procedure = CATALOGUE.procedure(PROCEDURE)
    kept = {
        thread: [line for line in lines if as_of is None or line.seq <= as_of]
        for thread, lines in threads.items()
    }
    folds = {thread: procedure.fold(lines) for thread, lines in kept.items() if lines}
    folds = {thread: found for thread, found in folds.items() if found.opened is not None}
    rows = read.by_seqs(line.seq for thread in folds for line in kept[thread])
    due = _due(folds) if as_of is None else {}
    made = [_alert(thread, found, kept[thread], rows, due) for thread, found in folds.items()]
    return [one for one in made if one is not None]


def _due(threads: Iterable[str]) -> dict[tuple[str, str], int | None]:
    """(thread, step) → due time of the open duties."""
    wanted = list(threads)
    found: dict[tuple[str, str], int | None] = {}
    for start in range(0, len(wanted), 500):
        rows = Duty.objects.filter(
            thread__in=wanted[start : start + 500], closed_seq__isnull=True, void_seq__isnull=True
        ).values_list("key", "thread", "due_at")
        for key, thread, due_at in rows:
            found[thread, key.rsplit("|", 1)[-1].partition("#")[0]] = due_at
    return found


def _alert(
    thread: str,
    found: ThreadFold,
    lines: list[ThreadLine],
    rows: Mapping[int, read.FilingRow],
    due: Mapping[tuple[str, str], int | None],
) -> Alert | None:
    _, place, case = thread.split("|", 2)
    gone = found.annulled()
    filings = [rows[seq] for seq in dict.fromkeys(line.seq for line in lines)]
    raised = [_raised(row) for row in filings if row.form == RAISE and row.seq not in gone]
    if not raised:
        return None
    first = json.loads(next(row for row in filings if row.form == RAISE).body)
    ended = found.ended
    stage = "open" if ended is None else ended.code
    open_steps = {
        code: due.get((thread, code)) for code in STEPS if found.episode(code) is not None
    }
    return Alert(
        place=place, case=case, sort=first["sort"], goods=first["goods"],
        first_period=first["first_period"], raised=tuple(raised), stage=stage,
        ended_at=next((r.received_at for r in filings if ended and r.seq == ended.seq), None),
        open_steps=open_steps if ended is None else {},
        owners={code: found.owner(code) for code in STEPS}, filings=tuple(filings),
    )  # fmt: skip


def _raised(row: read.FilingRow) -> Raised:
    body = json.loads(row.body)
    return Raised(
        row.seq, row.received_at, body["level"], body["rule"], body["table"],
        body["table_version"], body["verified"], body["form"], body["period"], body["log_index"],
        body["said"], tuple(body.get("lines", ())),
    )  # fmt: skip
