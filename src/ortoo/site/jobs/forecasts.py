"""The forecast job: runs that are owed, in a process of their own so that the clock never waits.

    python -m ortoo.site.jobs.forecast_process

The background process asks once a minute whether a run is owed and starts this module when one is;
its progress is in the job table. It ends when it is done, when it is held, or with its parent; what
it had reached is kept beside the data and taken up again.
"""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import time

from django.conf import settings
from django.db import OperationalError

from ortoo.kernel.filings import clock
from ortoo.kernel.filings.refusal import Refused
from ortoo.site.jobs.models import Job

NAME = "forecasts"
TITLE = "预测：审核期结束的报告期"
LOOK_MS = 60_000
DEMO_FORM, DEMO_BACKS = "SCJC-W1", (4, 8)
"""A demonstration also makes up the runs of so many weeks ago, marked 补算, to judge itself by."""
ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
"""Small matrices: more threads wait for one another and leave nothing to the pages."""
log = logging.getLogger("ortoo.jobs")


class ForecastJob:
    """Starts the work and watches it; every call returns at once."""

    def __init__(self) -> None:
        self._looked_ms = 0
        self._child: subprocess.Popen[bytes] | None = None

    def step(self, machine_ms: int) -> None:
        """Once a minute: start a run that is owed, unless one is being made or the job is held."""
        if self._child is not None:
            if self._child.poll() is None:
                return
            self._child = None
        if machine_ms - self._looked_ms < LOOK_MS:
            return
        self._looked_ms = machine_ms
        try:
            if self._is_owed():
                command = [sys.executable, "-m", "ortoo.site.jobs.forecast_process"]
                self._child = subprocess.Popen(command, env={**os.environ, **ONE_THREAD})
        except (OperationalError, OSError):
            log.exception("forecasts could not be begun; they are tried again")

    @staticmethod
    def _is_owed() -> bool:
        from ortoo.domains.market.forecasts import services
        from ortoo.domains.market.warnings import services as warnings

        job = Job.objects.filter(name=NAME).first()
        if job is not None and (job.held or job.state == "failed"):
            return False
        owed = bool(services.due(clock.now_ms())) or bool(warnings.due())
        return owed or bool(_missing())


def _missing() -> list[str]:
    """Past runs that a demonstration still wants."""
    from ortoo.domains.market.forecasts import services

    if not settings.DEMO:
        return []
    return services.missing(form=DEMO_FORM, backs=DEMO_BACKS, now_ms=clock.now_ms())


def work() -> None:
    """Every run that is owed, its progress kept in the job table."""
    from ortoo.domains.market.forecasts import services
    from ortoo.domains.market.warnings import services as warnings
    from ortoo.kernel.filings.projection import catch_up

    parent, began = os.getppid(), time.time_ns() // 1_000_000
    Job.objects.update_or_create(
        name=NAME,
        defaults={"title": TITLE, "state": "running", "done": 0, "total": 1, "started_at": began,
                  "seen_at": began, "error": "", "note": ""},
    )  # fmt: skip

    def say(done: int, total: int, note: str) -> None:
        seen = time.time_ns() // 1_000_000
        Job.objects.filter(name=NAME).update(done=done, total=total, note=note, seen_at=seen)

    def stopped() -> bool:
        return os.getppid() != parent or Job.objects.filter(name=NAME, held=True).exists()

    asked = services.Work(stopped, say)
    try:
        if warnings.run_due(clock.now_ms()):
            catch_up()
        services.run_due(clock.now_ms(), asked)
        if _missing():
            services.backfill(form=DEMO_FORM, backs=DEMO_BACKS, now_ms=clock.now_ms(), work=asked)
    except (Refused, ValueError, LookupError) as error:
        log.exception("the forecast job has stopped")
        Job.objects.filter(name=NAME).update(state="failed", error=str(error)[:400])
        return
    held = Job.objects.filter(name=NAME, held=True).exists()
    Job.objects.filter(name=NAME).update(state="held" if held else "done", note="")
