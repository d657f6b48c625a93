"""The till's own feed: its export handed in with a key, and a sandbox that writes nothing."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import reverse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from ortoo.domains.market.till import filling, keys, selectors, services, store, whole
from ortoo.domains.market.till.lines import FAULTS
from ortoo.domains.market.till.selectors import Till
from ortoo.domains.market.web.clerk_desk import Desk, open_desk
from ortoo.domains.market.web.till_views import refuse_larger
from ortoo.kernel.filings.clock import now_ms
from ortoo.kernel.filings.refusal import Refused
from ortoo.kernel.grants.access import record

MOST_LISTED = 200


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
        return JsonResponse(_answer(desk, _tried(desk, export), filled=0, sandbox=True))
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


def _tried(desk: Desk, export: services.Export) -> Till:
    """The import as it would stand, from memory only."""
    page = whole.whole_of(desk)
    memory = selectors.memory_of(desk.scope, desk.matter).coded(page.filed)
    sheet, others = services.sheet_of(export, memory.layouts)
    upload = store.Upload(
        "", export.name, export.sha256, sheet.name, tuple(others), desk.now, desk.scope.actor
    )
    return Till(page.form, desk.period, upload, sheet.rows, memory, filed=page.filed)


def _answer(desk: Desk, found: Till, *, filled: int, sandbox: bool) -> dict[str, Any]:
    layout, reading = found.layout, found.reading
    return {
        "sandbox": sandbox,
        "form": desk.matter.form,
        "period": desk.matter.period,
        "sha256": found.upload.sha256,
        "columns": {role: layout.titles[at] for role, at in layout.roles.items()},
        "columns_confirmed": found.understood,
        "rows": reading.rows,
        "left_out": [
            {
                "code": code,
                "reason": FAULTS[code],
                "rows": count,
                "examples": reading.examples[code],
            }
            for code, count in sorted(reading.left_out.items())
        ],
        "cells": {
            found.filed_code(row.sums.item.code): {
                cell.measure.code: cell.text for cell in row.cells if cell.text
            }
            for row in filling.rows_of(desk, found)
        },
        "to_ask": [
            {
                "sku": one.article.sku,
                "name": one.article.name,
                "item": found.filed_code(one.guesses[0].item),
                "score": one.guesses[0].score,
            }
            for one in found.questions[:MOST_LISTED]
        ],
        "filled": filled,
        "filed": False,
        "page": reverse("till", kwargs=desk.names),
    }
