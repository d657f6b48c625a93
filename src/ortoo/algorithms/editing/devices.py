"""Many firms, one device 一机多户: a sign that somebody else files in the firms' names.

Statistics offices count a return as the firm's own (直报) only while few accounts share an
address; five is the number in use. The signal accuses nobody: assisted entry (代录) that says so
is left out, and a shared office is a reason one can give.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ortoo.algorithms.editing.judgement import Flags, Ints

Whole = NDArray[np.integer[Any]]
MOST_FIRMS = 5


@dataclass(frozen=True, slots=True)
class Sharing:
    """One entry a filing: `firms` seen on its device in its period, `flag` above the limit."""

    firms: Ints
    flag: Flags


def firms_on_device(
    device: Whole,
    firm: Whole,
    period: Whole,
    *,
    declared: Flags | None = None,
    most: int = MOST_FIRMS,
) -> Sharing:
    """Count the distinct firms that filed from each device in each period.

    `device`, `firm`, `period` are numbers [n]; a device below 0 is unknown and never flagged.
    `declared` [n]: entered for the firm and said so; neither counted nor flagged.
    """
    known = device >= 0
    if declared is not None:
        known = known & ~declared
    firms = np.zeros(len(device), dtype=np.int64)
    rows = np.flatnonzero(known)
    if rows.size:
        pair = np.stack([period[rows], device[rows], firm[rows]], axis=1)
        distinct, which = np.unique(pair, axis=0, return_inverse=True)
        place, group, count = np.unique(
            distinct[:, :2], axis=0, return_inverse=True, return_counts=True
        )
        del place
        firms[rows] = count[group.reshape(-1)[which.reshape(-1)]]
    return Sharing(firms, firms > most)
