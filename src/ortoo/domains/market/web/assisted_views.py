"""代录 over HTTP: paper beside the grid, filing, the code, and the firm's confirmation by it."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from ortoo.domains.market import assisted, checking, devices, selectors
from ortoo.domains.market.filing_returns import ReturnToFile
from ortoo.domains.market.papers import LARGEST, MOST
from ortoo.domains.market.services import Matter
from ortoo.domains.market.web import clerk_drafts as drafts
from ortoo.domains.market.web import clerk_words as words
from ortoo.domains.market.web.assisted_evidence import evidence
from ortoo.domains.market.web.clerk_desk import Desk, desk_of, who
from ortoo.domains.market.web.clerk_fields import fields_of
from ortoo.domains.market.web.clerk_grid import cell_text
from ortoo.domains.market.web.clerk_page import Typed, entry_context, filed_context
from ortoo.domains.market.web.clerk_posts import Posted, posted, refuse_oversized
from ortoo.domains.market.web.clerk_queries import office_name
from ortoo.domains.market.web.clerk_sheet import examined, parts_of, told
from ortoo.domains.market.web.clerk_views import UNFILED, check_answer, keep_draft
from ortoo.kernel.filings import read
from ortoo.kernel.filings.clock import now_ms
from ortoo.kernel.filings.models import Original
from ortoo.kernel.filings.refusal import Refused
from ortoo.kernel.forms import registry
from ortoo.kernel.forms.definition import FormError
from ortoo.kernel.forms.periods import parse
from ortoo.kernel.grants import access
from ortoo.kernel.grants.scope import Scope


def open_assisted(
    request: HttpRequest, form: str, period: str, office: str, party: str
) -> Desk:
    """The return of a firm as its reviewing office keys it in. Raises SCOPE-…, NOT-YOUR-…"""
    scope: Scope = request.scope  # type: ignore[attr-defined]
    scope.require("file_assisted", form=form, place=office)
    desk = desk_of(scope, form, period, party, office)
    assisted.require_office(scope, desk.matter, office)
    return desk


@require_http_methods(["GET", "POST"])
def page(
    request: HttpRequest, form: str, period: str, office: str, party: str
) -> HttpResponse:
    """The evidence and the grid; POST files. Of a filed return: what was filed, and the code."""
    desk = open_assisted(request, form, period, office, party)
    if request.method == "POST":
        return _take(request, desk)
    access.record(desk.scope, "代录", party, 1, now_ms=desk.now)
    if desk.effective is not None:
        return _filed(request, desk)
    desk.require_open()
    return _entry(request, desk, Typed())


def _entry(
    request: HttpRequest, desk: Desk, typed: Typed, note: str = "", status: int = 200
) -> HttpResponse:
    context = entry_context(request, desk, typed) | _frame(desk) | {
        "papers": _papers(desk),
        "most": MOST,
        "largest": LARGEST // (1024 * 1024),
        "upload": reverse("assisted-papers", kwargs=desk.names),
        "note": note,
    }
    context["grid"] |= {"file_word": "代录报送"}
    return render(request, "market/assisted/entry.html", context, status=status)


def _frame(desk: Desk) -> dict[str, Any]:
    back = {key: desk.names[key] for key in ("form", "period", "office")}
    return {
        "firm": desk.firm(),
        "office": office_name(desk.office),
        "crumbs": [
            {"title": "本期审核", "href": reverse("review", kwargs=back)},
            {"title": f"代录：{desk.firm()}"},
        ],
    }


def _papers(desk: Desk) -> list[dict[str, Any]]:
    held = assisted.papers_held(desk.matter, desk.office).defer("content")
    return [
        {
            "number": one.pk,
            "name": one.name,
            "picture": one.media_type.startswith("image/"),
            "by": who(one.by),
            "at": words.moment(one.at),
            "href": reverse("assisted-paper", kwargs={**desk.names, "number": one.pk}),
        }
        for one in held
    ]


def _take(request: HttpRequest, desk: Desk) -> HttpResponse:
    desk.require_open()
    parts = parts_of(desk)
    said = posted(request, parts)
    if said.action == "draft":
        return keep_draft(request, desk)
    found = examined(parts, said.fields)
    blocking, issues = told(parts, found, blocking=True), told(parts, found)
    fault = ""
    if not blocking:
        try:
            return _file(request, desk, said, found[0].grid)
        except Refused as refused:
            if refused.code not in ("ASSIST-EVIDENCE", "RETURN-EXISTS"):
                raise
            if refused.code == "RETURN-EXISTS":
                messages.info(request, "这张报表已经报送，可能是企业自己报的；代录没有生效。")
                return redirect("assisted", **desk.names)
            fault = f"{refused.message}{refused.remedy}（{refused.code}）"
    drafts.keep_typed(desk, said.fields)
    typed = Typed(said.fields, issues, said.key, "", fault, blocking)
    return _entry(request, desk, typed, said.note, UNFILED)


def _file(request: HttpRequest, desk: Desk, said: Posted, grid: Any) -> HttpResponse:
    new = ReturnToFile(
        matter=desk.matter,
        grid=grid,
        key=f"assisted:{desk.office}:{said.key}",
        version=desk.form.version,
    )
    receipt = assisted.file_assisted(
        scope=desk.scope,
        said=assisted.AssistedReturn(new, desk.office, said.note),
        now_ms=desk.now,
    )
    drafts.forget(desk)
    devices.note(request, receipt)
    late = "，已过截止时间，标记为迟报" if desk.late else ""
    messages.success(
        request, f"代录已报送{late}。回执号 {receipt.number}。请企业在 3 日内确认。"
    )
    response = redirect("assisted", **desk.names)
    response.status_code = 303
    return response


def _filed(request: HttpRequest, desk: Desk, code: str = "") -> HttpResponse:
    """What stands filed, its evidence, and how the firm may confirm it."""
    assert desk.effective is not None
    waiting = desk.state.unconfirmed
    context = filed_context(desk) | _frame(desk) | {
        "evidence": evidence(desk.effective),
        "waiting_until": words.moment(waiting.due_at) if waiting else "",
        "overdue": bool(waiting and waiting.due_at < desk.now),
        "code": code,
        "code_hours": assisted.CODE_HOURS,
        "confirm_href": request.build_absolute_uri(reverse("assisted-confirm")),
    }
    return render(request, "market/assisted/filed.html", context)


@require_POST
def draft(
    request: HttpRequest, form: str, period: str, office: str, party: str
) -> HttpResponse:
    """The office's own draft of the entry; the firm's draft is not touched."""
    return keep_draft(request, open_assisted(request, form, period, office, party))


@require_POST
def check(
    request: HttpRequest, form: str, period: str, office: str, party: str
) -> HttpResponse:
    """The same checks as the firm's own page."""
    return check_answer(request, open_assisted(request, form, period, office, party))


