"""One alert: its evidence, now or as known before, and the step its office takes next."""

from __future__ import annotations

import datetime as dt
import re
import uuid
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from ortoo.domains.market.alerts import evidence as evidences
from ortoo.domains.market.alerts import matters, naming, services, tables, wording
from ortoo.domains.market.alerts.evidence import Evidence
from ortoo.domains.market.alerts.matters import REPORTS, STEPS, Alert
from ortoo.domains.market.alerts.web import page as parts
from ortoo.domains.market.alerts.web.listing import (
    STAGES,
    moment,
    place_name,
    said,
    scope_of,
)
from ortoo.kernel.filings import read
from ortoo.kernel.filings.clock import now_ms
from ortoo.kernel.filings.refusal import Refused
from ortoo.kernel.grants import access
from ortoo.kernel.grants.scope import Scope
from ortoo.kernel.places.active import active_pack
from ortoo.web.words import time_left

DONE = {
    "verify": "已记录核实结论。", "phone": "已记录电话报告。", "report": "报告已报送。",
    "measures": "处置建议已报送。", "close": "异动已解除。",
}  # fmt: skip
_KEY = re.compile(r"[0-9a-f]{32}\Z")


@require_safe
def to_page(request: HttpRequest, thread: str) -> HttpResponse:
    """From the general page of a matter to the alert's own."""
    _, place, case = [*thread.split("|", 2), "", ""][:3]
    alert = matters.alert(scope_of(request), place, case)
    return HttpResponseRedirect(_href(alert))


def _href(alert: Alert) -> str:
    return reverse("alert", kwargs={"place": alert.place, "case": alert.case})


@require_http_methods(["GET", "POST"])
def page(request: HttpRequest, place: str, case: str) -> HttpResponse:
    """The evidence page; a post files a step and leads back here."""
    scope, now = scope_of(request), now_ms()
    as_of, day = _as_of(request.GET.get("as_of", ""))
    alert = _stood(scope, place, case, as_of)
    fault: Refused | None = None
    if request.method == "POST":
        try:
            act = _act(request.POST, scope, alert, now)
        except Refused as error:
            if error.status not in (400, 409, 422):
                raise
            fault = error
        else:
            messages.success(request, DONE.get(act, "已报送。"))
            return HttpResponseRedirect(_href(alert))
    found = evidences.evidence(scope, alert, as_of)
    access.record(scope, "alert", alert.thread, len(found.returns), now_ms=now)
    context = _context(scope, found, now)
    context |= {"fault": fault, "posted": request.POST, "replay": as_of, "day": day}
    return render(
        request, "market/alerts/alert.html", context, status=fault.status if fault else 200
    )


def _stood(scope: Scope, place: str, case: str, as_of: int | None) -> Alert:
    """The alert as known at a log index. At the one that a raise was computed at, with that raise:
    it was filed right after, and is what the replay is about."""
    whole = matters.alert(scope, place, case)
    if as_of is None:
        return whole
    until = next((one.seq for one in whole.raised if one.log_index == as_of), as_of)
    return matters.alert(scope, place, case, as_of=until)


def _as_of(text: str) -> tuple[int | None, str]:
    """A log index, or the end of a day. Refused ALERT-AS-OF."""
    if not text:
        return None, ""
    if re.fullmatch(r"[0-9]{1,15}", text):
        return min(int(text), read.tail()), f"第 {text} 号报件"
    try:
        day = dt.date.fromisoformat(text)
    except ValueError:
        raise Refused(
            "ALERT-AS-OF", "截至口径有误。", "请写日期（2026-11-23）或报件号。", 400
        ) from None
    zone = ZoneInfo(active_pack().head.time_zone)
    end = dt.datetime.combine(day + dt.timedelta(days=1), dt.time(), tzinfo=zone)
    return read.tail_at(int(end.timestamp() * 1000) - 1), f"{day.month}月{day.day}日"


def _context(scope: Scope, found: Evidence, now: int) -> dict[str, Any]:
    alert, raised = found.alert, found.alert.newest
    rule = tables.rule_by_code(raised.rule)
    own = scope.may("review", place=alert.place) and found.as_of is None
    return {
        "alert": alert,
        "raised": raised,
        "level_word": wording.LEVELS[raised.level],
        "said": said(scope, alert),
        "title": naming.title_of(alert.place, alert.case),
        "place": place_name(alert.place),
        "sort": tables.SORTS[alert.sort],
        "stage": STAGES.get(alert.stage, alert.stage),
        "facts": _facts(found, rule),
        "steps": [
            {"code": c, "title": STEPS[c], "left": time_left(d, now) if d else ("calm", "")}
            for c, d in _by_due(alert)
        ],
        "lines": parts.shown_lines(scope, found),
        "own_places": parts.place_table(scope, found, found.own, "旗县的变动和断货"),
        "other_places": parts.place_table(scope, found, found.others, "盟市的变动和断货"),
        "returns": parts.returns_table(scope, found),
        "around": found.around,
        "chart": parts.drawing(scope, found),
        "detectors": parts.detectors(scope, found),
        "timeline": parts.timeline(scope, found),
        "signs": [_sign(sign) for one in found.findings for sign in one.signs],
        "boxes": [
            (template, given)
            for template, box in evidences.BOXES
            if (given := box(scope, alert, found.as_of)) is not None
        ],
        "replay_href": parts.as_of_link(found),
        "offers": [c for c, _ in _by_due(alert) if own and alert.owners.get(c) == scope.party],
        "report_step": next((c for c in REPORTS if c in alert.open_steps), ""),
        "draft": _draft(found) if own else "",
        "measures": [(c, parts.measure_words()[c]) for c in wording.MEASURES[alert.sort]],
        "key": uuid.uuid4().hex,
    }


