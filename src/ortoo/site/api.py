"""The API of every domain under one OpenAPI document; errors are application/problem+json."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, ValidationError
from ninja.security import django_auth

from ortoo.domains.market.rest import router as market
from ortoo.kernel.filings.refusal import Refused
from ortoo.kernel.forms.definition import FormError
from ortoo.site.errors import Problem, as_json, problem_of

api = NinjaAPI(
    title="Örtöö 驿传",
    version="1",
    urls_namespace="api",
    docs_url=None,
    openapi_url="/openapi.json",
    auth=django_auth,
)
api.add_router("/market", market)


@api.exception_handler(Refused)
def refused(request: HttpRequest, error: Refused) -> HttpResponse:
    """Every refusal keeps its code, message and remedy."""
    return as_json(request, problem_of(error) or Problem(422, error.code, error.message, ""))


@api.exception_handler(FormError)
def malformed(request: HttpRequest, error: FormError) -> HttpResponse:
    """A period or form that does not exist."""
    return as_json(request, Problem(404, error.code, error.message, "请核对表号和报告期。"))


@api.exception_handler(ValidationError)
def invalid(request: HttpRequest, error: ValidationError) -> HttpResponse:
    """A body that is not of the operation's shape."""
    where = "；".join("/".join(str(step) for step in one["loc"]) for one in error.errors[:5])
    problem = Problem(422, "API-SHAPE", f"请求格式不符：{where}", "请按接口文档更正。")
    return as_json(request, problem)


@api.exception_handler(AuthenticationError)
def stranger(request: HttpRequest, error: AuthenticationError) -> HttpResponse:
    """Nobody is logged in, or the CSRF token is missing."""
    return as_json(request, Problem(401, "SCOPE-LOGIN", "请先登录。", "登录后重试。"))
