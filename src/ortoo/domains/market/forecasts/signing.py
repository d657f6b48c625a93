"""模型签发: what the model is, what was signed about it, and the region's signature."""

from __future__ import annotations

import secrets

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from ortoo.domains.market.forecasts import approvals, model
from ortoo.domains.market.parameters import civil_day
from ortoo.kernel.filings.clock import now_ms
from ortoo.kernel.filings.refusal import Refused
from ortoo.kernel.grants.scope import Scope
from ortoo.kernel.places.active import active_pack

KINDS = {"week": "周报", "month": "月报", "tenday": "旬报"}


@require_http_methods(["GET", "HEAD", "POST"])
def page(request: HttpRequest) -> HttpResponse:
    """The model and its signatures, for the reviewing chain; POST signs or withdraws."""
    scope: Scope = request.scope  # type: ignore[attr-defined]
    if request.method == "POST":
        return _signed(request, scope)
    if not scope.places("read_aggregates") and not scope.places("read_unit_figures"):
        scope.require("read_aggregates")
    said = approvals.decisions()
    context = {
        "facts": [
            ("模型", f"{model.NAME} 第 {model.VERSION} 版"),
            ("参数摘要", model.digest()),
            ("程序摘要", model.code_digest()),
            ("区间", "、".join(f"{level}%" for level in model.LEVELS)),
            ("数量平衡", "各盟市之和等于全区（MinT 收缩协方差，历史不足时 OLS）"),
            ("价格一致", "单价×数量＝金额，全区价格＝金额之和÷数量之和"),
        ],
        "cadences": [
            (KINDS[kind], one.horizon, one.least, one.checks, one.gap)
            for kind, one in model.CADENCES.items()
        ],
        "decisions": [
            (
                one.seq, civil_day(one.at_ms), one.version, one.digest[:8],
                "签发" if one.decision == approvals.APPROVE else "停用",
                one.digest == model.digest(),
            )
            for one in reversed(said)
        ],
        "in_force": approvals.in_force(),
        "may_sign": approvals.may_sign(scope),
        "budget": approvals.BUDGET,
        "policy": approvals.POLICY,
        "key": secrets.token_hex(16),
    }  # fmt: skip
    return render(request, "market/forecasts/model.html", context)


def _signed(request: HttpRequest, scope: Scope) -> HttpResponse:
    scope.require("publish", place=active_pack().root.code)
    decision = request.POST.get("decision", "")
    if decision not in (approvals.APPROVE, approvals.WITHDRAW):
        raise Refused("MODEL-DECISION", "没有说明是签发还是停用。", "请点页面上的按钮。", 422)
    budget = request.POST.get("budget", "")
    approvals.sign(
        scope=scope,
        decision=decision,
        budget=int(budget) if budget.isascii() and budget.isdigit() and len(budget) < 9 else 0,
        policy=request.POST.get("policy", ""),
        key=f"model:{request.POST.get('key', '')[:40]}",
        now_ms=now_ms(),
    )
    messages.info(request, "已签发。" if decision == approvals.APPROVE else "已停用。")
    return HttpResponseRedirect(reverse("forecast-model"))
