"""The hand-computed small period, filed; clients of its readers."""

from __future__ import annotations

import time
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.test import Client

from ortoo.domains.market import publication
from ortoo.kernel.filings import clock
from ortoo.kernel.filings.draft import Draft, Receipt
from ortoo.kernel.filings.projection import catch_up
from ortoo.kernel.filings.write import file, file_many
from ortoo.kernel.forms import registry
from ortoo.kernel.forms.body import GridBody
from ortoo.kernel.forms.definition import Nil
from ortoo.kernel.grants.models import Account
from ortoo.kernel.grants.tests.small_region import SmallRegion, seed
from ortoo.kernel.places.tests.packs_for_tests import PACKS
from ortoo.site.sessions import BACKEND, ENTERED, SEEN, STRONG

FORM = "SCJC-W1"
CASE = tomllib.loads((Path(__file__).parent / "cases" / "figures_small.toml").read_text("utf-8"))
HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
# 2026-11-21 10:00 in Shanghai, the day after the period: returns come in from here on.
FIRST_MS = 1_795_226_400_000
NOW_MS = FIRST_MS + 8 * DAY_MS
NILS = {"断货": Nil.OUT_OF_STOCK, "未经营": Nil.NOT_CARRIED, "季节无货": Nil.OUT_OF_SEASON}


@dataclass
class FiguresWorld:
    """`returns[(period key, site)]`: receipt of the return in force."""

    region: SmallRegion
    returns: dict[tuple[str, str], Receipt] = field(default_factory=dict)

    def place(self, key: str) -> str:
        return self.region.sites[key].place

    @property
    def root(self) -> str:
        return self.region.pack.root.code

    def period(self, key: str = "now") -> str:
        return str(CASE["periods"][key])

    def path(self, rest: str = "", period: str = "now") -> str:
        return f"/figures/{FORM}/{self.period(period)}/{rest}"

    def client(self, login: str = "") -> Client:
        client = Client()
        if login:
            client.force_login(Account.objects.get(login=login), backend=BACKEND)
            session = client.session
            session[SEEN] = session[ENTERED] = time.time_ns() // 1_000_000
            session[STRONG] = True
            session.save()
        return client

    def file(
        self, key: str, rows: dict[str, Any], *, period: str = "now", at: int = FIRST_MS,
        supersedes: int | None = None,
    ) -> Receipt:  # fmt: skip
        """File (or correct) a site's return."""
        site = self.region.sites[key]
        receipt = file(
            Draft(
                form=FORM,
                filer=site.firm,
                actor=f"account:clerk-{key}".replace("_", "-"),
                key=f"return-{key}-{period}-{at}",
                body=grid(rows),
                said_at=at,
                period=self.period(period),
                subject=site.firm,
                place=site.place,
                supersedes=supersedes,
                reason="称错了" if supersedes else "",
            ),
            now_ms=at,
        )
        self.returns[period, key] = receipt
        catch_up()
        return receipt

    def accept(self, keys: list[str], *, period: str = "now", at: int) -> None:
        """The root's office accepts these returns."""
        targets = [
            [self.region.sites[key].firm, self.returns[period, key].seq] for key in keys
        ]
        body = {
            "form": FORM, "period": self.period(period), "office": self.root,
            "targets": targets, "conclude": False, "note": "",
        }  # fmt: skip
        office = self.region.sites["root"].office
        file(
            Draft("K-ACCEPT", office, "account:region", f"accept-{period}-{at}", body, at,
                  period=self.period(period), place=self.root),
            now_ms=at,
        )  # fmt: skip
        catch_up()

    def issue(self, *, at: int) -> None:
        """What is due by then is given out."""
        publication.issue_due(at)
        catch_up()


def grid(rows: dict[str, Any]) -> GridBody:
    """Rows of [price, quantity] in units as printed."""
    form = registry.get(FORM)
    columns: dict[str, list[Any]] = {
        measure.code: [None] * len(form.leaves) for measure in form.measures
    }
    columns["price"] = [Nil.NOT_CARRIED] * len(form.leaves)
    for item, (price, quantity) in rows.items():
        at = form.leaf_index[item]
        columns["price"][at] = NILS.get(price) or minor(price, 2)
        if quantity:
            columns["sales_qty"][at] = minor(quantity, 1)
            columns["sales"][at] = minor(price, 2) * minor(quantity, 1) // 100_000
    return GridBody({code: tuple(column) for code, column in columns.items()})


def minor(text: str, scale: int) -> int:
    whole, _, part = text.partition(".")
    return int(whole + part.ljust(scale, "0")[:scale])


def figures_world(settings: Any, monkeypatch: Any, *, pack: str = "neimenggu") -> FiguresWorld:
    """Both periods filed and accepted by the region's office; the clock stands a week later."""
    settings.DEMO = False
    sample = PACKS[pack]
    settings.PLACE_PACK = pack
    world = FiguresWorld(seed(sample))
    monkeypatch.setattr(clock, "_source", lambda: NOW_MS)
    for number, name in enumerate(("before", "now")):
        at = FIRST_MS - (1 - number) * 7 * DAY_MS
        _open(world, name, at - HOUR_MS)
        for key, rows in CASE[name].items():
            world.file(key, rows, period=name, at=at)
        world.accept(list(CASE[name]), period=name, at=at + 2 * HOUR_MS)
        world.issue(at=at + 6 * DAY_MS)
    return world


def _open(world: FiguresWorld, period: str, at: int) -> None:
    sites = {key: site for key, site in world.region.sites.items() if key in CASE[period]}
    respondents = [[site.firm, site.place, [world.root]] for site in sites.values()]
    body = {
        "form": FORM, "period": world.period(period), "due_at": at + 24 * HOUR_MS,
        "review_due_at": at + 48 * HOUR_MS,
        "offices": {world.root: world.region.sites["root"].office},
        "respondents": respondents,
    }  # fmt: skip
    key = f"open:{FORM}:{world.period(period)}"
    file_many([Draft("K-OPEN", "SYSTEM", "SYSTEM", key, body, at, period=world.period(period))],
              now_ms=at)  # fmt: skip
