"""Addresses of market monitoring: the clerk's, the reviewer's and the figures' pages."""

from __future__ import annotations

from importlib.util import find_spec

from django.urls import include, path

_PARTS = ("clerk_urls", "review_urls", "figures_urls")

urlpatterns = [
    path("", include(f"ortoo.domains.market.web.{part}"))
    for part in _PARTS
    if find_spec(f"ortoo.domains.market.web.{part}")
]
