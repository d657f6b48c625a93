"""对比 and 分品种走势: chosen lines side by side; all that is chosen stands in the address."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from ortoo.domains.market import monitored, selectors
from ortoo.domains.market.web import compare_tables as tables
from ortoo.domains.market.web import search
from ortoo.domains.market.web.compare_lines import (
    MEASURES,
    PRICE,
    Line,
    Point,
    Span,
    measures_of,
    open_units,
    parse_line,
    points,
)
from ortoo.domains.market.web.figures_frame import item_choices
from ortoo.domains.market.web.figures_request import (
    civil_day,
    form_of,
    place_name,
    shown_forms,
    visible_periods,
)
from ortoo.kernel.filings.clock import now_ms
from ortoo.kernel.filings.refusal import Refused
from ortoo.kernel.forms.definition import Form, Item
from ortoo.kernel.grants.scope import Scope
from ortoo.kernel.places.active import active_pack

MOST, MOST_ROWS = 6, 12
YEAR = dt.timedelta(days=364)
BACK = dt.timedelta(days=2 * 366)


def span_of(request: HttpRequest, now: int, days: int = 364) -> Span:
    """from … to of the address, the last year where it says nothing. Raises Refused SPAN-DATE."""
    today = civil_day(now)
    last = _day(request.GET.get("to", ""), today)
    first = _day(request.GET.get("from", ""), last - dt.timedelta(days=days))
    if first > last:
        raise Refused("SPAN-ORDER", "开始日期晚于截止日期。", "请对调两个日期。")
    return Span(first, last)


def _day(text: str, default: dt.date) -> dt.date:
    if not text:
        return default
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise Refused("SPAN-DATE", f"日期“{text[:20]}”不能识别。", "请写作 2026-11-19。") from None


def found_of(
    scope: Scope, lines: Sequence[Line], span: Span, now: int
) -> dict[str, Sequence[Point]]:
    """Points of every line, with two years before the span for what stands against them."""
    wide = Span(span.first - BACK, span.last)
    return {line.code: points(scope, line, wide, now) for line in lines}


def root_of(form: Form, unit: str) -> str:
    """The whole that a unit is part of."""
    if form.code == monitored.FOREIGN:
        return unit.split("-", 1)[0]
    return active_pack().root.code


@require_safe
def compare(request: HttpRequest) -> HttpResponse:
    """Up to six lines; searching adds one, each can be taken away; the address keeps it all."""
    scope: Scope = request.scope  # type: ignore[attr-defined]
    now = now_ms()
    codes = list(dict.fromkeys(request.GET.getlist("s")))
    if len(codes) > MOST:
        said = f"一次最多比较 {MOST} 条，现有 {len(codes)} 条。"
        raise Refused("COMPARE-MANY", said, "请去掉几条。")
    lines = [parse_line(code) for code in codes]
    span = span_of(request, now)
    context: dict[str, Any] = {
        "lines": [(line, line.code, _without(request, line.code)) for line in lines],
        "span": span,
        "full": len(lines) >= MOST,
        "q": request.GET.get("q", "").strip()[: search.LONGEST],
        **_units(request, scope),
    }
    context["hits"] = [] if context["full"] else _hits(request, scope, context["q"])
    if lines:
        found = found_of(scope, lines, span, now)
        whole = [replace(line, unit=root_of(line.form, line.unit)) for line in lines]
        roots = {
            line.code: () if line.unit == root.unit
            else points(scope, root, Span(span.first - BACK, span.last), now)
            for line, root in zip(lines, whole, strict=True)
        }  # fmt: skip
        context |= {
            "chart": tables.chart(lines, found, span.first),
            "against": tables.against(lines, found, roots),
            "values": tables.values(lines, found, span.first),
            "spread": tables.spread(lines, found, span.first),
        }
    return render(request, "market/compare/compare.html", context)


def _units(request: HttpRequest, scope: Scope) -> dict[str, Any]:
    """Where a line to be added is to be: the region or one of its units."""
    pack = active_pack()
    units = [pack.root, *pack.reporting_units(civil_day(now_ms()))]
    chosen = request.GET.get("unit", "") or pack.root.code
    listed = [(place.code, place.short, place.code == chosen) for place in units]
    return {"unit_choices": listed, "unit": chosen}


def _without(request: HttpRequest, code: str) -> str:
    kept = [(name, value) for name, value in _pairs(request) if (name, value) != ("s", code)]
    return f"?{urlencode(kept)}" if kept else reverse("compare")


def _pairs(request: HttpRequest) -> list[tuple[str, str]]:
    return [
        (name, value)
        for name, values in request.GET.lists()
        for value in values
        if name in ("s", "from", "to", "unit") and value
    ]


def _hits(request: HttpRequest, scope: Scope, text: str) -> list[tuple[str, str]]:
    """(name, address with the line added) of the items a text finds."""
    if not text:
        return []
    chosen = request.GET.get("unit", "") or active_pack().root.code
    found = []
    for form, item in search.items_found(text, shown_forms(scope)):
        unit = "MNG" if form.code == monitored.FOREIGN else chosen
        line = Line(form, item, unit)
        if line.code not in request.GET.getlist("s"):
            found.append((line.name, f"?{urlencode([*_pairs(request), ('s', line.code)])}"))
    return found


# --- 分品种走势 ---------------------------------------------------------------------------------


@require_safe
def trends(request: HttpRequest) -> HttpResponse:
    """One category of goods: its items by price, sales, volume or stock, at one or more places."""
    scope: Scope = request.scope  # type: ignore[attr-defined]
    now = now_ms()
    forms = shown_forms(scope)
    code = request.GET.get("form", "") or search.leading(forms)
    if not code:
        return render(request, "market/figures/none.html", {"form_title": "分品种走势"})
    form = form_of(code)
    if form.code not in {one.code for one in forms} or not visible_periods(scope, form, now):
        said = f"{form.title['zh']}尚无已发布的数字。"
        raise Refused("NOT-PUBLISHED", said, "请在发布后再来。", 404)
    span = span_of(request, now)
    groups = item_choices(form)
    group = next((g for g in groups if g[0] == request.GET.get("group", "")), groups[0])
    measure = request.GET.get("m", "") if request.GET.get("m", "") in measures_of(form) else PRICE
    units, listed = _chosen_units(request, form, scope, now)
    items = _chosen_items(request, group[1])
    lines = [Line(form, item, unit, measure) for item in items for unit in units][:MOST_ROWS]
    found = found_of(scope, lines, span, now)
    context = {
        "forms": forms, "form": form, "span": span, "measure": measure, "group": group[0],
        "groups": [_group_tab(request, name, name == group[0]) for name, _ in groups],
        "measures": [(one, MEASURES[one] if one != PRICE else _published(form), one == measure)
                     for one in measures_of(form)],
        "items": [(item, item in items) for item in group[1]],
        "units": listed,
        "closed": measure != PRICE and not set(units) <= open_units(scope, form.code),
        "chart": tables.chart(lines[:MOST], found, span.first),
        "clipped": len(lines) > MOST,
        "values": tables.values(lines, found, span.first),
        "compare_href": reverse("compare") + "?" + urlencode(
            [("s", line.code) for line in lines[:MOST]]
            + [("from", span.first.isoformat()), ("to", span.last.isoformat())]
        ),
    }  # fmt: skip
    return render(request, "market/trends/trends.html", context)


def _published(form: Form) -> str:
    return MEASURES[PRICE] if form.roles.price else form.principal.title["zh"]


def _group_tab(request: HttpRequest, name: str, current: bool) -> dict[str, Any]:
    query = request.GET.copy()
    query["group"] = name
    query.pop("item", None)
    return {"title": name, "href": f"?{query.urlencode()}", "current": current}


def _chosen_items(request: HttpRequest, items: Sequence[Item]) -> list[Item]:
    asked = set(request.GET.getlist("item"))
    chosen = [item for item in items if item.code in asked]
    return chosen or list(items[:3])


def _chosen_units(
    request: HttpRequest, form: Form, scope: Scope, now: int
) -> tuple[list[str], list[tuple[str, str, bool]]]:
    """(units asked for, all of them with names): the units that the newest period has."""
    newest = visible_periods(scope, form, now)
    table = selectors.figures(scope, form.code, newest[0].code) if newest else None
    known = [table.root, *(u for u in table.units if u != table.root)] if table else []
    asked = [unit for unit in request.GET.getlist("unit") if unit in known] or known[:1]
    return asked, [(unit, place_name(unit, short=True), unit in asked) for unit in known]
