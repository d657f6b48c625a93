"""市场概况 and 城区旗县比较: a period's rises and falls over all items; districts and banners."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction
from typing import Any

import numpy as np
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from ortoo.domains.market import observations
from ortoo.domains.market.projections import SUMS
from ortoo.domains.market.rules.figures import Figure, Sums
from ortoo.domains.market.selectors import Table
from ortoo.domains.market.web import figures_readings as readings
from ortoo.domains.market.web import figures_sheet as sheet
from ortoo.domains.market.web import figures_tables as tables
from ortoo.domains.market.web import search
from ortoo.domains.market.web.figures_charts import bars
from ortoo.domains.market.web.figures_frame import (
    denomination_of,
    item_choices,
    refuse_unknown_unit,
)
from ortoo.domains.market.web.figures_request import (
    Asked,
    asked_of,
    form_of,
    place_name,
    query_of,
    shown_forms,
    visible_periods,
)
from ortoo.domains.market.web.figures_sheet import NONE, Column, Row, Sheet
from ortoo.domains.market.web.figures_tables import Movement
from ortoo.domains.market.web.figures_words import Denomination
from ortoo.kernel.filings.clock import now_ms
from ortoo.kernel.forms.definition import Item
from ortoo.kernel.grants import access
from ortoo.kernel.places.active import active_pack

ORDER = ("粮", "油", "菜", "果", "肉", "禽", "蛋", "水产", "糖", "盐", "奶", "茶",
         "黑色金属", "煤", "化工", "有色", "橡胶", "石油", "农业生产资料")  # fmt: skip
"""商务预报: in which order a bulletin speaks of categories; the rest follow in the form's order."""
TOWN, COUNTRY = "城区", "旗县"
TOWN_KINDS = frozenset({"district", "city", "zone_stat"})


def _asked(request: HttpRequest) -> tuple[Asked | None, list[Any]]:
    """(what was asked, forms to choose from); nothing where nothing is shown to this reader."""
    scope = request.scope  # type: ignore[attr-defined]
    forms = shown_forms(scope)
    code = request.GET.get("form", "") or search.leading(forms)
    if not code:
        return None, forms
    form = form_of(code)
    period = request.GET.get("period", "")
    periods = visible_periods(scope, form, now_ms())
    if period not in {one.code for one in periods} and not (period and periods):
        period = ""
    if not period:
        if not periods:
            return None, forms
        period = periods[0].code
    elif period.split("-")[0][:1] != periods[0].code[:1]:
        # Another form was chosen: its newest period, not one of the form before.
        period = periods[0].code
    return asked_of(request, form.code, period), forms


def _table(asked: Asked, unit: str) -> tuple[Table, str]:
    table = readings.table_of(asked)
    chosen = unit or _home(asked, table)
    if chosen not in table.units and chosen != table.root:
        refuse_unknown_unit(chosen, inside=chosen in readings.own_places(asked))
        table = readings.banners(asked, chosen)
    return table, chosen


def _home(asked: Asked, table: Table) -> str:
    """The reader's own unit where she reviews one; the whole for everybody else."""
    own = readings.own_places(asked)
    mine = [code for code in table.units if code in own and code != table.root]
    return mine[0] if mine and table.root not in own else table.root


@require_safe
def overview(request: HttpRequest) -> HttpResponse:
    """All items of a period from the largest rise to the largest fall, with counts and shares."""
    asked, forms = _asked(request)
    if asked is None:
        return render(request, "market/figures/none.html", {"form_title": "市场概况"})
    table, unit = _table(asked, request.GET.get("unit", ""))
    move = tables.movement(asked, table, unit)
    context = {
        **_frame(asked, table, unit, forms),
        "movement": move,
        "sentence": sentence(asked, move),
        "categories": categories(asked, table, unit),
        "ranking": ranking(asked, table, unit),
    }
    return render(request, "market/overview/overview.html", context)


