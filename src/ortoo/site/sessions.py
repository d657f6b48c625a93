"""Sessions: who asks, since when, and when the session ends. Gives every request its `scope`."""

from __future__ import annotations

import time
from datetime import date
from urllib.parse import urlencode, urlsplit

from django.conf import settings
from django.contrib.auth import login as django_login
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import resolve_url
from django.utils.functional import SimpleLazyObject
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext_noop as noop

from ortoo.kernel.grants import selectors
from ortoo.kernel.grants.models import Account
from ortoo.kernel.grants.scope import PUBLIC, Scope
from ortoo.kernel.places.active import active_pack
from ortoo.site.errors import Problem, respond, wants_json
from ortoo.site.security import Respond

SEEN, ENTERED, STRONG = "seen_at", "entered_at", "strong"
MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS
# A session ends with the working day even when something keeps it busy.
LONGEST_HOURS = 12
BACKEND = "ortoo.site.accounts.backend.AccountBackend"
BACKGROUND = "Ortoo-Background"
"""Header of requests a page makes on its own (autosave, polling): no sign of a person."""

ENDED = Problem(
    401,
    "SESSION-ENDED",
    noop("登录已过期，这次没有办成。"),
    noop("请重新登录；草稿已保存，登录后回到原来的页面。"),
)
PASSWORD_DUE = Problem(
    403, "PASSWORD-DUE", noop("须先修改密码。"), noop("请在「修改密码」页面设置新密码。")
)


def now_ms() -> int:
    """Milliseconds since the epoch, for sessions and throttles: never a demo's clock."""
    return time.time_ns() // 1_000_000


def today() -> date:
    """The region's civil day now."""
    return selectors.day_of(now_ms(), active_pack())


def path_back(request: HttpRequest, wanted: str) -> str:
    """`wanted` when it is a path of this site, else the first page."""
    host = {request.get_host()}
    if url_has_allowed_host_and_scheme(wanted, host, require_https=request.is_secure()):
        parts = urlsplit(wanted)
        path = parts.path + (f"?{parts.query}" if parts.query else "")
        # Asked again of the path alone: «http://this-host//elsewhere/» passes the first time.
        if path.startswith("/") and url_has_allowed_host_and_scheme(path, None):
            return path
    return "/"


def enter(request: HttpRequest, account: Account, *, strong: bool) -> None:
    """Log in under a new session key; `strong` says that a second factor was shown."""
    django_login(request, account, backend=BACKEND)
    request.session[SEEN] = request.session[ENTERED] = now_ms()
    request.session[STRONG] = strong


def scope_for(request: HttpRequest) -> Scope:
    """What the person behind this request may do today; PUBLIC when nobody is logged in."""
    if not request.user.is_authenticated:
        return PUBLIC
    strong = settings.DEMO or bool(request.session.get(STRONG))
    return selectors.load_scope(request.user, pack=active_pack(), on=today(), strong=strong)


class IdleLogout:
    """Middleware. Ends idle sessions, keeps the page the person was on, gives `request.scope`."""

    def __init__(self, get_response: Respond) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.scope = SimpleLazyObject(lambda: scope_for(request))
        if request.user.is_authenticated:
            stop = self._stop(request)
            if stop is not None:
                return stop
        return self.get_response(request)

    def _stop(self, request: HttpRequest) -> HttpResponse | None:
        now = now_ms()
        if _ended(request, now):
            back = _page_of(request)
            logout(request)
            return _to_login(request, back)
        seen = request.session.get(SEEN, 0)
        # Once a minute is enough, and spares a write on every page.
        if BACKGROUND not in request.headers and now - seen > MINUTE_MS:
            request.session[SEEN] = now
        if request.user.must_change_password and request.path not in _always_open():
            if wants_json(request):
                return respond(request, PASSWORD_DUE)
            return HttpResponseRedirect(resolve_url("password"))
        return None


def _ended(request: HttpRequest, now: int) -> bool:
    seen = request.session.get(SEEN, 0)
    entered = request.session.get(ENTERED, 0)
    return bool(
        now - seen > settings.IDLE_MINUTES * MINUTE_MS or now - entered > LONGEST_HOURS * HOUR_MS
    )


def _always_open() -> set[str]:
    return {resolve_url(name) for name in ("password", "log-out", "set_language")}


def _page_of(request: HttpRequest) -> str:
    """The page the person was looking at: what was asked for, or where the form stood."""
    if request.headers.get("HX-Current-URL"):
        return path_back(request, request.headers["HX-Current-URL"])
    if request.method in ("GET", "HEAD"):
        return path_back(request, request.get_full_path())
    return path_back(request, request.headers.get("Referer", ""))


def _to_login(request: HttpRequest, back: str) -> HttpResponse:
    if wants_json(request):
        return respond(request, ENDED)
    query = urlencode({"next": back, "why": "idle"})
    target = f"{resolve_url(settings.LOGIN_URL)}?{query}"
    if request.headers.get("HX-Request"):
        response = HttpResponse(status=200)
        response["HX-Redirect"] = target
        return response
    response = HttpResponseRedirect(target)
    response.status_code = 303
    return response
