"""Reviewing offices: two clerks a unit, one in every banner's office, all over the site's pages."""

from __future__ import annotations

import html
import re
import threading
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from benchmarks.friday_day import firms
from benchmarks.friday_day.browser import Person
from benchmarks.friday_day.firms import Page, Town
from benchmarks.friday_day.scene import Scene
from benchmarks.friday_day.sheets import FIRST, Key, Sheet

QUESTIONS_A_LOOK, SLID = 3, 12
"""Returns a clerk asks about at one look; flagged cells of one return that send it back."""
_ROW = re.compile(r"<tr><th scope=\"row\">(.*?)</tr>", re.S)
NOTE = "来电登记：企业停网，经办人电话报数，逐格复述核对。"


@dataclass
class Reviewed:
    """What the day counts of the offices."""

    looks: int = 0
    queued: int = 0
    questions: Counter[str] = field(default_factory=Counter)
    sent_back: int = 0
    accepted: int = 0
    stale: Counter[str] = field(default_factory=Counter)
    reminded: int = 0
    waived: list[tuple[str, str]] = field(default_factory=list)
    calls: int = 0
    confirmed: int = 0
    concluded: int = 0
    races: Counter[str] = field(default_factory=Counter)


@dataclass
class Bureau:
    """All offices of the day. `open_questions`: what firms find on their pages by then."""

    town: Town
    scene: Scene
    sheets: dict[tuple[str, str], Sheet]
    done: Reviewed = field(default_factory=Reviewed)
    open_questions: dict[tuple[str, str], set[Key]] = field(default_factory=dict)
    returned: set[tuple[str, str]] = field(default_factory=set)
    judged: set[tuple[str, str]] = field(default_factory=set)

    def clerk(self, place: str, second: bool = False) -> Person:
        units = place in self.scene.units
        role = "unit clerks" if units else "banner reviewers"
        login = f"r2.{place}" if second else f"r.{place}"
        return Person(self.town.tape, role, self.town.accounts[login], strong=True)

    def path(self, form: str, place: str) -> str:
        return f"/review/{form}/{self.scene.periods[form].now.code}/{place}/"

    # --- looking and asking -------------------------------------------------------------------

    def look(self, person: Person, form: str, place: str) -> None:
        """The matrix, the queue, one return opened; questions on the weightiest cells."""
        home = self.path(form, place)
        if person.get("matrix", home, (200, 404)).status != 200:
            return
        page = person.get("queue", f"{home}?tab=queue&all=1").text
        flagged: dict[str, list[Key]] = {}
        for row in _ROW.findall(page):
            found = re.search(rf'href="{home}([^/"?]+)/\?cell=(\w+)\.(\w+)#ask"', row)
            if found:
                flagged.setdefault(found[1], []).append((found[2], found[3]))
        with self.town.tape.lock:
            self.done.looks += 1
            self.done.queued += sum(map(len, flagged.values()))
            fresh = [p for p in flagged if (form, p) not in self.judged][:QUESTIONS_A_LOOK]
            self.judged |= {(form, party) for party in fresh}
        for party in fresh:
            self._judge(person, form, place, (party, flagged[party]))

    def _judge(self, person: Person, form: str, place: str, found: tuple[str, list[Key]]) -> None:
        (party, cells), home = found, self.path(form, place)
        page = person.get("return", f"{home}{party}/")
        target = re.search(r'name="target" value="(\d+)"', page.text)
        if target is None:
            return
        if len(cells) >= SLID:
            said = {"target": target[1], "reason": "多行与上期相同或错行，请逐行核对。"}
            answer = person.post("send-back", f"{home}{party}/send-back/", said, (302, 409))
            if answer.status == 302:
                with self.town.tape.lock:
                    self.done.sent_back += 1
                    self.returned.add((form, party))
            return
        chosen = [f"{item}.{measure}" for item, measure in cells[:3]]
        said = {"target": target[1], "cell": chosen, "question": "请核对规格、单位和小数点。"}
        answer = person.post("query", f"{home}{party}/query/", said, (302, 409))
        if answer.status == 302:
            self._asked((form, party), set(cells[:3]))

    def _asked(self, matter: tuple[str, str], cells: set[Key]) -> None:
        sheet = self.sheets.get(matter)
        hits = [
            m for m in (sheet.mistakes if sheet else ())
            if m.stands and {i for i, _ in m.cells} & {item for item, _ in cells}
        ]  # fmt: skip
        with self.town.tape.lock:
            for slip in hits:
                slip.asked = True
            self.done.questions["on a planted slip" if hits else "on a right figure"] += 1
            self.open_questions.setdefault(matter, set()).update(cells)

    # --- passing --------------------------------------------------------------------------

    def accept(self, person: Person, form: str, place: str, *, conclude: bool = False) -> None:
        """其余无异常，一键通过 of what the page lists; with `conclude` 本期审核 ends."""
        path = f"{self.path(form, place)}accept/"
        page = person.get("accept-page", path, (200, 404))
        targets = re.findall(r'name="target" value="([^":]+:\d+)"', page.text)
        if page.status != 200 or (not targets and not conclude):
            return
        said: dict[str, Any] = {"target": targets}
        if conclude:
            said |= {"conclude": "1", "note": ""}
        answer = person.post("accept", path, said, (302, 409))
        with self.town.tape.lock:
            self.done.accepted += len(targets) * (answer.status == 302)
            self.done.concluded += conclude and answer.status == 302
            if answer.status == 409:
                self.done.stale[answer.code] += 1

    def race(self, form: str, place: str) -> None:
        """Both clerks of a unit have the same list open and press at once."""
        path = f"{self.path(form, place)}accept/"
        people = self.clerk(place), self.clerk(place, second=True)
        pages = [person.get("accept-page", path, (200, 404)) for person in people]
        targets = re.findall(r'name="target" value="([^":]+:\d+)"', pages[0].text)
        if pages[0].status != 200 or not targets:
            return
        start, outcomes = threading.Barrier(2), ["", ""]

        def press(number: int) -> None:
            from django.db import connections

            try:
                start.wait(30)
                said = {"target": targets}
                answer = people[number].post("race", path, said, (302, 409))
                told = answer.text if answer.status != 302 else ""
                if answer.status == 302:
                    told = people[number].get("review", self.path(form, place)).text
                outcomes[number] = _outcome(answer.status, told)
            finally:
                connections.close_all()

        threads = [threading.Thread(target=press, args=(number,)) for number in (0, 1)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        with self.town.tape.lock:
            self.done.races[" + ".join(sorted(outcomes))] += 1
            self.done.accepted += len(targets)

    # --- chasing, waiving, 代录 ---------------------------------------------------------------

    def chase(self, person: Person, form: str, place: str, *, waive: bool = False) -> None:
        """催报 whoever has not filed; one firm of a form is called and excused: it is shut."""
        period = self.scene.periods[form].now.code
        path = f"/chase/{form}/{period}/{place}/"
        page = person.get("chase", path, (200, 404))
        silent = re.findall(r'name="party" value="([^"]+)" aria-label', page.text)
        if page.status != 200 or not silent:
            return
        said = {"party": silent, "channel": "sms"}
        answer = person.post("remind", f"{path}remind/", said, (302, 409))
        with self.town.tape.lock:
            self.done.reminded += len(silent) * (answer.status == 302)
        excused = {of for of, _ in self.done.waived}
        never = [party for party in silent if (form, party) not in self.sheets]
        for party in never[: waive and form in FIRST and form not in excused]:
            call = {"party": party, "spoke_with": "clerk", "outcome": "promised", "note": ""}
            found = re.findall(r'<select id="(spoke|outcome)".*?value="(\w+)"', page.text, re.S)
            call |= {"spoke_with" if n == "spoke" else n: value for n, value in found}
            self.done.calls += person.post("call", f"{path}call/", call).status == 302
            said = {"party": party, "text": "店面装修停业，无法填报"}
            if person.post("waive", f"{path}waive/", said).status == 302:
                with self.town.tape.lock:
                    self.done.waived.append((form, party))

    def enter_for(self, sheet: Sheet) -> None:
        """代录: the nearest office keys in what a firm without a network says by telephone."""
        place = self.scene.chains[sheet.firm][0]
        for one in filter(None, (sheet, sheet.beside)):
            folder = f"{self.path(one.form, place)}{one.firm}/assisted/"
            page = Page(self.town, one, folder, self.clerk(place))
            page.parts = {"": one}
            page.read(page.open("assisted", folder).text)
            issues = page.check()
            firms.count_issues(self.town, "warned", issues)
            page.heed(issues)
            self._enter(page, folder)

    def _enter(self, page: Page, folder: str) -> None:
        for _ in range(firms.MOST_TRIES):
            said = {**page.fields(), "version": page.version, "key": page.key, "note": NOTE}
            answer = page.person.post(
                "file-assisted", folder, {**said, "action": "file"}, (303, 422)
            )
            if answer.status == 303:
                self.town.add("filings", page.sheet.form)
                self.town.add("ways", "assisted")
                page.sheet.receipts.append(0)
                return
            issues = page.check()
            firms.count_issues(self.town, "refused", issues)
            page.heed(issues)
        self.town.counts.stuck.append(f"代录 {page.sheet.form} {page.sheet.firm}")

    def confirm(self, sheet: Sheet, *, by_code: bool) -> None:
        """The firm confirms what was entered for it: logged in, or by a code over the telephone."""
        place = self.scene.chains[sheet.firm][0]
        folder = f"{self.path(sheet.form, place)}{sheet.firm}/assisted/"
        if not by_code:
            clerk = self.town.clerk(sheet.firm)
            page = clerk.get("filed", f"/returns/{sheet.form}/{sheet.period}/")
            seq = re.search(r"/receipts/(\d+)/", page.text)
            if seq is None:
                self.town.tape.fail(f"no receipt on the filed page of {sheet.form} {sheet.firm}")
                return
            clerk.post("confirm", f"/receipts/{seq[1]}/confirm/", {})
            self.done.confirmed += 1
            return
        page = self.clerk(place).post("code", f"{folder}code/", {}, (200,))
        code = re.search(r'id="code">([\d ]+)<', page.text)
        number = re.search(r"\d{9}-[0-9A-F]{8}", page.text)
        if code is None or number is None:
            self.town.tape.fail(f"no code shown for {sheet.form} {sheet.firm}")
            return
        said = {"number": number[0], "code": code[1].replace(" ", ""), "action": "confirm"}
        Person(self.town.tape, "firms").post("confirm-code", "/confirm/", said, (200,))
        self.done.confirmed += 1


def _outcome(status: int, text: str) -> str:
    if status == 409:
        return "refused"
    told = html.unescape(re.sub(r"<[^>]+>", "", text))
    return "told it was passed already" if "没有重复登记" in told else "accepted"
