"""插补: the means with estimates for who has not said, and every estimate by its method."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path
from django.views.decorators.http import require_safe

from ortoo.domains.market.imputing.prices import WORDS, Completed, Imputation, ImputedPrice, impute
from ortoo.domains.market.provenance import Provenance
from ortoo.domains.market.registers import names_of
from ortoo.domains.market.web import figures_sheet as sheet
from ortoo.domains.market.web.figures_request import form_of, period_of, place_name
from ortoo.domains.market.web.figures_sheet import NONE, Cell, Column, Row, Sheet
from ortoo.domains.market.web.figures_words import Denomination
from ortoo.kernel.filings.clock import now_ms
from ortoo.kernel.filings.refusal import Refused
from ortoo.kernel.grants import access
from ortoo.kernel.grants.scope import Scope
from ortoo.kernel.places.active import active_pack

SHOWN = 200
METHOD = (
    "同类样本比率插补（本地三家以上，否则全区三家以上），其次上年同期，再次最近供体；"
    "政府定价沿用上期"
)


@require_safe
def imputed(request: HttpRequest, form: str, period: str) -> HttpResponse:
    """One unit's items: means as reported, with the estimates, and the share of estimates."""
    definition = form_of(form)
    span = period_of(definition, period)
    scope: Scope = request.scope  # type: ignore[attr-defined]
    open_ = scope.places("read_unit_figures", form) | scope.places("read_aggregates", form)
    if not open_:
        scope.require("read_aggregates", form=form)
        raise Refused("SCOPE-PLACE", "插补只供审核链内部查看。", "请用审核机关的账号查看。", 403)
    if definition.roles.price is None:
        raise Refused("IMPUTE-NO-PRICE", "这张表没有价格，不做插补。", "请选有价格的表式。", 404)
    found = impute(form, span.code)
    units = [unit for unit in _units(found) if unit in open_]
    unit = request.GET.get("unit", "") or next(iter(units), "")
    if unit and unit not in units:
        raise Refused("UNIT-UNKNOWN", "这个地区不在您的范围内。", "请从列表中选择。", 404)
    firms = scope.places("read_unit_figures", form)
    estimates = [p for p in found.prices if unit in (p.unit, active_pack().root.code)]
    if not unit:
        # Below a reporting unit only her own firms; a donor's price may be a neighbour's.
        estimates = [p for p in found.prices if p.place in firms and not p.donor]
    listed = [p for p in estimates if p.place in firms]
    if listed:
        access.record(scope, "imputed", f"{form}|{span.code}|{unit}", len(listed), now_ms=now_ms())
    context: dict[str, Any] = {
        "form": definition,
        "period": span,
        "place": place_name(unit or min(open_)),
        "units": [(one, place_name(one, short=True), one == unit) for one in units],
        "means": _means(found, unit) if unit else None,
        "methods": _methods(estimates),
        "cells": _cells(found, listed[:SHOWN]),
        "more": max(len(listed) - SHOWN, 0),
        "said": _provenance(found, unit) if unit else None,
    }
    return render(request, "market/imputing/imputed.html", context)


def _units(found: Imputation) -> list[str]:
    root = active_pack().root.code
    return sorted({unit for unit, _ in found.cells}, key=lambda unit: (unit != root, unit))


def _means(found: Imputation, unit: str) -> Sheet:
    by = Denomination(found.form)
    rows = []
    for leaf in found.form.leaves:
        cell = found.cells[unit, leaf.code]
        if not cell.imputed and not cell.unknown:
            continue
        difference = (
            cell.completed / cell.mean - 1 if cell.mean and cell.completed is not None else None
        )
        lone = cell.reported == 1 or cell.imputed == 1
        rows.append(
            Row(
                (
                    sheet.text(f"{leaf.name['zh']}（{by.unit_of(leaf)}）"),
                    NONE if lone else sheet.price(cell.mean, scale=by.scale),
                    NONE if lone else sheet.price(cell.completed, scale=by.scale),
                    NONE if lone else sheet.change(difference),
                    sheet.count(cell.imputed),
                    _share(cell),
                    sheet.count(cell.unknown),
                )
            )
        )
    return Sheet(
        "imputed-means",
        "已报均价与补全后均价",
        (
            Column("品种", "", False),
            Column("已报均价（简单平均）"),
            Column("补全后均价"),
            Column("相差", "%"),
            Column("插补", "个"),
            Column("插补占比", "%"),
            Column("无法插补", "个"),
        ),
        tuple(rows),
        note="只用一家的数字不列均价。发布的均价不含插补。",
        empty="本期没有缺报，不需要插补",
    )


def _share(cell: Completed) -> Cell:
    number = sheet.percent(cell.share)
    return Cell("count", f"{number}%", number)


def _methods(estimates: Sequence[ImputedPrice]) -> Sheet:
    rows = [
        Row((sheet.text(WORDS[method]), sheet.count(count)))
        for method, count in Counter(one.method for one in estimates).most_common()
    ]
    columns = (Column("方法", "", False), Column("个数", "个"))
    return Sheet("imputed-methods", "用了哪些方法", columns, tuple(rows), empty="没有插补")


def _cells(found: Imputation, listed: Sequence[ImputedPrice]) -> Sheet:
    names = names_of({p.party for p in listed} | {p.donor for p in listed if p.donor})
    by = Denomination(found.form)
    rows = [
        Row(
            (
                sheet.text(names.get(p.party, p.party)),
                sheet.text(found.form.item(p.item).name["zh"]),
                sheet.price(Fraction(p.value), scale=by.scale),
                sheet.text(p.words + (f"：{names.get(p.donor, p.donor)}" if p.donor else "")),
                sheet.count(p.support),
            )
        )
        for p in listed
    ]
    return Sheet(
        "imputed-cells",
        "逐项插补",
        (
            Column("企业", "", False),
            Column("品种", "", False),
            Column("插补值"),
            Column("方法", "", False),
            Column("依据家数", "家"),
        ),
        tuple(rows),
        note="插补值不写入企业报表，企业补报后即不再使用。",
        empty="没有可以列出的插补",
    )


def _provenance(found: Imputation, unit: str) -> Provenance:
    cells = [cell for (place, _), cell in found.cells.items() if place == unit]
    reported, extra = (sum(getattr(cell, n) for cell in cells) for n in ("reported", "imputed"))
    share = Fraction(extra, reported + extra) if reported + extra else Fraction(0)
    return Provenance(
        found.log_index, METHOD, found.period.label_zh, quotes=reported, imputed=share
    )


urlpatterns = [path("imputed/<str:form>/<str:period>/", imputed, name="imputed")]
