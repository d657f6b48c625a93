"""Pages of forecasts: a unit's items at a glance, and one item with its fan and its record."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from ortoo.domains.market import monitored, panels
from ortoo.domains.market.forecasts import past, selectors, services, sheets, words
from ortoo.domains.market.forecasts.selectors import Run, Shown
from ortoo.domains.market.provenance import Provenance, of_series
from ortoo.domains.market.web.figures_request import civil_day, form_of, place_name
from ortoo.domains.market.web.figures_words import Denomination
from ortoo.kernel.filings.refusal import Refused
from ortoo.kernel.forms.definition import Form
from ortoo.kernel.grants.scope import Scope
from ortoo.kernel.places.active import active_pack

METHOD = (
    "结构模型与共同学习器的预测；数量按盟市之和等于全区平衡，全区价格＝金额之和÷数量之和；"
    "区间由过去各次检验的误差校准"
)


def _unit_of(request: HttpRequest, form: Form) -> tuple[str, list[str]]:
    """The unit asked for and those there are. Refused UNIT-UNKNOWN."""
    root, units = active_pack().root.code, selectors.units_of(form.code)
    units.sort(key=lambda code: (code != root, code))
    asked = request.GET.get("unit", "")
    if asked and asked not in units:
        raise Refused(
            "UNIT-UNKNOWN", f"没有报送单位 {asked[:20]} 的预测。", "请从列表中选择。", 404
        )
    return asked or (units[0] if units else root), units


def _frame(request: HttpRequest, form: Form) -> dict[str, Any]:
    unit, units = _unit_of(request, form)
    scope: Scope = request.scope  # type: ignore[attr-defined]
    run, cadence = selectors.newest(form.code), services.cadence_of(form)
    request.paper = (form.code, run.period.code if run else "")  # type: ignore[attr-defined]
    return {
        "form": form,
        "unit": unit,
        "unit_name": place_name(unit),
        "units": [(code, place_name(code, short=True), code == unit) for code in units],
        "inside": unit in selectors.open_units(scope, form.code),
        "chain": bool(selectors.open_units(scope, form.code)),
        "run": run,
        "cadence": cadence,
        "word": sheets.WORDS.get(form.period_types[-1].kind, "期"),
        "by": Denomination(form),
        "cuts": words.cuts_on(run.period.end) if run else None,
        "filed_on": civil_day(run.at_ms) if run else None,
    }


@require_safe
def table(request: HttpRequest, form: str) -> HttpResponse:
    """Every item of a unit: now, at the named steps with 80 % ranges, words, skill."""
    definition = form_of(form)
    context = _frame(request, definition)
    run, cadence = context["run"], context["cadence"]
    if cadence is None:
        raise Refused(
            "FORECAST-CADENCE", "专项监测日报不作预测。", "请查看周报、旬报或月报的预测。", 404
        )
    context["forms"] = _forms(definition)
    if run is None or (run.trial and not context["chain"]):
        context["none"] = _why_nothing(definition, context["chain"])
        return render(request, "market/forecasts/none.html", context)
    scope: Scope = request.scope  # type: ignore[attr-defined]
    seen = selectors.table(scope, form, context["unit"])
    found = past.compared(scope, form, context["unit"])
    context |= {
        "sheet": sheets.table(definition, context["unit"], seen, cadence.shown),
        "counts": sheets.counts(seen),
        "record": sheets.record_sheet(past.record(found, cadence.shown), context["word"]),
        "coverage": sheets.coverage_words(run) if context["inside"] else "",
        "said": _run_provenance(run) if context["inside"] else None,
    }
    return render(request, "market/forecasts/table.html", context)


def _forms(form: Form) -> list[dict[str, Any]]:
    known = [
        one for one in monitored.forms()
        if one.code == form.code or selectors.newest(one.code) is not None
    ]  # fmt: skip
    return [
        {
            "title": one.title["zh"], "current": one.code == form.code,
            "href": reverse("forecasts", kwargs={"form": one.code}),
        }
        for one in known
    ]  # fmt: skip


def _why_nothing(form: Form, chain: bool) -> str:
    if not chain:
        return "预测用语在自治区签发模型后随各期简讯公布；数字只在审核链内使用。"
    cadence = services.cadence_of(form)
    least = cadence.least if cadence is not None else 0
    periods = len(panels.whole(form.code).periods)
    if periods < least:
        return f"这张表只有 {periods} 期数，至少需要 {least} 期才作预测。"
    return "还没有报出过预测：每期审核结束后由后台任务报出，见“任务进度”。"


@require_safe
def one(request: HttpRequest, form: str, item: str) -> HttpResponse:
    """One item: fan chart, the steps, its record at past origins and after the fact."""
    definition = form_of(form)
    if item not in definition.leaf_index:
        raise Refused(
            "ITEM-UNKNOWN", f"表式 {form} 没有品种 {item[:20]}。", "请从列表中选择。", 404
        )
    context = _frame(request, definition)
    scope: Scope = request.scope  # type: ignore[attr-defined]
    seen = selectors.shown(scope, form, context["unit"], item)
    if seen is None:
        raise Refused(
            "FORECAST-NONE", "没有可以公布的预测。", "预测用语在模型签发、数字发布后公布。", 404
        )
    good = definition.item(item)
    context |= {
        "item": good,
        "crumbs": _crumbs(definition, context["unit"], good),
        "unit_words": context["by"].unit_of(good),
    }
    cadence = context["cadence"]
    if cadence is not None:
        seen = replace(seen, steps=seen.steps[: cadence.shown[-1]])
    context["seen"] = seen
    if seen.numeric:
        context |= _numbers(scope, definition, seen, context["word"])
    return render(request, "market/forecasts/one.html", context)


def _crumbs(form: Form, unit: str, item: Any) -> list[dict[str, str]]:
    address = reverse("forecasts", kwargs={"form": form.code}) + f"?unit={unit}"
    return [{"title": "预测", "href": address}, {"title": item.name["zh"], "href": ""}]


def _numbers(scope: Scope, form: Form, seen: Shown, word: str) -> dict[str, Any]:
    """What only the chain sees: chart, tables, record, provenance."""
    panel = panels.panel(scope, form.code, until=seen.run.period)
    found = past.compared(scope, form.code, seen.unit, seen.item)
    said = of_series(panel, seen.unit, seen.item, METHOD)
    cadence = services.cadence_of(form)
    shown = cadence.shown if cadence is not None else ()
    return {
        "chart": sheets.fan(form, panel, seen, found),
        "steps": sheets.steps_sheet(form, seen),
        "skill": sheets.skill_words(seen),
        "past": sheets.past_sheet(form, found, word),
        "record": sheets.record_sheet(past.record(found, shown), word),
        "coverage": sheets.coverage_words(seen.run),
        "said": replace(said, log_index=seen.run.log_index),
        "said_step": next((s for s in seen.steps if cadence and s.number == cadence.said), None),
        "change": _change(seen, cadence.said if cadence else 0),
        "base": None if seen.base is None else sheets.figure_text(form, seen.base),
    }


def _change(seen: Shown, number: int) -> Any:
    step = seen.step(number)
    if step is None or not seen.base:
        return None
    return sheets.percent(Fraction(step.value) / seen.base - 1)


def _run_provenance(run: Run) -> Provenance:
    return Provenance(
        run.log_index, METHOD, f"{run.first} 至 {run.period.code}", sources="企业报表与历史汇总"
    )