def _frame(asked: Asked, table: Table, unit: str, forms: Sequence[Any]) -> dict[str, Any]:
    whole = readings.table_of(asked)
    listed = [whole.root, *(code for code in whole.units if code != whole.root)]
    if unit not in listed:
        listed.append(unit)
    return {
        "asked": asked, "form": asked.form, "forms": forms, "period": asked.period,
        "periods": visible_periods(asked.scope, asked.form, asked.now),
        "units": [(code, place_name(code, short=True), code == unit) for code in listed],
        "unit_name": place_name(unit), "as_of": asked.as_of_words,
        "figures_href": asked.page("figures-period") if unit == whole.root
        else asked.page("figures-unit", place=unit),
        "regions_href": reverse("overview-regions") + query_of(
            form=asked.form.code, period=asked.period.code, unit=unit),
        "root": table.root,
    }  # fmt: skip


def sentence(asked: Asked, move: Movement) -> str:
    """«监测的58种商品中，上涨26种，占44.8%；持平…» as 商务预报 words it."""
    total = len(asked.form.leaves)
    if not move.compared:
        return f"监测{total}种，本期没有可与上期同样本比较的品种。"
    parts = [
        f"{word}{count}种，{move.share(count)}"
        for word, count in (("上涨", move.up), ("持平", move.flat), ("下降", move.down))
    ]
    return f"监测{total}种，可比{move.compared}种：{'；'.join(parts)}。"


def bulletin_order(groups: Iterable[tuple[str, list[Item]]]) -> list[tuple[str, list[Item]]]:
    """Categories in the order of 商务预报."""

    def place(name: str) -> int:
        return next((at for at, sign in enumerate(ORDER) if sign in name), len(ORDER))

    return sorted(groups, key=lambda group: place(group[0]))


def categories(asked: Asked, table: Table, unit: str) -> Sheet:
    """Counts of each category, with its largest rise and fall."""
    rows = []
    for name, items in bulletin_order(item_choices(asked.form)):
        steps = [
            (step, item)
            for item in items
            if (step := sheet.percent(table.figure(unit, item.code).matched_change)) is not None
        ]
        up, down = sum(s > 0 for s, _ in steps), sum(s < 0 for s, _ in steps)
        move = Movement(up, down, len(steps) - up - down)
        most = max(steps, key=lambda pair: abs(pair[0]), default=None)
        rows.append(Row((
            sheet.text(name), sheet.count(move.up), sheet.count(move.flat), sheet.count(move.down),
            sheet.text(most[1].name["zh"]) if most and most[0] else NONE,
            sheet.Cell("change", f"{most[0]}", most[0]) if most and most[0] else NONE,
        )))  # fmt: skip
    columns = (
        Column("类别", "", False), Column("上涨", "种"), Column("持平", "种"), Column("下降", "种"),
        Column("变动最大", "", False), Column("同样本环比"),
    )  # fmt: skip
    return Sheet("categories", "各类涨跌", columns, tuple(rows))


def ranking(asked: Asked, table: Table, unit: str) -> Sheet:
    """Every item by 同样本环比, the largest rise first; those that cannot be compared last."""
    by = denomination_of(asked)

    def order(item: Item) -> tuple[bool, Fraction, str]:
        change = table.figure(unit, item.code).matched_change
        return (change is None, -(change or Fraction(0)), item.code)

    rows = []
    for number, item in enumerate(sorted(asked.form.leaves, key=order), 1):
        figure = table.figure(unit, item.code)
        name = sheet.text(item.name["zh"], tables.item_href(asked, item.code, unit, table.root))
        place = sheet.text(str(number) if figure.matched_change is not None else "—")
        if figure.suppressed:
            live = tables.is_live(table) and not asked.foreign and unit not in table.own
            why = sheet.why_hidden(figure, asked.form.publish, live=live)
            rows.append(Row((name, place, sheet.hidden(why), NONE, NONE, NONE, NONE)))
            continue
        mean = sheet.price(figure.mean, asked.behind(unit, item.code), by.scale)
        rows.append(Row((
            name, place, mean, sheet.text(by.unit_of(item)), *sheet.change_of(figure).values(),
        )))  # fmt: skip
    columns = (
        Column("品种", "", False), Column("名次", "", False), Column(by.word),
        Column("单位", "", False), *tables.CHANGES,
    )  # fmt: skip
    note = "按同样本环比由涨到跌排列：只比两期都填报的企业。"
    return Sheet("ranking", f"{place_name(unit)}涨跌排名", columns, tuple(rows), "", note)


# --- 城区旗县比较 --------------------------------------------------------------------------------


