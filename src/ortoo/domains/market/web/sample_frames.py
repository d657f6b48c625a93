"""样本名录: lists, one list as of a day, a firm's seat, and the same as files."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from ortoo.domains.market.sample import frame, matters, timing
from ortoo.domains.market.sample.design import design_on
from ortoo.domains.market.sample.frame import Candidate, Member
from ortoo.domains.market.sample.matters import Matter, movement_words
from ortoo.domains.market.web import sample_words as words
from ortoo.domains.market.web.assessment_files import Listing, count, response
from ortoo.domains.market.web.assessment_files import words as text
from ortoo.kernel.filings.clock import now_ms
from ortoo.kernel.filings.refusal import Refused
from ortoo.kernel.grants import access
from ortoo.kernel.grants.scope import Scope
from ortoo.web.words import time_left

TABS = {"members": "名录", "candidates": "候选企业", "changes": "样本变动"}


def scope_of(request: HttpRequest) -> Scope:
    return request.scope  # type: ignore[attr-defined,no-any-return]


def day_of(request: HttpRequest) -> dt.date:
    """The day asked for, else today. Refused SAMPLE-DAY."""
    given = request.GET.get("on", "")
    try:
        return dt.date.fromisoformat(given) if given else timing.civil_day(now_ms())
    except ValueError:
        raise Refused("SAMPLE-DAY", "日期有误。", "请写成 2026-11-23。", 400) from None


def matter_href(matter: Matter, name: str = "sample-matter") -> str:
    return reverse(name, kwargs={"nominator": matter.nominator, "case": matter.case})


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """Every list, how many firms it has in the reader's places, and open nominations."""
    scope, on = scope_of(request), day_of(request)
    inside = frame.readable(scope)
    found = matters.matters(scope)
    rows = []
    for code, title in frame.lists().items():
        held = frame.members(scope, code, on)
        rows.append(
            {
                "title": title,
                "href": reverse("sample-frame", kwargs={"list_code": code}),
                "members": len(held),
                "open": sum(1 for m in found if m.asks.list == code and m.holder),
                "design": design_on(code, on) is not None,
                "forms": "、".join(form.title["zh"] for form in frame.forms_of(code)),
            }
        )
    access.record(scope, "sample-lists", "样本名录", len(inside), now_ms=now_ms())
    mine = [m for m in found if m.holder and m.holder == scope.party]
    context = {
        "rows": rows,
        "mine": [change_row(m) for m in mine],
        "others": [change_row(m) for m in found if m.holder and m not in mine],
    }
    return render(request, "market/sample/lists.html", context)


def change_row(matter: Matter) -> dict[str, Any]:
    """A nomination as a line of a table."""
    urgency, left = time_left(matter.due_at, now_ms()) if matter.due_at else ("calm", "")
    return {
        "matter": matter,
        "href": matter_href(matter),
        "list": frame.LISTS.get(matter.asks.list, matter.asks.list),
        "words": movement_words(matter.asks),
        "kind": words.kind(matter),
        "place": words.place(matter.place),
        "badge": words.badge(matter),
        "holder": words.holder(matter),
        "left": left,
        "urgency": urgency,
        "at": words.moment(matter.at),
        "period": matter.asks.span.label_zh,
    }


@require_safe
def one(request: HttpRequest, list_code: str) -> HttpResponse:
    """One list: its members, candidates or changes."""
    scope, on = scope_of(request), day_of(request)
    title = frame.title_of(list_code)
    tab = request.GET.get("tab", "")
    tab = tab if tab in TABS else "members"
    asked = request.GET.get("q", "").strip()
    home = reverse("sample-frame", kwargs={"list_code": list_code})
    held = frame.members(scope, list_code, on)
    access.record(scope, f"sample-{tab}", list_code, len(held), now_ms=now_ms())
    context: dict[str, Any] = {
        "title": title,
        "list_code": list_code,
        "on": on,
        "q": asked,
        "tab": tab,
        "home": home,
        "count": len(held),
        "can_nominate": scope.may("manage_lists"),
        "forms": frame.forms_of(list_code),
        "has_design": design_on(list_code, on) is not None,
        "tabs": [
            {"title": TABS[code], "href": f"{home}?tab={code}&on={on}", "current": code == tab}
            for code in TABS
        ],
    }
    if tab == "members":
        rows = [m for m in held if _matches(asked, m)]
        context["table"] = members_listing(list_code, title, rows, on).table(
            _exports(list_code, on)
        )
    elif tab == "candidates":
        found = [c for c in frame.candidates(scope, list_code, on) if _matches(asked, c)]
        context["table"] = _candidates_listing(list_code, title, found, on).table([])
    else:
        context["changes"] = [change_row(m) for m in matters.matters(scope, list_code)]
    return render(request, "market/sample/list.html", context)


