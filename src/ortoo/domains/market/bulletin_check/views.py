"""The checker's page: paste, read what is marked, take the table away. Nothing pasted is kept."""

from __future__ import annotations

from collections.abc import Sequence

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.views.decorators.http import require_http_methods

from ortoo.domains.market import selectors
from ortoo.domains.market.bulletin_check.check import (
    MOST_CHARACTERS,
    RETAIL,
    Context,
    context_of,
    findings,
    tally,
)
from ortoo.domains.market.bulletin_check.findings import Finding, Verdict
from ortoo.domains.market.publication import is_published
from ortoo.domains.market.web.exports import CSV, Export, written
from ortoo.domains.market.web.figures_request import in_chain, place_name
from ortoo.domains.market.web.figures_sheet import Column, Row, Sheet, text
from ortoo.kernel.filings.clock import now_ms
from ortoo.kernel.filings.refusal import Refused
from ortoo.kernel.forms import registry
from ortoo.kernel.places.active import active_pack

ROWS_SHOWN = 500
PERIODS = 60
TITLES = (
    "原文",
    "结论",
    "指的是",
    "品种",
    "单位",
    "时期",
    "应为",
    "依据",
    "算式",
    "对照",
    "所在句",
)
PRIVACY = "粘贴的文字只在这一次请求里核对，系统不保存、不留底。"


@require_http_methods(["GET", "HEAD", "POST"])
def page(request: HttpRequest) -> HttpResponse:
    """The form, and after a POST the marked text and the table (or its CSV)."""
    if request.method != "POST":
        return render(request, "market/bulletin_check/page.html", _frame(request))
    # A browser sends line ends as CRLF; the marks count characters of one.
    pasted = request.POST.get("text", "").replace("\r\n", "\n").replace("\r", "\n")
    scope = request.scope  # type: ignore[attr-defined]
    try:
        context = context_of(
            pasted, request.POST.get("place", ""), request.POST.get("period", ""), scope
        )
    except Refused as refused:
        frame = _frame(request) | {
            "issues": [{"message": refused.message, "remedy": refused.remedy,
                        "code": refused.code}],
            "pasted": "" if refused.status == 413 else pasted,
        }  # fmt: skip
        return render(request, "market/bulletin_check/page.html", frame, status=refused.status)
    found = findings(pasted, context, scope)
    if request.POST.get("export") == "csv":
        return _csv(found, context)
    frame = _frame(request) | _result(pasted, found, context)
    return render(request, "market/bulletin_check/page.html", frame)


def _frame(request: HttpRequest) -> dict[str, object]:
    scope = request.scope  # type: ignore[attr-defined]
    pack, form, now = active_pack(), registry.get(RETAIL), now_ms()
    chain = in_chain(scope, RETAIL)
    periods = [
        one for one in selectors.periods_of(RETAIL, PERIODS)
        if chain or is_published(form, one, now)
    ]  # fmt: skip
    day = periods[0].end if periods else None
    units = pack.reporting_units(day) if day is not None else ()
    places = [pack.root, *(unit for unit in units if unit.code != pack.root.code)]
    return {
        "pasted": "",
        "place": request.POST.get("place", ""),
        "period": request.POST.get("period", ""),
        "places": [(one.code, one.short) for one in places],
        "periods": [(one.code, one.label_zh) for one in periods],
        "most": MOST_CHARACTERS,
        "privacy": PRIVACY,
        "in_chain": chain,
    }


def _result(pasted: str, found: Sequence[Finding], context: Context) -> dict[str, object]:
    counted = tally(found)
    return {
        "pasted": pasted,
        "checked": True,
        "blank": not pasted.strip(),
        "found": found[:ROWS_SHOWN],
        "more": max(len(found) - ROWS_SHOWN, 0),
        "total": len(found),
        "counts": [(one, counted[one.value]) for one in Verdict],
        "slips": [one for one in found if one.verdict is Verdict.WRONG][:ROWS_SHOWN],
        "marked": marked(pasted, found),
        "context": context,
        "context_place": place_name(context.place) if context.place else "",
        "rows": [(number, one) for number, one in enumerate(found[:ROWS_SHOWN], 1)],
    }


def marked(pasted: str, found: Sequence[Finding]) -> SafeString:
    """The text with each number marked by colour, sign and word; everything else escaped."""
    parts: list[str] = []
    at = 0
    for number, one in enumerate(found, 1):
        if one.start < at:
            continue
        parts.append(format_html("{}", pasted[at : one.start]))
        parts.append(_mark(number, one, linked=number <= ROWS_SHOWN))
        at = one.end
    parts.append(format_html("{}", pasted[at:]))
    # Every part was escaped above.
    return mark_safe("".join(parts).replace("\n", "<br>\n"))


def _mark(number: int, one: Finding, *, linked: bool) -> str:
    words = one.verdict.zh + (f"，应为{one.expected}" if one.verdict is Verdict.WRONG and
                              one.expected else "")  # fmt: skip
    inner = format_html(
        '<mark class="check-{}" title="{}">{}<span class="check-sign">{}{}</span></mark>',
        one.verdict.value, words, one.text, one.verdict.glyph,
        "错" if one.verdict is Verdict.WRONG else "",
    )  # fmt: skip
    return format_html('<a href="#n{}">{}</a>', number, inner) if linked else inner


def _csv(found: Sequence[Finding], context: Context) -> HttpResponse:
    rows = tuple(
        Row(tuple(text(cell) for cell in (
            one.text, one.verdict.zh, one.kind.zh, one.subject, one.unit, one.period,
            one.expected, one.rule, one.arithmetic, one.basis, one.sentence,
        )))
        for one in found
    )  # fmt: skip
    head = [("标题", "公报核对"), ("地区", place_name(context.place) if context.place else "—")]
    if context.period is not None:
        head.append(("报告期", context.period.label_zh))
    if settings.DEMO:
        head.insert(0, ("演示数据", "模拟世界生成，不是真实统计"))
    columns = tuple(Column(title, "", False) for title in TITLES)
    sheet = Sheet("check", "逐数核对", columns, rows, empty="没有找到数字")
    made = HttpResponse(written(Export("核对", tuple(head), (sheet,)), "csv"), content_type=CSV)
    made["Content-Disposition"] = "attachment; filename*=UTF-8''%E6%A0%B8%E5%AF%B9.csv"
    return made
