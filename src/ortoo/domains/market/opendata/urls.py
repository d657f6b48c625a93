"""Addresses of the open data; all public."""

from __future__ import annotations

from django.urls import path

from ortoo.domains.market.opendata import views

urlpatterns = [
    path("open/", views.page, name="open-data"),
    path("open/feed.atom", views.feed, name="open-feed"),
    path("open/<str:form>/data.csv", views.as_csv, name="open-csv"),
    path("open/<str:form>/data.json", views.as_json, name="open-json"),
    path("open/<str:form>/data.sdmx.csv", views.as_sdmx, name="open-sdmx"),
    path("open/<str:form>/structure.json", views.structure, name="open-structure"),
]
