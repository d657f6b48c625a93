"""One browser: cookies, one kept-alive connection, a page's files, and how long answers took.

Only the standard library, and nothing of the software under test: it knows addresses and fields.
"""

from __future__ import annotations

import gzip
import http.client
import json
import re
import select
import threading
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import urlencode

TIMEOUT_S = 60.0
_ASSET = re.compile(rb'(?:src|href)="(/static/[^"]+\.(?:css|js|svg))"')
_IMPORT = re.compile(rb'from "\./([^"]+\.js)"')
_HIDDEN = re.compile(r'<input type="hidden" name="(\w+)"(?: form="\w+")? value="([^"]*)"')


@dataclass
class Tape:
    """What all browsers saw: (kind, seconds after the beginning, milliseconds, status)."""

    began: float = 0.0
    samples: list[tuple[str, float, float, int]] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def note(self, sample: tuple[str, float, float, int], error: str = "") -> None:
        with self.lock:
            self.samples.append(sample)
            if error:
                self.errors.append(error)


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back; `text` is empty for files and redirects."""

    status: int
    location: str
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode("utf-8", "replace")

    def json(self) -> Any:
        return json.loads(self.body)

    def hidden(self) -> dict[str, str]:
        """The last hidden field of each name."""
        return dict(_HIDDEN.findall(self.text))


class Browser:
    """Cookies and a connection; every request is noted on the tape under its kind."""

    def __init__(self, port: int, tape: Tape, cookies: Mapping[str, str] = {}) -> None:
        self._port, self._tape = port, tape
        self.cookies = dict(cookies)
        self._line: http.client.HTTPConnection | None = None
        self._seen: set[str] = set()

    def close(self) -> None:
        if self._line is not None:
            self._line.close()
            self._line = None

    def get(self, kind: str, path: str, expected: Iterable[int] = (200,)) -> Answer:
        """A page, and the files it names that this browser does not have yet."""
        answer = self._ask(kind, "GET", path, None, {"Accept": "text/html"}, expected)
        self._files(path, answer.body)
        return answer

    def post(
        self, kind: str, path: str, fields: Mapping[str, Any], expected: Iterable[int] = (302, 303)
    ) -> Answer:
        """A form as a browser sends it, with the token of the page."""
        said = {"csrfmiddlewaretoken": self.cookies.get("csrftoken", ""), **fields}
        body = urlencode(said, doseq=True).encode()
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "text/html"}
        return self._ask(kind, "POST", path, body, headers, expected)

    def send(
        self, kind: str, path: str, said: Mapping[str, Any], expected: Iterable[int] = (200,)
    ) -> Answer:
        """JSON as a page's script sends it."""
        headers = {
            "Content-Type": "application/json",
            "Accept": "application/json",
            "X-CSRFToken": self.cookies.get("csrftoken", ""),
        }
        return self._ask(kind, "POST", path, json.dumps(said).encode(), headers, expected)

    def _files(self, path: str, page: bytes) -> None:
        waiting = [found.decode() for found in _ASSET.findall(page)]
        while waiting:
            file = waiting.pop()
            if file in self._seen:
                continue
            self._seen.add(file)
            answer = self._ask("asset", "GET", file, None, {"Accept": "*/*"}, (200, 304))
            if file.endswith(".js"):
                folder = file.rpartition("/")[0]
                waiting += [f"{folder}/{name.decode()}" for name in _IMPORT.findall(answer.body)]

    def _ask(
        self,
        kind: str,
        method: str,
        path: str,
        body: bytes | None,
        headers: Mapping[str, str],
        expected: Iterable[int],
    ) -> Answer:
        started = time.perf_counter()
        error, answer = "", Answer(0, "", b"")
        try:
            answer, ended = self._exchange(method, path, body, headers)
        except (OSError, http.client.HTTPException) as failure:
            ended, error = time.perf_counter(), f"{kind} {method} {path}: {failure!r}"
            self.close()
        if not error and answer.status not in tuple(expected):
            error = f"{kind} {method} {path}: {answer.status} {_excerpt(answer)}"
        at, took = started - self._tape.began, 1000 * (ended - started)
        self._tape.note((kind, round(at, 3), round(took, 2), answer.status), error)
        return answer

    def _exchange(
        self, method: str, path: str, body: bytes | None, headers: Mapping[str, str]
    ) -> tuple[Answer, float]:
        if self._line is not None and _hung_up(self._line):
            # The server ends connections that were idle for a while; browsers open another.
            self.close()
        if self._line is None:
            self._line = http.client.HTTPConnection("127.0.0.1", self._port, timeout=TIMEOUT_S)
        cookie = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        more = {"Accept-Encoding": "gzip", "Accept-Language": "zh-CN", **headers}
        if cookie:
            more["Cookie"] = cookie
        self._line.request(method, path, body, more)
        response = self._line.getresponse()
        raw = response.read()
        ended = time.perf_counter()
        for text in response.headers.get_all("Set-Cookie") or ():
            for name, morsel in SimpleCookie(text).items():
                self.cookies[name] = morsel.value
        if response.getheader("Content-Encoding") == "gzip":
            raw = gzip.decompress(raw)
        if response.will_close:
            self.close()
        return Answer(response.status, response.getheader("Location") or "", raw), ended


def _hung_up(line: http.client.HTTPConnection) -> bool:
    """Whether the other end has closed an idle connection: ready to read, with nothing asked."""
    if line.sock is None:
        return True
    watch = select.poll()
    watch.register(line.sock, select.POLLIN)
    return bool(watch.poll(0))


def _excerpt(answer: Answer) -> str:
    text = re.sub(r"<style.*?</style>|<script.*?</script>|<[^>]+>", " ", answer.text, flags=re.S)
    return re.sub(r"\s+", " ", text)[:400]
