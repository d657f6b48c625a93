"""Pages of the published figures: region, unit and item; thin over selectors and sheets."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from ortoo.domains.market import history as totals
from ortoo.domains.market import selectors
from ortoo.domains.market.publication import published_periods
from ortoo.domains.market.rules.figures import Figure, percent_text
from ortoo.domains.market.sample.breaks import Break, breaks
from ortoo.domains.market.seasonal import aligned
from ortoo.domains.market.selectors import Table
from ortoo.domains.market.web import figures_charts as charts
from ortoo.domains.market.web import figures_readings as readings
from ortoo.domains.market.web import figures_sheet as sheet
from ortoo.domains.market.web import figures_tables as tables
from ortoo.domains.market.web.compare_lines import Line, Point, Span, with_history
from ortoo.domains.market.web.figures_extras import extra_sheets
from ortoo.domains.market.web.figures_frame import denomination_of, frame, refuse_unknown_unit
from ortoo.domains.market.web.figures_request import (
    FOREIGN,
    Asked,
    asked_of,
    form_of,
    period_of,
    place_name,
    query_of,
    visible_periods,
)
from ortoo.domains.market.web.figures_sheet import Column, Row, Sheet
from ortoo.domains.market.web.figures_words import Denomination
from ortoo.kernel.filings.clock import now_ms
from ortoo.kernel.filings.refusal import Refused
from ortoo.kernel.forms.definition import Form, Item
from ortoo.kernel.forms.periods import Period
from ortoo.kernel.grants import access

AREA, BANNER, MARKET = "盟市", "旗县", "市场"


@require_safe
def newest(request: HttpRequest, form: str) -> HttpResponse:
    """The region's figures of the newest period this reader may see."""
    definition = form_of(form)
    other = request.GET.get("form", form)
    if other != form:
        return HttpResponseRedirect(reverse("figures", kwargs={"form": form_of(other).code}))
    if "period" in request.GET:
        return _chosen(request, definition)
    periods = visible_periods(request.scope, definition, now_ms())  # type: ignore[attr-defined]
    if not periods:
        return render(request, "market/figures/none.html", {"form_title": definition.title["zh"]})
    return _region(request, asked_of(request, form, periods[0].code))


def _chosen(request: HttpRequest, form: Form) -> HttpResponse:
    """The pickers' form leads to the address of what was picked."""
    period, unit = request.GET["period"], request.GET.get("unit", "")
    kwargs = {"form": form.code, "period": period_of(form, period).code}
    if unit:
        address = reverse("figures-unit", kwargs={**kwargs, "place": unit})
    else:
        address = reverse("figures-period", kwargs=kwargs)
    kept = {name: request.GET.get(name, "") for name in ("basis", "as_of", "item")}
    return HttpResponseRedirect(address + query_of(**kept))


@require_safe
def period(request: HttpRequest, form: str, period: str) -> HttpResponse:
    """The region's figures of one period."""
    return _region(request, asked_of(request, form, period))


def _region(request: HttpRequest, asked: Asked) -> HttpResponse:
    table = readings.table_of(asked)
    timely = readings.on_time(asked)
    item = picked(asked, table, table.root)
    asked = replace(asked, item=asked.item and item.code)
    by = denomination_of(asked)
    context = {
        **frame(asked, table),
        **_summary(asked, table, table.root, by),
        "heading": _heading(asked, table.root, by),
        "responses": None if asked.foreign else tables.response_sheet(asked, table, timely),
        "map": None if asked.foreign else charts.unit_map(asked, table, item, by),
        "item": item,
        "item_href": tables.item_href(asked, item.code, table.root, table.root),
        "units": tables.unit_sheet(asked, table, item, area=area_of(asked), by=by),
        "bars": charts.bars(table, item, MARKET, by) if asked.foreign else None,
    }
    return render(request, "market/figures/region.html", context)


def _heading(asked: Asked, unit: str, by: Denomination) -> str:
    return f"{place_name(unit)}{'价格' if asked.foreign else by.heading}"


def area_of(asked: Asked) -> str:
    return MARKET if asked.foreign else AREA


def picked(asked: Asked, table: Table, unit: str) -> Item:
    """The item asked for; else the one that moved most; else the form's first with a figure."""
    form = asked.form
    if asked.item:
        return form.item(asked.item)
    rises, falls = tables.movers(asked, table, unit)
    tops = [rows[0].cells for rows in (rises.rows, falls.rows) if rows]
    if tops:
        most = max(tops, key=lambda cells: abs(float(cells[2].number or 0)))[0].text
        return next(item for item in form.leaves if item.name["zh"] == most)
    known = (item for item in form.leaves if table.figure(unit, item.code).mean is not None)
    return next(known, form.leaves[0])


