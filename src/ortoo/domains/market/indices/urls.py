"""Addresses of the price index."""

from __future__ import annotations

from django.urls import path

from ortoo.domains.market.indices import pages

urlpatterns = [
    path("indices/<str:form>/", pages.indices, name="indices"),
    path("indices/<str:form>/why/<str:item>/", pages.why, name="why"),
]
