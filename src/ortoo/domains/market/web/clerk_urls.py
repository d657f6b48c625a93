"""Addresses of the clerk's pages."""

from __future__ import annotations

from django.urls import path

from ortoo.domains.market.web import (
    clerk_offline,
    clerk_queries,
    clerk_receipts,
    clerk_views,
    clerk_years,
)

_RETURN = "returns/<str:form>/<str:period>/"

urlpatterns = [
    path("offline-worker.js", clerk_offline.worker, name="offline-worker"),
    path("returns/", clerk_years.my_returns, name="my-returns"),
    path(_RETURN, clerk_views.return_page, name="return"),
    path(f"{_RETURN}draft/", clerk_views.return_draft, name="return-draft"),
    path(f"{_RETURN}check/", clerk_views.return_check, name="return-check"),
    path(f"{_RETURN}correct/", clerk_views.return_correct, name="return-correct"),
    path(f"{_RETURN}queries/<int:query>/", clerk_queries.reply, name="reply"),
    path("receipts/<int:seq>/", clerk_receipts.receipt, name="receipt"),
    path("receipts/<int:seq>/confirm/", clerk_receipts.confirm, name="receipt-confirm"),
    path("verify/", clerk_receipts.verify, name="receipt-verify"),
]