@require_POST
def papers(
    request: HttpRequest, form: str, period: str, office: str, party: str
) -> HttpResponse:
    """Take a photograph or PDF (`paper`), or remove one (`drop`)."""
    desk = open_assisted(request, form, period, office, party)
    desk.require_open()
    dropped = request.POST.get("drop", "")
    if dropped.isascii() and dropped.isdigit() and len(dropped) < 16:
        assisted.drop_paper(
            scope=desk.scope, matter=desk.matter, office=office, number=int(dropped)
        )
        messages.info(request, "已移除这份凭据。")
        return redirect("assisted", **desk.names)
    files = request.FILES.getlist("paper")[: MOST + 1]
    try:
        for file in files:
            # Read no further than one byte behind what is allowed.
            assisted.hold_paper(
                scope=desk.scope, matter=desk.matter, office=office,
                content=file.read(LARGEST + 1), now_ms=desk.now,
            )  # fmt: skip
    except Refused as refused:
        if not refused.code.startswith("PAPER-"):
            raise
        told_now = f"{refused.message}{refused.remedy}（{refused.code}）"
        return _entry(request, desk, Typed(fault=told_now), status=UNFILED)
    if files:
        messages.success(request, "凭据已上传，拍摄地点等信息已去除。请对照录入。")
    return redirect("assisted", **desk.names)


