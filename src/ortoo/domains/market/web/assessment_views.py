"""报送情况, 考核 and 劳务费清单: parse the range, ask the selectors, show or export."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from ortoo.domains.market import assessment, incentives, monitored, rates
from ortoo.domains.market.parameters import civil_day
from ortoo.domains.market.rates import Range
from ortoo.domains.market.registers import names_of
from ortoo.domains.market.web import assessment_listings as listings
from ortoo.domains.market.web.assessment_files import response
from ortoo.kernel.filings.clock import now_ms
from ortoo.kernel.filings.refusal import Refused
from ortoo.kernel.forms import registry
from ortoo.kernel.grants import access
from ortoo.kernel.grants.scope import Scope
from ortoo.kernel.places.active import active_pack

KINDS = ("csv", "xlsx")
LONGEST_YEARS = 5


def span_of(request: HttpRequest, form: str, now: int) -> Range:
    """The range asked for, else this year so far. Raises Refused RANGE (400)."""
    today = civil_day(now)
    try:
        last = dt.date.fromisoformat(request.GET.get("to") or today.isoformat())
        first = dt.date.fromisoformat(request.GET.get("from") or f"{last.year}-01-01")
    except ValueError as error:
        raise Refused("RANGE", "日期有误。", "请写成 2026-01-01。", 400) from error
    if not (0 <= (last - first).days <= 366 * LONGEST_YEARS and 2000 <= first.year < 2100):
        raise Refused("RANGE", "起止日期有误，或超过五年。", "请更正起止日期。", 400)
    return Range(first, last, form)


def _known(form: str, place: str) -> None:
    if (form and not monitored.is_monitored(form)) or place not in active_pack():
        raise Refused("RATES-UNKNOWN", "没有这个表式或地区。", "请从首页进入。", 404)


def _frame(name: str, args: list[Any], span: Range, kind: str) -> dict[str, Any]:
    exports = [
        {"title": each.upper(), "href": reverse(f"{name}-export", args=[*args, each])}
        for each in KINDS
    ]
    return {
        "span": span,
        "first": span.first.isoformat(),
        "last": span.last.isoformat(),
        "exports": exports,
        "kind": kind,
        "forms": [(form.code, form.title["zh"]) for form in monitored.forms()],
    }


@require_safe
def rates_page(request: HttpRequest, form: str, place: str, kind: str = "") -> HttpResponse:
    """四率 of a place: by unit below it, by firm (`?by=firm`), by period (`?by=period`), or of one
    firm period by period (`?party=`)."""
    scope: Scope = request.scope  # type: ignore[attr-defined]
    now = now_ms()
    scope.require("review", form, place=place)
    _known(form, place)
    span = span_of(request, form, now)
    under = active_pack().under(place, span.last)
    rows = rates.of_places(scope, under, span, now)
    party, by = request.GET.get("party", ""), request.GET.get("by", "")
    if party:
        rows = [row for row in rows if row.party == party]
        if not rows:
            raise Refused("RATES-FIRM", "本级在此范围没有这家企业。", "请从名单中选择。", 404)
    below = active_pack().reporting_children(place, span.last)
    by = "period" if party else by if by in ("firm", "period") else "place" if below else "firm"
    access.record(scope, "rates", party or f"{form}|{place}", len(rows), now_ms=now)
    listing = listings.rates_listing(place, rows, span, by)
    if kind:
        return response(listing, kind)
    query = listings.query_of(Range(span.first, span.last))
    context = _frame("rates", [form, place], span, kind) | {
        "title": "报送情况",
        "subject": names_of([party]).get(party, party) if party else active_pack()[place].zh,
        "form_title": registry.get(form).title["zh"],
        "party": party,
        "by": by,
        "tabs": [
            {"title": title, "href": f"{query}&by={code}", "current": by == code}
            for code, title in (("place", "按地区"), ("firm", "按企业"), ("period", "按期"))
            if code != "place" or below
        ],
        "assessment_href": reverse("assessment", args=[place]) + query,
        "incentives_href": reverse("incentives", args=[form, span.last.year, place]),
    }
    more = f"{query}&by={by}" + (f"&party={party}" if party else "")
    return _shown(request, context, listing, more)


@require_safe
def assessment_page(request: HttpRequest, place: str, kind: str = "") -> HttpResponse:
    """考核 of the offices that report to a place; where none does, its firms' rates are linked."""
    scope: Scope = request.scope  # type: ignore[attr-defined]
    now, form = now_ms(), request.GET.get("form", "")
    scope.require("review", form or None, place=place)
    _known(form, place)
    span = span_of(request, form, now)
    found = assessment.assess(scope, place, span, now)
    access.record(scope, "assessment", place, len(found.rows), now_ms=now)
    listing = listings.assessment_listing(found)
    if kind:
        return response(listing, kind)
    query = listings.query_of(span)
    context = _frame("assessment", [place], span, kind) | {
        "title": "考核",
        "subject": found.title,
        "form_title": registry.get(form).title["zh"] if form else "各表合计",
        "chosen": form,
        "choose_form": True,
        "rules": found.rules,
        "empty": not found.rows,
        "firms": [
            (one.title["zh"], reverse("rates", args=[one.code, place]) + query)
            for one in monitored.forms()
            if form in ("", one.code)
        ],
    }
    return _shown(request, context, listing, query)


@require_safe
def incentives_page(
    request: HttpRequest, form: str, year: int | str, place: str, kind: str = ""
) -> HttpResponse:
    """信息采集劳务费 of a year: a computed draft."""
    scope: Scope = request.scope  # type: ignore[attr-defined]
    now, chosen = now_ms(), int(year)
    scope.require("review", form, place=place)
    _known(form, place)
    found = incentives.incentives(scope, place, form, chosen, now)
    access.record(scope, "incentives", f"{form}|{place}|{chosen}", len(found.rows), now_ms=now)
    listing = listings.incentives_listing(found, place)
    if kind:
        return response(listing, kind)
    span = incentives.year_range(chosen, form)
    context = _frame("incentives", [form, chosen, place], span, kind) | {
        "title": "信息采集劳务费清单（草稿）",
        "subject": f"{active_pack()[place].zh} · {chosen}年",
        "form_title": registry.get(form).title["zh"],
        "rules": found.rules,
        "years": [
            {
                "title": f"{each}年",
                "href": reverse("incentives", args=[form, each, place]),
                "current": each == chosen,
            }
            for each in range(civil_day(now).year, civil_day(now).year - LONGEST_YEARS, -1)
        ],
        "draft": True,
    }
    return _shown(request, context, listing, "")


def _shown(
    request: HttpRequest, context: dict[str, Any], listing: listings.Listing, query: str
) -> HttpResponse:
    exports = [{**one, "href": one["href"] + query} for one in context["exports"]]
    context |= {"table": listing.table(exports)}
    return render(request, "market/assessment/listing.html", context)
