"""The statement that benches of the write path file: a truck weighed, posted, on its own thread."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

START_MS = 1_763_164_800_000


def register_statements() -> None:
    """Make `BENCH-WEIGHED` fileable: one entry on its thread, two moves."""
    from ortoo.kernel.filings.behaviour import RecordBehaviour, register
    from ortoo.kernel.filings.draft import Entry, Move
    from ortoo.kernel.threads.control import require

    def entries(draft: Any, body: Any) -> Iterable[Entry]:
        yield Entry(f"BENCH-WEIGHED|{body['truck']}", "weighed", {"kg": body["kilograms"]})

    def moves(draft: Any, body: Any) -> Iterable[Move]:
        yield Move("yard|1", "coal", body["kilograms"], "2025-11-15")
        yield Move("road|1", "coal", -body["kilograms"], "2025-11-15")

    register(
        RecordBehaviour(
            "BENCH-WEIGHED", 1, require(truck=str, kilograms=int, gross=int, tare=int), entries,
            moves,
        )
    )  # fmt: skip


def statement(key: str, filer: int) -> Any:
    """One weighing by station `filer` under `key`."""
    from ortoo.kernel.filings.draft import Draft

    body = {"truck": f"TRUCK-{key}", "kilograms": 31_400, "gross": 46_900, "tare": 15_500}
    return Draft(
        "BENCH-WEIGHED", f"STATION-{filer}", f"account:station-{filer}", key, body, START_MS
    )
