"""Addresses of the comparison in space."""

from __future__ import annotations

from django.urls import path

from ortoo.domains.market.spatial import pages

urlpatterns = [
    path("spatial/", pages.chosen, name="spatial-chosen"),
    path("spatial/<str:form>/<str:item>/", pages.spatial, name="spatial"),
]