@require_safe
def paper(
    request: HttpRequest, form: str, period: str, office: str, party: str, number: int
) -> HttpResponse:
    """Evidence that is held for a return not filed yet."""
    desk = open_assisted(request, form, period, office, party)
    held = assisted.papers_held(desk.matter, office).filter(pk=number).first()
    if held is None:
        raise Refused("PAPER-NONE", "没有这份凭据。", "请刷新页面。", 404)
    return _bytes(bytes(held.content), held.media_type)


def _bytes(content: bytes, media_type: str) -> HttpResponse:
    response = HttpResponse(content, content_type=media_type)
    response["Content-Disposition"] = "inline"
    response["X-Content-Type-Options"] = "nosniff"
    return response


@require_safe
def receipt_evidence(request: HttpRequest, seq: int, number: int) -> HttpResponse:
    """One file of the evidence of a filed return: for the firm and its reviewing offices."""
    scope: Scope = request.scope  # type: ignore[attr-defined]
    filing = selectors.filing(scope, seq)
    found = assisted.evidence_of(filing)
    if found is None or not 0 < number <= len(found[1]):
        raise Refused("PAPER-NONE", "没有这份凭据。", "请从回执页进入。", 404)
    kept = Original.objects.filter(sha256=found[1][number - 1]).first()
    if kept is None:
        raise Refused("PAPER-NONE", "没有这份凭据。", "请从回执页进入。", 404)
    access.record(scope, "代录凭据", filing.subject, 1, now_ms=now_ms())
    return _bytes(bytes(kept.content), kept.media_type)


@require_POST
def code(
    request: HttpRequest, form: str, period: str, office: str, party: str
) -> HttpResponse:
    """发确认码: shown on this page once, to be read out to the firm by telephone."""
    desk = open_assisted(request, form, period, office, party)
    given = assisted.issue_code(
        scope=desk.scope, seq=desk.state.effective or 0, office=office, now_ms=desk.now
    )
    return _filed(request, desk, given)


@require_http_methods(["GET", "POST"])
def confirm(request: HttpRequest) -> HttpResponse:
    """确认代录 by receipt number and code: first the figures are shown, then they are confirmed."""
    scope: Scope = request.scope  # type: ignore[attr-defined]
    number = request.POST.get("number", request.GET.get("n", "")).replace("\x00", "")[:40].strip()
    context: dict[str, Any] = {"number": number}
    if request.method == "POST":
        refuse_oversized(request)
        if scope.may("file_assisted"):
            raise Refused(
                "CONFIRM-OTHER-PARTY",
                "这里登录的是审核账号，不能替企业确认。",
                "请企业在自己的手机或电脑上打开本页输入确认码。",
                403,
            )
        given = request.POST.get("code", "").replace("\x00", "")[:20].strip()
        try:
            if request.POST.get("action") == "confirm":
                receipt = assisted.confirm_by_code(number=number, code=given, now_ms=now_ms())
                return render(
                    request, "market/assisted/confirm.html", {"done": receipt.number}
                )
            filing = assisted.check_code(number=number, code=given, now_ms=now_ms())
        except Refused as refused:
            context["fault"] = f"{refused.message}{refused.remedy}（{refused.code}）"
            return render(request, "market/assisted/confirm.html", context, status=refused.status)
        context |= {"code": given, **_figures(filing)}
    return render(request, "market/assisted/confirm.html", context)


def _figures(filing: read.FilingRow) -> dict[str, Any]:
    """Every cell that was entered, with its unit."""
    try:
        form = registry.get(filing.form, filing.form_version)
    except FormError as error:
        raise Refused(error.code, error.message, "请联系旗县商务主管部门。", 404) from error
    grid = checking.grid_of(form, filing)
    fields = fields_of(form, grid)
    matter = Matter(filing.form, filing.period, filing.subject)
    return {
        "firm": selectors.names_of([matter.party]).get(matter.party, matter.party),
        "title": words.title_of(form, parse(filing.period)),
        "filed_at": words.full_moment(filing.received_at),
        "rows": [
            {
                "name": words.cell_title(form, item.code, measure.code),
                "value": cell_text(measure, grid.cell(form, item.code, measure.code)),
                "unit": "" if measure.choices else measure.unit_of(item),
            }
            for item in form.leaves
            for measure in form.measures
            if f"c.{item.code}.{measure.code}" in fields
        ],
    }
