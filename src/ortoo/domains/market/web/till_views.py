"""「导入收银导出表」 step by step: file, columns, new articles, preview, into the draft."""

from __future__ import annotations

import re
from fractions import Fraction

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from ortoo.domains.market.till import filling, selectors, services, store, whole
from ortoo.domains.market.till.columns import ROLES
from ortoo.domains.market.till.match import Article
from ortoo.domains.market.till.memory import MEAN, Decision
from ortoo.domains.market.till.packs import factor_of
from ortoo.domains.market.till.selectors import Question, Till
from ortoo.domains.market.web import till_page as shown
from ortoo.domains.market.web.clerk_desk import Desk, open_desk
from ortoo.kernel.filings.refusal import Refused
from ortoo.kernel.grants.access import record

OVERHEAD = 64 * 1024
ROWS_A_PAGE = 300


@require_http_methods(["GET", "POST"])
def page(request: HttpRequest, form: str, period: str) -> HttpResponse:
    """Choose a file; with one there, where its import stands."""
    desk = open_desk(request, form, period)
    desk.require_open()
    if request.method == "POST":
        return _receive(request, desk)
    try:
        found = whole.opened(desk)
    except Refused as refused:  # replaced between two reads: the next look finds the new one
        if refused.code != "TILL-STALE":
            raise
        found = None
    return render(request, "market/till/file.html", shown.file_page(desk, found))


def _receive(request: HttpRequest, desk: Desk) -> HttpResponse:
    # Before the body is parsed: a file past the limit is not even read.
    refuse_larger(request)
    given = request.FILES.get("file")
    if given is None:
        raise Refused("TILL-NO-FILE", "没有选择文件。", "请选择收银系统导出的文件。", 400)
    export = services.Export(given.name or "", given.read())
    services.receive(scope=desk.scope, matter=desk.matter, export=export, now_ms=desk.now)
    return _next(desk)


def refuse_larger(request: HttpRequest) -> None:
    """413 by the stated length."""
    length = str(request.META.get("CONTENT_LENGTH") or "0")
    if not re.fullmatch(r"\d{1,12}", length) or int(length) > services.LARGEST + OVERHEAD:
        most = services.LARGEST >> 20
        raise Refused(
            "SHEET-TOO-LARGE", f"文件超过 {most} MB。", "只导出本期日期和需要的列后再选。", 413
        )


def _next(desk: Desk) -> HttpResponse:
    """The first step that still needs somebody."""
    found = selectors.require_upload(whole.opened(desk))
    step = "preview"
    if not found.understood:
        step = "columns"
    elif found.questions:
        step = "articles"
    response = redirect(f"till-{step}", **desk.names)
    response.status_code = 303
    return response


def _opened(desk: Desk, request: HttpRequest) -> Till:
    """The import; on POST the one that the page was made from."""
    if request.method == "POST":
        token = request.POST.get("token", "")
        return whole.required(desk, token)
    return selectors.require_upload(whole.opened(desk))


@require_http_methods(["GET", "POST"])
def columns(request: HttpRequest, form: str, period: str) -> HttpResponse:
    """Which column is what, over the first rows."""
    desk = open_desk(request, form, period)
    desk.require_open()
    found = _opened(desk, request)
    if request.method == "GET":
        return render(request, "market/till/columns.html", shown.columns_page(desk, found))
    roles = _roles(request, len(found.layout.titles))
    try:
        services.confirm_columns(
            scope=desk.scope, till=found, matter=desk.matter, roles=roles, now_ms=desk.now
        )
    except Refused as refused:
        context = shown.columns_page(desk, found, roles, refused)
        return render(request, "market/till/columns.html", context, status=422)
    return _next(desk)


def _roles(request: HttpRequest, width: int) -> dict[str, int]:
    """Fields `r.<column>` → role; one role on two columns is the first of them doubled."""
    roles: dict[str, int] = {}
    for at in range(width):
        role = request.POST.get(f"r.{at}", "")
        if role and role in ROLES:
            if role in roles:
                raise Refused(
                    "TILL-ROLE-TWICE", f"两列都选了“{ROLES[role]}”。", "请返回，只留一列。"
                )
            roles[role] = at
    return roles


