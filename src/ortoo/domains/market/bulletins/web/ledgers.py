"""采用登记 and 其他部门价格: pages of the office's year."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from ortoo.domains.market.bulletins import adoptions, others, records, wording
from ortoo.domains.market.bulletins.adoptions import LEVEL_ZH, Adoption, Taken
from ortoo.domains.market.bulletins.filed import LENGTHS
from ortoo.domains.market.bulletins.lengths import TITLE
from ortoo.domains.market.bulletins.others import Filed, Sheet
from ortoo.domains.market.bulletins.sections import RETAIL
from ortoo.domains.market.bulletins.waiting import office_place
from ortoo.domains.market.bulletins.web import shown
from ortoo.domains.market.bulletins.web.views import scope_of
from ortoo.domains.market.parameters import civil_day
from ortoo.domains.market.web.campaign_frame import key_of, page_key
from ortoo.kernel.filings.clock import now_ms
from ortoo.kernel.filings.refusal import Refused
from ortoo.kernel.forms.periods import parse
from ortoo.kernel.grants import access
from ortoo.kernel.grants.scope import Scope
from ortoo.kernel.places.active import active_pack


@require_http_methods(["GET", "HEAD", "POST"])
def adopted(request: HttpRequest) -> HttpResponse:
    """采用登记: the year by office and every adoption; one entered wrongly is taken back."""
    scope, now = scope_of(request), now_ms()
    scope.require("read_unit_figures", form=RETAIL)
    if request.method == "POST":
        return _take_back(request, scope, now)
    text = request.GET.get("year", "")
    year = (
        int(text) if text.isascii() and text.isdigit() and len(text) == 4 else civil_day(now).year
    )
    found = adoptions.adoptions(scope, year=year)
    access.record(scope, "bulletin-adopted", str(year), len(found), now_ms=now)
    context = {
        "year": year,
        "years": [civil_day(now).year - back for back in range(5)],
        "table": _years(found),
        "listed": _listed(found),
        "own": _own(found, scope),
        "points": [one for one in wording.cited(civil_day(now)) if "采用" in str(one["title"])],
    }
    return render(request, "market/bulletins/adopted.html", context)


def _years(found: list[Adoption]) -> dict[str, Any]:
    columns: list[dict[str, Any]] = [{"title": "编发单位"}]
    columns += [{"title": LEVEL_ZH[level], "numeric": True} for level in wording.LEVELS]
    columns += [{"title": "合计", "numeric": True}, {"title": "计分", "numeric": True}]
    rows = [
        [
            active_pack()[one.place].zh,
            *(one.counts[level] for level in wording.LEVELS),
            sum(one.counts.values()),
            one.points,
        ]
        for one in adoptions.by_office(found)
    ]
    return {"title": "全年采用", "columns": columns, "rows": rows}


def _listed(found: list[Adoption]) -> dict[str, Any]:
    names = shown.names_of(one.by for one in found)
    titles = ("采用单位", "级别", "日期", "编发单位", "报告期", "稿件", "登记人", "网址")
    columns: list[dict[str, Any]] = [{"title": title} for title in titles]
    rows = [
        [
            one.taken.outlet, LEVEL_ZH[one.taken.level], one.taken.day.isoformat(),
            active_pack()[one.place].zh, parse(one.period).label_zh, TITLE[one.taken.version],
            names.get(one.by, ""),
            {"text": "打开", "href": one.taken.link} if one.taken.link else "",
            one.points,
        ]
        for one in found
    ]  # fmt: skip
    columns.append({"title": "计分", "numeric": True})
    return {"title": "逐条登记", "columns": columns, "rows": rows}


def _own(found: list[Adoption], scope: Scope) -> list[dict[str, Any]]:
    mine = [one for one in found if office_place(scope) == one.place]
    return [{"seq": one.seq, "title": f"{one.taken.day} {one.taken.outlet}"} for one in mine]


def _take_back(request: HttpRequest, scope: Scope, now: int) -> HttpResponse:
    seq = request.POST.get("seq", "")
    found = next((one for one in adoptions.adoptions(scope) if str(one.seq) == seq), None)
    if found is None:
        raise Refused("ADOPTED-UNKNOWN", "没有这条采用登记。", "请刷新页面。", 404)
    reason = request.POST.get("reason", "")
    adoptions.take_back(scope=scope, adoption=found, reason=reason, now_ms=now)
    messages.success(request, "登记已撤销。")
    return HttpResponseRedirect(reverse("bulletins-adopted"))


@require_POST
def adopt(request: HttpRequest, code: str) -> HttpResponse:
    """登记采用 of a published bulletin."""
    scope = scope_of(request)
    found = records.bulletin(scope, code)
    said = request.POST
    version, level = said.get("version", ""), said.get("level", "")
    if version not in LENGTHS or level not in wording.LEVELS:
        raise Refused("ADOPTED-CHOICE", "没有选择稿件或级别。", "请选择后再登记。", 422)
    taken = Taken(
        version, said.get("outlet", "")[:80], level, _day(said.get("day", ""), "ADOPTED-DAY"),
        said.get("link", "").strip()[:300], said.get("excerpt", "")[:1000],
    )  # fmt: skip
    adoptions.adopt(scope=scope, bulletin=found, taken=taken, key=key_of(request), now_ms=now_ms())
    messages.success(request, "采用已登记。")
    return HttpResponseRedirect(reverse("bulletin", kwargs={"code": code}))


def _day(text: str, code: str) -> dt.date:
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise Refused(code, "日期写法不对。", "请写成 2026-11-19。", 422) from None


@require_http_methods(["GET", "HEAD", "POST"])
def other_prices(request: HttpRequest) -> HttpResponse:
    """其他部门价格: paste a table, then theirs beside ours."""
    scope, now = scope_of(request), now_ms()
    scope.require("read_unit_figures", form=RETAIL)
    place = office_place(scope)
    fault: Refused | None = None
    if request.method == "POST":
        scope.require("publish", form=RETAIL, place=place or active_pack().root.code)
        try:
            others.transcribe(scope=scope, place=place, sheet=_sheet(request), now_ms=now)
            messages.success(request, "已转录。")
            return HttpResponseRedirect(reverse("bulletins-other-prices"))
        except Refused as error:
            if error.status not in (409, 422):
                raise
            fault = error
    found = others.sheets(scope)
    access.record(scope, "other-prices", others.FORM, len(found), now_ms=now)
    context = {
        "sheets": [_beside(one) for one in found],
        "own": bool(place) and scope.may("publish", RETAIL, place=place),
        "units": list(others.UNITS),
        "said": request.POST,
        "fault": fault,
    }
    status = fault.status if fault is not None else 200
    return render(request, "market/bulletins/other_prices.html", context, status=status)


def _sheet(request: HttpRequest) -> Sheet:
    said = request.POST
    unit = said.get("unit", "元/500克")
    text = said.get("prices", "")
    upload = request.FILES.get("file")
    if upload is not None and not text.strip():
        try:
            text = upload.read(200_000).decode("utf-8-sig")
        except UnicodeDecodeError:
            raise Refused(
                "OTHER-FILE", "文件不是 UTF-8 文本。", "请另存为 UTF-8 的 CSV，或直接粘贴。", 422
            ) from None
    published = said.get("published", "")
    return Sheet(
        said.get("agency", "").strip()[:60],
        said.get("source", ""),
        _day(said.get("day", ""), "OTHER-DAY"),
        said.get("basis", ""),
        others.read_block(text, unit),
        _day(published, "OTHER-DAY") if published else None,
    )


def _beside(found: Filed) -> dict[str, Any]:
    sheet = found.sheet
    columns = [
        {"title": "原表品名"}, {"title": "原价", "numeric": True}, {"title": "原单位"},
        {"title": "折合", "numeric": True}, {"title": "折合单位"}, {"title": "本系统品种"},
        {"title": "本系统均价", "numeric": True},
    ]  # fmt: skip
    rows = [
        [
            one.price.name, f"{one.price.fen / 100:.2f}", one.price.unit, one.converted or "不折算",
            one.unit, one.ours_name or "无对应", one.ours or "—",
        ]
        for one in others.beside(found)
    ]  # fmt: skip
    basis = sheet.basis or "原表未写口径"
    return {
        "title": f"{sheet.agency} {sheet.day}",
        "source": sheet.source,
        "facts": f"{active_pack()[found.place].zh} · {basis} · 第 {found.seq} 号转录",
        "table": {
            "columns": columns,
            "rows": rows,
            "note": "两套数的采价点、日期、规格不同，只并列不合并；本系统均价为已发布的简单平均。",
        },
    }


__all__ = ["adopt", "adopted", "other_prices", "page_key"]
