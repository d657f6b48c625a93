"""The asking office's pages of 急报: the list, a request in a few taps, results."""

from __future__ import annotations

import datetime as dt
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from ortoo.domains.market import monitored
from ortoo.domains.market.flash import plan as plans
from ortoo.domains.market.flash import services as flashes
from ortoo.domains.market.flash.plan import Flash, Request, presets
from ortoo.domains.market.flash.results import Results, results
from ortoo.domains.market.respondents import chosen_firms, places_of
from ortoo.domains.market.web import campaign_files as files
from ortoo.domains.market.web import campaign_frame as frame
from ortoo.domains.market.web import flash_tables as tables
from ortoo.domains.market.web import flash_words as words
from ortoo.domains.market.web import review_words
from ortoo.kernel.filings import read
from ortoo.kernel.filings.clock import now_ms
from ortoo.kernel.filings.refusal import Refused
from ortoo.kernel.forms import registry
from ortoo.kernel.forms.definition import Form, FormError
from ortoo.kernel.grants import access
from ortoo.kernel.grants.scope import Scope

HOURS = 6
MOST_FIRMS = 60


def _scope(request: HttpRequest) -> Scope:
    return request.scope  # type: ignore[attr-defined]


def askable() -> list[Form]:
    """Forms whose cells may be asked by 急报: the weekly one first."""
    found = [form for form in monitored.forms() if form.supplements is None]
    return sorted(found, key=lambda form: (form.cadence != "week", form.code))


def _form(code: str) -> Form:
    found = next((form for form in askable() if form.code == code), None)
    if found is None:
        raise Refused("FLASH-FORM", f"没有表式 {code}。", "请从列表中选择。", 404)
    return found


def hours(now: int) -> list[dict[str, Any]]:
    """The next full hours, tonight's 18:00 among them, and tomorrow noon: {ms, title, on}."""
    here = dt.datetime.fromtimestamp(now / 1000, ZoneInfo(frame.zone()))
    top = here.replace(minute=0, second=0, microsecond=0)
    found = [top + dt.timedelta(hours=n) for n in range(1, HOURS + 1)]
    found = [at for at in found if (at - here) >= dt.timedelta(minutes=20)]
    noon = top.replace(hour=12) + dt.timedelta(days=1)
    evening = top.replace(hour=18)
    if evening not in found and evening - here >= dt.timedelta(minutes=20):
        found.append(evening)
    choices = [*found, *([noon] if noon not in found else [])]
    usual = evening if evening in choices else choices[min(1, len(choices) - 1)]
    return [
        {
            "ms": int(at.timestamp()) * 1000,
            "title": f"{at:%H:%M}"
            if at.date() == here.date()
            else f"{at.month}月{at.day}日 {at:%H:%M}",
            "on": at == usual,
        }
        for at in choices
    ]


@require_safe
def listed(request: HttpRequest) -> HttpResponse:
    """急报: the requests this office may see, newest first."""
    scope = _scope(request)
    if not scope.may("request_flash"):
        scope.require("read_unit_figures")
    now, rows = now_ms(), []
    mine = scope.places("read_unit_figures")
    for found in flashes.all_flashes():
        at = places_of(found.request.parties)
        inside = [party for party in found.request.parties if at.get(party) in mine]
        if inside:
            rows.append(_line(found, inside, now))
    access.record(scope, "flash-list", "MON-FLASH", len(rows), now_ms=now)
    context = {"rows": rows, "can_ask": scope.may("request_flash")}
    return render(request, "market/flash/list.html", context)


def _line(found: Flash, inside: list[str], now: int) -> dict[str, Any]:
    states = flashes.states_of(found)
    form = registry.get(found.request.form)
    return {
        "flash": found,
        "href": reverse("flash", kwargs={"form": form.code, "code": found.code}),
        "what": words.cells_text(found, form),
        "due": words.due_text(found),
        "asked": len(inside),
        "answered": sum(bool(states[party].versions) for party in inside),
        "status": _status(found, now),
    }


