"""A browser that talks to the site's own handlers: middleware, tokens and pages, no socket.

Each person has a client of its own with cookies and a session; several act at once in threads.
Processor time is the answering thread's, under the person's role.
"""

from __future__ import annotations

import queue
import re
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Any

_CODE = re.compile(r"(?:· |（)([A-Z][A-Z0-9]+(?:-[A-Z0-9]+)+)")
THREADS = 4


class Clock:
    """The day's clock, which goes forward only, whichever thread moves it; a millisecond a look."""

    def __init__(self, ms: int) -> None:
        self.ms, self._lock = ms, threading.Lock()

    def __call__(self) -> int:
        with self._lock:
            self.ms += 1
            return self.ms

    def reach(self, ms: int) -> None:
        with self._lock:
            self.ms = max(self.ms, ms)


@dataclass
class Tape:
    """What all people saw. Times in milliseconds of the answering thread's processor."""

    requests: Counter[str] = field(default_factory=Counter)
    statuses: Counter[int] = field(default_factory=Counter)
    cpu_ms: dict[str, float] = field(default_factory=dict)
    took_ms: dict[str, list[float]] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def note(self, role: str, kind: str, status: int, ms: float, error: str = "") -> None:
        with self.lock:
            self.requests[kind] += 1
            self.statuses[status] += 1
            self.cpu_ms[role] = self.cpu_ms.get(role, 0.0) + ms
            self.took_ms.setdefault(kind, []).append(ms)
            if error:
                self.errors.append(error)

    def fail(self, text: str) -> None:
        with self.lock:
            self.errors.append(text)


class Answer:
    """Status, text and JSON of an answer; `code` is the refusal's, "" where there is none."""

    def __init__(self, response: Any) -> None:
        self.status = int(response.status_code)
        self.location = response.headers.get("Location", "")
        self.type = response.headers.get("Content-Type", "")
        streamed = getattr(response, "streaming", False)
        self.body = b"".join(response.streaming_content) if streamed else response.content
        self._response = response

    @property
    def text(self) -> str:
        return str(self.body.decode("utf-8", "replace"))

    def json(self) -> Any:
        return self._response.json()

    @property
    def code(self) -> str:
        if self.status < 400:
            return ""
        if "json" in self.type:
            return str(self.json().get("code", ""))
        found = _CODE.search(re.sub(r"<(style|script).*?</\1>|<[^>]+>", "", self.text, flags=re.S))
        return found[1] if found else ""

    def hidden(self) -> dict[str, str]:
        """The page's hidden fields, the last of each name."""
        pattern = r'<input type="hidden" name="(\w+)"(?: form="\w+")? value="([^"]*)"'
        return dict(re.findall(pattern, self.text))

    @property
    def excerpt(self) -> str:
        text = re.sub(r"<(style|script).*?</\1>|<[^>]+>", " ", self.text, flags=re.S)
        return re.sub(r"\s+", " ", text)[:300]


class Person:
    """Somebody at a browser; `account` None is the public."""

    def __init__(self, tape: Tape, role: str, account: Any = None, *, strong: bool = False) -> None:
        from django.test import Client

        from benchmarks.noon.scene import session

        self.tape, self.role = tape, role
        self.client = Client(enforce_csrf_checks=True, raise_request_exception=False)
        if account is not None:
            for name, value in session(account, strong=strong).items():
                self.client.cookies[name] = value

    def get(self, kind: str, path: str, expected: Iterable[int] = (200,)) -> Answer:
        return self._ask(kind, expected, lambda: self.client.get(path), path)

    def post(
        self, kind: str, path: str, said: Mapping[str, Any], expected: Iterable[int] = (302, 303)
    ) -> Answer:
        """A form as a page posts it, with the token of the last page."""
        fields = {"csrfmiddlewaretoken": self._token(), **said}
        return self._ask(kind, expected, lambda: self.client.post(path, fields), path)

    def send(
        self, kind: str, path: str, said: Mapping[str, Any], expected: Iterable[int] = (200,)
    ) -> Answer:
        """JSON as a page's script sends it."""
        headers = {"X-CSRFToken": self._token(), "Accept": "application/json"}
        return self._ask(
            kind, expected,
            lambda: self.client.post(
                path, said, content_type="application/json", headers=headers
            ),
            path,
        )  # fmt: skip

    def _token(self) -> str:
        if "csrftoken" not in self.client.cookies:
            # Any page with a form gives one; the log-in page is everybody's.
            self.client.get("/confirm/")
        found = self.client.cookies.get("csrftoken")
        return str(found.value) if found is not None else ""

    def _ask(self, kind: str, expected: Iterable[int], ask: Callable[[], Any], path: str) -> Answer:
        began = time.thread_time()
        answer = Answer(ask())
        took = 1000 * (time.thread_time() - began)
        error = ""
        if answer.status not in tuple(expected):
            error = f"{self.role} {kind} {path}: {answer.status} {answer.code} {answer.excerpt}"
        self.tape.note(self.role, kind, answer.status, took, error)
        return answer


Task = tuple[int, Callable[[], None]]
"""(moment of the day, what somebody does then)."""


def together(tasks: Iterable[Task], clock: Clock, tape: Tape, rng: Random) -> None:
    """Everybody's tasks, each at its moment of the day, in several threads at once."""
    waiting: queue.SimpleQueue[Task] = queue.SimpleQueue()
    for task in sorted(tasks, key=lambda task: (task[0], rng.random())):
        waiting.put(task)

    def work() -> None:
        from django.db import connections

        try:
            while True:
                try:
                    at_ms, act = waiting.get_nowait()
                except queue.Empty:
                    return
                clock.reach(at_ms)
                try:
                    act()
                except Exception as failure:
                    tape.fail(f"gave up: {failure!r}")
        finally:
            connections.close_all()

    threads = [threading.Thread(target=work) for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
