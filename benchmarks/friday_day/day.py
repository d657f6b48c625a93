"""The day's course, from the openings to the last issue: who acts at which hour."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

from benchmarks.friday_day import firms
from benchmarks.friday_day.browser import Task, together
from benchmarks.friday_day.firms import Town
from benchmarks.friday_day.offices import Bureau
from benchmarks.friday_day.scene import FRIDAY, SEED, Scene
from benchmarks.friday_day.sheets import FIRST, MINUTE_MS, Sheet

ROUNDS = ((8, 30, 10, 30), (10, 30, 12, 0), (13, 0, 15, 0), (15, 0, 16, 30))
CODES = 2
"""代录 that are confirmed by a code read out by telephone; the others by the firm's own log-in."""


@dataclass
class Diary:
    """What the system did by the clock, and when what stood."""

    opened: dict[str, str] = field(default_factory=dict)
    issues: list[tuple[str, str]] = field(default_factory=list)
    stood: dict[str, str] = field(default_factory=dict)
    friday_evening: dict[str, int] = field(default_factory=dict)


class Day:
    """Plays the scene; every step moves the clock forward."""

    def __init__(self, scene: Scene, town: Town) -> None:
        self.scene, self.town, self.rng = scene, town, Random(SEED)
        # A supplement is answered and asked about like a return of its own.
        both = [one for s in scene.sheets for one in (s, s.beside) if one is not None]
        self.bureau = Bureau(town, scene, {(s.form, s.firm): s for s in both})
        self.diary = Diary()
        self.forms = [code for code in scene.periods if scene.owed_by(code)]
        firsts = {chain[0] for chain in scene.chains.values()}
        self.banners = sorted(firsts - set(scene.units))
        self.reviews = {
            form: {place for firm in scene.owed_by(form) for place in scene.chains[firm]}
            for form in self.forms
        }

    # --- the system's own hours ------------------------------------------------------------

    def system(self, at_ms: int) -> None:
        """What the installation files by the clock: openings, reminders, escalations, issues."""
        from ortoo.domains.market import timely

        self.town.clock.reach(at_ms)
        filed = timely.act(at_ms)
        for receipt in filed:
            kind, _, rest = receipt.key.partition(":")
            if kind == "open":
                self.diary.opened[rest] = self.scene.says(at_ms)
            if kind == "issue":
                self.diary.issues.append((rest, self.scene.says(at_ms)))

        self._carry()

    def _carry(self) -> None:
        """The carrier behind the channels' folders: every message handed over is delivered."""
        from django.conf import settings

        from ortoo.domains.market import reach

        for channel in reach.CHANNELS.values():
            place = channel.folder(Path(settings.HOME)).place
            for path in place.glob("*.json"):
                answer = place / "receipts" / path.name
                answer.write_text('{"state": "delivered"}', "utf-8")

    def play(self, tasks: list[Task]) -> None:
        together(tasks, self.town.clock, self.town.tape, self.rng)

    # --- Friday ----------------------------------------------------------------------------

    def open(self) -> None:
        """Wednesday and Thursday morning, and Friday's first round of the clock."""
        for day in (1, 2, FRIDAY.day):
            self.system(self.scene.ms(day, 8, 5))

    def friday(self) -> None:
        """Everybody who is on time files, in four rounds; the offices look, ask and pass."""
        ready = [s for s in self.scene.sheets if not s.late]
        sittings: dict[str, list[Sheet]] = {}
        for sheet in ready:
            sittings.setdefault(sheet.firm, []).append(sheet)
        people = sorted(sittings)
        self.rng.shuffle(people)
        for number, (hour, minute, until, past) in enumerate(ROUNDS):
            begin, end = self.scene.ms(FRIDAY.day, hour, minute), self.scene.ms(
                FRIDAY.day, until, past)  # fmt: skip
            tasks: list[Task] = [
                (self.rng.randint(begin, end), partial(self._sit, sittings[firm]))
                for firm in people[number :: len(ROUNDS)]
            ]
            if number:
                tasks += self._replies(begin, end)
                tasks += self._looks(begin + (end - begin) // 2, end)
            self.play(tasks)
        self._evening()

    def _sit(self, sheets: list[Sheet]) -> None:
        """One firm, form after form: what it said in the first stands in the next."""
        for sheet in sorted(sheets, key=lambda s: FIRST.index(s.form)):
            if sheet.assisted:
                self.bureau.enter_for(sheet)
            else:
                firms.file(self.town, sheet)

    def _looks(self, begin: int, end: int) -> Iterator[Task]:
        """Two clerks in every unit, one on the weekly forms, one on the monthly ones."""
        for unit in self.scene.units:
            for second in (False, True):
                mine = [f for f in self.forms if f.startswith(FIRST[0]) is not second]
                yield self.rng.randint(begin, end), partial(self._look, unit, second, mine)

    def _look(self, unit: str, second: bool, forms: list[str]) -> None:
        person = self.bureau.clerk(unit, second)
        for form in forms:
            if unit in self.reviews[form]:
                self.bureau.look(person, form, unit)

    def _replies(self, begin: int, end: int) -> Iterator[Task]:
        asked, back = self.bureau.open_questions, self.bureau.returned
        self.bureau.open_questions, self.bureau.returned = {}, set()
        for matter, cells in sorted(asked.items()):
            sheet = self.bureau.sheets[matter]
            act: Callable[[], None] = partial(firms.answer_questions, self.town, sheet, cells)
            yield self.rng.randint(begin, end), act
        for matter in sorted(back):
            sheet = self.bureau.sheets[matter]
            yield self.rng.randint(begin, end), partial(firms.file_again, self.town, sheet)

    def _evening(self) -> None:
        """Answers, then 初审 in the banners, then 审定 in the units, where two press at once."""
        day = FRIDAY.day
        self.play(list(self._replies(self.scene.ms(day, 16, 30), self.scene.ms(day, 16, 50))))
        self._pass(self.scene.ms(day, 17, 0), race=True)
        counted = _figures_now(self.scene)
        self.diary.friday_evening = counted

    def _pass(self, at_ms: int, *, race: bool = False, conclude: bool = False) -> None:
        self.play([
            (at_ms, partial(self._accept, place, conclude)) for place in self.banners
        ])  # fmt: skip
        later = at_ms + 30 * MINUTE_MS
        if race:
            self.town.clock.reach(later)
            for unit in self.scene.units:
                self.bureau.race(FIRST[0], unit)
        self.play([
            (later, partial(self._accept, unit, conclude)) for unit in self.scene.units
        ])  # fmt: skip

    def _accept(self, place: str, conclude: bool) -> None:
        person = self.bureau.clerk(place)
        for form in self.forms:
            if place in self.reviews[form]:
                self.bureau.accept(person, form, place, conclude=conclude)

    # --- the days after --------------------------------------------------------------------

    def after(self) -> None:
        """Corrections of one's own, 代录 confirmed, the deadlines, the late ones, conclusions."""
        scene = self.scene
        self._own_corrections(scene.ms(4, 10))
        self.system(scene.ms(5, 12, 5))
        self._chase(scene.ms(5, 12, 30), ("EMG-STOCK",))
        self._confirmations(scene.ms(6, 9))
        self.system(scene.ms(6, 12, 5))
        self._chase(scene.ms(6, 12, 30), tuple(f for f in self.forms if f != "EMG-STOCK"))
        self._late(scene.ms(6, 14))
        self.system(scene.ms(6, 14, 5))
        self._late(scene.ms(6, 16, 30))
        self._pass(scene.ms(6, 16, 30))
        self.system(scene.ms(6, 18, 5))
        self._late(scene.ms(7, 12))
        self.system(scene.ms(7, 12, 5))
        self._chase(scene.ms(7, 12, 30), tuple(self.forms))
        self._late(scene.ms(7, 15))
        self.play(list(self._looks(scene.ms(7, 15), scene.ms(7, 15, 20))))
        self.play(list(self._replies(scene.ms(7, 15, 30), scene.ms(7, 15, 50))))
        self._pass(scene.ms(7, 16), conclude=True)
        self.diary.stood["reviewed figures stand in the region"] = scene.says(self.town.clock())
        for day in range(8, 12):
            if any(s.late and not s.filed for s in scene.sheets):
                self._late(scene.ms(day, 15))
                self._pass(scene.ms(day, 16))
            self.system(scene.ms(day, 18, 5))
        self.system(scene.ms(12, 18, 5))
        mine = {f"{code}:{self.scene.periods[code].now.code}:1": code for code in self.forms}
        for rest, at in self.diary.issues:
            if rest in mine:
                self.diary.stood[f"{mine[rest]} issued"] = at

    def _own_corrections(self, at_ms: int) -> None:
        tasks: list[Task] = []
        for sheet in self.bureau.sheets.values():
            own = [m for m in sheet.mistakes if m.stands and m.self_ms is not None]
            if own and sheet.filed:
                act = partial(firms.correct, self.town, sheet, own, "self", "自查更正：抄错一格")
                tasks.append((at_ms, act))  # type: ignore[arg-type]
        self.play(tasks)

    def _confirmations(self, at_ms: int) -> None:
        helped = [s for s in self.bureau.sheets.values() if s.assisted and s.filed and not s.late]
        self.play([
            (at_ms, partial(self.bureau.confirm, sheet, by_code=number < CODES))
            for number, sheet in enumerate(helped)
        ])  # fmt: skip

    def _chase(self, at_ms: int, forms: tuple[str, ...]) -> None:
        def act(place: str) -> None:
            person = self.bureau.clerk(place)
            for form in forms:
                if place in self.reviews[form]:
                    self.bureau.chase(person, form, place, waive=place in self.banners)

        offices = [*self.banners, *self.scene.units]
        self.play([(at_ms, partial(act, place)) for place in offices])

    def _late(self, until_ms: int) -> None:
        """Late returns up to an hour, each at its own time; then 代录 of them is confirmed."""
        now = [s for s in self.scene.sheets if s.late and not s.filed and s.at_ms <= until_ms]
        self.play([(min(s.at_ms, until_ms), partial(self._sit, [s])) for s in now])
        helped = [s for s in now if s.assisted and s.filed]
        self.play([
            (until_ms, partial(self.bureau.confirm, sheet, by_code=False)) for sheet in helped
        ])  # fmt: skip


def _figures_now(scene: Scene) -> dict[str, int]:
    """Returns behind the region's figures: filed, and passed by some office."""
    from django.db import connection

    found: dict[str, Any] = {}
    for code in FIRST:
        for basis in ("all", "reviewed"):
            with connection.cursor() as cursor:
                cursor.execute(
                    "SELECT MAX(filed), MAX(expected) FROM market_rollup"
                    " WHERE slice=%s AND basis=%s AND unit=%s",
                    [f"{code}|{scene.periods[code].now.code}", basis, scene.pack.root.code],
                )
                filed, expected = cursor.fetchone()
            found[f"{code} {'filed' if basis == 'all' else 'passed'}"] = int(filed or 0)
            found[f"{code} owed"] = int(expected or 0)
    return found