def _status(found: Flash, now: int) -> dict[str, str]:
    if found.status == plans.WITHDRAWN:
        return {"status": "void", "text": "已撤回"}
    if found.status == plans.CLOSED:
        return {"status": "accepted", "text": "已提前结束"}
    over = now > found.request.due_at
    return (
        {"status": "accepted", "text": "已到时限"} if over else {"status": "open", "text": "进行中"}
    )


@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """发急报: a preset, an hour, the list, one button; everything else folded away."""
    scope, now = _scope(request), now_ms()
    place = frame.office_of(scope, "request_flash")
    if request.method == "POST":
        return _ask(request, scope, place, now)
    forms = askable()
    form = _form(request.GET.get("form") or forms[0].code)
    scope.require("request_flash", form=form.code, place=place)
    ready = presets(form)
    chosen = next((p for p in ready if p.code == request.GET.get("preset")), ready[0])
    on = frame.today(now)
    base = reverse("flash-new")
    context = {
        "key": frame.page_key(),
        "form": form,
        "forms": [
            {"title": one.title["zh"], "href": f"{base}?form={one.code}", "current": one is form}
            for one in forms
        ],
        "presets": [
            {
                "title": p.title,
                "href": f"{base}?form={form.code}&preset={p.code}",
                "current": p is chosen,
            }
            for p in ready
        ],
        "chosen": chosen,
        "groups": frame.items_by_group(form, chosen.items),
        "measures": [
            {"code": m.code, "title": m.title["zh"], "on": m.code in chosen.measures}
            for m in form.measures
        ],
        "hours": hours(now),
        "lists": frame.lists_in(form, place, on),
        "places": frame.places_in(place, on),
        "firms": frame.firms_in(place, on),
        "office": frame.place_zh(place),
    }
    return render(request, "market/flash/new.html", context)


def _ask(request: HttpRequest, scope: Scope, place: str, now: int) -> HttpResponse:
    said = request.POST
    form = _form(said.get("form", "") or askable()[0].code)
    lists, named = tuple(said.getlist("list")), tuple(said.getlist("party"))
    parties: list[str] = []
    if lists or named:
        parties = chosen_firms(
            form, within=place, places=said.getlist("place"), lists=lists, parties=named,
            on=frame.today(now),
        )  # fmt: skip
        outside = set(named) - set(parties)
        if outside and not said.getlist("place"):
            # A named firm that does not report here is refused by name, not silently left out.
            parties = sorted(set(parties) | outside)
    due = said.get("due", "")
    wanted = Request(
        form=form.code,
        place=place,
        title=said.get("title", "").strip()[:60],
        items=tuple(code for code in (i.code for i in form.leaves) if code in said.getlist("item")),
        measures=tuple(dict.fromkeys(said.getlist("measure"))),
        parties=tuple(parties),
        due_at=int(due) if due.isascii() and due.isdigit() and len(due) < 15 else 0,
        basis=said.get("basis", "").strip()[:300],
    )
    receipt = flashes.ask(scope=scope, new=wanted, key=frame.key_of(request), now_ms=now)
    filing = read.get(receipt.seq)
    assert filing is not None
    messages.success(request, f"急报已发出，{len(parties)} 家企业的「应办事项」随即出现。")
    return HttpResponseRedirect(reverse("flash", kwargs={"form": form.code, "code": filing.period}))


def find(scope: Scope, form: str, code: str, now: int) -> Results:
    """The results behind an address; 404 outside this scope."""
    if scope.is_public:
        scope.require("read_unit_figures")
    try:
        return results(scope, flashes.flash(form, code), now_ms=now)
    except FormError:
        raise Refused("FLASH-UNKNOWN", "没有这份急报。", "请从急报列表进入。", 404) from None