@require_safe
def regions(request: HttpRequest) -> HttpResponse:
    """One unit's (or the region's) 城区 and 旗县 side by side, for whoever may see its firms."""
    asked, forms = _asked(request)
    if asked is None:
        return render(request, "market/figures/none.html", {"form_title": "城区旗县比较"})
    table, unit = _table(asked, request.GET.get("unit", ""))
    by = denomination_of(asked)
    item = asked.form.item(asked.item) if asked.item else asked.form.leaves[0]
    inside = unit in readings.own_places(asked) and not asked.foreign
    kinds = kind_table(asked, unit) if inside else None
    below = readings.banners(asked, unit) if inside else table
    if inside:
        access.record(
            asked.scope, "figures-regions", f"{asked.form.code}|{asked.period.code}|{unit}",
            len(below.units), now_ms=asked.now,
        )  # fmt: skip
    area = "旗县" if inside else "盟市"
    context = {
        **_frame(asked, table, unit, forms),
        "inside": inside, "item": item, "item_choices": item_choices(asked.form),
        "kinds": kind_sheet(asked, kinds, by) if kinds is not None else None,
        "places": tables.unit_sheet(asked, below, item, area=area, by=by),
        "bars": bars(below, item, area, by),
    }  # fmt: skip
    return render(request, "market/overview/regions.html", context)


def kind_table(asked: Asked, unit: str) -> dict[str, dict[str, Figure]]:
    """{城区 | 旗县: {item: figure}} of a unit's respondents, by the kind of their place."""
    returns = observations.load(asked.form.code, asked.period.code, asked.as_of)
    pack, allowed = active_pack(), readings.own_places(asked)
    under = pack.under(unit, asked.period.end) & allowed
    kinds = np.array([_kind(place, under) for place in returns.places], np.intp)
    keep = returns.counted & (kinds < len((TOWN, COUNTRY)))
    if asked.basis == "reviewed":
        keep &= returns.reviewed
    if not returns.parties:
        return {}
    found = observations.rolled_up(returns, keep, kinds, 3, readings.before_of(asked, returns))
    return {
        name: {
            item.code: Figure(Sums(**{s: int(found[s][row, column]) for s in SUMS}))
            for column, item in enumerate(asked.form.leaves)
        }
        for row, name in enumerate((TOWN, COUNTRY))
    }


def _kind(place: str, under: frozenset[str]) -> int:
    """0 城区, 1 旗县, 2 neither: outside, or a respondent at the unit's own level."""
    known = active_pack().get(place)
    if known is None or place not in under or known.level < 3:
        return 2
    return 0 if known.kind in TOWN_KINDS else 1


def kind_sheet(asked: Asked, kinds: dict[str, dict[str, Figure]], by: Denomination) -> Sheet:
    """Items by row: 城区 and 旗县, their difference, and each one's change."""
    rows = []
    for item in asked.form.leaves:
        town, country = (kinds.get(name, {}).get(item.code) for name in (TOWN, COUNTRY))
        if not (town and town.sums.quotes) and not (country and country.sums.quotes):
            continue
        both = town and country and town.mean and country.mean
        rows.append(Row((
            sheet.text(item.name["zh"]), sheet.text(by.unit_of(item)),
            *(cell for one in (town, country) for cell in _kind_cells(one, by)),
            sheet.change(town.mean / country.mean - 1) if both else NONE,  # type: ignore[union-attr,operator]
        )))  # fmt: skip
    columns = (
        Column("品种", "", False), Column("单位", "", False),
        *(Column(f"{name}{word}", unit) for name in (TOWN, COUNTRY)
          for word, unit in ((by.word, ""), (by.answers, "家"), ("同样本环比", "%"))),
        Column("与旗县比", "%"),
    )  # fmt: skip
    note = "城区为市辖区、县级市和开发区，旗县为旗、自治旗和县；按企业所在地划分。审核链内可见。"
    return Sheet("kinds", "城区与旗县", columns, tuple(rows), "", note)


def _kind_cells(figure: Figure | None, by: Denomination) -> tuple[sheet.Cell, ...]:
    if figure is None or not figure.sums.quotes:
        return NONE, NONE, NONE
    return (
        sheet.price(figure.mean, "", by.scale),
        sheet.count(figure.sums.quotes),
        sheet.change(figure.matched_change),
    )
