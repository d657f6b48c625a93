"""Addresses of the rates, the assessment of offices and the draft list of fees."""

from __future__ import annotations

from django.urls import path, re_path

from ortoo.domains.market.web import assessment_views

_KIND = r"export\.(?P<kind>csv|xlsx)$"

urlpatterns = [
    path("rates/<str:form>/<str:place>/", assessment_views.rates_page, name="rates"),
    re_path(
        rf"^rates/(?P<form>[^/]+)/(?P<place>[^/]+)/{_KIND}",
        assessment_views.rates_page,
        name="rates-export",
    ),
    path("assessment/<str:place>/", assessment_views.assessment_page, name="assessment"),
    re_path(
        rf"^assessment/(?P<place>[^/]+)/{_KIND}",
        assessment_views.assessment_page,
        name="assessment-export",
    ),
    path(
        "incentives/<str:form>/<int:year>/<str:place>/",
        assessment_views.incentives_page,
        name="incentives",
    ),
    re_path(
        rf"^incentives/(?P<form>[^/]+)/(?P<year>\d{{4}})/(?P<place>[^/]+)/{_KIND}",
        assessment_views.incentives_page,
        name="incentives-export",
    ),
]