def _facts(found: Evidence, rule: tables.Rule | None) -> list[tuple[str, Any]]:
    alert, raised = found.alert, found.alert.newest
    filed, owed = found.filed
    newest = "仍达到界限" if found.still else "已回到界限以内；不会自动解除"
    facts: list[tuple[str, Any]] = [
        ("报告期", parts.period_words(found)),
        ("提示时间", _when(alert)),
        ("规则", rule.title if rule else raised.rule),
        ("规则表", f"{rule.plan.title if rule else raised.table}（第 {raised.table_version} 版）"),
        ("出处", f"{'' if raised.verified else '未核：'}{rule.source if rule else '—'}"),
        ("已报", f"{filed} / {owed} 家，含未审核"),
        ("最新一期", newest),
    ]
    if alert.ended_at is not None:
        facts.append(("结束", f"{STAGES.get(alert.stage, '')} {moment(alert.ended_at)}"))
    return facts


def _by_due(alert: Alert) -> list[tuple[str, int | None]]:
    """Open steps, the one due first before the others."""
    return sorted(alert.open_steps.items(), key=lambda step: (step[1] is None, step[1] or 0))


def _when(alert: Alert) -> str:
    """When it was raised, and stepped up; with the log index of the raise in force."""
    raised = alert.newest
    known = f"（截至第 {raised.log_index} 号报件）"
    if len(alert.raised) == 1:
        return f"{moment(alert.at)}{known}"
    return f"{moment(alert.at)}，{moment(raised.at)} 升级{known}"


def _sign(sign: Any) -> tuple[str, str, str]:
    value = "无数据" if sign.value is None else tables.figure(sign.condition.statistic, sign.value)
    return (
        sign.condition.words,
        value,
        "符合" if sign.met else "不符合" if sign.value is not None else "—",
    )


def _draft(found: Evidence) -> str:
    alert, raised = found.alert, found.alert.newest
    by_item: dict[str, list[float]] = {}
    stat: dict[str, str] = {}
    out: dict[str, set[str]] = {}
    names = dict(zip(found.window.items, found.window.names, strict=True))
    for line in raised.lines:
        name = names.get(line["item"], line["item"])
        if line["statistic"] == "out_of_stock":
            out.setdefault(place_name(line["place"]), set()).add(name)
        else:
            by_item.setdefault(name, []).append(line["value"] / services.SCALE)
            stat[name] = line["statistic"]
    sign = -1 if alert.sort == tables.GLUT else 1
    ordered = sorted(by_item, key=lambda n: -sign * max(by_item[n], key=lambda v: sign * v))
    changes = [
        f"{name}{tables.STATISTICS[stat[name]]} "
        f"{tables.figure(stat[name], max(by_item[name], key=lambda v: sign * v))}"
        for name in ordered
    ]
    around = {one.title: one for one in found.around}
    days = [f"{t}{one.text}" for t, one in around.items() if "可销天数" in t and one.text]
    arrivals = around["到货量与前四期平均比（批发）"]
    rules = dict.fromkeys(line["rule"] for line in raised.lines)
    titles = [rule.title for code in rules if (rule := tables.rule_by_code(code)) is not None]
    filed, owed = found.filed
    return wording.report_draft(
        wording.Facts(
            place_name(alert.place), parts.period_words(found), moment(raised.at), alert.sort,
            raised.level, found.goods.title, titles, changes,
            [f"{place}：{'、'.join(sorted(what))}" for place, what in out.items()],
            "；".join(days) or "没有填报库存",
            f"与前四期平均比 {arrivals.text}" if arrivals.text else "没有到货填报",
            f"本期已报 {filed} 家（应报 {owed} 家），含未审核。",
        )
    )  # fmt: skip


def _act(data: QueryDict, scope: Scope, alert: Alert, now: int) -> str:
    """File what the pressed button says; the step's code."""
    act = data.get("act", "")
    key = data.get("key", "")
    key = key if _KEY.match(key) else uuid.uuid4().hex
    given: dict[str, Any] = {"scope": scope, "alert": alert, "key": key, "now_ms": now}
    text = data.get("text", "")
    if act == "verify":
        services.verify(
            **given, outcome=data.get("outcome", ""), cause=data.get("cause", ""), text=text
        )
    elif act == "phone":
        call = services.Call(
            data.get("from_post", ""), data.get("to_post", ""), _called(data.get("called_at", "")),
            text, data.get("answer", ""),
        )  # fmt: skip
        services.log_call(**given, call=call)
    elif act == "report":
        told = {name: data.get(name, "") for name in ("cause", "done", "text")}
        services.report(**given, step=data.get("step", ""), said=told)
    elif act == "measures":
        services.propose(**given, measures=data.getlist("measure"), text=text)
    elif act == "close":
        services.close(**given, text=text)
    else:
        raise Refused("ALERT-ACT", "没有选择办理事项。", "请在页面上选择。", 422)
    return act


def _called(text: str) -> int:
    """The moment of a call from the page's field, ms. Refused ALERT-PHONE-TIME."""
    try:
        said_at = dt.datetime.fromisoformat(text)
    except ValueError:
        raise Refused("ALERT-PHONE-TIME", "没有填写通话时间。", "请填写日期和时间。", 422) from None
    zone = ZoneInfo(active_pack().head.time_zone)
    return int(said_at.replace(tzinfo=said_at.tzinfo or zone).timestamp() * 1000)
