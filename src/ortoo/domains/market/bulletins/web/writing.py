"""Writing a bulletin over HTTP: draft, edit, undo, sign, send back, publish, withdraw, correct."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from ortoo.domains.market.bulletins import gathering, outlook, records, services
from ortoo.domains.market.bulletins.composing import Composed
from ortoo.domains.market.bulletins.numbers import characters
from ortoo.domains.market.bulletins.records import Bulletin
from ortoo.domains.market.bulletins.sections import RETAIL, title_of
from ortoo.domains.market.bulletins.services import Written
from ortoo.domains.market.bulletins.waiting import office_place
from ortoo.domains.market.bulletins.web.views import scope_of
from ortoo.kernel.filings.clock import now_ms
from ortoo.kernel.filings.refusal import Refused
from ortoo.kernel.forms import registry
from ortoo.kernel.forms.periods import parse, previous_on, year_before_on
from ortoo.kernel.grants.scope import Scope

KEPT = (409, 422)
"""Refusals after which the page comes again with what the person wrote."""


@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """起草: the generated text, a field for each section's cause, the outlook."""
    scope = scope_of(request)
    place = office_place(scope)
    if not place:
        scope.require("publish", form=RETAIL)
        raise Refused("BULLETIN-PLACE", "本机关不编公报。", "公报由盟市和自治区编发。", 403)
    chosen = request.GET.get("period") or _first_week()
    period = gathering.period_of(chosen).code
    written = _written(request)
    if request.method != "POST":
        ready = Written({}, outlook.proposed(scope, place, period))
        try:
            return _form(request, scope, (place, period), ready)
        except Refused as error:
            if error.code != "BULLETIN-EMPTY":
                raise
            return _nothing_yet(request, period, error)
    try:
        services.draft(scope=scope, place=place, period=period, written=written, now_ms=now_ms())
    except Refused as error:
        if error.status not in KEPT:
            raise
        return _form(request, scope, (place, period), written, fault=error)
    messages.success(request, "草稿已保存，等待签发。")
    newest = records.bulletins(scope, place=place, period=period)[0]
    return HttpResponseRedirect(_href(newest))


@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: HttpRequest, code: str) -> HttpResponse:
    """The draft again; a save that meets another's keeps what was written beside theirs."""
    scope = scope_of(request)
    found = _own(scope, code)
    where = found.place, found.period
    if request.method != "POST":
        return _form(request, scope, where, _of(found), bulletin=found)
    base, written = _number(request, "base"), _written(request)
    if request.POST.get("preview"):
        return _form(request, scope, where, written, bulletin=found, base=base)
    try:
        services.edit(scope=scope, bulletin=found, base=base, written=written, now_ms=now_ms())
    except Refused as error:
        if error.status not in KEPT:
            raise
        return _form(request, scope, where, written, bulletin=found, fault=error)
    messages.success(request, "草稿已保存。")
    return HttpResponseRedirect(_href(found))


@require_http_methods(["GET", "HEAD", "POST"])
def correct(request: HttpRequest, code: str) -> HttpResponse:
    """更正 of a published bulletin: a further one, with the reason."""
    scope = scope_of(request)
    found = _own(scope, code)
    where = found.place, found.period
    if request.method != "POST":
        return _form(request, scope, where, _of(found), bulletin=found, correcting=True)
    written, why = _written(request), request.POST.get("why", "")
    try:
        services.correct(scope=scope, bulletin=found, why=why, written=written, now_ms=now_ms())
    except Refused as error:
        if error.status not in KEPT:
            raise
        return _form(request, scope, where, written, bulletin=found, correcting=True, fault=error)
    messages.success(request, "更正稿已保存，等待签发；发布前原公报不变。")
    newest = records.bulletins(scope, place=found.place, period=found.period)[0]
    return HttpResponseRedirect(_href(newest))


@require_POST
def act(request: HttpRequest, code: str) -> HttpResponse:
    """签发、发布、退回、撤回、撤销修改."""
    scope, now = scope_of(request), now_ms()
    found = records.bulletin(scope, code)
    target, what = _number(request, "target"), request.POST.get("what", "")
    reason = request.POST.get("reason", "")
    if what == "sign":
        services.sign(scope=scope, bulletin=found, target=target, now_ms=now)
        said = "已签发。"
    elif what == "publish":
        services.publish(scope=scope, bulletin=found, target=target, now_ms=now)
        said = "已发布，任何人都可以查看。"
    elif what == "back":
        services.send_back(scope=scope, bulletin=found, target=target, reason=reason, now_ms=now)
        said = "已退回，可另起一稿。"
    elif what == "withdraw":
        services.withdraw(scope=scope, bulletin=found, reason=reason, now_ms=now)
        said = "草稿已撤回。"
    elif what == "undo":
        services.undo(scope=scope, bulletin=found, base=target, now_ms=now)
        said = "已恢复到上一次保存的内容。"
    else:
        raise Refused("BULLETIN-ACT", "没有这个操作。", "请从公报页面操作。", 400)
    messages.success(request, said)
    return HttpResponseRedirect(_href(found))


