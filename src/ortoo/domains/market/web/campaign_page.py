"""One 专项监测: the own office's duty today, progress, figures, texts, archive."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from ortoo.domains.market import rosters, situations
from ortoo.domains.market.campaigns import selectors, services
from ortoo.domains.market.campaigns.figures import Base, DayFigures, day_figures
from ortoo.domains.market.campaigns.plan import Campaign, clock_zh
from ortoo.domains.market.registers import names_of
from ortoo.domains.market.situations import SORT_ZH, Abnormal, Report, Situation
from ortoo.domains.market.web import campaign_files as files
from ortoo.domains.market.web import campaign_form as forms
from ortoo.domains.market.web import campaign_frame as frame
from ortoo.domains.market.web import campaign_words as words
from ortoo.domains.market.web import review_words
from ortoo.domains.market.web.campaign_views import badge, scope_of
from ortoo.kernel.filings.clock import now_ms
from ortoo.kernel.filings.refusal import Refused
from ortoo.kernel.grants import access
from ortoo.kernel.grants.scope import Scope

MOST_DAYS = 10
WATCHES = 3


def _day(text: str) -> dt.date:
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise Refused("CAMPAIGN-DATE", f"{text[:20]} 不是日期。", "请从页面选择。", 404) from None


@require_safe
def one(request: HttpRequest, code: str) -> HttpResponse:
    """The campaign's page; `?day=` chooses the day whose figures are shown."""
    scope, now = scope_of(request), now_ms()
    found = selectors.one(scope, code)
    plan, today = found.plan, frame.today(now)
    form = forms.form_of(plan.form)
    until = min(today, plan.last)
    begun = plan.first <= today and plan.status == "standing"
    day = _day(request.GET["day"]) if "day" in request.GET else until
    if day not in plan.days:
        day = until
    context: dict[str, Any] = {
        "campaign": found,
        "plan": plan,
        "form": form,
        "badge": badge(found, now),
        "span": plan.span_zh,
        "what": words.cells_zh(plan, form),
        "office": frame.place_zh(plan.place),
        "facts": _facts(found, form),
        "begun": begun,
        "today": words.full_day_zh(today),
        "ended": words.ended(found) if found.stage(today) == "ended" else "",
        "versions": [
            {
                "seq": row.seq,
                "href": reverse("filing", kwargs={"seq": row.seq}),
                "at": review_words.moment(row.received_at, frame.zone()),
                "reason": row.reason or "发起",
            }
            for row in selectors.versions(found)
        ],
        "mine": found.filer == scope.party
        and scope.may(services.VERB, form=plan.form, place=plan.place)
        and found.stage(today) in ("coming", "running"),
        "change_href": reverse("campaign-change", kwargs={"code": code}),
        "end_href": reverse("campaign-end", kwargs={"code": code}),
        "notice": words.notice(
            found, form, selectors.expected(found, max(plan.first, min(today, plan.last)))
        ),
        "key": frame.page_key(),
    }
    if begun:
        context |= _running(scope, found, (day, until), now)
    access.record(scope, "campaign", code, 1, found.title, now_ms=now)
    return render(request, "market/campaign/page.html", context)


def _facts(found: Campaign, form: Any) -> list[tuple[str, str]]:
    plan = found.plan
    pairs = [
        ("表式", f"{form.title['zh']}（{form.code}）"),
        ("品种和指标", words.cells_zh(plan, form)),
        (
            "报送时限",
            f"每日 {clock_zh(plan.due_minute)} 前；审核 {clock_zh(plan.review_minute)} 前",
        ),
        ("口径", "当日价格、昨日销量" if plan.yesterday else "当日"),
        ("周报", "整周落在期内的免报" if plan.weekly == "paused" else "照常报送"),
        ("依据", plan.basis),
    ]
    if plan.situation_minute is not None:
        said = f"每日 {clock_zh(plan.situation_minute)} 前（零报告）"
        pairs.insert(3, ("各级情况", said))
    if plan.narrative_minute is not None:
        pairs.insert(4, ("分析文字", f"末日 {clock_zh(plan.narrative_minute)} 前"))
    return pairs


