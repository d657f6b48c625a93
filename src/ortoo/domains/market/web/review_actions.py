"""What a reviewer does: 发核实, 退回, 审核通过, 催报. Parse, hand to the service, show the rest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.views.decorators.http import require_http_methods, require_POST

from ortoo.domains.market import review_selectors, services
from ortoo.domains.market.review_selectors import Review, ReviewRow
from ortoo.domains.market.services import Acceptance, Matter, Question
from ortoo.domains.market.web import review_words as words
from ortoo.domains.market.web.review_views import (
    OneReturn,
    address,
    find_return,
    frame,
    zone,
)
from ortoo.kernel.filings.clock import now_ms
from ortoo.kernel.filings.refusal import Refused
from ortoo.kernel.places.active import active_pack

LEFT_OUT = {
    "missing": "未报",
    "returned": "已退回，等待重报",
    "queried": "核实未答复",
    "below": "下级尚未初审",
}


@require_POST
def query(request: HttpRequest, form: str, period: str, office: str, party: str) -> HttpResponse:
    """发核实 on the ticked cells; the typed text, or the suggestion chosen instead."""
    found = _to_judge(request, Matter(form, period, party), office)
    cells = tuple(_cell(found.view, key) for key in dict.fromkeys(request.POST.getlist("cell")))
    text = request.POST.get("question", "").strip() or request.POST.get("suggestion", "").strip()
    services.query(
        scope=request.scope,  # type: ignore[attr-defined]
        new=Question(found.matter, _target(request), office, cells, text),
        now_ms=now_ms(),
    )
    messages.success(request, f"已向{found.row.name}发核实 {len(cells)} 处。{words.DEADLINE_RULE}")
    return _back(found)


def _cell(view: Review, key: str) -> tuple[str, str]:
    item, _, measure = key.partition(".")
    if item not in view.form.leaf_index or measure not in view.form.measure_by_code:
        raise Refused("QUERY-CELL", "所选单元格不在本表式中。", "请刷新页面后重新选择。")
    return item, measure


@require_POST
def send_back(
    request: HttpRequest, form: str, period: str, office: str, party: str
) -> HttpResponse:
    """退回 the whole return, with the reason."""
    found = _to_judge(request, Matter(form, period, party), office)
    services.send_back(
        scope=request.scope,  # type: ignore[attr-defined]
        matter=found.matter,
        target=_target(request),
        office=office,
        text=request.POST.get("reason", ""),
        now_ms=now_ms(),
    )
    messages.success(request, f"已退回{found.row.name}的报表，企业的“应报”已重新打开。")
    return _back(found)


@require_POST
def chase(request: HttpRequest, form: str, period: str, office: str) -> HttpResponse:
    """Log that the unreported firms were reminded; firms that have filed meanwhile are left out."""
    scope = request.scope  # type: ignore[attr-defined]
    view = review_selectors.review(scope, form, period, office)
    _require_mine(view)
    missing = {row.party: row for row in view.at("missing")}
    wanted = [party for party in request.POST.getlist("party") if party in missing]
    if not wanted:
        raise Refused(
            "CHASE-NOBODY", "没有可登记催报的未报企业。", "请刷新页面；企业可能刚刚报送。", 409
        )
    services.chase(
        scope=scope, form=form, period=period, office=office, parties=wanted, now_ms=now_ms()
    )
    messages.success(request, f"已登记催报 {len(wanted)} 家。")
    return HttpResponseRedirect(f"{address('review', view)}?show=missing#chase")


@require_http_methods(["GET", "HEAD", "POST"])
def accept(request: HttpRequest, form: str, period: str, office: str) -> HttpResponse:
    """其余无异常，一键通过: GET lists what goes and what stays, POST files it once."""
    view = review_selectors.review(request.scope, form, period, office)  # type: ignore[attr-defined]
    _require_mine(view)
    if request.method == "POST":
        return _accept(request, view)
    return render(request, "market/review/accept.html", _accept_context(request, view))


def _accept_context(request: HttpRequest, view: Review) -> dict[str, Any]:
    skip_level = bool(request.GET.get("below"))
    included = view.at("pending", *(("below",) if skip_level else ()))
    left = [row for row in view.rows if row.position in LEFT_OUT and row not in included]
    return frame(view, now_ms()) | {
        "included": [{"row": row, "filed": words.moment(row.filed_at, zone())} for row in included],
        "left_out": [{"row": row, "why": _why(row)} for row in left],
        "missing": view.at("missing"),
        "below": len(view.at("below")),
        "skip_level": skip_level,
        "levels": "、".join(sorted({row.level for row in included})) or "审核",
        "done": len(view.at("passed", "settled")),
    }


# What the kernel refuses because a return moved between the page and the click.
STALE = ("REVIEW-STALE", "REVIEW-SENT-BACK", "REVIEW-QUERIED", "REVIEW-PASSED")


def _why(row: ReviewRow) -> str:
    if row.position == "queried":
        due = f"，{words.moment(row.query_due, zone())}到期" if row.query_due else ""
        return f"{LEFT_OUT['queried']}（{len(row.queries)} 处{due}）"
    if row.position == "below":
        return f"{row.below}尚未初审"
    return LEFT_OUT[row.position]


def _accept(request: HttpRequest, view: Review) -> HttpResponse:
    targets = _targets(view, request.POST.getlist("target"))
    conclude = request.POST.get("conclude") == "1"
    despite = request.POST.get("despite") == "1"
    trouble = _conflicts(view, targets, despite=despite)
    if trouble:
        return _conflict(request, view, trouble)
    fresh = tuple(
        (party, seq)
        for party, seq in targets.items()
        if not _row(view, party).state.accepted_by(view.office)
    )
    if targets and not fresh and not conclude:
        messages.info(request, "所选报表此前已通过，没有重复登记。")
        return HttpResponseRedirect(address("review", view))
    new = Acceptance(
        view.form.code,
        view.period.code,
        view.office,
        fresh,
        conclude=conclude,
        note=_note(view, request.POST.get("note", ""), conclude=conclude, despite=despite),
    )
    try:
        services.accept(scope=request.scope, new=new, now_ms=now_ms())  # type: ignore[attr-defined]
    except Refused as refused:
        if refused.code not in STALE or wants_json(request):
            raise
        now = review_selectors.review(
            request.scope,  # type: ignore[attr-defined]
            view.form.code,
            view.period.code,
            view.office,
        )
        return _conflict(request, now, _conflicts(now, targets, despite=True))
    said = f"审核通过 {len(fresh)} 家" + ("，本期审核已办结" if conclude else "")
    messages.success(request, f"{said}。")
    return HttpResponseRedirect(address("review", view))


def _note(view: Review, said: str, *, conclude: bool, despite: bool) -> str:
    if conclude:
        return _conclusion(view, said)
    return "核实未答复，仍予通过（存疑）" if despite else ""


def wants_json(request: HttpRequest) -> bool:
    """A caller that asks for JSON gets the coded problem instead of the page."""
    accepted = request.headers.get("Accept", "")
    return "json" in accepted and "text/html" not in accepted


def _row(view: Review, party: str) -> ReviewRow:
    row = view.row_of(party)
    if row is None:
        raise Refused("NOT-YOUR-RESPONDENT", "该企业不由本级审核。", "请核对报送关系。", 403)
    return row


def _targets(view: Review, posted: Sequence[str]) -> dict[str, int]:
    """`party:log index` of each return to pass."""
    found: dict[str, int] = {}
    for text in posted:
        party, _, seq = text.rpartition(":")
        if not seq.isascii() or not seq.isdigit():
            raise Refused("ACCEPT-TARGET", "提交的报表编号无效。", "请返回上一页刷新后重试。", 400)
        found[_row(view, party).party] = int(seq)
    return found


def _conflicts(
    view: Review, targets: Mapping[str, int], *, despite: bool
) -> list[dict[str, object]]:
    """Returns that are no longer what the reviewer saw, each with the reason.

    `despite`: an open question does not stop this acceptance (said for one return by hand).
    """
    found: list[dict[str, object]] = []
    for party, seq in targets.items():
        row = _row(view, party)
        if row.state.effective != seq:
            when = words.moment(row.filed_at, zone())
            newest = row.state.effective or "—"
            why = f"{when} 已由企业更正：您看到的是第 {seq} 号，现行为第 {newest} 号"
            found.append({"row": row, "why": why, "code": "REVIEW-STALE"})
        elif row.position == "returned":
            found.append({"row": row, "why": "已被退回，等待企业重报", "code": "REVIEW-RETURNED"})
        elif row.position == "queried" and not despite:
            found.append({"row": row, "why": _why(row), "code": "REVIEW-QUERIED"})
    return found


def _conflict(
    request: HttpRequest, view: Review, trouble: list[dict[str, object]]
) -> HttpResponse:
    """409: whose return has changed and what to do; nothing was accepted."""
    codes = [str(one["code"]) for one in trouble]
    code = "REVIEW-STALE" if "REVIEW-STALE" in codes or not codes else codes[0]
    if wants_json(request):
        names = "、".join(one["row"].name for one in trouble)  # type: ignore[attr-defined]
        raise Refused(code, f"以下报表已有变化：{names}。", "请刷新后重新审核。", 409)
    context = frame(view, now_ms()) | {"trouble": trouble, "code": code}
    context["trouble"] = [
        one | {"href": address("review-return", view, party=one["row"].party)}  # type: ignore[attr-defined]
        for one in trouble
    ]
    return render(request, "market/review/conflict.html", context, status=409)


def _conclusion(view: Review, note: str) -> str:
    """The note of an office that ends its review: who has not reported, and what was typed."""
    missing = [row.name for row in view.at("missing", "returned")]
    named = "应报企业均已报。"
    if missing:
        named = f"办结时未报 {len(missing)} 家：{'、'.join(missing)}。"
    return (named + note.strip())[:500]


def _to_judge(request: HttpRequest, matter: Matter, office: str) -> OneReturn:
    found = find_return(request.scope, matter, office)  # type: ignore[attr-defined]
    _require_mine(found.view)
    return found


def _require_mine(view: Review) -> None:
    """Only the office itself speaks as the office; those above it look."""
    if not view.mine:
        title = active_pack().bureau(view.office) or "本级"
        raise Refused(
            "NOT-YOUR-OFFICE",
            f"这是{title}的审核，上级只能查看。",
            "请在本级的“本期审核”办理。",
            403,
        )


def _target(request: HttpRequest) -> int:
    text = request.POST.get("target", "")
    if not text.isascii() or not text.isdigit():
        raise Refused("REVIEW-TARGET", "没有指明所审核的报表。", "请刷新页面后重试。", 400)
    return int(text)


def _back(found: OneReturn) -> HttpResponse:
    return HttpResponseRedirect(address("review-return", found.view, party=found.row.party))
