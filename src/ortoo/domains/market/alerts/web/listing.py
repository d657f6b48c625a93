"""异动列表: open alerts first by level, then the ended ones; filters; the same as CSV."""

from __future__ import annotations

import datetime as dt
from typing import Any
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from ortoo.domains.market.alerts import evidence, matters, wording
from ortoo.domains.market.alerts.matters import STEPS, Alert
from ortoo.domains.market.alerts.tables import SORTS
from ortoo.kernel.filings.clock import now_ms
from ortoo.kernel.filings.refusal import Refused
from ortoo.kernel.forms.periods import parse
from ortoo.kernel.grants import access
from ortoo.kernel.grants.scope import Scope
from ortoo.kernel.places.active import active_pack
from ortoo.web.words import time_left

STAGES = {"open": "处置中", "ended": "已解除", "false_alarm": "误报"}


def scope_of(request: HttpRequest) -> Scope:
    """The reader's scope. Refused SCOPE-… for who reads no place's aggregates."""
    scope: Scope = request.scope  # type: ignore[attr-defined]
    if not scope.may("read_unit_figures") and not scope.may("read_aggregates"):
        scope.require("read_aggregates")
    return scope


def moment(at_ms: int | None) -> str:
    """«11月23日 10:42» in the region's time."""
    if at_ms is None:
        return ""
    here = dt.datetime.fromtimestamp(at_ms / 1000, ZoneInfo(active_pack().head.time_zone))
    return f"{here.month}月{here.day}日 {here:%H:%M}"


def place_name(code: str) -> str:
    pack = active_pack()
    return pack[code].zh if code in pack else code


def said(scope: Scope, alert: Alert) -> str:
    """The alert in one line; without figures for who may see no firm's, since a county's largest
    rise may be one shop's."""
    if matters.sees_firms(scope, alert.place):
        return alert.newest.said
    return f"{place_name(alert.place)}{evidence.goods_of(alert).title}{SORTS[alert.sort]}"


@require_safe
def page(request: HttpRequest) -> HttpResponse:
    """Open and ended alerts of the reader's places."""
    scope, now = scope_of(request), now_ms()
    found = matters.alerts(scope)
    chosen = {name: request.GET.get(name, "") for name in ("sort", "level", "stage", "place")}
    rows = [one for one in found if _matches(one, chosen)]
    access.record(scope, "alerts", "市场异动", len(rows), now_ms=now)
    open_now = [one for one in found if one.stage == "open"]
    places = sorted({one.place for one in found})
    context = {
        "rows": _rows(scope, rows, now),
        "any": bool(found),
        "counts": [
            (word, sum(1 for one in open_now if one.sort == sort)) for sort, word in SORTS.items()
        ],
        "sorts": _options(SORTS, chosen["sort"]),
        "levels": _options({str(k): v for k, v in wording.LEVELS.items()}, chosen["level"]),
        "stages": _options(STAGES, chosen["stage"]),
        "places": _options({code: place_name(code) for code in places}, chosen["place"]),
    }
    return render(request, "market/alerts/list.html", context)


def _matches(one: Alert, chosen: dict[str, str]) -> bool:
    has = {
        "sort": one.sort, "level": str(one.level), "stage": one.stage, "place": one.place,
    }  # fmt: skip
    if chosen["level"] and chosen["level"] not in "1234":
        raise Refused("ALERT-FILTER", "没有这个级别。", "请从列表中选择。", 400)
    return all(not value or has[name] == value for name, value in chosen.items())


def _options(words: dict[str, str], chosen: str) -> list[tuple[str, str, bool]]:
    return [(code, word, code == chosen) for code, word in words.items()]


def _rows(scope: Scope, rows: list[Alert], now: int) -> list[dict[str, Any]]:
    return [
        {
            "alert": one,
            "said": said(scope, one),
            "href": reverse("alert", kwargs={"place": one.place, "case": one.case}),
            "level": wording.LEVELS[one.level],
            "sort": SORTS[one.sort],
            "place": place_name(one.place),
            "period": parse(one.newest.period).label_zh,
            "at": moment(one.at),
            "stage": STAGES.get(one.stage, one.stage),
            "next": next_step(one, now),
        }
        for one in rows
    ]


def next_step(one: Alert, now: int) -> str:
    """The open step due first, and how long is left."""
    if not one.open_steps:
        return "—"
    step = min(one.open_steps, key=lambda code: (one.open_steps[code] or 2**62, code))
    due = one.open_steps[step]
    return STEPS[step] if due is None else f"{STEPS[step]}，{time_left(due, now)[1]}"
