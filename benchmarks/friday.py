"""A Friday of the region, from the opening of the periods to the bulletin's figures.

Three overlapping lists of firms (230 of the weekly sample, 128 supply guarantors, 388 backbone
firms) file the week, the emergency goods and the month of the key retailers, on a Friday on which
all three are open. Everything goes through the site's own handlers: pages, checks, 代录, questions,
reminders, acceptance. `--size SAMPLE` is the number of sample seats; the other lists scale with it.
"""

from __future__ import annotations

import time
from collections import Counter
from pathlib import Path
from typing import Any

from benchmarks.friday_day.audit import audit
from benchmarks.friday_day.browser import Clock, Tape
from benchmarks.friday_day.day import Day
from benchmarks.friday_day.firms import Counts, Town
from benchmarks.friday_day.scene import Scene, prepare
from benchmarks.harness import Meter, progress
from benchmarks.installation import installation

QUICK = 24
NOTES = [
    "requests go through the site's middleware, tokens and handlers in this process (no socket), "
    "from four threads; CPU of a role is the answering thread's, templates and database included",
    "the Friday is 3 July 2026 by the simulated clock; by the forms' own calendars the weekly "
    "return is due on Monday, its review ends 30 hours later, publication follows the embargo: "
    "`stood` says when what stood",
    "on-time firms all sit on the Friday, whatever minute the simulated region gave them; late "
    "ones file at their own minute; a clerk heeds half of the rules' doubts that point at a slip",
]


def run(*, size: str | None, quick: bool, data: Path | None, database: str) -> dict[str, object]:
    """The keys of the bench: what was filed, asked, passed, and whether the books are straight."""
    from benchmarks.friday_day.reading import neighbours, read_bulletin

    sample = int(size) if size else QUICK if quick else None
    with installation(database) as home:
        from ortoo.kernel.filings import clock as kernel_clock

        parts = _Parts(home.servers)
        scene = parts.measure("seed", lambda: prepare(sample))
        clock = Clock(scene.ms(1, 8))
        town = Town(Tape(), clock, Counts(), _accounts())
        kernel_clock.use(clock)
        try:
            day = Day(scene, town)
            for name, step in (("opening", day.open), ("friday", day.friday), ("after", day.after)):
                parts.measure(name, step)
            bulletin = parts.measure("reading", lambda: read_bulletin(day))
            tried = parts.measure("neighbours", lambda: neighbours(day))
            checked = parts.measure("audit", lambda: audit(day)) | _clockwork()
        finally:
            kernel_clock.use(None)
    return {
        "size": _lists(scene),
        "database": database,
        **_filed(day),
        **_asked(day),
        **_offices(day),
        "requests": sum(town.tape.requests.values()),
        "statuses": dict(sorted(town.tape.statuses.items())),
        "errors_5xx": sum(n for status, n in town.tape.statuses.items() if status >= 500),
        "errors": len(town.tape.errors),
        "error_samples": town.tape.errors[:8],
        "p95_ms": _slowest(town.tape),
        "cpu_s": parts.found,
        "cpu_s_by_role": {k: round(v / 1000, 1) for k, v in town.tape.cpu_ms.items()},
        **bulletin,
        **tried,
        **checked,
        "notes": NOTES,
    }


class _Parts:
    """Processor seconds of each part of the bench, the database server's among them."""

    def __init__(self, servers: frozenset[int]) -> None:
        self.servers, self.found = servers, {}  # type: ignore[var-annotated]

    def measure(self, name: str, act: Any) -> Any:
        began = time.perf_counter()
        with Meter(self.servers) as used:
            found = act()
        self.found[name] = round(used.cpu.total, 1)
        progress(f"{name}: {used.cpu.total:.1f} CPU s, {time.perf_counter() - began:.1f} s")
        return found


def _accounts() -> dict[str, Any]:
    from ortoo.kernel.grants.models import Account

    return {account.login: account for account in Account.objects.all()}


