"""URLs of the whole site."""

from __future__ import annotations

from django.urls import include, path

urlpatterns = [
    path("", include("ortoo.site.accounts.urls")),
    path("", include("ortoo.web.urls")),
]
handler400 = "ortoo.site.errors.bad_request"
handler403 = "ortoo.site.errors.forbidden"
handler404 = "ortoo.site.errors.not_found"
handler500 = "ortoo.site.errors.server_error"
