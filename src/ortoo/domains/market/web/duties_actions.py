"""What an office does about missing returns: 催报, 电话记录, 免报; and what a firm chooses."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.views.decorators.http import require_http_methods, require_POST

from ortoo.domains.market import calls, reach, reminders, review_selectors, services
from ortoo.domains.market.calls import NewCall
from ortoo.domains.market.reminders import Reminding
from ortoo.domains.market.review_selectors import Review
from ortoo.domains.market.services import Matter
from ortoo.domains.market.web import duties_words as words
from ortoo.domains.market.web.duties_views import address
from ortoo.kernel.filings.clock import now_ms
from ortoo.kernel.filings.refusal import Refused


def _own(request: HttpRequest, form: str, period: str, office: str) -> Review:
    """The office's review; only the office itself speaks as the office."""
    view = review_selectors.review(request.scope, form, period, office)  # type: ignore[attr-defined]
    if not view.mine:
        raise Refused(
            "NOT-YOUR-OFFICE", f"这是{view.title}的审核，上级只能查看。", "请在本级办理。", 403
        )
    return view


def _firm(request: HttpRequest, view: Review) -> Matter:
    party = request.POST.get("party", "")
    if view.row_of(party) is None:
        raise Refused("FIRM-CHOOSE", "没有选定企业。", "请从名单中选择一家企业。")
    return Matter(view.form.code, view.period.code, party)


@require_POST
def remind(request: HttpRequest, form: str, period: str, office: str) -> HttpResponse:
    """催报 the ticked firms by the chosen channel."""
    view = _own(request, form, period, office)
    parties = tuple(p for p in request.POST.getlist("party") if view.row_of(p) is not None)
    if not parties:
        raise Refused("CHASE-NOBODY", "没有选定企业。", "请勾选要催报的企业。", 409)
    channel = request.POST.get("channel", "")
    receipt, count = reminders.remind(
        scope=request.scope,  # type: ignore[attr-defined]
        new=Reminding(view.form.code, view.period.code, office, parties, channel),
        now_ms=now_ms(),
    )
    left = len(parties) - count
    said = f"已登记催报 {count} 家（{words.CHANNEL_WORDS[channel]}），第 {receipt.seq} 号报件。"
    messages.success(request, said + (f"{left} 家已报或不接收自动提醒，未列入。" if left else ""))
    return HttpResponseRedirect(f"{address('chase', view)}#sent")


@require_POST
def call(request: HttpRequest, form: str, period: str, office: str) -> HttpResponse:
    """Log a telephone call."""
    view = _own(request, form, period, office)
    calls.log_call(
        scope=request.scope,  # type: ignore[attr-defined]
        new=NewCall(
            _firm(request, view),
            office,
            request.POST.get("spoke_with", ""),
            request.POST.get("outcome", ""),
            request.POST.get("note", "")[:200],
        ),
        now_ms=now_ms(),
    )
    messages.success(request, "电话已登记。")
    return HttpResponseRedirect(f"{address('chase', view)}#calls")


@require_POST
def waive(request: HttpRequest, form: str, period: str, office: str) -> HttpResponse:
    """免报 one firm for this period, with the reason; or take it back."""
    view = _own(request, form, period, office)
    lifted = request.POST.get("lifted") == "1"
    reason = request.POST.get("text", "").strip() or request.POST.get("usual", "").strip()
    services.waive(
        scope=request.scope,  # type: ignore[attr-defined]
        matter=_firm(request, view),
        office=office,
        text=reason,
        lifted=lifted,
        now_ms=now_ms(),
    )
    messages.success(request, "已撤销免报，企业重新应报。" if lifted else "已登记免报。")
    return HttpResponseRedirect(f"{address('chase', view)}#waived")


@require_http_methods(["GET", "HEAD", "POST"])
def reach_page(request: HttpRequest) -> HttpResponse:
    """提醒方式: what a firm chooses for itself; its address is sealed and not shown again."""
    scope = request.scope  # type: ignore[attr-defined]
    scope.require("file_return", party=scope.party)
    if request.method == "POST":
        reach.choose(
            scope=scope,
            party=scope.party,
            channel=request.POST.get("channel", ""),
            address=request.POST.get("address", "")[:120],
            now_ms=now_ms(),
        )
        messages.success(request, "提醒方式已登记。")
        return HttpResponseRedirect(request.path)
    choice = reach.choices([scope.party]).get(scope.party, reach.Choice())
    context = {
        "choice": choice,
        "options": [*((c, ch.title) for c, ch in reach.CHANNELS.items()), (reach.NONE, "不接收")],
    }
    return render(request, "market/duties/reach.html", context)
