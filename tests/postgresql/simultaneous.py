"""Works begun at the same moment, and what the log must then be."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from django.db import connection

from ortoo.kernel.filings.models import Filing, LogTail
from ortoo.kernel.seal.models import Leaf


def at_once(works: Sequence[Callable[[], Any]]) -> list[Any]:
    """Run each in its own thread, begun together; an exception comes back as a value."""
    gate = threading.Barrier(len(works))

    def begin(work: Callable[[], Any]) -> Any:
        try:
            connection.ensure_connection()
            gate.wait(30)
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


def log_is_whole(count: int) -> None:
    """Log indexes 1..count without a gap, a leaf for each, and the tail says so."""
    expected = list(range(1, count + 1))
    assert list(Filing.objects.order_by("seq").values_list("seq", flat=True)) == expected
    assert list(Leaf.objects.order_by("seq").values_list("seq", flat=True)) == expected
    assert LogTail.objects.get().size == count
