"""The processes of an installation: granian for the pages, one for work in the background."""

from __future__ import annotations

import contextlib
import errno
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse

WAIT_S = 30.0
END_S = 10.0
RESTART_S = 3.0
BLOCKING_THREADS = 4


@dataclass(frozen=True, slots=True)
class Address:
    """Where to listen, with how many worker processes."""

    host: str
    port: int
    workers: int = 2

    @property
    def url(self) -> str:
        """What to type into a browser on this machine."""
        host = "127.0.0.1" if self.host in ("0.0.0.0", "::", "") else self.host
        return f"http://{f'[{host}]' if ':' in host else host}:{self.port}/"


def serve_installation(arguments: argparse.Namespace) -> int:
    """Migrate, then serve until told to stop."""
    address = Address(arguments.host, arguments.port, arguments.workers)
    if not is_free(address):
        return 1
    import django

    django.setup()
    from ortoo.kernel.filings.refusal import Refused
    from ortoo.site.operations import upgrade

    try:
        upgrade.bring_up(serving=True, say=print)
        settle()
    except Refused as refused:
        print(f"{refused.message}{refused.remedy}（{refused.code}）", file=sys.stderr)
        return 1
    return run(address, f"驿传正在服务：{address.url}（Ctrl-C 停止）")


def settle() -> None:
    """What every start finishes: the keys' history on the log, erasures and re-sealings that a
    crash or a restore left open."""
    from ortoo.kernel.filings import storage
    from ortoo.kernel.filings.clock import now_ms
    from ortoo.kernel.filings.read import tail
    from ortoo.kernel.seal import erasure, key_filings, persons

    # Before anything is filed: what an earlier process could not put on disk must not be taken for
    # acknowledged.
    storage.settle()
    if tail():
        key_filings.begin(now_ms=now_ms())
    erasure.finish_erasures(now_ms=now_ms())
    persons.finish_rotations(now_ms=now_ms())


def is_free(address: Address) -> bool:
    """Whether the port can be had; says so when it cannot."""
    family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address.host, address.port))
        except OSError as error:
            why = "已被占用" if error.errno == errno.EADDRINUSE else f"不能使用：{error.strerror}"
            print(
                f"端口 {address.port} {why}；请换一个，例如 --port {address.port + 1}。"
                " (choose another port)",
                file=sys.stderr,
            )
            return False
    return True


def run(address: Address, greeting: str) -> int:
    """Start both processes, print `greeting` once pages are answered, stop both together."""
    commands = (
        [
            "-m", "granian", "--interface", "wsgi", "--host", address.host,
            "--port", str(address.port), "--workers", str(address.workers),
            "--blocking-threads", str(BLOCKING_THREADS), "--log-level", "warning",
            "--respawn-failed-workers", "--workers-kill-timeout", "5s",
            "ortoo.site.wsgi:application",
        ],
        ["-m", "ortoo.site.jobs.process"],
    )  # fmt: skip
    from django.conf import settings

    settings.STATIC_ROOT.mkdir(parents=True, exist_ok=True)
    with _children(commands) as children, _stopping():
        try:
            if _answers(address, children[0]):
                print(greeting, flush=True)
            while children[0].poll() is None:
                time.sleep(0.3)
                if children[1].poll() is not None:
                    # Pages go on without it; it takes up again what it left half-done.
                    time.sleep(RESTART_S)
                    children[1] = _start(commands[1])
        except KeyboardInterrupt:
            print("\n正在停止 … (stopping)", flush=True)
            return 0
    print("网页进程意外结束，已停止服务。 (the server ended, stopped)", file=sys.stderr)
    return 1


def _start(command: Sequence[str]) -> subprocess.Popen[bytes]:
    # In a session of its own: Ctrl-C reaches only us, and we end the processes in order.
    return subprocess.Popen([sys.executable, "-P", *command], start_new_session=True)


@contextlib.contextmanager
def _children(commands: Sequence[Sequence[str]]) -> Iterator[list[subprocess.Popen[bytes]]]:
    children = [_start(command) for command in commands]
    try:
        yield children
    finally:
        for child in children:
            with contextlib.suppress(ProcessLookupError):
                child.send_signal(signal.SIGTERM)
        deadline = time.monotonic() + END_S
        for child in children:
            try:
                child.wait(max(0.1, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(child.pid, signal.SIGKILL)
                child.wait()


@contextlib.contextmanager
def _stopping() -> Iterator[None]:
    """SIGTERM counts as Ctrl-C; both are heard even where a shell had them ignored."""

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    before = {n: signal.signal(n, interrupt) for n in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _answers(address: Address, server: subprocess.Popen[bytes]) -> bool:
    """Wait until the port accepts; False when the server ends first or it takes too long."""
    host, _, _ = address.url.removeprefix("http://").rpartition(":")
    deadline = time.monotonic() + WAIT_S
    while time.monotonic() < deadline and server.poll() is None:
        with contextlib.suppress(OSError):
            socket.create_connection((host.strip("[]"), address.port), timeout=1).close()
            return True
        time.sleep(0.1)
    return False
