"""The language of the screens: Chinese unless the reader chose otherwise. No URL prefix."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import translation
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_POST

from ortoo.site.security import Respond
from ortoo.site.sessions import path_back

YEAR_SECONDS = 365 * 24 * 3600


def chosen(request: HttpRequest) -> str:
    """The cookie's language when this installation offers it, else the installation's own.

    The browser's Accept-Language is not asked: many PCs of the region are set to English by whoever
    installed them.
    """
    wanted = request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME, "")
    return wanted if wanted in dict(settings.LANGUAGES) else settings.LANGUAGE_CODE


class LanguageChoice:
    """Middleware. Activates the chosen language for this request only."""

    def __init__(self, get_response: Respond) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        language = chosen(request)
        with translation.override(language):
            request.LANGUAGE_CODE = translation.get_language()
            response = self.get_response(request)
        response.headers.setdefault("Content-Language", language)
        patch_vary_headers(response, ("Cookie",))
        return response


@require_POST
def choose(request: HttpRequest) -> HttpResponse:
    """POST `language` and `next` (a path of this site) → back there in that language."""
    response = HttpResponseRedirect(path_back(request, request.POST.get("next", "")))
    language = request.POST.get("language", "")
    if language in dict(settings.LANGUAGES):
        response.set_cookie(
            settings.LANGUAGE_COOKIE_NAME,
            language,
            max_age=YEAR_SECONDS,
            samesite="Lax",
            httponly=True,
            secure=settings.SESSION_COOKIE_SECURE,
        )
    return response
