"""The till's own feed: its export handed in with a key, and a sandbox that writes nothing."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import reverse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from ortoo.domains.market.till import filling, keys, selectors, services, whole
from ortoo.domains.market.till.selectors import Till
from ortoo.domains.market.till.telling import told, tried
from ortoo.domains.market.web.clerk_desk import Desk, open_desk
from ortoo.domains.market.web.till_views import refuse_larger
from ortoo.kernel.filings.clock import now_ms
from ortoo.kernel.filings.refusal import Refused
from ortoo.kernel.grants.access import record


@csrf_exempt
@require_POST
def feed(request: HttpRequest, form: str, period: str, *, sandbox: bool = False) -> HttpResponse:
    """The body is the export itself (Excel or CSV); `?name=` what to call it. Fills the draft and
    never files a return. With `sandbox`, or `?sandbox=1`, only answers what it would fill."""
    scope = keys.recognised(request.headers.get("Authorization", ""), now_ms=now_ms())
    refuse_larger(request)
    desk = open_desk(cast(HttpRequest, SimpleNamespace(scope=scope)), form, period)
    desk.require_open()
    sandbox = sandbox or request.GET.get("sandbox") == "1"
    export = services.Export(request.GET.get("name", "")[:120] or "feed", _body(request))
    record(scope, "till-sandbox" if sandbox else "till-feed", desk.matter.thread, 0,
           now_ms=desk.now)  # fmt: skip
    if sandbox:
        return JsonResponse(_answer(desk, tried(desk, export), filled=0, sandbox=True))
    services.receive(scope=scope, matter=desk.matter, export=export, now_ms=desk.now)
    found = selectors.require_upload(whole.opened(desk))
    filled = 0
    if found.understood and found.sums:
        filled = len(filling.fill(desk, found).cells)
    status = 200 if filled else 202
    return JsonResponse(_answer(desk, found, filled=filled, sandbox=False), status=status)


def _body(request: HttpRequest) -> bytes:
    """The raw body, read past the framework's limit for forms but not past ours."""
    data = request.read(services.LARGEST + 1)
    if len(data) > services.LARGEST:
        raise Refused("SHEET-TOO-LARGE", "文件超过上限。", "只导出本期日期和需要的列。", 413)
    return data


def _answer(desk: Desk, found: Till, *, filled: int, sandbox: bool) -> dict[str, Any]:
    return {
        "sandbox": sandbox,
        **told(desk, found),
        "filled": filled,
        "filed": False,
        "page": reverse("till", kwargs=desk.names),
    }
