"""What the whole-system tests share: a private PostgreSQL server, started once and stopped."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks import postgres


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[postgres.Server]:
    """A server of our own; skips, saying why, where none can run.

    fsync is off: these tests ask what the database says, not what survives a power cut.
    """
    why = postgres.reason_missing()
    if why:
        pytest.skip(why)
    with postgres.private_server({"fsync": "off", "synchronous_commit": "off"}) as server:
        yield server
