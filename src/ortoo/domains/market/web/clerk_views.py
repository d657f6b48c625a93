"""The clerk's grid over HTTP: fill in, save the draft, check, file, correct.

The same addresses answer the page's script in JSON: what was typed on a phone without a network is
filed later, under the key that was made with its page.
"""

from __future__ import annotations

from collections.abc import Sequence

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from ortoo.domains.market import devices
from ortoo.domains.market.filing_returns import ReturnToFile, file_returns
from ortoo.domains.market.web import clerk_drafts as drafts
from ortoo.domains.market.web import clerk_words as words
from ortoo.domains.market.web.clerk_closing import closed_grid
from ortoo.domains.market.web.clerk_desk import Desk, open_desk
from ortoo.domains.market.web.clerk_fields import Findings, fields_of
from ortoo.domains.market.web.clerk_page import (
    Typed,
    conflict_page,
    entry_page,
    filed_page,
)
from ortoo.domains.market.web.clerk_posts import Posted, is_json, posted
from ortoo.domains.market.web.clerk_sheet import Part, examined, parts_of, told
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
    return keep_draft(request, open_desk(request, form, period))


def keep_draft(request: HttpRequest, desk: Desk) -> HttpResponse:
    """`return_draft` of any desk."""
    desk.require_open()
    said = posted(request, parts_of(desk))
    try:
        kept = drafts.save(desk, said.fields, said.token)
    except drafts.Conflict as conflict:
        return _draft_conflict(request, desk, said, conflict.theirs)
    at = words.hour(kept.saved_at or desk.now, desk.now)
    if is_json(request):
        return JsonResponse({"version": kept.token, "saved_at": at})
    messages.success(request, f"草稿已保存 {at}")
    return redirect(desk.href("correct" if desk.effective and not desk.assisting else ""))


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
    return check_answer(request, open_desk(request, form, period))


def check_answer(request: HttpRequest, desk: Desk) -> HttpResponse:
    """`return_check` of any desk."""
    parts = parts_of(desk)
    found = examined(parts, posted(request, parts).fields)
    return JsonResponse({"issues": [_plain(issue) for issue in told(parts, found)]})


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


def _take(request: HttpRequest, desk: Desk, *, correcting: bool) -> HttpResponse:
    """A posted grid: kept as a draft, refused with its issues, or filed."""
    desk.require_open()
    parts = parts_of(desk)
    said = posted(request, parts)
    if said.action == "draft":
        return keep_draft(request, desk)
    if said.action == "closed" and not correcting:
        found = [Findings(closed_grid(desk.form, desk.state.asked), ())]
        parts = parts[:1]
    else:
        found = examined(parts, said.fields)
    blocking = told(parts, found, blocking=True)
    issues = told(parts, found)
    if blocking:
        return _unfiled(request, desk, said, (issues, blocking), correcting=correcting)
    try:
        receipts = _file(parts, said, found, correcting=correcting)
    except Refused as refused:
        return _refused(request, desk, said, issues, refused, correcting=correcting)
    return _filed(request, desk, said, receipts, correcting=correcting)


def _filed(
    request: HttpRequest, desk: Desk, said: Posted, receipts: Sequence[Receipt], *, correcting: bool
) -> HttpResponse:
    for one in receipts:
        devices.note(request, one)
    word = "更正已报送" if correcting else "报送成功"
    late = desk.late and not correcting
    numbers = receipts[0].number
    if len(receipts) > 1:
        numbers += "；盟市补充指标 " + "、".join(one.number for one in receipts[1:])
    href = reverse("receipt", kwargs={"seq": receipts[0].seq})
    if is_json(request):
        body = {"number": receipts[0].number, "numbers": numbers, "href": href, "late": late}
        return JsonResponse(body, status=201)
    tail = "，已过截止时间，标记为迟报" if late else ""
    messages.success(request, f"{word}{tail}。回执号 {numbers}")
    response = redirect(href)
    response.status_code = 303
    return response


def _file(
    parts: Sequence[Part], said: Posted, found: Sequence[Findings], *, correcting: bool
) -> list[Receipt]:
    desk = parts[0].desk
    news = [
        ReturnToFile(
            matter=part.desk.matter,
            grid=one.grid,
            # The party stands in the key, so that nobody can occupy another's.
            key=f"page:{desk.matter.party}:{said.key}{':' if part.prefix else ''}{part.prefix}",
            supersedes=said.supersedes if correcting else None,
            reason=said.reason if correcting else _reason(said),
            version=part.form.version,
        )
        for part, one in zip(parts, found, strict=True)
    ]
    try:
        return file_returns(scope=desk.scope, news=news, now_ms=desk.now, said_at=said.said_at)
    except FormError as error:
        raise Refused(error.code, error.message, "请按表式更正。", UNFILED) from error


def _reason(said: Posted) -> str:
    return "今日停业（零报告）" if said.action == "closed" else ""


def _unfiled(
    request: HttpRequest,
    desk: Desk,
    said: Posted,
    found: tuple[Sequence[Issue], Sequence[Issue]],
    *,
    correcting: bool,
) -> HttpResponse:
    """The same page with its issues; what was typed is kept."""
    issues, blocking = found
    drafts.keep_typed(desk, said.fields)
    if is_json(request):
        body = {
            "code": "RETURN-ISSUES",
            "message": f"还有 {len(blocking)} 处需要更正或说明，尚未报送。",
            "remedy": "请打开报表逐处更正后再报送。",
            "issues": [_plain(issue) for issue in blocking],
        }
        return JsonResponse(body, status=UNFILED)
    typed = Typed(said.fields, issues, said.key, said.reason, "", blocking)
    correcting = correcting and desk.effective is not None
    return entry_page(request, desk, typed, correcting=correcting, status=UNFILED)


def _refused(
    request: HttpRequest,
    desk: Desk,
    said: Posted,
    issues: Sequence[Issue],
    refused: Refused,
    *,
    correcting: bool,
) -> HttpResponse:
    if refused.code not in {*CONFLICTS, "REASON-NEEDED", "RETURN-ISSUES"} or is_json(request):
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
        said_of = {"code": refused.code, "message": refused.message, "remedy": refused.remedy}
        if refused.code == "FILING-KEY-REUSED":
            # The back button: the page was filed already and changed since.
            said_of |= {
                "message": "这一页已经报送过，内容后来又改动了。",
                "remedy": "如需改动，请更正。",
            }
        return conflict_page(request, desk, said, filed, said_of)
    fault = f"{refused.message}{refused.remedy}（{refused.code}）"
    typed = Typed(said.fields, issues, said.key, said.reason, fault)
    correcting = correcting and desk.effective is not None
    return entry_page(request, desk, typed, correcting=correcting, status=UNFILED)
