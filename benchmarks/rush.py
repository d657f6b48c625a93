"""The last minutes before noon: every firm of the region files, over HTTP, as production serves it.

A fresh installation with last week accepted and this week open is served by `./ortoo serve` (two
worker processes); another process plays the firms' browsers, the reviewing offices and the
region's staff. Latency is what a browser waits for one answer. `--size FIRMSxMINUTES`.

`p50_ms` and `p99_ms` are of pages and of what their scripts ask; style sheets and scripts are
counted apart under `asset`, since they are quick and many. Whatever a browser did not expect is an
error: any status but the one the step should have, a broken connection, a person who gave up.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import IO, Any, cast

from benchmarks.harness import progress
from benchmarks.installation import Installation, installation
from benchmarks.noon.arrivals import busiest, moments
from benchmarks.noon.audit import audit
from benchmarks.noon.scene import SEED, Scene, Size, prepare
from benchmarks.processor import TICKS_PER_SECOND, Meter

FULL = Size(600, 10.0)
QUICK = Size(60, 0.3, 0.06)
CHECKOUT = Path(__file__).resolve().parents[1]
START_S, END_S = 60.0, 15.0
NOTES = [
    "rate of filing ∝ 1/(time left + 1/30 of the window): Alfi, Parisi, Pietronero, Nature "
    "Physics 3, 746 (2007); 40 % in the last tenth of the window",
    "two dozen firms log in by password through the page, before the window (`logins`); the other "
    "sessions are made in the database, so that Argon2 does not dominate",
    "one reviewer in every office looks every 20-30 s; the clients share the machine with the "
    "server; every clerk's browser begins with an empty cache; before the window a few offices and "
    "the region's staff have looked once, so that both server processes are warm",
    "`others_cpu_s`: what other programs of the machine used meanwhile; with two cores and a "
    "window of W seconds, 2·W less that is what server and clients could have",
    "409 to a reviewer whose return was corrected meanwhile (`stale`) and 422 to a clerk whom the "
    "rules ask for one more reason (`told_again`) are answers, not errors",
]


def run(*, size: str | None, quick: bool, data: Path | None, database: str) -> dict[str, object]:
    """The keys of the bench: latencies, and what the audit found afterwards."""
    chosen = _size(size, quick=quick)
    arrivals = moments(chosen.firms, 60 * chosen.minutes, Random(SEED))
    with installation(database) as home:
        began = time.perf_counter()
        scene = prepare(chosen, arrivals)
        seeded_s = time.perf_counter() - began
        progress(f"{scene.filed_before} filings seeded in {seeded_s:.1f} s; serving")
        with _served(home) as (server, port):
            scene.script["port"] = port
            busy = _machine_busy_s()
            with Meter({server, *home.servers}) as used:
                seen = _play(scene, home.home)
            busy = _machine_busy_s() - busy
            peak_mb = _peak_mb(server)
        found = audit(scene, seen["receipts"])
    return {
        "size": f"{chosen.firms}x{chosen.minutes:g}",
        "database": database,
        "firms": len(seen["receipts"]),
        "minutes": chosen.minutes,
        **_latencies(seen, 60 * chosen.minutes),
        **found,
        "corrections": found["stored"] - len(seen["receipts"]),
        "busiest_10_s": busiest(arrivals, 10.0),
        **{key: seen[key] for key in ("asked", "accepted", "told_again", "stale")},
        "wall_s": round(seen["wall_s"], 1),
        "server_cpu_s": round(used.cpu.server, 1),
        "client_cpu_s": round(seen["cpu_s"], 1),
        "others_cpu_s": round(max(0.0, busy - used.cpu.total), 1),
        "server_peak_mb": peak_mb,
        "seed_s": round(seeded_s, 1),
        "notes": [*NOTES, *(["--quick: thinking times compressed"] if chosen.pace < 1 else [])],
    }


def _size(text: str | None, *, quick: bool) -> Size:
    if not text:
        return QUICK if quick else FULL
    firms, _, minutes = text.partition("x")
    window = float(minutes or FULL.minutes)
    return Size(int(firms), window, min(1.0, window / 5))


@contextmanager
def _served(home: Installation) -> Iterator[tuple[int, int]]:
    """(process, port) of `./ortoo serve`; its own log lies beside the data."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    command = [sys.executable, "-P", "-m", "ortoo", "serve", "--port", str(port), "--workers", "2"]
    environment = {**os.environ, "ORTOO_HOME": str(home.home), "ORTOO_MODE": "production"}
    log = home.home / "serve.log"
    with log.open("wb") as out:
        server = subprocess.Popen(command, env=environment, stdout=out, stderr=out, cwd=home.home)
    try:
        _wait(server, port, log)
        yield server.pid, port
    finally:
        server.terminate()
        try:
            server.wait(END_S)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()
        said = log.read_text("utf-8", "replace")
        if "Traceback" in said or "ERROR" in said:
            progress(f"the server said:\n{said[-4000:]}")


