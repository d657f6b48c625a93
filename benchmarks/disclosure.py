"""What showing one event of a capture costs, in a log of many filings: bytes, and CPU µs.

One real capture of 500 events is filed in the middle of planted leaves (random, as hashes are);
the log is signed as in production. Disclosing = reading the filing, hashing its 501 parts, the path
through the log from stored nodes, packing. Checking = what a consumer's offline checker does.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.harness import progress
from benchmarks.installation import installation

SIZES = {"quick": 20_000, "full": 1_000_000}
EVENTS = 500
NOW_MS = 1_795_000_000_000
CHUNK = 50_000


def run(*, size: str | None, quick: bool, data: Path | None, database: str) -> dict[str, Any]:
    """The `disclosure` bench. `size`: quick, full, or a number of filings. Takes no data."""
    del data
    name = size or ("quick" if quick else "full")
    with installation(database):
        return {"size": name, "database": database, **measured(SIZES.get(name) or int(name))}


def measured(filings: int) -> dict[str, Any]:
    """On the database at hand, which must be empty."""
    from ortoo.domains.trace.capture import part_name, register_trace
    from ortoo.domains.trace.services import capture
    from ortoo.kernel.seal import log, tiles
    from ortoo.kernel.seal.disclosure import disclose, verify_disclosure

    register_trace()
    _plant(0, filings // 2)
    receipt = capture(
        events=[_event(number) for number in range(EVENTS)], filer="91150000YY00030181",
        actor="account:bench", key="0d5c1f3e-6f0a-4a55-9a8e-2f6f6d8b8b11", now_ms=NOW_MS,
    )  # fmt: skip
    _plant(filings // 2 + 1, filings)
    progress(f"{filings:,} leaves")
    sign = _cpu_us(lambda: log.checkpoint(now_ms=NOW_MS), 1)
    cold = _cpu_us(lambda: log.inclusion(receipt.seq), 1)
    names = ["envelope", part_name(417)]
    shown = disclose(receipt.seq, names, now_ms=NOW_MS)
    keys = log.log_keys()
    return {
        "filings": filings,
        "events": EVENTS,
        "document_bytes": len(shown.document),
        "event_bytes": len(verify_disclosure(shown.document, keys).parts[0].value),
        "without_envelope_bytes": len(disclose(receipt.seq, names[1:], now_ms=NOW_MS).document),
        "first_checkpoint_cpu_s": round(sign / 1e6, 3),
        "first_inclusion_cpu_s": round(cold / 1e6, 3),
        "inclusion_cpu_us": round(_cpu_us(lambda: log.inclusion(receipt.seq), 30)),
        "disclose_cpu_us": round(_cpu_us(lambda: disclose(receipt.seq, names, now_ms=0), 30)),
        "verify_cpu_us": round(_cpu_us(lambda: verify_disclosure(shown.document, keys), 100)),
        "nodes_stored": _count(tiles.TABLE),
        "notes": "the first inclusion reads every leaf and stores the nodes; later ones read two"
        " blocks of 256 and O(log n) nodes",
    }


def _cpu_us(work: Callable[[], object], times: int) -> float:
    began = time.process_time()
    for _ in range(times):
        work()
    return (time.process_time() - began) / times * 1e6


def _plant(low: int, high: int) -> None:
    """Leaves [low, high) of filings nobody made, and the tail behind them."""
    from django.db import connection, transaction

    for start in range(low, high, CHUNK):
        rows = [
            (at + 1, hashlib.sha256(b"a%d" % at).digest(), hashlib.sha256(b"b%d" % at).digest())
            for at in range(start, min(start + CHUNK, high))
        ]
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.executemany(
                "INSERT INTO kernel_leaf (seq, sha256, sm3) VALUES (%s, %s, %s)", rows
            )
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM kernel_log_tail")
        cursor.execute("INSERT INTO kernel_log_tail (id, size) VALUES (1, %s)", [high])


def _count(table: str) -> int | None:
    from django.db import connection

    with connection.cursor() as cursor:
        if table not in connection.introspection.table_names(cursor):
            return None
        cursor.execute(f"SELECT COUNT(*) FROM {table}")
        return int(cursor.fetchone()[0])


def _event(number: int) -> dict[str, Any]:
    plant = "https://id.gs1.org/414/6901234000016"
    return {
        "type": "ObjectEvent",
        "eventID": f"urn:uuid:4f5a1c1e-8a5e-4b53-9c2a-{number:012d}",
        "eventTime": f"2026-11-20T{8 + number // 60:02d}:{number % 60:02d}:00+08:00",
        "eventTimeZoneOffset": "+08:00",
        "action": "OBSERVE",
        "bizStep": "shipping",
        "disposition": "in_transit",
        "epcList": [f"https://id.gs1.org/01/16901234000013/21/{100_000 + number}"],
        "readPoint": {"id": f"{plant}/254/{number % 7}"},
        "bizLocation": {"id": plant},
    }
