"""Which periods of which forms a demonstration plays, and the stories that run through them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial

from ortoo.domains.market import monitored, publication, services
from ortoo.domains.market.devices import digest
from ortoo.domains.market.duty_models import DeviceUse
from ortoo.kernel.filings.projection import catch_up
from ortoo.kernel.forms.definition import Form
from ortoo.kernel.forms.periods import Period, opens_at_ms, period_on, previous_on
from ortoo.site.operations import stories
from ortoo.site.operations.cast import Cast
from ortoo.site.operations.season import KEPT_OPEN_WEEKS, Part, Season
from ortoo.site.operations.timeline import HOUR_MS, MINUTE_MS, Timeline

PERIODS: Mapping[str, tuple[int, int]] = {
    "SCJC-W2": (6, 3), "SCSC-X1": (4, 2), "EMG-STOCK": (2, 1), "LTQY-M1": (2, 1),
    "JYSC-M1": (2, 1),
}  # fmt: skip
"""Form → how many of its newest periods are played: in the whole demonstration, in the small."""
SUPPLEMENTS = (4, 2)
PARTS_MS = 2 * HOUR_MS


@dataclass(frozen=True, slots=True)
class Setting:
    """What is played: the weekly periods, oldest first, up to the reader's morning."""

    cast: Cast
    weeks: tuple[Period, ...]
    now_ms: int
    small: bool

    @property
    def zone(self) -> str:
        return self.cast.pack.head.time_zone

    @property
    def today(self) -> dt.date:
        return stories.day_of(self.now_ms, self.zone)


def further(setting: Setting) -> Iterator[tuple[Form, Period]]:
    """The periods of the other forms, each form's oldest first, those that have begun."""
    for form in monitored.forms():
        many = SUPPLEMENTS if form.supplements else PERIODS.get(form.code)
        if many is None:
            continue
        period: Period | None = period_on(form, setting.today)
        found: list[Period] = []
        while period is not None and len(found) < many[setting.small]:
            if opens_at_ms(form, period, setting.zone) <= setting.now_ms:
                found.append(period)
            period = previous_on(form, period)
        yield from ((form, one) for one in reversed(found))


def began_ms(setting: Setting) -> int:
    """The moment before everything: parties, lists and accounts are filed."""
    form = setting.cast.region.form
    opened = [opens_at_ms(form, setting.weeks[0], setting.zone)]
    opened += [opens_at_ms(f, period, setting.zone) for f, period in further(setting)]
    return min(opened) - 24 * HOUR_MS


def play(setting: Setting) -> Season:
    """File everything from the registration to the morning."""
    season = Season(setting.cast, Timeline(setting.now_ms))
    plot = stories.Plot(season, setting.weeks, setting.now_ms)
    for part in _parts(setting, plot):
        season.plan(part)
        ends = publication.published_at(part.form, part.period)
        season.timeline.call(ends + MINUTE_MS, _issue)
    plot.tell(began_ms(setting) + PARTS_MS)
    season.timeline.call(setting.now_ms - 20 * MINUTE_MS, _issue)
    archive_old(season, setting)
    season.timeline.run()
    keep_devices(season)
    return season


def _parts(setting: Setting, plot: stories.Plot) -> Iterator[Part]:
    cast, newest = setting.cast, setting.weeks[-1]
    form = cast.region.form
    for week in setting.weeks:
        simulated = partial(cast.region.week, week)
        part = Part(form, week, simulated, changed=plot.changes.get(week.code))
        if week == newest:
            part = replace(part, held=plot.held, early=plot.early, asked=plot.asked)
        yield part
    plays = {}
    for other, period in further(setting):
        if other.code not in plays:
            plays[other.code] = cast.region.other(other)
        found = plays[other.code]
        if found is not None:
            # A supplement is filed on the same page as the weekly return it stands beside.
            with_weekly = other.supplements == form.code and period.code == newest.code
            yield Part(
                other, period, partial(found.week, period), held=plot.held_in(other, period),
                early=plot.early if with_weekly else {},
            )  # fmt: skip


def archive_old(season: Season, setting: Setting) -> None:
    """Weeks that a bureau would have archived by then, an hour before the next one opens."""
    form = setting.cast.region.form
    for old, week in zip(setting.weeks, setting.weeks[KEPT_OPEN_WEEKS:], strict=False):
        at_ms = opens_at_ms(form, week, setting.zone) - HOUR_MS
        season.timeline.call(at_ms, partial(_archive, form.code, old.code))


def _archive(form: str, period: str, at_ms: int) -> None:
    services.archive(form=form, period=period, now_ms=at_ms)


def _issue(at_ms: int) -> None:
    catch_up()
    publication.issue_due(at_ms)


def keep_devices(season: Season) -> None:
    """From which device each return came: digests of the simulated devices' names."""
    DeviceUse.objects.bulk_create(
        [
            DeviceUse(
                seq=use.seq, form=week.form, period=week.period.code, party=use.party,
                network=digest("network", use.device), device=digest("device", use.device),
                declared=use.assisted, at=use.at_ms,
            )
            for week in season.weeks.values()
            for use in week.uses
        ],
        ignore_conflicts=True,
    )  # fmt: skip
