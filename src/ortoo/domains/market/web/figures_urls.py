"""Addresses of the published figures, of one filing, of search and of exports."""

from __future__ import annotations

from django.urls import path, re_path

from ortoo.domains.market.web import (
    exports,
    figures_contributions,
    figures_filing,
    figures_views,
    search,
    vintages,
)

urlpatterns = [
    path("search/", search.search, name="search"),
    path("filings/<int:seq>/", figures_filing.filing, name="filing"),
    path("filings/<int:seq>/original/", figures_filing.original, name="filing-original"),
    path("figures/<str:form>/", figures_views.newest, name="figures"),
    path("figures/<str:form>/vintages/", vintages.of_form, name="vintages-form"),
    path("figures/<str:form>/<str:period>/vintages/", vintages.of_period, name="vintages"),
    path("figures/<str:form>/items/<str:item>/", figures_views.item, name="item"),
    re_path(
        r"^figures/(?P<form>[^/]+)/(?P<period>[^/]+)/export\.(?P<kind>csv|xlsx)$",
        exports.export,
        name="export",
    ),
    path("figures/<str:form>/<str:period>/", figures_views.period, name="figures-period"),
    path(
        "figures/<str:form>/<str:period>/unit/<str:place>/",
        figures_views.unit,
        name="figures-unit",
    ),
    path(
        "figures/<str:form>/<str:period>/<str:unit>/<str:item>/filings/",
        figures_contributions.contributions,
        name="contributions",
    ),
]
