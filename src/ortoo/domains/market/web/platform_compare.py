"""A bureau's export of 统一平台 against what was filed here: who differs where; nothing changes."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping as Dictionary
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_http_methods

from ortoo.connectors.unified_platform import FirmComparison, Statement, compare
from ortoo.connectors.unified_platform.block import safe
from ortoo.connectors.unified_platform.comparison import Verdict
from ortoo.connectors.unified_platform.exported import Exported
from ortoo.domains.market import checking, observations
from ortoo.domains.market.registers import names_of
from ortoo.domains.market.web.platform_frame import VERDICTS, mapping_of, mapping_words, shown
from ortoo.domains.market.web.platform_views import read_platform, refused_words, speaks_of
from ortoo.domains.market.web.workbook_uploads import keep, kept, posted_file
from ortoo.domains.market.web.workbook_views import UNREAD, download, error_words
from ortoo.kernel.filings import read
from ortoo.kernel.filings.clock import now_ms
from ortoo.kernel.filings.refusal import Refused
from ortoo.kernel.forms import registry
from ortoo.kernel.forms.definition import Cell, Form, FormError
from ortoo.kernel.forms.periods import Period, parse
from ortoo.kernel.grants import access
from ortoo.kernel.grants.scope import Scope
from ortoo.kernel.places.active import active_pack

MOST_CELLS = 40
COLUMNS: tuple[Verdict, ...] = ("equal", "different", "only_here", "only_there")
CSV = "text/csv; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Bench:
    """Whose comparison this is: an office's respondents of one form and period."""

    scope: Scope
    form: Form
    period: Period
    office: str

    @property
    def address(self) -> dict[str, str]:
        return {"form": self.form.code, "period": self.period.code, "office": self.office}


@dataclass(frozen=True, slots=True)
class Firm:
    """A respondent of the office: its code, name and what it has in force here."""

    party: str
    name: str
    filed: bool
    cells: Dictionary[tuple[str, str], Cell]


@require_http_methods(["GET", "HEAD", "POST"])
def platform_compare(request: HttpRequest, form: str, period: str, office: str) -> HttpResponse:
    """POST keeps the export and shows it; GET with its token shows it again or gives the CSV."""
    bench = _bench(request, form, period, office)
    try:
        if request.method == "POST":
            posted = posted_file(request)
            _compared(bench, posted.data, posted.name)
            query = urlencode({"file": keep(bench.scope, posted)})
            where = reverse("platform-compare", kwargs=bench.address)
            return HttpResponseRedirect(f"{where}?{query}")
        token = request.GET.get("file", "")
        if not token:
            return _page(request, bench, {})
        again = kept(bench.scope, token)
        firms, found, exported = _compared(bench, again.data, again.name)
    except Refused as refused:
        return _page(request, bench, {"error": error_words(refused)}, refused.status)
    access.record(
        bench.scope, "platform-compare", f"{form}|{period}|{office}", len(firms), now_ms=now_ms()
    )
    if request.GET.get("as") == "csv":
        name = f"统一平台比对{bench.period.code}.csv"
        return download(_csv(bench, firms, found), name, CSV)
    context = _context(bench, firms, found, exported)
    return _page(request, bench, {**context, "file": again.name, "token": token})


def _bench(request: HttpRequest, form: str, period: str, office: str) -> Bench:
    scope: Scope = request.scope  # type: ignore[attr-defined]
    scope.require("review", form=form, place=office)
    try:
        return Bench(scope, registry.get(form), parse(period), office)
    except FormError as error:
        raise Refused(error.code, error.message, "请从“本期审核”进入。", 404) from error


def _page(
    request: HttpRequest, bench: Bench, more: Dictionary[str, Any], status: int = 200
) -> HttpResponse:
    mapping = mapping_of(bench.form)
    pack = active_pack()
    context = {
        "form": bench.form,
        "period": bench.period,
        "office": pack.bureau(bench.office) or bench.office,
        "mapping": mapping_words(mapping, bench.form),
        "back": reverse("review", kwargs=bench.address),
        **more,
    }
    status = UNREAD if "error" in more and status < UNREAD else status
    return render(request, "market/platform/compare.html", context, status=status)


def _compared(
    bench: Bench, data: bytes, name: str
) -> tuple[dict[str, Firm], list[FirmComparison], Exported]:
    """Every respondent of the office compared. Raises Refused."""
    exported = read_platform(data, name, bench.form, mapping_of(bench.form))
    firms = _firms(bench)
    there = _there(bench, exported, firms)
    order = [(item.code, m.code) for item in bench.form.leaves for m in bench.form.measures]
    stated = {row.measure for row in exported.rows}
    order = [cell for cell in order if cell[1] in stated]
    found = [
        compare(party, firm.cells, there.get(party, {}), order) for party, firm in firms.items()
    ]
    return firms, found, exported