def _first_week() -> str:
    """The newest issued week, else the newest there is."""
    weeks = gathering.weeks()
    issued = [one for one in weeks if gathering.is_issued(one.code)]
    return next((one.code for one in [*issued, *weeks]), "")


def _own(scope: Scope, code: str) -> Bulletin:
    found = records.bulletin(scope, code)
    scope.require("review", form=RETAIL, place=found.place)
    if office_place(scope) != found.place:
        raise Refused("BULLETIN-OTHER-OFFICE", "只能编发本机关的公报。", "请由该机关办理。", 403)
    return found


def _href(found: Bulletin) -> str:
    return reverse("bulletin", kwargs={"code": found.code})


def _number(request: HttpRequest, name: str) -> int:
    text = request.POST.get(name, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 16 else 0


def _written(request: HttpRequest) -> Written:
    causes = {
        name.removeprefix("cause-"): str(text)
        for name, text in request.POST.items()
        if name.startswith("cause-")
    }
    return Written(causes, request.POST.get("outlook", ""))


def _of(found: Bulletin) -> Written:
    return Written({one.section: one.text for one in found.text.causes}, found.text.outlook)


def _form(
    request: HttpRequest,
    scope: Scope,
    where: tuple[str, str],
    written: Written,
    **more: Any,
) -> HttpResponse:
    """The page: `bulletin`, `fault`, `correcting`, `base`."""
    place, period = where
    fault, bulletin = more.get("fault"), more.get("bulletin")
    basis = services.basis_of(period)
    made = services.composed(scope, place, period, basis, written)
    last_year = _last_year(place, period)
    context = {
        "title": made.title,
        "week": parse(period).label_zh,
        "period": period,
        "weeks": [(w.code, w.label_zh, w.code == period) for w in gathering.weeks(12)],
        "basis": basis,
        "sections": _sections(made, written, (last_year, _last_week(place, period))),
        "outlook": written.outlook,
        "outlook_before": last_year.text.outlook if last_year else "",
        "year_before": parse(last_year.period).label_zh if last_year else "",
        "bulletin": bulletin,
        "base": bulletin.seq if bulletin else 0,
        "theirs": _theirs(bulletin, fault),
        "fault": fault,
        "correcting": more.get("correcting", False),
        "why": request.POST.get("why", ""),
        "hidden": made.hidden,
        "counts": {
            name: sum(characters(one.text) for one in paragraphs)
            for name, paragraphs in made.versions.items()
        },
    }
    status = fault.status if fault is not None else 200
    return render(request, "market/bulletins/write.html", context, status=status)


def _nothing_yet(request: HttpRequest, period: str, fault: Refused) -> HttpResponse:
    """A week of which nothing is reviewed yet: the choice of another one."""
    context = {
        "week": parse(period).label_zh,
        "weeks": [(w.code, w.label_zh, w.code == period) for w in gathering.weeks(12)],
        "fault": fault,
        "nothing": True,
    }
    return render(request, "market/bulletins/write.html", context, status=fault.status)


def _sections(
    made: Composed, written: Written, earlier: tuple[Bulletin | None, Bulletin | None]
) -> list[dict[str, Any]]:
    """Each section with what stood there a year and a week before."""
    last_year, last_week = earlier
    return [
        {
            "code": one.code,
            "title": title_of(one.code),
            "text": one.paragraph().text,
            "cause": written.causes.get(one.code, ""),
            "before": last_year.text.cause(one.code) if last_year else "",
            "last": last_week.text.cause(one.code) if last_week else "",
        }
        for one in made.sections
    ]


def _theirs(bulletin: Bulletin | None, fault: Refused | None) -> list[dict[str, str]]:
    """The words of the draft in force, where a save met it."""
    if bulletin is None or fault is None or fault.code != "BULLETIN-STALE":
        return []
    rows = [{"title": title_of(c.section), "text": c.text} for c in bulletin.text.causes]
    return [*rows, {"title": "后市判断", "text": bulletin.text.outlook}]


def _last_week(place: str, period: str) -> Bulletin | None:
    """The published bulletin of the week before."""
    before = previous_on(registry.get(RETAIL), parse(period))
    return None if before is None else records.standing(place, before.code)


def _last_year(place: str, period: str) -> Bulletin | None:
    """The published bulletin of the same week a year ago."""
    before = year_before_on(registry.get(RETAIL), parse(period))
    return None if before is None else records.standing(place, before.code)
