"""Addresses of assisted entry 代录 and of its confirmation."""

from __future__ import annotations

from django.urls import path

from ortoo.domains.market.web import assisted_views as views

_MATTER = "review/<str:form>/<str:period>/<str:office>/<str:party>/assisted/"

urlpatterns = [
    path(_MATTER, views.page, name="assisted"),
    path(f"{_MATTER}draft/", views.draft, name="assisted-draft"),
    path(f"{_MATTER}check/", views.check, name="assisted-check"),
    path(f"{_MATTER}papers/", views.papers, name="assisted-papers"),
    path(f"{_MATTER}papers/<int:number>/", views.paper, name="assisted-paper"),
    path(f"{_MATTER}code/", views.code, name="assisted-code"),
    path("receipts/<int:seq>/evidence/<int:number>/", views.receipt_evidence,
         name="receipt-evidence"),
    path("confirm/", views.confirm, name="assisted-confirm"),
]  # fmt: skip
