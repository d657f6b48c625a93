"""Addresses of market monitoring: the clerk's, the reviewer's and the figures' pages."""

from __future__ import annotations

from importlib.util import find_spec

from django.urls import include, path

from ortoo.domains.market.web.page_files import with_files

_PARTS = (
    "clerk_urls", "assisted_urls", "review_urls", "figures_urls", "screens_urls",
    "campaign_urls", "flash_urls",
    "workbook_urls", "duties_urls", "assessment_urls", "sample_urls", "till_urls",
)  # fmt: skip

urlpatterns = with_files(
    [
        path("", include(f"ortoo.domains.market.web.{part}"))
        for part in _PARTS
        if find_spec(f"ortoo.domains.market.web.{part}")
    ]
    + [path("", include("ortoo.domains.market.bulletin_check.urls"))]
    + [path("", include("ortoo.domains.market.alerts.web.urls"))]
    + [path("", include("ortoo.domains.market.opendata.urls"))]
    + [path("", include("ortoo.domains.market.bulletins.web.urls"))]
    + [path("", include("ortoo.domains.market.seasonal.urls"))]
    + [path("", include("ortoo.domains.market.forecasts.urls"))]
    + [path("", include("ortoo.domains.market.warnings.web"))]
    + [path("", include("ortoo.domains.market.imputing.web"))]
    + [path("", include("ortoo.domains.market.indices.urls"))]
    + [path("", include("ortoo.domains.market.spatial.urls"))]
)
