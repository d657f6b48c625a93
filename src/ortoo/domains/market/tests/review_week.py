"""A few weeks of a few firms under two offices of one league, for tests of the reviewer's pages."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from zoneinfo import ZoneInfo

from django.test import Client
from django.urls import include, path

from ortoo.domains.market import services
from ortoo.kernel.filings import clock
from ortoo.kernel.filings.draft import Draft
from ortoo.kernel.filings.projection import catch_up
from ortoo.kernel.filings.write import file_many
from ortoo.kernel.forms import registry
from ortoo.kernel.forms.body import GridBody
from ortoo.kernel.forms.definition import Nil
from ortoo.kernel.forms.periods import opens_at_ms, parse
from ortoo.kernel.grants.models import Account
from ortoo.kernel.grants.scope import Scope, role_scope
from ortoo.kernel.grants.tests.small_region import SmallRegion, seed
from ortoo.kernel.parties.codes import fictional_uscc
from ortoo.kernel.places.tests.packs_for_tests import PACKS
from ortoo.kernel.seal.contacts import Person, seal_contacts

FORM = "SCJC-W1"
WEEKS = ("W2026-10-31", "W2026-11-07", "W2026-11-14")
WEEK = WEEKS[-1]
ZONE = ZoneInfo("Asia/Shanghai")
HOUR_MS = 3_600_000

urlpatterns = [
    path("", include("ortoo.site.accounts.urls")),
    path("", include("ortoo.web.urls")),
    path("", include("ortoo.domains.market.web.urls")),
]


def at(text: str) -> int:
    """`2026-11-23 10:42` of the region, in ms."""
    return int(dt.datetime.fromisoformat(text).replace(tzinfo=ZONE).timestamp() * 1000)


NOW = at("2026-11-23 10:42")


@dataclass
class ReviewWeek:
    """Firms by a short key; `own…` stand in one banner, `sib…` in another of the same league."""

    region: SmallRegion
    firms: Mapping[str, str]
    places: Mapping[str, str]
    names: Mapping[str, str]

    def office(self, key: str) -> str:
        return self.region.sites[key].place

    def scope(self, key: str) -> Scope:
        return role_scope(
            "clerk",
            pack=self.region.pack,
            on=dt.date(2026, 11, 18),
            party=self.firms[key],
            place=self.places[key],
            login=f"clerk-{key}",
        )

    def matter(self, key: str, week: str = WEEK) -> services.Matter:
        return services.Matter(FORM, week, self.firms[key])

    def file(
        self, key: str, fen: int, *, now_ms: int, week: str = WEEK, reason: str = "", **cells: int
    ) -> int:
        """File (or correct) one return whose every price is `fen` above the middle of its usual
        range; `cells` overrides prices by row code as `i0101=…`. Soft findings get a reason."""
        matter = self.matter(key, week)
        form = registry.get(FORM)
        state = matter.state()
        grid = _grid(fen, {name[1:]: value for name, value in cells.items()})
        from ortoo.domains.market import checking

        marks = {
            f"{issue.rule}:{issue.item}": "其他：产地<b>涨价"
            for issue in checking.issues_of(form, grid, matter)
            if issue.severity == "soft"
        }
        new = services.ReturnToFile(
            matter,
            GridBody(grid.columns, marks=marks),
            f"{key}-{week}-{len(state.versions)}-{fen}",
            supersedes=state.effective,
            reason=reason,
        )
        return services.file_return(scope=self.scope(key), new=new, now_ms=now_ms).seq


def _grid(fen: int, prices: Mapping[str, int]) -> GridBody:
    form = registry.get(FORM)
    price = tuple(
        prices.get(item.code, usual + fen)
        for item, usual in zip(form.leaves, _usual(), strict=True)
    )
    columns: dict[str, tuple[int | Nil | None, ...]] = {"price": price}
    for measure in form.measures:
        if measure.code == "sales_qty":
            columns["sales_qty"] = tuple(1000 for _ in form.leaves)
        elif measure.code == "sales":
            # 1000 × 0.1 kg at the price, in 0.01 万元.
            columns["sales"] = tuple(max(1, round(value / 100)) for value in price)
        elif measure.code != "price":
            columns[measure.code] = tuple(500 if i.stock_asked else None for i in form.leaves)
    return GridBody(columns)


@lru_cache(maxsize=1)
def _usual() -> tuple[int, ...]:
    """The middle of each row's usual range, fen."""
    from ortoo.domains.market import checking

    form = registry.get(FORM)
    limits = checking.limits_of(form, parse(WEEK))
    low, high = (
        [limits.value(name, item.code, 11) or 0 for item in form.leaves]
        for name in ("price_low", "price_high")
    )
    return tuple(int((a + b) * 50) for a, b in zip(low, high, strict=True))


