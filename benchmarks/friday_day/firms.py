"""Firms' clerks: the page with its checks, a phone without a network, a till's feed, the office.

A clerk leaves a known value that stands in a cell already where it is right, answers each doubt of
the rules with a reason or mends the slip it points at, and answers questions later.
"""

from __future__ import annotations

import html
import re
import uuid
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Any

from benchmarks.friday_day.browser import Answer, Clock, Person, Tape
from benchmarks.friday_day.sheets import Key, Mistake, Sheet

MOST_TRIES = 4
PHONES, NOTICES = 0.2, 0.5
"""Shares of firms that press 报送 on a phone without a network, and of doubts that are heeded."""
USUAL = "其他：已与门店核对"
_CELL = re.compile(r'name="c\.([\w]+)\.(\w+)" value="([^"]*)"')


@dataclass
class Counts:
    """What the day counts of the firms; the lock of the tape guards it."""

    filings: Counter[str] = field(default_factory=Counter)
    ways: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    warned: Counter[str] = field(default_factory=Counter)
    asked: Counter[str] = field(default_factory=Counter)
    known: Counter[str] = field(default_factory=Counter)
    confirmed: Counter[str] = field(default_factory=Counter)
    answers: Counter[str] = field(default_factory=Counter)
    stuck: list[str] = field(default_factory=list)


@dataclass
class Town:
    """What everybody of the day shares."""

    tape: Tape
    clock: Clock
    counts: Counts
    accounts: Mapping[str, Any]

    def clerk(self, firm: str) -> Person:
        return Person(self.tape, "firms", self.accounts[f"c.{firm.lower()}"])

    def add(self, counter: str, key: str, by: int = 1) -> None:
        with self.tape.lock:
            getattr(self.counts, counter)[key] += by


class Page:
    """One page of a return as a clerk has it open: its fields, and whose sheet each cell is."""

    def __init__(self, town: Town, sheet: Sheet, folder: str, person: Person) -> None:
        self.town, self.sheet, self.folder, self.person = town, sheet, folder, person
        self.rng = Random(f"{sheet.form}{sheet.firm}")
        self.version, self.key = "0-0", uuid.UUID(int=self.rng.getrandbits(128)).hex
        self.known: dict[str, str] = {}
        self.reasons: dict[str, str] = {}
        self.parts = {"": sheet} | ({"x1_": sheet.beside} if sheet.beside else {})

    def open(self, kind: str, path: str) -> Answer:
        answer = self.person.get(kind, path)
        hidden = answer.hidden()
        self.version, self.key = hidden.get("version", self.version), hidden.get("key", self.key)
        return answer

    def read(self, text: str) -> None:
        """Count what is asked and what is known; a right value that stands there is kept."""
        for item, measure, value in _CELL.findall(text):
            prefix = "x1_" if item.startswith("x1_") else ""
            sheet = self.parts.get(prefix)
            if sheet is None:
                self.town.tape.fail(f"{self.folder}: a supplement nobody planned, {item}")
                continue
            self.town.add("asked", sheet.form)
            if not value:
                continue
            self.town.add("known", sheet.form)
            key = item.removeprefix(prefix), measure
            text_now = html.unescape(value)
            if text_now == sheet.truth.get(key, "") or text_now == sheet.typed.get(key, ""):
                self.town.add("confirmed", sheet.form)
                self._confirmed(sheet, key, text_now)

    def _confirmed(self, sheet: Sheet, key: Key, text: str) -> None:
        slip = sheet.mistake_at(key)
        sheet.typed[key] = text
        if slip is not None and text == sheet.truth.get(key):
            left = frozenset(c for c in slip.cells if sheet.typed.get(c) != sheet.truth.get(c))
            if left:
                slip.cells = left
            else:
                slip.fate = "prevented"

    def fields(self) -> dict[str, str]:
        found = {
            f"c.{prefix}{item}.{measure}": text
            for prefix, sheet in self.parts.items()
            for (item, measure), text in sheet.typed.items()
        }
        return found | self.reasons

    def heed(self, issues: list[dict[str, Any]]) -> None:
        """Mend or explain what the rules point at."""
        for issue in issues:
            item, measure = str(issue["item"]), str(issue["measure"])
            prefix = "x1_" if item.startswith("x1_") else ""
            sheet, key = self.parts[prefix], (item.removeprefix(prefix), measure)
            slip = sheet.mistake_at(key) or _near(sheet, key)
            if slip is not None:
                slip.flagged = True
            if issue["severity"] == "hard":
                self._correct(sheet, key, slip)
            elif issue["reason"] is None:
                if slip is not None and slip.fate == "typed" and self.rng.random() < NOTICES:
                    sheet.mend(slip, "mended")
                    continue
                offered = [r for r in issue["reasons"] if r != "其他"] or [USUAL]
                self.reasons[f"r.{item}.{measure}"] = str(self.rng.choice(offered))
                if slip is not None:
                    slip.fate = "explained"

    def _correct(self, sheet: Sheet, key: Key, slip: Mistake | None) -> None:
        if slip is not None:
            sheet.mend(slip, "stopped")
        elif sheet.typed.get(key) != sheet.truth.get(key) and key in sheet.truth:
            sheet.typed[key] = sheet.truth[key]
        elif key[1] != "price":
            sheet.typed.pop(key, None)

    def check(self) -> list[dict[str, Any]]:
        answer = self.person.send("check", f"{self.folder}check/", {"fields": self.fields()})
        return list(answer.json()["issues"]) if answer.status == 200 else []


