"""样本报告: coverage 覆盖, response 应答 and rotation 轮换 of a list, one tab each."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from ortoo.domains.market.provenance import Provenance
from ortoo.domains.market.sample import frame
from ortoo.domains.market.sample.reports import Basis, basis
from ortoo.domains.market.sample.reports_coverage import coverage
from ortoo.domains.market.sample.reports_response import response
from ortoo.domains.market.sample.reports_rotation import turnover
from ortoo.domains.market.web import sample_report_tables as tables
from ortoo.domains.market.web.sample_frames import day_of, scope_of
from ortoo.kernel.filings.clock import now_ms
from ortoo.kernel.grants import access
from ortoo.kernel.grants.scope import Scope

TABS = {"coverage": "覆盖", "response": "应答", "rotation": "轮换"}
METHODS = {
    "coverage": "样本、抽样框与本期在效报表逐家对应；权数为框内家数除以样本家数，"
    "辅助变量占比按各层均值推算。",
    "response": "按应报任务计算：已到报送时限或已报的计入应报，免报不计；"
    "项目应答为已答单元格占应填单元格，选了空值原因的算已答。",
    "rotation": "由名录各次进出和核准的样本变动计算；"
    "应换名单按入样先后和保留比例拟出，须由人推荐、核准。",
}


@require_safe
def reports(request: HttpRequest, list_code: str) -> HttpResponse:
    """One of the three reports of a list, within the reader's places."""
    scope, on = scope_of(request), day_of(request)
    title = frame.title_of(list_code)
    part = request.GET.get("part", "")
    part = part if part in TABS else "coverage"
    found = basis(scope, list_code, on)
    access.record(scope, f"sample-{part}", list_code, len(found.members), now_ms=now_ms())
    if found.form and found.period:
        request.paper = (found.form.code, found.period.code)  # type: ignore[attr-defined]
    home = reverse("sample-reports", kwargs={"list_code": list_code})
    context: dict[str, Any] = {
        "title": title,
        "list_code": list_code,
        "on": on,
        "part": part,
        "part_title": TABS[part],
        "found": found,
        "count": len(found.members),
        "tabs": [
            {"title": name, "href": f"{home}?part={code}&on={on}", "current": code == part}
            for code, name in TABS.items()
        ],
    }
    if found.sampled:
        context |= _PARTS[part](request, scope, found)
    return render(request, "market/sample/reports.html", context)


def _coverage(request: HttpRequest, scope: Scope, found: Basis) -> dict[str, Any]:
    held = coverage(found)
    return {
        **tables.coverage(found, held),
        "said": _said(found, "coverage", (len(found.sampled), held.whole.answered)),
    }


def _response(request: HttpRequest, scope: Scope, found: Basis) -> dict[str, Any]:
    held = response(scope, found, now_ms())
    given = request.GET.get("missed", "")
    least = int(given) if given.isdigit() and len(given) < 4 else 1
    return {
        **tables.response(found, held, coverage(found), least),
        "missed": least,
        "said": _said(found, "response", (held.whole.owed, held.whole.filed), of="期次"),
    }


def _rotation(request: HttpRequest, scope: Scope, found: Basis) -> dict[str, Any]:
    held = turnover(scope, found)
    return {
        **tables.rotation(scope, found, held),
        "can_nominate": scope.may("manage_lists"),
        "overlap": held.overlap,
        "said": _said(found, "rotation", (0, 0)),
    }


_PARTS: dict[str, Callable[[HttpRequest, Scope, Basis], dict[str, Any]]] = {
    "coverage": _coverage,
    "response": _response,
    "rotation": _rotation,
}


def _said(found: Basis, part: str, counts: tuple[int, int], of: str = "") -> Provenance:
    periods = ""
    if found.periods and found.period:
        last = found.period.label_zh
        first = found.periods[0].label_zh
        periods = last if part == "coverage" else f"{first} 至 {last}，{len(found.periods)} 期"
    source = "名录、应报任务和企业报表"
    if found.strata and found.design:
        source += f"；抽样设计（第 {found.design.seq:,} 号报件，{found.design.source}）"
    return Provenance(
        found.log_index,
        METHODS[part] + ("报送率按家次计。" if of else ""),
        periods,
        expected=counts[0] if not of else 0,
        filed=counts[1] if not of else 0,
        sources=source,
    )
