"""预警: which items may cross a threshold within some weeks, and how such words have come true."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import path, reverse
from django.views.decorators.http import require_safe

from ortoo.domains.market.provenance import Provenance
from ortoo.domains.market.warnings import selectors
from ortoo.domains.market.warnings.record import PPM, Run, Told
from ortoo.domains.market.warnings.rules import WarnedOf
from ortoo.domains.market.warnings.selectors import Chance
from ortoo.domains.market.warnings.services import forms_warned
from ortoo.domains.market.web import figures_sheet as sheet
from ortoo.domains.market.web.figures_request import form_of, place_name
from ortoo.domains.market.web.figures_sheet import Cell, Column, Row, Sheet
from ortoo.kernel.filings.refusal import Refused
from ortoo.kernel.forms.definition import Form
from ortoo.kernel.grants.scope import Scope

SHOWN, MOST = 20, 300
METHOD = "预测分布、往年同季频率、近期涨跌、邻区与先行信号（断货、可销天数、到货、节日）合成的概率"


@require_safe
def warnings(request: HttpRequest, form: str) -> HttpResponse:
    """The newest run of a form: by threshold, the likeliest first; and its record."""
    definition = form_of(form)
    if request.GET.get("form", form) != form:
        return HttpResponseRedirect(
            reverse("warnings", kwargs={"form": form_of(request.GET["form"]).code})
        )
    scope: Scope = request.scope  # type: ignore[attr-defined]
    if not selectors.open_units(scope, form):
        scope.require("read_aggregates", form=form)
        raise Refused("SCOPE-PLACE", "预警只供审核链内部参考。", "请用审核机关的账号查看。", 403)
    run = selectors.newest(scope, form)
    unit = request.GET.get("unit", "")
    context: dict[str, Any] = {"form": definition, "forms": forms_warned(), "run": run}
    if run is not None:
        if unit and unit not in _units(scope, run):
            raise Refused("UNIT-UNKNOWN", "没有这个地区的预警。", "请从列表中选择地区。", 404)
        context |= {
            "period": selectors.period_of(run),
            "unit_choices": [(u, place_name(u, short=True), u == unit) for u in _units(scope, run)],
            "parts": _parts(scope, run, definition, unit),
            "said": Provenance(run.log_index, METHOD, f"截至{selectors.period_of(run).label_zh}"),
        }
    return render(request, "market/warnings/warnings.html", context)


def _units(scope: Scope, run: Run) -> list[str]:
    open_ = selectors.open_units(scope, run.form)
    return sorted({unit for told in run.rules.values() for unit in told.cells} & open_)


def _parts(scope: Scope, run: Run, form: Form, unit: str) -> list[Mapping[str, Any]]:
    """What the page says of each threshold."""
    found = list(selectors.warnings_of(scope, run, unit=unit))
    parts: list[Mapping[str, Any]] = []
    for code, of in selectors.rules_of(run).items():
        mine = sorted(
            (one for one in found if one.of.code == code),
            key=lambda one: (-one.probability, one.unit, one.item),
        )
        listed = [one for one in mine if one.listed]
        parts.append(
            {
                "of": of,
                "told": run.rules[code],
                "listed": _list(form, of, listed[:SHOWN]),
                "others": _list(form, of, listed[SHOWN:MOST], "其余") if listed[SHOWN:] else None,
                "unlisted": len(listed[MOST:]),
                "count": len(listed),
                "record": _record(run.rules[code], of),
                "words": _words(run.rules[code]),
            }
        )
    return parts


def _list(form: Form, of: WarnedOf, found: Sequence[Chance], which: str = "最可能的") -> Sheet:
    rows = [
        Row(
            (
                sheet.text(
                    form.item(one.item).name["zh"],
                    reverse("item", kwargs={"form": form.code, "item": one.item})
                    + f"?unit={one.unit}",
                ),
                sheet.text(place_name(one.unit, short=True)),
                _percent(one.probability),
                _percent(one.calendar),
            )
        )
        for one in found
    ]
    return Sheet(
        of.code.lower() if which != "其余" else f"{of.code.lower()}-others",
        f"{of.words}：{which}",
        (
            Column("品种", "", False),
            Column("地区", "", False),
            Column("概率", "%"),
            Column("往年同季", "%"),
        ),
        tuple(rows),
        empty="没有达到关注线的品种",
    )


def _percent(share: float) -> Cell:
    number = Decimal(round(share * 100))
    return Cell("count", f"{number}%", number)


def _record(told: Told, of: WarnedOf) -> Sheet:
    """Of what was said at each probability, how much happened."""
    rows = [
        Row((sheet.text(f"说 {said / PPM:.0%}"), sheet.count(rows), _percent(happened / PPM)))
        for rows, said, happened in told.record["bins"]
    ]
    return Sheet(
        f"{of.code.lower()}-record",
        "过去一年说的与实际发生的",
        (Column("平均概率", "", False), Column("次数", "次"), Column("实际发生", "%")),
        tuple(rows),
        empty="还没有可以检验的往期",
    )


def _words(told: Told) -> str:
    """The record in one sentence, and why nothing is shown where nothing is."""
    said = told.record
    tested = f"按过去一年 {said['rows']:,} 次判断检验，其中 {said['events']:,} 次确实发生。"
    if not told.tells:
        return f"{tested}次数太少或概率不准，所以不列出概率。"
    low = (said["gain"][0] or 0) / PPM
    edge = "比只看往年同季更能分辨先后。" if low > 0 else "与只看往年同季相比，好处尚未得到证实。"
    return tested + edge


urlpatterns = [path("warnings/<str:form>/", warnings, name="warnings")]
