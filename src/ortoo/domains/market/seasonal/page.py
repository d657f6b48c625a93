"""The page of one adjusted series: three lines with festivals, pattern, quality, data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe
from numpy.typing import NDArray

from ortoo.algorithms.seasonal import Unadjusted
from ortoo.domains.market import monitored, panels
from ortoo.domains.market.panels import Panel
from ortoo.domains.market.provenance import of_series
from ortoo.domains.market.seasonal import words
from ortoo.domains.market.seasonal.adjusted import Adjusted, Measure, quality_of, taken_apart
from ortoo.domains.market.seasonal.aligned import year_before
from ortoo.domains.market.seasonal.festivals import spring_festivals
from ortoo.domains.market.web import figures_sheet as sheet
from ortoo.domains.market.web.figures_frame import item_choices, refuse_unknown_unit
from ortoo.domains.market.web.figures_request import form_of, place_name, query_of
from ortoo.domains.market.web.figures_sheet import NONE, Cell, Column, Row, Sheet
from ortoo.domains.market.web.figures_words import Denomination
from ortoo.kernel.filings.refusal import Refused
from ortoo.kernel.forms.definition import Form, Item
from ortoo.kernel.forms.periods import Period, series_breaks
from ortoo.kernel.grants.scope import Scope
from ortoo.web import charts

Floats = NDArray[np.float64]
SPANS = {"week": (52, 104, 313), "tenday": (36, 72, 216), "month": (24, 60, 313),
         "day": (90, 180, 313)}  # fmt: skip
SHOWN_OUTLIERS = 6
MEASURES = {"price": "价格", "value": "销售额"}


@dataclass(frozen=True, slots=True)
class Shown:
    """What one request asked for."""

    form: Form
    item: Item
    unit: str
    measure: Measure
    span: int

    @property
    def noun(self) -> str:
        if self.measure == "value":
            return "销售额"
        return Denomination(self.form).word

    @property
    def unit_words(self) -> str:
        if self.measure == "value":
            code = self.form.roles.value or ""
            return self.form.measure(code).unit_of(self.item)
        return Denomination(self.form).unit_of(self.item)

    @property
    def scale(self) -> int:
        if self.measure == "value":
            return self.form.measure(self.form.roles.value or "").scale
        return Denomination(self.form).scale

    def href(self, **other: object) -> str:
        asked = {"unit": self.unit, "m": "" if self.measure == "price" else self.measure,
                 "span": str(self.span)} | {k: str(v) for k, v in other.items()}  # fmt: skip
        address = reverse("seasonal", kwargs={"form": self.form.code, "item": self.item.code})
        return address + query_of(**asked)


@require_safe
def seasonal(request: HttpRequest, form: str, item: str) -> HttpResponse:
    """季节调整 of one item at one unit; the reader's own panel and nothing else."""
    definition = form_of(form)
    if item not in definition.leaf_index or not monitored.is_rolled_up(form):
        raise Refused("ITEM-UNKNOWN", f"表式 {form} 没有品种 {item}。", "请从列表中选择。", 404)
    panel = panels.panel(request.scope, form)  # type: ignore[attr-defined]
    shown = _shown(request, definition, item, panel)
    context = _frame(shown, panel)
    whole, panel = panel, settled(panel, shown.unit)
    context["begun"] = "、".join(one.label_zh for one in whole.periods[len(panel.periods):])
    if not panel.periods:
        reason = words.why(Unadjusted("EMPTY", 0, 0.0))
        return render(request, "market/seasonal/page.html", {**context, "why": reason})
    found = taken_apart(panel, shown.unit, item, shown.measure)
    if isinstance(found, Unadjusted):
        context |= {"why": words.why(found), "reason": found.reason}
        method = "未作季节调整"
    else:
        context |= _adjusted(shown, found)
        method = found.method
    context["said"] = of_series(panel, shown.unit, item, method)
    return render(request, "market/seasonal/page.html", context)


def _shown(request: HttpRequest, form: Form, item: str, panel: Panel) -> Shown:
    """Raises Refused UNIT-UNKNOWN."""
    unit = request.GET.get("unit", "") or _own(request.scope, form, panel)  # type: ignore[attr-defined]
    if unit and unit not in panel.units:
        refuse_unknown_unit(unit, inside=False)
    measure: Measure = "price"
    if request.GET.get("m") == "value" and form.roles.value and form.roles.price:
        measure = "value"
    spans = SPANS[panel.periods[-1].kind if panel.periods else "week"]  # type: ignore[index]
    text = request.GET.get("span", "")
    span = int(text) if text in {str(one) for one in spans} else spans[1]
    return Shown(form, form.item(item), unit, measure, span)