def _summary(asked: Asked, table: Table, unit: str, by: Denomination) -> dict[str, Any]:
    """Tiles, item table, movers and 断货 of one unit."""
    move = tables.movement(asked, table, unit)
    rises, falls = tables.movers(asked, table, unit)
    sums = table.figure(unit, asked.form.leaves[0].code).sums
    filed = tables.filed_of(asked, sums)
    timely, owed = readings.on_time(asked).get(unit, (0, 0))
    return {
        "movement": move,
        "share_up": move.share(move.up),
        "share_down": move.share(move.down),
        "share_flat": move.share(move.flat),
        "sums": sums,
        "response": sheet.rate(filed, sums.expected),
        "response_note": f"已报 {filed} / 应报 {sums.expected} 家，未审 {sums.unreviewed} 家",
        "timeliness": sheet.rate(timely, owed),
        "timely_note": f"按时首报 {timely} 家" if owed else "",
        "items": tables.item_sheet(asked, table, unit, by),
        "by": by,
        "rises": rises,
        "falls": falls,
        "outages": tables.outages(asked, table, unit),
        "extras": extra_sheets(asked, unit),
    }


@require_safe
def unit(request: HttpRequest, form: str, period: str, place: str) -> HttpResponse:
    """One reporting unit: its items, and inside the scope its 旗县 for one item."""
    asked = asked_of(request, form, period)
    whole = table = readings.table_of(asked)
    own = readings.own_places(asked)
    if place not in whole.units:
        refuse_unknown_unit(place, inside=place in own)
        table = readings.banners(asked, place)
    item = picked(asked, table, place)
    asked = replace(asked, item=asked.item and item.code)
    by = denomination_of(asked)
    below = readings.banners(asked, place) if not asked.foreign and place in own else None
    banner_sheet = None
    if below is not None and len(below.units) > 1:
        banner_sheet = tables.unit_sheet(asked, below, item, area=BANNER, by=by)
        access.record(
            asked.scope, "figures-unit", f"{asked.form.code}|{asked.period.code}|{place}",
            len(below.units) - 1, now_ms=asked.now,
        )  # fmt: skip
    context = {
        **frame(asked, table, unit=place),
        **_summary(asked, table, place, by),
        "heading": _heading(asked, place, by),
        "item": item,
        "item_href": tables.item_href(
            asked, item.code, place, place if place not in whole.units else whole.root
        ),
        "units": banner_sheet,
        "bars": charts.bars(below, item, BANNER, by) if below and banner_sheet else None,
        "closed": below is None and not asked.foreign,
    }
    return render(request, "market/figures/unit.html", context)


# ---- one item over time ----


@require_safe
def item(request: HttpRequest, form: str, item: str) -> HttpResponse:
    """One item: the whole and a chosen unit over 13, 52 or 260 periods, and units side by side."""
    asked = _asked_item(request, form_of(form), item)
    found = asked.form.item(item)
    table = readings.table_of(asked)
    chosen = request.GET.get("unit", "")
    if chosen and chosen not in table.units:
        refuse_unknown_unit(chosen, inside=False)
    weeks = _span(request.GET.get("weeks", ""))
    by = denomination_of(asked)
    lines = {place_name(table.root, short=True): _points(asked, table.root, item, weeks)}
    if chosen and chosen != table.root:
        lines[place_name(chosen, short=True)] = _points(asked, chosen, item, weeks)
    shown = chosen or table.root
    moved = _breaks(asked, shown, item, list(lines.values())[-1][-weeks:])
    old = totals_of(asked, found, shown, list(lines.values())[-1], weeks)
    dated = [(one.period.end, value) for one in old if (value := _drawn(by, one)) is not None]
    chart = charts.line(asked.form, found, lines, weeks, by, moved, dated)
    if chart is not None:
        chart["table"] = None
    area = area_of(asked)
    context = {
        **frame(asked, table, item=found),
        "heading": found.name["zh"],
        "item": found,
        "figure": item_tiles(asked, table, shown, found),
        "shown": place_name(shown),
        "none_words": f"本期无{by.answers}",
        "by": by,
        "unit_words": by.unit_of(found),
        "line": chart,
        "history": history(asked, shown, list(lines.values())[-1][-weeks:], by, found, old),
        "bars": charts.bars(table, found, area, by, chosen),
        "units": tables.unit_sheet(asked, table, found, area=area, by=by),
        "spans": _span_tabs(asked, item, chosen, weeks),
        "unit_choices": [
            (code, place_name(code, short=True), code == chosen)
            for code in table.units
            if code != table.root
        ],
        "chosen": chosen,
        "weeks": weeks,
    }
    return render(request, "market/figures/item.html", context)


def totals_of(
    asked: Asked, item: Item, unit: str, points: Sequence[tuple[Period, Figure]], weeks: int
) -> list[Point]:
    """历史汇总 of the weeks in the span of which the system has no figure, oldest first."""
    known = [Point(period, figure.mean, figure.suppressed) for period, figure in points]
    last = asked.period.end
    span = Span(last - dt.timedelta(days=7 * weeks), last)
    return [p for p in with_history(asked.scope, Line(asked.form, item, unit), known, span)
            if p.total]  # fmt: skip


def _drawn(by: Denomination, point: Point) -> float | None:
    return None if point.value is None else float(by.text(point.value))


