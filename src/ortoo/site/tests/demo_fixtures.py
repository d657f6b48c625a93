"""A small demonstration, seeded into the test's own database and folder."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.test import Client
from django.urls import clear_url_caches

from ortoo.domains.market import observations
from ortoo.kernel.filings import clock
from ortoo.site import demo_clock
from ortoo.site.operations import demonstration

SEED = 2026
# Tuesday 2026-11-24 in the east: the last Monday morning is that of 23 November.
MACHINE_MS = 1_795_464_000_000


@pytest.fixture
def demo(db: None, settings, tmp_path: Path) -> Iterator[Path]:
    """The folder of a seeded small demonstration; clock and caches are put back afterwards."""
    settings.HOME, settings.KEYS, settings.DEMO = tmp_path, tmp_path / "keys", True
    settings.PLACE_PACK = "neimenggu"
    settings.ROOT_URLCONF = "ortoo.site.urls"
    observations.forget()
    clear_url_caches()
    demonstration.seed_home(tmp_path, seed=SEED, small=True, machine_ms=MACHINE_MS)
    yield tmp_path
    clock.use(None)
    demo_clock._known = ((0, 0), 0)
    observations.forget()
    clear_url_caches()


def entered(login: str) -> Client:
    """A client after one click on a role."""
    client = Client()
    assert client.post(f"/demo/login/{login}/").status_code == 302
    return client
