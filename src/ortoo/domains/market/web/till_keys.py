"""接口密钥: the firm's own page of keys for its till feed."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from ortoo.domains.market.till import keys
from ortoo.domains.market.web import clerk_words as words
from ortoo.kernel.filings.clock import now_ms


@require_http_methods(["GET", "POST"])
def page(request: HttpRequest) -> HttpResponse:
    """List, issue (shown once) and revoke."""
    scope = request.scope  # type: ignore[attr-defined]
    shown = ""
    if request.method == "POST":
        if request.POST.get("revoke"):
            keys.revoke(scope=scope, number=request.POST["revoke"], now_ms=now_ms())
            messages.success(request, "密钥已停用。")
            return redirect("till-keys")
        shown = keys.issue(scope=scope, label=request.POST.get("label", ""), now_ms=now_ms())[1]
    context = {
        "keys": [
            {
                "id": key.id,
                "label": key.label,
                "by": key.login,
                "issued": words.moment(key.issued_at),
                "used": words.moment(key.used_at) if key.used_at else "还没有用过",
                "stands": key.revoked_at is None,
            }
            for key in keys.listed(scope)
        ],
        "shown": shown,
        "limit": keys.CALLS_AN_HOUR,
        "crumbs": [
            {"title": "我的报送", "href": reverse("my-returns")}, {"title": "接口密钥"},
        ],
    }  # fmt: skip
    return render(request, "market/till/keys.html", context)
