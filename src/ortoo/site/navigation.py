"""The frame of every page: where one may go, who one is, and the demonstration's bar.

Links are built by name; a page that does not exist in this installation is left out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from django.conf import settings
from django.db import DatabaseError
from django.http import HttpRequest
from django.utils.translation import gettext as _

from ortoo.kernel.grants.models import Account
from ortoo.kernel.grants.roles import ROLES
from ortoo.kernel.grants.scope import PUBLIC, Scope
from ortoo.kernel.parties.models import Party
from ortoo.site import demo_clock, directory
from ortoo.site.links import link


def shell(request: HttpRequest) -> dict[str, Any]:
    """Context processor: `navigation`, `who`, `demo`, `login_href`, `home_href`.

    Pages that say that something went wrong use it too, so a database that does not answer leaves
    the frame bare instead of failing again.
    """
    context: dict[str, Any] = {"home_href": link("home") or "/", "login_href": link("login")}
    try:
        scope = getattr(request, "scope", PUBLIC)
        context["who"] = _who(request, scope)
        context["navigation"] = list(_navigation(request, scope))
        if settings.DEMO:
            context["demo"] = _demo(scope)
    except DatabaseError:
        context.setdefault("who", None)
    return context


def _navigation(request: HttpRequest, scope: Scope) -> Iterator[Mapping[str, object]]:
    path = getattr(request, "path", "")
    found = [(entry.short, entry.href) for entry in directory.entries(scope) if entry.short]
    if not scope.is_public:
        found.append((_("全部业务"), link("directory")))
    for title, href in found:
        current = path == href if href == "/" else path.startswith(href)
        yield {"title": title, "href": href, "current": current}


def _who(request: HttpRequest, scope: Scope) -> Mapping[str, str] | None:
    user = getattr(request, "user", None)
    if scope.is_public or user is None or not user.is_authenticated:
        return None
    organisation = Party.objects.filter(code=scope.party).values_list("name", flat=True).first()
    english = getattr(request, "LANGUAGE_CODE", "") == "en"
    roles = [ROLES[code] for code in sorted(scope.roles - {"public"})]
    return {
        # A demonstration's log-ins are titled «role · place» for the list of roles.
        "name": user.display_name.split(" · ")[0],
        "organisation": organisation or scope.party,
        "role": "、".join(role.en if english else role.zh for role in roles),
        "href": link("account"),
        "logout_href": link("log-out"),
    }


def _demo(scope: Scope) -> Mapping[str, object]:
    accounts = Account.objects.filter(demo=True, is_active=True).order_by("id")
    roles = [{"code": "", "title": _("（未登录）"), "current": True}] if scope.is_public else []
    return {
        "clock": demo_clock.clock_text(demo_clock.now_ms()),
        "clock_href": link("demo-clock"),
        "roles": roles
        + [
            {"code": login, "title": title, "current": login == scope.login}
            for login, title in accounts.values_list("login", "display_name")
        ],
        "switch_href": link("demo-switch"),
    }
