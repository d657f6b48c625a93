"""Addresses for tests of assisted entry: the clerk's, the assisted ones, and the review's names."""

from __future__ import annotations

from django.urls import include, path

from ortoo.domains.market.tests import clerk_region

urlpatterns = [
    *clerk_region.urlpatterns,
    path("", include("ortoo.domains.market.web.assisted_urls")),
    path("", include("ortoo.domains.market.web.urls")),
]
handler400, handler403 = clerk_region.handler400, clerk_region.handler403
handler404, handler500 = clerk_region.handler404, clerk_region.handler500
