"""A season of weeks as it happens: openings, returns, corrections, questions, reviews.

Each week is a list of acts in the order of their simulated moments. What an act says depends on
what stands by then (a correction names the return it replaces), so acts are taken in small batches
of neighbouring moments, and a batch ends before an act that speaks of one inside it.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial

from django.db import transaction

from ortoo.domains.market import services
from ortoo.domains.market.world import Doubt, SimulatedWeek
from ortoo.kernel.filings.draft import Draft
from ortoo.kernel.filings.write import file_many
from ortoo.kernel.forms.periods import Period, opens_at_ms
from ortoo.site.operations.cast import Cast
from ortoo.site.operations.week import Note, Week

MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS
BATCH_MS = 20 * MINUTE_MS
KEPT_OPEN_WEEKS = 8
"""Older weeks are archived, as a bureau does."""


@dataclass(frozen=True, slots=True)
class Act:
    """Something somebody does at a moment; `about` is the firm it speaks of, "" for many."""

    at_ms: int
    about: str
    drafts: Callable[[int], Iterable[tuple[Draft, Note]]]


def play(cast: Cast, period: Period, *, until_ms: int, newest: bool = False) -> SimulatedWeek:
    """File one week up to a moment; `newest` adds the stories of the demonstration's morning.

    The week stands or falls as a whole: one transaction.
    """
    simulated = cast.region.week(period)
    form, zone = cast.region.form, cast.pack.head.time_zone
    opened = min(opens_at_ms(form, period, zone), until_ms)
    chains = {
        firm.code: [
            place
            for place in services.reviewing_chain(cast.pack, firm.place, period.end)
            if place in cast.agencies
        ]
        for firm in simulated.firms
    }
    week = Week(cast, simulated, chains, random.Random(f"{cast.region.world.ground.seed}{period}"))
    acts = list(_acts(week, until_ms if newest else None))
    with transaction.atomic():
        services.open_period(form=form.code, period=period.code, now_ms=opened)
        _take(acts, opened, until_ms)
    return simulated


def _take(acts: list[Act], opened_ms: int, until_ms: int) -> None:
    waiting: list[tuple[Draft, Note]] = []
    about: set[str] = set()
    began = last = 0

    def flush() -> None:
        if waiting:
            drafts = [draft for draft, _ in waiting]
            for (_, note), receipt in zip(waiting, file_many(drafts, now_ms=last), strict=True):
                note(receipt)
        waiting.clear()
        about.clear()

    for act in sorted(acts, key=lambda act: act.at_ms):
        at_ms = max(act.at_ms, opened_ms + MINUTE_MS)
        if at_ms > until_ms:
            break
        if at_ms // BATCH_MS != began or not act.about or act.about in about:
            flush()
            began = at_ms // BATCH_MS
        waiting += act.drafts(at_ms)
        last = at_ms
        about.add(act.about)
        if not act.about:
            flush()
    flush()


def _acts(week: Week, morning_ms: int | None) -> Iterator[Act]:
    """Everything that may happen in a week; `morning_ms` for the one the reader sees."""
    stories = week.cast.stories if morning_ms is not None else {}
    held, asked = stories.get("unfiled"), stories.get("queried")
    for filed in week.simulated.returns:
        code, at_ms = filed.firm.code, filed.at_ms
        if code == held:
            continue
        if code == asked and morning_ms is not None:
            at_ms = min(at_ms, morning_ms - 2 * HOUR_MS)
        yield Act(at_ms, code, partial(week.files, filed))
    if asked and morning_ms is not None:
        yield Act(morning_ms - 35 * MINUTE_MS, asked, partial(week.asks, asked, None))
    yield from _follow_ups(week)
    yield from _reviews(week, busy=stories.get("unfiled", ""))


def _follow_ups(week: Week) -> Iterator[Act]:
    """Corrections, and questions about what the rules made doubtful."""
    rng, due = week.rng, week.simulated.due_ms
    doubts: dict[str, Doubt] = {}
    for doubt in week.simulated.doubts:
        doubts.setdefault(doubt.firm, doubt)
    filed = {found.firm.code: found.at_ms for found in week.simulated.returns}
    mended = set()
    for mending in week.simulated.mendings:
        code, at_ms = mending.firm, mending.at_ms
        mended.add(code)
        reason = "发现录入有误，自查更正"
        if mending.asked:
            reason = "按核实意见更正"
            ask_ms = max(filed[code] + MINUTE_MS, at_ms - rng.randint(40, 110) * MINUTE_MS)
            yield Act(ask_ms, code, partial(week.asks, code, doubts.get(code)))
            at_ms = max(at_ms, ask_ms + 10 * MINUTE_MS)
        yield Act(at_ms, code, partial(week.corrects, code, mending.grid, reason))
    slid = {
        str(cell["firm"])
        for cell in week.simulated.truth
        if cell["kind"] in ("row_shift", "copied_last_week")
    } - mended
    for code in sorted(slid & filed.keys()):
        back_ms = max(filed[code], due) + rng.randint(60, 100) * MINUTE_MS
        if rng.random() < 0.5:
            yield Act(back_ms, code, partial(week.sends_back, code))
            if rng.random() < 0.8:
                yield Act(back_ms + 3 * HOUR_MS, code, partial(_again, week, code))
    for code, doubt in sorted(doubts.items()):
        if code in mended or code in slid or rng.random() > 0.7:
            continue
        ask_ms = max(filed[code] + 20 * MINUTE_MS, due + rng.randint(30, 110) * MINUTE_MS)
        yield Act(ask_ms, code, partial(week.asks, code, doubt))
        if rng.random() < 0.7:
            answer_ms = ask_ms + rng.randint(30, 220) * MINUTE_MS
            yield Act(answer_ms, code, partial(week.answers, code))
    yield from _curious(week, mended | slid | doubts.keys() | set(week.cast.stories.values()))


def _curious(week: Week, quiet: set[str]) -> Iterator[Act]:
    """Questions about plain large moves, most of them answered."""
    rng, due = week.rng, week.simulated.due_ms
    moved = [
        found
        for found in week.simulated.returns
        if found.firm.code not in quiet and any(key.startswith("R3:") for key in found.grid.marks)
    ]
    for found in rng.sample(moved, min(len(moved), max(1, len(moved) // 12))):
        code = found.firm.code
        ask_ms = max(found.at_ms, due - 24 * HOUR_MS) + rng.randint(15, 120) * MINUTE_MS
        yield Act(ask_ms, code, partial(week.asks, code, None))
        if rng.random() < 0.9:
            answer_ms = ask_ms + rng.randint(20, 230) * MINUTE_MS
            yield Act(answer_ms, code, partial(week.answers, code))


def _again(week: Week, code: str, at_ms: int) -> Iterator[tuple[Draft, Note]]:
    if code in week.sent_back:
        yield from week.corrects(code, week.grids[code], "已逐行核对，与实际一致，重新报送", at_ms)


def _reviews(week: Week, busy: str) -> Iterator[Act]:
    """When each office looks: some early, most after the deadline, all by the review's end."""
    due = week.simulated.due_ms
    first = sorted({chain[0] for chain in week.chains.values()})
    upper = sorted({office for chain in week.chains.values() for office in chain[1:]})
    waiting = week.chains[busy][0] if busy else ""
    early = [o for o in first if week.rng.random() < 0.3 and o != waiting]
    rounds: list[tuple[int, list[str], bool]] = [(due - 140 * MINUTE_MS, early, False)]
    for group in range(4):
        rounds.append((due + (130 + 45 * group) * MINUTE_MS, first[group::4], False))
        rounds.append((due + (21 * 60 + 25 * group) * MINUTE_MS, first[group::4], True))
        rounds.append((due + (26 * 60 + 40 * group) * MINUTE_MS, upper[group::4], True))
    rounds.append((due + 48 * HOUR_MS, first, False))
    rounds.append((due + 50 * HOUR_MS, upper, False))
    for at_ms, offices, conclude in rounds:
        yield Act(at_ms, "", partial(week.accepts, tuple(offices), conclude=conclude))