def _running(
    scope: Scope, found: Campaign, days: tuple[dt.date, dt.date], now: int
) -> dict[str, Any]:
    day, until = days
    matrix = selectors.matrix(scope, found, until, MOST_DAYS)
    names = names_of(party for party, _ in matrix.missing)
    figures = day_figures(scope, found.plan, day)
    known, asked = selectors.once_only(scope, found, day, now)
    kwargs = {"code": found.code, "day": day.isoformat()}
    return {
        "matrix": _matrix(found, matrix, day),
        "missing": [
            {"name": names.get(party, party), "place": frame.place_zh(place)}
            for party, place in matrix.missing
        ],
        "chase": words.reminder(found, until, (names.get(p, p) for p, _ in matrix.missing)),
        "open_today": until == frame.today(now),
        "day": day,
        "day_zh": words.day_zh(day, found.plan),
        "sheet": sheet(found, figures),
        "figures": figures,
        "lunar_day": words.full_day_zh(figures.lunar.day) if found.plan.lunar else "",
        "once": {"known": known, "asked": asked, "rate": round(100 * known / (asked or 1))},
        "exports": [
            {"title": kind.upper(),
             "href": reverse("campaign-export", kwargs={**kwargs, "kind": kind})}
            for kind in ("csv", "xlsx")
        ],
        **_situations(scope, found, until, now),
        "rosters": _rosters(scope, until, now),
        "roster_href": reverse("campaign-roster", kwargs={"code": found.code}),
        "watches": range(1, WATCHES + 1),
        "posts": rosters.POST_ZH.items(),
        "can_roster": bool(rosters.active_office(scope)) and scope.may("review"),
    }  # fmt: skip


def _matrix(found: Campaign, matrix: selectors.Matrix, day: dt.date) -> dict[str, Any]:
    page = reverse("campaign", kwargs={"code": found.code})
    return {
        "days": [
            {
                "title": words.day_zh(at, found.plan),
                "href": f"{page}?day={at}",
                "current": at == day,
            }
            for at in matrix.days
        ],
        "rows": [{"title": frame.place_zh(place), "cells": cells} for place, cells in matrix.rows],
        "total": matrix.total,
    }


def _base_title(word: str, base: Base) -> str:
    return f"{word}（{base.note}）" if base.note else word


def sheet(found: Campaign, figures: DayFigures) -> dict[str, Any]:
    """The day's table: columns and rows of text."""
    form, plan = figures.form, found.plan
    roles = form.roles
    price = form.principal
    quantity = form.measure_by_code.get(roles.quantity or "")
    columns: list[dict[str, Any]] = [
        {"title": "品种"}, {"title": "单位"}, {"title": "均价", "numeric": True},
        {"title": "家数", "numeric": True}, {"title": "比前一日", "unit": "%", "numeric": True},
        {"title": "比上周同日", "unit": "%", "numeric": True},
    ]  # fmt: skip
    if plan.lunar:
        columns.append({"title": _base_title("农历同期", figures.lunar), "numeric": True})
        columns.append({"title": "比农历同期", "unit": "%", "numeric": True})
    if quantity is not None:
        title = "昨日销量" if plan.yesterday else "销量"
        columns.append({"title": title, "numeric": True})
    columns.append({"title": "断货", "unit": "家", "numeric": True})
    rows = []
    for line in figures.lines:
        row = [
            line.item.name["zh"], price.unit_of(line.item), words.figure(line.mean, price.scale),
            line.quotes, words.change(line.before.change), words.change(line.week.change),
        ]  # fmt: skip
        if plan.lunar:
            row += [words.figure(line.lunar.mean, price.scale), words.change(line.lunar.change)]
        if quantity is not None:
            row.append(words.amount(line.quantity, quantity.scale))
        rows.append([*row, line.out_of_stock or "—"])
    return {"columns": columns, "rows": rows}


def _situations(scope: Scope, found: Campaign, day: dt.date, now: int) -> dict[str, Any]:
    mine = scope.places("read_unit_figures") | scope.places("review")
    owed = [one for one in situations.owed(found, day) if one.place in mine]
    said = situations.situations(scope, found, day)
    own = [one for one in owed if one.owner == scope.party]
    reported = [one for one in owed if one.kind == "situation"]
    return {
        "own": {one.kind: one for one in own},
        "own_href": reverse(
            "campaign-situation", kwargs={"code": found.code, "day": day.isoformat()}
        ),
        "sorts": SORT_ZH.items(),
        "owed": [
            {
                "place": frame.place_zh(one.place),
                "kind": "情况" if one.kind == "situation" else "分析文字",
                "done": one.closed_seq is not None,
                "over": one.closed_seq is None and now > one.due_at,
                "due": review_words.moment(one.due_at, frame.zone()),
            }
            for one in owed
        ],
        "reported": (sum(one.closed_seq is not None for one in reported), len(reported)),
        "abnormal": [_said(one) for one in said if one.kind == situations.ABNORMAL],
        "narratives": [_said(one) for one in said if one.kind == situations.NARRATIVE],
        "zeros": [frame.place_zh(one.place) for one in said if one.kind == situations.ZERO],
    }


