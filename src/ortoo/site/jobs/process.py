"""The background process: the periodic rounds, and in a demonstration the filing of history.

    python -m ortoo.site.jobs.process

It ends on SIGTERM or SIGINT between two small batches; what it left half-done it takes up again.
"""

from __future__ import annotations

import os
import signal
import threading
import time

import django

PAUSE_S = 5.0


def main() -> int:
    """Run until told to stop."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ortoo.site.settings")
    django.setup()
    from ortoo.site import demo_clock
    from ortoo.site.jobs.forecasts import ForecastJob
    from ortoo.site.jobs.history import HistoryJob
    from ortoo.site.jobs.periodic import Rounds

    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    demo_clock.plug_in()
    # People at the pages come first.
    os.nice(10)
    parent = os.getppid()
    rounds, history, forecasts = Rounds(), HistoryJob(stop), ForecastJob()
    while not stop.is_set() and os.getppid() == parent:
        rounds.turn(time.time_ns() // 1_000_000)
        forecasts.step(time.time_ns() // 1_000_000)
        if not history.step():
            stop.wait(PAUSE_S)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