def _firms(bench: Bench) -> dict[str, Firm]:
    returns = observations.load(bench.form.code, bench.period.code)
    mine = [
        (party, state)
        for party, place, state in zip(returns.parties, returns.places, returns.states, strict=True)
        if bench.office in {code for code, _ in state.offices}
        and bench.scope.may_read(party=party, place=place, form=bench.form.code)
    ]
    names = names_of(party for party, _ in mine)
    filings = read.by_seqs(state.effective for _, state in mine if state.effective)
    found = {}
    for party, state in mine:
        filing = filings.get(state.effective or 0)
        grid = checking.grid_of(bench.form, filing) if filing else None
        cells: dict[tuple[str, str], Cell] = {}
        if grid is not None:
            cells = {
                (item.code, measure.code): cell
                for measure in bench.form.measures
                for item, cell in zip(bench.form.leaves, grid.columns[measure.code], strict=True)
                if cell is not None
            }
        found[party] = Firm(party, names.get(party, party), filing is not None, cells)
    return found


def _there(
    bench: Bench, exported: Exported, firms: Dictionary[str, Firm]
) -> dict[str, dict[tuple[str, str], Cell]]:
    """What the platform says of the office's own firms, by code, else by registered name."""
    by_name = {firm.name: party for party, firm in firms.items()}
    found: dict[str, dict[tuple[str, str], Cell]] = {}
    for row in exported.rows:
        party = row.code if row.code in firms else by_name.get(row.firm, "")
        if party and speaks_of(row.period, bench.period):
            found.setdefault(party, {}).setdefault((row.item, row.measure), row.value)
    return found


def _strangers(exported: Exported, firms: Dictionary[str, Firm]) -> list[str]:
    names = {firm.name for firm in firms.values()}
    rows = (r for r in exported.rows if r.code not in firms and r.firm not in names)
    return list(dict.fromkeys(row.firm or row.code or "（未写单位）" for row in rows))


def _context(
    bench: Bench, firms: Dictionary[str, Firm], found: Sequence[FirmComparison], exported: Exported
) -> dict[str, Any]:
    ordered = sorted(found, key=lambda one: (-one.count("different"), -len(one.differing)))
    strangers = _strangers(exported, firms)
    return {
        "table": {
            "title": "逐企业比对",
            "columns": [
                {"title": "企业"},
                *({"title": VERDICTS[v], "unit": "格", "numeric": True} for v in COLUMNS),
                {"title": "办理"},
            ],
            "rows": [_line(bench, firms[one.firm], one) for one in ordered],
            "totals": ["合计", *(str(sum(o.count(v) for o in found)) for v in COLUMNS), ""],
        },
        "details": [
            {"name": firms[one.firm].name, "cells": _cells(bench, one)}
            for one in ordered
            if one.count("different")
        ],
        "refused": refused_words(exported),
        "strangers": strangers[:20],
        "stranger_count": len(strangers),
    }


def _line(bench: Bench, firm: Firm, one: FirmComparison) -> list[Any]:
    counts = [str(one.count(v)) for v in COLUMNS]
    act: Any = ""
    if firm.filed and one.count("different"):
        act = {"text": "发核实", "href": ask_address(bench, one)}
    elif not firm.filed:
        act = {"text": "本系统未报", "href": _return_address(bench, one.firm)}
    return [{"text": firm.name, "href": _return_address(bench, one.firm)}, *counts, act]


def _return_address(bench: Bench, party: str) -> str:
    return reverse("review-return", kwargs={**bench.address, "party": party})


def ask_address(bench: Bench, one: FirmComparison) -> str:
    """发核实 with the differing cells ticked beforehand; the reviewer writes the question."""
    cells = [("cell", f"{s.item}.{s.measure}") for s in one.statements if s.verdict == "different"]
    return f"{_return_address(bench, one.firm)}?{urlencode(cells[:MOST_CELLS])}#ask"


def _cells(bench: Bench, one: FirmComparison) -> list[dict[str, str]]:
    return [
        _words(bench.form, statement)
        for statement in one.statements
        if statement.verdict == "different"
    ][:MOST_CELLS]


def _words(form: Form, one: Statement) -> dict[str, str]:
    item, measure = form.item(one.item), form.measure(one.measure)
    return {
        "item": item.name["zh"],
        "measure": measure.title["zh"],
        "unit": measure.unit_of(item),
        "here": shown(one.here, item, measure),
        "there": shown(one.there, item, measure),
        "verdict": VERDICTS[one.verdict],
    }


def _csv(bench: Bench, firms: Dictionary[str, Firm], found: Sequence[FirmComparison]) -> bytes:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow([safe(f"统一平台比对 {bench.form.title['zh']} {bench.period.label_zh}")])
    writer.writerow(["单位代码", "企业", "品种", "指标", "单位", "本系统", "统一平台", "比对"])
    for one in found:
        for statement in one.statements:
            said = _words(bench.form, statement)
            row = [one.firm, firms[one.firm].name, said["item"], said["measure"], said["unit"]]
            row += [said["here"], said["there"], said["verdict"]]
            writer.writerow([safe(text) for text in row])
    return out.getvalue().encode("utf-8-sig")
