"""Pages of log-in and log-out. What has to be proved is decided here, step by step."""

from __future__ import annotations

from datetime import UTC, datetime
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import authenticate, logout
from django.forms import Form
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from ortoo.kernel.filings.refusal import Refused
from ortoo.kernel.grants import access
from ortoo.kernel.grants.models import Account
from ortoo.kernel.places.active import active_pack
from ortoo.site.accounts import second_factor
from ortoo.site.accounts.backend import usable
from ortoo.site.accounts.forms import CodeForm, LoginForm, RecoveryForm
from ortoo.site.accounts.recovery import Attempt, redeem
from ortoo.site.accounts.throttle import (
    Caller,
    Locked,
    address_of,
    forgive,
    knock,
    locked_until,
)
from ortoo.site.sessions import enter, now_ms, path_back, scope_for, today

PENDING = "pending"
PENDING_MS = 5 * 60_000
TOO_MANY = 429


def next_of(request: HttpRequest) -> str:
    """Where to go after log-in: a path of this site, never back to log-in or log-out itself."""
    wanted = request.POST.get("next") or request.GET.get("next") or "/"
    back = path_back(request, wanted)
    return "/" if back.startswith((reverse("login"), reverse("log-out"))) else back


def _with_next(name: str, back: str) -> str:
    return reverse(name) + (f"?{urlencode({'next': back})}" if back != "/" else "")


def lock_message(until_ms: int) -> str:
    """The same for a name and for an address, so that it does not tell which names exist."""
    zone = ZoneInfo(active_pack().head.time_zone)
    until = datetime.fromtimestamp(until_ms / 1000, UTC).astimezone(zone)
    return _("尝试次数过多，已暂停。请在 %(time)s 之后再试。") % {"time": f"{until:%H:%M}"}


