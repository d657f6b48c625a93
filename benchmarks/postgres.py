"""A private PostgreSQL server: made in a temporary folder, spoken to over its own socket, removed.

`initdb` refuses to run as root, so the server then runs as `postgres` or `nobody`. The C locale
makes sorting the same on every machine. Nothing else of the machine is touched.
"""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

USERS = ("postgres", "nobody")
SETTINGS = {
    "max_connections": "60",
    "shared_buffers": "256MB",
    "max_wal_size": "2GB",
    "timezone": "UTC",
    "log_min_messages": "fatal",
}


class PostgresMissing(Exception):
    """No server programs are installed, or none may be run here; the text says which."""


@dataclass(frozen=True, slots=True)
class Server:
    """A running server. `socket_folder` doubles as host; `pid` is the postmaster's."""

    socket_folder: Path
    port: int
    pid: int

    def url(self, database: str) -> str:
        """What `ORTOO_DATABASE` takes: over loopback TCP, trusted without a password."""
        return f"postgresql://ortoo:{quote('unused')}@127.0.0.1:{self.port}/{database}"


def programs() -> Path | None:
    """The folder that holds `initdb` and `postgres`, newest version first; None without one."""
    found = sorted(
        Path("/usr/lib/postgresql").glob("*/bin"),
        key=lambda path: int(path.parent.name) if path.parent.name.isdigit() else 0,
        reverse=True,
    )
    on_path = shutil.which("initdb")
    if on_path:
        found.append(Path(on_path).resolve().parent)
    return next((f for f in found if (f / "initdb").exists() and (f / "postgres").exists()), None)


def reason_missing() -> str:
    """Why no private server can run here; empty when one can."""
    if programs() is None:
        return "no PostgreSQL server programs (initdb, postgres) on this machine"
    if os.geteuid() == 0 and _account() is None:
        return f"running as root and none of the users {', '.join(USERS)} exists"
    try:
        import psycopg  # noqa: F401
    except ImportError:
        return "psycopg is not installed"
    return ""


def _account() -> pwd.struct_passwd | None:
    """Whom the server runs as: None for ourselves."""
    if os.geteuid() != 0:
        return None
    for name in USERS:
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    return None


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _as_account(account: pwd.struct_passwd | None) -> Mapping[str, object]:
    if account is None:
        return {}
    return {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}


def _command(settings: Mapping[str, str]) -> Sequence[str]:
    return [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]


@contextmanager
def private_server(settings: Mapping[str, str] | None = None) -> Iterator[Server]:
    """Start a server of our own and stop it afterwards. Raises PostgresMissing.

    `settings` override `SETTINGS`; durability stays on unless the caller turns it off.
    """
    why = reason_missing()
    bin_folder, account = programs(), _account()
    if why or bin_folder is None:
        raise PostgresMissing(why)
    folder = Path(tempfile.mkdtemp(prefix="ortoo-pg-"))
    process: subprocess.Popen[bytes] | None = None
    try:
        if account is not None:
            os.chown(folder, account.pw_uid, account.pw_gid)
        environment = {"PATH": os.environ.get("PATH", ""), "LC_ALL": "C", "HOME": str(folder)}
        identity = _as_account(account)
        made = subprocess.run(  # type: ignore[call-overload]
            [
                bin_folder / "initdb", "-D", folder / "data", "-U", "ortoo", "-A", "trust",
                "--no-locale", "-E", "UTF8", "--no-sync",
            ],
            cwd=folder, env=environment, capture_output=True, text=True, check=False, **identity,
        )  # fmt: skip
        if made.returncode:
            raise PostgresMissing(f"initdb failed: {made.stderr.strip()[-300:]}")
        port = _free_port()
        own = {
            **SETTINGS,
            "listen_addresses": "127.0.0.1",
            "port": str(port),
            "unix_socket_directories": str(folder),
            **(settings or {}),
        }
        process = subprocess.Popen(  # type: ignore[call-overload]
            [bin_folder / "postgres", "-D", folder / "data", *_command(own)],
            cwd=folder, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            **identity,
        )  # fmt: skip
        server = Server(folder, port, process.pid)
        _wait_ready(server, process)
        yield server
    finally:
        _stop(process)
        shutil.rmtree(folder, ignore_errors=True)


def _wait_ready(server: Server, process: subprocess.Popen[bytes], seconds: float = 60.0) -> None:
    import psycopg

    until = time.monotonic() + seconds
    while True:
        try:
            psycopg.connect(server.url("postgres"), connect_timeout=5).close()
        except psycopg.OperationalError as error:
            if process.poll() is not None or time.monotonic() > until:
                raise PostgresMissing(f"the server did not start: {error}") from error
            time.sleep(0.1)
        else:
            return


def _stop(process: subprocess.Popen[bytes] | None) -> None:
    """Fast shutdown (SIGINT): sessions are ended, the data folder left consistent."""
    if process is None or process.poll() is not None:
        return
    process.send_signal(2)
    try:
        process.wait(20)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def create_database(server: Server, name: str) -> str:
    """An empty UTF-8 database; returns its `ORTOO_DATABASE` URL."""
    import psycopg

    with psycopg.connect(server.url("postgres"), autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')  # type: ignore[call-overload]
    return server.url(name)
