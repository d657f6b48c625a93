"""Addresses of the sample: lists, seats, nominations, design and estimates."""

from __future__ import annotations

from django.urls import path, re_path

from ortoo.domains.market.web import (
    sample_changes,
    sample_frames,
    sample_precision,
    sample_reports,
)

urlpatterns = [
    path("samples/", sample_frames.index, name="sample-lists"),
    path("samples/<str:list_code>/", sample_frames.one, name="sample-frame"),
    re_path(
        r"^samples/(?P<list_code>[^/]+)/export\.(?P<kind>csv|xlsx)$",
        sample_frames.export,
        name="sample-export",
    ),
    path("samples/<str:list_code>/seats/<str:party>/", sample_frames.seat, name="sample-seat"),
    path("samples/<str:list_code>/nominate/", sample_changes.nominate, name="sample-nominate"),
    path("samples/<str:list_code>/reports/", sample_reports.reports, name="sample-reports"),
    path("samples/<str:list_code>/design/", sample_precision.design, name="sample-design"),
    path(
        "samples/<str:list_code>/estimates/<str:form>/<str:period>/",
        sample_precision.estimated,
        name="sample-estimates",
    ),
    path("sample-changes/<str:nominator>/<str:case>/", sample_changes.one, name="sample-matter"),
    path(
        "sample-changes/<str:nominator>/<str:case>/amend/",
        sample_changes.amend,
        name="sample-amend",
    ),
]
