"""Pages of the price index and of why a mean moved; thin over `board` and `why`."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from ortoo.domains.market import monitored, panels
from ortoo.domains.market.indices import parameters, sheets
from ortoo.domains.market.indices.board import Board, Line, board
from ortoo.domains.market.indices.why import decompositions, of_place, sentence
from ortoo.domains.market.provenance import Provenance
from ortoo.domains.market.web.figures_frame import item_choices
from ortoo.domains.market.web.figures_request import (
    Asked,
    asked_of,
    form_of,
    place_name,
    query_of,
    shown_forms,
    visible_periods,
)
from ortoo.kernel.filings.clock import now_ms
from ortoo.kernel.filings.refusal import Refused
from ortoo.kernel.forms.definition import Form
from ortoo.kernel.forms.periods import Period, previous_on
from ortoo.kernel.grants import access
from ortoo.kernel.grants.scope import Scope

SPANS = (52, 156, 320)
METHOD = (
    "同店报价几何平均（暂缺按同类均值推算，满约三个月视为替换，重新出现与其末次报价相比），"
    "上面以销售额为权数作 GEKS-Törnqvist，25 期窗口、均值拼接，新增报告期不改变以前的指数"
)
METHOD_ISSUED = (
    "已发布的各地各品种均价，等权 GEKS-Törnqvist（无销售额时即等权几何平均），25 期窗口、均值拼接；"
    "均价含样本变动的影响"
)


@require_safe
def indices(request: HttpRequest, form: str) -> HttpResponse:
    """总指数, 类指数 and every place's index, and what moved the index."""
    definition = priced(form_of(form))
    asked = asked_about(request, definition)
    unit, span = request.GET.get("unit", ""), _span(request.GET.get("weeks", ""))
    try:
        found = board(asked.scope, definition, unit=unit, basis=asked.basis, until=asked.period)
    except Refused as refused:
        if refused.code != "INDEX-EMPTY":
            raise
        # The form is there and the period too: only nothing of it may be computed for this reader.
        context = {**_frame(request, asked, None), "heading": "价格指数", "refused": refused}
        return render(request, "market/indices/none.html", context)
    chosen = request.GET.get("class", "")
    chosen = chosen if chosen in {line.code for line in found.classes} else ""
    here = _Address(request)
    why = _why_address(asked, found.unit)
    context = {
        **_frame(request, asked, found),
        "heading": f"{place_name(found.unit)}价格指数",
        "tiles": _tiles(found),
        "base": found.periods[found.base].label_zh,
        "line": sheets.line_chart(found, chosen, span),
        "spans": [
            {"title": title, "href": here.to(weeks=str(weeks)), "current": weeks == span}
            for weeks, title in zip(SPANS, _span_titles(definition), strict=True)
        ],
        "classes": sheets.class_sheet(found, lambda code: here.to(**{"class": code})),
        "chosen": sheets.class_name(definition, chosen) if chosen else "",
        "unchosen_href": here.to(**{"class": ""}),
        "units": sheets.unit_sheet(found, lambda code: here.to(unit=code)),
        "items": sheets.item_sheet(found, why),
        "item_bars": sheets.item_bars(found),
        "unit_bars": sheets.unit_bars(found),
        "checks": _checks(found),
        "drift": _number(found.checks["chained"]),
        "total": _number(found.total.level),
        "cited": list(parameters.cited(asked.period.end)),
        "said": _provenance(found),
        "unit_choices": [
            (line.code, place_name(line.code, short=True), line.code == found.unit)
            for line in found.units
        ],
        "notes": _notes(found),
    }  # fmt: skip
    return render(request, "market/indices/indices.html", context)


