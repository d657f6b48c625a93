"""The gate, open for one truck, at a clock that tests set."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import pytest
from django.test import Client

from ortoo.kernel.filings import clock
from ortoo.kernel.grants.models import Account
from ortoo.kernel.grants.tests.small_region import seed
from ortoo.kernel.places.tests.packs_for_tests import PACKS
from ortoo.site.matters.tests.gate import Gate, registered
from ortoo.site.sessions import BACKEND, ENTERED, SEEN, STRONG


@pytest.fixture
def gate(db: None, settings) -> Iterator[Gate]:
    """One matter opened an hour after the region was filed; it is now two hours after."""
    settings.DEMO = False
    sample = PACKS["neimenggu"]
    settings.PLACE_PACK = str(sample.pack.head.code)
    with registered():
        made = Gate(seed(sample))
        made.open()
        clock.use(lambda: made.at(2))
        yield made
    clock.use(None)


@pytest.fixture
def enter(gate: Gate) -> Callable[[str], Client]:
    """A client with this login's session, second factor shown; "" a stranger."""

    def entered(login: str) -> Client:
        client = Client()
        if login:
            client.force_login(Account.objects.get(login=login), backend=BACKEND)
            session = client.session
            session[SEEN] = session[ENTERED] = time.time_ns() // 1_000_000
            session[STRONG] = True
            session.save()
        return client

    return entered
