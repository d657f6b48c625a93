"""Pages about the own account (grants, password, second factor) and codes for locked-out people."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_GET, require_http_methods

from ortoo.kernel.filings.refusal import Refused
from ortoo.kernel.grants import access, services
from ortoo.kernel.grants.models import Account
from ortoo.kernel.grants.roles import ROLES
from ortoo.kernel.grants.selectors import accounts_within
from ortoo.kernel.parties.models import Party
from ortoo.kernel.places.active import active_pack
from ortoo.kernel.places.pack import Pack
from ortoo.site.accounts import second_factor, totp
from ortoo.site.accounts.forms import CodeForm, IssueForm, PasswordForm
from ortoo.site.accounts.throttle import Caller, Locked, address_of, forgive, knock
from ortoo.site.accounts.views import let_in, lock_message, next_of, pending
from ortoo.site.sessions import STRONG, now_ms, today

NEW_SECRET = "new_secret"
ISSUER = "Ortoo"


def _need_login(request: HttpRequest) -> None:
    if not request.user.is_authenticated:
        raise Refused("SCOPE-LOGIN", "「我的账号」需要登录。", "请用本单位的账号登录。", 401)


@require_GET
def account(request: HttpRequest) -> HttpResponse:
    """我的账号与授权: who I am to the system, what I may do, where and since when."""
    _need_login(request)
    pack = active_pack()
    english = request.LANGUAGE_CODE == "en"
    grants = [
        {
            "role": ROLES[hold.role].en if english else ROLES[hold.role].zh,
            "place": _place_name(pack, hold.place, english=english),
            "forms": "、".join(sorted(hold.forms - {"*"})) or _("全部表式"),
        }
        for hold in request.scope.holds
        if ROLES[hold.role].grantable
    ]
    party = Party.objects.filter(code=request.user.party).first()
    context = {
        "grants": grants,
        "organisation": party.name if party else request.user.party,
        "has_second_factor": bool(request.user.totp_secret),
        "may_issue": request.scope.may("issue_recovery_code"),
    }
    return render(request, "site/account.html", context)


def _place_name(pack: Pack, code: str, *, english: bool) -> str:
    place = pack.get(code)
    if place is None:
        return ""
    return (english and place.en) or place.zh


@sensitive_post_parameters("present", "password", "again")
@require_http_methods(["GET", "HEAD", "POST"])
def password(request: HttpRequest) -> HttpResponse:
    """Change the password; every other session of the account ends, this one gets a new key."""
    _need_login(request)
    form = PasswordForm(request.POST if request.method == "POST" else None)
    if request.method != "POST" or not form.is_valid():
        return render(request, "site/password.html", {"form": form})
    caller = Caller("password", request.user.login, address_of(request))
    try:
        knock(caller, now_ms=now_ms())
        if request.user.check_password(form.cleaned_data["present"]):
            services.set_password(account=request.user, password=form.cleaned_data["password"])
            forgive(caller)
            update_session_auth_hash(request, request.user)
            access.record(request.scope, "password-change", request.user.login, 0, now_ms=now_ms())
            messages.success(request, _("密码已更新；其他设备上的登录已结束。"))
            return redirect("account")
        form.add_error("present", _("现密码不正确。"))
    except Locked as locked:
        form.add_error(None, lock_message(locked.until_ms))
    except Refused as refused:
        form.add_error("password", f"{refused.message}{refused.remedy}")
    return render(request, "site/password.html", {"form": form})


@sensitive_variables("secret")
@sensitive_post_parameters("code")
@require_http_methods(["GET", "HEAD", "POST"])
def second_factor_setup(request: HttpRequest) -> HttpResponse:
    """Set the authenticator up: from the account page, or on the way in when a role asks for it.

    A second factor that is set up is never replaced here: whoever sits down at an open screen
    could take the account over. An operator resets it, which is filed.
    """
    owner = request.user if request.user.is_authenticated else pending(request)
    if owner is None:
        return redirect("login")
    if owner.totp_secret:
        return redirect("account" if request.user.is_authenticated else "login-code")
    secret = _secret_being_set_up(request)
    form = CodeForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        if totp.matching_step(secret, form.cleaned_data["code"], now_ms()) is not None:
            return _second_factor_kept(request, owner, secret, form.cleaned_data["code"])
        form.add_error("code", _("动态码不正确；请核对手机的时间是否自动校准，再输入一次。"))
    uri = totp.provisioning_uri(secret, login=owner.login, issuer=ISSUER)
    context = {
        "form": form,
        "next": next_of(request),
        "qr": _qr(uri),
        "secret": totp.secret_text(secret),
        "on_the_way_in": not request.user.is_authenticated,
    }
    return render(request, "site/second_factor.html", context)


def _secret_being_set_up(request: HttpRequest) -> bytes:
    """Kept in the session until confirmed, so that reloading the page shows the same QR code."""
    kept = request.session.get(NEW_SECRET)
    if kept is None:
        kept = request.session[NEW_SECRET] = totp.new_secret().hex()
    return bytes.fromhex(kept)


def _second_factor_kept(
    request: HttpRequest, owner: Account, secret: bytes, code: str
) -> HttpResponse:
    second_factor.keep(owner, secret)
    second_factor.accept(owner, code, now_ms=now_ms())
    del request.session[NEW_SECRET]
    messages.success(request, _("双因素登录已启用。"))
    if request.user.is_authenticated:
        request.session[STRONG] = True
        return redirect("account")
    return let_in(request, owner, next_of(request), strong=True)


def _qr(text: str) -> str:
    """A QR code as an SVG data address: an image needs no inline markup or style."""
    import segno

    return segno.make(text, error="m", micro=False).svg_data_uri(
        scale=5, dark="#000", light="#fff", border=3
    )


@require_http_methods(["GET", "HEAD", "POST"])
def issue_code(request: HttpRequest) -> HttpResponse:
    """A reviewer gives a locked-out clerk a one-time code; the code is shown here once."""
    request.scope.require("issue_recovery_code")
    form = IssueForm(request.POST if request.method == "POST" else request.GET or None)
    context: dict[str, object] = {"form": form, "minutes": services.CODE_MINUTES}
    if request.method == "POST" and form.is_valid():
        login = form.cleaned_data["login"]
        try:
            context["code"] = services.issue_recovery_code(
                reviewer_scope=request.scope, login=login, now_ms=now_ms()
            )
            context["login"] = login
        except Refused as refused:
            form.add_error("login", f"{refused.message}{refused.remedy}")
    context["accounts"] = accounts_within(request.scope, on=today())[:500]
    return render(request, "site/issue_code.html", context)