@require_safe
def why(request: HttpRequest, form: str, item: str) -> HttpResponse:
    """Why the mean of one item moved: prices, mix, sample; by place, with the firms behind."""
    definition = priced(form_of(form))
    if item not in definition.leaf_index:
        raise Refused("ITEM-UNKNOWN", f"表式 {form} 没有品种 {item}。", "请从列表中选择。", 404)
    asked = asked_about(request, definition)
    row, unit = definition.item(item), request.GET.get("unit", "")
    found = decompositions(
        asked.scope, definition, row, asked.period, basis=asked.basis, named=unit
    )
    told = next((one for one in found if one.unit == unit), None) if unit else found[0]
    if told is None:
        told = of_place(asked.scope, definition, row, unit, asked.period, basis=asked.basis)
    if told.firms:
        access.record(
            asked.scope, "why", f"{form}|{asked.period.code}|{told.unit}|{item}",
            len(told.firms), now_ms=asked.now,
        )  # fmt: skip
    here = _Address(request)
    context = {
        **_frame(request, asked, None),
        "heading": f"{place_name(told.unit)}{row.name['zh']}均价为什么变动",
        "item": row,
        "told": told,
        "sentence": sentence(told, row),
        "earlier": told.earlier.label_zh if told.earlier else "",
        "bars": sheets.parts_bars(told),
        "units": sheets.why_units(found, row, lambda code: here.to(unit=code)),
        "firms": sheets.why_firms(
            told, row, lambda seq: reverse("filing", kwargs={"seq": seq})
        ),
        "item_choices": item_choices(definition),
        "item_href": reverse("item", kwargs={"form": form, "item": item})
        + query_of(unit=unit, period=asked.period.code),
        "chosen_unit": unit,
        "unit_choices": [
            (one.unit, place_name(one.unit, short=True), one.unit == told.unit) for one in found
        ],
        "said": _why_provenance(asked, told),
    }  # fmt: skip
    return render(request, "market/indices/why.html", context)


def priced(form: Form) -> Form:
    """The form, if firms report prices on it. Raises Refused INDEX-NO-PRICE (404)."""
    if not monitored.is_monitored(form.code) or form.roles.price is None:
        raise Refused(
            "INDEX-NO-PRICE", f"{form.title['zh']}没有价格指数。", "请选有价格的周报、旬报。", 404
        )
    return form


def asked_about(request: HttpRequest, form: Form) -> Asked:
    """The period asked for; else the newest in which half of the firms are counted."""
    code = request.GET.get("period", "")
    if not code:
        scope: Scope = request.scope  # type: ignore[attr-defined]
        code = _newest(scope, form, request.GET.get("basis", ""))
    return asked_of(request, form.code, code)


def _newest(scope: Scope, form: Form, basis: str) -> str:
    periods = visible_periods(scope, form, now_ms())
    if not periods:
        raise Refused("NOT-PUBLISHED", "尚无已发布的报告期。", "请在发布后再来。", 404)
    own = scope.places("read_unit_figures", form.code) | scope.places("read_aggregates", form.code)
    # Only how many of her own have reported is looked at; copying a reader's panel costs more.
    panel = panels.whole(form.code, basis="all" if basis == "all" else "reviewed")
    rows = [row for row, unit in enumerate(panel.units) if row and unit in own]
    column = {period.code: at for at, period in enumerate(panel.periods)}
    for period in periods[:4] if rows else ():
        at = column.get(period.code)
        if at is None:
            continue
        owed = int(panel.sums["expected"][rows, 0, at].sum())
        filed = int(panel.sums["filed"][rows, 0, at].sum())
        if filed and filed * 2 >= owed:
            return period.code
    return periods[0].code


def _span(text: str) -> int:
    return int(text) if text in {str(span) for span in SPANS} else SPANS[0]


def _span_titles(form: Form) -> tuple[str, str, str]:
    word = "周" if form.cadence == "week" else "期"
    return f"近{SPANS[0]}{word}", f"近{SPANS[1]}{word}", "全部"


class _Address:
    """This page with some of its query changed."""

    def __init__(self, request: HttpRequest) -> None:
        self.kept = {
            name: request.GET.get(name, "")
            for name in ("period", "unit", "basis", "weeks", "class")
        }

    def to(self, **changes: str) -> str:
        kept = {name: value for name, value in {**self.kept, **changes}.items() if value}
        return f"?{urlencode(kept)}"


def _why_address(asked: Asked, unit: str) -> sheets.Address:
    basis = "all" if asked.basis == "all" else ""

    def address(item: str) -> str:
        path = reverse("why", kwargs={"form": asked.form.code, "item": item})
        return path + query_of(unit=unit, period=asked.period.code, basis=basis)

    return address


