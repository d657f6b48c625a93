"""Addresses of the operators' screens: overview, trends, comparison, returns, lists, firms."""

from __future__ import annotations

from django.urls import path

from ortoo.domains.market.web import (
    compare_views,
    firm_views,
    futures_views,
    monitor_views,
    overview_views,
)

urlpatterns = [
    path("compare/", compare_views.compare, name="compare"),
    path("trends/", compare_views.trends, name="trends"),
    path("trends/futures/", futures_views.futures, name="trends-futures"),
    path("overview/", overview_views.overview, name="overview"),
    path("overview/regions/", overview_views.regions, name="overview-regions"),
    path("monitor/registered/", monitor_views.registered, name="monitor-registered"),
    path("monitor/returns/", monitor_views.returns, name="monitor-returns"),
    path("firms/<str:party>/", firm_views.firm, name="firm"),
]
