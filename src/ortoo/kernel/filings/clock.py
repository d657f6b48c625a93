"""The one source of “now” for services: the machine's clock, or the demo's."""

from __future__ import annotations

import time
from collections.abc import Callable


def _machine_ms() -> int:
    return time.time_ns() // 1_000_000


_source: Callable[[], int] = _machine_ms


def now_ms() -> int:
    """Milliseconds since the epoch (UTC)."""
    return _source()


def use(source: Callable[[], int] | None) -> None:
    """Replace the clock (the demo's, a test's); None restores the machine's."""
    global _source  # noqa: PLW0603  one process has one clock
    _source = source or _machine_ms
