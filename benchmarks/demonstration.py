"""A small demonstration, seeded and served in a folder of its own, and a browser to look at it.

Used by the browser tests and by `bench pages`; nothing here touches the caller's own data.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

PROGRAMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)
START_S = 40.0
END_S = 10.0


def program() -> str:
    """The browser: ORTOO_CHROMIUM, or the first that is installed; "" without one."""
    named = os.environ.get("ORTOO_CHROMIUM")
    return named or next(filter(None, map(shutil.which, PROGRAMS)), "")


def reason_missing() -> str:
    """Why no browser can be had here; "" when one can."""
    try:
        import playwright.sync_api  # noqa: F401
    except ImportError:
        return "playwright is not installed"
    found = program()
    return "" if found and Path(found).exists() else f"no browser at {found or PROGRAMS[0]}"


@contextmanager
def chromium() -> Iterator[Any]:
    """One Playwright browser, closed at the end."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=program(), args=list(ARGUMENTS))
        try:
            yield browser
        finally:
            browser.close()


def environment(home: Path) -> dict[str, str]:
    """What processes of the demonstration in `home` are told; SQLite whatever the caller uses."""
    kept = {name: text for name, text in os.environ.items() if name != "ORTOO_DATABASE"}
    return {
        **kept,
        "ORTOO_HOME": str(home),
        "ORTOO_MODE": "demo",
        "DJANGO_SETTINGS_MODULE": "ortoo.site.settings",
    }


def seed(home: Path) -> None:
    """Make the small demonstration in `home`. Raises RuntimeError with what the command said."""
    command = [sys.executable, "-P", "-m", "ortoo", "demo", "--no-serve", "--small"]
    made = subprocess.run(
        command,
        env=environment(home),
        check=False,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    if made.returncode:
        raise RuntimeError(f"ortoo demo: {made.returncode}\n{made.stdout[-4000:]}")


def seed_once(home: Path, shared: Path) -> None:
    """As `seed`, but made once under `shared` and copied: seeding costs many times a copy.

    Several processes may ask at once; the first one seeds, the others wait for it. The copy's
    clock stands at the moment of the seeding.
    """
    made = shared / "demonstration"
    with (shared / "demonstration.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (made / "whole").exists():
            shutil.rmtree(made, ignore_errors=True)
            made.mkdir()
            seed(made)
            (made / "whole").touch()
    shutil.copytree(made, home, dirs_exist_ok=True)
    clock = home / "demo-clock.json"
    seen = json.loads(clock.read_text())["seen_ms"]
    offset = seen - time.time_ns() // 1_000_000
    clock.write_text(json.dumps({"offset_ms": offset, "seen_ms": seen}))


@contextmanager
def served(home: Path) -> Iterator[str]:
    """Serve the demonstration in `home` as installations are served; yields its address."""
    port = _free_port()
    command = [
        *(sys.executable, "-P", "-m", "granian", "--interface", "wsgi"),
        *("--host", "127.0.0.1", "--port", str(port), "--workers", "1"),
        *("--blocking-threads", "2", "--log-level", "warning", "--workers-kill-timeout", "2s"),
        "ortoo.site.wsgi:application",
    ]
    with (home / "server.log").open("wb") as log:
        server = subprocess.Popen(
            command, env=environment(home), stdout=log, stderr=log, start_new_session=True
        )
    try:
        url = f"http://127.0.0.1:{port}"
        _wait(url, server, home)
        yield url
    finally:
        server.terminate()
        try:
            server.wait(END_S)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait(url: str, server: subprocess.Popen[bytes], home: Path) -> None:
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline and server.poll() is None:
        try:
            with urllib.request.urlopen(f"{url}/about/", timeout=START_S):
                return
        except OSError:
            time.sleep(0.1)
    raise RuntimeError(f"the server did not answer:\n{(home / 'server.log').read_text()[-4000:]}")
