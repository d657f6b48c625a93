"""What an installation does by the clock: openings, checkpoints, roots of the access log."""

from __future__ import annotations

import datetime as dt
import logging
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import OperationalError, connection

from ortoo.domains.market import devices, timely
from ortoo.domains.market.lake import freeze_archived
from ortoo.kernel.filings import clock, partitions
from ortoo.kernel.filings.checkpointing import last_checkpoint
from ortoo.kernel.filings.read import tail
from ortoo.kernel.filings.refusal import Refused
from ortoo.kernel.grants import access
from ortoo.kernel.places.active import active_pack
from ortoo.kernel.seal import persons
from ortoo.kernel.seal.log import LogError, checkpoint
from ortoo.kernel.threads import due, packs_known, recalls
from ortoo.site import demo_clock
from ortoo.site.accounts import throttle

CHECKPOINT_FILINGS = 1000
CHECKPOINT_MS = 60_000
DAILY_MS = 15 * 60_000
TIMELY_MS = 60_000
log = logging.getLogger("ortoo.jobs")


@dataclass
class Rounds:
    """When each round was last made, in milliseconds of the machine's clock."""

    sealed_ms: int = 0
    daily_ms: int = 0
    timely_ms: int = 0

    def turn(self, machine_ms: int) -> None:
        """One turn; what fails is logged and tried again at the next one."""
        if machine_ms - self.timely_ms >= TIMELY_MS:
            self.timely_ms = machine_ms
            _guarded(lambda: timely.act(clock.now_ms()))
        _guarded(_adopt)
        _guarded(lambda: due.file_due(clock.now_ms()))
        _guarded(lambda: recalls.file_recalled(clock.now_ms()))
        _guarded(lambda: self._seal(machine_ms))
        if machine_ms - self.daily_ms >= DAILY_MS:
            self.daily_ms = machine_ms
            _guarded(lambda: devices.forget_old(clock.now_ms()))
            _guarded(lambda: access.file_finished_days(now_ms=clock.now_ms()))
            _guarded(lambda: throttle.forget_old(now_ms=machine_ms))
            _guarded(_cut_partition)
            _guarded(_freeze)
            _guarded(lambda: persons.finish_rotations(now_ms=clock.now_ms()))
        if settings.DEMO:
            _guarded(demo_clock.remember)

    def _seal(self, machine_ms: int) -> None:
        size, last = tail(), last_checkpoint()
        new = size - (last.size if last else 0)
        if new >= CHECKPOINT_FILINGS or (new and machine_ms - self.sealed_ms >= CHECKPOINT_MS):
            checkpoint(now_ms=clock.now_ms())
            self.sealed_ms = machine_ms


def _adopt() -> None:
    """Versions whose day has come are in force from now on in this process."""
    zone = ZoneInfo(active_pack().head.time_zone)
    packs_known.adopt(dt.datetime.fromtimestamp(clock.now_ms() / 1000, zone).date())


def _freeze() -> None:
    """Archived periods go to the lake as Parquet; what it holds already is left alone."""
    freeze_archived()


def _cut_partition() -> None:
    """PostgreSQL: the calendar period that has begun gets a partition of its own."""
    if connection.vendor == "postgresql":
        period = partitions.due(clock.now_ms())
        if period is not None:
            partitions.cut(period, now_ms=clock.now_ms())


def _guarded(work: object) -> None:
    try:
        work()  # type: ignore[operator]
    except (Refused, LogError, OperationalError, OSError):
        log.exception("periodic work failed; it is tried again")