def _matches(asked: str, row: Member | Candidate) -> bool:
    told = f"{row.name} {row.party} {words.place(row.place)}".casefold()
    return asked.casefold() in told


def _exports(list_code: str, on: dt.date) -> list[dict[str, str]]:
    return [
        {
            "title": kind.upper(),
            "href": reverse("sample-export", kwargs={"list_code": list_code, "kind": kind})
            + f"?on={on}",
        }
        for kind in ("csv", "xlsx")
    ]


def members_listing(list_code: str, title: str, rows: list[Member], on: dt.date) -> Listing:
    """Members as a table and as a file."""
    made = []
    for row in rows:
        href = reverse("sample-seat", kwargs={"list_code": list_code, "party": row.party})
        notes = [
            *(["变动办理中"] if row.matter else []),
            *(["已有承继单位"] if row.successor else []),
        ]
        made.append(
            (
                text(row.name, href, "、".join(notes)),
                text(row.party),
                text(words.place(row.place)),
                text(row.stratum or "—"),
                text(row.since),
                text(row.until or "—"),
                count(row.record.owed),
                count(row.record.filed),
                count(row.record.late),
            )
        )
    columns = (
        ("企业", "", False), ("统一社会信用代码", "", False), ("地区", "", False),
        ("抽样层", "", False), ("自", "", False), ("至", "", False), ("应报", "期", True),
        ("已报", "期", True), ("迟报", "期", True),
    )  # fmt: skip
    head = (("标题", title), ("名录日期", on.isoformat()), ("家数", str(len(rows))))
    note = f"应报、已报、迟报为最近 {frame.RECORD_PERIODS} 期；免报不计。"
    return Listing(f"{title}{on}", head, columns, tuple(made), note)


def _candidates_listing(list_code: str, title: str, rows: list[Candidate], on: dt.date) -> Listing:
    made = tuple(
        (
            text(
                row.name,
                reverse("sample-seat", kwargs={"list_code": list_code, "party": row.party}),
                "变动办理中" if row.matter else "",
            ),
            text(row.party),
            text(words.place(row.place)),
        )
        for row in rows
    )
    columns = (("企业", "", False), ("统一社会信用代码", "", False), ("地区", "", False))
    note = "已登记而不在本名录的企业；未登记的企业须先登记主体。"
    return Listing(f"{title}候选{on}", (), columns, made, note)


@require_safe
def export(request: HttpRequest, list_code: str, kind: str) -> HttpResponse:
    """The members of a day as CSV or Excel."""
    scope, on = scope_of(request), day_of(request)
    title = frame.title_of(list_code)
    rows = frame.members(scope, list_code, on)
    access.record(scope, "export-sample", list_code, len(rows), now_ms=now_ms())
    return response(members_listing(list_code, title, rows, on), kind)


@require_safe
def seat(request: HttpRequest, list_code: str, party: str) -> HttpResponse:
    """One firm's seat: its stays, what was said about it, how it answered."""
    scope, on = scope_of(request), day_of(request)
    title = frame.title_of(list_code)
    found = frame.seat(scope, list_code, party, on)
    access.record(scope, "sample-seat", party, 1, now_ms=now_ms())
    entries = []
    for said in found.said:
        _, nominator, case = said.matter.split("|", 2)
        entries.append(
            {
                "title": words.said(said),
                "when": words.moment(said.at),
                "number": str(said.seq),
                "detail": f"样本变动 {case}",
                "href": reverse("sample-matter", kwargs={"nominator": nominator, "case": case}),
                "state": "accepted" if said.outcome == "pass" else "filed",
            }
        )
    open_stay = any(stay.on(on) for stay in found.stays)
    context = {
        "title": title,
        "list_code": list_code,
        "seat": found,
        "place": words.place(found.place),
        "entries": entries,
        "inside": open_stay,
        "can_nominate": scope.may("manage_lists", place=found.place),
    }
    return render(request, "market/sample/seat.html", context)
