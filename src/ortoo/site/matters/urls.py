"""Addresses of threads and procedures. A thread's key stands whole in its address."""

from __future__ import annotations

from django.urls import path, register_converter

from ortoo.site.matters import lists, rules_views, views


class ThreadKey:
    """`PROCEDURE|case`, percent-encoded by `reverse`; a case may hold anything printable."""

    regex = r"[^|/\x00-\x20]{1,60}\|[^\x00-\x20][^\x00-\x1f]{0,150}"

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


register_converter(ThreadKey, "thread")

urlpatterns = [
    path("matters/", lists.page, name="matters"),
    path("matters/export.csv", lists.export, name="matters-export"),
    # A case may hold a slash, so what stands behind a key is looked for first.
    path("matters/<thread:thread>/do/<slug:act>/", views.act, name="matter-act"),
    path("matters/<thread:thread>/filings/<int:seq>/", views.receipt, name="matter-receipt"),
    path("matters/<thread:thread>/", views.page, name="matter"),
    path("procedures/", rules_views.catalogue, name="procedures"),
    path("procedures/<str:code>/", rules_views.page, name="procedure"),
]
