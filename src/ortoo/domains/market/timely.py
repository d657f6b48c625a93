"""What the system party files by the clock in market monitoring (Law 6): one place that knows all.

Every piece is idempotent: it files what is due and was not filed yet, so that it may be called at
any moment, twice, and by two processes.
"""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Callable, Iterable
from zoneinfo import ZoneInfo

from django.db import OperationalError

from ortoo.domains.market import escalation, monitored, opening, publication, reminders
from ortoo.kernel.filings.draft import Receipt
from ortoo.kernel.filings.projection import catch_up
from ortoo.kernel.filings.refusal import Refused
from ortoo.kernel.forms.periods import opens_at_ms, period_on
from ortoo.kernel.places.active import active_pack

HOURS = (dt.time(8, 5), dt.time(12, 5), dt.time(18, 5))
"""When a clock that jumps (the demonstration's) stops on the way, besides openings."""
DAY_MS = 86_400_000
log = logging.getLogger("ortoo.jobs")
Work = Callable[[int], Iterable[Receipt]]


def open_regular(now_ms: int) -> list[Receipt]:
    """Openings of every form by its own calendar."""
    return [
        receipt
        for form in monitored.codes()
        for receipt in opening.open_due_periods(form=form, now_ms=now_ms)
    ]


def remind(now_ms: int) -> list[Receipt]:
    """Reminders whose hour has come; what they file is told by their own page."""
    reminders.send_due(now_ms)
    return []


def works() -> tuple[Work, ...]:
    """In the order in which they build on one another."""
    from ortoo.domains.market.alerts import services as alerts
    from ortoo.domains.market.campaigns import opening as campaigns
    from ortoo.domains.market.editing import limits_filing
    from ortoo.domains.market.flash import services as flash

    return (
        open_regular,
        limits_filing.file_due,
        campaigns.open_due,
        flash.open_asked,
        escalation.file_due,
        remind,
        alerts.raise_due,
        publication.issue_due,
    )


def act(now_ms: int) -> list[Receipt]:
    """Everything that is due at `now_ms`; what fails is logged and done at the next call."""
    filed: list[Receipt] = []
    for work in works():
        try:
            filed += work(now_ms)
        except (Refused, OperationalError):
            log.exception("timely work failed; it is tried again")
    if filed:
        catch_up()
    return filed


def moments(after_ms: int, until_ms: int) -> list[int]:
    """Moments in (after, until] at which something may fall due, in order."""
    zone = active_pack().head.time_zone
    found = {until_ms}
    first = dt.datetime.fromtimestamp(after_ms / 1000, ZoneInfo(zone)).date()
    days = [first + dt.timedelta(days=n) for n in range((until_ms - after_ms) // DAY_MS + 2)]
    for day in days:
        for hour in HOURS:
            at = dt.datetime.combine(day, hour, tzinfo=ZoneInfo(zone))
            found.add(int(at.timestamp()) * 1000)
    for form in filter(monitored.opened_by_calendar, monitored.forms()):
        found |= {opens_at_ms(form, period_on(form, day), zone) for day in days}
    return sorted(at for at in found if after_ms < at <= until_ms)
