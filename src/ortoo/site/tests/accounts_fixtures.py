"""Fixtures of the account tests: a site of their own, so that they stand without the rest."""

from __future__ import annotations

import copy
from collections.abc import Iterator

import pytest
from django.test import Client
from django.urls import clear_url_caches

from ortoo.kernel.grants.models import Account
from ortoo.kernel.grants.tests.small_region import SmallRegion, seed
from ortoo.kernel.places.tests.packs_for_tests import PACKS
from ortoo.site.accounts import totp

PASSWORD = "shu-cai-jia-ge-7"
START = 1_795_000_000_000


class Clock:
    """Time that tests move by hand; milliseconds since the epoch."""

    def __init__(self) -> None:
        self.ms = START

    def __call__(self) -> int:
        return self.ms

    def forward(self, *, minutes: float = 0, seconds: float = 0) -> None:
        self.ms += int(minutes * 60_000 + seconds * 1000)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    found = Clock()
    for module in ("sessions", "accounts.views", "accounts.own", "accounts.backend"):
        monkeypatch.setattr(f"ortoo.site.{module}.now_ms", found)
    return found


@pytest.fixture
def site(settings, clock: Clock) -> Iterator[None]:
    """The account pages alone, in production mode, with a fast password hash."""
    settings.ROOT_URLCONF = "ortoo.site.tests.accounts_urls"
    settings.CSRF_FAILURE_VIEW = "ortoo.site.errors.csrf_failure"
    settings.DEMO = False
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    templates = copy.deepcopy(settings.TEMPLATES)
    templates[0]["OPTIONS"]["context_processors"] = [
        "django.template.context_processors.request",
        "django.contrib.messages.context_processors.messages",
        "ortoo.web.context.chrome",
    ]
    settings.TEMPLATES = templates
    clear_url_caches()
    yield
    clear_url_caches()


@pytest.fixture
def region(db: None, site: None, monkeypatch: pytest.MonkeyPatch) -> SmallRegion:
    """The small region on the fictional pack; every log-in's password is PASSWORD."""
    sample = PACKS["lanchuan"]
    for module in (
        "kernel.grants.selectors",
        "site.sessions",
        "site.accounts.views",
        "site.accounts.own",
    ):
        monkeypatch.setattr(f"ortoo.{module}.active_pack", lambda: sample.pack)
    found = seed(sample)
    for account in Account.objects.all():
        account.set_password(PASSWORD)
        account.save()
    return found


def log_in(client: Client, login: str = "clerk-own", password: str = PASSWORD, **extra):
    return client.post("/login/", {"login": login, "password": password}, **extra)


def who(client: Client) -> dict[str, object]:
    return client.get("/").json()


def code_for(secret: bytes, clock: Clock, *, steps: int = 0) -> str:
    return totp.code_at(secret, totp.step_at(clock.ms) + steps)
