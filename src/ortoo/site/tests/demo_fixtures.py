"""A small demonstration, seeded once a module into the test's own database and folder."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import transaction
from django.test import Client, override_settings
from django.urls import clear_url_caches

from ortoo.domains.market import observations
from ortoo.kernel.filings import clock
from ortoo.site import demo_clock
from ortoo.site.operations import demonstration

SEED = 2026
# Tuesday 2026-11-24 in the east: the last Monday morning is that of 23 November.
MACHINE_MS = 1_795_464_000_000


def _here(home: Path) -> dict[str, object]:
    return {
        "HOME": home, "KEYS": home / "keys", "DEMO": True, "PLACE_PACK": "neimenggu",
        "ROOT_URLCONF": "ortoo.site.urls",
    }  # fmt: skip


def _forget() -> None:
    clock.use(None)
    demo_clock._known = ((0, 0), 0)
    observations.forget()
    clear_url_caches()


@pytest.fixture(scope="module")
def seeded(django_db_setup, django_db_blocker, tmp_path_factory) -> Iterator[Path]:
    """The folder of a demonstration whose rows stand until the module ends: seeding costs seconds,
    and every test gets its own savepoint of it."""
    home = tmp_path_factory.mktemp("seeded")
    _forget()
    with django_db_blocker.unblock(), transaction.atomic():
        with override_settings(**_here(home)):
            demonstration.seed_home(home, seed=SEED, small=True, machine_ms=MACHINE_MS)
        _forget()
        yield home
        transaction.set_rollback(True)
    _forget()


@pytest.fixture
def demo(seeded: Path, db: None, settings, tmp_path: Path) -> Iterator[Path]:
    """The folder of a seeded small demonstration; clock and caches are put back afterwards."""
    home = tmp_path / "home"
    shutil.copytree(seeded, home)
    for name, value in _here(home).items():
        setattr(settings, name, value)
    _forget()
    demo_clock.set_now(demonstration.marker(home)["now_ms"])
    demo_clock.plug_in()
    yield home
    _forget()


def entered(login: str) -> Client:
    """A client after one click on a role."""
    client = Client()
    assert client.post(f"/demo/login/{login}/").status_code == 302
    return client