def _own(scope: Scope, form: Form, panel: Panel) -> str:
    """The whole where it is open to the reader, else the reader's own unit, else the whole."""
    own = scope.places("read_unit_figures", form.code) | scope.places("read_aggregates", form.code)
    open_units = [unit for unit in panel.units if unit in own]
    return next(iter([*open_units, *panel.units]), "")


def settled(panel: Panel, unit: str) -> Panel:
    """Without the newest periods in which less than half of a unit's returns are reviewed: the
    mean of the few that came first would pass for a jump. Where nothing else is left, as it was."""
    if not panel.periods:
        return panel
    row = panel.unit(unit)
    for period in reversed(panel.periods):
        at = panel.periods.index(period)
        owed = int(panel.sums["expected"][row, 0, at])
        if not owed or int(panel.sums["filed"][row, 0, at]) * 2 >= owed:
            return panel.upto(period)
    return panel


def _frame(shown: Shown, panel: Panel) -> dict[str, Any]:
    kind = panel.periods[-1].kind if panel.periods else "week"
    words_of = {"week": "周", "tenday": "旬", "month": "月", "day": "天"}[kind]
    spans = SPANS[kind]  # type: ignore[index]
    choices = ["price"]
    if shown.form.roles.value and shown.form.roles.price:
        choices.append("value")
    return {
        "shown": shown,
        "form": shown.form,
        "item": shown.item,
        "place": place_name(shown.unit) if shown.unit else "",
        "items": item_choices(shown.form),
        "units": [(u, place_name(u, short=True), u == shown.unit) for u in panel.units],
        "tabs": [
            {"title": "全部" if one == spans[-1] else f"近 {one} {words_of}",
             "href": shown.href(span=one), "current": one == shown.span}
            for one in spans
        ],
        "measures": [
            {"title": MEASURES[one], "href": shown.href(m="" if one == "price" else one),
             "current": one == shown.measure}
            for one in choices
        ] if len(choices) > 1 else [],
        "crumbs": [
            {"title": "市场价格", "href": reverse("figures", kwargs={"form": shown.form.code})},
            {"title": shown.item.name["zh"], "href": reverse(
                "item", kwargs={"form": shown.form.code, "item": shown.item.code})},
            {"title": "季节调整", "href": ""},
        ],
    }  # fmt: skip


def _adjusted(shown: Shown, one: Adjusted) -> dict[str, Any]:
    twin = year_before(one.periods, one.periods[-1])
    return {
        "one": one,
        "period": one.periods[-1],
        "line": _lines(shown, one),
        "pattern": _pattern(shown, one),
        "tiles": _tiles(shown, one),
        "twin": twin.words if twin else "",
        "effects": words.effects(one),
        "outliers": words.outliers(one.found.design.outliers, one.periods)[:SHOWN_OUTLIERS],
        "more_outliers": max(len(one.found.design.outliers) - SHOWN_OUTLIERS, 0),
        "quality": words.quality(quality_of(one), one.has_season),
        "left_out": one.found.left_out,
        "table": _table(shown, one),
    }


def _drawn(
    periods: Sequence[Period], values: Floats, scale: int
) -> list[tuple[Any, float | None]]:
    return [
        (period.end, round(float(value), scale) if np.isfinite(value) else None)
        for period, value in zip(periods, values, strict=True)
    ]


def _lines(shown: Shown, one: Adjusted) -> dict[str, Any]:
    part = slice(-shown.span, None)
    periods = one.periods[part]
    drawn = [
        charts.Series(name, _drawn(periods, values[part], shown.scale), dashed=dashed, tone=tone)
        for name, values, dashed, tone in (
            ("原值", one.original, False, 4),
            ("季节调整后", one.adjusted, False, 1),
            ("趋势", one.trend, True, 2),
        )
    ]
    first, last = periods[0].start, periods[-1].end
    marks = [
        charts.Annotation(day, "春节")
        for day in spring_festivals().values() if first <= day <= last
    ]  # fmt: skip
    moved = [day for day in series_breaks(shown.form) if first < day <= last]
    # Named in the note: a label would lie over that of a festival some weeks away.
    marks += [charts.Annotation(day, "", "break") for day in moved]
    made = charts.line_figure(
        drawn, title=f"{shown.item.name['zh']}{shown.noun}：原值、季节调整后与趋势",
        unit=shown.unit_words, places=shown.scale, annotations=marks,
        note="竖线处为春节（正月初一）。" + "".join(
            f"虚竖线处（{day.year}年{day.month}月{day.day}日）报告期起止日有调整。"
            for day in moved
        ),
    )  # fmt: skip
    made["table"] = None
    return made


