"""抽样设计 and its precision: strata, allocation, effect of a firm more or less, estimates."""

from __future__ import annotations

import hashlib
import math
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from ortoo.domains.market import selectors
from ortoo.domains.market.rules.figures import round_half_even
from ortoo.domains.market.sample import frame, services, timing
from ortoo.domains.market.sample.design import Design, Stratum, design_on, plan_of
from ortoo.domains.market.sample.estimates import Cell, Estimates, estimates
from ortoo.domains.market.web import sample_words as words
from ortoo.domains.market.web.figures_request import form_of, period_of
from ortoo.domains.market.web.sample_frames import day_of, scope_of
from ortoo.kernel.filings.clock import now_ms
from ortoo.kernel.filings.refusal import Refused
from ortoo.kernel.grants import access
from ortoo.kernel.places.active import active_pack

if TYPE_CHECKING:
    from ortoo.algorithms.sampling.effects import Effects

STRATUM = ("层号", "盟市代码", "规模", "框内家数", "全面调查（是/否）", "均值", "标准差")
YES = frozenset({"是", "1", "全", "yes", "y"})


@require_http_methods(["GET", "POST"])
def design(request: HttpRequest, list_code: str) -> HttpResponse:
    """The list's design in force; the region files another by pasting two blocks."""
    scope, on = scope_of(request), day_of(request)
    title = frame.title_of(list_code)
    root = active_pack().root.code
    if request.method == "POST":
        scope.require("manage_lists", place=root)
        body = posted(request.POST, list_code)
        key = hashlib.sha256(repr((sorted(body.items()), on)).encode()).hexdigest()[:48]
        services.file_design(scope=scope, body=body, key=key, now_ms=now_ms())
        messages.success(request, "抽样设计已报送。")
        return HttpResponseRedirect(reverse("sample-design", args=[list_code]))
    frame.readable(scope)
    scope.require("read_aggregates", place=scope.place or root)
    found = design_on(list_code, on)
    access.record(scope, "sample-design", list_code, 1, now_ms=now_ms())
    context: dict[str, Any] = {
        "title": title,
        "list_code": list_code,
        "design": found,
        "stratum_columns": "、".join(STRATUM),
        "can_file": scope.may("manage_lists", place=root),
        "on": on,
    }
    if found is not None:
        context |= _plan(found, root)
    return render(request, "market/sample/design.html", context)


def posted(data: QueryDict, list_code: str) -> dict[str, object]:
    """A design from the page: numbers and two pasted blocks. Refused DESIGN-LINE."""
    strata = [_stratum(number, line) for number, line in _lines(data.get("strata", ""))]
    members = []
    for number, line in _lines(data.get("members", "")):
        if len(line) != 2:
            raise _bad("样本企业", number, "应为两列：企业代码、层号")
        members.append({"party": line[0], "stratum": line[1]})
    body: dict[str, object] = {
        "list": list_code,
        "since": data.get("since", ""),
        "auxiliary": data.get("auxiliary", "").strip(),
        "source": data.get("source", "").strip(),
        "cv_region": _whole("全区目标", 0, data.get("cv_region", "")),
        "cv_league": _whole("盟市目标", 0, data.get("cv_league", "")),
        "strata": strata,
    }
    if members:
        body["members"] = members
    return body


def _lines(block: str) -> list[tuple[int, list[str]]]:
    rows = [[cell.strip() for cell in line.split("\t")] for line in block.splitlines()]
    return [(number, row) for number, row in enumerate(rows, 1) if any(row)]


def _stratum(number: int, line: list[str]) -> dict[str, object]:
    if len(line) != len(STRATUM):
        raise _bad("抽样层", number, f"应为 {len(STRATUM)} 列：{'、'.join(STRATUM)}")
    code, league, size_class, population, whole, mean, deviation = line
    return {
        "code": code,
        "league": league,
        "size_class": size_class,
        "population": _whole("抽样层", number, population),
        "take_all": whole.casefold() in YES,
        "mean": _whole("抽样层", number, mean),
        "deviation": _whole("抽样层", number, deviation),
    }


def _whole(block: str, number: int, text: str) -> int:
    if not text.isdigit() or len(text) > 12:
        raise _bad(block, number, f"「{text[:20]}」应为非负整数")
    return int(text)


def _bad(block: str, number: int, problem: str) -> Refused:
    where = f"第 {number} 行" if number else ""
    return Refused(
        "DESIGN-LINE", f"{block}{where}：{problem}。", "请从 Excel 原样复制，不带表头。", 422
    )


