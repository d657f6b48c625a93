"""Response headers of every page: content policy, isolation, no copies of logged-in pages."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse

Respond = Callable[[HttpRequest], HttpResponse]

CONTENT_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "font-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
        "manifest-src 'self'",
    )
)
# Evidence for 代录 is photographed through the file picker, which needs no permission.
UNUSED_FEATURES = (
    "accelerometer",
    "browsing-topics",
    "camera",
    "display-capture",
    "geolocation",
    "gyroscope",
    "magnetometer",
    "microphone",
    "midi",
    "payment",
    "serial",
    "usb",
)
PERMISSIONS = ", ".join(f"{feature}=()" for feature in UNUSED_FEATURES)


class ContentSecurityPolicy:
    """Middleware. No inline script or style anywhere; nothing is loaded from elsewhere."""

    def __init__(self, get_response: Respond) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response["Content-Security-Policy"] = CONTENT_POLICY
        response["Permissions-Policy"] = PERMISSIONS
        response["Cross-Origin-Opener-Policy"] = "same-origin"
        response["Cross-Origin-Resource-Policy"] = "same-origin"
        if _personal(request, response):
            # A shared cash-office PC: the back button after log-out must not show the grid.
            response["Cache-Control"] = "no-store, private"
        return response


def _personal(request: HttpRequest, response: HttpResponse) -> bool:
    """Whether the page belongs to a session; looked up by cookie, so that no query is made."""
    name = settings.SESSION_COOKIE_NAME
    return name in request.COOKIES or name in response.cookies
