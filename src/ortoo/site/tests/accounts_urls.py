"""A site of log-in pages and a few pages that misbehave on purpose."""

from __future__ import annotations

from dataclasses import dataclass

from django.core.exceptions import PermissionDenied
from django.db import OperationalError
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.urls import include, path

from ortoo.kernel.filings.refusal import Refused

SECRET = "pork-2368-fen"


@dataclass(frozen=True)
class Found:
    code: str
    item: str


def home(request: HttpRequest) -> HttpResponse:
    scope = request.scope
    return JsonResponse({"login": scope.login, "roles": sorted(scope.roles)})


def misbehave(request: HttpRequest, how: str) -> HttpResponse:
    raise {
        "refused": Refused("RETURN-STALE", "已有新版。", "请刷新。", 409, "第5条"),
        "issues": Refused(
            "BODY-INVALID", "两处有误。", "请更正。", details=[Found("NAN", "猪肉"), "x"]
        ),
        "login": Refused("SCOPE-LOGIN", "需要登录。", "请登录。", 401),
        "denied": PermissionDenied(SECRET),
        "missing": Http404(SECRET),
        "busy": OperationalError("database is locked"),
        "table": OperationalError(f"no such table {SECRET}"),
        "crash": ZeroDivisionError(SECRET),
    }[how]


def take(request: HttpRequest) -> HttpResponse:
    return HttpResponse(str(len(request.POST)))


urlpatterns = [
    path("", home, name="home"),
    path("misbehave/<str:how>/", misbehave),
    path("api/misbehave/<str:how>/", misbehave),
    path("take/", take),
    path("", include("ortoo.web.urls")),
    path("", include("ortoo.site.accounts.urls")),
]
handler400 = "ortoo.site.errors.bad_request"
handler403 = "ortoo.site.errors.forbidden"
handler404 = "ortoo.site.errors.not_found"
handler500 = "ortoo.site.errors.server_error"
