"""What every page's frame needs: theme, languages, version."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.urls import NoReverseMatch, reverse

from ortoo import __version__

if TYPE_CHECKING:
    from django.http import HttpRequest

THEMES = ("auto", "light", "dark")
LANGUAGES = (("zh-hans", "中文"), ("en", "English"))
THEME_COOKIE = "ortoo_theme"


def chrome(request: HttpRequest) -> dict[str, Any]:
    """Context processor: ``theme``, ``theme_href``, ``languages``, ``language_href``, ``version``.

    Every other variable of ``page.html`` belongs to the page or the site.
    """
    chosen = request.COOKIES.get(THEME_COOKIE, "auto")
    return {
        "theme": chosen if chosen in THEMES else "auto",
        "theme_href": _href("web:theme"),
        "languages": LANGUAGES,
        "language_href": _href("set_language"),
        "here": request.get_full_path(),
        "version": _version(),
    }


def _href(name: str) -> str:
    try:
        return reverse(name)
    except NoReverseMatch:
        return ""


def _version() -> str:
    return __version__
