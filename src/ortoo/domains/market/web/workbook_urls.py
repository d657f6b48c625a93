"""Addresses of workbooks, of the exchange with 统一平台, and of the history a bureau brings."""

from __future__ import annotations

from django.urls import path

from ortoo.domains.market.web import (
    history_views,
    platform_compare,
    platform_views,
    workbook_views,
)

_RETURN = "returns/<str:form>/<str:period>/"

urlpatterns = [
    path(f"{_RETURN}workbook/", workbook_views.workbook, name="workbook"),
    path(f"{_RETURN}workbook/upload/", workbook_views.workbook_upload, name="workbook-upload"),
    path(f"{_RETURN}platform/", platform_views.platform, name="platform"),
    path(f"{_RETURN}platform/block.xlsx", platform_views.platform_file, name="platform-file"),
    path(f"{_RETURN}platform/import/", platform_views.platform_import, name="platform-import"),
    path(
        "platform/<str:form>/<str:period>/<str:office>/",
        platform_compare.platform_compare,
        name="platform-compare",
    ),
    path("history/", history_views.history_home, name="history"),
    path("history/import/", history_views.history_import, name="history-import"),
    path("history/<str:place>/", history_views.history_place, name="history-place"),
    path("history/<str:place>/export.csv", history_views.history_export, name="history-export"),
    path("history/<str:place>/withdraw/", history_views.history_withdraw, name="history-withdraw"),
]
