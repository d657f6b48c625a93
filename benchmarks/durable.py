"""Durable acknowledged filings a second: several workers, each with several clients at once.

A worker is a process as `./ortoo serve` runs them; a client files one statement, waits for its
receipt (which comes after the disk has it, Law 16) and files the next. Every receipt is counted,
and at the end every acknowledged filing must stand on the log under its key.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from itertools import chain
from pathlib import Path
from typing import Any

from benchmarks.harness import Meter, progress
from benchmarks.installation import Installation, installation

START_MS = 1_763_164_800_000
WORKERS, CLIENTS = 2, 8
# seconds of filing
SIZES = {"quick": 5.0, "full": 20.0}


def run(*, size: str | None, quick: bool, data: Path | None, database: str) -> dict[str, Any]:
    """The `durable` bench. `size`: quick, full, or WORKERSxCLIENTSxSECONDS. Takes no data."""
    del data
    name = size or ("quick" if quick else "full")
    workers, clients, seconds = WORKERS, CLIENTS, SIZES.get(name, 0.0)
    if not seconds:
        first, second, third = name.split("x")
        workers, clients, seconds = int(first), int(second), float(third)
    with installation(database) as home:
        with Meter(home.servers) as used:
            found = _measure(home, workers, clients, seconds)
        stored, sync_s = _check(found), _fdatasync_s(home.home)
    waits = sorted(wait for worker in found for wait in worker["waits"])
    wall = max(worker["wall"] for worker in found)
    return {
        "size": name,
        "database": database,
        "workers": workers,
        "clients_per_worker": clients,
        "acknowledged": len(waits),
        "acknowledged_per_s": round(len(waits) / wall, 1),
        "p50_ms": round(1000 * waits[len(waits) // 2], 2),
        "p99_ms": round(1000 * waits[len(waits) * 99 // 100], 2),
        "max_ms": round(1000 * waits[-1], 2),
        "cpu_ms_per_filing": round(1000 * used.cpu.total / len(waits), 3),
        "stored": stored,
        "fdatasync_ms": round(1000 * sync_s, 2),
        "notes": ["each client waits for its receipt before it files again; one filing a call"],
    }


def _measure(
    home: Installation, workers: int, clients: int, seconds: float
) -> list[dict[str, Any]]:
    environment = dict(os.environ)
    started = [
        subprocess.Popen(
            [sys.executable, "-m", "benchmarks.durable", str(number), str(clients), str(seconds)],
            env=environment,
            cwd=Path(__file__).resolve().parents[1],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for number in range(workers)
    ]
    for worker in started:
        assert worker.stdout is not None and worker.stdout.readline().strip() == "ready"
    progress(f"{workers} workers × {clients} clients for {seconds:g} s")
    for worker in started:
        assert worker.stdin is not None
        worker.stdin.write("go\n")
        worker.stdin.flush()
    return [json.loads(worker.communicate()[0]) for worker in started]


def _check(found: list[dict[str, Any]]) -> int:
    """Every acknowledged filing stands on the log; AssertionError otherwise."""
    from ortoo.kernel.filings.models import Filing

    stored = set(Filing.objects.values_list("key", flat=True))
    missing = {key for worker in found for key in worker["keys"]} - stored
    if missing:
        raise AssertionError(f"{len(missing)} acknowledged filings are not on the log")
    return len(stored)


def _fdatasync_s(folder: Path) -> float:
    """Median time one fdatasync takes here: what a receipt must at least wait."""
    waits, path = [], folder / "sync"
    with path.open("wb", buffering=0) as file:
        for _ in range(41):
            file.write(b"x" * 4096)
            start = time.perf_counter()
            os.fdatasync(file.fileno())
            waits.append(time.perf_counter() - start)
    return sorted(waits)[20]


def _work(number: int, clients: int, seconds: float) -> None:
    """One worker: told to go, files until the time is over, prints what it was answered."""
    import django

    django.setup()
    from django.db import connection

    from benchmarks.statements import register_statements, statement
    from ortoo.kernel.filings.write import file

    register_statements()
    waits: list[list[float]] = [[] for _ in range(clients)]
    keys: list[list[str]] = [[] for _ in range(clients)]

    def client(place: int) -> None:
        connection.ensure_connection()
        until = time.perf_counter() + seconds
        turn = 0
        while (start := time.perf_counter()) < until:
            receipt = file(statement(f"{number}-{place}-{turn}", place), now_ms=START_MS)
            waits[place].append(time.perf_counter() - start)
            keys[place].append(receipt.key)
            turn += 1
        connection.close()

    print("ready", flush=True)
    sys.stdin.readline()
    start = time.perf_counter()
    threads = [threading.Thread(target=client, args=(place,)) for place in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    wall = time.perf_counter() - start
    said = {"wall": wall, "waits": [*chain(*waits)], "keys": [*chain(*keys)]}
    print(json.dumps(said), flush=True)


if __name__ == "__main__":
    _work(int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]))
