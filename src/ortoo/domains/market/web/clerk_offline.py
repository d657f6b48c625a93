"""Filing without a network: the worker that opens the entry page, served from the site's root.

A service worker governs what lies below its own address, so that it cannot come from /static/. The
page names its log-in by `Ortoo-Device`, a digest: copies of one log-in are never shown to another.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

_WORKER = Path(__file__).resolve().parent.parent / "static" / "market" / "offline" / "worker.js"


@lru_cache(maxsize=1)
def _text() -> str:
    return _WORKER.read_text(encoding="utf-8")


@require_safe
def worker(request: HttpRequest) -> HttpResponse:
    """The service worker's own script; the same for everybody."""
    response = HttpResponse(_text(), content_type="text/javascript; charset=utf-8")
    response["Service-Worker-Allowed"] = "/"
    response["Cache-Control"] = "no-cache"
    return response