def _lists(scene: Scene) -> str:
    return "+".join(str(len(firms)) for firms in scene.lists.values())


def _filed(day: Day) -> dict[str, object]:
    counts, scene = day.town.counts, day.scene
    everybody = {firm for firms in scene.lists.values() for firm in firms}
    asked, confirmed = sum(counts.asked.values()), sum(counts.confirmed.values())
    return {
        "firms": len(everybody),
        "lists": {name: len(firms) for name, firms in scene.lists.items()},
        "on_two_lists": sum(
            sum(firm in firms for firms in scene.lists.values()) > 1 for firm in everybody
        ),
        "units": len(scene.units),
        "banner_offices": len(day.banners),
        "filings": dict(sorted(counts.filings.items())),
        "ways": dict(counts.ways),
        "late": dict(Counter(s.form for s in day.bureau.sheets.values() if s.late and s.filed)),
        "refused": dict(counts.refused.most_common()),
        "warned": dict(counts.warned.most_common()),
        "stuck": counts.stuck[:5],
        "cells_asked": dict(counts.asked),
        "cells_known": dict(counts.known),
        "cells_confirmed": dict(counts.confirmed),
        "once_only": round(confirmed / asked, 4) if asked else None,
        "once_only_by_form": {
            form: round(counts.confirmed[form] / n, 4) for form, n in counts.asked.items() if n
        },
    }


def _asked(day: Day) -> dict[str, object]:
    """Planted slips by kind: how each was met, and how many the system pointed at."""
    kinds: dict[str, Counter[str]] = {}
    for sheet in day.bureau.sheets.values():
        for slip in sheet.mistakes:
            if not sheet.filed:
                continue
            fate = "left" if slip.stands else slip.fate
            found = kinds.setdefault(slip.kind, Counter())
            found["planted"] += 1
            found[fate] += 1
            found["flagged"] += slip.flagged
            found["questioned"] += slip.asked
    whole = sum(kinds.values(), Counter())
    return {
        "slips": {kind: dict(found) for kind, found in sorted(kinds.items())},
        "slips_planted": whole["planted"],
        "slips_found": whole["planted"] - whole["left"],
        "slips_missed": whole["left"],
        "questions": dict(day.bureau.done.questions),
        "answers": dict(day.town.counts.answers),
    }


def _offices(day: Day) -> dict[str, object]:
    done, diary = day.bureau.done, day.diary
    return {
        "looks": done.looks,
        "queued_cells": done.queued,
        "sent_back": done.sent_back,
        "accepted": done.accepted,
        "stale": dict(done.stale),
        "concluded": done.concluded,
        "reminded_by_offices": done.reminded,
        "waived": len(done.waived),
        "calls": done.calls,
        "assisted_confirmed": done.confirmed,
        "races": dict(done.races),
        "opened": diary.opened,
        "friday_evening": diary.friday_evening,
        "issues": [list(one) for one in diary.issues],
        "stood": diary.stood,
    }


def _clockwork() -> dict[str, object]:
    """What the system party filed by the clock, and what became of the messages, by state."""
    from django.db import connection

    from ortoo.domains.market.duty_models import Message

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT form, COUNT(*) FROM kernel_filing WHERE mode='system'"
            " AND form LIKE 'K-%%' GROUP BY form ORDER BY form",
            [],
        )
        filed = {str(form): int(count) for form, count in cursor.fetchall()}
    states = Message.objects.values_list("channel", "state")
    return {
        "system_filed": filed,
        "messages": {" ".join(kind): n for kind, n in sorted(Counter(states).items())},
    }


def _slowest(tape: Tape) -> dict[str, float]:
    """95th percentile of the thread's processor time by kind of request."""
    return {
        kind: round(sorted(took)[(len(took) - 1) * 95 // 100], 1)
        for kind, took in sorted(tape.took_ms.items())
    }
