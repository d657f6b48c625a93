"""The page of an item in space 空间分析; thin over `readings`."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from ortoo.algorithms.spatial.leads import LEAST, Lead, Leads
from ortoo.domains.market import panels
from ortoo.domains.market.indices.pages import asked_about, priced
from ortoo.domains.market.provenance import Provenance
from ortoo.domains.market.rules.figures import round_half_even
from ortoo.domains.market.spatial.readings import Gap, Space, Stand, below, space
from ortoo.domains.market.web import figures_charts, figures_readings
from ortoo.domains.market.web import figures_sheet as sheet
from ortoo.domains.market.web.figures_frame import denomination_of, item_choices
from ortoo.domains.market.web.figures_request import (
    Asked,
    form_of,
    place_name,
    query_of,
    visible_periods,
)
from ortoo.domains.market.web.figures_sheet import NONE, Cell, Column, Row, Sheet
from ortoo.kernel.filings.refusal import Refused
from ortoo.kernel.forms.definition import Form, Item

SHOWN = 12
BEYOND = "超出估计运费的相邻价差"
METHOD = (
    "周（旬）价格取对数差分，去掉各地共同的季节项、自身与各地平均的前三期，再算错开 1—6 期的相关；"
    "按整期置换取最大值校正多重检验（Westfall-Young，显著性 5%，种子固定）"
)


@require_safe
def spatial(request: HttpRequest, form: str, item: str) -> HttpResponse:
    """Who moves first, gaps beyond the cost of the way, signs of shortage, of one item."""
    definition = priced(form_of(form))
    if item not in definition.leaf_index:
        raise Refused("ITEM-UNKNOWN", f"表式 {form} 没有品种 {item}。", "请从列表中选择。", 404)
    asked, row = asked_about(request, definition), definition.item(item)
    found = space(asked.scope, definition, row, basis=asked.basis, until=asked.period)
    unit = request.GET.get("unit", "") or _home(asked, found)
    if unit and unit not in found.panel.units:
        raise Refused("UNIT-UNKNOWN", f"没有报送单位 {unit[:20]}。", "请从列表中选择。", 404)
    near = below(asked.scope, definition, row, unit, basis=asked.basis,
                 until=asked.period) if unit else None  # fmt: skip
    word = "旬" if definition.cadence == "tenday" else "周"
    table = figures_readings.table_of(asked)
    context = {
        "asked": asked, "form": definition, "period": asked.period, "item": row,
        "as_of": asked.as_of_words, "heading": f"{row.name['zh']}：各地价格与供应",
        "periods": visible_periods(asked.scope, definition, asked.now),
        "items": item_choices(definition),
        "crumbs": _crumbs(asked, row),
        "leads": sentences(found.leads, found.places, word),
        "lead_sheet": lead_sheet(found.leads, found.places, word, "盟市"),
        "near": None if near is None else {
            "unit": place_name(unit), "lines": sentences(near[1], near[0], word),
            "sheet": lead_sheet(near[1], near[0], word, "旗县"),
        },
        "units": [(code, place_name(code, short=True), code == unit) for code in found.places],
        "map": figures_charts.unit_map(asked, table, row, denomination_of(asked)),
        "gaps": gap_sheet([gap for gap in found.gaps if gap.beyond], row, BEYOND),
        "within": gap_sheet([gap for gap in found.gaps if not gap.beyond], row, "运费以内的价差"),
        "pairs": len(found.gaps), "carriage": found.carriage,
        "beyond": sum(gap.beyond for gap in found.gaps),
        "stands": stand_sheet(found, row), "outside": not asked.chain, "issued": found.issued,
        "spread": _spread(found.stands), "said": _said(found),
    }  # fmt: skip
    return render(request, "market/spatial/spatial.html", context)


@require_safe
def chosen(request: HttpRequest) -> HttpResponse:
    """Where the pickers lead: another item of the form; without one, of the weekly prices."""
    from django.http import HttpResponseRedirect

    form = form_of(request.GET.get("form", "") or panels.HISTORY_OF)
    kept = {name: request.GET.get(name, "") for name in ("unit", "period", "basis")}
    item = request.GET.get("item", "") or form.leaves[0].code
    address = reverse("spatial", kwargs={"form": form.code, "item": item})
    query = urlencode({name: value for name, value in kept.items() if value})
    return HttpResponseRedirect(address + (f"?{query}" if query else ""))


def _home(asked: Asked, found: Space) -> str:
    """The reader's own unit, where she has one and not the whole."""
    own = asked.scope.places("read_unit_figures", asked.form.code)
    mine = [place for place in found.places if place in own]
    return mine[0] if len(mine) == 1 else ""


def _crumbs(asked: Asked, item: Item) -> list[dict[str, str]]:
    form = asked.form.code
    return [
        {"title": "市场价格", "href": reverse("figures-period", kwargs={
            "form": form, "period": asked.period.code})},
        {"title": item.name["zh"], "href": reverse("item", kwargs={
            "form": form, "item": item.code}) + query_of(period=asked.period.code)},
        {"title": "各地比较", "href": ""},
    ]  # fmt: skip


def sentences(found: Leads, places: Sequence[str], word: str) -> list[str]:
    """«通辽领先呼和浩特约 2 周（相关 0.46，1,092 次检验后仍显著）», or that nothing can be seen."""
    if not found.tests:
        return [
            f"看不出谁先动：各地能对照的价格变动不足 {LEAST} 期（现有 {found.periods} 期）"
            "，或价格长期不变。"
        ]
    if not found.sure:
        return [
            f"看不出谁先动：{found.tests:,} 次检验中没有一对显著，"
            f"最强的相关也只有 {abs(found.found[0].correlation):.2f}"
            f"（偶然可达 {found.bound:.2f}）。"
        ]
    return [_sentence(lead, places, word, found.tests) for lead in found.sure[:SHOWN]]


