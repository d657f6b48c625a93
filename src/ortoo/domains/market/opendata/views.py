"""The public page, the downloads and the feed. Every answer is the same whoever asks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from urllib.parse import urlencode

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.cache import get_conditional_response
from django.utils.http import http_date
from django.views.decorators.http import require_safe

from ortoo.domains.market.opendata import feed as feeds
from ortoo.domains.market.opendata import given, sdmx, showing, tables
from ortoo.domains.market.opendata.asking import Asked, asked_of, etag
from ortoo.kernel.filings.clock import now_ms
from ortoo.kernel.filings.refusal import Refused

CSV = "text/csv; charset=utf-8; header=present"
JSON = "application/json; charset=utf-8"
SDMX_CSV = "application/vnd.sdmx.data+csv; version=2.0.0; charset=utf-8"
SDMX_STRUCTURE = "application/vnd.sdmx.structure+json; version=2.0.0; charset=utf-8"
ATOM = "application/atom+xml; charset=utf-8"
FRESH_S = 300
LICENCE = "拟定：注明来源即可自由使用、转载和改编；正式许可以主管部门公布为准"


@require_safe
def page(request: HttpRequest) -> HttpResponse:
    """The newest issued figures of a form and place, in plain words, and where to get all."""
    return render(request, "market/opendata/page.html", showing.context(request, LICENCE))


@require_safe
def as_csv(request: HttpRequest, form: str) -> HttpResponseBase:
    """The stable columns; `bom=1` for a spreadsheet that asks for one."""
    asked = asked_of(request, form)
    bom = request.GET.get("bom") == "1"
    return _download(
        request, asked, ("csv-bom" if bom else "csv", CSV, "csv"),
        lambda: tables.written(_rows(asked), tables.COLUMNS, bom=bom),
    )  # fmt: skip


@require_safe
def as_json(request: HttpRequest, form: str) -> HttpResponseBase:
    """The same rows as JSON."""
    asked = asked_of(request, form)
    head: dict[str, object] = {
        "form": form, "title": asked.form.title["zh"], "licence": LICENCE,
        "demo": bool(settings.DEMO), "newest_vintage": asked.newest,
    }  # fmt: skip
    return _download(
        request, asked, ("json", JSON, "json"), lambda: tables.as_json(head, _rows(asked))
    )


@require_safe
def as_sdmx(request: HttpRequest, form: str) -> HttpResponseBase:
    """SDMX-CSV 2.0; its structure is at `structure.json`. Raises Refused OPEN-VINTAGES."""
    asked = asked_of(request, form)
    if asked.chosen.every:
        raise Refused(
            "OPEN-VINTAGES",
            "SDMX 里一个观测只出现一次，不能同时取全部版次。",
            "请用 vintage= 逐版下载，或用 CSV、JSON。",
            400,
        )
    return _download(
        request, asked, ("sdmx", SDMX_CSV, "sdmx.csv"),
        lambda: tables.written(sdmx.rows(asked.form, given.cells(asked.chosen, asked.issues)),
                               sdmx.COLUMNS, bom=False),
    )  # fmt: skip


@require_safe
def structure(request: HttpRequest, form: str) -> HttpResponseBase:
    """The SDMX-JSON 2.0 structure message of a form's dataflow."""
    asked = asked_of(request, form)

    def body() -> Iterator[bytes]:
        import json

        made = sdmx.structure(asked.form, prepared_ms=asked.updated_ms)
        yield json.dumps(made, ensure_ascii=False, indent=1).encode()

    return _download(request, asked, ("structure", SDMX_STRUCTURE, "structure.json"), body)


def _rows(asked: Asked) -> Iterator[tuple[str, ...]]:
    printer = tables.Printer(asked.form)
    return (printer.row(one) for one in given.cells(asked.chosen, asked.issues))


def _download(
    request: HttpRequest, asked: Asked, kind: tuple[str, str, str],
    body: Callable[[], Iterator[bytes]],
) -> HttpResponseBase:  # fmt: skip
    """304 to who has it; else the pieces as they are made, so that memory stays that of one
    period. The middleware compresses them on the way."""
    name, content_type, ending = kind
    tag, modified = etag(asked, name), asked.updated_ms // 1000
    known = get_conditional_response(request, etag=tag, last_modified=modified or None)
    if known is not None and known.status_code in (304, 412):
        return _open(known, tag, modified)
    empty = request.method == "HEAD"
    made = StreamingHttpResponse(iter(()) if empty else body(), content_type=content_type)
    made["Content-Disposition"] = f'attachment; filename="{asked.form.code}.{ending}"'
    if name != "structure":
        address = reverse("open-structure", kwargs={"form": asked.form.code})
        made["Link"] = f'<{address}>; rel="describedby"'
    return _open(made, tag, modified)


def _open(made: HttpResponseBase, tag: str, modified_s: int) -> HttpResponseBase:
    made["ETag"] = tag
    if modified_s:
        made["Last-Modified"] = http_date(modified_s)
    made["Cache-Control"] = f"public, max-age={FRESH_S}"
    # Off unless an operator names who may read from a page of theirs.
    origin = getattr(settings, "OPEN_DATA_ORIGIN", "")
    if origin:
        made["Access-Control-Allow-Origin"] = origin
        made["Access-Control-Expose-Headers"] = "ETag, Last-Modified, Link"
    return made


@require_safe
def feed(request: HttpRequest) -> HttpResponseBase:
    """Atom 1.0 of issues, revisions and bulletins; `?form=` for one form's."""
    form = request.GET.get("form", "")
    found = feeds.entries(now_ms(), form)
    address = reverse("open-feed") + (f"?{urlencode({'form': form})}" if form else "")
    base = request.build_absolute_uri("/").rstrip("/")
    body = feeds.written(found, base, address, form)
    tag, modified = showing.tag_of(body), feeds.updated(found) // 1000
    known = get_conditional_response(request, etag=tag, last_modified=modified or None)
    made = known if known is not None and known.status_code in (304, 412) else HttpResponse(
        body, content_type=ATOM
    )  # fmt: skip
    return _open(made, tag, modified)