def _plan(found: Design, root: str) -> dict[str, Any]:
    """Strata with their sizes now and as Bethel allocates them, and what one firm is worth."""
    from ortoo.algorithms.sampling.allocation import Unreachable, allocate
    from ortoo.algorithms.sampling.effects import effects

    strata, targets, places, now = plan_of(found, root)
    effect = effects(strata, targets, now)
    try:
        plan = allocate(strata, targets, economical=True)
        wanted, reached = plan.sizes.tolist(), plan.cv.tolist()
    except Unreachable:
        wanted, reached = [], []
    rows = []
    for h, one in enumerate(found.strata.values()):
        league = places.index(one.league)
        rows.append(
            {
                "stratum": one,
                "place": words.place(one.league),
                "size": int(now[h]),
                "wanted": wanted[h] if wanted else None,
                "gap": int(now[h]) - wanted[h] if wanted else None,
                "fewer": _pair(effect, h, league, fewer=True),
                "more": _pair(effect, h, league, fewer=False),
                "fewer_word": _fewer_word(
                    one, int(now[h]), wanted[h] if wanted else None, effect, h
                ),
            }
        )
    limits = [
        {
            "place": words.place(place),
            "now": words.percent(float(effect.now[k])),
            "target": words.percent(float(targets.cv[k])),
            "met": bool(effect.now[k] <= targets.cv[k] * (1 + 1e-9)),
            "reached": words.percent(reached[k]) if reached else "—",
        }
        for k, place in enumerate(places)
    ]
    return {
        "rows": rows,
        "limits": limits,
        "total": int(now.sum()),
        "wanted": sum(wanted),
        "unreachable": not wanted,
        "frame_total": int(strata.units.sum()),
    }


def _fewer_word(
    one: Stratum, size: int, wanted: int | None, effect: Effects, h: int
) -> dict[str, str]:
    """Whether a firm may leave the stratum: status and words."""
    if one.take_all or not size:
        return {"status": "void", "text": "不能减"}
    if int(effect.broken[h]):
        return {"status": "doubt", "text": "减则不达标"}
    if wanted is None or size <= wanted:
        return {"status": "doubt", "text": "不宜减"}
    return {"status": "accepted", "text": "可减"}


def _pair(effect: Effects, h: int, league: int, *, fewer: bool) -> tuple[str, str]:
    """(the league's CV, the region's) after one firm fewer or more in the stratum."""
    table = effect.dropped if fewer else effect.added
    return words.percent(float(table[h, league])), words.percent(float(table[h, 0]))


@require_safe
def estimated(request: HttpRequest, list_code: str, form: str, period: str) -> HttpResponse:
    """Design-weighted means and sales of a period with CVs and letters; none without a design."""
    scope = scope_of(request)
    title = frame.title_of(list_code)
    definition = form_of(form)
    span = period_of(definition, period)
    if definition.respondents.sample != list_code:
        raise Refused("SAMPLE-FORM", "这个表式不用这个名录。", "请从名录页进入。", 404)
    found = estimates(scope, form, span.code)
    access.record(scope, "sample-estimates", f"{form}|{period}", 1, now_ms=now_ms())
    chosen = request.GET.get("place", "")
    domains = found.domains if found else ()
    domain = next((d for d in domains if d.place == chosen), domains[0] if domains else None)
    context = {
        "title": title,
        "list_code": list_code,
        "form": definition,
        "period": span,
        "found": found,
        "domain": domain,
        "domain_name": words.place(domain.place) if domain else "",
        "tabs": [
            {"title": words.place(d.place), "href": f"?place={d.place}", "current": d is domain}
            for d in domains
        ],
        "rows": [_row(definition, item, domain.cells[item.code]) for item in definition.leaves]
        if domain
        else [],
        "limits": _limits(found) if found else "",
        "periods": [
            (one.label_zh, reverse("sample-estimates", args=[list_code, form, one.code]))
            for one in selectors.periods_of(form, 8)
        ],
        "shown_on": timing.civil_day(now_ms()),
    }
    return render(request, "market/sample/estimates.html", context)


def _row(form: Any, item: Any, cell: Cell) -> dict[str, Any]:
    scale = _scale(form, form.roles.price)
    value = _scale(form, form.roles.value)
    return {
        "name": item.name["zh"],
        "unit": item.unit,
        "quotes": cell.quotes,
        "mean": _shown(cell.mean, scale),
        "mean_cv": words.percent(cell.mean_cv),
        "mean_letter": cell.mean_letter,
        "sales": _shown(cell.sales, value),
        "sales_cv": words.percent(cell.sales_cv),
        "sales_letter": cell.sales_letter,
    }


def _scale(form: Any, code: str | None) -> int:
    return int(form.measure_by_code[code].scale) if code else 0


def _shown(value: float, scale: int) -> str:
    if not math.isfinite(value):
        return "—"
    from fractions import Fraction

    return round_half_even(Fraction(value) / 10**scale, 2)


def _limits(found: Estimates) -> str:
    value = found.limits.value
    cuts = [int(str(one)) / 100 for one in value] if isinstance(value, tuple) else []
    told = "、".join(f"{name} ≤ {cut:g}%" for name, cut in zip("ABCD", cuts, strict=False))
    mark = "" if found.limits.verified else "（未核实）"
    return f"{told}，超过为 E{mark}。{found.limits.source}"