@require_http_methods(["GET", "POST"])
def articles(request: HttpRequest, form: str, period: str) -> HttpResponse:
    """New articles that might be one of the items; or those that a search finds."""
    desk = open_desk(request, form, period)
    desk.require_open()
    found = _opened(desk, request)
    if not found.understood:
        return redirect("till-columns", **desk.names)
    if request.method == "GET":
        wanted = request.GET.get("find", "").strip()[:40]
        listed = found.find(wanted) if wanted else found.questions[:ROWS_A_PAGE]
        context = shown.articles_page(desk, found, listed, wanted)
        return render(request, "market/till/articles.html", context)
    decisions, faults = _decisions(request, desk, found)
    services.decide(
        scope=desk.scope, till=found, matter=desk.matter, decisions=decisions, now_ms=desk.now
    )
    if faults:
        messages.error(request, f"有 {faults} 种商品没有写明折合多少，仍在下面。")
        return redirect("till-articles", **desk.names)
    return _next(desk)


def _decisions(request: HttpRequest, desk: Desk, found: Till) -> tuple[list[Decision], int]:
    """Fields `s.<n>` SKU, `a.<n>` item or nothing, `f.<n>` one sold unit in the item's unit.

    With `rest`, a merely possible article left at its guess is none of the items.
    """
    rest = request.POST.get("action") == "rest"
    likely = {one.article.sku: one for one in found.questions} if rest else {}
    decisions, faults = [], 0
    for name, sku in list(request.POST.items()):
        if not re.fullmatch(r"s\.\d{1,4}", name):
            continue
        number, article = name[2:], found.reading.articles.get(sku)
        if article is None:
            continue
        item = request.POST.get(f"a.{number}", "")
        if rest and _left_possible(likely.get(sku), item):
            item = ""
        factor = shown.ONE
        if item:
            try:
                factor = _factor(found, article, item, request.POST.get(f"f.{number}", ""))
            except ValueError:
                faults += 1
                continue
        decisions.append(Decision(sku, article.name, article.category, item or None, factor))
    return decisions, faults


def _factor(found: Till, article: Article, item: str, said: str) -> Fraction:
    """What she wrote; left blank, what the till's own words tell beyond doubt. ValueError."""
    pack = found.pack(article, item) if item in found.form.leaf_index else None
    return pack.factor if not said.strip() and pack and pack.sure else factor_of(said)


def _left_possible(asked: Question | None, item: str) -> bool:
    return asked is not None and not shown.likely(asked) and item == asked.guesses[0].item


@require_http_methods(["GET", "POST"])
def preview(request: HttpRequest, form: str, period: str) -> HttpResponse:
    """What would be filled in; POST remembers the prices' making and fills."""
    desk = open_desk(request, form, period)
    desk.require_open()
    found = _opened(desk, request)
    if not found.understood:
        return redirect("till-columns", **desk.names)
    if request.method == "GET":
        record(desk.scope, "till", desk.matter.party, len(found.sums), now_ms=desk.now)
        return render(request, "market/till/preview.html", shown.preview_page(desk, found))
    services.choose_prices(
        scope=desk.scope, till=found, matter=desk.matter, prices=_prices(request, found),
        now_ms=desk.now,
    )  # fmt: skip
    if request.POST.get("action") == "look":
        return redirect("till-preview", **desk.names)
    found = whole.required(desk, found.upload.token)
    filled = filling.fill(desk, found, overwrite=request.POST.get("overwrite") == "on")
    messages.success(
        request, f"已按收银导出填入 {len(filled.cells)} 格，尚未报送。请核对、补齐后报送。"
    )
    response = redirect("return-correct" if desk.effective else "return", **desk.names)
    response.status_code = 303
    return response


def _prices(request: HttpRequest, found: Till) -> dict[str, str]:
    """Fields `p.<item>`: only one of the item's own articles, or the mean."""
    said = {}
    for sums in found.sums:
        by = request.POST.get(f"p.{sums.item.code}")
        if by and (by == MEAN or by in {one.article.sku for one in sums.articles}):
            said[sums.item.code] = by
    return said


@require_GET
def item_lines(request: HttpRequest, form: str, period: str, item: str) -> HttpResponse:
    """The articles behind one item."""
    desk = open_desk(request, form, period)
    found = _opened(desk, request)
    sums = next((one for one in found.sums if one.item.code == item), None)
    if sums is None:
        raise Refused("TILL-ITEM", "收银导出里没有这个商品。", "请回到预览。", 404)
    return render(request, "market/till/item.html", shown.item_page(desk, found, sums))


@require_POST
def drop(request: HttpRequest, form: str, period: str) -> HttpResponse:
    """Undo the import before the return is filed."""
    desk = open_desk(request, form, period)
    desk.require_open()
    if store.load(desk.matter) is None:
        return redirect("till", **desk.names)
    gone = filling.drop(desk, _opened(desk, request))
    messages.success(request, f"已撤销导入，从草稿中取出 {gone} 格；商品对应仍然记得。")
    response = redirect("till", **desk.names)
    response.status_code = 303
    return response
