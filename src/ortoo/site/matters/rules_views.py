"""办理规程: every procedure in words and as a diagram, with the sources of its times.

Open to everybody: what an office must do and by when is published (政府信息公开条例 20 条).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

import ortoo
from ortoo.kernel.filings.clock import now_ms
from ortoo.kernel.filings.refusal import Refused
from ortoo.kernel.regulations.regulation import Regulation, RegulationError, parse
from ortoo.kernel.threads.calendar_files import active_calendars
from ortoo.kernel.threads.catalogue import CATALOGUE
from ortoo.kernel.threads.definition import (
    ProcedureDefinition,
    ProcedureError,
    Span,
    Step,
    Timeout,
)
from ortoo.kernel.threads.diagram_words import Vocabulary
from ortoo.kernel.threads.workdays import CalendarError
from ortoo.site.matters import worklist
from ortoo.site.matters.drawing import plain
from ortoo.site.matters.moments import civil_day
from ortoo.site.matters.story import form_title

UNITS = {"working_hours": "工作小时", "working_days": "个工作日", "hours": "小时", "days": "日"}
OUTCOMES = {"positive": "通过", "conditional": "有条件通过", "negative": "不通过"}
ENDS = {"released": "办结", "refused": "不予通过", "withdrawn": "撤回"}
POLICIES = {"always": "全天候，不分工作日"}


@require_safe
def catalogue(request: HttpRequest) -> HttpResponse:
    """Every procedure in its newest version."""
    found = [CATALOGUE.definition(code) for code in worklist.codes()]
    table = {
        "title": "办理规程",
        "columns": [{"title": t} for t in ("规程", "代码", "现行版", "环节", "办理单位")],
        "rows": [
            [
                {"text": d.title["zh"], "href": reverse("procedure", kwargs={"code": d.code})},
                d.code,
                f"第 {d.version} 版",
                "、".join(step.title["zh"] for step in d.steps),
                "、".join(agency.title["zh"] for agency in d.agencies),
            ]
            for d in found
        ],
    }
    return render(request, "matters/procedures.html", {"table": table, "found": found})


@require_safe
def page(request: HttpRequest, code: str) -> HttpResponse:
    """One version of a procedure; the newest unless `?version=` names another."""
    definition = _definition(code, request.GET.get("version", ""))
    versions = [d.version for d in CATALOGUE.definitions() if d.code == definition.code]
    today = civil_day(now_ms())
    here = reverse("procedure", kwargs={"code": definition.code})
    context: dict[str, Any] = {
        "definition": definition,
        "title": definition.title["zh"],
        "newest": max(versions),
        "versions": [
            {
                "title": f"第 {v} 版",
                "href": f"{here}?version={v}",
                "current": v == definition.version,
            }
            for v in sorted(versions, reverse=True)
        ],
        "facts": _facts(definition),
        "steps": _steps(definition, today),
        "clocks": _clocks(definition, today),
        "joins": _joins(definition),
        "ends": _ends(definition),
        "drawing": plain(definition),
        "crumbs": [
            {"title": "办理规程", "href": reverse("procedures")},
            {"title": definition.title["zh"]},
        ],
    }
    return render(request, "matters/procedure.html", context)


def _definition(code: str, version: str) -> ProcedureDefinition:
    wanted = int(version) if version.isascii() and version.isdigit() and len(version) < 10 else None
    try:
        return CATALOGUE.definition(code, wanted)
    except ProcedureError as error:
        raise Refused(error.code, f"{error.message}。", "请从办理规程目录中选择。", 404) from error


def _facts(definition: ProcedureDefinition) -> list[tuple[str, object]]:
    say = Vocabulary(definition)
    forms = "、".join(f"{form_title(form)}（{form}）" for form in definition.opens_with)
    pairs: list[tuple[str, object]] = [
        ("代码和版本", f"{definition.code}，第 {definition.version} 版"),
        ("标的", say.label(definition.subject)),
        ("以何开立", forms),
        ("主管单位", say.role(definition.home)),
        ("工作日历", _calendar(definition.calendar)),
    ]
    if definition.source:
        pairs.append(("定义文件", definition.source))
    if definition.digest:
        pairs.append(("定义摘要 SHA-256", definition.digest.hex()))
    return pairs


def _calendar(code: str) -> object:
    if code in POLICIES:
        return POLICIES[code]
    try:
        doubts = active_calendars().unverified().get(code, ())
    except CalendarError:
        doubts = ()
    return {"text": code, "note": f"未核实：{'；'.join(doubts)}" if doubts else ""}


def _steps(definition: ProcedureDefinition, today: date) -> dict[str, Any]:
    say = Vocabulary(definition)
    titles = ("环节", "办理单位", "何时开始", "时限", "结论", "可暂停计时")
    return {
        "title": "环节",
        "columns": [{"title": title} for title in titles],
        "rows": [
            [
                {"text": step.title["zh"], "note": "如有" if step.optional else ""},
                say.role(step.owner),
                f"{'、'.join(say.node(need) for need in step.needs)}之后"
                if step.needs
                else "收件时",
                _long(step.due, today) if step.due else {"missing": "未规定"},
                "；".join(f"{say.label(o.title)}（{OUTCOMES[o.kind]}）" for o in step.outcomes),
                _pauses(step) or {"missing": "不可"},
            ]
            for step in definition.steps
        ],
    }


def _pauses(step: Step) -> str:
    said = []
    if step.pauses.asks:
        said.append(f"询问 {step.pauses.asks} 次")
    if step.pauses.holds:
        said.append(f"{'、'.join(step.pauses.kinds)}共 {step.pauses.holds} 次")
    return "，".join(said)


# --- times and what they rest on -----------------------------------------------------------------


def _clocks(definition: ProcedureDefinition, today: date) -> dict[str, Any]:
    """Every time of the procedure, what follows from it and where it was read."""
    titles = ("环节", "事项", "时长", "出处", "核实")
    rows = [row for step in definition.steps for row in _times(definition, step, today)]
    return {
        "title": "时限及出处",
        "columns": [{"title": title} for title in titles],
        "rows": rows,
        "empty": "这个规程没有规定时限。",
        "note": "标“未核实”的数值没有对照过法规原文，启用前须由主管单位核定。",
    }


def _times(definition: ProcedureDefinition, step: Step, today: date) -> Iterator[list[object]]:
    title = step.title["zh"]
    if step.due is not None:
        yield [title, "办理时限", _long(step.due, today), *_source(step.due, today)]
    for span in step.warnings:
        yield [title, "到期前提醒", _long(span, today), *_source(span, today)]
    for rule in step.on_timeout:
        after = f"逾期 {_long(rule.after, today)}后" if rule.after else "逾期即"
        yield [title, _consequence(definition, step, rule), after, *_cited(rule.regulation, today)]


def _consequence(definition: ProcedureDefinition, step: Step, rule: Timeout) -> str:
    say = Vocabulary(definition)
    if rule.action == "escalate":
        return f"升级由{say.role(rule.to)}督办"
    if rule.action == "deem":
        titles = {outcome.code: say.label(outcome.title) for outcome in step.outcomes}
        return f"视为“{titles.get(rule.outcome, rule.outcome)}”"
    return "提醒"


def _long(span: Span, today: date) -> str:
    if not span.regulation:
        return f"{span.amount} {UNITS[span.unit]}"
    known = regulations().get(span.regulation)
    try:
        value = str(known.on(today).value) if known else "?"
    except RegulationError:
        value = "?"
    return f"{value} {UNITS[span.unit]}"


def _source(span: Span, today: date) -> tuple[object, object]:
    if span.regulation:
        return _cited(span.regulation, today)
    if span.source:
        return span.source, {"missing": "规程载明"}
    return {"missing": "没有写明"}, {"status": "doubt", "text": "未核实"}


def _cited(code: str, today: date) -> tuple[object, object]:
    """(the source, whether it was verified) of a regulation on a day."""
    known = regulations().get(code)
    try:
        dated = known.on(today) if known else None
    except RegulationError:
        dated = None
    if known is None or dated is None:
        return {"text": code, "note": "没有有效数值"}, {"status": "doubt", "text": "未核实"}
    verified = (
        {"status": "accepted", "text": "已核实"}
        if dated.verified
        else {"status": "doubt", "text": "未核实"}
    )
    return {"text": dated.source, "note": f"{known.title} {code}"}, verified


@lru_cache(maxsize=1)
def regulations() -> dict[str, Regulation]:
    """The dated parameters that ship with the domains, by code; other tables are left alone."""
    files = sorted(Path(ortoo.__file__).parent.glob("domains/*/regulations/*.toml"))
    return {
        found.code: found
        for file in files
        if "[[regulation]]" in (text := file.read_text(encoding="utf-8"))
        for found in parse(text, file.name)
    }


# --- joins and ends ------------------------------------------------------------------------------


def _joins(definition: ProcedureDefinition) -> list[tuple[str, str]]:
    say = Vocabulary(definition)
    return [
        (
            join.title["zh"],
            f"{'、'.join(say.node(code) for code in join.of)}：{say.join(join).lines[0]}",
        )
        for join in definition.joins
    ]


def _ends(definition: ProcedureDefinition) -> list[tuple[str, str]]:
    say = Vocabulary(definition)
    return [
        (say.label(end.title), f"{ENDS[end.kind]}（{'；'.join(say.end(end).lines[1:])}）")
        for end in definition.ends
    ]
