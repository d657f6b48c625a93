"""Pages of bulletins to read: the list and one bulletin."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from ortoo.domains.market.bulletins import adoptions, charts, gathering, offices, records, wording
from ortoo.domains.market.bulletins.adoptions import LEVEL_ZH
from ortoo.domains.market.bulletins.lengths import BRIEF, TITLE, WECHAT
from ortoo.domains.market.bulletins.records import Bulletin
from ortoo.domains.market.bulletins.sections import RETAIL
from ortoo.domains.market.bulletins.waiting import office_place
from ortoo.domains.market.bulletins.web import shown
from ortoo.domains.market.parameters import civil_day
from ortoo.domains.market.web.campaign_frame import page_key
from ortoo.kernel.filings.clock import now_ms
from ortoo.kernel.forms.periods import parse
from ortoo.kernel.grants import access
from ortoo.kernel.grants.scope import Scope
from ortoo.kernel.places.active import active_pack

PAGE = 60
TABS = (
    ("", "全部"), ("open", "在办"), ("published", "已发布"), ("corrected", "更正"),
    ("ended", "退回和撤回"),
)  # fmt: skip


def scope_of(request: HttpRequest) -> Scope:
    """Who asks."""
    return request.scope  # type: ignore[attr-defined, no-any-return]


@require_safe
def listed(request: HttpRequest) -> HttpResponse:
    """公报: drafts and published ones by place, week and state."""
    scope = scope_of(request)
    place, period = request.GET.get("place", ""), request.GET.get("period", "")
    state = request.GET.get("state", "")
    every = records.bulletins(scope, place=place, period=period)
    found = [one for one in every if _in(one, state)]
    if records.in_chain(scope, place) or scope.may("read_unit_figures"):
        access.record(scope, "bulletin-list", RETAIL, len(found), now_ms=now_ms())
    own = office_place(scope)
    pack = active_pack()
    units = [pack.root, *pack.reporting_units(scope.as_of)]
    context = {
        "rows": [_row(one) for one in found[:PAGE]],
        "more": max(0, len(found) - PAGE),
        "total": len(found),
        "tabs": [
            {
                "title": title,
                "href": f"?state={code}&place={place}&period={period}",
                "current": code == state,
                "count": sum(_in(one, code) for one in every),
            }
            for code, title in TABS
        ],
        "places": [(one.code, one.zh, one.code == place) for one in units],
        "periods": [(one.code, one.label_zh, one.code == period) for one in gathering.weeks(60)],
        "state": state,
        "own": own,
        "todo": _todo(scope, own) if own else [],
        "inside": scope.may("read_unit_figures", RETAIL),
        "searched": bool(place or period or state),
    }
    return render(request, "market/bulletins/list.html", context)


def _in(one: Bulletin, state: str) -> bool:
    if state == "open":
        return one.is_open
    if state == "published":
        return one.stage == records.PUBLISHED
    if state == "corrected":
        return one.text.corrects is not None or one.corrected_by is not None
    if state == "ended":
        return one.stage in (records.RETURNED, records.WITHDRAWN)
    return True


def _row(one: Bulletin) -> dict[str, Any]:
    return {
        "bulletin": one,
        "href": reverse("bulletin", kwargs={"code": one.code}),
        "title": one.text.title,
        "week": parse(one.period).label_zh,
        "status": shown.STATUS[one.stage],
        "stage": records.STAGE_ZH[one.stage],
        "basis": "" if one.text.basis == "issued" else "未发布口径",
        "correction": one.text.corrects is not None,
        "corrected": one.corrected_by is not None,
        "when": shown.moment(one.published_at or one.at),
    }


def _todo(scope: Scope, own: str) -> list[dict[str, str]]:
    """Weeks of the own office without a bulletin, newest first."""
    done = {one.period for one in records.bulletins(scope, place=own)}
    weeks = [one for one in gathering.weeks(4) if one.code not in done]
    return [
        {
            "title": one.label_zh,
            "href": f"{reverse('bulletin-new')}?period={one.code}",
            "basis": "已发布" if gathering.is_issued(one.code) else "未发布口径",
        }
        for one in weeks
    ]


@require_safe
def one(request: HttpRequest, code: str) -> HttpResponse:
    """A bulletin: three lengths, table, charts, who signed; its drafts stay in the chain."""
    scope = scope_of(request)
    found = records.bulletin(scope, code)
    inside = records.in_chain(scope, found.place)
    if inside:
        access.record(scope, "bulletin", found.code, len(found.text.rows), now_ms=now_ms())
    own = office_place(scope) == found.place
    others = records.bulletins(scope, place=found.place, period=found.period)
    by_seq = {one.seq: one for one in others}
    span = parse(found.period)
    limits = {
        BRIEF: wording.length_on("BULLETIN-BRIEF", span.end),
        WECHAT: wording.length_on("BULLETIN-WECHAT", span.end),
    }
    context = {
        "bulletin": found,
        "text": found.text,
        "week": span.label_zh,
        "status": shown.STATUS[found.stage],
        "stage": records.STAGE_ZH[found.stage],
        "published": shown.moment(found.published_at) if found.published_at else "",
        "paragraphs": shown.paragraphs(scope, found),
        "versions": shown.versions(found.text, limits),
        "table": shown.table(found.text),
        "charts": charts.shown(found.text),
        "files": [
            {"title": title, "href": reverse("bulletin-file", args=[found.code, kind])}
            for kind, title in (("pdf", "PDF"), ("docx", "Word"), ("txt", "文本"))
        ],
        "timeline": shown.timeline(found) if inside else [],
        "inside": inside,
        "earlier": _link(by_seq.get(found.text.corrects or 0)),
        "later": _link(by_seq.get(found.corrected_by or 0)),
        "history": any(one.source == "history" for one in found.text.numbers.values()),
        "parameters": wording.cited(span.end),
        "can": _can(scope, found, own=own),
        "adopted": [
            {"taken": a.taken, "level": LEVEL_ZH[a.taken.level], "version": TITLE[a.taken.version]}
            for a in (adoptions.adoptions(scope) if inside else [])
            if a.bulletin == found.seq
        ],
        "levels": list(LEVEL_ZH.items()),
        "today": civil_day(now_ms()).isoformat(),
        "key": page_key(),
    }
    return render(request, "market/bulletins/page.html", context)


@require_safe
def step(request: HttpRequest, thread: str) -> HttpResponse:
    """From an open step of 在办案卷 to the bulletin's own page."""
    code = "-".join(thread.split("|")[1:])
    found = records.bulletin(scope_of(request), code)
    return HttpResponseRedirect(reverse("bulletin", kwargs={"code": found.code}))


def _link(found: Bulletin | None) -> dict[str, str]:
    if found is None:
        return {}
    return {"href": reverse("bulletin", kwargs={"code": found.code}), "why": found.text.why}


def _can(scope: Scope, found: Bulletin, *, own: bool) -> dict[str, Any]:
    """What this reader may do with it now."""
    may_sign = own and scope.may("publish", RETAIL, place=found.place)
    others = offices.holders(found.place, scope.as_of) - {scope.login} if may_sign else set()
    return {
        "edit": own and found.stage == records.SIGN,
        "undo": own and found.stage == records.SIGN and len(found.drafts) > 1,
        "sign": may_sign and found.stage == records.SIGN,
        "other_signs": found.actor == scope.actor and bool(others),
        "publish": may_sign and found.stage == records.PUBLISH,
        "issued": gathering.is_issued(found.period),
        "correct": own and found.stage == records.PUBLISHED and found.corrected_by is None,
        "any": own,
    }
