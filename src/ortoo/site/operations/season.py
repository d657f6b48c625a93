"""A season as it happens: openings, returns, corrections, questions, reviews of every form.

Each period is opened at its hour with the respondents of that moment; from then on its people act
at their simulated moments until the morning on which the reader arrives.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial

from ortoo.domains.market import opening, services
from ortoo.domains.market.world import Doubt, SimulatedWeek
from ortoo.kernel.filings import read
from ortoo.kernel.filings.draft import Draft
from ortoo.kernel.forms.definition import Form
from ortoo.kernel.forms.periods import Period, opens_at_ms
from ortoo.site.operations.cast import Cast
from ortoo.site.operations.timeline import HOUR_MS, MINUTE_MS, Note, Timeline
from ortoo.site.operations.week import Week

KEPT_OPEN_WEEKS = 8
"""Older weeks are archived, as a bureau does."""
USUAL_REVIEW_HOURS = 30


@dataclass(frozen=True)
class Part:
    """One period of one form and what the stories want of it.

    `held` firms say nothing of their own; `early` firms have filed by that moment; `asked` gets a
    question on the morning; `opens` files the opening where it is not the form's own calendar;
    `changed` makes another return of a simulated one.
    """

    form: Form
    period: Period
    simulated: Callable[[], SimulatedWeek]
    held: frozenset[str] = frozenset()
    early: Mapping[str, int] = field(default_factory=dict)
    asked: Mapping[str, int] = field(default_factory=dict)
    opens: Callable[[int], object] | None = None
    opens_ms: int | None = None
    changed: Callable[[SimulatedWeek], SimulatedWeek] | None = None


@dataclass
class Season:
    """Everything played so far, by (form, period)."""

    cast: Cast
    timeline: Timeline
    weeks: dict[tuple[str, str], Week] = field(default_factory=dict)

    def plan(self, part: Part) -> None:
        """Have a period opened at its hour and played from then on."""
        zone = self.cast.pack.head.time_zone
        at_ms = part.opens_ms or opens_at_ms(part.form, part.period, zone)
        self.timeline.call(at_ms, partial(self._open, part))

    def _open(self, part: Part, at_ms: int) -> None:
        form, period = part.form.code, part.period.code
        if part.opens is not None:
            part.opens(at_ms)
        elif not opening.respondents_of(part.form, part.period):
            return
        else:
            services.open_period(form=form, period=period, now_ms=at_ms)
        rows = read.rows("form='K-OPEN' AND period=%s AND key LIKE %s", [period, f"open:{form}:%"])
        owed = [row for filed in rows for row in json.loads(filed.body)["respondents"]]
        if not owed:
            return
        week = self._week(part, owed)
        self.weeks[form, period] = week
        for at, about, drafts in _acts(week, part):
            key = f"{form}|{about}" if about else ""
            self.timeline.add(max(at, at_ms + MINUTE_MS), key, drafts)

    def _week(self, part: Part, owed: list[list[object]]) -> Week:
        simulated = part.simulated()
        if part.changed is not None:
            simulated = part.changed(simulated)
        places = {str(code): str(place) for code, place, _ in owed}
        chains = {str(code): list(chain) for code, _, chain in owed}  # type: ignore[call-overload]
        if part.form.code == self.cast.region.form.code:
            simulated = _with_joining(self.cast, simulated, chains)
        seed = f"{self.cast.region.world.ground.seed}{part.period}"
        if part.form.code != self.cast.region.form.code:
            seed += part.form.code
        return Week(self.cast, simulated, chains, random.Random(seed), places)


def play_week(cast: Cast, period: Period, *, until_ms: int) -> SimulatedWeek:
    """One week of the weekly return by itself, up to a moment, without stories."""
    timeline = Timeline(until_ms)
    season = Season(cast, timeline)
    simulated = cast.region.week(period)
    season.plan(Part(cast.region.form, period, lambda: simulated))
    timeline.run()
    return simulated


def _with_joining(
    cast: Cast, simulated: SimulatedWeek, chains: Mapping[str, list[str]]
) -> SimulatedWeek:
    """With the returns of shops that a decision took into the sample."""
    strangers = set(chains) - {firm.code for firm in simulated.firms}
    joined = cast.region.joining(simulated.period, strangers)
    if not joined:
        return simulated
    more = tuple(joined.values())
    return replace(
        simulated,
        firms=(*simulated.firms, *(one.firm for one in more)),
        returns=(*simulated.returns, *more),
    )


Planned = tuple[int, str, Callable[[int], Iterator[tuple[Draft, Note]]]]


def _acts(week: Week, part: Part) -> Iterator[Planned]:
    """Everything that may happen in a period."""
    for filed in week.simulated.returns:
        code, at_ms = filed.firm.code, filed.at_ms
        if code in part.held or code not in week.chains:
            continue
        yield min(at_ms, part.early.get(code, at_ms)), code, partial(week.files, filed)
        if filed.assisted and week.rng.random() < 0.7:
            later = at_ms + week.rng.randint(60, 26 * 60) * MINUTE_MS
            yield later, code, partial(week.confirms, code)
    for code, at_ms in part.asked.items():
        yield at_ms, code, partial(week.asks, code, None)
    yield from _follow_ups(week, part)
    yield from _reminders(week, part)
    yield from _reviews(week, part)


def _reminders(week: Week, part: Part) -> Iterator[Planned]:
    """催报 before and after the deadline, calls to the silent, and a waiver now and then."""
    rng, due = week.rng, week.simulated.due_ms
    first = sorted({chain[0] for chain in week.chains.values() if chain})
    busy = {week.chains[code][0] for code in part.held if code in week.chains}
    for office in first:
        if rng.random() < 0.5 and office not in busy:
            yield due - 25 * MINUTE_MS, "", partial(week.chases, office)
        if rng.random() < 0.8:
            yield due + 50 * MINUTE_MS, "", partial(week.chases, office)
    came = {filed.firm.code for filed in week.simulated.returns} - part.held
    for code in sorted(set(week.chains) - came - set(part.early)):
        if rng.random() < 0.6 and week.chains[code]:
            call = partial(week.chases, week.chains[code][0], phone=code)
            yield due + rng.randint(90, 300) * MINUTE_MS, "", call
        if rng.random() < 0.2 and code not in part.held:
            yield due + 25 * HOUR_MS, code, partial(week.waives, code)


def _follow_ups(week: Week, part: Part) -> Iterator[Planned]:
    """Corrections, and questions about what the rules made doubtful."""
    rng = week.rng
    doubts: dict[str, Doubt] = {}
    for doubt in week.simulated.doubts:
        doubts.setdefault(doubt.firm, doubt)
    filed = {
        found.firm.code: min(found.at_ms, part.early.get(found.firm.code, found.at_ms))
        for found in week.simulated.returns
        if found.firm.code in week.chains and found.firm.code not in part.held
    }
    mended = set()
    for mending in week.simulated.mendings:
        code, at_ms = mending.firm, mending.at_ms
        if code not in filed:
            continue
        mended.add(code)
        reason = "发现录入有误，自查更正"
        if mending.asked:
            reason = "按核实意见更正"
            ask_ms = max(filed[code] + MINUTE_MS, at_ms - rng.randint(40, 110) * MINUTE_MS)
            yield ask_ms, code, partial(week.asks, code, doubts.get(code))
            at_ms = max(at_ms, ask_ms + 10 * MINUTE_MS)
        yield at_ms, code, partial(week.corrects, code, mending.grid, reason)
    slid = {
        str(cell["firm"])
        for cell in week.simulated.truth
        if cell["kind"] in ("row_shift", "copied_last_week")
    } - mended
    yield from _sent_back(week, slid, filed)
    yield from _doubtful(week, doubts, mended | slid, filed)
    yield from _curious(week, mended | slid | doubts.keys() | set(part.held) | set(part.asked))


def _sent_back(week: Week, slid: set[str], filed: Mapping[str, int]) -> Iterator[Planned]:
    """Returns whose rows slid, or that are last week's again: half of them go back."""
    rng, due = week.rng, week.simulated.due_ms
    for code in sorted(slid & filed.keys()):
        back_ms = max(filed[code], due) + rng.randint(60, 100) * MINUTE_MS
        if rng.random() < 0.5:
            yield back_ms, code, partial(week.sends_back, code)
            if rng.random() < 0.8:
                yield back_ms + 3 * HOUR_MS, code, partial(_again, week, code)