def _sentence(lead: Lead, places: Sequence[str], word: str, tests: int) -> str:
    first, second = (place_name(places[at], short=True) for at in (lead.first, lead.second))
    way = "" if lead.correlation > 0 else "，方向相反"
    return (
        f"{first}领先{second}约 {lead.lag} {word}{way}"
        f"（相关 {lead.correlation:.2f}，{tests:,} 次检验后仍显著）"
    )


def lead_sheet(found: Leads, places: Sequence[str], word: str, area: str) -> Sheet | None:
    """The strongest pairs, sure or not."""
    if not found.found:
        return None
    rows = [
        Row((
            sheet.text(place_name(places[lead.first], short=True)),
            sheet.text(place_name(places[lead.second], short=True)),
            Cell("count", str(lead.lag)), Cell("count", f"{lead.correlation:.2f}"),
            Cell("count", str(lead.pairs)), Cell("count", f"{lead.p:.3f}"),
            sheet.text("显著" if lead.sure else "不显著"),
        ))
        for lead in found.found[:SHOWN]
    ]  # fmt: skip
    return Sheet(
        "leads", f"各{area}价格变动的先后",
        (Column("先动", "", False), Column("后动", "", False), Column("相隔", word),
         Column("相关"), Column("可比期数"), Column("校正后概率"), Column("结论", "", False)),
        tuple(rows), "", "先动不等于原因：可能是同一货源先到一地。",
    )  # fmt: skip


def gap_sheet(found: Sequence[Gap], item: Item, title: str) -> Sheet:
    """Neighbours' gaps against the cost of the way, the widest excess first."""
    rows = [
        Row((
            sheet.text(f"{place_name(gap.cheap, short=True)} → {place_name(gap.dear, short=True)}"),
            _money(gap.cheap_price), _money(gap.dear_price), _money(gap.gap),
            Cell("count", f"{gap.km:,.0f}"), _money(gap.cost),
            Cell("count", f"超出 {_text(gap.gap - gap.cost)}" if gap.beyond else "以内"),
        ))
        for gap in found
    ]  # fmt: skip
    unit = f"元/{item.unit}"
    return Sheet(
        "gaps", title,
        (Column("由低到高", "", False), Column("低价", unit), Column("高价", unit),
         Column("价差", unit), Column("直线距离", "公里"), Column("估计运费", unit),
         Column("比运费", unit)),
        tuple(rows), "", "相邻指直线距离最近的三个盟市之一。",
        "没有超出估计运费的价差" if title == BEYOND else "没有这样的相邻盟市",
    )  # fmt: skip


def stand_sheet(found: Space, item: Item) -> Sheet | None:
    """Sales against stock, days of cover and outages; of the reader's own scope only."""
    if not found.stands:
        return None
    form: Form = found.panel.form
    rows = [_stand_row(one) for one in sorted(
        found.stands, key=lambda one: (not one.short, one.days if one.days is not None else 1e9)
    )]  # fmt: skip
    roles = form.roles
    note = f"可售天数＝期末库存÷本期日均销售量；不足 {found.limit} 天或有断货的列在前面。"
    if not found.stock_asked:
        note = "这个品种不要求填库存，只看断货。"
    stock = form.measure(roles.stock).unit_of(item) if roles.stock else ""
    sold = form.measure(roles.quantity).unit_of(item) if roles.quantity else ""
    return Sheet(
        "stands", "销售、库存与断货",
        (Column("盟市", "", False), Column("本期销售", sold), Column("期末库存", stock),
         Column("可售天数", "天"), Column("断货", "家"), Column("前几期断货", "", False),
         Column("迹象", "", False)),
        tuple(rows), "", note,
    )  # fmt: skip


def _stand_row(one: Stand) -> Row:
    stock = Cell("none", note="库存为负，不计算") if one.negative else _amount(one.stock)
    days = NONE if one.days is None else Cell("count", f"{one.days:,.1f}")
    return Row((
        sheet.text(place_name(one.unit, short=True)), _amount(one.sold), stock, days,
        Cell("count", f"{one.out}/{one.answered}"),
        sheet.text("、".join(str(count) for count in one.outages) or "—"),
        sheet.text("短缺迹象" if one.short else ""),
    ))  # fmt: skip


def _spread(stands: Sequence[Stand]) -> str:
    """How far 断货 has spread."""
    hit = [one for one in stands if one.out]
    if not stands:
        return ""
    if not hit:
        return f"本期 {len(stands)} 个盟市都没有断货。"
    names = "、".join(place_name(one.unit, short=True) for one in hit[:6])
    return (
        f"本期 {len(stands)} 个盟市中 {len(hit)} 个有断货：{names}"
        f"{'等' if len(hit) > 6 else ''}，共 {sum(one.out for one in hit)} 家。"
    )


def _money(value: float) -> Cell:
    return Cell("price", _text(value))


def _text(value: float) -> str:
    return round_half_even(Fraction(value), 2)


def _amount(value: float | None) -> Cell:
    return NONE if value is None else Cell("count", f"{value:,.0f}")


def _said(found: Space) -> Provenance:
    first, last = found.panel.periods[0], found.panel.periods[-1]
    rows: dict[str, Any] = {
        name: int(found.panel.sums[name][0, 0, -1]) for name in ("expected", "filed")
    }
    return Provenance(
        log_index=found.panel.log_index, method=METHOD,
        periods=f"{first.label_zh} 至 {last.label_zh}，{len(found.panel.periods)} 期",
        sources="、".join(found.sources), **rows,
    )  # fmt: skip
