"""Works begun at the same moment, each in a thread and a connection of its own."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from django.db import connection


def at_once(works: Sequence[Callable[[], Any]]) -> list[Any]:
    """Run each in its own thread, begun together; an exception comes back as a value."""
    gate = threading.Barrier(len(works))

    def begin(work: Callable[[], Any]) -> Any:
        try:
            connection.ensure_connection()
            gate.wait(60)
            return work()
        except Exception as error:
            return error
        finally:
            connection.close()

    with ThreadPoolExecutor(len(works)) as pool:
        return list(pool.map(begin, works))


def elsewhere(work: Callable[[], Any]) -> Any:
    """The work in a thread and a connection of its own; what it raises is raised here."""
    found = at_once([work])[0]
    if isinstance(found, Exception):
        raise found
    return found
