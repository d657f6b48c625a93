"""Which periods are frozen: those the system party has archived 归档, by their place on the log."""

from __future__ import annotations

import json
from dataclasses import dataclass

from ortoo.kernel.filings import read


@dataclass(frozen=True, slots=True)
class FrozenPeriod:
    """A period of a form that takes nothing more in; `seq` is the log index of its archiving."""

    form: str
    period: str
    seq: int


def frozen_periods(form: str) -> list[FrozenPeriod]:
    """Archived periods of a form, in order of period.

    Archiving may come in parts; the period is then frozen as of the last of them.
    """
    found: dict[str, int] = {}
    for row in read.rows("form=%s", ["K-ARCHIVE"]):
        said = json.loads(row.body)
        if said["form"] == form:
            found[str(said["period"])] = row.seq
    return [FrozenPeriod(form, period, seq) for period, seq in sorted(found.items())]