def _near(sheet: Sheet, key: Key) -> Mistake | None:
    """A slip in the same row: a rule of two cells names one of them."""
    return next(
        (m for m in sheet.mistakes if m.stands and key[0] in {item for item, _ in m.cells}), None
    )


def count_issues(town: Town, counter: str, issues: list[dict[str, Any]]) -> None:
    for issue in issues:
        if issue["severity"] == "hard" or issue["reason"] is None:
            town.add(counter, f"{issue['code']} {issue['rule']}".strip())


def file(town: Town, sheet: Sheet) -> None:
    """One firm files one return, by page or by phone."""
    person = town.clerk(sheet.firm)
    page = Page(town, sheet, f"/returns/{sheet.form}/{sheet.period}/", person)
    page.read(page.open("grid", page.folder).text)
    way = "phone" if page.rng.random() < PHONES else "page"
    if way == "page":
        issues = page.check()
        count_issues(town, "warned", issues)
        page.heed(issues)
    press(town, page, way, page.folder)


def press(town: Town, page: Page, way: str, path: str, more: Mapping[str, str] = {}) -> bool:
    """报送 until it is taken or the clerk gives up; what is refused is counted by code."""
    kind = "correct" if more else f"file-{way}"
    for _ in range(MOST_TRIES):
        said = {"version": page.version, "key": page.key, "action": "file", **more}
        if way == "phone":
            at = str(town.clock() - 20 * 60_000)
            body = {**said, "fields": page.fields(), "said_at": at}
            answer = page.person.send(kind, path, body, (201, 422))
        else:
            answer = page.person.post(kind, path, {**page.fields(), **said}, (303, 422))
        if answer.status in (201, 303):
            _taken(town, page, way, answer, correcting=bool(more))
            return True
        if answer.status != 422:
            return False
        issues = list(answer.json()["issues"]) if way == "phone" else page.check()
        count_issues(town, "refused", issues)
        page.heed(issues)
        page.key = uuid.UUID(int=page.rng.getrandbits(128)).hex
    with town.tape.lock:
        town.counts.stuck.append(f"{page.sheet.form} {page.sheet.firm} {issues[:3]}")
    return False


def _taken(town: Town, page: Page, way: str, answer: Answer, *, correcting: bool) -> None:
    where = str(answer.json()["href"]) if way == "phone" else answer.location
    seq = re.search(r"/receipts/(\d+)/", where)
    page.sheet.receipts.append(int(seq[1]) if seq else 0)
    if correcting:
        town.add("filings", f"{page.sheet.form} corrected")
        return
    for sheet in page.parts.values():
        town.add("filings", sheet.form)
        town.add("ways", way)
        if sheet is not page.sheet:
            sheet.receipts.append(0)


def correct(town: Town, sheet: Sheet, mistakes: list[Mistake], fate: str, reason: str) -> bool:
    """自查更正, or a correction after a question or a return 退回."""
    page = Page(town, sheet, f"/returns/{sheet.form}/{sheet.period}/", town.clerk(sheet.firm))
    page.parts = {"": sheet}
    hidden = page.open("grid", f"{page.folder}correct/").hidden()
    for mistake in mistakes:
        sheet.mend(mistake, fate)
    page.heed(page.check())
    more = {"supersedes": hidden.get("supersedes", ""), "reason": reason}
    return press(town, page, "page", f"{page.folder}correct/", more)


def answer_questions(town: Town, sheet: Sheet, cells: set[Key]) -> None:
    """What a firm does about 发核实: look; mend what is wrong, or say why the number stands."""
    folder = f"/returns/{sheet.form}/{sheet.period}/"
    person = town.clerk(sheet.firm)
    page = person.get("filed", folder)
    wrong = [m for m in sheet.mistakes if m.stands and m.cells & cells]
    wrong = wrong or [
        m
        for m in sheet.mistakes
        if m.stands and {i for i, _ in m.cells} & {item for item, _ in cells}
    ]
    if wrong:
        town.add("answers", "mended" if _mended(town, sheet, wrong) else "not mended")
        return
    for seq in dict.fromkeys(re.findall(rf"{folder}queries/(\d+)/", page.text)):
        person.post("reply", f"{folder}queries/{seq}/", {"text": "已与门店核对，情况属实。"})
        town.add("answers", "stands")


def _mended(town: Town, sheet: Sheet, wrong: list[Mistake]) -> bool:
    return correct(town, sheet, wrong, "asked", "按核实意见更正")


def file_again(town: Town, sheet: Sheet) -> None:
    """After 退回: every row is looked at again."""
    wrong = [m for m in sheet.mistakes if m.stands]
    correct(town, sheet, wrong, "returned", "已逐行核对，重新报送")
    town.add("answers", "filed again")