def _pattern(shown: Shown, one: Adjusted) -> dict[str, Any] | None:
    """The factors of the newest year, season and festivals, as percent above or below none."""
    if not one.has_season:
        return None
    count = {"week": 52, "tenday": 36, "month": 12, "day": 365}[one.found.series.kind]
    part = slice(-count, None)
    periods = one.periods[part]
    both = (one.factor[part] - 1) * 100
    season = np.expm1(one.found.seasonal[part]) * 100
    drawn = [charts.Series("季节与节日合计", _drawn(periods, both, 1), tone=1)]
    if np.abs(one.found.festival).max() > 0:
        drawn.append(charts.Series("其中季节", _drawn(periods, season, 1), dashed=True, tone=2))
    made = charts.line_figure(
        drawn, title="最近一年的季节因素", unit="%", places=1,
        note="高于零为这段时间通常偏高，低于零为通常偏低。",
    )  # fmt: skip
    made["table"] = None
    return made


def _tiles(shown: Shown, one: Adjusted) -> list[tuple[str, str, str, str]]:
    """(label, figure, unit, note) of the newest period."""
    def percent(value: float | None) -> str:
        return "—" if value is None else f"{value * 100:+.1f}%".replace("-", "−")

    year = _against_year(one)
    name = "农历同期比" if year[1] else "同比"
    return [
        ("原值", f"{one.original[-1]:,.{shown.scale}f}", shown.unit_words, ""),
        ("季节调整后", f"{one.adjusted[-1]:,.{shown.scale}f}", shown.unit_words, ""),
        ("环比", percent(one.change(one.original)), "", "原值"),
        ("环比", percent(one.change(one.adjusted)), "", "季节调整后"),
        (name, percent(year[0]), "", "原值"),
    ]


def _against_year(one: Adjusted) -> tuple[float | None, bool]:
    """(change on the year before, whether by the lunar calendar) of the newest period."""
    twin = year_before(one.periods, one.periods[-1])
    if twin is None:
        return None, False
    at = {period: place for place, period in enumerate(one.periods)}

    def value_of(period: Period) -> Fraction | None:
        value = one.original[at[period]] if period in at else np.nan
        return Fraction(float(value)) if np.isfinite(value) else None

    base, now = twin.mean(value_of), one.original[-1]
    change = None if not base or not np.isfinite(now) else float(now) / float(base) - 1
    return change, twin.by_lunar


def _table(shown: Shown, one: Adjusted) -> Sheet:
    rows = []
    for at in reversed(range(max(len(one.periods) - shown.span, 0), len(one.periods))):
        cells = [_cell(values[at], shown.scale)
                 for values in (one.original, one.adjusted, one.trend)]  # fmt: skip
        parts = (one.factor[at] - 1, np.expm1(one.found.festival[at]))
        steps = (one.change(one.original, at), one.change(one.adjusted, at))
        rows.append(Row((
            sheet.text(one.periods[at].label_zh), *cells, *(_change(part) for part in parts),
            *(_change(step) for step in steps),
        )))  # fmt: skip
    columns = (
        Column("报告期", "", False), Column("原值"), Column("季节调整后"), Column("趋势"),
        Column("季节因素"), Column("其中节日"), Column("环比"), Column("环比（季节调整后）"),
    )  # fmt: skip
    note = (
        "季节因素＝原值÷季节调整后－1，含节日影响。"
        "每来一期新数据，以前各期的季节因素会略有修订。"
    )
    title = f"{place_name(shown.unit)}{shown.item.name['zh']}{shown.noun}季节调整"
    return Sheet("seasonal", title, columns, tuple(rows), shown.unit_words, note)


def _cell(value: float, scale: int) -> Cell:
    if not np.isfinite(value):
        return NONE
    return sheet.price(Fraction(float(value)) * 10**scale, "", scale)


def _change(value: float | None) -> Cell:
    return sheet.change(None if value is None or not np.isfinite(value) else Fraction(float(value)))
