"""Pages of 专项监测: the list and archive, ordering, changing, ending."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from ortoo.domains.market.campaigns import opening, selectors, services
from ortoo.domains.market.campaigns.plan import STAGE_ZH, Campaign
from ortoo.domains.market.web import campaign_form as forms
from ortoo.domains.market.web import campaign_frame as frame
from ortoo.domains.market.web import campaign_words as words
from ortoo.kernel.filings import read
from ortoo.kernel.filings.clock import now_ms
from ortoo.kernel.filings.refusal import Refused
from ortoo.kernel.grants import access
from ortoo.kernel.grants.scope import Scope

BADGE = {"coming": "draft", "running": "open", "ended": "accepted", "cancelled": "void"}


def scope_of(request: HttpRequest) -> Scope:
    return request.scope  # type: ignore[attr-defined]


def badge(found: Campaign, now: int) -> dict[str, str]:
    """Where a campaign stands, as the design system's badge."""
    stage = found.stage(frame.today(now))
    return {"status": BADGE[stage], "text": STAGE_ZH[stage]}


@require_safe
def listed(request: HttpRequest) -> HttpResponse:
    """专项监测: those that run or are to come, and the archive."""
    scope, now = scope_of(request), now_ms()
    today = frame.today(now)
    found = selectors.visible(scope)
    rows = [
        {
            "campaign": one,
            "href": reverse("campaign", kwargs={"code": one.code}),
            "badge": badge(one, now),
            "span": one.plan.span_zh,
            "what": words.cells_zh(one.plan, forms.form_of(one.plan.form)),
            "office": frame.place_zh(one.plan.place),
            "past": one.stage(today) in ("ended", "cancelled"),
            "filings": len(one.versions),
        }
        for one in found
    ]
    access.record(scope, "campaigns", "MON-CAMPAIGN", len(rows), now_ms=now)
    context = {
        "current": [row for row in rows if not row["past"]],
        "archive": [row for row in rows if row["past"]],
        "can_start": scope.may(services.VERB),
    }
    return render(request, "market/campaign/list.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """发起专项监测."""
    scope, now = scope_of(request), now_ms()
    place = frame.office_of(scope, services.VERB)
    ready = forms.daily_forms()
    if not ready:
        raise Refused("CAMPAIGN-FORM", "没有可按通知启动的日报表式。", "请先启用日报表式。", 409)
    wanted = request.POST.get("form") or request.GET.get("form") or ready[0].code
    form = next((one for one in ready if one.code == wanted), None)
    if form is None:
        raise Refused("CAMPAIGN-FORM", f"{wanted} 不是日报表式。", "请从列表中选择。", 404)
    plan = forms.fresh(form, place, frame.today(now))
    if request.method == "POST":
        receipt = services.start(
            scope=scope, new=forms.posted(request.POST, plan), key=frame.key_of(request), now_ms=now
        )
        opening.open_due(now)
        messages.success(request, "专项监测已发出，到日自动开报。")
        return _to(read_code(receipt.seq))
    return render(
        request, "market/campaign/form.html",
        forms.choices(plan, form, frame.today(now)) | {
            "key": frame.page_key(), "changing": None, "heading": "发起专项监测",
            "forms": [
                {"title": one.title["zh"], "href": f"?form={one.code}", "current": one is form}
                for one in ready
            ],
        },
    )  # fmt: skip


def read_code(seq: int) -> str:
    """The campaign a filing is of."""
    filing = read.get(seq)
    assert filing is not None
    return filing.subject


def _to(code: str) -> HttpResponseRedirect:
    return HttpResponseRedirect(reverse("campaign", kwargs={"code": code}))


@require_http_methods(["GET", "HEAD", "POST"])
def change(request: HttpRequest, code: str) -> HttpResponse:
    """调整: the same form with what stands, and a reason."""
    scope, now = scope_of(request), now_ms()
    found = selectors.one(scope, code)
    scope.require(services.VERB, form=found.plan.form, place=found.plan.place)
    if found.filer != scope.party:
        raise Refused("CAMPAIGN-OTHER-OFFICE", "只有发起机关可以调整。", "请联系发起机关。", 403)
    if request.method == "POST":
        services.change(
            scope=scope, code=code, new=forms.posted(request.POST, found.plan),
            reason=request.POST.get("reason", ""), key=frame.key_of(request), now_ms=now,
        )  # fmt: skip
        opening.open_due(now)
        messages.success(request, "已调整，自下一次开报起执行。")
        return _to(code)
    today = frame.today(now)
    form = forms.form_of(found.plan.form)
    context: dict[str, Any] = forms.choices(found.plan, form, today) | {
        "key": frame.page_key(),
        "changing": found,
        "begun": found.plan.first <= today,
        "heading": "调整专项监测",
        "forms": [],
    }
    return render(request, "market/campaign/form.html", context)


@require_POST
def end(request: HttpRequest, code: str) -> HttpResponse:
    """提前结束, or cancel what has not begun."""
    scope, now = scope_of(request), now_ms()
    selectors.one(scope, code)
    services.end(
        scope=scope, code=code, reason=request.POST.get("reason", ""), key=frame.key_of(request),
        now_ms=now,
    )  # fmt: skip
    opening.open_due(now)
    messages.success(request, "专项监测已结束，自动恢复周报。")
    return _to(code)
