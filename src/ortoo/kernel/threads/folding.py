"""Folds a thread's lines in log order, filing by filing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ortoo.kernel.threads.plan import Plan
from ortoo.kernel.threads.procedure import ThreadLine
from ortoo.kernel.threads.state import ThreadFold

# What one filing says to one thread is folded in this order, whatever order it is stored in.
_RANK = {"open": 0, "migrate": 1, "annul": 2, "answer": 3, "resume": 3}
_LAST = 9


def _place(line: ThreadLine) -> tuple[int, int, str]:
    return line.seq, _RANK.get(line.kind, _LAST), line.kind


def ranked(group: Sequence[ThreadLine]) -> bool:
    """Whether the lines of one filing stand in the order in which they are folded."""
    return len(group) == 1 or sorted(group, key=_place) == list(group)


def fold(
    plans: Mapping[int, Plan], lines: Sequence[ThreadLine], as_of: int | None = None
) -> ThreadFold:
    """The thread after the lines with log index ≤ `as_of` (all when None), in any order given."""
    found = ThreadFold(plans)
    last = -1
    for line in lines:
        if line.seq <= last:
            lines = sorted(lines, key=_place)
            break
        last = line.seq
    group: list[ThreadLine] = []
    for line in lines:
        if as_of is not None and line.seq > as_of:
            break
        if group and group[-1].seq != line.seq:
            found.take(group)
            group = []
        group.append(line)
    if group:
        found.take(group)
    return found