def _breaks(
    asked: Asked, unit: str, item: str, points: list[tuple[Period, Figure]]
) -> list[Break]:
    """Changes of the sample within the points drawn; foreign sources have none of ours."""
    if asked.foreign or len(points) < 2:
        return []
    return breaks(
        asked.scope, asked.form.code, unit, points[0][0], points[-1][0], item=item,
        basis=asked.basis,
    )  # fmt: skip


def _asked_item(request: HttpRequest, form: Form, item: str) -> Asked:
    """The period asked for, else the newest this reader may see; always as known now."""
    if item not in form.leaf_index:
        raise Refused(
            "ITEM-UNKNOWN", f"表式 {form.code} 没有品种 {item}。", "请从列表中选择。", 404
        )
    code = request.GET.get("period", "")
    if not code:
        periods = visible_periods(request.scope, form, now_ms())  # type: ignore[attr-defined]
        if not periods:
            raise Refused("NOT-PUBLISHED", "尚无已发布的报告期。", "请在发布后再来。", 404)
        code = periods[0].code
    asked = asked_of(request, form.code, code)
    # Series are kept as known now; an earlier vintage of a year of periods is not.
    return replace(asked, day=None, as_of=None)


def _span(text: str) -> int:
    return int(text) if text in {str(span) for span in charts.SPANS} else 52


def _points(asked: Asked, unit: str, item: str, weeks: int) -> list[tuple[Period, Figure]]:
    found = selectors.series(
        asked.scope, asked.form.code, unit, item, basis=asked.basis, limit=weeks + 54
    )
    is_out = published_periods(asked.form, asked.now)
    return [
        (period, figure)
        for period, figure in found
        if period <= asked.period and (asked.chain or is_out(period))
    ]


def history(
    asked: Asked, unit: str, points: list[tuple[Period, Figure]], by: Denomination, item: Item,
    old: Sequence[Point] = (),
) -> Sheet:
    """The table under the line, newest first; every mean opens its filings."""
    rows = []
    for period, figure in reversed(points):
        at = replace(asked, period=period)
        sums, first = figure.sums, sheet.text(period.label_zh)
        if figure.suppressed:
            rows.append(Row((first, sheet.hidden(""), sheet.NONE, sheet.NONE)))
            continue
        mean = sheet.price(figure.mean, at.behind(unit, item.code), by.scale)
        filed = tables.filed_of(asked, sums)
        rows.append(Row((first, mean, sheet.count(sums.quotes), sheet.rate(filed, sums.expected))))
    rows += [
        Row((
            sheet.text(one.period.label_zh, "", totals.LABEL),
            sheet.price(one.value, reverse("filing", kwargs={"seq": one.seq}), by.scale),
            sheet.NONE, sheet.NONE,
        ))
        for one in reversed(old)
    ]  # fmt: skip
    columns = (
        Column("报告期", "", False),
        Column(by.word, by.unit_of(item)),
        Column(by.answers, "家"),
        Column("报送率"),
    )
    return Sheet("history", f"{place_name(unit)}{item.name['zh']}{by.word}", columns, tuple(rows))


def item_tiles(asked: Asked, table: Table, unit: str, item: Item) -> dict[str, Any]:
    """What the tiles of an item say."""
    figure = table.figure(unit, item.code)
    live = tables.is_live(table) and not asked.foreign and unit not in table.own
    shown = {
        "hidden": figure.suppressed,
        "why": sheet.why_hidden(figure, asked.form.publish, live=live),
        "expected": figure.sums.expected,
        "quotes": 0,
    }
    if figure.suppressed:
        return shown
    out = figure.sums.out_of_stock
    lunar = readings.lunar_of(asked)
    more = [(aligned.COLUMN, lunar.change(table, unit, item.code))] if lunar else []
    return shown | {
        "mean": None if figure.mean is None else Denomination(asked.form).text(figure.mean),
        "href": asked.behind(unit, item.code),
        "changes": [
            (name, _percent(value))
            for name, value in (
                ("同样本环比", figure.matched_change),
                ("环比", figure.plain_change),
                ("同比", figure.year_change),
                *more,
            )
        ],
        "matched_note": f"{figure.sums.matched}家可比" if figure.sums.matched else "",
        "quotes": figure.sums.quotes,
        "out": f"断货 {out} 家" if out else "",
    }


def _percent(value: Fraction | None) -> str:
    return "—" if value is None else f"{percent_text(value)}%"


def _span_tabs(asked: Asked, item: str, chosen: str, weeks: int) -> list[dict[str, Any]]:
    address = reverse("item", kwargs={"form": asked.form.code, "item": item})
    word = "月" if asked.form.cadence == "month" else "周"
    basis = "all" if asked.basis == "all" and asked.form.code != FOREIGN else ""
    return [
        {
            "title": f"近{span}{word}",
            "current": span == weeks,
            "href": address
            + query_of(unit=chosen, period=asked.period.code, weeks=str(span), basis=basis),
        }
        for span in charts.SPANS
    ]
