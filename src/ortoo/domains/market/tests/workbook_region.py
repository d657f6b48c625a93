"""The clerks' small region with the addresses of workbooks and of 统一平台 added."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import clear_url_caches, include, path

from ortoo.domains.market.tests import clerk_region
from ortoo.domains.market.tests.clerk_region import Clerks, clerks

__all__ = ["clerks", "desk", "sent"]

urlpatterns = [
    *clerk_region.urlpatterns,
    path("", include("ortoo.domains.market.web.workbook_urls")),
    path("", include("ortoo.domains.market.web.urls")),
    path("", include("ortoo.domains.market.web.urls")),
]
handler400 = clerk_region.handler400
handler403 = clerk_region.handler403
handler404 = clerk_region.handler404
handler500 = clerk_region.handler500


@pytest.fixture
def desk(clerks: Clerks, settings, tmp_path: Path) -> Iterator[Clerks]:
    settings.ROOT_URLCONF = "ortoo.domains.market.tests.workbook_region"
    settings.HOME = tmp_path
    clear_url_caches()
    yield clerks


def sent(data: bytes, name: str = "报表.xlsx") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, data, "application/octet-stream")
