"""在办案卷: the open duties of one's party in threads, narrowed, searched, counted and exported."""

from __future__ import annotations

import csv
import io
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from ortoo.domains.market.web.exports import CSV, safe
from ortoo.kernel.filings.clock import now_ms
from ortoo.kernel.filings.refusal import Refused
from ortoo.kernel.grants.scope import Scope
from ortoo.kernel.threads.catalogue import CATALOGUE
from ortoo.site.demo_clock import clock_text
from ortoo.site.matters import worklist
from ortoo.site.matters.moments import full, moment
from ortoo.site.matters.reach import READING, may_as_own
from ortoo.site.matters.selectors import case_of, names_of
from ortoo.site.matters.worklist import COUNTED, EXPORTED, Owed, Standing, Wanted

STATES = {"overdue": "已逾期", "soon": "4 小时内到期", "undated": "计时暂停或没有期限"}
TILES = {"open": "在办", "overdue": "已逾期", "soon": "4 小时内到期", "undated": "计时暂停或无期限"}
LONGEST_WORDS = 60


def _require_own(request: HttpRequest) -> Scope:
    """Only for who reads her own party's filings: others have no duties in threads."""
    scope: Scope = request.scope  # type: ignore[attr-defined]
    if not may_as_own(scope, READING):
        scope.require("read_own", party=scope.party)
        raise Refused(
            "SCOPE-PARTY", "本账号不代表任何单位办理案卷。", "请用本单位的账号登录。", 403
        )
    return scope


def _wanted(request: HttpRequest) -> Wanted:
    def asked(name: str) -> str:
        return request.GET.get(name, "").replace("\x00", "").strip()[:LONGEST_WORDS]

    state, step = asked("state"), asked("step")
    return Wanted(
        procedure=asked("procedure"),
        step=step if step in worklist.steps_known() else "",
        state=state if state in STATES else "",
        words=asked("q"),
    )


@require_safe
def page(request: HttpRequest) -> HttpResponse:
    """What the own party owes in threads, by due time."""
    scope, now, wanted = _require_own(request), now_ms(), _wanted(request)
    found, following = worklist.page(
        scope.party, wanted, now_ms=now, after=request.GET.get("after", "")
    )
    standings = worklist.standings(found, now)
    query = {name: request.GET[name] for name in ("procedure", "step", "state", "q")
             if request.GET.get(name)}  # fmt: skip
    here = reverse("matters")
    context: dict[str, Any] = {
        "wanted": wanted,
        "narrowed": wanted != Wanted(),
        "tiles": _tiles(scope.party, now),
        "procedures": _procedures(),
        "steps": _steps(),
        "states": STATES.items(),
        "here": here,
        # Plain rows and not `data_table`: fifty of them cost a tenth of the time.
        "rows": _rows(standings),
        "export_href": reverse("matters-export") + (f"?{urlencode(query)}" if query else ""),
        "next_href": f"{here}?{urlencode({**query, 'after': following})}" if following else "",
        "first_href": f"{here}?{urlencode(query)}" if request.GET.get("after") else "",
        "clock": clock_text(now),
    }
    return render(request, "matters/list.html", context)


def _tiles(party: str, now: int) -> list[tuple[str, str, str]]:
    """(label, figure, link) of what is open, overdue, due soon, standing."""
    here = reverse("matters")
    return [
        (
            TILES[name],
            f"{COUNTED:,}+" if number > COUNTED else f"{number:,}",
            here if name == "open" else f"{here}?state={name}",
        )
        for name, number in worklist.counts(party, now_ms=now).items()
    ]


def _procedures() -> list[tuple[str, str]]:
    return [(code, CATALOGUE.definition(code).title["zh"]) for code in worklist.codes()]


def _steps() -> list[tuple[str, list[tuple[str, str]]]]:
    known = worklist.steps_known()
    return [
        (title, [(key, step) for key, step in known.items() if key.startswith(f"{code}:")])
        for code, title in _procedures()
    ]


def _rows(standings: list[Standing]) -> list[dict[str, str]]:
    names = names_of(standing.owed.subject for standing in standings)
    return [
        {
            "case": case_of(standing.owed.thread),
            "href": reverse("matter", kwargs={"thread": standing.owed.thread}),
            "subject": names.get(standing.owed.subject, standing.owed.subject),
            "what": standing.what,
            "title": standing.title,
            "state": standing.state,
            "word": standing.word,
            "left": standing.left,
            "due": "" if standing.owed.due_at is None else moment(standing.owed.due_at),
        }
        for standing in standings
    ]


@require_safe
def export(request: HttpRequest) -> HttpResponse:
    """The same list as CSV (UTF-8 with a mark for Excel), up to `EXPORTED` lines."""
    scope, now = _require_own(request), now_ms()
    found, following = worklist.page(scope.party, _wanted(request), now_ms=now, size=EXPORTED)
    names = names_of(owed.subject for owed in found)
    steps = worklist.steps_known()
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(["单位", safe(names_of([scope.party])[scope.party])])
    writer.writerow(["截至", full(now)])
    if following:
        writer.writerow(["说明", f"只列截止时间最早的 {EXPORTED} 件"])
    writer.writerow(
        ["办理规程", "案号", "标的代码", "标的", "环节", "事项", "截止时间", "是否逾期"]
    )
    writer.writerows(_csv_row(owed, names, steps, now) for owed in found)
    response = HttpResponse("\ufeff" + out.getvalue(), content_type=CSV)
    response["Content-Disposition"] = 'attachment; filename="matters.csv"'
    return response


def _csv_row(owed: Owed, names: dict[str, str], steps: Any, now: int) -> list[str]:
    late = owed.due_at is not None and owed.due_at < now
    cells = [
        owed.procedure,
        owed.thread.partition("|")[2],
        owed.subject,
        names.get(owed.subject, owed.subject),
        steps.get(f"{owed.procedure}:{owed.step}", owed.step),
        worklist.KINDS.get(owed.kind, "办理"),
        full(owed.due_at) if owed.due_at is not None else "",
        "是" if late else "否",
    ]
    return [safe(cell) for cell in cells]
