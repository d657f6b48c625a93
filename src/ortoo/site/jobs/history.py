"""The demonstration's history job: one period a step, its progress kept in the job table."""

from __future__ import annotations

import logging
import threading
import time

from django.conf import settings
from django.db import OperationalError

from ortoo.kernel.filings import clock
from ortoo.kernel.filings.refusal import Refused
from ortoo.kernel.forms.periods import Period
from ortoo.site.jobs.models import Job

NAME = "history"
log = logging.getLogger("ortoo.jobs")


class HistoryJob:
    """Files what is missing of the past, newest week first; nothing outside a demonstration."""

    def __init__(self, stop: threading.Event) -> None:
        self._stop = stop
        self._left: list[Period] | None = None

    def step(self) -> bool:
        """File one period; False when there is nothing to do now."""
        job = Job.objects.filter(name=NAME).first() if settings.DEMO else None
        if job is None or job.state in ("done", "failed"):
            return False
        if job.held:
            Job.objects.filter(name=NAME).update(state="held")
            return False
        try:
            return self._file_next(job)
        except OperationalError:
            log.exception("the database was busy; this week is tried again")
            return False
        except (Refused, ValueError, LookupError) as error:
            log.exception("the history job has stopped")
            Job.objects.filter(name=NAME).update(state="failed", error=str(error)[:400])
            return False

    def _file_next(self, job: Job) -> bool:
        from ortoo.site.operations import demonstration, history

        cast = demonstration.cast()
        code = cast.region.form.code
        if self._left is None:
            whole = history.periods_before(cast, demonstration.first_period(cast))
            self._left = [p for p in whole if not history.is_filed(code, p)]
            Job.objects.filter(name=NAME).update(total=len(whole))
            job.total = len(whole)
        if not self._left:
            Job.objects.filter(name=NAME).update(state="done", done=job.total, note="")
            return False
        period = self._left[0]
        past = history.Past(now_ms=clock.now_ms, stopped=self._told_to_stop)
        if history.file_period(cast, period, past):
            self._left.pop(0)
            history.issue_after(cast, period, past, oldest=not self._left)
        Job.objects.filter(name=NAME).update(
            state="running",
            done=job.total - len(self._left),
            note=period.label_zh,
            started_at=job.started_at or time.time_ns() // 1_000_000,
            seen_at=time.time_ns() // 1_000_000,
        )
        return not self._stop.is_set()

    def _told_to_stop(self) -> bool:
        return self._stop.is_set()
