"""What an installation does by the clock: openings, checkpoints, roots of the access log."""

from __future__ import annotations

import logging
from dataclasses import dataclass

from django.conf import settings
from django.db import OperationalError

from ortoo.domains.market import services
from ortoo.kernel.filings import clock
from ortoo.kernel.filings.checkpointing import last_checkpoint
from ortoo.kernel.filings.projection import catch_up
from ortoo.kernel.filings.read import tail
from ortoo.kernel.filings.refusal import Refused
from ortoo.kernel.grants import access
from ortoo.kernel.seal.log import LogError, checkpoint
from ortoo.site import demo_clock
from ortoo.site.accounts import throttle

FORMS = ("SCJC-W1",)
CHECKPOINT_FILINGS = 1000
CHECKPOINT_MS = 60_000
DAILY_MS = 15 * 60_000
log = logging.getLogger("ortoo.jobs")


@dataclass
class Rounds:
    """When each round was last made, in milliseconds of the machine's clock."""

    sealed_ms: int = 0
    daily_ms: int = 0

    def turn(self, machine_ms: int) -> None:
        """One turn; what fails is logged and tried again at the next one."""
        _guarded(_open_periods)
        _guarded(lambda: self._seal(machine_ms))
        if machine_ms - self.daily_ms >= DAILY_MS:
            self.daily_ms = machine_ms
            _guarded(lambda: access.file_finished_days(now_ms=clock.now_ms()))
            _guarded(lambda: throttle.forget_old(now_ms=machine_ms))
        if settings.DEMO:
            _guarded(demo_clock.remember)

    def _seal(self, machine_ms: int) -> None:
        size, last = tail(), last_checkpoint()
        new = size - (last.size if last else 0)
        if new >= CHECKPOINT_FILINGS or (new and machine_ms - self.sealed_ms >= CHECKPOINT_MS):
            checkpoint(now_ms=clock.now_ms())
            self.sealed_ms = machine_ms


def _open_periods() -> None:
    for form in FORMS:
        if services.open_due_periods(form=form, now_ms=clock.now_ms()):
            catch_up()


def _guarded(work: object) -> None:
    try:
        work()  # type: ignore[operator]
    except (Refused, LogError, OperationalError, OSError):
        log.exception("periodic work failed; it is tried again")
