"""A season of weeks as it happens: openings, returns, corrections, questions, reviews.

Each week is a list of acts in the order of their simulated moments. What an act says depends on
what stands by then (a correction names the return it replaces), so acts are taken in small batches
of neighbouring moments, and a batch ends before an act that speaks of one inside it.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from django.db import transaction

from ortoo.domains.market import services
from ortoo.domains.market.world import Doubt, SimulatedReturn, SimulatedWeek
from ortoo.kernel.filings.draft import Draft, Receipt
from ortoo.kernel.filings.write import file_many
from ortoo.kernel.forms.body import GridBody
from ortoo.kernel.forms.periods import Period, opens_at_ms
from ortoo.kernel.threads.periodic import office_thread
from ortoo.site.operations.cast import Cast

MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS
BATCH_MS = 20 * MINUTE_MS
KEPT_OPEN_WEEKS = 8
"""Older weeks are archived, as a bureau does."""

QUESTIONS = {
    "R7": "价格约为上期的两倍或一半，是否斤与公斤混用？请核对。",
    "R8": "与上期约差十倍或百倍，是否小数点错位？请核对。",
    "R9": "销售量约差一千倍，是否吨与公斤混用？请核对。",
    "R10": "销售额是否把元填成了万元？请核对。",
    "R2": "价格超出常见范围，请核对计量单位和小数点。",
    "R4": "销售额除以销售量与均价不符，请核对。",
}
PLAIN_QUESTION = "本期价格与上期或同业相差较大，请核对规格和单位，并说明情况。"
ANSWERS = ("已与门店核对，情况属实。", "本周促销，价格属实。", "规格更换所致，下周恢复。")
Note = Callable[[Receipt], None]


@dataclass(frozen=True, slots=True)
class Act:
    """Something somebody does at a moment; `about` is the firm it speaks of, "" for many."""

    at_ms: int
    about: str
    drafts: Callable[[int], Iterable[tuple[Draft, Note]]]


@dataclass
class Week:
    """What stands in one week so far."""

    cast: Cast
    simulated: SimulatedWeek
    chains: dict[str, list[str]]
    rng: random.Random
    effective: dict[str, int] = field(default_factory=dict)
    grids: dict[str, GridBody] = field(default_factory=dict)
    asked: dict[str, int] = field(default_factory=dict)
    sent_back: set[str] = field(default_factory=set)
    accepted: dict[str, dict[str, int]] = field(default_factory=dict)

    @property
    def form(self) -> str:
        return self.cast.region.form.code

    @property
    def period(self) -> Period:
        return self.simulated.period

    def key(self, *words: object) -> str:
        return ":".join(("demo", self.period.code, *map(str, words)))[:80]

    def matter(self, party: str) -> dict[str, object]:
        return {"form": self.form, "period": self.period.code, "party": party}

    # --- the firms ------------------------------------------------------------------------

    def files(self, filed: SimulatedReturn, at_ms: int) -> Iterator[tuple[Draft, Note]]:
        code, place = filed.firm.code, filed.firm.place
        if code not in self.chains or code in self.effective:
            return
        office = self.cast.agencies[self.chains[code][0]]
        draft = Draft(
            form=self.form,
            filer=code,
            actor=self.cast.actor(office if filed.assisted else code),
            mode="assisted" if filed.assisted else "own",
            key=self.key("return", code, 1),
            body=filed.grid,
            said_at=at_ms,
            period=self.period.code,
            subject=code,
            place=place,
            reason=filed.late_reason if at_ms > self.simulated.due_ms else "",
        )
        yield draft, self._now_stands(code, filed.grid)

    def corrects(
        self, code: str, grid: GridBody, reason: str, at_ms: int
    ) -> Iterator[tuple[Draft, Note]]:
        if code not in self.effective:
            return
        before = self.effective[code]
        firm = next(firm for firm in self.simulated.firms if firm.code == code)
        draft = Draft(
            form=self.form,
            filer=code,
            actor=self.cast.actor(code),
            key=self.key("return", code, "after", before),
            body=grid,
            said_at=at_ms,
            period=self.period.code,
            subject=code,
            place=firm.place,
            supersedes=before,
            reason=reason,
        )
        yield draft, self._now_stands(code, grid)

    def _now_stands(self, code: str, grid: GridBody) -> Note:
        def note(receipt: Receipt) -> None:
            self.effective[code] = receipt.seq
            self.grids[code] = grid
            self.asked.pop(code, None)
            self.sent_back.discard(code)

        return note

    def answers(self, code: str, at_ms: int) -> Iterator[tuple[Draft, Note]]:
        if code not in self.asked:
            return
        text = self.rng.choice(ANSWERS)
        body = {**self.matter(code), "query": self.asked[code], "text": text}
        yield self._said("K-REPLY", code, code, body, at_ms), lambda _: self.asked.pop(code, None)

    # --- the offices ----------------------------------------------------------------------

    def asks(self, code: str, doubt: Doubt | None, at_ms: int) -> Iterator[tuple[Draft, Note]]:
        if code not in self.effective or code in self.asked:
            return
        office = self.chains[code][0]
        doubt = doubt or self._widest(code)
        body = {
            **self.matter(code),
            "target": self.effective[code],
            "office": office,
            "due_at": at_ms + services.ANSWER_HOURS * HOUR_MS,
            "cells": [{"item": doubt.item, "measure": doubt.measure}],
            "question": QUESTIONS.get(doubt.rule, PLAIN_QUESTION),
        }

        def note(receipt: Receipt) -> None:
            self.asked[code] = receipt.seq

        yield self._said("K-QUERY", self.cast.agencies[office], code, body, at_ms), note

    def _widest(self, code: str) -> Doubt:
        """A cell the firm itself had to explain, else the first one."""
        for key in self.grids[code].marks:
            rule, _, item = key.partition(":")
            if item in self.cast.region.form.leaf_index and rule in ("R3", "R6"):
                return Doubt(code, item, "price", rule)
        return Doubt(code, self.cast.region.form.leaves[0].code, "price", "")

    def sends_back(self, code: str, at_ms: int) -> Iterator[tuple[Draft, Note]]:
        if code not in self.effective or code in self.asked:
            return
        office = self.chains[code][0]
        body = {
            **self.matter(code),
            "target": self.effective[code],
            "office": office,
            "text": "多行与上期完全相同或错行，请逐行核对后重新报送。",
        }
        draft = self._said("K-SENDBACK", self.cast.agencies[office], code, body, at_ms)
        yield draft, lambda _: self.sent_back.add(code)

    def accepts(
        self, offices: Iterable[str], at_ms: int, *, conclude: bool
    ) -> Iterator[tuple[Draft, Note]]:
        for office in offices:
            done = self.accepted.setdefault(office, {})
            under = [code for code, chain in self.chains.items() if office in chain]
            targets = [
                [code, self.effective[code]]
                for code in under
                if self._ready(code, office) and done.get(code) != self.effective[code]
            ]
            left = len(under) - len(done.keys() | {code for code, _ in targets})
            if not targets and not (conclude and left):
                continue
            body = {
                "form": self.form,
                "period": self.period.code,
                "office": office,
                "targets": targets,
                "conclude": conclude and left > 0,
                "note": "",
            }
            draft = Draft(
                form="K-ACCEPT",
                filer=self.cast.agencies[office],
                actor=self.cast.actor(self.cast.agencies[office]),
                key=self.key("accept", office, at_ms),
                body=body,
                said_at=at_ms,
                period=self.period.code,
                subject=office_thread(self.form, self.period.code, office),
                place=office,
            )
            yield draft, self._accepted(office, targets)

    def _ready(self, code: str, office: str) -> bool:
        """Filed, nothing open on it, and accepted by the office below where there is one."""
        if code not in self.effective or code in self.asked or code in self.sent_back:
            return False
        chain = self.chains[code]
        at = chain.index(office)
        return at == 0 or self.accepted.get(chain[at - 1], {}).get(code) == self.effective[code]

    def _accepted(self, office: str, targets: list[list[object]]) -> Note:
        def note(_: Receipt) -> None:
            self.accepted[office].update({str(code): int(str(seq)) for code, seq in targets})

        return note

    def _said(
        self, form: str, filer: str, party: str, body: dict[str, object], at_ms: int
    ) -> Draft:
        return Draft(
            form=form,
            filer=filer,
            actor=self.cast.actor(filer),
            key=self.key(form, party, at_ms),
            body=body,
            said_at=at_ms,
            period=self.period.code,
            subject=party,
        )


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
    """Everything that may happen in a week; `morning_ms` for the one in which the reader arrives."""
    stories = week.cast.stories if morning_ms is not None else {}
    held, asked = stories.get("unfiled"), stories.get("queried")
    for filed in week.simulated.returns:
        code, at_ms = filed.firm.code, filed.at_ms
        if code == held:
            continue
        if code == asked and morning_ms is not None:
            at_ms = min(at_ms, morning_ms - 2 * HOUR_MS)
        yield Act(at_ms, code, lambda at, filed=filed: week.files(filed, at))
    if asked and morning_ms is not None:
        yield Act(morning_ms - 35 * MINUTE_MS, asked, lambda at: week.asks(asked, None, at))
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
            doubt = doubts.get(code)
            yield Act(ask_ms, code, lambda at, c=code, d=doubt: week.asks(c, d, at))
            at_ms = max(at_ms, ask_ms + 10 * MINUTE_MS)
        yield Act(
            at_ms, code,
            lambda at, m=mending, r=reason: week.corrects(m.firm, m.grid, r, at),
        )  # fmt: skip
    slid = {
        str(cell["firm"])
        for cell in week.simulated.truth
        if cell["kind"] in ("row_shift", "copied_last_week")
    } - mended
    for code in sorted(slid & filed.keys()):
        back_ms = max(filed[code], due) + rng.randint(60, 100) * MINUTE_MS
        if rng.random() < 0.5:
            yield Act(back_ms, code, lambda at, c=code: week.sends_back(c, at))
            if rng.random() < 0.8:
                yield Act(back_ms + 3 * HOUR_MS, code, lambda at, c=code: _again(week, c, at))
    for code, doubt in sorted(doubts.items()):
        if code in mended or code in slid or rng.random() > 0.7:
            continue
        ask_ms = max(filed[code] + 20 * MINUTE_MS, due + rng.randint(30, 110) * MINUTE_MS)
        yield Act(ask_ms, code, lambda at, c=code, d=doubt: week.asks(c, d, at))
        if rng.random() < 0.7:
            answer_ms = ask_ms + rng.randint(30, 220) * MINUTE_MS
            yield Act(answer_ms, code, lambda at, c=code: week.answers(c, at))
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
        yield Act(ask_ms, code, lambda at, c=code: week.asks(c, None, at))
        if rng.random() < 0.9:
            answer_ms = ask_ms + rng.randint(20, 230) * MINUTE_MS
            yield Act(answer_ms, code, lambda at, c=code: week.answers(c, at))


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
        yield Act(
            at_ms, "",
            lambda at, o=tuple(offices), c=conclude: week.accepts(o, at, conclude=c),
        )  # fmt: skip