def _locked(
    request: HttpRequest, template: str, context: dict[str, object], until_ms: int
) -> HttpResponse:
    form = context["form"]
    assert isinstance(form, Form)
    form.add_error(None, lock_message(until_ms))
    response = render(request, template, context, status=TOO_MANY)
    response["Retry-After"] = str(max(1, (until_ms - now_ms()) // 1000))
    return response


@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
def log_in(request: HttpRequest) -> HttpResponse:
    """Login and password; then, where it is set up or asked for, the second factor."""
    back = next_of(request)
    if request.method != "POST":
        if request.user.is_authenticated:
            return HttpResponseRedirect(back)
        idle = request.GET.get("why") == "idle"
        return _login_page(request, LoginForm(), back, idle=idle)
    form = LoginForm(request.POST)
    if not form.is_valid():
        return _login_page(request, form, back)
    login = form.cleaned_data["login"]
    account = authenticate(request, login=login, password=form.cleaned_data["password"])
    if account is not None:
        return after_first_factor(request, account, back)
    until = locked_until(Caller("login", login, address_of(request)), now_ms=now_ms())
    if until is not None:
        return _locked(request, "site/login.html", {"form": form, "next": back}, until)
    form.add_error(None, _("登录名或密码不正确。"))
    return _login_page(request, form, back)


def _login_page(
    request: HttpRequest, form: LoginForm, back: str, *, idle: bool = False
) -> HttpResponse:
    context = {"form": form, "next": back, "idle": idle, "idle_minutes": settings.IDLE_MINUTES}
    if settings.DEMO:
        context["demo_accounts"] = Account.objects.filter(demo=True, is_active=True).order_by("id")
    return render(request, "site/login.html", context)


def after_first_factor(request: HttpRequest, account: Account, back: str) -> HttpResponse:
    """Log in, or go on to the second factor with the first one remembered for five minutes."""
    if account.totp_secret:
        _remember(request, account)
        return HttpResponseRedirect(_with_next("login-code", back))
    if second_factor.required(account, on=today()):
        _remember(request, account)
        return HttpResponseRedirect(_with_next("second-factor", back))
    return let_in(request, account, back, strong=False)


def let_in(request: HttpRequest, account: Account, back: str, *, strong: bool) -> HttpResponse:
    """Start the session under a new key and note it in the access log."""
    request.session.pop(PENDING, None)
    enter(request, account, strong=strong)
    access.record(scope_for(request), "log-in", account.login, 0, now_ms=now_ms())
    return HttpResponseRedirect(back)


def _remember(request: HttpRequest, account: Account) -> None:
    request.session.cycle_key()
    request.session[PENDING] = [account.pk, now_ms(), account.get_session_auth_hash()]


def pending(request: HttpRequest) -> Account | None:
    """Who has shown the password, and nothing more, in this session a moment ago."""
    found = request.session.get(PENDING)
    if not found or now_ms() - found[1] > PENDING_MS:
        return None
    account = Account.objects.filter(pk=found[0]).first()
    if account is None or not usable(account) or account.get_session_auth_hash() != found[2]:
        return None
    return account


@sensitive_post_parameters("code")
@require_http_methods(["GET", "HEAD", "POST"])
def log_in_code(request: HttpRequest) -> HttpResponse:
    """The second factor of somebody who has shown the password."""
    back = next_of(request)
    account = pending(request)
    if account is None:
        return HttpResponseRedirect(_with_next("login", back))
    form = CodeForm(request.POST if request.method == "POST" else None)
    context: dict[str, object] = {"form": form, "next": back}
    if request.method == "POST" and form.is_valid():
        caller = Caller("code", account.login, address_of(request))
        try:
            knock(caller, now_ms=now_ms())
        except Locked as locked:
            return _locked(request, "site/login_code.html", context, locked.until_ms)
        if second_factor.accept(account, form.cleaned_data["code"], now_ms=now_ms()):
            forgive(caller)
            return let_in(request, account, back, strong=True)
        form.add_error("code", _("动态码不正确或已用过；请等手机显示下一个码再输入。"))
    return render(request, "site/login_code.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def log_out(request: HttpRequest) -> HttpResponse:
    """Ends the session by POST; by GET it asks, so that no link or picture can log anybody out."""
    if request.method == "POST":
        logout(request)
        messages.success(request, _("已退出。"))
        return redirect("login")
    confirm = {
        "title": _("退出驿传"),
        "text": _("退出后，已保存的草稿不会丢失。"),
        "button": _("退出"),
        "back": "/",
    }
    return render(request, "site/log_out.html", {"confirm": confirm})


@sensitive_post_parameters("password", "again", "code")
@require_http_methods(["GET", "HEAD", "POST"])
def recover(request: HttpRequest) -> HttpResponse:
    """A locked-out person comes back with the code the reviewer gave, and sets a password."""
    form = RecoveryForm(request.POST if request.method == "POST" else None)
    context: dict[str, object] = {"form": form}
    if request.method != "POST" or not form.is_valid():
        return render(request, "site/recover.html", context)
    data = form.cleaned_data
    attempt = Attempt(data["login"], data["code"], data["password"], address_of(request))
    try:
        account = redeem(attempt, now_ms=now_ms())
    except Locked as locked:
        return _locked(request, "site/recover.html", context, locked.until_ms)
    except Refused as refused:
        field = "password" if refused.code == "PASSWORD-WEAK" else None
        form.add_error(field, f"{refused.message}{refused.remedy}")
        return render(request, "site/recover.html", context, status=refused.status)
    messages.success(request, _("密码已更新。"))
    return after_first_factor(request, account, "/")


@require_POST
def demo_login(request: HttpRequest, login: str = "") -> HttpResponse:
    """One click into a demonstration's role; 404 anywhere else.

    The demo bar posts the login as `role`.
    """
    if not settings.DEMO:
        raise Http404
    wanted = login or request.POST.get("role", "")
    account = Account.objects.filter(login=wanted, demo=True, is_active=True).first()
    if account is None:
        raise Http404
    back = path_back(request, request.POST.get("next", "/"))
    logout(request)
    return let_in(request, account, back, strong=True)
