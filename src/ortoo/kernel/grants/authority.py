"""Speaking for another party: what a draft filed not in its own right must be under (Law 5, 17).

A *judge* says whether the filing named in `Draft.under` covers the draft. Judges are registered
with the form of the filing they read and the mode they answer for; what no judge knows is refused.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from ortoo.kernel.filings.draft import Draft
from ortoo.kernel.filings.refusal import Refused


@dataclass(frozen=True, slots=True)
class Authority:
    """The filing a draft is under; `ended_by` the one that replaced or annulled it, if any."""

    seq: int
    form: str
    filer: str
    body: bytes
    said_at: int
    ended_by: int | None


Judge: TypeAlias = Callable[[Authority, Draft], Refused | None]

_JUDGES: dict[tuple[str, str], Judge] = {}


def register_judge(mode: str, form: str, judge: Judge) -> None:
    """Drafts of `mode` may be under a filing of `form` where `judge` finds nothing against it."""
    _JUDGES[(mode, form)] = judge


def judge_of(mode: str, form: str) -> Judge | None:
    """Who judges a draft of `mode` under a filing of `form`; None: it cannot be under such."""
    return _JUDGES.get((mode, form))
