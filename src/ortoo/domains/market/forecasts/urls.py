"""Addresses of forecasts."""

from __future__ import annotations

from django.urls import path

from ortoo.domains.market.forecasts import pages, signing

urlpatterns = [
    path("forecasts/model/", signing.page, name="forecast-model"),
    path("forecasts/<str:form>/", pages.table, name="forecasts"),
    path("forecasts/<str:form>/<str:item>/", pages.one, name="forecast"),
]
