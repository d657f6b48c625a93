"""Everybody at once, in a process of its own: `python -m benchmarks.noon.crowd SCRIPT RESULT`.

SCRIPT is the JSON that the scene wrote. It says "ready", waits for "go", plays the window, and
writes what it saw. A thread a person: nearly all of them are thinking.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.noon.browser import Browser, Tape
from benchmarks.noon.people import Clerk, Done, Office, Reader, Stage

STACK_BYTES = 256 * 1024
MORNING_LOOKS = 6
"""Offices that have looked before the window: no server is cold at ten to twelve."""


def log_in(stage: Stage, person: dict[str, Any]) -> None:
    """Through the page of production: its token, the password, the session."""
    browser = Browser(stage.port, stage.tape)
    browser.get("log-in page", "/login/")
    said = {"login": person["login"], "password": person["password"], "next": "/"}
    browser.post("log-in", "/login/", said, (302,))
    person["cookies"] = browser.cookies
    browser.close()


def play(script: dict[str, Any]) -> dict[str, Any]:
    """Log the sample in, wait for the word, and let everybody act."""
    tape, done = Tape(time.perf_counter()), Done()
    stage = Stage(
        script["port"], script["window_s"], script["form"], script["period"], tape, script["pace"]
    )
    for person in script["clerks"]:
        if person.get("password"):
            log_in(stage, person)
    logins = list(tape.samples)
    readers = [Reader(stage, person, done) for person in script["readers"]]
    offices = [Office(stage, person, done) for person in script["offices"]]
    for reader in readers:
        reader.morning()
    for office in offices[:MORNING_LOOKS]:
        office.morning()
    tape.samples.clear()
    print("ready", flush=True)
    sys.stdin.readline()
    tape.began = time.perf_counter()
    people: list[Any] = [
        *(Clerk(stage, person, done) for person in script["clerks"]), *offices, *readers
    ]  # fmt: skip
    threads = [threading.Thread(target=_guarded(person.run, tape)) for person in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return {
        "wall_s": time.perf_counter() - tape.began,
        "cpu_s": sum(os.times()[:2]),
        "samples": tape.samples,
        "logins": logins,
        "errors": tape.errors,
        "receipts": done.receipts,
        "asked": done.asked,
        "accepted": done.accepted,
        "told_again": done.told_again,
        "stale": done.stale,
    }


def _guarded(run: Callable[[], None], tape: Tape) -> Callable[[], None]:
    """A person who gives up is an error, not a silence."""

    def guarded() -> None:
        try:
            run()
        except Exception as failure:
            tape.errors.append(f"gave up: {failure!r}")

    return guarded


if __name__ == "__main__":
    threading.stack_size(STACK_BYTES)
    sys.setswitchinterval(0.001)
    played = play(json.loads(Path(sys.argv[1]).read_text("utf-8")))
    Path(sys.argv[2]).write_text(json.dumps(played), "utf-8")
