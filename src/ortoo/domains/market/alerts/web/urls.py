"""Addresses of market alerts 市场异动."""

from __future__ import annotations

from django.urls import path

from ortoo.domains.market.alerts.web import catalogue, listing, views

# The forms of the steps have their own names, so that the general page of a matter leads here.
_STEPS = ("alert-verify", "alert-phone", "alert-report", "alert-measures", "alert-close")

urlpatterns = [
    path("alerts/", listing.page, name="alerts"),
    path("alerts/rules/", catalogue.page, name="alert-rules"),
    path("alerts/<str:place>/<str:case>/", views.page, name="alert"),
    *[
        path(f"alerts/steps/{form}/<str:thread>/", views.to_page, name=f"step-{form}")
        for form in _STEPS
    ],
]