def _doubtful(
    week: Week, doubts: Mapping[str, Doubt], settled: set[str], filed: Mapping[str, int]
) -> Iterator[Planned]:
    """Questions about what the rules made doubtful, most of them answered."""
    rng, due = week.rng, week.simulated.due_ms
    for code, doubt in sorted(doubts.items()):
        if code not in filed or code in settled or rng.random() > 0.7:
            continue
        ask_ms = max(filed[code] + 20 * MINUTE_MS, due + rng.randint(30, 110) * MINUTE_MS)
        yield ask_ms, code, partial(week.asks, code, doubt)
        if rng.random() < 0.7:
            answer_ms = ask_ms + rng.randint(30, 220) * MINUTE_MS
            yield answer_ms, code, partial(week.answers, code)


def _curious(week: Week, quiet: set[str]) -> Iterator[Planned]:
    """Questions about plain large moves, most of them answered."""
    rng, due = week.rng, week.simulated.due_ms
    moved = [
        found
        for found in week.simulated.returns
        if found.firm.code not in quiet
        and found.firm.code in week.chains
        and any(key.startswith("R3:") for key in found.grid.marks)
    ]
    for found in rng.sample(moved, min(len(moved), max(1, len(moved) // 12))):
        code = found.firm.code
        ask_ms = max(found.at_ms, due - 24 * HOUR_MS) + rng.randint(15, 120) * MINUTE_MS
        yield ask_ms, code, partial(week.asks, code, None)
        if rng.random() < 0.9:
            answer_ms = ask_ms + rng.randint(20, 230) * MINUTE_MS
            yield answer_ms, code, partial(week.answers, code)


def _again(week: Week, code: str, at_ms: int) -> Iterator[tuple[Draft, Note]]:
    if code in week.sent_back:
        yield from week.corrects(code, week.grids[code], "已逐行核对，与实际一致，重新报送", at_ms)


def _reviews(week: Week, part: Part) -> Iterator[Planned]:
    """When each office looks: some early, most after the deadline, all by the review's end."""
    due = week.simulated.due_ms
    pace = part.form.review_hours / USUAL_REVIEW_HOURS
    first = sorted({chain[0] for chain in week.chains.values() if chain})
    upper = sorted({office for chain in week.chains.values() for office in chain[1:]})
    waiting = {week.chains[code][0] for code in part.held if code in week.chains}
    early = [o for o in first if week.rng.random() < 0.3 and o not in waiting]
    rounds: list[tuple[int, list[str], bool]] = [(due - 140 * MINUTE_MS, early, False)]
    for group in range(4):
        rounds.append((due + (130 + 45 * group) * MINUTE_MS, first[group::4], False))
        rounds.append((due + (21 * 60 + 25 * group) * MINUTE_MS, first[group::4], True))
        rounds.append((due + (26 * 60 + 40 * group) * MINUTE_MS, upper[group::4], True))
    rounds.append((due + 48 * HOUR_MS, first, False))
    rounds.append((due + 50 * HOUR_MS, upper, False))
    for moment, offices, conclude in rounds:
        at_ms = due + int((moment - due) * min(pace, 1.0)) if moment > due else moment
        yield at_ms, "", partial(week.accepts, tuple(offices), conclude=conclude)