def _frame(request: HttpRequest, asked: Asked, found: Board | None) -> dict[str, Any]:
    kept = _Address(request)
    bases = []
    if asked.chain:
        bases = [
            {"title": title, "href": kept.to(basis=basis),
             "current": (asked.basis == "all") == (basis == "all")}
            for title, basis in (("仅已审核", ""), ("含未审", "all"))
        ]  # fmt: skip
    forms = [form for form in shown_forms(asked.scope) if form.roles.price is not None
             and form.code != monitored.FOREIGN]  # fmt: skip
    return {
        "asked": asked, "form": asked.form, "period": asked.period,
        "periods": visible_periods(asked.scope, asked.form, asked.now),
        "forms": [(one.title["zh"], reverse("indices", kwargs={"form": one.code}),
                   one.code == asked.form.code) for one in forms],
        "bases": bases, "as_of": asked.as_of_words,
        "outside": not asked.chain or (found is not None and found.issued),
        "crumbs": _crumbs(asked, found),
    }  # fmt: skip


def _crumbs(asked: Asked, found: Board | None) -> list[dict[str, str]]:
    figures = {
        "title": "市场价格",
        "href": reverse("figures-period",
                        kwargs={"form": asked.form.code, "period": asked.period.code}),
    }  # fmt: skip
    index = {"title": "价格指数", "href": ""}
    if found is None:
        index["href"] = reverse("indices", kwargs={"form": asked.form.code})
        return [figures, index, {"title": "均价变动", "href": ""}]
    return [figures, index]


def _number(value: float | None) -> str:
    return sheets.level(value).text or "—"


def _percent(value: float | None) -> str:
    cell = sheets.change(value)
    if cell.number is None:
        return "—"
    return f"+{cell.text}%" if cell.number > 0 else f"{cell.text}%"


def _tiles(found: Board) -> list[dict[str, str]]:
    line: Line = found.total
    return [
        {"label": "总指数", "value": _number(line.level),
         "note": f"{found.periods[found.base].label_zh}=100"},
        {"label": "环比", "value": _percent(line.change(found.before)), "note": ""},
        {"label": "同比", "value": _percent(line.change(found.year)), "note": ""},
        {"label": "报送率", "value": f"{found.filed * 100 / found.expected:.1f}%"
         if found.expected else "—", "note": f"{found.filed}/{found.expected} 家"
         if found.expected else "没有企业明细"},
        {"label": "插补占比", "value": "—" if found.imputed is None
         else f"{float(found.imputed) * 100:.1f}%", "note": "按同类均值推算的报价"},
    ]  # fmt: skip


def _checks(found: Board) -> list[tuple[str, str, str]]:
    """(method, level, difference) of the methods beside."""
    listed = []
    for code, name in (("tpd", "时间产品虚拟变量法（TPD）"), ("gk", "Geary-Khamis 法")):
        value, own = found.checks[code], found.total.level
        apart = None if value is None or own is None else value - own
        listed.append((name, _number(value), "—" if apart is None else f"{apart:+.1f}"))
    return listed


def _notes(found: Board) -> list[str]:
    notes = []
    if found.periods[found.base].start > parameters.base(found.periods[-1].end):
        notes.append("规定基期没有数据，以最早有数据的报告期为基期。")
    if found.filled:
        notes.append(f"有 {found.filled} 个价格没有销售额，按该品种在当地的平均销售额加权。")
    if found.bridged:
        notes.append(f"本期有 {found.bridged} 个品种·地区的企业全部更换，按同类平均变动衔接。")
    return notes


def _provenance(found: Board) -> Provenance:
    first, last = found.periods[0], found.periods[-1]
    return Provenance(
        log_index=found.log_index,
        method=METHOD if not found.issued else METHOD_ISSUED,
        periods=f"{first.label_zh} 至 {last.label_zh}，{len(found.periods)} 期",
        quotes=found.quotes, expected=found.expected, filed=found.filed, imputed=found.imputed,
        sources="；".join(f"{period.label_zh}起{words}" for period, words in found.sources),
    )  # fmt: skip


def _why_provenance(asked: Asked, told: Any) -> Provenance:
    from ortoo.kernel.filings import read

    earlier: Period | None = previous_on(asked.form, asked.period)
    return Provenance(
        log_index=read.tail(),
        method="班奈特（Bennet）分解：同店价格、销售结构按两期各半加权，其余为样本变动，三项之和等于均价变动",
        periods=f"{earlier.label_zh if earlier else '—'} 与 {asked.period.label_zh}",
        quotes=told.entered + told.stayed,
    )  # fmt: skip
