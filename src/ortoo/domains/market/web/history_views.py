"""历史汇总导入: choose a file, look at what was understood, import in batches, withdraw, export."""

from __future__ import annotations

import csv
import io
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from ortoo.connectors.unified_platform.block import safe
from ortoo.domains.market import history
from ortoo.domains.market.registers import names_of
from ortoo.domains.market.web.history_preview import (
    Preview,
    choices_of,
    preview_of,
    preview_words,
)
from ortoo.domains.market.web.platform_compare import CSV
from ortoo.domains.market.web.platform_frame import shown
from ortoo.domains.market.web.workbook_uploads import keep, kept, posted_file
from ortoo.domains.market.web.workbook_views import UNREAD, download, error_words
from ortoo.kernel.filings.clock import now_ms
from ortoo.kernel.filings.draft import Original
from ortoo.kernel.filings.refusal import Refused
from ortoo.kernel.grants import access
from ortoo.kernel.grants.scope import Scope
from ortoo.kernel.places.active import active_pack

MEDIA = "application/octet-stream"


@require_safe
def history_home(request: HttpRequest) -> HttpResponse:
    """Whose history is here, by year; and the way to import more."""
    scope: Scope = request.scope  # type: ignore[attr-defined]
    places = history.places_to_read(scope)
    if not places:
        scope.require(history.READ, form=history.FORM, place=scope.place or "-")
    pack = active_pack()
    rows, years = [], set()
    for place in places:
        counts: dict[int, int] = {}
        for one in history.standing_of(scope, place):
            year = one.period.number[0]
            counts[year] = counts.get(year, 0) + 1
        years |= set(counts)
        rows.append((place, counts))
    ordered = sorted(years)
    table = {
        "title": "已导入的周数",
        "columns": [
            {"title": "地区"},
            *({"title": f"{year}年", "unit": "周", "numeric": True} for year in ordered),
        ],
        "rows": [
            [
                {"text": pack[place].zh, "href": reverse("history-place", args=[place])},
                *(str(counts.get(year, 0)) for year in ordered),
            ]
            for place, counts in rows
            if counts or len(rows) <= 3
        ],
        "note": f"{history.LABEL}：只作图表和同比的对照，不并入样本汇总。",
    }
    context = {"table": table, "writes": bool(history.places_to_write(scope))}
    return render(request, "market/history/home.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def history_import(request: HttpRequest) -> HttpResponse:
    """GET asks for a file or shows a kept one; POST takes a file, reads again, or imports."""
    scope: Scope = request.scope  # type: ignore[attr-defined]
    choices = choices_of(request, scope)
    try:
        if request.method == "POST" and request.FILES:
            token = keep(scope, posted_file(request))
            query = urlencode({"file": token, "place": choices.options.place})
            return HttpResponseRedirect(f"{reverse('history-import')}?{query}")
        said = request.POST if request.method == "POST" else request.GET
        token = said.get("file", "")
        if not token:
            if request.method == "POST":
                posted_file(request)
            return _page(request, {})
        preview = preview_of(scope, kept(scope, token), choices)
        if request.POST.get("action") == "import":
            return _import(request, scope, preview, token)
        return _page(request, {**preview_words(scope, preview), "token": token})
    except Refused as refused:
        if refused.code.startswith("SCOPE"):
            raise
        return _page(request, {"error": error_words(refused)}, max(refused.status, UNREAD))


def _page(request: HttpRequest, more: dict[str, Any], status: int = 200) -> HttpResponse:
    crumbs = [{"title": "历史汇总", "href": reverse("history")}, {"title": "导入"}]
    context = {"crumbs": crumbs, **more}
    return render(request, "market/history/import.html", context, status=status)


def _import(request: HttpRequest, scope: Scope, preview: Preview, token: str) -> HttpResponse:
    """One batch; while weeks are left, a page that goes on by itself or by its button."""
    try:
        outcome = history.file_history(
            scope=scope,
            weeks=preview.weeks,
            original=Original(preview.posted.data, MEDIA, preview.posted.name),
            reason=preview.choices.reason,
            now_ms=now_ms(),
        )
    except Refused as refused:
        if refused.code != "REASON-NEEDED":
            raise
        context = {**preview_words(scope, preview), "error": error_words(refused), "token": token}
        return _page(request, context, UNREAD)
    if outcome.left:
        total = len(preview.weeks) - len(preview.plan.others)
        context = {
            **preview_words(scope, preview),
            "token": token,
            "progress": {
                "title": "正在导入历史汇总",
                "done": total - outcome.left,
                "total": total,
                "text": f"{total - outcome.left}/{total} 周",
            },
        }
        return _page(request, context)
    messages.success(
        request,
        f"导入完成：新报 {outcome.filed} 周，更正 {outcome.corrected} 周，"
        f"原已导入 {outcome.known} 周。",
    )
    places = sorted({week.place for week in preview.weeks}) or [preview.choices.options.place]
    where = reverse("history-place", args=places) if len(places) == 1 else reverse("history")
    return HttpResponseRedirect(where)


@require_safe
def history_place(request: HttpRequest, place: str) -> HttpResponse:
    """A place's imported weeks, each with its filing; one year at a time."""
    scope: Scope = request.scope  # type: ignore[attr-defined]
    standing = history.standing_of(scope, _known(place))
    years = sorted({one.period.number[0] for one in standing}, reverse=True)
    asked = request.GET.get("year", "")
    year = int(asked) if asked.isascii() and asked.isdigit() and len(asked) == 4 else None
    year = year if year in years else (years[0] if years else None)
    rows = [one for one in standing if one.period.number[0] == year]
    names = names_of(one.row.filer for one in rows)
    context = {
        "place": place,
        "name": active_pack()[place].zh,
        "year": year,
        "years": [{"title": f"{y}年", "href": f"?year={y}", "current": y == year} for y in years],
        "rows": [_row(one, names) for one in rows],
        "label": history.LABEL,
        "writes": scope.may(history.WRITE, form=history.FORM, place=place),
        "crumbs": [
            {"title": "历史汇总", "href": reverse("history")},
            {"title": active_pack()[place].zh},
        ],
    }
    return render(request, "market/history/place.html", context)


def _known(place: str) -> str:
    if place not in active_pack():
        raise Refused("PLACE-UNKNOWN", "没有这个地区。", "请从“历史汇总”进入。", 404)
    return place


def _row(one: history.Standing, names: dict[str, str]) -> dict[str, Any]:
    grid = one.grid
    prices = grid.columns[history.form().roles.price or "price"]
    return {
        "period": one.row.period,
        "label": one.period.label_zh,
        "prices": sum(isinstance(cell, int) for cell in prices),
        "basis": grid.attributes.get("basis", ""),
        "file": grid.attributes.get("file", ""),
        "filer": names.get(one.row.filer, one.row.filer),
        "number": one.row.seq,
        "href": reverse("filing", kwargs={"seq": one.row.seq}),
        "revised": one.row.supersedes is not None,
        "reason": one.row.reason,
    }


@require_POST
def history_withdraw(request: HttpRequest, place: str) -> HttpResponse:
    """撤回 ticked weeks, or all weeks of the year shown, with a reason."""
    scope: Scope = request.scope  # type: ignore[attr-defined]
    count = history.withdraw(
        scope=scope,
        place=_known(place),
        periods=request.POST.getlist("period"),
        reason=request.POST.get("reason", "")[:200],
        now_ms=now_ms(),
    )
    if count:
        messages.success(request, f"已撤回 {count} 周，原报件保留在案。")
    else:
        messages.info(request, "没有勾选要撤回的周。")
    return HttpResponseRedirect(reverse("history-place", args=[place]))


@require_safe
def history_export(request: HttpRequest, place: str) -> HttpResponse:
    """Everything imported of a place as CSV: a line a week and good, with the filing's number."""
    scope: Scope = request.scope  # type: ignore[attr-defined]
    standing = history.standing_of(scope, _known(place))
    access.record(scope, "history-export", place, len(standing), now_ms=now_ms())
    form, out = history.form(), io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow([f"{active_pack()[place].zh} {history.LABEL}"])
    heads = ["报告期", "起", "止", "品种代码", "品种", "单位"]
    heads += [f"{m.title['zh']}（{m.unit.replace('{unit}', '单位')}）" for m in form.measures]
    writer.writerow([*heads, "口径", "报件号"])
    for one in standing:
        grid, period = one.grid, one.period
        for at, item in enumerate(form.leaves):
            cells = [grid.columns[m.code][at] for m in form.measures]
            if all(cell is None for cell in cells):
                continue
            texts = [shown(c, item, m) for c, m in zip(cells, form.measures, strict=True)]
            row = [period.label_zh, period.start.isoformat(), period.end.isoformat(), item.code]
            row += [item.name["zh"], item.unit, *("" if t == "—" else t for t in texts)]
            row += [grid.attributes.get("basis", ""), str(one.row.seq)]
            writer.writerow([safe(text) for text in row])
    return download(out.getvalue().encode("utf-8-sig"), f"历史汇总{place}.csv", CSV)
