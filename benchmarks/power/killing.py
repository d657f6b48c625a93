"""kill -9 of real processes under load, and of the PostgreSQL server beneath them.

The processes are forked from one that has everything imported; each files with its own threads and
connections, and tells its acknowledgements through a pipe in single writes, so that a line arrived
whole or was never told.
"""

from __future__ import annotations

import contextlib
import json
import os
import pwd
import signal
import subprocess
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.power.load import Load, Told
from benchmarks.processor import _processes as processes

Promise = tuple[str, str, bytes]


@dataclass
class Client:
    """One forked process that files until it is killed, and what it told."""

    pid: int
    pipe: int
    promises: list[Promise] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    first: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        with os.fdopen(self.pipe, encoding="utf-8") as lines:
            for line in lines:
                kind, key, digest = json.loads(line)
                if kind == "error":
                    self.errors.append(key)
                else:
                    self.promises.append((kind, key, bytes.fromhex(digest)))
                self.first.set()
        self.first.set()

    def kill(self) -> None:
        """SIGKILL, then everything it had told is in `promises`."""
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        self._reader.join()


def client(seed: int, prefix: str, workers: int = 4) -> Client:
    """Fork a process that files. No connection may be open in this one."""
    from django.db import connections

    connections.close_all()
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(reading)
        _file_for_ever(seed, prefix, workers, writing)
    os.close(writing)
    return Client(pid, reading)


def _file_for_ever(seed: int, prefix: str, workers: int, pipe: int) -> None:
    """The forked process: never returns."""
    code = 1
    try:
        Load(seed, _teller(pipe), filings=1 << 40, workers=workers, prefix=prefix).run()
    except BaseException as failure:
        _teller(pipe)("error", f"{type(failure).__name__}: {failure}", b"")
        code = 3
    finally:
        os._exit(code)


def _teller(pipe: int) -> Told:
    def told(kind: str, key: str, digest: bytes) -> None:
        os.write(pipe, (json.dumps([kind, key, digest.hex()]) + "\n").encode())

    return told


def run_and_kill(seed: int, prefix: str, seconds: float, clients: int = 2) -> list[Client]:
    """Clients that file together, all killed so many seconds after the first acknowledgement."""
    running = [client(seed * 10 + n, f"{prefix}{n}.") for n in range(clients)]
    for each in running:
        each.first.wait(30)
    time.sleep(seconds)
    for each in running:
        each.kill()
    return running


# --- the server of PostgreSQL ------------------------------------------------------------------


@dataclass
class Postmaster:
    """A running server that can be killed with all its processes and started again as it was."""

    pid: int
    url: str
    process: subprocess.Popen[bytes] | None = None

    def __post_init__(self) -> None:
        here = Path(f"/proc/{self.pid}")
        self._command = (here / "cmdline").read_text().rstrip("\0").split("\0")
        self._folder = (here / "cwd").readlink()
        self._owner = pwd.getpwuid(here.stat().st_uid)

    def kill(self) -> None:
        """SIGKILL to the postmaster first, so that it restarts nothing, then to its children."""
        table = processes()
        children = [pid for pid, each in table.items() if each.parent == self.pid]
        for pid in (self.pid, *children):
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        # A server not yet reaped would look alive to the next one, which would not start.
        with contextlib.suppress(ChildProcessError):
            os.waitpid(self.pid, 0)
        until = time.monotonic() + 20
        while any(_alive(pid) for pid in children) and time.monotonic() < until:
            time.sleep(0.02)

    def start(self) -> None:
        """Start on the same folder: the server recovers from its own log."""
        import psycopg

        identity: dict[str, object] = {}
        if os.geteuid() == 0:
            identity = {
                "user": self._owner.pw_uid, "group": self._owner.pw_gid, "extra_groups": [],
            }  # fmt: skip
        environment = {"PATH": os.environ.get("PATH", ""), "LC_ALL": "C"}
        self.process = subprocess.Popen(  # type: ignore[call-overload]
            self._command, cwd=self._folder, env=environment, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL, **identity,
        )  # fmt: skip
        self.pid = self.process.pid
        until = time.monotonic() + 60
        while True:
            try:
                psycopg.connect(self.url, connect_timeout=5).close()
                return
            except psycopg.OperationalError:
                if self.process.poll() is not None or time.monotonic() > until:
                    raise
                time.sleep(0.1)

    def stop(self) -> None:
        """Fast shutdown of a server this object started."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            self.process.wait(30)


def _alive(pid: int) -> bool:
    found = processes().get(pid)
    return found is not None and found.name == "postgres"
