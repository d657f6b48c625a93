"""The region before the day: parties, three overlapping lists, log-ins, last period accepted."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from benchmarks.friday_day.sheets import FIRST, Period, Sheet, sheets_of, true_cells

SEED, FEW_SEED = 2026, 35
"""The second one plants slips, late, silent and helped firms among a dozen, which few do."""
WHOLE_REGION = 120
"""Fewer seats than this cannot stand in every banner: then two leagues are played."""
FRIDAY = dt.date(2026, 7, 3)
"""A Friday on which the week, the month of the key retailers and that of the emergency goods are
all open: the week since Thursday, the months since Wednesday."""
LISTS = ("sample", "guarantor", "backbone")
HOUR_MS = 3_600_000
BATCH = 200


@dataclass(frozen=True)
class Scene:
    """What was prepared. `chains`: the reviewing offices of each firm, nearest first."""

    pack: Any
    world: Any
    zone: ZoneInfo
    periods: Mapping[str, Period]
    lists: Mapping[str, tuple[str, ...]]
    places: Mapping[str, str]
    chains: Mapping[str, list[str]]
    agencies: Mapping[str, str]
    units: tuple[str, ...]
    sheets: tuple[Sheet, ...]

    def ms(self, day: int, hour: int, minute: int = 0) -> int:
        """A moment of the day's month, by the region's clock."""
        at = dt.datetime(FRIDAY.year, FRIDAY.month, day, hour, minute, tzinfo=self.zone)
        return int(at.timestamp() * 1000)

    def says(self, ms: int) -> str:
        at = dt.datetime.fromtimestamp(ms / 1000, self.zone)
        return f"{at:%a %Y-%m-%d %H:%M}"

    def reporting(self, day: dt.date) -> tuple[dict[str, str], str]:
        """(reporting unit of each place on a day, the root's code)."""
        return dict(self.pack.unit_of(day)), str(self.pack.root.code)

    def owed_by(self, form: str) -> set[str]:
        """Firms that owe a form on the day, by the lists."""
        within = self.periods[form].form.respondents.within
        if within is not None:
            return {f for f in self.lists["sample"] if self.chains[f][-1] == within}
        return set(self.lists[LISTS[FIRST.index(form)]])


def prepare(sample: int | None) -> Scene:
    """Seed the fresh installation. `sample`: seats of the weekly list, 230 when None."""
    from ortoo.domains.market.world import simulated_region
    from ortoo.kernel.filings.projection import catch_up
    from ortoo.kernel.forms import registry
    from ortoo.kernel.places.active import active_pack
    from ortoo.site.operations import cast as casting

    pack = active_pack()
    form = registry.get(FIRST[0])
    few = sample is not None and sample < WHOLE_REGION
    kept = [code for code in casting.script()["small"] if code in pack] if few else None
    region = simulated_region(
        pack,
        form,
        seed=FEW_SEED if few else SEED,
        through=FRIDAY + dt.timedelta(days=14),
        places=kept,
        sample=sample,
    )
    cast = _cast(region)
    periods = _periods(pack)
    world = region.world
    start = periods[FIRST[0]].now.start
    lists = {name: tuple(f.code for f in world.listed(name, start)) for name in LISTS}
    places = {firm.code: firm.place for firm in world.firms}
    chains = _chains(pack, cast.agencies, places)
    first = min(_hours(pack, period.form, period.before)[0] for period in periods.values())
    casting.register(cast, now_ms=first - 24 * HOUR_MS)
    units = tuple(sorted({chain[-1] for chain in chains.values()}))
    _accounts(cast, chains, units, now_ms=first - 23 * HOUR_MS)
    sheets = _sheets(world, periods, places, chains)
    scene = Scene(
        pack, world, ZoneInfo(pack.head.time_zone), periods, lists, places, chains,
        cast.agencies, units, tuple(sheets),
    )  # fmt: skip
    for period in periods.values():
        _settle(scene, period)
    catch_up()
    return scene


def _chains(
    pack: Any, agencies: Mapping[str, str], places: Mapping[str, str]
) -> dict[str, list[str]]:
    """The reviewing offices of every firm, nearest first."""
    from ortoo.domains.market import services

    return {
        code: [
            office for office in services.reviewing_chain(pack, place, FRIDAY) if office in agencies
        ]
        for code, place in places.items()
    }


def _cast(region: Any) -> Any:
    from ortoo.site.operations import cast as casting

    cast = casting.assemble(region, current=FRIDAY)
    logins = {firm.code: f"c.{firm.code.lower()}" for firm in region.world.respondents}
    logins |= {code: f"r.{place}" for place, code in cast.agencies.items()}
    return casting.Cast(region, cast.agencies, logins, (), {})


def _periods(pack: Any) -> dict[str, Period]:
    """The three forms and the leagues' supplements, each with the period of the day."""
    from ortoo.domains.market import publication
    from ortoo.kernel.forms import registry
    from ortoo.kernel.forms.periods import period_on, previous_on

    codes = [*FIRST, *(f.code for f in registry.loaded().newest() if f.supplements == FIRST[0])]
    found = {}
    for code in codes:
        form = registry.get(code)
        running = period_on(form, FRIDAY)
        now = previous_on(form, running) if running.kind == "month" else running
        assert now is not None
        before = previous_on(form, now)
        opens, due = _hours(pack, form, now)
        found[code] = Period(form, now, before, opens, due, publication.published_at(form, now))
    return found


def _hours(pack: Any, form: Any, period: Any) -> tuple[int, int]:
    from ortoo.kernel.forms.periods import due_at_ms, opens_at_ms

    zone = pack.head.time_zone
    return opens_at_ms(form, period, zone), due_at_ms(form, period, zone)


def _accounts(
    cast: Any, chains: Mapping[str, list[str]], units: tuple[str, ...], *, now_ms: int
) -> None:
    """Log-ins of the firms on no sample seat, and a second clerk in every unit's office."""
    from ortoo.kernel.grants import scope as scopes
    from ortoo.kernel.grants import services as grants
    from ortoo.kernel.grants.services import NewAccount, NewGrant
    from ortoo.site.operations import cast as casting

    world, first = cast.region.world, cast.region.world.ground.start
    seated = {firm.code for firm in world.shops}
    rows = [
        (NewAccount(cast.logins[firm.code], firm.code, firm.clerk), "clerk", firm.place)
        for firm in world.firms
        if firm.code in chains and firm.code not in seated
    ]
    rows += [
        (
            NewAccount(f"r2.{unit}", cast.agencies[unit], f"{cast.pack[unit].zh}二审核员"),
            casting._reviewing_role(cast.pack, unit),
            unit,
        )
        for unit in units
    ]
    grants.create_accounts(accounts=[account for account, _, _ in rows])
    new = [NewGrant(a.login, a.party, role, place, first, "试行授权") for a, role, place in rows]
    grants.grant_many(by=scopes.SYSTEM, grants=new, now_ms=now_ms)


def _sheets(
    world: Any,
    periods: Mapping[str, Period],
    places: Mapping[str, str],
    chains: Mapping[str, list[str]],
) -> list[Sheet]:
    sheets: list[Sheet] = []
    weekly: dict[str, Sheet] = {}
    for code, period in periods.items():
        within = period.form.respondents.within
        if within is not None and not any(chain[-1] == within for chain in chains.values()):
            continue
        found = sheets_of(world, period, places)
        if within is None:
            sheets += found
            weekly |= {sheet.firm: sheet for sheet in found if code == FIRST[0]}
            continue
        for sheet in found:
            # A supplement is filed with the page of the weekly return, and never without it.
            if sheet.firm in weekly and chains[sheet.firm][-1] == within:
                weekly[sheet.firm].beside = sheet
                sheet.at_ms, sheet.assisted = weekly[sheet.firm].at_ms, weekly[sheet.firm].assisted
    return sheets


def _settle(scene: Scene, period: Period) -> None:
    """The period before: opened, filed as it was true, accepted at every level; by filings."""
    from ortoo.domains.market import opening
    from ortoo.kernel.filings.draft import Draft
    from ortoo.kernel.filings.write import file_many
    from ortoo.kernel.forms.body import GridBody

    form, before = period.form, period.before
    opens, due = _hours(scene.pack, form, before)
    if not opening.respondents_of(form, before):
        return
    opening.open_period(form=form.code, period=before.code, now_ms=opens)
    owed = set(opening.respondents_of(form, before))
    drafts = []
    for firm, cells in true_cells(scene.world, form, before):
        if firm in owed and firm in scene.places:
            columns = {
                m.code: tuple(cells.get((item.code, m.code)) for item in form.leaves)
                for m in form.measures
            }
            drafts.append(
                Draft(
                    form.code, firm, f"account:c.{firm.lower()}", f"before:{form.code}:{firm}",
                    GridBody(columns), due - HOUR_MS, period=before.code, subject=firm,
                    place=scene.places[firm],
                )
            )  # fmt: skip
    filed: dict[str, int] = {}
    for at in range(0, len(drafts), BATCH):
        part = drafts[at : at + BATCH]
        receipts = file_many(part, now_ms=due - HOUR_MS)
        filed |= {draft.filer: r.seq for draft, r in zip(part, receipts, strict=True)}
    for level in range(max((len(scene.chains[firm]) for firm in filed), default=0)):
        accepts = _acceptances(scene, period, filed, (level, due + HOUR_MS))
        file_many(accepts, now_ms=due + (level + 1) * HOUR_MS)


def _acceptances(
    scene: Scene, period: Period, filed: Mapping[str, int], when: tuple[int, int]
) -> list[Any]:
    """审核通过 of everything at one level of review; `when`: (level, moment)."""
    from ortoo.kernel.filings.draft import Draft
    from ortoo.kernel.threads.periodic import office_thread

    (level, at_ms), code, before = when, period.form.code, period.before
    here = {f: c[level] for f in filed if len(c := scene.chains[f]) > level}
    accepts = []
    for office in sorted(set(here.values())):
        targets = [[firm, filed[firm]] for firm in sorted(here) if here[firm] == office]
        body = {
            "form": code,
            "period": before.code,
            "office": office,
            "targets": targets,
            "conclude": False,
            "note": "",
        }
        accepts.append(
            Draft(
                "K-ACCEPT",
                scene.agencies[office],
                f"account:r.{office}",
                f"before:{code}:{level}:{office}",
                body,
                at_ms,
                period=before.code,
                subject=office_thread(code, before.code, office),
                place=office,
            )
        )
    return accepts