def _said(one: Situation) -> dict[str, Any]:
    return {
        "place": frame.place_zh(one.place),
        "at": review_words.moment(one.at_ms, frame.zone()),
        "text": one.text,
        "matters": [
            "·".join(word for word in (SORT_ZH[m.sort], m.what, m.at) if word) for m in one.matters
        ],
        "href": reverse("filing", kwargs={"seq": one.seq}),
    }


def _rosters(scope: Scope, day: dt.date, now: int) -> list[dict[str, Any]]:
    return [
        {
            "place": frame.place_zh(one.place),
            "watches": [(rosters.POST_ZH[w.post], w.name, w.phone) for w in one.watches],
        }
        for one in rosters.rosters(scope, day, now_ms=now)
    ]


@require_POST
def situation(request: HttpRequest, code: str, day: str) -> HttpResponse:
    """零报告, 异常情况 or 分析文字 of the own office."""
    scope, now = scope_of(request), now_ms()
    found = selectors.one(scope, code)
    said = request.POST
    kind = said.get("kind", situations.ZERO)
    if kind not in (situations.ZERO, situations.ABNORMAL, situations.NARRATIVE):
        raise Refused("SITUATION-KIND", "没有这种报告。", "请从页面选择。")
    matters = tuple(
        Abnormal(sort, said.get("what", ""), said.get("at", ""))
        for sort in dict.fromkeys(said.getlist("sort"))
        if sort in SORT_ZH
    )
    new = Report(
        found.code, _day(day), frame.office_of(scope, "review"), kind, said.get("text", ""), matters
    )
    situations.report(scope=scope, new=new, key=frame.key_of(request), now_ms=now)
    messages.success(request, "已报送。" if kind != situations.ZERO else "零报告已报送。")
    return HttpResponseRedirect(reverse("campaign", kwargs={"code": code}) + "#situation")


@require_POST
def roster(request: HttpRequest, code: str) -> HttpResponse:
    """值班表 of the own office for today."""
    scope, now = scope_of(request), now_ms()
    selectors.one(scope, code)
    said = request.POST
    watches = tuple(
        rosters.Watch(
            said.get(f"post.{n}", "day"), said.get(f"name.{n}", ""), said.get(f"phone.{n}", "")
        )
        for n in range(1, WATCHES + 1)
        if said.get(f"name.{n}", "").strip() and said.get(f"phone.{n}", "").strip()
    )
    rosters.set_roster(
        scope=scope, place=frame.office_of(scope, "review"), day=frame.today(now), watches=watches,
        key=frame.key_of(request), now_ms=now,
    )  # fmt: skip
    messages.success(request, "值班表已报送；姓名和电话密封保存，只有各级机关可见。")
    return HttpResponseRedirect(reverse("campaign", kwargs={"code": code}) + "#roster")


@require_safe
def export(request: HttpRequest, code: str, day: str, kind: str) -> HttpResponse:
    """A day's figures and the progress as a file."""
    scope, now = scope_of(request), now_ms()
    found = selectors.one(scope, code)
    at = _day(day)
    if at not in found.plan.days:
        raise Refused("CAMPAIGN-DATE", "这一天不在期内。", "请从页面选择。", 404)
    figures = day_figures(scope, found.plan, at)
    made = sheet(found, figures)
    access.record(scope, "campaign-export", f"{code} {day}", figures.counted, kind, now_ms=now)
    twin = f"{words.full_day_zh(figures.lunar.day)}{figures.lunar.note}"
    head = [
        ("标题", f"{found.title}：{words.full_day_zh(at)}"),
        ("企业", f"应报 {figures.asked} 家，已计入 {figures.counted} 家（含未审）"),
        ("农历同期", twin if found.plan.lunar else "不比"),
        ("截至", review_words.moment(now, frame.zone())),
    ]  # fmt: skip
    titles = tuple(
        f"{c['title']}（{c['unit']}）" if c.get("unit") else str(c["title"])
        for c in made["columns"]
    )
    tables = [
        files.FileTable("当日", titles, [[files.plain(v) for v in row] for row in made["rows"]])
    ]
    progress = selectors.matrix(scope, found, min(frame.today(now), found.plan.last), 93)
    rows: list[list[files.Value]] = [
        [frame.place_zh(place), words.day_zh(d, found.plan), c.owed, c.filed, c.on_time]
        for place, cells in progress.rows
        for d, c in zip(progress.days, cells, strict=True)
        if c.opened
    ]
    tables.append(files.FileTable("进度", ("地区", "日期", "应报", "已报", "及时"), rows))
    return files.response(kind, f"{found.title}-{day}", head, tables)
