"""Every way to say no: one page and one JSON shape (RFC 9457), never a stack trace.

`Refused` keeps its code, message, rule and remedy; the framework's own refusals get words of their
own; anything unexpected gets an incident number that stands in the server's log.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, is_dataclass
from html import escape
from urllib.parse import urlencode

from django.conf import settings
from django.core.exceptions import (
    PermissionDenied,
    RequestDataTooBig,
    SuspiciousOperation,
    TooManyFieldsSent,
    TooManyFilesSent,
)
from django.core.signals import got_request_exception
from django.db import DatabaseError, OperationalError
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseNotAllowed,
    HttpResponseRedirect,
    JsonResponse,
)
from django.http.request import UnreadablePostError
from django.shortcuts import resolve_url
from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as noop

from ortoo.kernel.filings.refusal import Refused
from ortoo.kernel.filings.storage import refusal_of
from ortoo.kernel.forms.definition import FormError
from ortoo.site.security import Respond

log = logging.getLogger("ortoo.incident")
UNAUTHORISED, TOO_LARGE, SERVER_FAULT = 401, 413, 500

TITLES = {
    400: noop("请求有误"),
    401: noop("请先登录"),
    403: noop("您没有查看此内容的权限"),
    404: noop("没有找到这个页面"),
    405: noop("不能这样打开此页"),
    409: noop("内容已有变化"),
    413: noop("提交的内容过大"),
    422: noop("有内容需要更正"),
    429: noop("请求过于频繁"),
    500: noop("系统出错，您的数据没有丢失"),
    503: noop("系统正忙"),
    507: noop("存储空间不足"),
}


@dataclass(frozen=True, slots=True)
class Problem:
    """What went wrong, as shown and as sent."""

    status: int
    code: str
    what: str
    remedy: str
    rule: str = ""
    number: str = ""
    details: list[object] = field(default_factory=list)

    @property
    def title(self) -> str:
        return _(TITLES.get(self.status, TITLES[400 if self.status < SERVER_FAULT else 500]))


FORBIDDEN = Problem(
    403,
    "FORBIDDEN",
    noop("您的账号没有办理这件事的授权。"),
    noop("如工作需要，请向本级系统管理员申请授权。"),
)
NOT_FOUND = Problem(
    404,
    "NOT-FOUND",
    noop("这个网址没有内容，或内容不在您的范围内。"),
    noop("检查网址，或从首页重新进入。"),
)
BAD_REQUEST = Problem(
    400, "BAD-REQUEST", noop("服务器读不懂这个请求。"), noop("请返回上一页重试。")
)
CSRF = Problem(
    403,
    "CSRF",
    noop("页面停留过久，或不是从本站提交的，系统没有执行。"),
    noop("请返回上一页，刷新后再提交；浏览器须允许本站的 Cookie。"),
)
BUSY = Problem(
    503,
    "BUSY",
    noop("数据库正忙，这次没有办成。"),
    noop("请稍候几秒后重试；已收到回执的报件都已保存。"),
)
TOO_BIG = Problem(
    413, "BODY-TOO-LARGE", noop("一次提交的内容超过上限。"), noop("请拆分文件或分批提交。")
)
METHOD = Problem(
    405,
    "METHOD-NOT-ALLOWED",
    noop("这个网址只接受从页面提交的操作，不能直接打开。"),
    noop("请从首页进入，在页面上点击相应的按钮。"),
)
FAULT = Problem(
    500,
    "INCIDENT",
    noop("系统遇到没有预料到的情况，这次没有办成。"),
    noop("已收到回执的报件都已保存。请稍后重试；仍出错时，把下面的编号告诉管理员。"),
)

_KNOWN: tuple[tuple[type[BaseException], Problem], ...] = (
    (PermissionDenied, FORBIDDEN),
    (Http404, NOT_FOUND),
    (RequestDataTooBig, TOO_BIG),
    (TooManyFieldsSent, TOO_BIG),
    (TooManyFilesSent, TOO_BIG),
    (SuspiciousOperation, BAD_REQUEST),
    (UnreadablePostError, BAD_REQUEST),
)
# What SQLite and PostgreSQL say when they only ran out of patience; any other fault is a fault.
_WAITED = ("locked", "deadlock", "timeout", "too many clients")


def problem_of(exception: BaseException | None) -> Problem | None:
    """The problem an exception stands for; None when nobody expected it."""
    if isinstance(exception, Refused):
        return Problem(
            exception.status,
            exception.code,
            exception.message,
            exception.remedy,
            exception.rule,
            details=list(exception.details),
        )
    if isinstance(exception, FormError):
        # A form or a period that an address names and nobody knows.
        return Problem(404, exception.code, exception.message, noop("请核对表号和报告期。"))
    if isinstance(exception, OperationalError) and any(w in str(exception) for w in _WAITED):
        return BUSY
    if isinstance(exception, DatabaseError | OSError):
        # A disk that is full or read-only shows wherever something is written, sessions too.
        refusal = refusal_of(exception)
        if refusal is not None:
            return problem_of(refusal)
    return next((known for kind, known in _KNOWN if isinstance(exception, kind)), None)


def wants_json(request: HttpRequest) -> bool:
    """True for the API and for callers that ask for JSON rather than a page."""
    accept = request.headers.get("Accept", "")
    return request.path.startswith("/api/") or ("json" in accept and "text/html" not in accept)


def respond(request: HttpRequest, problem: Problem) -> HttpResponse:
    """A problem as a calm page, as application/problem+json, or as the way to the log-in page."""
    if wants_json(request):
        return as_json(request, problem)
    if problem.status == UNAUTHORISED and request.method == "GET":
        query = urlencode({"next": request.get_full_path()})
        return HttpResponseRedirect(f"{resolve_url(settings.LOGIN_URL)}?{query}")
    return HttpResponse(_page(request, problem), status=problem.status)


def as_json(request: HttpRequest, problem: Problem) -> HttpResponse:
    """RFC 9457: type, title, status, detail, instance; ours: code, where, rule, remedy, errors."""
    body: dict[str, object] = {
        "type": f"urn:ortoo:problem:{problem.code.lower()}",
        "title": problem.title,
        "status": problem.status,
        "detail": _(problem.what),
        "instance": problem.number or request.path,
        "code": problem.code,
        "where": request.path,
        "rule": problem.rule,
        "remedy": _(problem.remedy) if problem.remedy else "",
    }
    if problem.details:
        body["errors"] = [_plain(found) for found in problem.details]
    return JsonResponse(
        body,
        status=problem.status,
        content_type="application/problem+json",
        json_dumps_params={"ensure_ascii": False, "default": str},
    )


def _plain(found: object) -> object:
    if is_dataclass(found) and not isinstance(found, type):
        return asdict(found)
    return found if isinstance(found, (str, dict)) else str(found)


def _page(request: HttpRequest, problem: Problem) -> str:
    error = {
        "status": problem.status,
        "title": problem.title,
        "what": _(problem.what),
        "where": request.path,
        "rule": problem.rule,
        "remedy": _(problem.remedy) if problem.remedy else "",
        "number": problem.number,
        "code": problem.code,
    }
    try:
        return render_to_string("site/problem.html", {"error": error, "problem": problem}, request)
    except Exception:
        # The page about a fault must not be one: the frame reads the session and the database.
        log.exception("the error page itself failed")
        said = (str(error[name]) for name in ("what", "remedy", "number"))
        lines = "".join(f"<p>{escape(line)}</p>" for line in said)
        return (
            '<!doctype html><html lang="zh-Hans"><meta charset="utf-8">'
            f"<title>{escape(problem.title)}</title><h1>{escape(problem.title)}</h1>{lines}</html>"
        )


def incident(request: HttpRequest, exception: BaseException | None) -> Problem:
    """Give an unexpected exception a number and write it to the log under that number."""
    number = f"{secrets.token_hex(2)}-{secrets.token_hex(2)}".upper()
    log.error("incident %s %s %s", number, request.method, request.path, exc_info=exception)
    return Problem(FAULT.status, FAULT.code, FAULT.what, FAULT.remedy, number=number)


class Problems:
    """Middleware. Turns exceptions of views into answers."""

    def __init__(self, get_response: Respond) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if isinstance(response, HttpResponseNotAllowed) and not response.content:
            answer = respond(request, METHOD)
            answer["Allow"] = response["Allow"]
            return answer
        return response

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse:
        problem = problem_of(exception)
        if problem is None:
            # Whoever listens (the test client, a monitor) still hears of it.
            got_request_exception.send(sender=type(self), request=request)
            problem = incident(request, exception)
        return respond(request, problem)


Handler = Callable[..., HttpResponse]


def _handler(usual: Problem) -> Handler:
    def handle(request: HttpRequest, exception: BaseException | None = None) -> HttpResponse:
        return respond(request, problem_of(exception) or usual)

    return handle


bad_request: Handler = _handler(BAD_REQUEST)
"""For `handler400` of the URLconf; also answers 413 when the body was too large."""
forbidden: Handler = _handler(FORBIDDEN)
"""For `handler403`."""
not_found: Handler = _handler(NOT_FOUND)
"""For `handler404`."""


def server_error(request: HttpRequest) -> HttpResponse:
    """For `handler500`: faults outside views, in middleware."""
    import sys

    return respond(request, incident(request, sys.exc_info()[1]))


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """For the setting CSRF_FAILURE_VIEW. The reason is for us, not for the person."""
    log.warning("csrf %s %s", request.path, reason)
    return respond(request, CSRF)
