"""The clerks' region with addresses of 专项监测 and 急报; own has a filed week."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from django.urls import clear_url_caches, include, path

from ortoo.domains.market.ordering import register_orders
from ortoo.domains.market.tests.clerk_region import BACKEND, FORM, START, Clerks, clerks
from ortoo.kernel.grants.models import Account
from ortoo.kernel.places.active import active_pack

__all__ = ["BACKEND", "FORM", "HOUR", "START", "Clerks", "acting", "clerks", "ordering"]
HOUR = 3_600_000
urlpatterns = [
    path("", include("ortoo.site.accounts.urls")),
    path("", include("ortoo.web.urls")),
    *(
        path("", include(f"ortoo.domains.market.web.{part}"))
        for part in ("clerk_urls", "review_urls", "figures_urls", "campaign_urls", "flash_urls")
    ),
]
handler400 = "ortoo.site.errors.bad_request"
handler403 = "ortoo.site.errors.forbidden"
handler404 = "ortoo.site.errors.not_found"
handler500 = "ortoo.site.errors.server_error"


@pytest.fixture
def ordering(clerks: Clerks, settings: Any) -> Iterator[Clerks]:
    """`clerks`, with the ordered forms' procedures and pages."""
    register_orders()
    settings.ROOT_URLCONF = "ortoo.domains.market.tests.ordering_region"
    clear_url_caches()
    assert active_pack().root.code == clerks.region.sites["root"].place
    yield clerks


def acting(login: str) -> Client:
    """A client logged in with a second factor."""
    client = Client(raise_request_exception=False)
    client.force_login(Account.objects.get(login=login), backend=BACKEND)
    session = client.session
    session["seen_at"] = session["entered_at"] = time.time_ns() // 1_000_000
    session["strong"] = True
    session.save()
    return client
