"""What people do at their browsers in the last minutes: clerks file, offices review, staff read."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Any

from benchmarks.noon.browser import Answer, Browser, Tape

USUAL_REASON = "已与门店核对"
MOST_TRIES = 4
QUERY_SHARE = 0.15
ACCEPT_EVERY = 3
"""An office passes everything that waits at every third look."""


@dataclass(frozen=True)
class Stage:
    """What everybody needs to know: the server, the window in seconds, the addresses."""

    port: int
    window_s: float
    form: str
    period: str
    tape: Tape
    pace: float = 1.0
    """1.0 for the time people take; less where the window is compressed."""

    @property
    def folder(self) -> str:
        return f"/returns/{self.form}/{self.period}/"

    def at(self, second: float) -> None:
        """Wait until that second of the window; not at all when it is over."""
        time.sleep(max(0.0, self.tape.began + second - time.perf_counter()))

    def think(self, seconds: float) -> None:
        time.sleep(seconds * self.pace)

    @property
    def left_s(self) -> float:
        return self.window_s - (time.perf_counter() - self.tape.began)


@dataclass
class Done:
    """What was acknowledged, for the audit: receipts by firm in order; offices' acts."""

    receipts: dict[str, list[int]] = field(default_factory=dict)
    asked: int = 0
    accepted: int = 0
    told_again: int = 0
    stale: int = 0


class Clerk:
    """One firm's clerk: home, the grid, two drafts, checks while typing, 报送, the receipt."""

    def __init__(self, stage: Stage, person: Mapping[str, Any], done: Done) -> None:
        self.stage, self.person, self.done = stage, person, done
        self.browser = Browser(stage.port, stage.tape, person["cookies"])
        self.rng = Random(person["code"])
        self.fields: dict[str, str] = dict(person["fields"])
        self.version = "0-0"

    def run(self) -> None:
        stage, rng = self.stage, self.rng
        stage.at(max(0.0, self.person["files_at"] - self.person["sits"]))
        self.browser.get("home", "/")
        stage.think(rng.uniform(2, 8))
        page = self.browser.get("grid", stage.folder).hidden()
        self.version = page.get("version", "0-0")
        self._check({name: "" for name in self.fields})
        self._sit(0.4)
        self._keep()
        self._sit(0.8)
        self._keep()
        stage.at(self.person["files_at"])
        self._file("file", stage.folder, {"key": page.get("key", "")})
        if self.person["corrects"]:
            stage.think(rng.uniform(20, 60))
            self._correct()
        self.browser.close()

    def _sit(self, share: float) -> None:
        """Type until `share` of the sitting is over."""
        begin = self.person["files_at"] - self.person["sits"]
        self.stage.at(begin + self.person["sits"] * share)

    def _keep(self) -> None:
        """What the page's script does after a pause in typing: checks, and keeps the draft."""
        self._answer(self._check(self.fields))
        self.stage.think(0.8)
        said = {"fields": self.fields, "version": self.version}
        answer = self.browser.send("draft", f"{self.stage.folder}draft/", said)
        if answer.status == 200:
            self.version = answer.json()["version"]

    def _check(self, fields: Mapping[str, str]) -> list[dict[str, Any]]:
        said = {"fields": {name: text for name, text in fields.items() if text}}
        answer = self.browser.send("check", f"{self.stage.folder}check/", said)
        return list(answer.json()["issues"]) if answer.status == 200 else []

    def _answer(self, issues: list[dict[str, Any]]) -> None:
        """Give each doubt of the rules its reason, the first one on offer; clear what is wrong."""
        for issue in issues:
            if issue["severity"] == "hard" and issue["measure"] != "price":
                self.fields.pop(f"c.{issue['item']}.{issue['measure']}", None)
            if issue["severity"] == "soft" and not issue["reason"]:
                name = f"r.{issue['item']}.{issue['measure']}"
                self.fields[name] = (issue["reasons"] or [USUAL_REASON])[0]

    def _file(self, kind: str, path: str, more: Mapping[str, str]) -> None:
        """Press 报送; a page that comes back with new doubts is answered and sent again.

        Other shops' returns change the peers' median, so a doubt may be younger than the check.
        """
        for _ in range(MOST_TRIES):
            said = {**self.fields, "version": self.version, "action": "file", **more}
            answer = self.browser.post(kind, path, said, (303, 422))
            if answer.status != 422:
                break
            self.done.told_again += 1
            self.stage.think(2)
            self._answer(self._check(self.fields))
        else:
            self.stage.tape.errors.append(f"{kind} {path}: never accepted")
        if answer.status == 303:
            self._receipt(answer)

    def _receipt(self, answer: Answer) -> None:
        seq = int(answer.location.rstrip("/").rpartition("/")[2])
        self.done.receipts.setdefault(self.person["code"], []).append(seq)
        self.browser.get("receipt", answer.location)

    def _correct(self) -> None:
        """自查更正 of one price by one fen."""
        path = f"{self.stage.folder}correct/"
        page = self.browser.get("grid", path).hidden()
        prices = [n for n, t in self.fields.items() if n.endswith(".price") and t[:1].isdigit()]
        if not prices:
            return
        name = self.rng.choice([n for n in prices if n.startswith("c.")])
        self.fields[name] = f"{float(self.fields[name]) + 0.01:.2f}"
        self._answer(self._check(self.fields))
        more = {
            "key": page["key"],
            "supersedes": page["supersedes"],
            "reason": "自查更正：抄错一格",
        }
        self._file("correct", path, more)


