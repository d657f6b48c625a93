"""Files and paper of every page: its tables as CSV and Excel, and what a print says above them.

One mechanism for all pages of market monitoring: the addresses are wrapped once, no page has code
of its own. `?export=csv|xlsx` behind any page's address gives its data tables; a print begins with
表号, 报告期, 截至口径 and 打印时间.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, URLResolver
from django.utils.html import format_html, format_html_join
from django.utils.http import content_disposition_header

from ortoo.domains.market.web import clerk_words as words
from ortoo.domains.market.web.figures_request import civil_day
from ortoo.kernel.filings.clock import now_ms
from ortoo.kernel.filings.refusal import Refused
from ortoo.kernel.forms import registry
from ortoo.kernel.forms.definition import FormError
from ortoo.kernel.forms.periods import parse

KINDS = {"csv": "CSV", "xlsx": "Excel"}
PARAMETER = "export"
_MAIN, _END = b'<main id="content" tabindex="-1"><div class="frame">', b"</div></main>"
_OWN_FILES = (b"/export.csv",)
View = Callable[..., HttpResponse]


def with_files(patterns: list[Any]) -> list[Any]:
    """The same addresses, each page of which has files and a paper head."""
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            with_files(pattern.url_patterns)
        elif isinstance(pattern, URLPattern) and not hasattr(pattern.callback, "page_files"):
            pattern.callback = _wrapped(pattern.callback)
    return patterns


def _wrapped(view: View) -> View:
    @functools.wraps(view)
    def page(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        response = view(request, *args, **kwargs)
        if not _is_page(request, response):
            return response
        kind = request.GET.get(PARAMETER, "")
        if kind:
            return _file(request, response, kwargs, kind)
        response.content = _dressed(request, response.content, kwargs)
        return response

    page.page_files = True  # type: ignore[attr-defined]
    return page


def _is_page(request: HttpRequest, response: HttpResponse) -> bool:
    return (
        request.method == "GET"
        and response.status_code == 200
        and not response.streaming
        and response.get("Content-Type", "").startswith("text/html")
        and "HX-Request" not in request.headers
        and _MAIN in response.content
    )


def _file(
    request: HttpRequest, response: HttpResponse, asked: Mapping[str, Any], kind: str
) -> HttpResponse:
    """The page's tables. Raises Refused EXPORT-KIND, EXPORT-NOTHING."""
    from ortoo.domains.market.web.exports import CSV, XLSX, Export, written
    from ortoo.domains.market.web.page_tables import tables_of

    if kind not in KINDS:
        raise Refused("EXPORT-KIND", f"不能导出为 {kind[:10]}。", "请用 csv 或 xlsx。", 404)
    html = response.content.decode()
    sheets = tables_of(html)
    if not sheets:
        raise Refused("EXPORT-NOTHING", "这一页没有可导出的表。", "请返回页面查看。", 404)
    title = _title(html)
    head = [("标题", title), *_facts(request, asked), ("网址", _address(request))]
    if settings.DEMO:
        head.insert(0, ("演示数据", "模拟世界生成，不是真实统计"))
    made = HttpResponse(
        written(Export(title, tuple(head), tuple(sheets)), kind),
        content_type=CSV if kind == "csv" else XLSX,
    )
    name = content_disposition_header(True, f"{title}.{kind}")
    made["Content-Disposition"] = name or "attachment"
    return made


def _title(html: str) -> str:
    start, end = html.find("<title>"), html.find("</title>")
    found = html[start + 7 : end].split(" · 驿传", 1)[0] if start >= 0 else ""
    return " ".join(found.replace("/", "／").split()) or "表"


def _facts(request: HttpRequest, asked: Mapping[str, Any]) -> list[tuple[str, str]]:
    """表号, 报告期 and 口径 as far as the address says them, and when this was taken."""
    found: list[tuple[str, str]] = []
    # A page that chose its form and period itself says which it took.
    known_form, known_period = getattr(request, "paper", ("", ""))
    try:
        if form := str(asked.get("form") or known_form or request.GET.get("form", "")):
            definition = registry.get(form)
            found.append(("表式", f"{definition.title['zh']}（{definition.head.code}）"))
        if period := str(asked.get("period") or known_period):
            found.append(("报告期", parse(period).label_zh))
    except FormError:
        found = found[:1]
    today = civil_day(now_ms()).isoformat()
    found.append(("口径", f"截至 {(request.GET.get('as_of') or today)[:10]}"))
    found.append(("时间", words.full_moment(now_ms())))
    return found


def _address(request: HttpRequest) -> str:
    query = request.GET.copy()
    query.pop(PARAMETER, None)
    kept = query.urlencode()
    return request.build_absolute_uri(request.path + (f"?{kept}" if kept else ""))


def _dressed(request: HttpRequest, content: bytes, asked: Mapping[str, Any]) -> bytes:
    """The page with its paper head, and with links to its files where it has a data table."""
    facts = format_html_join("　", "{} {}", _facts(request, asked))
    demo = "演示数据，不是真实统计　" if settings.DEMO else ""
    paper = format_html('<p class="paper-head">{}{}</p>', demo, facts)
    content = content.replace(_MAIN, _MAIN + paper.encode(), 1)
    if b"<tbody" in content and not any(mark in content for mark in _OWN_FILES):
        at = content.rfind(_END)
        content = content[:at] + _links(request).encode() + content[at:]
    return content


def _links(request: HttpRequest) -> str:
    query = request.GET.copy()
    links = []
    for kind, name in KINDS.items():
        query[PARAMETER] = kind
        links.append((query.urlencode(), name))
    return format_html(
        '<p class="page-files table-note">本页各表 {}</p>',
        format_html_join(" ", '<a href="?{}">{}</a>', links),
    )
