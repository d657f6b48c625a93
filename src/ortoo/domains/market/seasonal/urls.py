"""Addresses of seasonal adjustment."""

from __future__ import annotations

from django.urls import path

from ortoo.domains.market.seasonal import page

urlpatterns = [
    path("seasonal/<str:form>/<str:item>/", page.seasonal, name="seasonal"),
]