class Office:
    """A reviewing office: looks every 20 to 30 seconds, opens returns, asks, passes the rest."""

    def __init__(self, stage: Stage, person: Mapping[str, Any], done: Done) -> None:
        self.stage, self.person, self.done = stage, person, done
        self.browser = Browser(stage.port, stage.tape, person["cookies"])
        self.rng = Random(person["office"])
        self.home = f"/review/{stage.form}/{stage.period}/{person['office']}/"
        self.judged: set[str] = set()

    def morning(self) -> None:
        """Both tabs once, before the window."""
        self.browser.get("review", self.home)
        self.browser.get("queue", f"{self.home}?tab=queue")

    def run(self) -> None:
        self.stage.think(self.rng.uniform(0, 25))
        look = 0
        while self.stage.left_s > 0:
            look += 1
            self._look(look)
            self.stage.think(self.rng.uniform(20, 30))
        self.browser.close()

    def _look(self, number: int) -> None:
        waiting = self._waiting(self.browser.get("review", f"{self.home}?show=pending").text)
        if number % 2 == 0:
            self.browser.get("queue", f"{self.home}?tab=queue")
        fresh = [party for party in waiting if party not in self.judged]
        if fresh and self.person["opens"]:
            self._open(self.rng.choice(fresh))
        if waiting and number % ACCEPT_EVERY == 0:
            self._accept()

    def _waiting(self, page: str) -> list[str]:
        found = re.findall(rf'<th scope="row"><a href="{self.home}([^/"?]+)/"', page)
        return list(dict.fromkeys(found))

    def _open(self, party: str) -> None:
        self.judged.add(party)
        page = self.browser.get("return", f"{self.home}{party}/")
        cells = re.findall(r'name="cell" value="([^"]+)"', page.text)
        target = re.search(r'name="target" value="(\d+)"', page.text)
        if target and cells and self.rng.random() < QUERY_SHARE:
            self.stage.think(3)
            said = {"target": target[1], "cell": self.rng.choice(cells), "question": "请核对规格。"}
            answer = self.browser.post("query", f"{self.home}{party}/query/", said, (302, 409))
            self.done.asked += answer.status == 302
            self.done.stale += answer.status == 409

    def _accept(self) -> None:
        """一键通过 of what the page lists; what a firm corrected meanwhile answers 409."""
        page = self.browser.get("accept-page", f"{self.home}accept/").text
        targets = re.findall(r'name="target" value="([^":]+:\d+)"', page)
        if targets:
            self.stage.think(2)
            said = {"target": targets}
            answer = self.browser.post("accept", f"{self.home}accept/", said, (302, 409))
            self.done.accepted += len(targets) * (answer.status == 302)
            self.done.stale += answer.status == 409


class Reader:
    """The region's staff: the figures as they come in, a unit, an item, what stands behind it."""

    def __init__(self, stage: Stage, person: Mapping[str, Any], done: Done) -> None:
        self.stage, self.person = stage, person
        self.browser = Browser(stage.port, stage.tape, person["cookies"])
        self.rng = Random(str(person["number"]))

        folder = f"/figures/{stage.form}/"
        here = f"{folder}{stage.period}/"
        self.pages = (
            f"{here}?basis=all",
            f"{here}unit/{person['unit']}/?basis=all",
            f"{folder}items/{person['item']}/?basis=all",
            f"{here}{person['root']}/{person['item']}/filings/?basis=all",
        )

    def morning(self) -> None:
        """Every page once, before the window."""
        for path in self.pages:
            self.browser.get("figures", path)

    def run(self) -> None:
        self.stage.think(self.rng.uniform(0, 15))
        turn = 0
        while self.stage.left_s > 0:
            self.browser.get("figures", self.pages[turn % len(self.pages)])
            turn += 1
            self.stage.think(self.rng.uniform(10, 20))
        self.browser.close()