def review_week(*, own: int = 4, sibling: int = 3, pack: str = "neimenggu") -> ReviewWeek:
    """Seed parties, three opened weeks, and returns of the two weeks before the last."""
    region = seed(PACKS[pack])
    wanted = [("own", own), ("sib", sibling), ("planned", 1), ("neighbour", 1)]
    sites = {"own": "own", "sib": "sibling", "planned": "planned", "neighbour": "neighbour"}
    firms, places, names, serial = {}, {}, {}, 1000
    for stem, count in wanted:
        for number in range(count):
            key = f"{stem}{number}"
            serial += 1
            firms[key] = fictional_uscc("150000", serial)
            places[key] = region.sites[sites[stem]].place
            names[key] = f"{stem}<i>超市&{number}"
    _register(firms, places, names)
    found = ReviewWeek(region, firms, places, names)
    form = registry.get(FORM)
    for week in WEEKS:
        opened = opens_at_ms(form, parse(week), "Asia/Shanghai")
        services.open_period(form=FORM, period=week, now_ms=opened)
    for week, day in zip(WEEKS[:2], ("2026-11-09", "2026-11-16"), strict=True):
        for number, key in enumerate(firms):
            if key == "own3":
                continue
            hour = "14:00" if key == "own1" else "09:00"
            said = "换人" if key == "own1" else ""
            found.file(key, number, now_ms=at(f"{day} {hour}"), week=week, reason=said)
    return found


def _register(
    firms: Mapping[str, str], places: Mapping[str, str], names: Mapping[str, str]
) -> None:
    people = {firms["own0"]: Person("乌云其木格", "199-0000-0101")}
    sealed = seal_contacts(filing_key="test-firms", people=people, now_ms=1)
    parties = [
        {"code": code, "kind": "enterprise", "name": names[key], "place": places[key]}
        | dict(sealed.fields.get(code, {}))
        for key, code in firms.items()
    ]
    members = [[code, "2026-01-01", ""] for code in firms.values()]
    file_many(
        [
            Draft(
                "K-PARTY", "SYSTEM", "SYSTEM", "test-firms", {"parties": parties}, 1,
                sealed=sealed.values,
            ),
            Draft(
                "K-LIST", "SYSTEM", "SYSTEM", "test-list",
                {"list": services.SAMPLE, "members": members}, 1,
            ),
        ],
        now_ms=1,
    )  # fmt: skip
    catch_up()


@contextmanager
def clock_at(ms: int) -> Iterator[None]:
    """The installation's clock stands at `ms`."""
    clock.use(lambda: ms)
    try:
        yield
    finally:
        clock.use(None)


def client_of(login: str) -> Client:
    """A client with this log-in's session, second factor shown."""
    from ortoo.site.sessions import BACKEND, ENTERED, SEEN, STRONG

    client = Client()
    client.force_login(Account.objects.get(login=login), backend=BACKEND)
    session = client.session
    session[SEEN] = session[ENTERED] = time.time_ns() // 1_000_000
    session[STRONG] = True
    session.save()
    return client