@require_safe
def one(request: HttpRequest, form: str, code: str) -> HttpResponse:
    """Results as they come: answered or not, totals by place, days of cover, what was corrected."""
    scope, now = _scope(request), now_ms()
    found = find(scope, form, code, now)
    access.record(scope, "flash", f"{form}|{code}", found.answered, found.flash.title, now_ms=now)
    flash_ = found.flash
    missing = [answer for answer in found.answers if not answer.answered]
    known, asked = found.once_only
    kwargs = {"form": form, "code": code}
    mine = flash_.filer == scope.party and scope.may(
        "request_flash", form=form, place=flash_.request.place
    )
    measure = flash_.request.measures[0]
    context = {
        "found": found,
        "flash": flash_,
        "form": found.form,
        "what": words.cells_text(flash_, found.form),
        "due": words.due_text(flash_),
        "asked_at": review_words.moment(flash_.asked_at, frame.zone()),
        "left": review_words_left(flash_, now),
        "status": _status(flash_, now),
        "missing": missing,
        "once": {
            "known": known,
            "asked": asked,
            "rate": round(100 * known / asked) if asked else 0,
        },
        "reminder": words.reminder(flash_, found.form, (a.name for a in missing)),
        "sheets": [tables.sheet(found, code_) for code_ in flash_.request.measures],
        "places": tables.places(found, measure),
        "firms": [tables.firm(found, answer, now) for answer in found.answers[:MOST_FIRMS]],
        "more": max(0, len(found.answers) - MOST_FIRMS),
        "exports": [
            {
                "title": kind.upper(),
                "href": reverse("flash-export", kwargs={**kwargs, "kind": kind}),
            }
            for kind in ("csv", "xlsx")
        ],
        "mine": mine and flash_.status == plans.ASKED,
        "can_withdraw": mine and flash_.status == plans.ASKED and not found.answered,
        "end_href": reverse("flash-end", kwargs=kwargs),
        "key": frame.page_key(),
    }
    return render(request, "market/flash/results.html", context)


def review_words_left(found: Flash, now: int) -> str:
    from ortoo.web.words import time_left

    return time_left(found.request.due_at, now)[1] if found.status == plans.ASKED else ""


@require_POST
def end(request: HttpRequest, form: str, code: str) -> HttpResponse:
    """提前结束 or 撤回, with the reason."""
    scope, now = _scope(request), now_ms()
    find(scope, form, code, now)
    withdraw = request.POST.get("how") == "withdraw"
    service = flashes.withdraw if withdraw else flashes.close
    service(
        scope=scope, form=form, code=code, reason=request.POST.get("reason", ""),
        key=frame.key_of(request), now_ms=now,
    )  # fmt: skip
    messages.success(request, "急报已撤回。" if withdraw else "急报已提前结束，未报的不再催报。")
    return HttpResponseRedirect(reverse("flash", kwargs={"form": form, "code": code}))


@require_safe
def export(request: HttpRequest, form: str, code: str, kind: str) -> HttpResponse:
    """Totals and every firm's cells as a file."""
    scope, now = _scope(request), now_ms()
    found = find(scope, form, code, now)
    access.record(scope, "flash-export", f"{form}|{code}", found.answered, kind, now_ms=now)
    zone = frame.zone()
    head = [
        ("标题", f"急报：{found.flash.title}"),
        ("时限", words.due_text(found.flash)),
        ("截至", review_words.moment(now, zone)),
        ("已报", f"{found.answered}/{len(found.answers)} 家"),
    ]
    sheets = []
    for measure in found.flash.request.measures:
        made = tables.sheet(found, measure)
        titles = tuple(
            f"{c['title']}（{c['unit']}）" if c.get("unit") else str(c["title"])
            for c in made["columns"]
        )
        rows = [[files.plain(value) for value in row] for row in made["rows"]]
        sheets.append(files.FileTable(made["title"], titles, rows))
    titles = ("地区", "企业", "品种", "指标", "填报", "已知", "来源", "结果", "报送时间", "迟报")
    rows = []
    for answer in found.answers:
        firm = tables.firm(found, answer, now)
        for line in firm["cells"]:
            rows.append(
                [firm["place"], answer.name, line["title"], line["measure"],
                 files.plain(line["value"]), files.plain(line["known"]), line["source"],
                 line["said_zh"] or "未报", firm["at"], "是" if answer.late else ""]
            )  # fmt: skip
    sheets.append(files.FileTable("企业明细", titles, rows))
    return files.response(kind, f"急报-{found.flash.code}", head, sheets)
