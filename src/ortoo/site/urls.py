"""URLs of the whole site."""

from __future__ import annotations

from django.urls import include, path

from ortoo.site import about, demo_clock, directory, home
from ortoo.site.api import api
from ortoo.site.jobs import views as jobs

urlpatterns = [
    path("api/v1/", api.urls),
    path("", home.page, name="home"),
    path("work/", directory.page, name="directory"),
    path("jobs/", jobs.page, name="jobs"),
    path("demo/clock/", demo_clock.page, name="demo-clock"),
    path("about/", about.page, name="about"),
    path("", include("ortoo.site.accounts.urls")),
    path("", include("ortoo.site.matters.urls")),
    path("", include("ortoo.web.urls")),
    path("", include("ortoo.domains.market.web.urls")),
]
handler400 = "ortoo.site.errors.bad_request"
handler403 = "ortoo.site.errors.forbidden"
handler404 = "ortoo.site.errors.not_found"
handler500 = "ortoo.site.errors.server_error"
