"""Addresses of 急报."""

from __future__ import annotations

from django.urls import path, re_path

from ortoo.domains.market.web import flash_answer, flash_views

urlpatterns = [
    path("flash/", flash_views.listed, name="flashes"),
    path("flash/new/", flash_views.new, name="flash-new"),
    path("flash/<str:form>/<str:code>/", flash_views.one, name="flash"),
    path("flash/<str:form>/<str:code>/end/", flash_views.end, name="flash-end"),
    path("flash/<str:form>/<str:code>/answer/", flash_answer.answer, name="flash-answer"),
    re_path(
        r"^flash/(?P<form>[^/]+)/(?P<code>[^/]+)/export\.(?P<kind>csv|xlsx)$",
        flash_views.export,
        name="flash-export",
    ),
]
