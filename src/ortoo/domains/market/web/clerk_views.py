"""The clerk's grid over HTTP: fill in, save the draft, check, file, correct."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods, require_POST

from ortoo.domains.market import checking, services
from ortoo.domains.market.web import clerk_drafts as drafts
from ortoo.domains.market.web import clerk_words as words
from ortoo.domains.market.web.clerk_desk import Desk, open_desk
from ortoo.domains.market.web.clerk_fields import Findings, examine, fields_of
from ortoo.domains.market.web.clerk_page import (
    Typed,
    conflict_page,
    entry_page,
    filed_page,
)
from ortoo.domains.market.web.clerk_posts import Posted, is_json, posted
from ortoo.kernel.filings.draft import Receipt
from ortoo.kernel.filings.refusal import Refused
from ortoo.kernel.forms.definition import FormError
from ortoo.kernel.forms.issues import Issue

CONFLICTS = frozenset({"RETURN-EXISTS", "RETURN-STALE", "FILING-KEY-REUSED"})
UNFILED = 422


@require_http_methods(["GET", "POST"])
def return_page(request: HttpRequest, form: str, period: str) -> HttpResponse:
    """The grid of an open return, or the return in force; POST files or keeps a draft."""
    desk = open_desk(request, form, period)
    if request.method == "POST":
        return _take(request, desk, correcting=False)
    if desk.effective is not None:
        return filed_page(request, desk)
    desk.require_open()
    return entry_page(request, desk, Typed())


@require_http_methods(["GET", "POST"])
def return_correct(request: HttpRequest, form: str, period: str) -> HttpResponse:
    """自查更正: the return in force as a grid; POST supersedes it with a reason."""
    desk = open_desk(request, form, period)
    desk.require_open()
    if request.method == "POST":
        return _take(request, desk, correcting=True)
    if desk.effective is None:
        return redirect("return", **desk.names)
    return entry_page(request, desk, Typed(), correcting=True)


@require_POST
def return_draft(request: HttpRequest, form: str, period: str) -> HttpResponse:
    """Keep a draft. JSON: {version, saved_at}, or 409 with the other side; a form: a page."""
    desk = open_desk(request, form, period)
    desk.require_open()
    said = posted(request, desk.form)
    try:
        kept = drafts.save(desk, said.fields, said.token)
    except drafts.Conflict as conflict:
        return _draft_conflict(request, desk, said, conflict.theirs)
    at = words.hour(kept.saved_at or desk.now, desk.now)
    if is_json(request):
        return JsonResponse({"version": kept.token, "saved_at": at})
    messages.success(request, f"草稿已保存 {at}")
    return redirect("return-correct" if desk.effective else "return", **desk.names)


def _draft_conflict(
    request: HttpRequest, desk: Desk, said: Posted, theirs: drafts.Kept
) -> HttpResponse:
    if not is_json(request):
        refusal = {
            "code": "DRAFT-STALE",
            "message": "您打开本页以后，草稿在别处保存过。",
            "remedy": "请核对下面不同的格，决定保存哪一份。",
        }
        return conflict_page(request, desk, said, theirs, refusal)
    body = {
        "code": "DRAFT-STALE",
        "version": theirs.token,
        "who": drafts.author(theirs),
        "saved_at": words.hour(theirs.saved_at, desk.now) if theirs.saved_at else "",
        "fields": dict(theirs.fields),
    }
    return JsonResponse(body, status=409)


@require_POST
def return_check(request: HttpRequest, form: str, period: str) -> HttpResponse:
    """{fields} → {issues}: what would be said on filing."""
    desk = open_desk(request, form, period)
    found = _examined(desk, posted(request, desk.form))
    return JsonResponse({"issues": [_plain(issue) for issue in found.issues]})


def _plain(issue: Issue) -> dict[str, object]:
    return {
        "item": issue.item,
        "measure": issue.measure,
        "severity": issue.severity,
        "code": issue.code,
        "rule": issue.rule,
        "message": issue.message,
        "remedy": issue.remedy,
        "reasons": list(issue.reasons),
        "reason": issue.reason,
    }


def _examined(desk: Desk, said: Posted) -> Findings:
    return examine(desk.form, said.fields, checking.context_of(desk.form, desk.matter))


def _take(request: HttpRequest, desk: Desk, *, correcting: bool) -> HttpResponse:
    """A posted grid: kept as a draft, refused with its issues, or filed."""
    desk.require_open()
    said = posted(request, desk.form)
    if said.action == "draft":
        return return_draft(request, desk.matter.form, desk.matter.period)
    found = _examined(desk, said)
    if found.blocking:
        return _unfiled(request, desk, said, found, correcting=correcting)
    try:
        receipt = _file(desk, said, found, correcting=correcting)
    except Refused as refused:
        return _refused(request, desk, said, found, refused, correcting=correcting)
    word = "更正已报送" if correcting else "报送成功"
    late = "，已过截止时间，标记为迟报" if desk.late and not correcting else ""
    messages.success(request, f"{word}{late}。回执号 {receipt.number}")
    response = redirect("receipt", seq=receipt.seq)
    response.status_code = 303
    return response


def _file(desk: Desk, said: Posted, found: Findings, *, correcting: bool) -> Receipt:
    new = services.ReturnToFile(
        matter=desk.matter,
        grid=found.grid,
        # The party stands in the key, so that nobody can occupy another's.
        key=f"page:{desk.matter.party}:{said.key}",
        supersedes=said.supersedes if correcting else None,
        reason=said.reason if correcting else "",
        version=desk.form.version,
    )
    try:
        return services.file_return(scope=desk.scope, new=new, now_ms=desk.now)
    except FormError as error:
        raise Refused(error.code, error.message, "请按表式更正。", UNFILED) from error


def _unfiled(
    request: HttpRequest, desk: Desk, said: Posted, found: Findings, *, correcting: bool
) -> HttpResponse:
    """The same page with its issues; what was typed is kept."""
    drafts.keep_typed(desk, said.fields)
    typed = Typed(said.fields, found.issues, said.key, said.reason, "", found.blocking)
    correcting = correcting and desk.effective is not None
    return entry_page(request, desk, typed, correcting=correcting, status=UNFILED)


def _refused(
    request: HttpRequest,
    desk: Desk,
    said: Posted,
    found: Findings,
    refused: Refused,
    *,
    correcting: bool,
) -> HttpResponse:
    if refused.code not in {*CONFLICTS, "REASON-NEEDED", "RETURN-ISSUES"}:
        drafts.keep_typed(desk, said.fields)
        raise refused
    # Somebody was faster: look again at what stands now.
    desk = open_desk(request, desk.matter.form, desk.matter.period)
    drafts.keep_typed(desk, said.fields)
    if refused.code in CONFLICTS and desk.effective is not None:
        grid = desk.grid()
        filed = drafts.Kept(
            "",
            fields_of(desk.form, grid) if grid is not None else {},
            desk.effective.received_at,
            desk.effective.actor,
        )
        told = {"code": refused.code, "message": refused.message, "remedy": refused.remedy}
        if refused.code == "FILING-KEY-REUSED":
            # The back button: the page was filed already and changed since.
            told |= {
                "message": "这一页已经报送过，内容后来又改动了。",
                "remedy": "如需改动，请更正。",
            }
        return conflict_page(request, desk, said, filed, told)
    fault = f"{refused.message}{refused.remedy}（{refused.code}）"
    typed = Typed(said.fields, found.issues, said.key, said.reason, fault)
    correcting = correcting and desk.effective is not None
    return entry_page(request, desk, typed, correcting=correcting, status=UNFILED)
