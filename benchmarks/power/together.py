"""One journal of two processes that file on the same database.

Each is forked, has its own barrier, connections and threads, and notes what it asks of the disk;
moments come from one counter in shared memory, so that both orders make one. The log is made by the
first process before the second opens it and outlives both, so that a name is always one file.
"""

from __future__ import annotations

import ctypes
import multiprocessing
import os
import pickle
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

from benchmarks.power.journal import Acknowledgement, Journal, Operation

_Said = tuple[dict[str, int], dict[int, bytes], list[Operation], list[Acknowledgement]]
_FORK = multiprocessing.get_context("fork")


class SharedClock:
    """Moments for several processes: each is given out once, in order."""

    def __init__(self) -> None:
        self._next = _FORK.Value(ctypes.c_longlong, 0)

    def __iter__(self) -> SharedClock:
        return self

    def __next__(self) -> int:
        with self._next.get_lock():
            moment = int(self._next.value)
            self._next.value = moment + 1
            return moment


def together(
    number: int, folder: Path, work: Callable[[int, SharedClock, Callable[[], None]], Journal]
) -> Journal:
    """`work(process, clock, meet)` in so many forked processes; their journals as one.

    `meet()` waits until every process has called it as often.
    """
    clock, meeting = SharedClock(), _FORK.Barrier(number)

    def meet() -> None:
        meeting.wait(60)

    paths = [folder / f"journal-{process}" for process in range(number)]
    pids = []
    for process, path in enumerate(paths):
        pid = os.fork()
        if pid == 0:
            _child(partial(work, process, clock, meet), path)
        pids.append(pid)
    codes = [os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) for pid in pids]
    if any(codes):
        raise RuntimeError(f"a process that filed ended with {codes}")
    return merged([pickle.loads(path.read_bytes()) for path in paths])


def _child(work: Callable[[], Journal], path: Path) -> None:
    """The forked process: never returns, closes nothing."""
    code = 1
    try:
        journal = work()
        said = (
            journal.names, journal.contents, journal.operations, journal.acknowledgements,
        )  # fmt: skip
        path.write_bytes(pickle.dumps(said))
        code = 0
    except BaseException:
        import traceback

        traceback.print_exc()
    finally:
        os._exit(code)


def merged(parts: list[_Said]) -> Journal:
    """Journals of one clock as one. A name is one file throughout, whatever each numbered it."""
    names, contents, _, _ = parts[0]
    numbers = dict(names)
    journal = Journal(names=names, contents=contents)
    for own_names, _, operations, told in parts:
        named = {node: name for name, node in own_names.items()}
        named |= {o.node: o.name for o in operations if o.name}
        for operation in operations:
            name = named.get(operation.node, "")
            if name:
                node = numbers.setdefault(name, 1_000_000 + len(numbers))
                operation = replace(operation, node=node)  # noqa: PLW2901
            journal.operations.append(operation)
        journal.acknowledgements += told
    journal.operations.sort(key=lambda o: o.begin)
    journal.acknowledgements.sort(key=lambda a: a.moment)
    return journal