def _wait(server: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline and server.poll() is None:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/login/", timeout=START_S):
                return
        except OSError:
            time.sleep(0.1)
    raise RuntimeError(f"the server did not answer:\n{log.read_text('utf-8')[-4000:]}")


def _play(scene: Scene, folder: Path) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(dir=folder) as name:
        script, result = Path(name) / "script.json", Path(name) / "result.json"
        script.write_text(json.dumps(scene.script, ensure_ascii=False), "utf-8")
        crowd = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.noon.crowd", str(script), str(result)],
            cwd=CHECKOUT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        out, into = cast("IO[str]", crowd.stdout), cast("IO[str]", crowd.stdin)
        if out.readline().strip() != "ready":
            raise RuntimeError("the crowd did not come")
        progress(f"the window is open: {scene.script['window_s']:g} s")
        into.write("go\n")
        into.flush()
        crowd.communicate()
        return dict(json.loads(result.read_text("utf-8")))


def _latencies(seen: dict[str, Any], window_s: float) -> dict[str, object]:
    kinds: dict[str, list[float]] = {}
    for kind, _, took, _ in seen["samples"]:
        kinds.setdefault(kind, []).append(took)
    logins = [took for kind, _, took, _ in seen["logins"] if kind == "log-in"]
    asked = [took for kind, waits in kinds.items() if kind != "asset" for took in waits]
    errors = seen["errors"]
    for text in errors[:20]:
        progress(text)
    late = 0.9 * window_s
    last = [took for kind, at, took, _ in seen["samples"] if kind != "asset" and at > late]
    return {
        "requests": len(asked),
        **_spread(asked),
        "last_tenth": {"requests": len(last), **_spread(last)},
        "errors": len(errors),
        "error_samples": errors[:5],
        "kinds": {kind: {"requests": len(w), **_spread(w)} for kind, w in sorted(kinds.items())},
        "logins": {"requests": len(logins), **_spread(logins)},
    }


def _spread(waits: Sequence[float]) -> dict[str, float | None]:
    if not waits:
        return {"p50_ms": None, "p99_ms": None, "max_ms": None}
    ordered, last = sorted(waits), len(waits) - 1
    return {
        "p50_ms": round(ordered[last // 2], 1),
        "p99_ms": round(ordered[last * 99 // 100], 1),
        "max_ms": round(ordered[-1], 1),
    }


def _machine_busy_s() -> float:
    """Processor seconds all programs of the machine have used (/proc/stat: user, nice, system)."""
    try:
        fields = Path("/proc/stat").read_text().split("\n", 1)[0].split()
    except OSError:
        return 0.0
    return sum(int(ticks) for ticks in fields[1:4]) / TICKS_PER_SECOND


def _peak_mb(root: int) -> float:
    """Most memory each process of the server ever held, added up (VmHWM of proc(5))."""
    status = {}
    for path in Path("/proc").glob("[0-9]*/status"):
        try:
            lines = (line.partition(":") for line in path.read_text().splitlines())
        except OSError:
            continue
        status[int(path.parent.name)] = {name: text.split() for name, _, text in lines}
    tree = {root}
    for _ in range(4):
        tree |= {pid for pid, said in status.items() if int(said["PPid"][0]) in tree}
    held = [status[pid].get("VmHWM", ["0"]) for pid in tree if pid in status]
    return round(sum(int(said[0]) for said in held) / 1024, 1)
