"""The small region with a filed week and an open one, for tests of the clerk's pages."""

from __future__ import annotations

import copy
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pytest
from django.test import Client
from django.urls import clear_url_caches, include, path

from ortoo.domains.market import services
from ortoo.domains.market.services import Matter, ReturnToFile
from ortoo.domains.market.web.clerk_fields import fields_of
from ortoo.kernel.filings import clock
from ortoo.kernel.filings.draft import Draft, Receipt
from ortoo.kernel.filings.projection import catch_up
from ortoo.kernel.filings.write import file_many
from ortoo.kernel.forms.body import GridBody
from ortoo.kernel.forms.definition import Nil
from ortoo.kernel.forms.registry import get
from ortoo.kernel.grants.models import Account
from ortoo.kernel.grants.tests.small_region import SmallRegion, seed
from ortoo.kernel.places.tests.packs_for_tests import PACKS

FORM, BEFORE, PERIOD = "SCJC-W1", "W2026-11-07", "W2026-11-14"
FILED_BEFORE = 1_794_623_400_000  # 14 November 2026, 10:30 in Asia/Shanghai
START = 1_795_141_800_000  # 20 November 2026, 10:30 in Asia/Shanghai
AFTER_DUE = 1_795_500_000_000  # 24 November
BACKEND = "ortoo.site.accounts.backend.AccountBackend"

urlpatterns = [
    path("", include("ortoo.site.accounts.urls")),
    path("", include("ortoo.web.urls")),
    path("", include("ortoo.domains.market.web.urls")),
]
handler400 = "ortoo.site.errors.bad_request"
handler403 = "ortoo.site.errors.forbidden"
handler404 = "ortoo.site.errors.not_found"
handler500 = "ortoo.site.errors.server_error"


class Clock:
    """The kernel's now, moved by hand."""

    def __init__(self) -> None:
        self.ms = START

    def __call__(self) -> int:
        return self.ms


@dataclass(frozen=True)
class Clerks:
    """The region, its clock, and ways to act as one of its people."""

    region: SmallRegion
    clock: Clock

    def client(self, login: str = "clerk-own") -> Client:
        client = Client(raise_request_exception=False)
        client.force_login(Account.objects.get(login=login), backend=BACKEND)
        session = client.session
        session["seen_at"] = session["entered_at"] = time.time_ns() // 1_000_000
        session["strong"] = True
        session.save()
        return client

    def matter(self, key: str = "own", period: str = PERIOD) -> Matter:
        return Matter(FORM, period, self.region.sites[key].firm)

    def file(self, key: str = "own", period: str = PERIOD, **options: Any) -> Receipt:
        """File by the service; `grid` or the usual one."""
        new = ReturnToFile(
            matter=self.matter(key, period),
            grid=options.pop("grid", None) or usual_grid(),
            key=f"test:{key}:{period}:{self.clock.ms}:{len(options)}",
            **options,
        )
        scope = self.region.scope(f"clerk-{key}".replace("_", "-"))
        return services.file_return(scope=scope, new=new, now_ms=self.clock.ms)

    def ask(self, text: str = "猪肉价格为何上涨？", key: str = "own") -> Receipt:
        """The league asks about the pork."""
        state = self.matter(key).state()
        return services.query(
            scope=self.region.scope("league-reviewer-parent"),
            new=services.Question(
                matter=self.matter(key),
                target=state.effective or 0,
                office=self.region.sites["parent"].place,
                cells=(("0301", "price"),),
                text=text,
            ),
            now_ms=self.clock.ms,
        )

    def accept(self, office: str = "parent", key: str = "own") -> Receipt:
        site = self.region.sites[office]
        state = self.matter(key).state()
        return services.accept(
            scope=self.region.scope(f"league-reviewer-{office}"),
            new=services.Acceptance(
                FORM, PERIOD, site.place, ((self.region.sites[key].firm, state.effective or 0),)
            ),
            now_ms=self.clock.ms,
        )


def usual_grid(step: int = 0) -> GridBody:
    """A return without any issue: plausible prices, quantities that match, one item not carried."""
    form = get(FORM)
    prices = {
        "01": 640,
        "02": 1900,
        "03": 5200,
        "04": 2500,
        "05": 860,
        "06": 500,
        "08": 500,
        "10": 3800,
    }
    columns: dict[str, list[Any]] = {measure.code: [] for measure in form.measures}
    for item in form.leaves:
        price: Any = prices.get(item.code[:2], 900) + step
        quantity: Any = 20_000
        if item.code == "0628":
            price, quantity = Nil.NOT_CARRIED, None
        carried = quantity is not None
        columns["price"].append(price)
        columns["sales"].append(price * 2000 // 10_000 if carried else None)
        columns["sales_qty"].append(quantity)
        columns["stock"].append(50_000 if item.stock_asked else None)
    return GridBody({code: tuple(column) for code, column in columns.items()})


def usual_fields(**changed: str) -> dict[str, str]:
    """The usual return as the page posts it; `c_0301_price="…"` changes a field."""
    fields = fields_of(get(FORM), usual_grid())
    for name, text in changed.items():
        fields[name.replace("_", ".", 1).replace("_", ".", 1)] = text
    return fields


def page(name: str = "return", period: str = PERIOD) -> str:
    tail = "" if name == "return" else f"{name}/"
    return f"/returns/{FORM}/{period}/{tail}"


def post_json(client: Client, address: str, said: Mapping[str, object]) -> Any:
    return client.post(
        address, dict(said), content_type="application/json", headers={"accept": "application/json"}
    )


def _seeded() -> SmallRegion:
    region = seed(PACKS["neimenggu"])
    members = [[region.sites[key].firm, "2026-01-01", ""] for key in ("own", "sibling", "planned")]
    body = {"list": services.SAMPLE, "members": members}
    file_many([Draft("K-LIST", "SYSTEM", "SYSTEM", "test-list", body, 1)], now_ms=FILED_BEFORE)
    catch_up()
    return region


@pytest.fixture
def clerks(db: None, settings) -> Iterator[Clerks]:
    """Own, sibling and planned report weekly; the week before is filed by own, this one is open."""
    settings.ROOT_URLCONF = "ortoo.domains.market.tests.clerk_region"
    settings.DEMO = False
    templates = copy.deepcopy(settings.TEMPLATES)
    templates[0]["OPTIONS"]["context_processors"] = [
        "django.template.context_processors.request",
        "django.contrib.messages.context_processors.messages",
        "ortoo.web.context.chrome",
    ]
    settings.TEMPLATES = templates
    clear_url_caches()
    moving = Clock()
    clock.use(moving)
    moving.ms = FILED_BEFORE
    found = Clerks(_seeded(), moving)
    services.open_period(form=FORM, period=BEFORE, now_ms=moving.ms)
    found.file(period=BEFORE)
    moving.ms = START
    services.open_period(form=FORM, period=PERIOD, now_ms=moving.ms)
    yield found
    clock.use(None)
    clear_url_caches()
