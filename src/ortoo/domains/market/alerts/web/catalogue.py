"""规则表: every table that ships, whether it is run here, and where its numbers were read."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from ortoo.domains.market.alerts import tables
from ortoo.domains.market.alerts.tables import Rule
from ortoo.domains.market.alerts.web.listing import scope_of
from ortoo.kernel.forms import registry

_AT = {"banner": "旗县", "unit": "盟市", "root": "全区"}


@require_safe
def page(request: HttpRequest) -> HttpResponse:
    """The tables, those in use first."""
    scope_of(request)
    plans: dict[str, list[Rule]] = {}
    for rule in tables.rules():
        plans.setdefault(rule.plan.code, []).append(rule)
    ordered = sorted(plans.values(), key=lambda rules: not rules[0].plan.adopted)
    context = {"plans": [{"plan": one[0].plan, "table": _table(one)} for one in ordered]}
    return render(request, "market/alerts/rules.html", context)


def _table(rules: list[Rule]) -> dict[str, Any]:
    lines = [
        [
            rule.title, {"warning": rule.level}, "、".join(goods.title for goods in rule.goods),
            registry.get(rule.form).title["zh"],
            {"text": rule.condition.words, "note": _besides(rule)}, _extent(rule), _clock(rule),
            {"text": "已核" if rule.verified else "未核", "note": rule.source},
            "运行" if rule.plan.adopted and rule.runs else "不运行",
        ]
        for rule in rules
    ]  # fmt: skip
    titles = ("规则", "级别", "商品", "表式", "条件", "范围", "时限", "出处", "本地区")
    return {
        "caption": rules[0].plan.title,
        "columns": [{"title": title} for title in titles],
        "rows": lines,
    }


def _besides(rule: Rule) -> str:
    every = [one.words for one in rule.with_all]
    some = [one.words for one in rule.with_any]
    parts = [f"并且 {'；'.join(every)}"] if every else []
    parts += [f"且至少一项：{'；'.join(some)}"] if some else []
    return "；".join(parts)


def _extent(rule: Rule) -> str:
    parts = [f"按{_AT[rule.at]}计"]
    if rule.at == "banner":
        parts.append(f"≥ {rule.places_at_least} 个")
    if rule.places_share:
        parts.append(f"占 ≥ {rule.places_share * 100:.0f}%")
    parts.append(f"≥ {rule.goods_at_least} 个品种")
    parts.append(f"≥ {rule.firms_at_least} 家企业")
    return "，".join(parts)


def _clock(rule: Rule) -> str:
    parts = (["1 小时电话"] if rule.phone else []) + (["2 小时书面"] if rule.report else [])
    return "、".join(parts) or "核实后办理"
