"""Addresses of 「导入收银导出表」 and of its feed."""

from __future__ import annotations

from django.urls import path

from ortoo.domains.market.web import till_feed, till_keys, till_views

_TILL = "returns/<str:form>/<str:period>/till/"

urlpatterns = [
    path(_TILL, till_views.page, name="till"),
    path(f"{_TILL}columns/", till_views.columns, name="till-columns"),
    path(f"{_TILL}articles/", till_views.articles, name="till-articles"),
    path(f"{_TILL}preview/", till_views.preview, name="till-preview"),
    path(f"{_TILL}items/<str:item>/", till_views.item_lines, name="till-item"),
    path(f"{_TILL}drop/", till_views.drop, name="till-drop"),
    path("till/keys/", till_keys.page, name="till-keys"),
    path("api/v1/market/till/<str:form>/<str:period>", till_feed.feed, name="till-feed"),
    path(
        "api/v1/sandbox/market/till/<str:form>/<str:period>",
        till_feed.feed,
        {"sandbox": True},
        name="till-sandbox",
    ),
]
